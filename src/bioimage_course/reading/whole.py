"""Is the file all there? Copies stop half-way, and some programs fill the rest with zeros."""

import logging

import numpy as np

from bioimage_course.reading.refusal import cut_off

BLOCK = 4096  # bytes: disks and networks copy in multiples of it
LEAST = 64  # numbers: a shorter end of zeros says nothing
RARE = 0.05  # an image with a larger part of zeros before its end may well be black there
PIECE = 2**22  # numbers looked at together
PACKED_END = 64  # bytes: packed numbers do not end in so many zeros


def not_filled_with_zeros(values, start, row=None, size=None):
    """Refuse numbers that end in zeros, or have a hole of zeros, where the rest has hardly any.

    A camera writes some offset everywhere, so an image without zeros that ends in many of them was
    cut off. One that is black from the beginning of a row on may have been put together so, or been
    shifted: it passes, unless the zeros begin just where a copy would stop. A hole in the middle
    begins and ends there.

    Parameters
    ----------
    values : array, shape (N,)
        As they follow each other in the file, not packed.
    start : int
        Where they begin in the file, in bytes.
    row : int, optional
        How many of them are one row; None where they do not lie in rows.
    size : float, optional
        Bytes of one number in the file, if it is not that of the array.

    Raises
    ------
    Unreadable
        If the end was filled up, or a part of it.
    """
    size = size or values.itemsize
    filled = _without_last_zeros(values)
    first, length = _longest_darkness(values[:filled])
    _refuse_hole(values[:filled], first, length, start, row, size)
    if values.size - filled < LEAST or filled == 0:  # 0: an empty field, as far as anybody can tell
        return
    if 1 - np.count_nonzero(values[:filled]) / filled > RARE:
        return
    if values.size - filled < 4 * length:
        return
    if row and filled % row == 0 and (start + filled * size) % BLOCK != 0:
        return
    raise cut_off(f"after {filled / values.size:.0%} of it there are zeros alone")


def _without_last_zeros(values):
    """How many numbers there are before the zeros at the end; in pieces, for large images."""
    for end in range(values.size, 0, -PIECE):
        there = np.flatnonzero(values[max(0, end - PIECE) : end])
        if there.size:
            return max(0, end - PIECE) + int(there[-1]) + 1
    return 0


def _longest_darkness(values):
    """Where the longest run of zeros begins, and how long it is; in pieces."""
    first, longest, last = 0, 0, -1
    for start in range(0, values.size, PIECE):
        there = np.flatnonzero(values[start : start + PIECE]) + start
        if there.size:
            steps = np.diff(there, prepend=last)
            widest = int(steps.argmax())
            if steps[widest] - 1 > longest:
                longest = int(steps[widest]) - 1
                first = int(there[widest]) - longest
            last = int(there[-1])
    return first, longest


def _refuse_hole(values, first, length, start, row, size):
    """Refuse zeros that fill whole blocks of a file, where the rest has hardly any."""
    begin, end = start + first * size, start + (first + length) * size
    if length * size < BLOCK - 2 * size or begin % BLOCK >= size or -end % BLOCK >= size:
        return
    if row and first % row == 0 and length % row == 0:  # a black band of the image
        return
    others = values.size - np.count_nonzero(values) - length
    if others <= RARE * (values.size - length):
        raise cut_off(f"{length / values.size:.0%} of it were filled with zeros")


def pages_are_whole(pages, handle):
    """Refuse a TIFF of which a page lies behind the end of the file, or in zeros.

    Parameters
    ----------
    pages : sequence of tifffile.TiffPage
        All that belong to one image.
    handle : tifffile.FileHandle

    Raises
    ------
    Unreadable
        If something is missing.
    """
    for page in pages:
        if page is None:
            raise cut_off("planes are missing")
        places = list(zip(page.dataoffsets, page.databytecounts, strict=False))
        if not places or any(offset == 0 or count == 0 for offset, count in places):
            raise cut_off("parts of it were never written")
        if page.keyframe.compression == 1:
            if len(pages) == 1:  # several are refused anyway, as a stack or by a channel
                _raw_page_is_whole(page.keyframe, places, handle)
            continue
        for offset, count in places:
            if offset + count > handle.size:
                raise cut_off("its end is missing")
            handle.seek(offset + max(0, count - PACKED_END))
            if count > PACKED_END and not handle.read(PACKED_END).strip(b"\0"):
                raise cut_off("parts of it are zeros")


def _raw_page_is_whole(page, places, handle):
    """The same for a page that is not packed, where zeros may be darkness."""
    first = min(offset for offset, _ in places)
    last = max(offset + count for offset, count in places)
    in_one_piece = last - first == sum(count for _, count in places)
    if not in_one_piece or last > handle.size:
        return  # tifffile itself names what is too short
    if page.bitspersample % 8:  # 12 bits, packed
        if not page.is_tiled and page.bitspersample > 1:
            values = page.asarray().ravel()
            not_filled_with_zeros(values, first, page.imagewidth, page.bitspersample / 8)
        return
    if page.is_tiled and page.planarconfig == 1:  # whose edges are filled up with zeros
        high, wide, array = page.tilelength, page.tilewidth, page.asarray()
        if array[-1, (page.imagewidth - 1) // wide * wide :].any():  # the last tile is there
            return
        values = [array[top : top + high, left : left + wide].ravel()
                  for top in range(0, page.imagelength, high)
                  for left in range(0, page.imagewidth, wide)]  # fmt: skip
        row = None if page.imagewidth % wide else wide
        not_filled_with_zeros(np.concatenate(values), first, row)
    elif not page.is_tiled:
        dtype = np.dtype(page.parent.byteorder + page.dtype.char)
        count = (last - first) // dtype.itemsize
        values = np.memmap(handle.path, dtype, "r", offset=first, shape=count)
        samples = page.samplesperpixel if page.planarconfig == 1 else 1
        not_filled_with_zeros(values, first, samples * page.imagewidth)


class Complaints(logging.Handler):
    """What tifffile says about a file while it reads: it goes on where we do not.

    Usage: `with Complaints() as heard: …`, then `heard.refuse_broken_lists()`.
    """

    BROKEN = ("page offset", "offset to page", "tag list", "corrupted file", "contains no pages")

    def __init__(self):
        super().__init__(logging.WARNING)
        self.words = []

    def emit(self, record):
        """Keep the words; they concern a file, and no reader of a notebook."""
        self.words.append(record.getMessage())

    def __enter__(self):
        logger = logging.getLogger("tifffile")
        self._before = logger.propagate
        logger.addHandler(self)
        logger.propagate = False
        return self

    def __exit__(self, *_):
        logger = logging.getLogger("tifffile")
        logger.removeHandler(self)
        logger.propagate = self._before

    def refuse_broken_lists(self):
        """Refuse a file of which a list of pages ends in nothing.

        Raises
        ------
        Unreadable
            If tifffile has left something out.
        """
        if any(sign in words for words in self.words for sign in self.BROKEN):
            raise cut_off("the list of its pages ends in nothing")
