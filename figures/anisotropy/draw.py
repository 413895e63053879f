"""Voxels that are not cubes: a section as it is stored and as it is, and planes put together."""

from pathlib import Path

import numpy as np
from cellpose.utils import stitch3D
from skimage.segmentation import relabel_sequential
from stardist import calculate_extents
from stardist.data import test_image_nuclei_3d

from bioimage_course import show
from figures._shared.files import write
from figures._shared.style import draw, picture

HERE = Path(__file__).parent

COLUMN = 29  # the section through the volume along z and y
STITCH = 0.25  # least IoU of two outlines in neighbouring planes that count as one nucleus


def planes_on_their_own(truth, step=1):
    """Labels of every `step`-th plane, numbered anew in each: a perfect result, plane by plane."""
    return np.stack([relabel_sequential(labels)[0] for labels in truth[::step].astype(int)])


def fate(truth, step=1):
    """What Cellpose's stitching makes of perfect planes, of which every `step`-th was recorded.

    Returns
    -------
    dict : `objects` that come out; nuclei that are `intact` (one number, shared with no other),
        in `pieces` (several numbers), or `merged` (one number, shared).
    """
    recorded = truth[::step]
    labels = stitch3D(planes_on_their_own(truth, step), stitch_threshold=STITCH)
    pairs = np.unique(np.stack([recorded, labels])[:, recorded > 0], axis=1).T
    numbers = {nucleus: set(pairs[pairs[:, 0] == nucleus, 1]) for nucleus in np.unique(pairs[:, 0])}
    used, times = np.unique(pairs[:, 1], return_counts=True)
    shared = set(used[times > 1])
    pieces = sum(len(own) > 1 for own in numbers.values())
    merged = sum(len(own) == 1 and own <= shared for own in numbers.values())
    nuclei, objects = len(numbers), len(np.unique(pairs[:, 1]))
    counts = {"nuclei": nuclei, "pieces": pieces, "merged": merged}
    return {"objects": objects, **counts, "intact": nuclei - pieces - merged}


def compute():
    image, truth = test_image_nuclei_3d(return_mask=True)
    depth, height, width = (float(n) for n in calculate_extents(truth))  # median nucleus, in voxels
    objects = planes_on_their_own(truth).max(axis=(1, 2)).sum()
    numbers = {
        "planes": image.shape[0],
        "height": image.shape[1],
        "width": image.shape[2],
        "nuclei": len(np.unique(truth[truth > 0])),
        "plane_objects": objects,
        "deep": depth,
        "high": height,
        "wide": width,
        "factor": max(height, width) / depth,
        "stitched": {f"step{step}": fate(truth, step) for step in (1, 2, 4)},
    }
    return image, truth, numbers


def paint(figure, theme, image, truth, factor):
    if theme.narrow:
        panels = figure.subplots(2, 1, height_ratios=(1, factor))
        figure.subplots_adjust(top=0.945, bottom=0.005, hspace=0.125, left=0.09, right=0.995)
    else:
        panels = figure.subplots(1, 2)
        figure.subplots_adjust(top=0.9, bottom=0.01, wspace=0.12, left=0.06, right=0.998)
    section, labels = image[:, :, COLUMN], truth[:, :, COLUMN].astype(int)
    low, high = np.percentile(section, (1, 99.8))
    looks = {"as stored": 1, "as it is": factor}
    for axes, (title, aspect) in zip(panels, looks.items(), strict=True):
        picture(axes, section, title, aspect=aspect, vmin=low, vmax=high)
        axes.set_anchor("N")
        axes.set_ylabel("← deeper (z)")
        show.outlines(axes, labels, color=show.TRUTH, linewidth=2)


def main():
    image, truth, numbers = compute()
    content = image, truth, numbers["factor"]
    draw(HERE / "anisotropy", paint, *content, width=560, height=310, narrow=560)
    write(HERE, numbers)


if __name__ == "__main__":
    main()
