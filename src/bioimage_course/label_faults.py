"""What label images are instead of labels, and the line that makes labels of them.

Masks, classes, numbers that ended at 255, rings from smooth resizing, labels of another place: all
of them train without an error, and what is learnt is wrong. `check.labels` stops at the first.
"""

from collections import namedtuple

import numpy as np

#: What is wrong, and the line that mends it.
Fault = namedtuple("Fault", ["what", "mend"])

MASK = Fault(
    "These labels hold a single number in several separate pieces, so they look like a mask "
    "(object or background)",
    "Every object needs its own number: pass skimage.measure.label(mask)",
)
MOSTLY = 0.5  # of the image and of its border: what covers more is background
THIN = 0.25  # part of the numbers that are rings, from which on somebody has smoothed
FITS, GAINS = 0.3, 0.3  # correlations of labels and image


def first_fault(labels, image=None):
    """The first thing for which an integer label image must not be trained on.

    Parameters
    ----------
    labels : integer array, shape (Y, X)
        Negative numbers count as background: they mean "not annotated" to StarDist.
    image : array, shape (Y, X) or (Y, X, C), optional

    Returns
    -------
    Fault or None
    """
    labels = np.maximum(labels, 0)
    for look in (_without_background, _inverted, _is_mask, _ends_at_255, _rings, _classes):
        fault = look(labels)
        if fault:
            return fault
    return None if image is None else _elsewhere(labels, np.asarray(image))


def notes(labels, smallest=30):
    """What is worth a look, though nothing to stop at: pieces, specks, holes.

    Parameters
    ----------
    labels : integer array, shape (Y, X)
    smallest : int
        Fewer pixels than this are a speck.

    Returns
    -------
    list of str
    """
    from skimage.measure import label, regionprops

    found = []
    for region in regionprops(np.maximum(labels, 0)):
        pieces = label(region.image).max()
        if pieces > 1:
            found.append(f"number {region.label} is in {pieces} pieces")
        if region.area < smallest:
            found.append(f"number {region.label} has only {region.area:.0f} pixels")
        if region.area_filled > region.area:
            found.append(f"number {region.label} has a hole")
    return found


# --- Background ---------------------------------------------------------------------------------


def _background(labels):
    """The number that covers most of the image and of its border, or None."""
    numbers, counts = np.unique(labels, return_counts=True)
    largest = numbers[counts.argmax()]
    border = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    covers = counts.max() > MOSTLY * labels.size and np.mean(border == largest) > MOSTLY
    return int(largest) if covers else None


def _without_background(labels):
    """No 0 at all: ilastik's classes 1 and 2, or a background that was counted as object 1."""
    if labels.min() == 0:
        return None
    numbers = np.unique(labels)
    background = _background(labels)
    if len(numbers) == 2:
        objects = numbers[0] if background == numbers[1] else numbers[1]
        return Fault(
            f"These labels hold {numbers[0]} and {numbers[1]} and no 0, as ilastik's “Simple "
            "Segmentation” does",
            "Every object needs its own number, and 0 is background: "
            f"labels = skimage.measure.label(labels == {objects})",
        )
    if background is None:  # cells may fill a tissue
        return None
    return Fault(
        f"These labels hold no 0: number {background} seems to be the background",
        f"labels[labels == {background}] = 0",
    )


def _inverted(labels):
    """One number that covers the background, and 0 where the objects are."""
    background = _background(labels)
    if not background:
        return None
    if len(np.unique(labels)) == 2:
        return Fault(
            f"These labels look like an inverted mask: {background} is the background, 0 the "
            "objects",
            "labels = skimage.measure.label(labels == 0)",
        )
    return Fault(
        f"Number {background} covers most of the image and of its border, as a background does",
        f"labels[labels == {background}] = 0",
    )


# --- Numbers that stand for several objects -------------------------------------------------------


def looks_binary(labels):
    """True if a single number stands in several separate pieces: a mask, not a label image."""
    from skimage.measure import label

    return np.unique(labels[labels > 0]).size == 1 and label(labels > 0).max() > 1


def _is_mask(labels):
    return MASK if looks_binary(labels) else None


def _pieces(labels):
    """For each number of an object: in how many pieces it stands."""
    from skimage.measure import label, regionprops

    return np.array([label(region.image).max() for region in regionprops(labels)])


