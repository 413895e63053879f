"""Label files that are none: each fault is named, with the line that mends it."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage.measure import label
from skimage.segmentation import expand_labels, find_boundaries
from skimage.transform import resize

from bioimage_course import check, data
from bioimage_course.label_faults import first_fault, in_a_row, notes

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


LINES = np.where(find_boundaries(TRUTH, mode="inner"), TRUTH, 0)  # nobody has filled them
NUMBERS = np.unique(TRUTH[MASK])
SIX = sum((place + 1) * (number == TRUTH) for place, number in enumerate(NUMBERS[:6]))

FAULTS = {
    "outlines": (255 * (LINES > 0), "outlines of a pixel or two"),
    "outlines with numbers": (LINES, "outlines of a pixel or two"),
    "-1 without a sign": (np.where(NUMBERS[0] == TRUTH, 65535, FEW),
                          r"65535 stands apart.*= -1 if.*StarDist"),
    "inside and border": (1 * MASK + (LINES > 0), r"2 draws borders.*label\(labels == 1\), 1\)"),
    "smooth resizing of six": (smoothly(SIX), "rings.*order=0"),
    "probabilities": (255 * gaussian_filter(MASK.astype(float), 1.5), "rings.*no probabilities"),
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
     ("-1 without a sign", lambda labels: np.where(labels == 65535, 0, labels)),
     ("inside and border", lambda labels: expand_labels(label(labels == 1), 1)),
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


@pytest.mark.parametrize("name", ["outlines", "outlines with numbers"])
def test_outlines_are_filled_by_the_lines_in_the_message(name):
    import skimage

    outlined = FAULTS[name][0].astype(np.int32)
    with pytest.raises(ValueError, match="Fill them") as refusal:
        check.labels(outlined, IMAGE, tool="StarDist")
    names = {"numpy": np, "skimage": skimage, "labels": outlined}
    exec(str(refusal.value).split("became objects: ")[1].rstrip("."), names)
    filled = names["labels"]
    check.labels(filled, IMAGE)
    assert np.mean((filled > 0) == MASK) > 0.98
    assert NUMBERS.size <= filled.max() < 1.25 * NUMBERS.size


@pytest.mark.parametrize("dtype", [np.uint8, np.uint64, np.int16])
def test_numbers_of_any_kind_are_counted(dtype):
    row = in_a_row(TRUTH.astype(dtype))
    assert row.dtype == np.int32 and row.max() == NUMBERS.size
    assert np.array_equal(NUMBERS[row[MASK] - 1], TRUTH[MASK]) and not row[~MASK].any()


@pytest.mark.parametrize("far", [2**31 - 2, 2**32 - 2, 2**40])
def test_numbers_may_be_as_large_as_they_like(far):
    large = np.where(NUMBERS[0] < TRUTH, TRUTH.astype(np.int64) + (far - int(TRUTH.max())), TRUTH)
    assert check.labels(large, IMAGE) is None
    assert len(notes(large)) == len(notes(TRUTH))
    row = in_a_row(np.where(NUMBERS[0] == TRUTH, -1, large))
    assert row.dtype == np.int32 and (row.min(), row.max()) == (-1, NUMBERS.size - 1)


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


def test_minus_one_everywhere_is_no_background_for_stardist_either():
    nowhere = np.where(MASK, TRUTH, -1)
    with pytest.raises(ValueError, match=r"no 0.*labels\[labels < 0\] = 0"):
        check.labels(nowhere, IMAGE, tool="StarDist")
    check.labels(np.maximum(nowhere, 0), IMAGE, tool="StarDist")


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
