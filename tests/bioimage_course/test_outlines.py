"""Outlines arrive in Fiji and QuPath: each object, with its number, pixel by pixel."""

import json
import os
import zipfile

import numpy as np
import pytest
import roifile
import shapely

from bioimage_course import data
from bioimage_course.outlines import write_geojson, write_rois


def field(shape=(40, 60)):
    """Seven objects: whole, with a hole, in parts, one pixel, two that touch; 7 is missing."""
    labels = np.zeros(shape, np.int32)
    labels[2:12, 2:12] = 1
    labels[2:12, 16:26] = 2
    labels[5:8, 19:22] = 0
    labels[2:6, 30:34] = labels[8:12, 36:40] = labels[12, 40] = 3
    labels[20, 20] = 4
    labels[25:35, 2:12] = 5
    labels[30:35, 7:12] = 6
    labels[25:35, 20:30] = 8
    return labels


def filled(geometry, shape, left=0, top=0):
    """The pixels of which the middle lies in a shape."""
    assert geometry.is_valid, shapely.is_valid_reason(geometry)
    rows, columns = np.mgrid[: shape[0], : shape[1]] + 0.5
    return shapely.contains_xy(geometry, columns + left, rows + top)


def from_rois(path):
    """Number to shape, as roifile reads them; holes by the rule that ImageJ uses."""
    found = {}
    for roi in np.atleast_1d(roifile.roiread(path)):
        shape = shapely.Polygon()
        for ring in roi.coordinates(multi=True):
            shape = shape.symmetric_difference(shapely.Polygon(ring))
        found[int(roi.name)] = shape
    return found


def from_geojson(path):
    features = json.loads(path.read_text())["features"]
    return {
        int(one["properties"]["name"]): shapely.from_geojson(json.dumps(one["geometry"]))
        for one in features
    }


WAYS = {"rois.zip": (write_rois, from_rois), "labels.geojson": (write_geojson, from_geojson)}


@pytest.mark.parametrize("name", WAYS)
def test_every_object_comes_back_pixel_by_pixel_with_its_number(tmp_path, name):
    write, read = WAYS[name]
    labels = field()
    assert write(tmp_path / name, labels) == 7
    shapes = read(tmp_path / name)
    assert sorted(shapes) == [1, 2, 3, 4, 5, 6, 8]
    for number, shape in shapes.items():
        assert np.array_equal(filled(shape, labels.shape), labels == number)


@pytest.mark.parametrize("name", WAYS)
def test_any_pattern_of_pixels_comes_back(tmp_path, name):
    write, read = WAYS[name]
    chance = np.random.default_rng(0)
    for density in (0.2, 0.5, 0.8):
        labels = (chance.random((30, 40)) < density) * chance.integers(1, 4, (30, 40))
        write(tmp_path / name, labels)
        for number, shape in read(tmp_path / name).items():
            assert np.array_equal(filled(shape, labels.shape), labels == number)


def test_a_hole_is_a_ring_and_parts_are_polygons(tmp_path):
    write_geojson(tmp_path / "x.geojson", field())
    shapes = from_geojson(tmp_path / "x.geojson")
    assert shapes[2].geom_type == "Polygon" and len(shapes[2].interiors) == 1
    assert shapes[3].geom_type == "MultiPolygon" and len(shapes[3].geoms) == 3
    assert shapes[4].bounds == (20, 20, 21, 21)
    features = json.loads((tmp_path / "x.geojson").read_text())["features"]
    assert {one["properties"]["objectType"] for one in features} == {"detection"}


@pytest.mark.parametrize("far", [32_750, 40_000, 70_000])
def test_rois_beyond_32767_pixels_lie_where_the_objects_are(tmp_path, far):
    labels, small = np.zeros((40, far + 60), np.uint8), field()
    labels[:, far:] = small
    assert write_rois(tmp_path / "x.zip", labels) == 7
    for number, shape in from_rois(tmp_path / "x.zip").items():
        assert np.array_equal(filled(shape, small.shape, left=far), small == number)
    # ImageJ reads whole coordinates as signed numbers of 16 bits: beyond those it needs others.
    for roi in roifile.roiread(tmp_path / "x.zip"):
        is_plain = roi.roitype != roifile.ROI_TYPE.RECT
        if is_plain and far > 32767:
            assert roi.subpixelresolution, roi.name


@pytest.mark.parametrize("name", WAYS)
def test_numbers_may_be_as_large_as_they_like(tmp_path, name):
    write, read = WAYS[name]
    labels = np.where(field() == 8, 2**31 + 8, field().astype(np.int64))
    assert write(tmp_path / name, labels) == 7
    assert sorted(read(tmp_path / name)) == [1, 2, 3, 4, 5, 6, 2**31 + 8]


def test_names_are_numbers_in_the_zip_too(tmp_path):
    write_rois(tmp_path / "x.zip", field())
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        assert archive.namelist() == [f"{number}.roi" for number in (1, 2, 3, 4, 5, 6, 8)]


@pytest.mark.parametrize("name", WAYS)
def test_an_interrupted_write_leaves_nothing_or_what_was_there(tmp_path, monkeypatch, name):
    write = WAYS[name][0]

    def stop(descriptor):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", stop)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / name, field())
    assert not list(tmp_path.iterdir())
    with pytest.raises(ValueError, match="mask of True and False"):
        write(tmp_path / name, field() > 0)
    assert not list(tmp_path.iterdir())


def test_no_object_is_an_empty_file_that_opens(tmp_path):
    empty = np.zeros((9, 9), int)
    assert write_rois(tmp_path / "x.zip", empty) == write_geojson(tmp_path / "x.json", empty) == 0
    assert json.loads((tmp_path / "x.json").read_text())["features"] == []
    assert zipfile.ZipFile(tmp_path / "x.zip").namelist() == []


def test_the_nuclei_of_the_course_arrive(tmp_path):
    labels = data.nuclei()[1][:200, :200]
    write_rois(tmp_path / "x.zip", labels)
    shapes = from_rois(tmp_path / "x.zip")
    assert len(shapes) == len(np.unique(labels)) - 1
    assert all(shape.area == (labels == number).sum() for number, shape in shapes.items())
