"""What the StarDist and Cellpose figures share: the two nuclei, and how they are framed."""

from collections import Counter

import numpy as np
from skimage.segmentation import expand_labels

from bioimage_course import data
from figures._shared.style import PINK, PREDICTED

#: Colours of the two nuclei, the larger one first.
PAIR_COLOURS = (PREDICTED, PINK)


def two_nuclei():
    """Crop of the running example, and the masks of its two touching nuclei, the larger first."""
    image, truth = (array[data.TOUCHING] for array in data.nuclei())
    return image, [truth == label for label in touching_pair(truth)]


def touching_pair(labels):
    """The two nuclei of a crop that share the longest border, the larger one first.

    Annotators often leave a pixel of background between two nuclei, so each grows by one first.
    """
    grown = expand_labels(labels, distance=1)
    pairs = Counter()
    for near, far in ((grown[:-1], grown[1:]), (grown[:, :-1], grown[:, 1:])):
        border = (near != far) & (near > 0) & (far > 0)
        pairs.update(tuple(sorted(pair)) for pair in zip(near[border], far[border], strict=True))
    if not pairs:
        raise ValueError("No two nuclei touch in this crop: choose another one.")
    pair = max(sorted(pairs), key=pairs.get)
    return sorted((int(label) for label in pair), key=lambda label: -(labels == label).sum())


def iou(first, second):
    """Intersection over union of two masks."""
    return float((first & second).sum() / (first | second).sum())


def outline(axes, mask, colour, width=2.5):
    """Draw the border of a mask."""
    axes.contour(mask, levels=[0.5], colors=[colour], linewidths=width)


def zoom(axes, mask, margin=7):
    """Show the square around a mask."""
    rows, columns = np.nonzero(mask)
    half = max(np.ptp(rows), np.ptp(columns)) / 2 + margin
    row, column = (rows.max() + rows.min()) / 2, (columns.max() + columns.min()) / 2
    axes.set(xlim=(column - half, column + half), ylim=(row + half, row - half))
