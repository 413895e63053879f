"""The door itself: from a path to one plane."""

from pathlib import Path

from bioimage_course.reading import kinds
from bioimage_course.reading.microscopes import read_with_bioio
from bioimage_course.reading.pictures import read_bmp, read_png
from bioimage_course.reading.plane import checked, plane
from bioimage_course.reading.refusal import Unreadable, cut_off, short
from bioimage_course.reading.tiff import read_tiff


def read(path, channel=None):
    """One grey plane of a file, as it was recorded, and how large its pixels are.

    Parameters
    ----------
    path : path of a TIFF, OME-TIFF, PNG or BMP; with bioio and its readers also ND2, CZI or LIF
    channel : int, optional
        Which one to take where a file has several, counted from 0. None takes the only one; three
        colours that are all alike are one.

    Returns
    -------
    image : array, shape (Y, X)
        The numbers of *this* file, bright where a viewer shows light. Rows and columns as they are
        stored: like Fiji and napari, it turns nothing.
    pixel_size_um : (float, float) or None
        Height and width of a pixel in µm; None if the file does not say.

    Raises
    ------
    Unreadable
        If the file is no such plane; the message says what to do. Nothing is guessed.
    PermissionError, MemoryError
        If it may not be read, or does not fit.
    """
    path = Path(path)
    reader = _reader(path)
    try:
        array, axes, pixel_size_um = reader(path)
    except (Unreadable, PermissionError, MemoryError, KeyboardInterrupt):
        raise
    except Exception as error:  # decoders raise anything
        raise cut_off(short(error, path)) from error
    return checked(plane(array, axes, channel)), pixel_size_um


def _reader(path):
    """The function that decodes a file: path → array, its axes, pixel size in µm or None."""
    if any("\udc80" <= sign <= "\udcff" for sign in str(path)):
        raise Unreadable("Its name, or its folder's, holds signs that no text has", "rename it")
    if path.is_dir():
        if kinds.ending(path) in kinds.ZARRS:
            raise Unreadable(
                "OME-Zarr is a folder of tiles", "notebook 12 reads it; or save one plane as TIFF"
            )
        list(path.iterdir())  # a folder that may not be read is said to be one
        raise Unreadable("It is a folder", "give the path of one file in it")
    if not path.exists():
        linked = path.is_symlink()
        raise Unreadable(
            "It is a link to a file that is not there" if linked else f"There is no file {path}",
            "copy the file itself" if linked else "check its name, or give the whole path",
        )
    if not path.is_file():
        raise Unreadable("It is no ordinary file", "give the path of an image")
    if path.stat().st_size == 0:
        raise Unreadable("The file is empty, 0 bytes", "copy it again from where it was recorded")
    kind = kinds.content(path)
    if kind == "TIFF" and kinds.ending(path) not in kinds.FIJI:  # a .vsi begins like a TIFF
        return read_tiff
    if kind == "PNG":
        return read_png
    if kind == "BMP" and kinds.ending(path) == ".bmp":
        return read_bmp
    if kinds.ending(path) in kinds.MICROSCOPES:
        kinds.begins_as_named(path, kind)
        return read_with_bioio
    kinds.refuse(path, kind)
