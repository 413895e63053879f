"""TIFF in its many kinds: tifffile decodes; here is said which pages count, and what they mean."""

from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from bioimage_course.reading import pixel_size
from bioimage_course.reading.colours import through_table, white_is_zero, without_transparency
from bioimage_course.reading.plane import fits
from bioimage_course.reading.refusal import Unreadable, cut_off
from bioimage_course.reading.whole import Complaints, pages_are_whole

JPEGS = (6, 7, 34892)  # compressions, in which tifffile turns YCbCr into red, green and blue
ALIKE = 0.9  # correlation: a smaller page that is so like the large one is a copy of it
# Micro-Manager's own descriptions, for which tifffile would read the neighbours, too.
ALONE = {"is_mmstack": False, "is_ndtiff": False}
SQUARE_ROOTS = 33445  # the tag of a gel scanner


def read_tiff(path):
    """Array, axes and pixel size in µm of what one TIFF itself holds.

    Parameters
    ----------
    path : pathlib.Path

    Raises
    ------
    Unreadable
        If it holds several images, is cut off, or holds numbers that are no intensities.
    """
    import tifffile

    with Complaints() as heard, tifffile.TiffFile(path, is_ome=False, **ALONE) as file:
        if not len(file.pages):  # which goes through the whole list
            raise cut_off("it holds no page")
        heard.refuse_broken_lists()
        if not file.pages[-1].dataoffsets:  # a list that was filled up with zeros
            raise cut_off("its last page is empty")
        described = _set_of_files(file, path)
        if described is None and (file.pages[0].description or "").rstrip().endswith("OME>"):
            with tifffile.TiffFile(path, **ALONE) as whole:
                planes_there = all(page is not None for one in whole.series for page in one.pages)
                if planes_there or len(file.pages) > 1:  # else one page, and a wrong description
                    return _read(whole, heard)
        array, axes, size = _read(file, heard)
        if described and len(axes) == 3 and axes[0] not in "SC" and len(array) == described:
            axes = "C" + axes[1:]
        return array, axes, size


def _read(file, heard):
    series = _the_image(file)
    heard.refuse_broken_lists()
    page = series.keyframe
    if page.dtype is None:
        raise Unreadable("Its numbers have a length that is not known", "save it in Fiji as TIFF")
    fits(series.shape, page.dtype)
    pages_are_whole(series.pages, file.filehandle)
    array = series.asarray()
    _complete(file, array, series.axes)
    array, axes = _as_intensities(array, series.axes, page)
    return _signed(array, file), axes, pixel_size.of_tiff(file)


# --- Which pages --------------------------------------------------------------------------------


def _the_image(file):
    """The one series that is no small copy, no mask and no label of another."""
    # tifffile calls whatever is half as large a level of the same image
    found = [one for series in file.series for one in series.levels if not _is_beside(one)]
    if not found:
        raise cut_off("it holds no image")
    largest = max(found, key=lambda one: np.prod(one.shape, dtype=float))
    others = [one for one in found if one is not largest and not _is_small_copy(one, largest)]
    if others:
        raise Unreadable(
            f"It holds {len(others) + 1} separate images", "save each one as a TIFF of its own"
        )
    return largest


def _is_beside(series):
    """Whether pages say of themselves that they are a small copy, a mask, or the slide's label."""
    page = series.keyframe
    named = series.name in ("Thumbnail", "Label", "Macro")
    return page.is_reduced or page.is_subifd or page.is_mask or named


def _is_small_copy(small, large):
    """Whether one series is the other, made smaller."""
    if small.axes != large.axes or small.axes not in ("YX", "YXS"):
        return False
    sides = [large.shape[axis] / small.shape[axis] for axis in (0, 1)]
    if min(sides) < 1.5 or abs(sides[0] / sides[1] - 1) > 0.05:
        return False
    from skimage.transform import resize

    fits(large.shape, np.float32)
    little = small.asarray()
    shrunk = resize(large.asarray().astype(np.float32), little.shape, anti_aliasing=True)
    if little.std() == 0 or shrunk.std() == 0:
        return False
    return bool(np.corrcoef(little.ravel().astype(float), shrunk.ravel())[0, 1] > ALIKE)


def _set_of_files(file, path):
    """How many channels of a set this file holds, if its OME-XML describes several; else None.

    0 means: it is one of a set, and how its planes belong together is not said. Read without its
    OME-XML it gives its own planes, where tifffile would fetch its neighbours' or fill up with
    black.
    """
    text = file.pages[0].description or ""
    if not text.rstrip().endswith("OME>"):
        return None
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError:
        return 0
    if root.find("{*}BinaryOnly") is not None:
        return 0
    planes = root.findall(".//{*}TiffData")
    mine = [one for one in planes if pixel_size.is_of(one, root.get("UUID"), Path(path))]
    if len(mine) == len(planes):
        return None
    if not mine and len({one.findtext("{*}UUID") for one in planes}) == 1:
        mine = planes  # one file alone, which was renamed: there may be another of its old name
    places = {(one.get("FirstZ", "0"), one.get("FirstT", "0")) for one in mine}
    alone = all(int(one.get("PlaneCount", "1")) == 1 for one in mine)
    return len(mine) if alone and len(places) == 1 else 0


def _complete(file, array, axes):
    """Refuse an ImageJ stack of which planes are missing: tifffile returns those that are left."""
    if not file.is_imagej:
        return
    named = int((file.imagej_metadata or {}).get("images", 1) or 1)
    planes = [size for size, axis in zip(array.shape, axes, strict=True) if axis not in "YX"]
    if np.prod(planes, dtype=int) < named:
        raise cut_off(f"{named} planes are named, {np.prod(planes, dtype=int)} are there")


# --- What the numbers mean ----------------------------------------------------------------------


def _as_intensities(array, axes, page):
    """The array as a viewer shows it: bright is large, colours are red, green and blue."""
    meaning = getattr(page.photometric, "name", str(page.photometric))
    if "PhotometricInterpretation" not in page.tags:  # as libtiff guesses, and with it most viewers
        meaning = "RGB" if page.samplesperpixel in (3, 4) else "MINISBLACK"
    if SQUARE_ROOTS in page.tags and page.tags[SQUARE_ROOTS].value == 2:
        raise Unreadable("It holds square roots of intensities", "open it in Fiji, save as TIFF")
    if meaning == "PALETTE" and page.colormap is not None:
        return through_table(array, page.colormap), axes
    if meaning == "YCBCR" and page.compression in JPEGS:
        meaning = "RGB"
    if meaning not in ("MINISBLACK", "MINISWHITE", "RGB"):
        raise Unreadable(
            f"Its numbers are colours of the kind {meaning}, not intensities",
            "in Fiji: Image › Type › RGB Color, save as TIFF; better, export the recorded image",
        )
    extra = page.extrasamples
    if meaning == "RGB" and not extra:  # what is more than three colours, some programs do not say
        extra = (0,) * (page.samplesperpixel - 3)
    if "S" in axes and extra:
        array = without_transparency(array, axes.index("S"), extra)
    if meaning == "MINISWHITE":
        array = white_is_zero(array, page.bitspersample)
    return array, axes


def _signed(array, file):
    """Numbers with a sign, where ImageJ has stored them without: 32,768 stands for 0 there."""
    metadata = (file.imagej_metadata or {}) if file.is_imagej else {}
    line = (metadata.get("cf"), metadata.get("c0"), metadata.get("c1"))
    if array.dtype == np.uint16 and line == (0, -32768, 1):
        return (array.astype(np.int32) - 32768).astype(np.int16)
    return array
