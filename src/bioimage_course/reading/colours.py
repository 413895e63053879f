"""What the numbers of a file mean: tables of colours, white that is zero, transparency."""

import numpy as np

from bioimage_course.reading.refusal import Unreadable

STEP = 257  # from 8 bits to 16: 255 becomes 65,535


def through_table(places, table):
    """Grey values of an image whose numbers are places in a table of colours.

    Parameters
    ----------
    places : unsigned integer array
    table : uint16 array, shape (3, N)
        Red, green and blue of each place.

    Returns
    -------
    array of the same shape
        Where the table is a ramp from black to one colour, or back, the recorded intensities;
        where it holds greys, those.

    Raises
    ------
    Unreadable
        If it holds colours in any other order: then the numbers are no intensities. Or one colour
        alone: then every viewer shows nothing.
    """
    table = np.asarray(table).astype(int)
    if (table == table[:, :1]).all():
        raise Unreadable(
            "Its table of colours holds a single colour, so nothing is to be seen",
            "in Fiji: Image › Lookup Tables › Grays, save as TIFF",
        )
    if table.max(initial=0) < 256:  # some programs fill 8 of the 16 bits
        table = table * STEP
    last = table.shape[1] - 1
    ramp = np.arange(last + 1) / max(last, 1)
    if table.any() and np.abs(table - table[:, -1:] * ramp).max() <= STEP:
        return places
    if np.abs(table - table[:, :1] * ramp[::-1]).max() <= STEP and table.any():
        return (last - places.astype(int)).astype(places.dtype)
    if (table == table[0]).all():
        in_8_bits = not (table % STEP).any() or not (table % 256).any()
        greys = (table[0] >> 8).astype(np.uint8) if in_8_bits else table[0].astype(np.uint16)
        return greys[places]
    raise Unreadable(
        "Its numbers are places in a table of colours, not intensities",
        "export the recorded image again, as grey TIFF; a mere tint goes away in Fiji with "
        "Image › Lookup Tables › Grays",
    )


def white_is_zero(array, bits):
    """Turn an image in which 0 is white, so that bright is large, as every viewer shows it.

    Parameters
    ----------
    array : array
    bits : int
        Of one number in the file.

    Raises
    ------
    Unreadable
        If it does not say which number is black.
    """
    if array.dtype == bool:
        return ~array
    if array.dtype.kind != "u":
        raise Unreadable(
            f"In it, 0 is white, and {array.dtype} values have no darkest one",
            "in Fiji: Edit › Invert, Image › Lookup Tables › Grays, save as TIFF",
        )
    return array.dtype.type(2**bits - 1) - array


def without_transparency(array, axis, extra):
    """The colours alone, without what says how transparent each pixel is.

    Parameters
    ----------
    array : array
    axis : int
        Along which the samples of a pixel lie.
    extra : sequence of int
        What the last samples are, in TIFF's numbers: 1 and 2 are transparency, 0 is not said.
        Then those that are the same everywhere count as transparency, too.
    """
    samples = np.moveaxis(array, axis, 0)
    kept = list(range(len(samples) - len(extra)))
    for number, kind in enumerate(extra, start=len(kept)):
        if int(kind) == 0 and samples[number].min() != samples[number].max():
            kept.append(number)
    return np.take(array, kept, axis)
