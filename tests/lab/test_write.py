"""What the lab writes is read back by the libraries that others use, and says the same."""

import json
import zipfile

import numpy as np
import pandas as pd
import pytest
import roifile
import shapely
import tifffile
from skimage.measure import regionprops_table

from bioimage_course import data
from tests.lab.labels import drawn, write

SIZE = {"y": 0.25, "x": 0.5}  # µm


def mask_of(shape, size):
    """The pixels whose middle lies in a shape."""
    y, x = np.mgrid[: size[0], : size[1]] + 0.5
    return shapely.contains_xy(shape, x, y)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return write(tmp_path_factory.mktemp("drawn"), drawn(), size=SIZE)


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    labels = np.zeros((530, 532), int)
    labels[::2, ::2] = np.arange(1, 265 * 266 + 1).reshape(265, 266)
    return write(tmp_path_factory.mktemp("many"), labels), labels


def test_labels_come_back_with_their_pixel_size(written):
    with tifffile.TiffFile(written / "labels.tif") as file:
        assert np.array_equal(file.asarray(), drawn())
        assert file.asarray().dtype == np.uint16
        assert file.is_imagej and file.imagej_metadata["unit"] == "micron"
        per_um = [file.pages[0].tags[f"{axis}Resolution"].value for axis in "YX"]
    assert [under / over for over, under in per_um] == pytest.approx([0.25, 0.5])


def test_more_than_65535_objects_keep_their_numbers(many):
    folder, labels = many
    back = tifffile.imread(folder / "labels.tif")
    assert back.dtype == np.uint32 and np.array_equal(back, labels)
    assert len(json.loads((folder / "outlines.geojson").read_text())["features"]) == labels.max()
    assert len(pd.read_csv(folder / "table.csv")) == labels.max()
    with zipfile.ZipFile(folder / "rois.zip") as archive:
        names = archive.namelist()
        roi = roifile.ImagejRoi.frombytes(archive.read("70000.roi"))
    assert len(names) == labels.max() and roi.name == "70000"
    y, x = np.argwhere(labels == 70000)[0]
    assert (roi.top, roi.left) == (y, x)


def test_every_outline_for_qupath_covers_exactly_its_object(written):
    labels = drawn()
    features = json.loads((written / "outlines.geojson").read_text())["features"]
    assert [feature["properties"]["name"] for feature in features] == [
        str(number) for number in np.unique(labels[labels > 0])
    ]
    for feature in features:
        shape = shapely.geometry.shape(feature["geometry"])
        label = labels == int(feature["properties"]["name"])
        assert shape.is_valid, shapely.is_valid_reason(shape)
        assert np.array_equal(mask_of(shape, labels.shape), label), feature["properties"]
        assert shape.area == label.sum()


def test_every_outline_for_imagej_covers_exactly_its_object(written):
    labels = drawn()
    rois = roifile.roiread(written / "rois.zip")
    assert {roi.name for roi in rois} == {str(number) for number in np.unique(labels[labels > 0])}
    for roi in rois:
        rings = roi.coordinates(multi=True)
        # ImageJ fills a composite by the even-odd rule: what lies in a hole lies in two rings.
        inside = np.zeros(labels.shape, int)
        for ring in rings if isinstance(rings, list) else [rings]:
            inside += mask_of(shapely.Polygon(ring), labels.shape)
        assert np.array_equal(inside % 2 == 1, labels == int(roi.name)), roi.name


def test_the_table_says_what_scikit_image_measures(tmp_path):
    image, labels = data.nuclei()
    table = pd.read_csv(write(tmp_path, labels, image, SIZE) / "table.csv")
    pixels = regionprops_table(labels, image, properties=[
        "label", "area", "centroid", "equivalent_diameter_area", "eccentricity",
        "intensity_mean", "intensity_min", "intensity_max",
    ])  # fmt: skip
    names = ["label", "area_px", "y_px", "x_px", "diameter_px", "eccentricity", "mean_intensity",
             "min_intensity", "max_intensity"]  # fmt: skip
    for name, expected in zip(names, pixels.values(), strict=True):
        assert np.allclose(table[name], expected, rtol=1e-5, atol=1e-5), name
    spaced = regionprops_table(
        labels, spacing=(SIZE["y"], SIZE["x"]), properties=["area", "centroid"]
    )
    for name, expected in zip(("area_um2", "y_um", "x_um"), spaced.values(), strict=True):
        assert np.allclose(table[name], expected, rtol=1e-5), name
    cut = {*labels[0], *labels[-1], *labels[:, 0], *labels[:, -1]} - {0}
    assert set(table["label"][table["touches_border"] == 1]) == cut


def test_without_a_pixel_size_nothing_is_given_in_micrometres(tmp_path):
    folder = write(tmp_path, drawn())
    assert not [name for name in pd.read_csv(folder / "table.csv") if "um" in name]
    with tifffile.TiffFile(folder / "labels.tif") as file:
        assert "unit" not in file.imagej_metadata


def test_no_object_at_all_gives_files_without_objects(tmp_path):
    folder = write(tmp_path, np.zeros((20, 20), int))
    assert tifffile.imread(folder / "labels.tif").max() == 0
    assert json.loads((folder / "outlines.geojson").read_text())["features"] == []
    assert len(pd.read_csv(folder / "table.csv")) == 0
