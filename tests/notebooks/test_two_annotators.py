"""Outlines of every kind become the right pixels, and the exercises name the likely mistake."""

import numpy as np
import pytest
import roifile
from skimage.draw import polygon2mask
from skimage.measure import approximate_polygon, find_contours

from tests.notebooks.lessons import run_ids

STEM = "16_two_annotators"
SHAPE = (20, 30)


@pytest.fixture(scope="module")
def lesson():
    """The notebook's functions that read ROIs."""
    return run_ids(STEM, "read-mask", "read-labels", np=np, roifile=roifile,
                   polygon2mask=polygon2mask)  # fmt: skip


def outline(left, top, right, bottom, **options):
    """A polygon along the corners of pixels, as ImageJ saves it."""
    points = [[left, top], [right, top], [right, bottom], [left, bottom]]
    return roifile.ImagejRoi.frompoints(np.array(points, float), **options)


def shape(kind, left, top, right, bottom):
    """A rectangle or an oval, which ImageJ saves without points."""
    return roifile.ImagejRoi(roitype=kind, left=left, top=top, right=right, bottom=bottom)


def test_each_outline_becomes_just_its_pixels_with_a_number_of_its_own(lesson, tmp_path):
    roifile.roiwrite(tmp_path / "r.zip", [outline(2, 3, 8, 9, name="a"), outline(12, 0, 30, 5,
                     name="b")])  # fmt: skip
    labels, claimed_twice = lesson["labels_from_rois"](tmp_path / "r.zip", SHAPE)
    expected = np.zeros(SHAPE, int)
    expected[3:9, 2:8], expected[0:5, 12:30] = 1, 2
    assert np.array_equal(labels, expected) and claimed_twice == 0


def test_an_overlap_stays_with_the_first_and_is_counted(lesson, tmp_path):
    roifile.roiwrite(tmp_path / "r.zip", [outline(2, 2, 8, 8, name="a"), outline(6, 2, 12, 8,
                     name="b")])  # fmt: skip
    labels, claimed_twice = lesson["labels_from_rois"](tmp_path / "r.zip", SHAPE)
    assert claimed_twice == 2 * 6
    assert (labels == 1).sum() == 36 and (labels == 2).sum() == 24


def test_a_single_roi_and_imagejs_own_shapes_are_read(lesson, tmp_path):
    kind = roifile.ROI_TYPE
    shape(kind.RECT, 2, 3, 8, 9).tofile(tmp_path / "one.roi")
    labels, _ = lesson["labels_from_rois"](tmp_path / "one.roi", SHAPE)
    assert labels.sum() == 36 and labels[3:9, 2:8].all()
    oval = lesson["inside"](shape(kind.OVAL, 5, 5, 15, 15), SHAPE)
    assert oval.sum() == pytest.approx(np.pi * 25, rel=0.1)
    assert not oval[5, 5] and oval[10, 10]


@pytest.mark.parametrize(
    "rois",
    [
        [outline(2, 2, 8, 8, name="a"), outline(2, 2, 8, 8, name="again")],
        [outline(100, 100, 120, 120, name="elsewhere")],
        [roifile.ImagejRoi.frompoints(np.array([[3.0, 3.0]]), name="a point")],
        [roifile.ImagejRoi.frompoints(np.array([[3.0, 3.0], [9.0, 3.0]]), name="a line")],
    ],
    ids=["added twice", "another image", "a point", "a line"],
)
def test_an_outline_that_means_no_object_is_named(lesson, tmp_path, rois):
    roifile.roiwrite(tmp_path / "r.zip", rois)
    with pytest.raises(ValueError, match=rf"{rois[-1].name}\) adds no pixel"):
        lesson["labels_from_rois"](tmp_path / "r.zip", SHAPE)


def test_what_is_written_comes_back(lesson, tmp_path):
    yy, xx = np.mgrid[: SHAPE[0], : SHAPE[1]]
    drawn = np.zeros(SHAPE, int)
    drawn[(yy - 8) ** 2 + (xx - 8) ** 2 < 36] = 4
    drawn[14:20, 20:30] = 9  # cut by the border
    run_ids(STEM, "write-define", "write-zips", np=np, roifile=roifile, find_contours=find_contours,
            approximate_polygon=approximate_polygon, first_person=drawn, second_person=drawn,
            TemporaryDirectory=lambda: type("Folder", (), {"name": tmp_path}), Path=lambda p: p,
            )  # fmt: skip
    labels, _ = lesson["labels_from_rois"](tmp_path / "first.zip", SHAPE)
    assert np.mean((labels > 0) != (drawn > 0)) < 0.01
    assert set(np.unique(labels)) == {0, 1, 2}


def exercise(name):
    """Return what exists after the cells of one exercise."""
    return run_ids(STEM, f"exercise-{name}-code", f"exercise-{name}-check", np=np)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [(12 / 20, "one person's outlines only"), (12 / 16, "one person's outlines only"),
     (12 / 36, "counted it twice"), (24 / 36, "F1 score"), (0.9, "TP / ")],
    ids=["over the first", "over the second", "over all", "F1", "something else"],
)  # fmt: skip
def test_the_hint_for_ap_names_the_mistake(wrong, hint):
    with pytest.raises(AssertionError, match=hint):
        exercise("ap")["check_ap"](wrong)


def test_the_right_ap_is_accepted():
    exercise("ap")["check_ap"](0.5)


@pytest.mark.parametrize(
    ("convert", "hint"),
    [
        (lambda points: points, "row comes first"),
        (lambda points: points - 0.5, "row comes first"),
        (lambda points: points[:, ::-1], "Half a pixel is missing"),
        (lambda points: points[:, ::-1] + 0.5, "other direction"),
        (lambda points: points[:, 0], "two numbers each"),
        (lambda points: points[:, ::-1] - 1, "Swap x and y"),
    ],
    ids=["as it is", "not swapped", "no half pixel", "added", "one column", "a whole pixel"],
)
def test_the_hint_for_the_points_names_the_mistake(convert, hint):
    with pytest.raises(AssertionError, match=hint):
        exercise("half")["check_points"](convert)


def test_any_way_to_the_right_points_is_accepted():
    check = exercise("half")["check_points"]
    check(lambda points: points[:, ::-1] - 0.5)
    check(lambda points: [(y - 0.5, x - 0.5) for x, y in points])
