"""Is the file all there? Copies stop half-way, and some programs fill the rest with zeros."""

import logging

import numpy as np

from bioimage_course.reading.refusal import cut_off

BLOCK = 4096  # bytes: disks and networks copy in multiples of it
LEAST = 64  # numbers: a shorter end of zeros says nothing
RARE = 0.05  # an image with a larger part of zeros before its end may well be black there
PACKED_END = 64  # bytes: packed numbers do not end in so many zeros


def not_filled_with_zeros(values, start, row=None):
    """Refuse numbers that end in zeros where the rest has hardly any.

    A camera writes some offset everywhere, so an image without zeros that ends in many of them was
    cut off. One that is black from the beginning of a row on may have been put together so, or been
    shifted: it passes, unless the zeros begin just where a copy would stop.

    Parameters
    ----------
    values : array, shape (N,)
        As they follow each other in the file, not packed.
    start : int
        Where they begin in the file, in bytes.
    row : int, optional
        How many of them are one row; None where they do not lie in rows.

    Raises
    ------
    Unreadable
        If the end was filled up.
    """
    there = np.flatnonzero(values)
    if not there.size:  # black as a whole: an empty field, as far as anybody can tell
        return
    filled = int(there[-1]) + 1
    dark = int(np.diff(there, prepend=-1).max()) - 1  # the longest run of zeros before the end
    if values.size - filled < max(LEAST, 4 * dark) or 1 - there.size / filled > RARE:
        return
    if row and filled % row == 0 and (start + filled * values.itemsize) % BLOCK != 0:
        return
    raise cut_off(f"after {filled / values.size:.0%} of it there are zeros alone")


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
    if not in_one_piece or last > handle.size or page.bitspersample % 8:
        return  # tifffile itself names what is too short
    if page.is_tiled and page.planarconfig == 1:  # whose edges are filled up with zeros
        high, wide, array = page.tilelength, page.tilewidth, page.asarray()
        values = [array[top : top + high, left : left + wide].ravel()
                  for top in range(0, page.imagelength, high)
                  for left in range(0, page.imagewidth, wide)]  # fmt: skip
        not_filled_with_zeros(np.concatenate(values), first)
    elif not page.is_tiled:
        handle.seek(first)
        dtype = np.dtype(page.parent.byteorder + page.dtype.char)
        values = np.frombuffer(handle.read(last - first), dtype)
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
