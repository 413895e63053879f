"""The lab takes annotations as people bring them, and says what it made of them."""

import json

import numpy as np
import pytest
import roifile
import tifffile
from PIL import Image
from skimage.measure import label
from skimage.segmentation import relabel_sequential

from course_build import ROOT
from course_build.programs import node, run
from tests.lab.labels import drawn, write


def read(*paths, shape=(40, 50)):
    """What the page makes of annotation files."""
    script = ROOT / "tests" / "lab" / "annotation_files.mjs"
    printed = run([node(), script, *map(str, shape), *paths], "no annotation is read")
    return [json.loads(line) for line in printed.splitlines()]


def labels_of(answer, shape=(40, 50)):
    assert "labels" in answer, answer
    return np.array(answer["labels"]).reshape(shape)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("annotations")


def test_labels_keep_their_numbers_with_gaps_and_all(folder):
    tifffile.imwrite(folder / "labels.tif", drawn().astype(np.uint16))
    Image.fromarray(drawn().astype(np.uint16)).save(folder / "labels.png")
    for answer in read(folder / "labels.tif", folder / "labels.png"):
        assert np.array_equal(labels_of(answer), drawn())
        assert answer["count"] == len(np.unique(drawn())) - 1 and answer["notes"] == []


def test_outlines_that_the_page_itself_wrote_come_back_as_the_labels(folder):
    expected, _, _ = relabel_sequential(drawn())
    write(folder, drawn())
    rois, features = read(folder / "rois.zip", folder / "outlines.geojson")
    assert np.array_equal(labels_of(rois), expected)
    assert np.array_equal(labels_of(features), expected)


def test_outlines_of_imagej_are_filled_whatever_their_type(folder):
    polygon = roifile.ImagejRoi.frompoints(np.array([[3, 4], [13, 4], [13, 10], [3, 10]]))
    rectangle = roifile.ImagejRoi(
        roitype=roifile.ROI_TYPE.RECT, left=20, top=5, right=26, bottom=9, n_coordinates=0
    )
    oval = roifile.ImagejRoi(
        roitype=roifile.ROI_TYPE.OVAL, left=30, top=20, right=40, bottom=30, n_coordinates=0
    )
    roifile.roiwrite(folder / "types.zip", [polygon, rectangle, oval], mode="w")
    (answer,) = read(folder / "types.zip")
    expected = np.zeros((40, 50), int)
    expected[4:10, 3:13], expected[5:9, 20:26] = 1, 2
    y, x = np.mgrid[:40, :50] + 0.5
    expected[(y - 25) ** 2 + (x - 35) ** 2 < 25] = 3
    assert np.mean(labels_of(answer) != expected) < 0.002


def test_a_mask_is_cut_into_pieces_and_that_is_said(folder):
    mask = drawn() > 0
    Image.fromarray(mask).save(folder / "mask.png")
    tifffile.imwrite(folder / "mask.tif", mask.astype(np.uint8) * 255)
    for answer, value in zip(read(folder / "mask.png", folder / "mask.tif"), (1, 255), strict=True):
        assert np.array_equal(labels_of(answer), label(mask, connectivity=2))
        assert f"0 and {value}" in answer["notes"][0]


def test_a_picture_in_colours_is_one_object_a_colour(folder):
    colours = np.random.default_rng(0).integers(1, 255, (21, 3)).astype(np.uint8)
    colours[0] = 0
    Image.fromarray(colours[drawn()]).save(folder / "colours.png")
    (answer,) = read(folder / "colours.png")
    found = labels_of(answer)
    assert np.array_equal(found > 0, drawn() > 0)
    pairs = {*zip(found.ravel().tolist(), drawn().ravel().tolist(), strict=True)}
    assert len(pairs) == len(np.unique(drawn())), "one number for each colour"
    assert "each colour" in answer["notes"][0]


@pytest.mark.parametrize(
    ("name", "labels", "words"),
    [
        ("turned", drawn().T, "it is turned"),
        ("scaled", np.kron(drawn(), np.ones((2, 2), int)), "scaled by 2"),
        ("other", drawn()[:30, :30], "the image 50 × 40"),
        ("empty", drawn() * 0, "no object"),
        ("image", np.arange(2000).reshape(40, 50), "looks like an image"),
        ("stack", np.stack([drawn()] * 3), "3 planes"),
    ],
)
def test_what_fits_not_is_refused_in_a_sentence(folder, name, labels, words):
    path = folder / f"{name}.tif"
    tifffile.imwrite(path, labels.astype(np.uint16), photometric="minisblack")
    (answer,) = read(path)
    assert answer.get("name") == "Unreadable" and words in answer["refused"], answer


def test_fractions_jpegs_and_broken_files_are_refused(folder):
    tifffile.imwrite(folder / "half.tif", drawn() / np.float32(2))
    Image.fromarray(drawn().astype(np.uint8)).save(folder / "a.jpg")
    (folder / "broken.geojson").write_text('{"type": "Feat')
    for answer, words in zip(
        read(*(folder / n for n in ("half.tif", "a.jpg", "broken.geojson"))),
        ("fractions", "JPEG", "no GeoJSON"),
        strict=True,
    ):
        assert words in answer["refused"]
