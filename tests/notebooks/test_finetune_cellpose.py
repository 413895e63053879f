"""The exercises of the notebook on fine-tuning name the likely mistake; its facts are Cellpose's.

Nothing is trained here.
"""

import numpy as np
import pytest
import torch
from cellpose import dynamics, utils
from skimage.measure import label

from bioimage_course import data
from tests.notebooks.lessons import code_cells, run, run_ids, tags

STEM = "10_finetune_cellpose"


# --- The lesson ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lesson():
    """Return what exists once the tiles are lists and nothing has been trained."""
    return run_ids(STEM, "imports", "stain-run", "split-run", "lists-run", "split-check")


def test_the_stain_is_the_same_every_time_and_brighter_in_nuclei(lesson):
    speckles, truth = lesson["speckles"], lesson["truth"]
    np.testing.assert_array_equal(lesson["speckled"](truth), speckles)
    assert not np.array_equal(lesson["speckled"](truth, seed=1), speckles)
    assert np.median(speckles[truth > 0]) > 1.3 * np.median(speckles[truth == 0])


def test_no_nucleus_is_in_the_training_and_in_another_part(lesson):
    held_out, learned = ([lesson["held_out"]], lesson["train_windows"])
    others = lesson["numbers_in"](held_out) | lesson["numbers_in"](lesson["validation_windows"])
    assert not lesson["numbers_in"](learned) & others


def test_every_tile_holds_enough_nuclei_to_be_kept(lesson):
    assert min(lesson["counts"]) >= 5  # min_train_masks of train_seg


def test_cellpose_renumbers_the_labels_it_is_given_so_they_are_copied(lesson):
    before = data.nuclei()[1]
    tile = lesson["train_labels"][3].copy()
    given = tile.copy()
    dynamics.labels_to_flows([given], device=torch.device("cpu"))
    assert not np.array_equal(given, tile)
    np.testing.assert_array_equal(lesson["truth"], before)
    assert not any(np.shares_memory(tile, lesson["truth"]) for tile in lesson["train_labels"])


def test_the_diameter_of_a_tile_is_the_median_of_discs_with_the_areas_of_its_nuclei(lesson):
    tile = lesson["train_labels"][0]
    areas = np.unique(tile[tile > 0], return_counts=True)[1]
    assert utils.diameters(tile)[0] == pytest.approx(np.median(2 * np.sqrt(areas / np.pi)))


# --- Exercises ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def exercises():
    """Return all names of the exercises: they need no model."""
    cells = [cell for cell in code_cells(STEM) if {"exercise", "solution"} & set(tags(cell))]
    return run(cells, run_ids(STEM, "imports"))


def answer(exercises, text):
    """Return what a learner's expression gives in the notebook."""
    return eval(text, dict(exercises))


@pytest.mark.parametrize(
    ("assumed", "passed", "hint"),
    [
        (21, None, "after resizing"),
        (24, 18, "tiles it was trained on"),
        (18, 18, "tiles it was trained on"),
        (36, None, "half as large"),
        (36, 36, "half as large"),
        (36, 72, "fewer pixels"),
        (36, 21 / 2, "half of 36"),
    ],
    ids=["as given", "the course's", "the new one", "none", "the same", "doubled", "diam_mean"],
)
def test_the_diameter_hint_names_the_mistake(exercises, assumed, passed, hint):
    with pytest.raises(AssertionError, match=hint):
        exercises["check_diameters"](assumed, passed)


@pytest.mark.parametrize(("assumed", "passed"), [(36, 18), (36.0, 18.0), (35.5, 17.75)])
def test_the_right_diameters_are_accepted(exercises, assumed, passed):
    exercises["check_diameters"](assumed, passed)


IMAGES, LABELS = "[f[1] for f in recorded]", "[label(mask) for mask in painted]"


@pytest.mark.parametrize(
    ("images", "labels", "hint"),
    [
        ("list(recorded)", "list(painted)", r"shape \(2, 56, 64\)"),
        ("[f[0] for f in recorded]", LABELS, "cytoplasm"),
        (IMAGES, "list(painted)", "mask of True and False"),
        (IMAGES, "[mask.astype(int) for mask in painted]", "single number"),
        (IMAGES, "[np.minimum(label(mask), 5) for mask in painted]", "share a number"),
        (IMAGES, LABELS + "[::-1]", "Labels of another field"),
        (IMAGES + "[::-1]", LABELS, "image is of another field"),
        (IMAGES + "[:2]", LABELS, "one entry for each"),
        ("recorded[:, 1]", "[label(mask).astype(float) for mask in painted]", "float64"),
    ],
    ids=["as given", "cytoplasm", "masks", "ones", "shared", "order", "order2", "two", "floats"],
)
def test_the_lists_hint_names_the_mistake(exercises, images, labels, hint):
    with pytest.raises((AssertionError, ValueError), match=hint):
        exercises["check_lists"](answer(exercises, images), answer(exercises, labels))


def test_any_labels_with_a_number_for_each_nucleus_are_right(exercises):
    check_lists = exercises["check_lists"]
    images = answer(exercises, IMAGES)
    check_lists(images, answer(exercises, LABELS))
    check_lists(images, [7 * label(mask).astype(np.uint16) for mask in exercises["painted"]])
    check_lists(exercises["recorded"][:, 1], exercises["field_truth"])
    check_lists(images, answer(exercises, "list(label(painted))"))  # no number twice in a field


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ("int(np.argmin(validation_history))", "never measured"),
        ("train_history.argmin()", "training loss falls"),
        ("seen[-1]", "training loss falls"),
        ("validation_history[seen].argmin()", "place in the shortened list"),
        ("int(validation_history.argmax())", "lower in another"),
        ("40", "lower in another"),
    ],
    ids=["zeros", "training loss", "last", "a place", "largest", "too late"],
)
def test_the_epoch_hint_names_the_mistake(exercises, wrong, hint):
    with pytest.raises(AssertionError, match=hint):
        exercises["check_epoch"](answer(exercises, wrong))


@pytest.mark.parametrize(
    "right",
    [
        "seen[validation_history[seen].argmin()]",
        "np.argmin(np.where(validation_history > 0, validation_history, np.inf))",
        "30",
    ],
)
def test_any_way_to_the_right_epoch_is_accepted(exercises, right):
    exercises["check_epoch"](answer(exercises, right))


def test_what_the_learner_finds_is_not_yet_right(capsys):
    cells = [cell for cell in code_cells(STEM) if "exercise" in tags(cell)]
    run(cells, run_ids(STEM, "imports"))
    assert capsys.readouterr().out.count("Not yet.") == 3
