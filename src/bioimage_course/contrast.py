"""Scale an image for a network, and look at its two limits before the network sees it.

In a field where nearly every pixel has one value, both percentiles are that value. Dividing by
their difference gives numbers of 10²⁴, at which compiled code ends Python: no `except` helps there.
"""

import numpy as np

from bioimage_course.reading import Unreadable

#: Where both limits are equal: fewer pixels than this are specks, not an object.
FEWEST = 256
#: Smaller differences, relative to the numbers or at all, are lost among numbers of 32 bits.
FINEST = 1e-3
#: How far beyond the limits a number may lie. A hot pixel of 1,000 would grow into an object.
FARTHEST = 100


def scaled(image, low=1, high=99.8):
    """An image scaled so that two percentiles become 0 and 1, as `csbdeep.utils.normalize` does it.

    Parameters
    ----------
    image : array, shape (Y, X)
    low, high : float
        Percentiles of all pixels.

    Returns
    -------
    float32 array, shape (Y, X)
        Between -100 and 100. Where both percentiles are one grey value, it is scaled by the pixels
        that have another one; if there are none, it is 0 everywhere.

    Raises
    ------
    Unreadable
        If no limit can be told: both percentiles are equal and hardly any pixel differs, or a small
        part is more than a hundred times as bright as all the rest.
    """
    from csbdeep.utils import normalize_mi_ma

    dark, bright = _limits(image, low, high)
    if image.dtype.itemsize > 2 and bright - dark < FINEST * max(abs(dark), abs(bright), FINEST):
        # With 32 bits, all of 2³¹ + 5 and 2³¹ + 9 would be one number, and 1e-30 nothing.
        image = (image.astype(np.float64) - dark) / (bright - dark)
        dark, bright = 0, 1
    return np.clip(normalize_mi_ma(image, dark, bright), -FARTHEST, FARTHEST)


def _limits(image, low, high):
    """The two grey values that become 0 and 1."""
    dark, bright = (float(value) for value in np.percentile(image, (low, high)))
    if bright > dark:
        _refuse_two_scales(image, dark, bright)
        return dark, bright
    others = image[image != dark]
    if not others.size:
        return dark, dark + 1
    if others.size < FEWEST:
        raise Unreadable(
            f"Its limits are equal: all pixels but {others.size} have the value {dark:g}",
            "if an object is among them, cut out the field around it; if not, leave this image out",
        )
    return min(dark, float(others.min())), float(np.percentile(others, high))


def _refuse_two_scales(image, dark, bright):
    """Refuse an image that is mere noise between the limits, and has its object far beyond.

    Or its objects between them, and bright dust beyond: which of the two, nobody can tell here.
    """
    beyond = image[image > bright]
    if beyond.size >= FEWEST and np.median(beyond) - dark > FARTHEST * (bright - dark):
        raise Unreadable(
            f"{beyond.size / image.size:.2%} of its pixels are more than {FARTHEST} times as "
            "bright as the others",
            "if they are your objects, cut out the field around them; if they are dust, paint it "
            "over in Fiji",
        )
