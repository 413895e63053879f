"""A 3×3 kernel on real pixels, with every number, and what kernels make of the crop."""

from pathlib import Path

import numpy as np
from matplotlib.patches import Rectangle
from scipy.ndimage import correlate

from figures._shared.style import CENTRED, draw
from figures.convolution.compute import BLUR, EDGE, compute, convolve, max_pool

HERE = Path(__file__).parent


def table(axes, values, *, limits, theme, marked=None):
    """Numbers in squares, like a spreadsheet."""
    axes.imshow(values, cmap="gray", vmin=limits[0], vmax=limits[1], interpolation="none")
    middle = sum(limits) / 2
    for (row, column), value in np.ndenumerate(values):
        ink = "white" if value < middle else "#1f2933"
        axes.text(column, row, f"{value:.0f}".replace("-", "−"), color=ink, fontsize=15, **CENTRED)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    for line in range(1, len(values)):
        axes.axhline(line - 0.5, color=theme.muted, lw=0.6)
        axes.axvline(line - 0.5, color=theme.muted, lw=0.6)
    if marked:
        axes.add_patch(Rectangle(*marked, fill=False, ec=theme.predicted, lw=4, clip_on=False))


def paint_numbers(figure, theme, pixels):
    result = convolve(pixels, EDGE)
    # Squares of equal size in all three tables: 34 px, on a canvas of 560 × 262 px.
    width, height, square = 560, 262, 38

    def place(left, top, side):
        side *= square
        bottom = 1 - (top + side) / height
        return figure.add_axes((left / width, bottom, side / width, side / height))

    first, kernel, last = place(4, 60, 5), place(246, 98, 3), place(430, 98, 3)
    largest = np.abs(result).max()
    table(first, pixels, limits=(0, pixels.max()), theme=theme, marked=((0.5, 0.5), 3, 3))
    table(kernel, EDGE, limits=(-4, 4), theme=theme)
    table(last, result, limits=(-largest, largest), theme=theme, marked=((0.5, 0.5), 1, 1))
    for axes, title in ((first, "5×5 pixels"), (kernel, "kernel"), (last, "result")):
        left = axes.get_position().x0 + axes.get_position().width / 2
        figure.text(left, 1 - 28 / height, title, ha="center", weight="bold")
    for x, sign in ((220, "×"), (396, "→")):
        figure.text(x / width, 1 - 155 / height, sign, fontsize=26, **CENTRED)


def paint_maps(figure, theme, crop):
    edge = correlate(crop, EDGE)
    across = correlate(crop, EDGE.T)
    blur = correlate(crop, BLUR)
    limit = np.percentile(np.abs(edge), 99.5)
    bright = {"vmin": 0, "vmax": np.percentile(crop, 99.8)}
    signed = {"vmin": -limit, "vmax": limit}
    panels = (
        ("the crop", crop, bright),
        ("blur", blur, bright),
        ("left–right edges", edge, signed),
        ("top–bottom edges", across, signed),
        ("after ReLU", np.maximum(edge, 0), {"vmin": 0, "vmax": limit}),
        ("after pooling", max_pool(np.maximum(edge, 0)), {"vmin": 0, "vmax": limit}),
    )
    grid = figure.subplots(2, 3, gridspec_kw={"wspace": 0.06, "hspace": 0.2})
    figure.subplots_adjust(left=0, right=1, top=0.93, bottom=0.0)
    for axes, (title, values, limits) in zip(grid.flat, panels, strict=True):
        axes.imshow(values, cmap="gray", interpolation="none", **limits)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
        axes.set_title(title, fontsize=16)


def main():
    crop, pixels, _ = compute()
    draw(HERE / "convolution", paint_numbers, pixels, width=560, height=262)
    draw(HERE / "feature_maps", paint_maps, crop, width=560, height=415)


if __name__ == "__main__":
    main()
