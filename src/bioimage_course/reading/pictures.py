"""PNG and BMP, which Pillow decodes, with what it would lose or let pass."""

import struct
import zlib

import numpy as np

from bioimage_course.reading.colours import through_table, without_transparency
from bioimage_course.reading.pixel_size import of_dots
from bioimage_course.reading.plane import fits
from bioimage_course.reading.refusal import Unreadable, cut_off
from bioimage_course.reading.whole import not_filled_with_zeros

GREY_AND_ALPHA, COLOUR_AND_ALPHA = 4, 6  # a PNG's kinds of pixels


def read_png(path):
    """Array, axes and pixel size in µm of a PNG."""
    parts = _parts(path)
    if b"acTL" in parts:
        raise Unreadable("It is a film (APNG)", "save one image of it as TIFF")
    width, height, bits, kind = struct.unpack(">IIBB", parts[b"IHDR"][:10])
    fits((height, width, 4), np.uint16 if bits == 16 else np.uint8)
    if bits == 16 and kind != 0:  # Pillow would drop half of the bits, silently
        import imagecodecs

        array = imagecodecs.png_decode(path.read_bytes())
    else:
        array = _with_pillow(path)
    if array.ndim == 3 and kind in (GREY_AND_ALPHA, COLOUR_AND_ALPHA):
        array = without_transparency(array, 2, [2])
    size = None
    if b"pHYs" in parts:
        across, down, unit = struct.unpack(">IIB", parts[b"pHYs"][:9])
        size = of_dots(down, across, "m") if unit == 1 else None
    return array, "YX" if array.ndim == 2 else "YXS", size


def read_bmp(path):
    """Array, axes and pixel size (which is not known) of a BMP."""
    raw = path.read_bytes()
    (start,) = struct.unpack_from("<I", raw, 10)
    array = _with_pillow(path)
    not_filled_with_zeros(np.frombuffer(raw, np.uint8, offset=start), start, array.shape[1])
    return array, "YX" if array.ndim == 2 else "YXS", None


def _with_pillow(path):
    """The pixels of a picture; a table of colours is applied."""
    from PIL import Image

    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None  # `fits` knows the memory
    try:
        with Image.open(path) as file:
            if file.mode not in ("P", "PA"):
                array = np.array(file)
                return array[..., :3] if file.mode == "RGBA" and file.format == "BMP" else array
            table = np.array(file.getpalette("RGB")).reshape(-1, 3).T
            places = np.array(file) if file.mode == "P" else np.array(file)[..., 0]
    finally:
        Image.MAX_IMAGE_PIXELS = limit
    full = np.zeros((3, max(table.shape[1], int(places.max()) + 1)), int)
    full[:, : table.shape[1]] = table
    return through_table(places, full * 257)


def _parts(path):
    """The parts of a PNG by name, the first of each; every sum is checked.

    Raises
    ------
    Unreadable
        If a part is cut off or was changed.
    """
    raw, place, parts = path.read_bytes(), 8, {}
    while b"IEND" not in parts:
        if place + 12 > len(raw):
            raise cut_off("it ends too early")
        (length,) = struct.unpack_from(">I", raw, place)
        name, body = raw[place + 4 : place + 8], raw[place + 8 : place + 8 + length]
        given = raw[place + 8 + length : place + 12 + length]
        if given != struct.pack(">I", zlib.crc32(name + body)):
            raise cut_off("its sums do not agree")
        parts.setdefault(name, body)
        place += 12 + length
    return parts