def _ends_at_255(labels):
    """More objects than 8 (or 16) bits can count: the last number, or all, stand twice."""
    highest = int(labels.max())
    if highest not in (255, 65535) or len(np.unique(labels)) < highest / 2:
        return None
    if (_pieces(labels) > 1).sum() == 0:
        return None
    bits = 8 if highest == 255 else 16
    return Fault(
        f"The numbers end at {highest}, and some stand for several objects: {bits} bits were "
        "not enough",
        f"Save them again with {2 * bits} bits; where no two touch, "
        "labels = skimage.measure.label(labels > 0)",
    )


def _classes(labels):
    """Few numbers, each in many pieces: kinds of objects."""
    pieces = _pieces(labels)
    if len(pieces) < 2 or np.median(pieces) < 3:
        return None
    return Fault(
        f"{len(pieces)} numbers stand in {pieces.sum()} separate pieces, so they look like classes "
        "of objects",
        "Every object needs its own number: labels = skimage.measure.label(labels)",
    )


def _rings(labels):
    """Numbers that no object has, in rings around the objects: resized with smoothing."""
    from scipy.ndimage import maximum_filter, minimum_filter

    objects = labels > 0
    highest, lowest = maximum_filter(labels, 3), minimum_filter(labels, 3)
    nearest = minimum_filter(np.where(objects, labels, labels.max() + 1), 3)
    numbers = np.unique(labels[objects])
    wide = np.unique(labels[objects & (highest == lowest)])
    touching = np.unique(labels[objects & ((highest != labels) | (nearest != labels))])
    thin = len(np.setdiff1d(touching, wide))  # a speck alone is no ring
    if thin < 3 or thin < THIN * len(numbers):
        return None
    if not len(wide):
        return Fault(
            "These labels look like an image, or as if they were reshaped: no number covers more "
            "than a pixel or two",
            "Give the label image; rows and columns are swapped with labels.T",
        )
    return Fault(
        f"{thin} of {len(numbers)} numbers are rings of a pixel or two, as after resizing with "
        "smoothing",
        "Resize the original labels with order=0 (nearest neighbour, no interpolation)",
    )


# --- Labels of another place ----------------------------------------------------------------------


def _elsewhere(labels, image):
    """Turned, mirrored or shifted: then they fit the image, and as they are they do not."""
    grey = image.mean(axis=2) if image.ndim == 3 else image.astype(float)
    if not np.isfinite(grey).all() or grey.std() == 0:
        return None
    there = (labels > 0).astype(float)
    as_it_is = _agreement(there, grey)
    if as_it_is > FITS:
        return None
    turned = {
        "labels[::-1]": there[::-1],
        "labels[:, ::-1]": there[:, ::-1],
        "labels[::-1, ::-1]": there[::-1, ::-1],
    }
    if grey.shape[0] == grey.shape[1]:
        turned |= {
            "labels.T": there.T,
            "numpy.rot90(labels)": np.rot90(there),
            "numpy.rot90(labels, 3)": np.rot90(there, 3),
            "labels[::-1, ::-1].T": there[::-1, ::-1].T,
        }
    line = max(turned, key=lambda way: _agreement(turned[way], grey))
    if _agreement(turned[line], grey) > max(2 * FITS, as_it_is + GAINS):
        return Fault("These labels fit the image only when they are turned", f"labels = {line}")
    down, right = _shift(there, grey)
    moved = _agreement(np.roll(there, (down, right), (0, 1)), grey)
    if moved > max(2 * FITS, as_it_is + GAINS):
        return Fault(
            f"These labels fit the image only when they are moved by {down} rows and {right} "
            "columns",
            "Export them again from the same crop as the image",
        )
    return None


def _agreement(there, grey):
    """How well objects and brightness (or darkness) coincide: from 0 to 1."""
    return abs(np.corrcoef(there.ravel(), grey.ravel())[0, 1]) if there.std() else 0.0


def _shift(there, grey):
    """By how many rows and columns the objects fit best."""
    spectrum = np.fft.rfft2(grey - grey.mean()) * np.conj(np.fft.rfft2(there - there.mean()))
    fit = abs(np.fft.irfft2(spectrum, grey.shape))
    best = np.unravel_index(fit.argmax(), fit.shape)
    return tuple(int(place - side if place > side / 2 else place)
                 for place, side in zip(best, grey.shape, strict=True))  # fmt: skip
