"""What a seam does to nuclei: tiles that know nothing of each other, and tiles that overlap."""

from itertools import pairwise
from pathlib import Path

import numpy as np

from bioimage_course import WEIGHTS, data, show
from figures._shared.files import write
from figures._shared.style import draw, panels, picture
from figures._shared.two_nuclei import two_nuclei

HERE = Path(__file__).parent

TILE = 128  # px, tiles without overlap
BLOCK, OVERLAP, CONTEXT = 320, 48, 96  # px, for predict_instances_big


def joined(parts, shape):
    """One label image from (window, labels) pairs, every object with a number of its own."""
    whole = np.zeros(shape, int)
    for window, labels in parts:
        whole[window] = np.where(labels > 0, labels + whole.max(), 0)
    return whole


def windows(shape, rows, columns):
    """Windows between cuts at these rows and columns."""
    rows, columns = ([0, *cuts, end] for cuts, end in zip((rows, columns), shape, strict=True))
    return [
        (slice(top, bottom), slice(left, right))
        for top, bottom in pairwise(rows)
        for left, right in pairwise(columns)
    ]


def cut(image, segment, rows, columns):
    """Segment every window on its own and put the results side by side."""
    return joined(
        ((w, segment(image[w])) for w in windows(image.shape, rows, columns)), image.shape
    )


def seam_column():
    """Column through the middle of the larger of the two touching nuclei, in the whole image."""
    _, (larger, _) = two_nuclei()
    return data.TOUCHING[1].start + round(np.nonzero(larger)[1].mean())


def count(labels):
    return len(np.unique(labels[labels > 0]))


def compute():
    from csbdeep.utils import normalize
    from stardist.models import StarDist2D

    image, _ = data.nuclei()
    normalised = normalize(image, 1, 99.8)  # the whole image, once: never each tile
    model = StarDist2D(None, name="stardist_nuclei", basedir=str(WEIGHTS))

    def segment(pixels):
        return model.predict_instances(pixels)[0]

    column, cuts = seam_column(), range(TILE, len(image), TILE)
    at_seam = cut(normalised, segment, (), (column,))
    in_tiles = cut(normalised, segment, cuts, cuts)
    at_once = segment(normalised)
    overlapping, _ = model.predict_instances_big(
        normalised,
        axes="YX",
        block_size=BLOCK,
        min_overlap=OVERLAP,
        context=CONTEXT,
        show_progress=False,
    )
    numbers = {
        "at_once": count(at_once),
        "tiles": len(cuts) + 1,
        "tile": TILE,
        "cut": count(in_tiles),
        "excess_percent": 100 * (count(in_tiles) / count(at_once) - 1),
        "overlapping": count(overlapping),
        "block": BLOCK,
        "overlap": OVERLAP,
        "context": CONTEXT,
        "crop_cut": count(at_seam[data.TOUCHING]),
        "crop_overlapping": count(overlapping[data.TOUCHING]),
    }
    return image, at_seam, overlapping, column, numbers


def paint(figure, theme, image, at_seam, overlapping, column):
    above = 54 / (640 if theme.narrow else 330)
    left, right = panels(figure, theme, 2, top=1 - above, wspace=0.05, hspace=0.22)
    crop, seam = image[data.TOUCHING], column - data.TOUCHING[1].start - 0.5
    for axes, labels, colour, title in (
        (left, at_seam, show.ERROR, "tiles that only meet"),
        (right, overlapping, show.PREDICTED, "tiles that overlap"),
    ):
        labels = labels[data.TOUCHING]
        picture(axes, crop, vmin=0, vmax=np.percentile(image, 99.9))
        show.outlines(axes, labels, color=colour, linewidth=3)
        axes.axvline(seam, color="white", linestyle=(0, (4, 3)), linewidth=1.5)
        axes.set_title(f"{title}:\n{count(labels)} objects")


def main():
    image, at_seam, overlapping, column, numbers = compute()
    content = image, at_seam, overlapping, column
    draw(HERE / "seam", paint, *content, width=560, height=330, narrow=640)
    write(HERE, numbers)


if __name__ == "__main__":
    main()
