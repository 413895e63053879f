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
THIN = 0.5  # part of the pieces that are rings, from which on somebody has smoothed
FITS, GAINS = 0.3, 0.3  # correlations of labels and image
LINES = 0.1  # part of the pixels that stand in squares of 3 × 3: less, and all are lines


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
    if labels.min() < 0 and not (labels == 0).any():
        return Fault(
            "These labels hold −1 and no 0, so nothing is said to be background",
            "If −1 is the background, labels[labels < 0] = 0",
        )
    labels = np.maximum(labels, 0)
    for look in (_without_background, _inverted, _lines, _is_mask, _minus_one, _rings, _ends_at_255,
                 _classes):  # fmt: skip
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
    from skimage.measure import label

    found = []
    for number, region in regions(labels):
        pieces = label(region.image).max()
        if pieces > 1:
            found.append(f"number {number} is in {pieces} pieces")
        if region.area < smallest:
            found.append(f"number {number} has only {region.area:.0f} pixels")
        if region.area_filled > region.area:
            found.append(f"number {number} has a hole")
    return found


# --- Numbers of any size ------------------------------------------------------------------------


def in_a_row(labels):
    """The same objects, numbered from 1 without gaps: numbers may be as large as 2³¹.

    Much of what counts objects takes memory for every number up to the highest.

    Parameters
    ----------
    labels : integer array
        0 is background; what is below 0 stays.

    Returns
    -------
    int32 array of the same shape
    """
    return _in_a_row(labels)[0]


def regions(labels):
    """(number, region of skimage.measure.regionprops) of each object, however large its number."""
    from skimage.measure import regionprops

    row, numbers = _in_a_row(np.maximum(labels, 0))
    return [(int(numbers[region.label - 1]), region) for region in regionprops(row)]


def _in_a_row(labels):
    """Labels numbered without gaps, and the numbers that they had."""
    there = labels > 0
    found = labels[there]
    if found.size and found.max() < found.size + 2**20:  # a table is quicker than sorting
        numbers = np.flatnonzero(np.bincount(found.astype(np.int64)))
        table = np.zeros(int(found.max()) + 1, np.int32)
        table[numbers] = np.arange(1, len(numbers) + 1)
        new = table[found]
    else:
        numbers, new = np.unique(found, return_inverse=True)
        new = new.astype(np.int32) + 1
    row = np.minimum(labels, 0).astype(np.int32)
    row[there] = new
    return row, numbers


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


# --- What is drawn is no object -------------------------------------------------------------------


def _lines(labels):
    """Outlines that nobody has filled: thin lines, and more pixels inside of them."""
    from scipy.ndimage import binary_fill_holes, binary_opening

    drawn = labels > 0
    inside = binary_fill_holes(drawn) & ~drawn
    thick = binary_opening(drawn, np.ones((3, 3)))
    if inside.sum() < 0.75 * drawn.sum() or thick.sum() > LINES * drawn.sum():
        return None
    return Fault(
        "These labels are outlines of a pixel or two, and nothing is filled",
        "Fill them, and look for gaps that became objects: "
        "inside = skimage.measure.label(labels == 0, connectivity=1); "
        "inside[inside == numpy.bincount(inside[labels == 0]).argmax()] = 0; "
        "labels = skimage.segmentation.expand_labels(inside, 1)",
    )


def _minus_one(labels):
    """−1 that was saved without a sign: it became the highest number there is."""
    highest = int(labels.max())
    others = labels[(labels > 0) & (labels < highest)]
    if highest not in (255, 65535, 2**32 - 1) or not others.size or others.max() > highest / 2:
        return None
    if highest == 255 and not looks_binary(labels == highest):  # 8 bits are painted by hand, too
        return None
    return Fault(
        f"Number {highest} stands apart from the others: so −1 looks where it was saved without a "
        "sign",
        f"labels = labels.astype(int); labels[labels == {highest}] = -1 if it means “not "
        "annotated”, for StarDist alone; else the same with 0",
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
    from skimage.measure import label

    return np.array([label(region.image).max() for _, region in regions(labels)])


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
    """Pieces that are no objects, in rings around the objects: resized with smoothing."""
    from scipy.ndimage import maximum_filter, minimum_filter
    from skimage.measure import label

    objects, row = labels > 0, in_a_row(labels)
    highest, lowest = maximum_filter(row, 3), minimum_filter(row, 3)
    nearest = minimum_filter(np.where(objects, row, row.max() + 1), 3)
    inner = objects & (highest == lowest)
    pieces = label(row)
    wide = np.unique(pieces[inner])
    touching = np.unique(pieces[objects & ((highest != row) | (nearest != row))])
    thin = len(np.setdiff1d(touching, wide))  # a speck alone is no ring
    if thin < 3:
        return None
    numbers, sizes = np.unique(labels[objects], return_counts=True)
    inner_sizes = np.array([np.count_nonzero(inner & (labels == n)) for n in numbers[:3]])
    if len(numbers) in (2, 3) and min(inner_sizes / sizes) < LINES < max(inner_sizes / sizes):
        border, inside = numbers[(inner_sizes / sizes).argmin()], numbers[inner_sizes.argmax()]
        return Fault(
            f"These labels are classes: number {border} draws borders, number {inside} what is "
            "inside",
            "labels = skimage.segmentation.expand_labels("
            f"skimage.measure.label(labels == {inside}), 1)",
        )
    if thin < THIN * pieces.max():
        return None
    if not len(wide):
        return Fault(
            "These labels look like an image, or as if they were reshaped: no number covers more "
            "than a pixel or two",
            "Give the label image; rows and columns are swapped with labels.T",
        )
    return Fault(
        f"{thin} of {pieces.max()} pieces are rings of a pixel or two, as after resizing with "
        "smoothing, in a JPEG, or in a map of probabilities",
        "Resize the original labels with order=0 (nearest neighbour, no interpolation); save them "
        "as TIFF; and give numbers of objects, no probabilities",
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
