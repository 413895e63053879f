"""How far one output of the course's StarDist network sees, drawn over a nucleus."""

from pathlib import Path

import numpy as np
from matplotlib.patches import Circle, Rectangle

from bioimage_course import data
from figures._shared.course_network import course_network, halvings, stages
from figures._shared.files import write
from figures._shared.style import NARROW, draw, picture

HERE = Path(__file__).parent


def sides(stages, length=2048):
    """Side of the receptive field after each stage, in pixels of the image.

    Follows which inputs of a row of pixels can reach each value: c is a 3-wide convolution, p is
    pooling by two, u is upsampling by two. Where it differs by position, the smaller counts.
    """
    reached = np.eye(length, dtype=bool)  # value × input
    result = []
    for layers in stages:
        for layer in layers:
            if layer == "c":
                reached = reached | np.roll(reached, 1, axis=0) | np.roll(reached, -1, axis=0)
            elif layer == "p":
                reached = reached[::2] | reached[1::2]
            else:
                reached = np.repeat(reached, 2, axis=0)
        middle = reached[len(reached) // 3 : 2 * len(reached) // 3]
        result.append(int(middle.sum(axis=1).min()))
    return result


def compute(config):
    """Image, centre of the nucleus to draw, and numbers for a network so configured."""
    from skimage.measure import regionprops

    image, truth = data.nuclei()
    regions = regionprops(truth)
    diameters = np.array([region.equivalent_diameter_area for region in regions])
    median = float(np.median(diameters))
    # A nucleus of ordinary size near the middle, so that the whole field lies inside the image.
    typical = [r for r in regions if abs(r.equivalent_diameter_area - median) < 1]
    centre = min((r.centroid for r in typical), key=lambda c: np.hypot(c[0] - 256, c[1] - 256))
    seen = sides(stages(config))
    numbers = {
        "median_diameter": median,
        "largest_diameter": float(diameters.max()),
        "sides": {f"s{i}": side for i, side in enumerate(seen)},
        "poolings": halvings(config),
        "first_whole": min(side for side in seen if side >= median),
        "last": seen[-1],
        "each_side": seen[-1] // 2,
    }
    return image, centre, numbers


def paint(figure, theme, image, centre, numbers):
    width, height = (NARROW, 280) if theme.narrow else (500, 400)
    axes = figure.add_axes((0, 0, height / width, 1))
    labels = list(numbers["sides"].values())
    half = labels[-1] // 2 + 6
    row, column = (round(value) for value in centre)
    top, left = max(row - half, 0), max(column - half, 0)
    crop = image[top : row + half, left : column + half]
    extent = (left - column, left - column + crop.shape[1], top - row + crop.shape[0], top - row)
    # A wide field is drawn small: more than one image pixel per pixel of the page is not seen.
    step = -(-2 * half // 256)
    rows, columns = (side // step for side in crop.shape)
    crop = crop[: rows * step, : columns * step].reshape(rows, step, columns, step).mean((1, 3))
    picture(axes, crop, vmin=0, vmax=np.percentile(crop, 99.9), extent=extent)
    axes.set(xlim=(-half, half), ylim=(half, -half))
    radius = numbers["median_diameter"] / 2
    pixel = 2 * half / height  # image pixels per pixel of the page
    gap = min(60, (height - 100) / (len(labels) - 1))
    words = {"va": "center", "weight": "bold", "annotation_clip": False}
    for i, side in enumerate(labels):
        axes.add_patch(
            Rectangle((-side / 2, -side / 2), side, side, fill=False, ec="#F0B429", lw=2)
        )
        level = pixel * (16 - height / 2 + gap * (len(labels) - 1 - i))
        corner = (side / 2, max(-side / 2, min(level, side / 2)))
        line = {"arrowstyle": "-", "color": "#F0B429", "lw": 1, "shrinkA": 0, "shrinkB": 0}
        place = (half + 4 * pixel, level)
        axes.annotate(f"{side} px", corner, place, color=theme.predicted, arrowprops=line, **words)
    axes.add_patch(Circle((0, 0), radius, fill=False, ec="#56B4E9", lw=3))
    text = f"nucleus:\n{numbers['median_diameter']:.0f} px"
    line = {"arrowstyle": "-", "color": "#56B4E9", "lw": 1}
    rim, place = (radius * 0.7, radius * 0.7), (half + 4 * pixel, (height / 2 - 26) * pixel)
    axes.annotate(text, rim, place, color=theme.truth, arrowprops=line, **words)


def main():
    image, centre, numbers = compute(course_network().config)
    drawn = image, centre, numbers
    draw(HERE / "receptive_field", paint, *drawn, width=500, height=400, narrow=280)
    write(HERE, numbers)


if __name__ == "__main__":
    main()
