"""Every fault that a folder of images and labels may have is named, with what to do."""

import re

import numpy as np
import pytest
import tifffile
from PIL import Image
from skimage.measure import label
from skimage.segmentation import find_boundaries

from bioimage_course import data
from bioimage_course.outlines import write_geojson, write_rois
from bioimage_course.own_model.pairs import contact_sheet, find_pairs, read_pairs, table
from bioimage_course.own_model.place import write_example

IMAGE, TRUTH = data.nuclei()
PLACES = {"a": np.s_[:128, :128], "b": np.s_[256:384, 128:256], "c": np.s_[128:256, 300:428]}


@pytest.fixture
def place(tmp_path):
    """A folder with one good pair, a.tif and a_masks.tif."""
    keep(tmp_path, "a")
    return tmp_path


def keep(place, name, image=None, labels=None, suffix="_masks"):
    """Write a pair; None takes what belongs there."""
    part = PLACES.get(name, PLACES["b"])
    place.mkdir(exist_ok=True)
    tifffile.imwrite(place / f"{name}.tif", IMAGE[part] if image is None else image)
    labels = TRUTH[part].astype(np.uint16) if labels is None else labels
    tifffile.imwrite(place / f"{name}{suffix}.tif", labels)


def rows(place, **options):
    """{image: row of the table} after reading."""
    pairs = find_pairs(place)
    read_pairs(pairs, **options)
    return {row["image"]: row for row in table(pairs).to_dict("records")}


def said(place, name, **options):
    """What the table says about a pair that was left out."""
    row = rows(place, **options)[name]
    assert row["result"] == "left out", row
    return f"{row['what is the matter']} → {row['what to do']}"


# --- By name ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "suffix", ["_masks", "-labels", "_mask", "_label", "_cp_masks", " masks", "_Labels", "_lbl"]
)
def test_labels_are_found_by_what_programs_add_to_a_name(tmp_path, suffix):
    keep(tmp_path, "a", suffix=suffix)
    (row,) = rows(tmp_path).values()
    assert (row["image"], row["labels"], row["result"]) == ("a.tif", f"a{suffix}.tif", "used")


@pytest.mark.parametrize("folder", ["labels", "masks", "Masks"])
def test_labels_may_lie_in_a_folder_of_their_own_under_the_images_names(tmp_path, folder):
    for kind, pixels in (("images", IMAGE), (folder, TRUTH)):
        (tmp_path / kind / "day 1").mkdir(parents=True)
        written = pixels[PLACES["a"]].astype(np.uint16)
        tifffile.imwrite(tmp_path / kind / "day 1" / "a.ome.tif", written)
    assert rows(tmp_path)["day 1/a.ome.tif"]["result"] == "used"


def test_the_same_name_in_two_folders_is_two_pairs(tmp_path):
    for folder in ("day 1", "day 2"):
        keep(tmp_path / folder, "a")
    assert set(rows(tmp_path)) == {"day 1/a.tif", "day 2/a.tif"}


def test_models_that_lie_in_the_folder_are_no_pairs(place):
    keep(place / "models", "b")
    (place / "models" / "old.zip").write_bytes(b"PK")
    assert list(rows(place)) == ["a.tif"]


def test_an_image_alone_and_labels_alone_are_named(place):
    tifffile.imwrite(place / "lonely.tif", IMAGE[PLACES["b"]])
    tifffile.imwrite(place / "lost_masks.tif", TRUTH[PLACES["b"]].astype(np.uint16))
    assert "No labels have its name → annotate it" in said(place, "lonely.tif")
    assert "No image has its name → put the image beside it" in said(place, "lost_masks.tif")


@pytest.mark.parametrize("name", ["b.json", "b_masks.svg", "b.xml"])
def test_a_file_that_nobody_reads_here_is_named_where_labels_are_missing(place, name):
    tifffile.imwrite(place / "b.tif", IMAGE[PLACES["b"]])
    (place / name).write_text("{}")
    assert f"{name} is of a kind that is not read here → annotate it" in said(place, "b.tif")


def test_two_label_files_or_two_images_of_one_name_are_not_guessed_between(place):
    tifffile.imwrite(place / "a-labels.tif", TRUTH[PLACES["a"]].astype(np.uint16))
    assert "2 label files have this name: a-labels.tif, a_masks.tif → keep one" in said(
        place, "a.tif"
    )
    (place / "a-labels.tif").unlink()
    Image.fromarray(IMAGE[PLACES["a"]].astype(np.uint8)).save(place / "a.png")
    assert "2 images have this name" in said(place, "a.png")


