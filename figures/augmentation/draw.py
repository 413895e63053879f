"""One crop, augmented as the course's training scripts do it: the labels move along."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
from csbdeep.utils import normalize

from bioimage_course import data
from figures._shared.files import write
from figures._shared.style import CENTRED, TRUTH, draw, picture
from training import augment

HERE = Path(__file__).parent

SIZE = 56  # side of a patch in pixels
SEEDS = (5, 27, 26)  # of three versions that differ visibly; many others do not


def sample():
    """The course's image as the training scripts hold it, with the touching pair as its centre."""
    image, labels = data.nuclei()
    rows, columns = data.TOUCHING
    return SimpleNamespace(
        image=normalize(image, 1, 99.8).astype(np.float32),
        labels=labels,
        centres=np.array([[(rows.start + rows.stop) // 2, (columns.start + columns.stop) // 2]]),
        weights=np.ones(1),
    )


def versions(one, seeds=SEEDS):
    """For each seed: patch and labels as cut, and the patch as another microscope shows it."""
    for seed in seeds:
        rng = np.random.default_rng(seed)
        (image, labels), _ = augment.cut(one, [one.image, one.labels], SIZE, rng)
        yield image, labels, augment.record_differently(image, labels, rng)


def paint(figure, theme, crop, made):
    if theme.narrow:  # the same grid, rows and columns exchanged
        words = (
            "below: cut out, turned,\nmirrored, zoomed;\nbeside: the same,\nrecorded differently"
        )
        panels = figure.subplots(4, 2).T
        figure.subplots_adjust(left=0, right=1, bottom=0, top=0.965, wspace=0, hspace=0.06)
    else:
        words = "the same,\nrecorded\ndifferently"
        panels = figure.subplots(2, 4)
        figure.subplots_adjust(left=0, right=1, bottom=0, top=0.91, wspace=0.05, hspace=0.06)
        panels[0, 2].set_title("cut out, turned, mirrored, zoomed")
    shown = [(crop[0], crop[1], "the crop"), *((image, labels, None) for image, labels, _ in made)]
    below = [None, *((recorded, labels, None) for _, labels, recorded in made)]
    for axes, content in zip(panels.ravel(), [*shown, *below], strict=True):
        if content is None:
            axes.set_axis_off()
            axes.text(0.5, 0.5, words, transform=axes.transAxes, **CENTRED)
            continue
        image, labels, title = content
        picture(axes, image, title, vmin=-0.1, vmax=1)
        for number in np.unique(labels[labels > 0]):
            axes.contour(labels == number, levels=[0.5], colors=[TRUTH], linewidths=1.2)


def main():
    one = sample()
    made = list(versions(one))
    crop = one.image[data.TOUCHING], one.labels[data.TOUCHING]
    draw(HERE / "augmentation", paint, crop, made, width=560, height=300, narrow=700)
    numbers = {
        "zoom_low": np.exp(-augment.ZOOM_SPREAD),
        "zoom_high": np.exp(augment.ZOOM_SPREAD),
        "chance_percent": 100 * augment.CHANCE,
        "on_a_nucleus_percent": 100 * augment.ON_A_NUCLEUS,
    }
    write(HERE, numbers)


if __name__ == "__main__":
    main()
