"""Cells that bend and touch: a drawn image of two stained cells, one lying in the other's bend."""

import numpy as np
from cellpose.utils import diameters
from scipy.ndimage import distance_transform_edt, gaussian_filter

SHAPE = (160, 160)
MIDDLE = (78, 50)  # row and column of the point that both cells bend around
#: Radius of the middle line, half the width, and half the opening in radians, of both cells.
CELLS = ((34, 9, 1.25), (53, 9, 0.85))

#: The part of the image with both of them: rows and columns.
TOUCHING = (slice(40, 120), slice(38, 118))


def bent_cells():
    """Two drawn cells, and their labels.

    Returns
    -------
    image : float32 array, shape (160, 160)
        Brighter in the middle of a cell, a little blurred, with noise.
    labels : int32 array, shape (160, 160)
        1 the inner cell, 2 the outer one; 0 is background.
    """
    rows, columns = np.indices(SHAPE)
    y, x = rows - MIDDLE[0], columns - MIDDLE[1]
    radius, angle = np.hypot(y, x), np.arctan2(y, x)
    labels = np.zeros(SHAPE, np.int32)
    for number, (middle, half, opening) in enumerate(CELLS, start=1):
        cell = (np.abs(radius - middle) <= half) & (np.abs(angle) < opening)
        for side in (-1, 1):  # round ends
            end = middle * np.sin(side * opening), middle * np.cos(opening)
            cell |= np.hypot(y - end[0], x - end[1]) <= half
        labels[cell & (labels == 0)] = number
    depth = sum(distance_transform_edt(labels == number) for number in (1, 2))
    stained = np.sqrt(np.minimum(depth, 8))
    noise = np.random.default_rng(3).normal(0, 0.12, SHAPE)
    return (100 * (gaussian_filter(stained, 1.2) + 0.3 + noise)).astype(np.float32), labels


#: What Cellpose is given, in pixels.
DIAMETER = round(diameters(bent_cells()[1])[0])
