"""StarDist: which shapes 32 rays can draw. A nucleus, the hardest one of the image, a bent cell."""

from pathlib import Path

import numpy as np
from skimage.segmentation import clear_border

from bioimage_course import data
from figures._shared import named
from figures._shared.files import write
from figures._shared.style import ERROR, PREDICTED, TRUTH, draw, picture
from figures._shared.two_nuclei import outline, two_nuclei, zoom
from figures.bent_cell.draw import bent_cell, best_star
from figures.stardist_rays.draw import N_RAYS, reconstruction_ious

HERE = Path(__file__).parent

TITLES = {"usual": "a usual nucleus", "hardest": "the hardest one", "bent": "a bent cell"}


def hardest_nucleus(truth):
    """Mask, cut out with a margin, of the whole annotated nucleus that its polygon fits worst."""
    whole = np.unique(clear_border(truth))[1:]
    label = whole[reconstruction_ious(truth, N_RAYS)[whole - 1].argmin()]
    rows, columns = np.nonzero(truth == label)
    window = tuple(slice(max(at.min() - 3, 0), at.max() + 4) for at in (rows, columns))
    return truth[window] == label


def compute():
    """For each shape: its mask, the pixel whose polygon fits best, the polygon, their IoU."""
    _, (usual, _) = two_nuclei()
    _, truth = data.nuclei()
    masks = {"usual": usual, "hardest": hardest_nucleus(truth), "bent": bent_cell()}
    return {name: (mask, *best_star(mask)) for name, mask in masks.items()}


def paint(figure, theme, shapes):
    for axes, (name, (mask, pixel, polygon, score)) in zip(
        named.row(figure, theme, 3, above=50 / 232), shapes.items(), strict=True
    ):
        picture(axes, np.where(mask, 0.35, np.nan), vmin=0, vmax=1)
        named.name(axes, theme, f"{TITLES[name]}\nIoU {score:.2f}")
        outline(axes, mask, TRUTH)
        row, column = pixel
        for y, x in polygon.T:
            axes.plot([column, x], [row, y], color=PREDICTED, lw=0.8)
        rows, columns = np.c_[polygon, polygon[:, :1]]
        axes.plot(columns, rows, color=PREDICTED, lw=3)
        axes.plot(column, row, "o", color=ERROR, ms=9, mec="white")
        zoom(axes, mask, margin=3)


def main():
    shapes = compute()
    draw(HERE / "stardist_shapes", paint, shapes, width=560, height=232, narrow=656)
    write(HERE, {name: score for name, (*_, score) in shapes.items()})


if __name__ == "__main__":
    main()
