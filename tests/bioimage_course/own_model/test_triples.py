"""What people drew and what a method found: put together, numbered anew, or refused with a word."""

import numpy as np
import pytest
import tifffile
from stardist.matching import matching

from bioimage_course import data
from bioimage_course.outlines import write_geojson, write_rois
from bioimage_course.own_model import read_triples

IMAGE, TRUTH = (array[256:384, 256:384] for array in data.nuclei())


@pytest.fixture
def folders(tmp_path):
    """Folders of annotations, results and images, with one field a, its numbers full of gaps."""
    for name, array in (("drawn", TRUTH), ("found", TRUTH), ("images", IMAGE)):
        (tmp_path / name).mkdir()
        tifffile.imwrite(tmp_path / name / "a.tif", array.astype(np.uint16))
    return [tmp_path / name for name in ("drawn", "found", "images")]


def only(folders, **options):
    [triple] = read_triples(*folders, **options)
    return triple


def test_gaps_in_the_numbers_are_closed_on_both_sides(folders):
    assert TRUTH.max() > len(np.unique(TRUTH)) - 1  # a crop has gaps
    triple = only(folders)
    for labels in (triple.truth, triple.found):
        assert np.unique(labels).tolist() == list(range(len(np.unique(TRUTH))))
    np.testing.assert_array_equal(triple.image, IMAGE)
    assert triple.what == ""


def test_endings_that_programs_add_do_not_count(folders):
    (folders[1] / "a.tif").rename(folders[1] / "a_cp_masks.tif")
    (folders[0] / "a.tif").rename(folders[0] / "a-labels.tif")
    assert only(folders).truth is not None


def test_truth_is_what_lies_in_the_first_folder(folders):
    fewer = np.where(np.isin(TRUTH, TRUTH.max()), 0, TRUTH).astype(np.uint16)
    tifffile.imwrite(folders[1] / "a.tif", fewer)
    triple = only(folders)
    score = matching(triple.truth, triple.found, thresh=0.5)
    assert (score.precision, score.fn) == (1, 1)


@pytest.mark.parametrize("side", [0, 1])
def test_a_field_without_objects_stays(folders, side):
    tifffile.imwrite(folders[side] / "a.tif", np.zeros(TRUTH.shape, np.uint16))
    triple = only(folders)
    assert triple.what == "" and not (triple.truth, triple.found)[side].any()


@pytest.mark.parametrize("write", [write_rois, write_geojson])
def test_outlines_are_drawn_into_the_field(folders, write):
    (folders[0] / "a.tif").unlink()
    ending = "zip" if write is write_rois else "geojson"
    write(folders[0] / f"a.{ending}", TRUTH)
    triple = only(folders)
    assert triple.what == ""
    assert matching(triple.found, triple.truth, thresh=0.9).accuracy == 1


def test_a_field_with_one_side_only_says_which_is_missing(folders):
    tifffile.imwrite(folders[0] / "b.tif", TRUTH.astype(np.uint16))
    whole, half = read_triples(*folders)
    assert (whole.what, half.what) == ("", "No file of this name lies in found.")


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ((TRUTH > 0).astype(np.uint8) * 255, "skimage.measure.label"),
        (TRUTH.astype(np.uint16)[:64], "must agree"),
        (TRUTH.astype(np.float32) + 0.5, "probabilities"),
        (np.stack([TRUTH.astype(np.uint8)] * 3, axis=-1), "colours are alike"),
        (np.where(TRUTH > 0, TRUTH, -1).astype(np.int16), "negative"),
    ],
    ids=["mask", "another size", "probabilities", "RGB", "negative"],
)
def test_what_is_no_label_image_is_named_with_its_side(folders, labels, words):
    tifffile.imwrite(folders[1] / "a.tif", labels)
    what = only(folders).what
    assert words in what and "result" in what.lower()


def test_a_file_that_is_cut_off_leaves_the_others(folders):
    path = folders[1] / "a.tif"
    path.write_bytes(path.read_bytes()[:200])
    for place in folders[:2]:
        tifffile.imwrite(place / "b.tif", TRUTH.astype(np.uint16))
    broken, whole = read_triples(*folders)
    assert broken.what and broken.truth is None
    assert whole.what == ""


def test_the_same_folder_twice_or_none_is_refused(folders, tmp_path):
    with pytest.raises(ValueError, match="Both folders are"):
        read_triples(folders[0], folders[0])
    with pytest.raises(ValueError, match="There is no folder"):
        read_triples(folders[0], tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="No label file lies in"):
        read_triples(folders[0], tmp_path / "empty")


def test_outlines_alone_ask_for_the_images(folders):
    for place in folders[:2]:
        (place / "a.tif").unlink()
        write_rois(place / "a.zip", TRUTH)
    assert "give the folder of images" in only(folders[:2]).what
    assert only(folders).what == ""
