"""Label files that are none: each fault is named, with the line that mends it."""

import numpy as np
import pytest
from skimage.measure import label
from skimage.transform import resize

from bioimage_course import check, data
from bioimage_course.label_faults import first_fault

IMAGE, TRUTH = (pixels[:256, :256] for pixels in data.nuclei())
MASK = TRUTH > 0
KINDS = np.where(MASK, TRUTH % 2 + 1, 0)  # two kinds of cells
FEW = np.where(TRUTH % 3 == 0, TRUTH, 0)


def many_in_8_bits():
    """More objects than 8 bits count, in a field of small squares."""
    field = np.zeros((256, 256), int)
    field[2::8, 2::8] = field[3::8, 2::8] = np.arange(1, 1025).reshape(32, 32)
    return field.astype(np.uint8)


def smoothly(labels):
    small = labels[::2, ::2].astype(float)
    return resize(small, labels.shape, order=1, preserve_range=True).round().astype(np.uint16)


FAULTS = {
    "ilastik, background 1": (1 + MASK, r"ilastik.*label\(labels == 2\)"),
    "ilastik, background 2": (2 - MASK, r"ilastik.*label\(labels == 1\)"),
    "background counted": (TRUTH + 1, r"number 1 seems.*labels\[labels == 1\] = 0"),
    "an image": (IMAGE + 1, "look like an image"),
    "an inverted mask": (255 * ~MASK, r"inverted mask.*label\(labels == 0\)"),
    "a background beside 0": (np.where(FEW == TRUTH, FEW + ~MASK * 999, 0),
                              r"Number 999 covers.*labels\[labels == 999\] = 0"),
    "a mask": (255 * MASK, r"look like a mask.*skimage\.measure\.label\(mask\)"),
    "classes": (KINDS, r"2 numbers stand in.*classes.*label\(labels\)"),
    "8 bits": (many_in_8_bits(), "end at 255.*16 bits"),
    "smooth resizing": (smoothly(TRUTH), "rings.*order=0"),
    "turned": (np.rot90(TRUTH), r"turned.*labels = numpy\.rot90\(labels, 3\)"),
    "mirrored": (TRUTH[:, ::-1], r"turned.*labels = labels\[:, ::-1\]"),
    "transposed": (TRUTH.T, r"turned.*labels = labels\.T"),
    "shifted": (np.roll(TRUTH, (20, -11), (0, 1)), "moved by -20 rows and 11 columns.*same crop"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_labels_that_are_none_are_named_with_the_line_that_mends_them(name):
    labels, words = FAULTS[name]
    with pytest.raises(ValueError, match=words):
        check.labels(labels.astype(np.int32), IMAGE)


@pytest.mark.parametrize(
    ("name", "mend"),
    [("ilastik, background 1", lambda labels: label(labels == 2)),
     ("ilastik, background 2", lambda labels: label(labels == 1)),
     ("background counted", lambda labels: np.where(labels == 1, 0, labels)),
     ("an inverted mask", lambda labels: label(labels == 0)),
     ("a background beside 0", lambda labels: np.where(labels == 999, 0, labels)),
     ("a mask", label), ("classes", label),
     ("turned", lambda labels: np.rot90(labels, 3)),
     ("mirrored", lambda labels: labels[:, ::-1]),
     ("transposed", lambda labels: labels.T)],
)  # fmt: skip
def test_the_line_in_the_message_mends_it(name, mend):
    check.labels(mend(FAULTS[name][0].astype(np.int32)), IMAGE)


def colours(labels):
    """Each object in a colour of its own, as some programs export labels."""
    palette = np.random.default_rng(0).integers(60, 255, (labels.max() + 1, 3), dtype=np.uint8)
    palette[0] = 0
    return palette[labels]


def test_colours_get_numbers_and_three_layers_that_are_alike_one():
    painted = colours(TRUTH)
    with pytest.raises(ValueError, match="colours, not numbers") as refusal:
        check.labels(painted, IMAGE)
    line = str(refusal.value).split("black: ")[1].rstrip(".")
    names = {"numpy": np, "labels": painted}
    exec(line, names)
    assert (names["labels"] == 0).sum() == (TRUTH == 0).sum()
    check.labels(names["labels"], IMAGE)
    with pytest.raises(ValueError, match=r"pass labels\[\.\.\., 0\]"):
        check.labels(np.stack([TRUTH] * 3, axis=-1), IMAGE)


@pytest.mark.parametrize(
    ("axis", "line"), [(0, r"pass labels\[0\]"), (2, r"pass labels\[\.\.\., 0\]")]
)
def test_one_plane_too_many_is_named(axis, line):
    with pytest.raises(ValueError, match=f"one plane too many: {line}"):
        check.labels(np.expand_dims(TRUTH, axis), IMAGE)


def test_minus_one_is_for_stardist_alone():
    ignored = np.where(FEW == TRUTH, TRUTH, -1).astype(np.int16)
    check.labels(ignored, IMAGE, tool="StarDist")
    assert not any("mask" in words for words in check.problems(ignored, IMAGE, tool="StarDist"))
    for tool in (None, "Cellpose"):
        with pytest.raises(ValueError, match=r"StarDist alone takes -1.*labels\[labels < 0\] = 0"):
            check.labels(ignored, IMAGE, tool=tool)
    with pytest.raises(ValueError, match="negative numbers, down to -2"):
        check.labels(ignored * 2, IMAGE, tool="StarDist")


@pytest.mark.parametrize("image", [IMAGE, 65535 - IMAGE, np.stack([IMAGE] * 3, -1)],
                         ids=["fluorescence", "dark nuclei", "colours"])  # fmt: skip
def test_good_labels_pass_on_any_kind_of_image(image):
    assert check.labels(TRUTH, image) is None
    assert check.labels(FEW, image) is None


def test_good_labels_pass_where_there_is_little_to_go_by():
    one = np.zeros((64, 64), int)
    one[20:40, 20:40] = 3
    check.labels(one, np.zeros((64, 64)))
    specks = np.zeros((64, 64), int)
    specks[::8, ::8] = np.arange(1, 65).reshape(8, 8)  # specks, but no rings
    check.labels(specks, one)
    assert first_fault(data.nuclei()[1]) is None


def test_the_cells_of_the_course_pass():
    image, truth = data.cells()
    assert check.labels(truth, image[0]) is None
    tissue = np.arange(1, 65).reshape(8, 8).repeat(8, 0).repeat(8, 1)  # no background at all
    assert check.labels(tissue, np.zeros((64, 64))) is None


def test_problems_are_what_to_look_at_or_the_one_thing_to_mend():
    labels = TRUTH.copy()
    largest = np.bincount(labels[MASK]).argmax()
    rows, columns = np.nonzero(labels == largest)
    labels[rows.mean().astype(int), columns.mean().astype(int)] = 0
    labels[0, 0] = largest
    found = check.problems(labels, IMAGE)
    assert {f"number {largest} is in 2 pieces", f"number {largest} has a hole"} <= set(found)
    speck = np.where(TRUTH == 0, 0, TRUTH)
    speck[0, 0] = 500
    assert "number 500 has only 1 pixels" in check.problems(speck, IMAGE)
    assert len(check.problems(MASK, IMAGE)) == 1 and "mask" in check.problems(MASK, IMAGE)[0]
