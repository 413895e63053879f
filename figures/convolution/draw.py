"""A 3×3 kernel on real pixels, with every number, and what kernels make of the crop."""

from pathlib import Path

import numpy as np
from matplotlib.patches import Rectangle
from scipy.ndimage import correlate

from figures._shared.style import CENTRED, NARROW, draw, picture
from figures.convolution.compute import BLUR, EDGE, compute, convolve, max_pool

HERE = Path(__file__).parent


def table(axes, values, *, limits, theme, marked=None):
    """Numbers in squares, like a spreadsheet."""
    axes.imshow(values, cmap="gray", vmin=limits[0], vmax=limits[1], interpolation="none")
    middle = sum(limits) / 2
    for (row, column), value in np.ndenumerate(values):
        ink = "white" if value < middle else "#1f2933"
        axes.text(column, row, f"{value:.0f}".replace("-", "−"), color=ink, **CENTRED)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    for line in range(1, len(values)):
        axes.axhline(line - 0.5, color=theme.muted, lw=0.6)
        axes.axvline(line - 0.5, color=theme.muted, lw=0.6)
    if marked:
        axes.add_patch(Rectangle(*marked, fill=False, ec=theme.predicted, lw=4, clip_on=False))


def paint_numbers(figure, theme, pixels):
    result = convolve(pixels, EDGE)
    # Left and top of the three tables, and where the signs stand: pixels of the drawing. On a
    # phone the result lies below. Squares have the same size in all three.
    if theme.narrow:
        width, height, square = NARROW, 374, 37
        corners, signs = ((2, 30), (231, 67), (117, 259)), ((209, 122), (88, 314))
    else:
        width, height, square = 560, 244, 42
        corners, signs = ((2, 30), (256, 72), (432, 72)), ((234, 135), (407, 135))
    largest = np.abs(result).max()
    tables = (
        ("5×5 pixels", pixels, (0, pixels.max()), ((0.5, 0.5), 3, 3)),
        ("kernel", EDGE, (-4, 4), None),
        ("result", result, (-largest, largest), ((0.5, 0.5), 1, 1)),
    )
    for (left, top), (title, values, limits, marked) in zip(corners, tables, strict=True):
        side = len(values) * square
        place = (left / width, 1 - (top + side) / height, side / width, side / height)
        axes = figure.add_axes(place)
        table(axes, values, limits=limits, theme=theme, marked=marked)
        axes.set_title(title, weight="bold")
    for (x, y), sign in zip(signs, "×→", strict=True):
        figure.text(x / width, 1 - y / height, sign, fontsize=26, **CENTRED)


def paint_maps(figure, theme, crop):
    edge = correlate(crop, EDGE)
    across = correlate(crop, EDGE.T)
    blur = correlate(crop, BLUR)
    limit = np.percentile(np.abs(edge), 99.5)
    bright = {"vmin": 0, "vmax": np.percentile(crop, 99.8)}
    signed = {"vmin": -limit, "vmax": limit}
    maps = (
        ("the crop", crop, bright),
        ("blur", blur, bright),
        ("left–right edges", edge, signed),
        ("top–bottom edges", across, signed),
        ("after ReLU", np.maximum(edge, 0), {"vmin": 0, "vmax": limit}),
        ("after pooling", max_pool(np.maximum(edge, 0)), {"vmin": 0, "vmax": limit}),
    )
    if theme.narrow:
        grid = figure.subplots(3, 2)
        figure.subplots_adjust(left=0, right=1, top=0.955, bottom=0, wspace=0.04, hspace=0.18)
    else:
        grid = figure.subplots(2, 3)
        figure.subplots_adjust(left=0, right=1, top=0.935, bottom=0, wspace=0.04, hspace=0.17)
    for axes, (title, values, limits) in zip(grid.flat, maps, strict=True):
        picture(axes, values, title, **limits)


def main():
    crop, pixels, _ = compute()
    draw(HERE / "convolution", paint_numbers, pixels, width=560, height=244, narrow=374)
    draw(HERE / "feature_maps", paint_maps, crop, width=560, height=425, narrow=590)


if __name__ == "__main__":
    main()
