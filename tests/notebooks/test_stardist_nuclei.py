"""The exercises of the StarDist notebook name the likely mistake and accept any right answer."""

from types import SimpleNamespace

import numpy as np
import pytest

from tests.notebooks.lessons import run_ids

STEM = "05_stardist_nuclei"
SCORE = SimpleNamespace(tp=80, fp=10, fn=30, f1=160 / 200, n_pred=90)


def check_of(exercise, name):
    """Return the check of an exercise; the learner's answer as it stands runs with it."""
    names = run_ids(
        STEM, f"exercise-{exercise}-check", np=np, score=SCORE, my_f1=0, mine=SCORE, lower=SCORE,
        my_count=0, whole=np.eye(3, dtype=int), labels=np.eye(3, dtype=int),
    )  # fmt: skip
    return names[name]


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (80 / 120, "That is AP"),
        (160 / 120, "below the line as well"),
        (80 / 90, "That is the precision"),
        (80 / 110, "That is the recall"),
        (0.5, "above and below the line"),
    ],
)
def test_the_f1_hint_names_the_mistake(wrong, hint):
    with pytest.raises(AssertionError, match=hint):
        check_of("f1", "check_f1")(wrong, SCORE)


def test_f1_may_be_the_harmonic_mean_of_precision_and_recall():
    precision, recall = 80 / 90, 80 / 110
    check_of("f1", "check_f1")(2 / (1 / precision + 1 / recall), SCORE)


@pytest.mark.parametrize(
    ("tp", "fp", "fn", "hint"),
    [(115, 3, 10, "3 false"), (0, 0, 125, "Nothing is left"), (40, 0, 85, "too far")],
    ids=["too low", "above every probability", "too high"],
)
def test_the_threshold_hint_names_the_mistake(tp, fp, fn, hint):
    result = SimpleNamespace(tp=tp, fp=fp, fn=fn, n_pred=tp + fp)
    with pytest.raises(AssertionError, match=hint):
        check_of("thresh", "check_strict")(result, lower=SimpleNamespace(fp=4))


@pytest.mark.parametrize("missed", [5, 20, 60])
def test_the_lowest_threshold_with_at_most_one_false_object_is_right(missed):
    result = SimpleNamespace(tp=125 - missed, fp=1, fn=missed, n_pred=126 - missed)
    check_of("thresh", "check_strict")(result, lower=SimpleNamespace(fp=2))


def test_a_threshold_that_is_stricter_than_it_need_be_is_sent_down():
    result = SimpleNamespace(tp=115, fp=0, fn=10, n_pred=115)
    with pytest.raises(AssertionError, match="second one either"):
        check_of("thresh", "check_strict")(result, lower=SimpleNamespace(fp=1))


LABELS = np.array([[1, 1, 0], [0, 2, 2], [3, 0, 5]])
WHOLE = np.where(np.isin(LABELS, [2, 5]), LABELS, 0)  # 2 of 4 are left, the largest is 5


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [(5, "largest label"), (4, "border are still counted"), (3, "background"), (1, "different")],
    ids=["largest number", "all", "background counted", "something else"],
)
def test_the_border_hint_names_the_mistake(wrong, hint):
    with pytest.raises(AssertionError, match=hint):
        check_of("border", "check_count")(wrong, WHOLE, LABELS)


def test_the_right_count_is_accepted():
    check_of("border", "check_count")(2, WHOLE, LABELS)
    check_of("border", "check_count")(np.int64(2), WHOLE, LABELS)
