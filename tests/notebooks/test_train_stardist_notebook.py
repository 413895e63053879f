"""The exercises name the likely mistake, and the split and the augmentation do what is said."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from skimage.measure import label
from tifffile import imwrite

from bioimage_course import data
from tests.notebooks.lessons import code_cells, run_ids, tags

STEM = "09_train_stardist"


@pytest.fixture(scope="module")
def lesson():
    """Return what exists after the light cells: nothing is trained."""
    ids = ["imports", "imports-course", "load-image", "split-run", "split-check", "augment-run"]
    exercises = [cell.id for cell in code_cells(STEM) if "exercise" in tags(cell)]
    solutions = ["solution-bent", "solution-faults", "solution-curves"]
    return run_ids(STEM, *ids, *exercises, *solutions)


# --- What the lesson does -----------------------------------------------------------------------


def test_no_nucleus_lies_in_two_parts(lesson):
    _, truth = data.nuclei()
    seen = [np.unique(truth[part][truth[part] > 0]) for part in lesson["parts"].values()]
    assert sum(numbers.size for numbers in seen) == np.unique(np.concatenate(seen)).size
    assert min(numbers.size for numbers in seen) >= 20


def test_augmentation_moves_image_and_labels_alike(lesson):
    labels = np.arange(12).reshape(3, 4)
    np.random.seed(0)
    orders = set()
    for _ in range(50):
        patch, moved = lesson["augment"](labels.astype(float), labels)
        assert sorted(moved.ravel()) == list(range(12))
        assert np.corrcoef(patch.ravel(), moved.ravel())[0, 1] > 0.999
        orders.add(moved.tobytes())
    assert len(orders) == 8  # four turns, each also mirrored


def test_every_exercise_tells_a_learner_who_changed_nothing_what_to_do(lesson):
    for check, answer in [
        ("check_best", "my_best"),
        ("check_repair", "repair"),
        ("check_curves", "my_answers"),
    ]:
        with pytest.raises(AssertionError, match=r"\w{3}"):
            lesson[check](lesson[answer])


# --- Exercise 1: a banana -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (lambda values, middle: 0.0, "outside the banana"),
        (lambda values, middle: values.mean(), "take the largest"),
        (lambda values, middle: middle, "from the middle"),
        (lambda values, middle: 100 * values.max(), "percentage"),
        (lambda values, middle: 27, "a place"),
        (lambda values, middle: values, "One number"),
        (lambda values, middle: 0.96, "Too good"),
        (lambda values, middle: values[::50].max() - 0.02, "better pixel"),
    ],
    ids=["centroid", "mean", "middle", "percent", "place", "all", "a nucleus", "some"],
)
def test_the_banana_hint_names_the_mistake(lesson, wrong, hint):
    middle = lesson["reach"](lesson["middle_point"])
    with pytest.raises(AssertionError, match=hint):
        lesson["check_best"](wrong(lesson["reached"], middle))


def test_any_way_to_the_best_pixel_of_the_banana_is_right(lesson):
    reach, inside = lesson["reach"], lesson["inside"]
    lesson["check_best"](max(reach(point) for point in inside))
    lesson["check_best"](round(float(lesson["reached"].max()), 2))
    lesson["check_best"](lesson["reached"].max() - 0.005)


# --- Exercise 2: a training set with faults -----------------------------------------------------


def as_integers(image, labels):
    return image, labels.astype(int)


def numbered(image, labels):
    return image, label(labels > 0)


def numbered_and_turned(image, labels):
    return image, label((labels if labels.shape == image.shape else labels.T) > 0)


def without_turning(image, labels):
    return image, label(labels).astype(int) if labels.max() == 1 else labels.astype(int)


def reshaped(image, labels):
    labels = label(labels) if labels.max() == 1 else labels.astype(int)
    return image, labels.reshape(image.shape)


def image_turned(image, labels):
    labels = label(labels) if labels.max() == 1 else labels.astype(int)
    return (image if labels.shape == image.shape else image.T), labels


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (lambda image, labels: (image, labels), "Pair 2: .*look like a mask"),
        (as_integers, "Pair 2: .*look like a mask"),
        (lambda image, labels: (image, labels > 0), "Pair 1: .*mask of True and False"),
        (lambda image, labels: (image, labels.astype(float)), "Pair 1: .*float64"),
        (numbered, "Pair 1: 10 objects. label"),
        (numbered_and_turned, "Pair 1: 10 objects. label"),
        (without_turning, "Pair 4: .*swapped"),
        (reshaped, "Pair 4: .*reshaped.*labels.T"),
        (image_turned, "Pair 4: leave the image"),
    ],
    ids=[
        "unchanged",
        "integers only",
        "masks",
        "floats",
        "all numbered anew",
        "numbered and turned",
        "not turned",
        "reshaped",
        "image turned instead",
    ],
)
def test_the_repair_hint_names_the_mistake(lesson, wrong, hint):
    with pytest.raises(AssertionError, match=hint):
        lesson["check_repair"](wrong)


def test_any_repair_that_keeps_the_objects_is_right(lesson):
    def other(image, labels):
        if labels.shape != image.shape:
            labels = np.swapaxes(labels, 0, 1)
        is_mask = len(np.unique(labels)) == 2
        return image, (label(labels) if is_mask else np.round(labels)).astype(np.uint16) * 3

    lesson["check_repair"](lesson["repaired"])
    lesson["check_repair"](other)


def test_the_mask_of_the_exercise_has_lost_touching_nuclei(lesson):
    assert lesson["apart"].max() < lesson["right_labels"].max()


# --- Exercise 3: loss curves --------------------------------------------------------------------

RIGHT = {"A": "overfitting", "B": "learning rate too high", "C": "stopped too early"}


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (RIGHT | {"A": "stopped too early"}, "A: .*validation loss do"),
        (RIGHT | {"B": "overfitting"}, "B: neither line falls"),
        (RIGHT | {"C": "overfitting"}, "C: .*become flat"),
        (RIGHT | {"C": "too short"}, "C: choose from overfitting"),
        ({"A": "overfitting"}, "one answer each"),
    ],
    ids=["A", "B", "C", "own words", "incomplete"],
)
def test_the_curves_hint_names_the_mistake(lesson, wrong, hint):
    with pytest.raises(AssertionError, match=hint):
        lesson["check_curves"](wrong)


def test_the_three_curves_are_read_whatever_the_case(lesson):
    lesson["check_curves"](RIGHT)
    lesson["check_curves"]({name: f" {answer.upper()} " for name, answer in RIGHT.items()})


def test_the_drawn_curves_show_what_their_answers_say(lesson):
    curves = lesson["drawn_curves"]
    training, validation = curves["A"]
    lowest = validation.argmin()
    assert 10 < lowest < 20 and validation[-1] > validation[lowest] + 0.1
    assert training[-1] < training[lowest]
    assert min(line.min() for line in curves["B"]) > 0.8
    assert all((np.diff(line) < 0).all() for line in curves["C"])


# --- Your own annotation ------------------------------------------------------------------------


def test_what_was_not_annotated_is_neither_refused_nor_counted(lesson, tmp_path, capsys):
    (form,) = (cell for cell in code_cells(STEM) if cell.id == "own-run")
    labels = lesson["right_labels"].astype(np.int16)
    labels[:, :8] = -1
    imwrite(tmp_path / "labels.tif", labels)
    path = f'my_labels_path = "{tmp_path / "labels.tif"}"'
    names = lesson | {"n_rays": 32}
    exec(form.source.replace("my_labels_path = None", path), names)
    plt.close("all")
    nuclei = np.unique(labels[labels > 0]).size
    assert capsys.readouterr().out.startswith(f"{nuclei} objects, ")
    assert 0.8 < names["my_fit"] <= 1
