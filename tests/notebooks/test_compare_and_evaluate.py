"""What the notebook counts by hand is what StarDist counts, and its exercises name the mistake."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from stardist.matching import matching

from bioimage_course import data
from tests.notebooks.lessons import run_ids
from training import otsu_watershed

STEM = "07_compare_and_evaluate"
TUNED = Path(__file__).parents[2] / "training/results/otsu_watershed.json"


@pytest.fixture(scope="module")
def lesson():
    """Return what the light cells define: no network is loaded or trained."""
    image, truth = data.nuclei()
    ids = (
        "imports", "imports-course", "toy-make", "iou-define", "match-define", "scores-run",
        "scores-check", "otsu-define", "errors-define", "carry-define", "carry-count",
        "exercise-iou-code", "exercise-iou-mistakes", "exercise-iou-check", "solution-iou",
        "exercise-merged-code", "exercise-merged-check",
        "exercise-measure-code", "exercise-measure-hints", "exercise-measure-check",
    )  # fmt: skip
    return run_ids(STEM, *ids, image=image, truth=truth)


@pytest.fixture(scope="module")
def pair(lesson):
    """Return an annotation and a watershed's objects, both numbered in a row."""
    image, truth = data.nuclei()
    return truth, lesson["split"](image > lesson["threshold_otsu"](image.astype(float)))


# --- Counted by hand ----------------------------------------------------------------------------


def test_the_watershed_is_the_tuned_baseline_bit_for_bit(lesson):
    settings = json.loads(TUNED.read_text())
    assert {name: lesson[name] for name in settings} == settings
    smooth = lesson["gaussian"](lesson["image"].astype(float), lesson["blur"])
    found = lesson["split"](smooth > lesson["threshold_otsu"](smooth))
    np.testing.assert_array_equal(found, otsu_watershed.segment(lesson["image"], **settings))


def test_the_toy_has_one_object_of_every_kind(lesson):
    toy = lesson["toy"]
    assert sorted(toy.annotated.values()) == ["found", "found", "found", "merged", "missed"]
    assert toy.predicted_as("ghost") == [4]


@pytest.mark.parametrize("min_iou", [0.3, 0.5, 0.51, 0.7, 0.9])
def test_the_matching_by_hand_is_stardists(lesson, pair, min_iou):
    for truth, found in (pair, (lesson["toy_truth"], lesson["toy_found"])):
        shared = lesson["shared_pixels"](truth, found)
        areas = shared.sum(1, keepdims=True) + shared.sum(0, keepdims=True)
        iou = (shared / (areas - shared))[1:, 1:]
        nuclei, objects = lesson["match"](iou, min_iou)
        theirs = matching(truth, found, thresh=min_iou)
        assert len(nuclei) == theirs.tp
        assert iou[nuclei, objects].mean() == pytest.approx(theirs.mean_matched_score)


def test_a_match_above_one_half_needs_no_assignment(lesson, pair):
    shared = lesson["shared_pixels"](*pair)
    iou = shared / (shared.sum(1, keepdims=True) + shared.sum(0, keepdims=True) - shared)
    above = iou[1:, 1:] > 0.5
    assert above.sum(0).max() == above.sum(1).max() == 1
    nuclei, objects = linear_sum_assignment(above, maximize=True)
    assert above[nuclei, objects].sum() == above.sum()


def test_every_score_by_hand_is_stardists(lesson):
    theirs = matching(lesson["toy_truth"], lesson["toy_found"], thresh=0.5)
    assert (theirs.tp, theirs.fp, theirs.fn) == (3, 1, 2)
    for name, value in lesson["mine"].items():
        assert value == pytest.approx(getattr(theirs, name)), name
    assert lesson["mine"]["accuracy"] == pytest.approx(theirs.f1 / (2 - theirs.f1))


def test_the_squares_of_the_bootstrap_add_up_to_the_whole(lesson, pair):
    half = np.s_[:, 256:]
    truth, found = (lesson["relabel_sequential"](labels[half])[0] for labels in pair)
    score = matching(truth, found, thresh=0.5, report_matches=True)
    lesson |= {"scores": {"a": score}, "found": {"a": found}, "truth_part": truth}
    hits, everything = lesson["hits_and_all"]("a")
    assert len(hits) == len(everything) == 8
    assert hits.sum() == score.tp
    assert everything.sum() == score.tp + score.fp + score.fn


# --- Exercises ----------------------------------------------------------------------------------


def is_one(mask):
    """Return the mask as True and False."""
    return mask > 0


