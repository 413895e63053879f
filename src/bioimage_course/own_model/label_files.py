"""Label files as the field's programs write them: each becomes one array of numbers.

TIFF, PNG and BMP with numbers, arrays of numpy, Cellpose's _seg.npy, zips of ROIs from Fiji,
GeoJSON from QuPath.
Whether these numbers are labels is for `check.labels` to say.
"""

import json
import zipfile
from pathlib import Path

import numpy as np

from bioimage_course.reading import kinds
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
        return lambda path: _numpy(path, own_pickles)
    if name.endswith((".zip", ".roi")):
        return lambda path: _rois(path, shape)
    if name.endswith((".geojson", ".json")):
        return lambda path: _geojson(path, shape)
    kind = kinds.content(path)
    if kind not in ("TIFF", "PNG", "BMP", "GIF"):
        kinds.refuse(path, kind)  # JPEG among them, which changes numbers
    return _tiff if kind == "TIFF" else _picture


def _tiff(path):
    import tifffile

    return np.squeeze(tifffile.imread(path))


def _picture(path):
    """A PNG's own numbers: a table of colours is for the eye."""
    from PIL import Image

    with Image.open(path) as file:
        return np.array(file)


def _numpy(path, own_pickles):
    """An array, or Cellpose's _seg.npy: a pickle, which is opened only where that was allowed."""
    try:
        return np.squeeze(np.load(path, allow_pickle=False))
    except ValueError as error:
        if "pickle" not in str(error):
            raise
    if not own_pickles:
        raise Unreadable(
            "_seg.npy is a pickle, and opening one runs what its writer put in",
            "if you made it yourself, set my_own_pickles = True; else, in Cellpose's window: "
            "File › Save masks as PNG/tif",
        )
    content = np.load(path, allow_pickle=True)
    content = content.item() if content.size == 1 else content
    if not isinstance(content, dict) or "masks" not in content:
        raise Unreadable("It holds no masks of Cellpose", "save it again in Cellpose's window")
    return np.asarray(content["masks"])


# --- Outlines -----------------------------------------------------------------------------------


def _rois(path, shape):
    """Objects of Fiji's ROI Manager, numbered in its order; rings inside rings are holes."""
    import roifile

    if path.suffix.lower() == ".roi":
        found = [roifile.ImagejRoi.fromfile(path)]
    else:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.lower().endswith(".roi")]
            names = [name for name in names if not Path(name).name.startswith("._")]  # of a Mac
            found = [roifile.ImagejRoi.frombytes(archive.read(name)) for name in names]
    areas = [roi for roi in found if roi.roitype not in _lines_and_points()]
    if not areas:
        raise Unreadable("It holds no ROI with an area", "save outlines in the ROI Manager")
    return _drawn([[ring for ring in roi.coordinates(multi=True)] for roi in areas], shape)


def _lines_and_points():
    from roifile import ROI_TYPE

    return (ROI_TYPE.LINE, ROI_TYPE.FREELINE, ROI_TYPE.POLYLINE, ROI_TYPE.ANGLE, ROI_TYPE.POINT)


def _geojson(path, shape):
    """Objects of QuPath's export, numbered in its order."""
    content = json.loads(path.read_text(encoding="utf-8-sig"))  # which may begin with a mark
    if isinstance(content, dict):
        content = content.get("features", [content])
    kind = [(feature.get("properties") or {}).get("objectType") for feature in content]
    if {"cell", "detection"} & set(kind):  # then an annotation is the area in which they were found
        content = [one for one, its in zip(content, kind, strict=True) if its != "annotation"]
    objects = [
        [np.array(ring, float)[:, :2] for part in parts for ring in part]
        for parts in (_polygons(feature.get("geometry")) for feature in content)
        if parts
    ]
    if not objects:
        raise Unreadable("It holds no polygon", "in QuPath: File › Export objects as GeoJSON")
    return _drawn(objects, shape)


def _polygons(geometry):
    """The polygons in a geometry of GeoJSON."""
    geometry = geometry or {}
    if geometry.get("type") == "GeometryCollection":
        return [part for one in geometry["geometries"] for part in _polygons(one)]
    return {
        "Polygon": [geometry.get("coordinates")],
        "MultiPolygon": geometry.get("coordinates"),
    }.get(geometry.get("type"), [])


def _drawn(objects, shape):
    """A label image of objects, each a list of rings (x, y) along the edges of pixels."""
    from skimage.draw import polygon

    labels, outside = np.zeros(shape, np.int32), 0
    for number, rings in enumerate(objects, start=1):
        points = np.concatenate([np.asarray(ring, float) for ring in rings])[:, ::-1]
        top, left = np.maximum(np.floor(points.min(0)).astype(int), 0)
        bottom, right = np.minimum(np.ceil(points.max(0)).astype(int), shape)
        if bottom <= top or right <= left:
            outside += 1
            continue
        inside = np.zeros((bottom - top, right - left), bool)
        for ring in rings:
            x, y = np.asarray(ring, float).T
            rows, columns = polygon(y - 0.5 - top, x - 0.5 - left, inside.shape)
            inside[rows, columns] ^= True
        place = labels[top:bottom, left:right]
        place[inside & (place == 0)] = number  # of two that overlap, the first keeps its pixels
    if 2 * outside > len(objects):
        raise Unreadable(
            f"Outlines that lie outside of the image: {outside} of {len(objects)}",
            "outlines and image must be of the same crop, and count in pixels from its corner",
        )
    return labels
