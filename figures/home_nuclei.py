"""The home page's figure: a real image, and the outlines that the course's StarDist finds in it.

Writes docs/images/home-nuclei.webp, docs/images/home-outlines.svg (which can draw itself once) and
docs/data/home_nuclei.json (the numbers in the caption).
"""

import numpy as np
from csbdeep.utils import normalize
from PIL import Image
from stardist.matching import matching
from stardist.models import StarDist2D

from _style import DOCS, write
from bioimage_course import WEIGHTS, data, show

# From the hero's background, where the image is empty, to a pale cyan, where it is brightest.
DARK, MIDDLE, BRIGHT = (0x0A, 0x2A, 0x32), (0x3F, 0x8C, 0x9B), (0xEF, 0xFB, 0xFC)
# The outlines appear from left to right, as if the image were scanned: seconds.
START, SWEEP, DRAW = 0.6, 2.6, 0.9


def tinted(image):
    """Stretch the contrast of a (Y, X) image and colour it: (Y, X, 3) uint8."""
    low, high = np.percentile(image, (1, 99.8))
    grey = np.clip((image - low) / (high - low), 0, 1) ** 0.75
    channels = np.transpose([DARK, MIDDLE, BRIGHT])
    colours = [np.interp(grey, (0, 0.5, 1), shades) for shades in channels]
    return np.stack(colours, axis=-1).round().astype(np.uint8)


def outline_svg(polygons, shape):
    """Draw polygons, each an array (2, rays) of y and x, as an SVG.

    It stands still, and draws itself once where it is loaded as home-outlines.svg#draw: so the page
    decides, which knows whether its reader wants motion.
    """
    height, width = shape
    box = f"0 0 {2 * width} {2 * height}"
    paths = []
    for y, x in sorted(polygons, key=lambda polygon: polygon[1].mean()):
        # Half pixels, each point relative to the one before: short numbers keep the file small.
        points = np.round(2 * np.stack([x, y], axis=1)).astype(int)
        steps = np.diff(points, axis=0)
        line = "".join(f"{dx} {dy} " for dx, dy in steps).strip()
        delay = START + SWEEP * x.mean() / width
        paths.append(
            f'<path pathLength="1" style="--t:{delay:.2f}s" '
            f'd="m{points[0][0]} {points[0][1]}l{line}z"/>'
        )
    return f"""<svg xmlns="http://www.w3.org/2000/svg" id="draw" viewBox="{box}">
<style>
path {{ fill: {show.PREDICTED}; fill-opacity: .14; stroke: {show.PREDICTED}; stroke-width: 3.4;
  stroke-linejoin: round; }}
#draw:target path {{ stroke-dasharray: 1; animation: draw {DRAW}s ease-out var(--t) both,
  fill {DRAW}s ease-out calc(var(--t) + .3s) both; }}
@keyframes draw {{ from {{ stroke-dashoffset: 1; stroke-opacity: 0; }} 20% {{ stroke-opacity: 1; }}
  to {{ stroke-dashoffset: 0; }} }}
@keyframes fill {{ from {{ fill-opacity: 0; }} }}
</style>
{chr(10).join(paths)}
</svg>
"""


def main():
    image, truth = data.nuclei()
    model = StarDist2D(None, name="stardist_nuclei", basedir=str(WEIGHTS))
    # The thresholds of the notebook that the caption links to.
    labels, details = model.predict_instances(
        normalize(image, 1, 99.8), prob_thresh=0.5, nms_thresh=0.4
    )
    score = matching(truth, labels, thresh=0.5)

    Image.fromarray(tinted(image)).save(DOCS / "images" / "home-nuclei.webp", quality=82, method=6)
    svg = outline_svg(details["coord"], image.shape)
    (DOCS / "images" / "home-outlines.svg").write_text(svg, encoding="utf-8")
    numbers = {
        "annotated": int(truth.max()),
        "found": int(labels.max()),
        "right": int(score.tp),
        "missed": int(score.fn),
        "invented": int(score.fp),
    }
    write("home_nuclei", numbers)


if __name__ == "__main__":
    main()