# --- Kinds of label files -----------------------------------------------------------------------


def test_rois_of_fiji_and_geojson_of_qupath_become_the_labels_they_were_made_from(tmp_path):
    for name in "ab":
        tifffile.imwrite(tmp_path / f"{name}.tif", IMAGE[PLACES[name]])
    write_rois(tmp_path / "RoiSet_a.zip", TRUTH[PLACES["a"]])
    write_geojson(tmp_path / "b.geojson", TRUTH[PLACES["b"]], kind="annotation")
    pairs = find_pairs(tmp_path)
    assert len(read_pairs(pairs)) == 2
    for pair, name in zip(pairs, "ab", strict=True):
        assert np.array_equal(pair.labels > 0, TRUTH[PLACES[name]] > 0)
        assert pair.objects == np.unique(TRUTH[PLACES[name]]).size - 1


def test_cellposes_pickle_is_opened_only_where_the_reader_says_that_it_is_their_own(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", IMAGE[PLACES["a"]])
    np.save(tmp_path / "a_seg.npy", {"masks": TRUTH[PLACES["a"]].astype(np.uint16)})
    assert "is a pickle" in said(tmp_path, "a.tif")
    assert "my_own_pickles = True" in said(tmp_path, "a.tif")
    assert rows(tmp_path, own_pickles=True)["a.tif"]["result"] == "used"


# --- Faults -------------------------------------------------------------------------------------

B = TRUTH[PLACES["b"]].astype(np.uint16)
COLOURS = np.random.default_rng(0).integers(1, 256, (TRUTH.max() + 1, 3), np.uint8)
COLOURS[0] = 0
HOLES = B.astype(np.int32)
HOLES[np.unique(B)[1] == B] = -1
FAULTS = {
    "a mask of 0 and 1": ((B > 0).astype(np.uint8), r"look like a mask.*skimage\.measure\.label"),
    "a mask of 0 and 255": (255 * (B > 0).astype(np.uint8), r"look like a mask.*measure\.label"),
    "a mask of one bit": (B > 0, r"True and False.*: labels = skimage\.measure\.label\(labels\)"),
    "outlines": (np.where(find_boundaries(B, mode="inner"), B, 0), "outlines of a pixel"),
    "grey as RGB": (
        np.stack([B.astype(np.uint8)] * 3, -1),
        r"three colours.*labels = labels\[\.\.\., 0\]",
    ),
    "colours": (COLOURS[B], r"colours, not numbers.*numpy\.unique"),
    "ilastik": (1 + (B > 0).astype(np.uint8), r"ilastik.*label\(labels == 2\)"),
    "decimals": (B.astype(np.float32), r"float32.*labels = labels\.astype\(int\)"),
    "another shape": (B[:100], r"\(100, 128\).*must agree.*resized or cropped"),
    "nothing": (0 * B, "no object at all"),
    "moved": (np.roll(B, (20, -11), (0, 1)), "moved by -20 rows and 11 columns.*same crop"),
    "mirrored": (B[:, ::-1], r"turned.*labels\[:, ::-1\]"),
    "below -1": (HOLES * (1 + (HOLES < 0)), "negative numbers, down to -2"),
    "of another image": (TRUTH[PLACES["a"]].astype(np.uint16), "fit another image: a.tif"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faulty_labels_are_left_out_and_named_with_the_line_that_mends_them(place, name):
    labels, words = FAULTS[name]
    keep(place, "b", labels=labels)
    assert re.search(words, said(place, "b.tif"))
    assert rows(place)["a.tif"]["result"] == "used"


def test_labels_with_numbers_of_any_size_are_used_and_counted_from_1(place):
    keep(place, "b", labels=np.where(B > 0, B.astype(np.uint32) + np.uint32(2**31), 0))
    (pair,) = [pair for pair in find_pairs(place) if pair.name == "b.tif"]
    assert read_pairs([pair]) == [pair]
    assert pair.labels.max() == pair.objects == np.unique(B).size - 1


def test_swapped_labels_of_two_images_are_both_named(place):
    keep(place, "b", labels=TRUTH[PLACES["c"]].astype(np.uint16))
    keep(place, "c", labels=B)
    assert "fit another image: c.tif" in said(place, "b.tif")
    assert "fit another image: b.tif" in said(place, "c.tif")


def test_image_and_labels_in_each_others_place_are_named(place):
    keep(place, "b", image=B, labels=IMAGE[PLACES["b"]])
    assert "Image and labels are swapped" in said(place, "b.tif")
    assert "exchange the names" in said(place, "b.tif")


def test_minus_one_is_taken_and_said_to_be_for_stardist_only(place):
    keep(place, "b", labels=HOLES)
    row = rows(place)["b.tif"]
    assert row["result"] == "used" and "for StarDist only" in row["what is the matter"]
    assert row["objects"] == np.unique(B).size - 2


def test_broken_and_unsuitable_files_are_named_and_the_others_read(place):
    keep(place, "b")
    whole = (place / "b_masks.tif").read_bytes()
    (place / "b_masks.tif").write_bytes(whole[: len(whole) // 2])
    assert "broken or cut off" in said(place, "b.tif")
    (place / "b_masks.tif").write_bytes(b"")
    assert "label file is empty" in said(place, "b.tif")
    keep(place, "c", image=IMAGE[:60, :60], labels=TRUTH[:60, :60].astype(np.uint16))
    assert "60 × 60 px, less than 64" in said(place, "c.tif")
    stack = np.stack([IMAGE[PLACES["c"]]] * 5)
    tifffile.imwrite(place / "c.tif", stack, imagej=True, metadata={"axes": "ZYX"})
    assert "a stack of 5 planes" in said(place, "c.tif")
    rgba = np.dstack([IMAGE[PLACES["c"]] // n for n in (1, 2, 3)] + [IMAGE[PLACES["c"]] * 0 + 255])
    keep(place, "c")
    (place / "c.tif").unlink()
    Image.fromarray(rgba.astype(np.uint8)).save(place / "c.png")
    assert "channels" in said(place, "c.png")
    assert rows(place, channel=0)["c.png"]["result"] == "used"
    (place / "b.geojson").write_text('{"features": [{"geometry": null}]}')
    (place / "b_masks.tif").unlink()
    assert "no polygon" in said(place, "b.tif")
    (place / "b.geojson").rename(place / "b.zip")
    assert "broken or cut off" in said(place, "b.tif")


def test_a_file_that_may_not_be_read_has_a_row(place, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("bioimage_course.own_model.pairs.read_labels", refuse)
    assert "cannot be read" in said(place, "a.tif")


def test_the_readers_own_line_mends_labels_before_they_are_looked_at(place):
    keep(place, "b", labels=255 * (B > 0).astype(np.uint8))

    def mend(name, labels):
        return label(labels > 0) if name == "b.tif" else labels

    assert rows(place, mend=mend)["b.tif"]["result"] == "used"


def test_what_is_worth_a_look_is_said_of_pairs_that_are_used(place):
    specks = B.copy()
    specks[:2, :2] = 999
    keep(place, "b", labels=specks)
    row = rows(place)["b.tif"]
    assert row["result"] == "used" and "number 999 has only 4 pixels" in row["what is the matter"]


# --- Folders, and the picture -------------------------------------------------------------------


def test_a_folder_without_images_says_what_to_give(tmp_path):
    with pytest.raises(ValueError, match="No image lies in"):
        find_pairs(tmp_path)


def test_the_example_has_sixteen_good_pairs_and_three_faults(tmp_path):
    pairs = find_pairs(write_example(tmp_path / "example"))
    assert len(read_pairs(pairs)) == 16
    left_out = {pair.name: pair.what for pair in pairs if pair.what}
    assert set(left_out) == {"day1_alone.tif", "day1_moved.tif", "day1_painted.tif"}


def test_the_contact_sheet_shows_every_pair_with_its_outlines(tmp_path):
    import matplotlib

    matplotlib.use("agg")
    good = read_pairs(find_pairs(write_example(tmp_path / "example")))
    panels = contact_sheet(good[:5]).axes
    assert [panel.get_title() for panel in panels[:5]] == [f"day1_{n}" for n in "abcd"] + ["day2_a"]
    assert [len(panel.collections) for panel in panels] == [1] * 5 + [0] * 3