WRONG_IOUS = {
    "twice": (
        lambda a, b: np.sum(is_one(a) & is_one(b)) / (np.sum(is_one(a)) + np.sum(is_one(b))),
        "once in each mask",
    ),
    "dice": (
        lambda a, b: 2 * np.sum(is_one(a) & is_one(b)) / (np.sum(is_one(a)) + np.sum(is_one(b))),
        "That is Dice",
    ),
    "overflow above": (
        lambda a, b: np.sum(a + b > 255) / np.sum(is_one(a) | is_one(b)),
        r"255 \+ 255 is 254",
    ),
    "overflow below": (
        lambda a, b: np.sum(is_one(a) & is_one(b)) / (np.sum(a - b > 0) + np.sum(is_one(b))),
        "0 − 255 is 1",
    ),
    "values": (
        lambda a, b: np.sum(is_one(a) & is_one(b)) / np.sum(a | b),
        "count pixels, not values",
    ),
    "first only": (lambda a, b: np.sum(a & b) / np.sum(a), "the first mask only"),
    "second only": (lambda a, b: np.sum(a & b) / np.sum(b), "the second mask only"),
    "per cent": (
        lambda a, b: 100 * np.sum(is_one(a) & is_one(b)) / np.sum(is_one(a) | is_one(b)),
        "percentage",
    ),
}


@pytest.mark.parametrize(("wrong", "hint"), WRONG_IOUS.values(), ids=WRONG_IOUS)
def test_the_iou_hint_names_the_mistake(lesson, wrong, hint):
    with pytest.raises(AssertionError, match=hint):
        lesson["check_iou"](wrong)


def test_the_given_iou_is_not_yet_right(lesson):
    with pytest.raises(AssertionError, match="once in each mask"):
        lesson["check_iou"](lesson["my_iou"])


@pytest.mark.parametrize(
    "right",
    [
        lambda a, b: np.sum(a & b) / np.sum(a | b),
        lambda a, b: np.logical_and(a, b).sum() / np.logical_or(a, b).sum(),
        lambda a, b: (lambda both: both / (is_one(a).sum() + is_one(b).sum() - both))(
            np.sum(is_one(a) & is_one(b))
        ),
        lambda a, b: float(np.minimum(a, b).sum() / np.maximum(a, b).sum()),
    ],
    ids=["bits", "logical", "areas", "minimum and maximum"],
)
def test_any_formula_for_the_iou_is_right(lesson, right):
    lesson["check_iou"](right)
    lesson["check_iou"](lesson["solved_iou"])


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ("my_merged", "Ask for more than half"),
        ("np.sum(holds > 1)", "how many nuclei do they hold"),
        ("np.sum(holds[holds > 1] - 1)", "each of the five"),
        ("np.sum(np.any(table[1:, 1:][:, touching > 1] > 0, axis=1))", "Five pixels are no merge"),
        ("with_background[with_background > 1].sum()", "Is the background left out"),
        ("of_object[of_object > 1].sum()", "not of the object"),
        ("[1, 2, 4, 5, 6]", "one number"),
        ("6", "object by object"),
    ],
    ids=["unchanged", "objects", "too many", "any touch", "background", "columns", "list", "other"],
)
def test_the_merged_hint_names_the_mistake(lesson, wrong, hint):
    table = lesson["table"]
    with pytest.raises(AssertionError, match=hint):
        lesson["check_merged"](eval(wrong, counted(table) | {"my_merged": lesson["my_merged"]}))


def counted(table):
    """Return the counts that learners may take from the table, rightly or wrongly."""
    part = table / table.sum(1, keepdims=True)
    return {
        "np": np,
        "table": table,
        "holds": np.sum(part[1:, 1:] > 0.5, axis=0),
        "with_background": np.sum(part > 0.5, axis=0),
        "of_object": np.sum((table / table.sum(0))[1:, 1:] > 0.5, axis=0),
        "touching": np.count_nonzero(table[1:, 1:], axis=0),
    }


def test_any_way_to_count_the_merged_is_right(lesson):
    holds = counted(lesson["table"])["holds"]
    for right in (5, 5.0, np.int64(5), holds[holds > 1].sum()):
        lesson["check_merged"](right)


def test_there_is_a_reason_against_every_wrong_measure(lesson):
    right = {"count": "c", "area": "d", "track": "e"}
    lesson["check_choice"](right)
    lesson["check_choice"]({name: f" {letter.upper()}" for name, letter in right.items()})
    for name, best in right.items():
        for letter in set("abcde") - {best}:
            with pytest.raises(AssertionError, match=f"^{name}: ") as raised:
                lesson["check_choice"](right | {name: letter})
            assert lesson["hints"][f"{name} {letter}"] in str(raised.value)


@pytest.mark.parametrize(
    ("choice", "hint"),
    [
        ({"count": "a", "area": "d", "track": "e"}, "cancel"),
        ({"count": "c", "area": "c", "track": "e"}, "a third too large"),
        ({"count": "c", "area": "d", "track": "c"}, "end, join or fork"),
        ({"count": "c", "area": "d"}, "track: give one letter"),
        ({"count": "F1", "area": "d", "track": "e"}, "count: give one letter"),
        ({"count": "c", "area": "", "track": "e"}, "area: give one letter"),
    ],
    ids=["counts", "iou for areas", "f1 for tracks", "no answer", "no letter", "empty"],
)
def test_the_measure_hint_names_the_mistake(lesson, choice, hint):
    with pytest.raises(AssertionError, match=hint):
        lesson["check_choice"](choice)
