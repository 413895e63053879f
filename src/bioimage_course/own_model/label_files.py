"""Label files as the field's programs write them: each becomes one array of numbers.

TIFF and PNG with numbers, Cellpose's _seg.npy, zips of ROIs from Fiji, GeoJSON from QuPath.
Whether these numbers are labels is for `check.labels` to say.
"""

import json
from pathlib import Path

import numpy as np

from bioimage_course.reading.refusal import Unreadable, cut_off, short

OUTLINES = (".zip", ".roi", ".geojson")


def read_labels(path, shape, *, own_pickles=False):
    """The numbers in a label file.

    Parameters
    ----------
    path : path
    shape : (int, int)
        Of the image: outlines are drawn into it.
    own_pickles : bool
        Whether _seg.npy may be opened. It is a pickle, and opening one runs whatever its writer
        put in: say True only for files that you made yourself.

    Returns
    -------
    array
        As it is stored, with all its axes.

    Raises
    ------
    Unreadable
        If it is broken, holds no outlines, or is a pickle that was not allowed.
    """
    path = Path(path)
    reader = _reader(path, shape, own_pickles)
    try:
        return reader(path)
    except (Unreadable, PermissionError, MemoryError):
        raise
    except Exception as error:  # decoders raise anything
        raise cut_off(short(error, path)) from error


def _reader(path, shape, own_pickles):
    name = path.name.lower()
    if path.stat().st_size == 0:
        raise Unreadable("The label file is empty, 0 bytes", "copy it again")
    if name.endswith(".npy"):
        if not own_pickles:
            raise Unreadable(
                "_seg.npy is a pickle, and opening one runs what its writer put in",
                "if you made it yourself, set my_own_pickles = True; else, in Cellpose's window: "
                "File › Save masks as PNG/tif",
            )
        return _cellpose
    if name.endswith((".zip", ".roi")):
        return lambda path: _rois(path, shape)
    if name.endswith((".geojson", ".json")):
        return lambda path: _geojson(path, shape)
    return _tiff if name.endswith((".tif", ".tiff")) else _picture


def _tiff(path):
    import tifffile

    return np.squeeze(tifffile.imread(path))


def _picture(path):
    """A PNG's own numbers: a table of colours is for the eye."""
    from PIL import Image

    with Image.open(path) as file:
        return np.array(file)


def _cellpose(path):
    return np.asarray(np.load(path, allow_pickle=True).item()["masks"])


# --- Outlines -----------------------------------------------------------------------------------


def _rois(path, shape):
    """Objects of Fiji's ROI Manager, numbered in its order; rings inside rings are holes."""
    import roifile

    found = roifile.roiread(path)
    found = found if isinstance(found, list) else [found]
    areas = [roi for roi in found if roi.roitype not in _lines_and_points()]
    if not areas:
        raise Unreadable("It holds no ROI with an area", "save outlines in the ROI Manager")
    return _drawn([[ring for ring in roi.coordinates(multi=True)] for roi in areas], shape)


def _lines_and_points():
    from roifile import ROI_TYPE

    return (ROI_TYPE.LINE, ROI_TYPE.FREELINE, ROI_TYPE.POLYLINE, ROI_TYPE.ANGLE, ROI_TYPE.POINT)


def _geojson(path, shape):
    """Objects of QuPath's export, numbered in its order."""
    content = json.loads(path.read_text(encoding="utf-8"))
    if isinstance(content, dict):
        content = content.get("features", [content])
    objects = []
    for feature in content:
        geometry = feature.get("geometry") or {}
        polygons = {"Polygon": lambda c: [c], "MultiPolygon": lambda c: c}.get(geometry.get("type"))
        if polygons:
            parts = polygons(geometry["coordinates"])
            objects.append([np.array(ring, float)[:, :2] for part in parts for ring in part])
    if not objects:
        raise Unreadable("It holds no polygon", "in QuPath: File › Export objects as GeoJSON")
    return _drawn(objects, shape)


def _drawn(objects, shape):
    """A label image of objects, each a list of rings (x, y) along the edges of pixels."""
    from skimage.draw import polygon

    labels = np.zeros(shape, np.int32)
    for number, rings in enumerate(objects, start=1):
        inside = np.zeros(shape, bool)
        for ring in rings:
            x, y = np.asarray(ring, float).T
            rows, columns = polygon(y - 0.5, x - 0.5, shape)
            inside[rows, columns] ^= True
        labels[inside & (labels == 0)] = number  # of two that overlap, the first keeps its pixels
    return labels
