"""The home page's figure: nuclei outlined by StarDist, and cells outlined by Cellpose.

Writes home.webp and home-outlines.svg (the figure without script), page.json (what the figure
draws) and cells.webp, a picture loaded when a reader asks for it; data.json (the numbers in the
captions) and answers.json (for its tests).
"""

from pathlib import Path

import numpy as np
from cellpose import models
from cellpose.utils import diameters
from csbdeep.utils import normalize
from PIL import Image
from skimage.measure import approximate_polygon, find_contours
from stardist.matching import matching
from stardist.models import StarDist2D

from bioimage_course import WEIGHTS, data, show
from figures._shared.files import store, write

HERE = Path(__file__).parent

# From the hero's background, where the image is empty, to a pale cyan, where it is brightest.
DARK, MIDDLE, BRIGHT = (0x0A, 0x2A, 0x32), (0x3F, 0x8C, 0x9B), (0xEF, 0xFB, 0xFC)
NUCLEUS = np.array([0.80, 0.62, 0.93])  # lilac, for the second channel


def stretched(image):
    """Stretch the contrast of a (Y, X) image to 0 to 1."""
    low, high = np.percentile(image, (1, 99.8))
    return np.clip((image - low) / (high - low), 0, 1) ** 0.75


def tinted(grey):
    """Colour a (Y, X) image of 0 to 1: (Y, X, 3) uint8."""
    channels = np.transpose([DARK, MIDDLE, BRIGHT])
    colours = [np.interp(grey, (0, 0.5, 1), shades) for shades in channels]
    return np.stack(colours, axis=-1).round().astype(np.uint8)


def merged(cell, nucleus):
    """Colour both channels, each (Y, X) of 0 to 1, in one picture: (Y, X, 3) uint8."""
    coloured, inside = tinted(0.75 * cell) / 255, 0.8 * nucleus[..., None]
    return (255 * ((1 - inside) * coloured + inside * NUCLEUS)).round().astype(np.uint8)


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


def facts(truth, labels):
    """Area, annotated area and whether it is found, of every object.

    Returns
    -------
    dict of int to (int, int, int)
        Of each label: areas in pixels, the second that of the annotated object it was paired
        with, 0 if none overlaps; 1 if their IoU is at least 0.5.
    """
    pairs = matching(truth, labels, thresh=0.5, report_matches=True)
    partners = {
        predicted: (annotated, iou)
        for (annotated, predicted), iou in zip(
            pairs.matched_pairs, pairs.matched_scores, strict=True
        )
        if iou > 0
    }
    areas, annotated_areas = np.bincount(labels.ravel()), np.bincount(truth.ravel())
    rows = {}
    for label in range(1, labels.max() + 1):
        annotated, iou = partners.get(label, (None, 0))
        wanted = annotated_areas[annotated] if annotated else 0
        rows[label] = int(areas[label]), int(wanted), int(iou >= 0.5)
    return rows


def nuclei(truth, labels, points, corners):
    """What the figure draws and says of each nucleus, from left to right.

    points, corners : StarDist's centres (nuclei, 2) and corners (nuclei, 2, rays), y first

    Returns
    -------
    list of [x, y, area, annotated, found, ray, ray, ...]
        Centre and rays in half pixels; the others as in `facts`.
    """
    told = facts(truth, labels)
    rays = np.hypot(*np.moveaxis(corners - points[..., None], 1, 0))
    rows = []
    for i in left_to_right(points):
        numbers = [*2 * points[i, ::-1], *told[i + 1], *np.round(2 * rays[i])]
        rows.append([int(number) for number in numbers])
    return rows


def cells(truth, labels):
    """What the figure draws and says of each cell, from left to right.

    Returns
    -------
    list of [x, y, area, annotated, found, x, y, x, y, ...]
        Centre and corners of the outline in half pixels; the others as in `facts`.
    """
    rows = []
    for label, numbers in facts(truth, labels).items():
        mask = np.pad(labels == label, 1)
        border = max(find_contours(mask, 0.5), key=len)[:-1] - 1
        corners = np.round(2 * approximate_polygon(border, 0.6)[:, ::-1])
        centre = np.round(2 * np.argwhere(labels == label).mean(axis=0)[::-1])
        rows.append([int(number) for number in (*centre, *numbers, *corners.ravel())])
    return sorted(rows)


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


def segment_cells():
    """Two channels of whole cells, their reviewed mask, and Cellpose's labels."""
    image, truth = data.cells()
    path = str(WEIGHTS / "cellpose_cells" / "model")
    model = models.CellposeModel(gpu=False, pretrained_model=path)
    diameter = round(diameters(truth)[0])
    labels, _, _ = model.eval(image, channels=[1, 2], channel_axis=0, diameter=diameter)
    return image, truth, labels.astype(np.int32)


def counts(truth, labels):
    score = matching(truth, labels, thresh=0.5)
    return {
        "annotated": score.n_true,
        "objects": score.n_pred,
        "found": score.tp,
        "not_found": score.fn,
        "false": score.fp,
    }


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
    picture = Image.fromarray(tinted(stretched(image)))
    picture.save(HERE / "home.webp", quality=82, method=6)
    svg = outline_svg(details["coord"], image.shape)
    (HERE / "home-outlines.svg").write_text(svg, encoding="utf-8")
    store(HERE / "answers.json", fixture(details))

    channels, reviewed, found = segment_cells()
    picture = Image.fromarray(merged(*map(stretched, channels)))
    picture.save(HERE / "cells.webp", quality=82, method=6)
    store(
        HERE / "page.json",
        figure(image, truth, labels, details) | {"cells": cells(reviewed, found)},
    )
    write(HERE, counts(truth, labels) | {"cells": counts(reviewed, found)})


if __name__ == "__main__":
    main()
