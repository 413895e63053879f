"""Outlines of labels for Fiji and QuPath: every object arrives, with its number.

They run along the edges of the pixels, so that filling them gives the label again, pixel by pixel.
Holes are kept, and the parts of an object that has several.
"""

import io
import json
import zipfile
from pathlib import Path

import numpy as np

from bioimage_course.folder import write_whole

__all__ = ["write_geojson", "write_rois"]

SHORT = 32767  # larger coordinates do not fit the whole numbers of a ROI
MANY = 65535  # nor do more corners than this
MOVE, LINE, CLOSE = 0, 1, 4  # how ImageJ writes a shape of several rings


def write_rois(path, labels):
    """Write a zip of ROIs, which Fiji's ROI Manager opens: one for each label, its number as name.

    Parameters
    ----------
    path : path of the zip
    labels : integer array, shape (Y, X)
        0 is background. Objects may have holes and several parts, and lie beyond 32,767 px.

    Returns
    -------
    int
        How many were written.

    Raises
    ------
    ValueError
        If `labels` is no label image.
    OSError
        If the file cannot be written. No half file is left.
    """
    packed, number_of_rois = io.BytesIO(), 0
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, parts in _objects(labels):
            archive.writestr(f"{number}.roi", _roi(number, parts).tobytes())
            number_of_rois += 1
    write_whole(Path(path), packed.getvalue())
    return number_of_rois


def write_geojson(path, labels, *, kind="detection"):
    """Write GeoJSON for QuPath: a feature for each label, its number as name.

    Parameters
    ----------
    path : path of the file
    labels : integer array, shape (Y, X)
        0 is background. Objects may have holes and several parts.
    kind : "detection" or "annotation"
        What QuPath makes of them: thousands to measure, or a few to edit.

    Returns
    -------
    int
        How many features were written.

    Raises
    ------
    ValueError, OSError
        As `write_rois` does.
    """
    features = []
    for number, parts in _objects(labels):
        polygons = [[[*ring.tolist(), ring[0].tolist()] for ring in part] for part in parts]
        shape = {"type": "Polygon", "coordinates": polygons[0]}
        if len(polygons) > 1:
            shape = {"type": "MultiPolygon", "coordinates": polygons}
        properties = {"objectType": kind, "name": str(number)}
        features.append({"type": "Feature", "geometry": shape, "properties": properties})
    text = json.dumps({"type": "FeatureCollection", "features": features})
    write_whole(Path(path), text.encode())
    return len(features)


def _roi(number, parts):
    """The ROI of one object."""
    import roifile

    rings = [ring for part in parts for ring in part]
    points = np.concatenate(rings)
    if len(rings) == 1 and len(points) <= MANY:
        precise = points.astype(np.float32) if points.max() > SHORT else points
        return roifile.ImagejRoi.frompoints(precise, name=str(number))
    roi = roifile.ImagejRoi(name=str(number), roitype=roifile.ROI_TYPE.RECT)
    (roi.left, roi.top), (roi.right, roi.bottom) = points.min(0).tolist(), points.max(0).tolist()
    steps = []
    for ring in rings:
        steps += [MOVE, *ring[0], *(word for corner in ring[1:] for word in (LINE, *corner)), CLOSE]
    roi.multi_coordinates = np.array(steps, np.float32)
    roi.shape_roi_size = len(steps)
    return roi


# --- From pixels to rings -------------------------------------------------------------------------


def _objects(labels):
    """(number, parts) of each label in turn; a part is a list of rings, the first around it.

    A ring is an integer array, shape (N, 2), of corners (x, y); a pixel's corner is (0, 0), and the
    last corner is not the first again.
    """
    from skimage.measure import label

    from bioimage_course import check, label_faults

    for number, region in label_faults.regions(check.label_image(labels)):
        top, left = region.bbox[:2]
        pieces = label(region.image, connectivity=1)  # at a mere corner, polygons may only touch
        parts = [_rings(pieces == piece) for piece in range(1, pieces.max() + 1)]
        yield number, [[np.add(ring, (left, top)) for ring in part] for part in parts]


def _rings(mask):
    """Closed rings along the edges of connected pixels: the one around them first, then the holes.

    The pixels lie on the right of each edge for whoever walks along it, so rings around holes run
    the other way. No ring touches itself: where one comes back to a corner, it is cut in two.
    """
    padded = np.pad(mask, 1)
    ahead = {}
    for shift, start, end in (
        ((-1, 0), (0, 0), (1, 0)),  # nothing above: along the upper edge to the right
        ((0, 1), (1, 0), (1, 1)),  # nothing on the right: down
        ((1, 0), (1, 1), (0, 1)),  # nothing below: to the left
        ((0, -1), (0, 1), (0, 0)),  # nothing on the left: up
    ):
        beside = np.roll(padded, (-shift[0], -shift[1]), (0, 1))[1:-1, 1:-1]
        rows, columns = np.nonzero(mask & ~beside)
        for x, y in zip(columns.tolist(), rows.tolist(), strict=True):
            ahead.setdefault((x + start[0], y + start[1]), []).append((x + end[0], y + end[1]))
    rings = []
    while ahead:
        path, seen = [], {}
        corner = next(iter(ahead))
        while True:
            if corner in seen:  # a ring is closed: take it off the way
                place = seen[corner]
                rings.append(_without_straights(path[place:]))
                for gone in path[place:]:
                    del seen[gone]
                del path[place:]
                if corner not in ahead:  # then nothing is left of the way
                    break
            seen[corner] = len(path)
            path.append(corner)
            following = ahead[corner].pop()
            if not ahead[corner]:
                del ahead[corner]
            corner = following
    return sorted(rings, key=_area, reverse=True)


def _without_straights(corners):
    """The corners of a ring at which it turns."""
    ring = np.array(corners)
    before, after = ring - np.roll(ring, 1, 0), np.roll(ring, -1, 0) - ring
    return ring[(before != after).any(axis=1)]


def _area(ring):
    """What a ring encloses, in pixels; negative for a hole."""
    x, y = ring.T
    return int(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2
