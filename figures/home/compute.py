"""The home page's figure: a real image, and the outlines that the course's StarDist finds in it.

Writes home.webp and home-outlines.svg (the figure without script), page.json (what the figure
draws), data.json (the numbers in the caption) and answers.json (for its tests).
"""

from pathlib import Path

import numpy as np
from csbdeep.utils import normalize
from PIL import Image
from stardist.matching import matching
from stardist.models import StarDist2D

from bioimage_course import WEIGHTS, data, show
from figures._shared.files import store, write

HERE = Path(__file__).parent

# From the hero's background, where the image is empty, to a pale cyan, where it is brightest.
DARK, MIDDLE, BRIGHT = (0x0A, 0x2A, 0x32), (0x3F, 0x8C, 0x9B), (0xEF, 0xFB, 0xFC)


def tinted(image):
    """Stretch the contrast of a (Y, X) image and colour it: (Y, X, 3) uint8."""
    low, high = np.percentile(image, (1, 99.8))
    grey = np.clip((image - low) / (high - low), 0, 1) ** 0.75
    channels = np.transpose([DARK, MIDDLE, BRIGHT])
    colours = [np.interp(grey, (0, 0.5, 1), shades) for shades in channels]
    return np.stack(colours, axis=-1).round().astype(np.uint8)


def outline_svg(polygons, shape):
    """Draw polygons, each an array (2, rays) of y and x, as an SVG."""
    height, width = shape
    box = f"-1 -1 {2 * width} {2 * height}"  # a coordinate is the centre of its pixel
    paths = []
    for y, x in polygons:
        # Half pixels, each point relative to the one before: short numbers keep the file small.
        points = np.round(2 * np.stack([x, y], axis=1)).astype(int)
        steps = np.diff(points, axis=0)
        line = "".join(f"{dx} {dy} " for dx, dy in steps).strip()
        paths.append(f'<path d="m{points[0][0]} {points[0][1]}l{line}z"/>')
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}">
<style>
path {{ fill: {show.PREDICTED}; fill-opacity: .14; stroke: {show.PREDICTED}; stroke-width: 3.4;
  stroke-linejoin: round; }}
</style>
{chr(10).join(paths)}
</svg>
"""


def nuclei(truth, labels, points, corners):
    """What the figure draws and says of each nucleus, from left to right.

    points, corners : StarDist's centres (nuclei, 2) and corners (nuclei, 2, rays), y first

    Returns
    -------
    list of [x, y, area, annotated, found, ray, ray, ...]
        Centre and rays in half pixels; areas in pixels, `annotated` that of the annotated nucleus
        it was paired with, 0 if none overlaps; `found` is 1 if their IoU is at least 0.5.
    """
    pairs = matching(truth, labels, thresh=0.5, report_matches=True)
    partners = {
        predicted: (annotated, iou)
        for (annotated, predicted), iou in zip(
            pairs.matched_pairs, pairs.matched_scores, strict=True
        )
        if iou > 0
    }
    rays = np.hypot(*np.moveaxis(corners - points[..., None], 1, 0))
    rows = []
    for i in left_to_right(points):
        annotated, iou = partners.get(i + 1, (None, 0))
        area, wanted = (labels == i + 1).sum(), (truth == annotated).sum() if annotated else 0
        numbers = [*2 * points[i, ::-1], area, wanted, iou >= 0.5, *np.round(2 * rays[i])]
        rows.append([int(number) for number in numbers])
    return rows


def left_to_right(points):
    return np.lexsort(points.T)


def segment():
    """The image, its annotation, and what StarDist makes of it: labels and details."""
    image, truth = data.nuclei()
    model = StarDist2D(None, name="stardist_nuclei", basedir=str(WEIGHTS))
    # The thresholds of the notebook that the caption links to.
    labels, details = model.predict_instances(
        normalize(image, 1, 99.8), prob_thresh=0.5, nms_thresh=0.4
    )
    return image, truth, labels, details


def figure(image, truth, labels, details):
    """What figure.js draws."""
    rows = nuclei(truth, labels, details["points"], details["coord"])
    return {"size": image.shape[::-1], "nuclei": rows}


def fixture(details):
    """Corners [x, y] in pixels of every tenth nucleus, for figure.test.mjs."""
    order = left_to_right(details["points"])
    return [np.round(details["coord"][i, ::-1].T, 2).tolist() for i in order[::10]]


def main():
    image, truth, labels, details = segment()
    Image.fromarray(tinted(image)).save(HERE / "home.webp", quality=82, method=6)
    svg = outline_svg(details["coord"], image.shape)
    (HERE / "home-outlines.svg").write_text(svg, encoding="utf-8")
    store(HERE / "page.json", figure(image, truth, labels, details))
    store(HERE / "answers.json", fixture(details))
    score = matching(truth, labels, thresh=0.5)
    numbers = {
        "annotated": int(truth.max()),
        "objects": int(labels.max()),
        "found": int(score.tp),
        "not_found": int(score.fn),
        "false": int(score.fp),
    }
    write(HERE, numbers)


if __name__ == "__main__":
    main()
