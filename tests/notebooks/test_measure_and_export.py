"""The exercises name the likely mistake, and QuPath's outlines are what another library reads."""

import json

import numpy as np
import pytest
import shapely

from tests.notebooks.lessons import run_ids

STEM = "13_measure_and_export"


def exercise(name):
    """Return what exists after the cells of one exercise."""
    return run_ids(STEM, f"exercise-{name}-code", f"exercise-{name}-check", np=np)


@pytest.mark.parametrize(
    ("factor", "hint"),
    [
        (0.4, "use both sides"),
        (0.8, "use both sides"),
        (0.4**2, "not square here"),
        (1 / 0.32, "Multiply instead"),
        (1.2, "Areas in pixels times"),
    ],
    ids=["one side", "the other side", "a side squared", "divided", "added"],
)
def test_the_area_hint_names_the_mistake(factor, hint):
    names = exercise("area")
    with pytest.raises(AssertionError, match=hint):
        names["check_areas"](names["areas_px"] * factor)


def test_any_way_to_the_right_areas_is_accepted():
    names = exercise("area")
    names["check_areas"](names["areas_px"] * 0.32)
    names["check_areas"]([80.0, 128.0, 320.0])


@pytest.mark.parametrize(
    ("choose", "hint"),
    [
        (lambda count: np.uint8, "256 objects do not fit in uint8"),
        (lambda count: np.uint32, "0 is background"),
        (lambda count: np.int32, "no unsigned type"),
        (lambda count: np.uint8 if count < 255 else np.uint16, "255 objects fit in half"),
        (lambda count: np.uint16 if count < 70_000 else np.uint32, "1 objects fit in half"),
    ],
    ids=["always 8 bits", "always 32 bits", "signed", "one too careful", "never 8 bits"],
)
def test_the_type_hint_names_the_mistake(choose, hint):
    with pytest.raises(AssertionError, match=hint):
        exercise("type")["check_type"](choose)


def test_any_way_to_the_smallest_type_is_accepted():
    check = exercise("type")["check_type"]
    check(np.min_scalar_type)
    check(lambda count: "uint8" if count < 256 else "uint16" if count < 65_536 else "uint32")


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [(250 / 150, "background is still in it"), (1 / 3, "first over the second"),
     (100, "a difference"), (2, "then divide")],
    ids=["with background", "upside down", "difference", "something else"],
)  # fmt: skip
def test_the_intensity_hint_names_the_mistake(wrong, hint):
    with pytest.raises(AssertionError, match=hint):
        exercise("intensity")["check_ratio"](wrong)


def test_the_right_ratio_is_accepted_within_rounding():
    check = exercise("intensity")["check_ratio"]
    check(3)
    check(np.float32(2.9999999))


def test_qupaths_outlines_are_valid_polygons_around_the_right_pixels(tmp_path):
    square = np.array([[[10.0, 10.0, 20.0, 20.0], [30.0, 50.0, 50.0, 30.0]]])  # (y, x) of corners
    run_ids(STEM, "geojson-run", np=np, json=json, folder=tmp_path, details={"coord": square})
    (shape,) = shapely.from_geojson((tmp_path / "nuclei.geojson").read_text()).geoms
    assert shape.is_valid
    assert shape.bounds == (30.5, 10.5, 50.5, 20.5)  # x first, counted from a pixel's corner


def test_labels_are_saved_with_as_many_bits_as_they_need(tmp_path):
    import tifffile
    from PIL import Image

    names = run_ids(STEM, "tiff-many", np=np)
    run_ids(STEM, "tiff-run", np=np, tifffile=tifffile, Image=Image, folder=tmp_path,
            labels=np.arange(12).reshape(3, 4), many=names["many"])  # fmt: skip
    assert tifffile.imread(tmp_path / "labels.tif").dtype == np.uint16
    saved = tifffile.imread(tmp_path / "many.tif")
    assert saved.dtype == np.uint32 and np.unique(saved).size == 70_000
