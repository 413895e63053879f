"""From an array with named axes to one plane that can be segmented."""

import numpy as np

from bioimage_course.reading.refusal import Unreadable

LARGEST = 1e37  # networks take numbers of 32 bits, and these end at 3.4e38
SMALLEST = 16  # pixels a side: less holds no object that could be judged


def plane(array, axes, channel):
    """The one plane (Y, X) of an array with named axes.

    Parameters
    ----------
    array : array
    axes : str
        One letter for each axis: Y, X, C for channels, S for colours, others for planes.
    channel : int or None

    Raises
    ------
    Unreadable
        If there are several planes, or channels of which none was chosen.
    """
    for axis in axes:
        if axis not in "YX" and array.shape[axes.index(axis)] == 1:
            array, axes = array.squeeze(axes.index(axis)), axes.replace(axis, "", 1)
    more = [axis for axis in axes if axis not in "YX"]
    if not {"Y", "X"} <= set(axes) or len(axes) != len(set(axes)):
        raise Unreadable(f"Its axes are {axes}", "save it in Fiji as a TIFF of one plane")
    for axis in more:
        size = array.shape[axes.index(axis)]
        if axis not in "CS":
            kind = {"Z": f"a stack of {size} planes", "T": f"a film of {size} time points"}
            raise Unreadable(
                f"It is {kind.get(axis, f'a file of {size} planes')}, not one plane",
                "in Fiji, take one plane or Image › Stacks › Z Project…, and save as TIFF",
            )
    for axis in more:
        array = np.moveaxis(array, axes.index(axis), 0)
        axes = axis + axes.replace(axis, "")
        if isinstance(channel, bool) or not isinstance(channel, int | np.integer | None):
            raise Unreadable(
                f"Channels have numbers, and {channel!r} is none",
                f"set channel to one of them, without quotation marks: 0 to {len(array) - 1}",
            )
        alike = axis == "S" and all(np.array_equal(array[0], other) for other in array[1:])
        chosen = 0 if channel is None and alike else channel
        if chosen is None or not 0 <= chosen < len(array):
            wrong = "" if chosen is None else f", none of them is number {chosen}"
            numbers = ", ".join(map(str, range(len(array))))
            raise Unreadable(
                f"It has {len(array)} channels{wrong}",
                f"set channel to the one that shows your objects: {numbers}",
            )
        array, axes = array[chosen], axes[1:]
    return array if axes == "YX" else array.T


def checked(image):
    """The image, in this computer's byte order, if it can be segmented.

    Raises
    ------
    Unreadable
        If it is a mask, tiny, or holds what is no number.
    """
    if image.dtype == bool:
        raise Unreadable("It is a mask of true and false", "give the image it was made from")
    if image.dtype.kind not in "uif":
        raise Unreadable(f"It holds {image.dtype} values", "save it in Fiji as 16-bit TIFF")
    if min(image.shape) < SMALLEST:
        raise Unreadable(
            f"It has only {image.shape[1]} × {image.shape[0]} pixels",
            "look whether it is a thumbnail, and give the whole image",
        )
    bad = np.count_nonzero(~np.isfinite(image))
    if bad:
        raise Unreadable(
            f"{bad} of its pixels {'is' if bad == 1 else 'are'} no number (NaN or infinite)",
            "in Fiji: Process › Noise › Remove NaNs…, save as TIFF",
        )
    if image.dtype.kind == "f" and float(abs(image).max()) > LARGEST:
        raise Unreadable(
            f"It holds numbers up to {abs(image).max():.0e}, too large for a network",
            "in Fiji: Process › Math › Divide…, save as TIFF",
        )
    # torch takes no numbers in the order of other computers, in which Fiji saves.
    return np.ascontiguousarray(image, dtype=image.dtype.newbyteorder("="))


def fits(shape, dtype):
    """Refuse an image that would fill the memory, before it does: no `except` helps against that.

    Raises
    ------
    Unreadable
        If twice its size is more than what is free.
    """
    from bioimage_course.doctor.computer import memory

    needed, found = int(np.prod(shape, dtype=float)) * np.dtype(dtype).itemsize, memory()
    if found and 2 * needed > found[1]:
        raise Unreadable(
            f"It takes {needed / 2**30:.1f} GB, and {found[1] / 2**30:.1f} GB of memory are free",
            "close other programs, or work in tiles: notebook 12",
        )
