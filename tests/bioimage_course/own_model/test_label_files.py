"""Label files of other programs arrive pixel by pixel."""

import json

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


def test_what_two_outlines_share_stays_with_the_first(tmp_path):
    def square(left):
        ring = [[left, 5], [left + 10, 5], [left + 10, 15], [left, 15], [left, 5]]
        return {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]}}

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
