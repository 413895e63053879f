"""Label files of other programs arrive pixel by pixel."""

import json
import zipfile

import numpy as np
import pytest
import roifile
from PIL import Image

from bioimage_course import outlines
from bioimage_course.own_model.label_files import read_labels
from bioimage_course.reading import Unreadable

LABELS = np.zeros((40, 60), np.int32)
LABELS[5:15, 5:15] = 1
LABELS[8:11, 8:11] = 0  # a hole
LABELS[20:30, 30:32] = LABELS[25:27, 30:50] = 2
LABELS[0:3, 57:60] = 3  # at the border


def as_numbered(labels):
    """The labels with the numbers 1, 2, 3 in a row."""
    return np.unique(labels, return_inverse=True)[1].reshape(labels.shape)


@pytest.mark.parametrize("write", [outlines.write_rois, outlines.write_geojson])
def test_outlines_with_holes_become_the_same_labels(tmp_path, write):
    path = tmp_path / ("a.zip" if write is outlines.write_rois else "a.geojson")
    write(path, LABELS)
    assert np.array_equal(as_numbered(read_labels(path, LABELS.shape)), LABELS)


def test_rectangles_count_and_points_do_not(tmp_path):
    square = roifile.ImagejRoi(roitype=roifile.ROI_TYPE.RECT, name="square")
    square.left, square.top, square.right, square.bottom = 10, 5, 20, 15
    point = roifile.ImagejRoi.frompoints([[3, 4]])
    point.roitype = roifile.ROI_TYPE.POINT
    roifile.roiwrite(tmp_path / "a.zip", [square, point])
    labels = read_labels(tmp_path / "a.zip", (40, 60))
    assert labels.max() == 1 and labels[5:15, 10:20].all() and (labels > 0).sum() == 100
    roifile.roiwrite(tmp_path / "b.zip", [point])
    with pytest.raises(Unreadable, match="no ROI with an area"):
        read_labels(tmp_path / "b.zip", (40, 60))


def square(left, top=5, **properties):
    """A square of 10 × 10 px as a feature of GeoJSON."""
    right, bottom = left + 10, top + 10
    ring = [[left, top], [right, top], [right, bottom], [left, bottom], [left, top]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def test_a_zip_that_a_mac_has_packed_holds_the_rois_in_it(tmp_path):
    outlines.write_rois(tmp_path / "a.zip", LABELS)
    with zipfile.ZipFile(tmp_path / "a.zip", "a") as archive:
        archive.writestr("__MACOSX/._1.roi", b"\0\5\x16\7")
        archive.writestr("results.csv", b"area\n")
    assert np.array_equal(read_labels(tmp_path / "a.zip", LABELS.shape), LABELS)


WHOLE = {"type": "Polygon", "coordinates": [[[0, 0], [60, 0], [60, 40], [0, 40], [0, 0]]]}
GEOJSON = {
    "a mark of Windows": ("\ufeff", [square(10)]),
    "a collection": ("", [square(10) | {"geometry": {
        "type": "GeometryCollection", "geometries": [square(10)["geometry"]]}}]),
    "the area that was searched": ("", [
        {"geometry": WHOLE, "properties": {"objectType": "annotation"}},
        square(10, objectType="detection")]),
    "no properties": ("", [square(10) | {"properties": None}]),
}  # fmt: skip


@pytest.mark.parametrize("name", GEOJSON)
def test_geojson_gives_its_objects_whoever_wrote_it(tmp_path, name):
    mark, features = GEOJSON[name]
    text = mark + json.dumps({"type": "FeatureCollection", "features": features})
    (tmp_path / "a.geojson").write_text(text, encoding="utf-8")
    labels = read_labels(tmp_path / "a.geojson", (40, 60))
    assert labels[5:15, 10:20].all() and (labels > 0).sum() == 100


def test_outlines_of_another_place_are_named_and_a_few_beyond_the_border_cut(tmp_path):
    (tmp_path / "a.geojson").write_text(json.dumps([square(10), square(55), square(4000)]))
    labels = read_labels(tmp_path / "a.geojson", (40, 60))
    assert (labels == 1).sum() == 100 and (labels == 2).sum() == 50
    (tmp_path / "a.geojson").write_text(json.dumps([square(400), square(55), square(4000)]))
    with pytest.raises(Unreadable, match=r"outside of the image: 2 of 3.*same crop"):
        read_labels(tmp_path / "a.geojson", (40, 60))


NO_LABELS = {
    "a JPEG": ("a.jpg", lambda path: Image.fromarray(LABELS.astype(np.uint8)).save(path), "JPEG"),
    "a JPEG called TIFF": ("a.tif", lambda path: Image.fromarray(LABELS.astype(np.uint8)).save(
        path, "JPEG"), "JPEG"),
    "HDF5": ("a.h5", lambda path: path.write_bytes(b"\x89HDF\r\n\x1a\n"), "as TIFF"),
    "a microscope's file": ("a.czi", lambda path: path.write_bytes(b"ZISRAWFILE"), "save it there"),
    "zeros": ("a.tif", lambda path: path.write_bytes(bytes(999)), "copy it again"),
    "a packed image": ("a.zip", lambda path: zipfile.ZipFile(path, "w").writestr("a.tif", b"II"),
                       "no ROI with an area"),
    "no masks": ("a_seg.npy", lambda path: np.save(path, {"flows": 1}), "no masks of Cellpose"),
}  # fmt: skip


@pytest.mark.parametrize("name", NO_LABELS)
def test_a_file_that_holds_no_labels_is_refused_with_the_next_step(tmp_path, name):
    file, make, words = NO_LABELS[name]
    make(tmp_path / file)
    with pytest.raises(Unreadable, match=words):
        read_labels(tmp_path / file, LABELS.shape, own_pickles=True)


def test_an_array_of_numpy_is_no_pickle(tmp_path):
    for name in ("a_masks.npy", "a_seg.npy"):
        np.save(tmp_path / name, np.asfortranarray(LABELS))
        assert np.array_equal(read_labels(tmp_path / name, LABELS.shape), LABELS)


def test_what_two_outlines_share_stays_with_the_first(tmp_path):
    (tmp_path / "a.geojson").write_text(json.dumps([square(10), square(15)]))
    labels = read_labels(tmp_path / "a.geojson", (40, 60))
    assert (labels == 1).sum() == 100 and (labels == 2).sum() == 50


def test_a_png_with_a_table_of_colours_gives_its_numbers(tmp_path):
    picture = Image.fromarray(LABELS.astype(np.uint8), "P")
    picture.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255])
    picture.save(tmp_path / "a.png")
    assert np.array_equal(read_labels(tmp_path / "a.png", LABELS.shape), LABELS)


def test_a_pickle_is_not_opened_unasked(tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    np.save(tmp_path / "a_seg.npy", Trap(), allow_pickle=True)
    with pytest.raises(Unreadable, match="runs what its writer put in"):
        read_labels(tmp_path / "a_seg.npy", LABELS.shape)
    assert not (tmp_path / "sprung").exists()
