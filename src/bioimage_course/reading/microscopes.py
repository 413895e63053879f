"""ND2, CZI and LIF, by bioio and its readers, which a reader of the course installs if needed."""

from bioimage_course.reading.kinds import MICROSCOPES, ending
from bioimage_course.reading.pixel_size import in_micrometres
from bioimage_course.reading.refusal import Unreadable, short


def read_with_bioio(path):
    """Array, axes and pixel size in µm of a microscope's own format.

    Raises
    ------
    Unreadable
        If bioio, or its reader for this format, is missing or fails; if there are several images.
    """
    end = ending(path)
    install = f"pip install bioio {MICROSCOPES[end]}, or save it as OME-TIFF in Fiji"
    try:
        from bioio import BioImage
    except ImportError as error:
        raise Unreadable(f"Reading {end} needs another package", install) from error
    try:
        file = BioImage(path)
    except Exception as error:  # also where the reader for this format is missing
        raise Unreadable(
            f"bioio does not open it ({short(error, path)})", f"{install}; or copy it again"
        ) from error
    if len(file.scenes) > 1:
        raise Unreadable(
            f"It holds {len(file.scenes)} separate images", "save each one as a TIFF of its own"
        )
    sizes = file.physical_pixel_sizes
    pixel_size_um = in_micrometres([(sizes.Y or 0, "µm"), (sizes.X or 0, "µm")])
    return file.get_image_data(file.dims.order), file.dims.order, pixel_size_um
