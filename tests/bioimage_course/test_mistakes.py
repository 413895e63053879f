"""Every object gets one name, the course's, and the counts are those of StarDist's matching."""

import numpy as np
import pytest
from stardist.matching import matching

from bioimage_course.mistakes import KINDS, mistakes


def boxes(*corners):
    """Label image of 60×60 pixels with a box (top, left, bottom, right) for each number."""
    labels = np.zeros((60, 60), np.int32)
    for number, (top, left, bottom, right) in enumerate(corners, start=1):
        labels[top:bottom, left:right] = number
    return labels


NUCLEI = boxes((5, 5, 15, 15), (5, 15, 15, 25), (30, 5, 40, 25))


@pytest.mark.parametrize(
    ("predicted", "of_nuclei", "of_objects"),
    [
        (NUCLEI, ["found"] * 3, ["found"] * 3),
        (boxes((5, 5, 15, 25), (30, 5, 40, 25)), ["found", "merged", "found"], ["found"] * 2),
        (boxes((4, 5, 16, 25)), ["merged", "merged", "missed"], ["merged"]),
        (boxes((30, 5, 40, 14), (30, 16, 40, 25)), ["missed", "missed", "split"], ["split"] * 2),
        (boxes(), ["missed"] * 3, []),
        (boxes((30, 5, 34, 15)), ["missed"] * 3, ["badly outlined"]),
        (boxes((32, 5, 36, 25)), ["missed", "missed", "badly outlined"], ["badly outlined"]),
        (boxes((30, 5, 40, 25), (50, 50, 58, 58)), ["missed", "missed", "found"],
         ["found", "ghost"]),
    ],
    ids=["perfect", "merged behind a hit", "merged", "split", "nothing", "a piece on one", "thin",
         "ghost"],
)  # fmt: skip
def test_each_mistake_gets_its_name(predicted, of_nuclei, of_objects):
    # Halves of 9 × 10 pixels have an IoU of 0.45 with the long nucleus.
    named = mistakes(NUCLEI, predicted)
    assert list(named.annotated.values()) == of_nuclei
    assert list(named.predicted.values()) == of_objects


def test_an_iou_of_exactly_the_threshold_is_found():
    half = boxes((30, 5, 40, 15))  # half of the long nucleus: IoU 0.5
    assert mistakes(NUCLEI, half).pairs == {3: 1}
    assert mistakes(NUCLEI, half, min_iou=0.51).annotated[3] == "badly outlined"


def test_an_outline_far_too_large_around_two_nuclei_merges_them_and_is_a_ghost():
    named = mistakes(NUCLEI, boxes((0, 0, 28, 60)))
    assert named.annotated == {1: "merged", 2: "merged", 3: "missed"}
    assert named.predicted == {1: "ghost"}


def test_mostly_is_more_than_half():
    half, more = boxes((5, 5, 10, 25)), boxes((5, 5, 11, 25))  # 5 and 6 of 10 rows of two nuclei
    assert list(mistakes(NUCLEI, half).annotated.values())[:2] == ["badly outlined"] * 2
    assert list(mistakes(NUCLEI, more).annotated.values())[:2] == ["merged"] * 2


def test_one_outline_far_too_large_around_one_nucleus_merges_nothing():
    named = mistakes(NUCLEI, boxes((25, 5, 50, 25)))  # IoU 200 / 500
    assert named.annotated[3] == named.predicted[1] == "badly outlined"


def test_hardly_is_less_than_a_quarter():
    quarter, less = boxes((30, 5, 35, 15)), boxes((30, 5, 35, 14))  # 50 and 45 of 200 pixels
    assert mistakes(NUCLEI, quarter).annotated[3] == "badly outlined"
    assert mistakes(NUCLEI, less).annotated[3] == "missed"
    on_a_quarter, on_less = boxes((36, 5, 52, 25)), boxes((36, 5, 53, 25))  # 4 of 16, of 17 rows
    assert mistakes(NUCLEI, on_a_quarter).predicted == {1: "badly outlined"}
    assert mistakes(NUCLEI, on_less).predicted == {1: "ghost"}


@pytest.mark.parametrize("min_iou", [0.2, 0.5, 0.6, 0.9])
def test_on_random_labels_the_counts_are_those_of_stardist(min_iou):
    random = np.random.default_rng(0)
    for _ in range(40):
        truth = random.integers(0, 6, (8, 8))
        changed = random.integers(0, 9, truth.shape)
        predicted = np.where(random.random(truth.shape) < 0.6, truth, changed)
        named = mistakes(truth, predicted, min_iou=min_iou)
        score = matching(truth, predicted, thresh=min_iou)
        assert named.counts["found"] == len(named.predicted_as("found")) == score.tp
        assert len(named.annotated) - score.tp == score.fn
        assert len(named.predicted) - score.tp == score.fp
        assert sum(named.counts.values()) - named.counts["ghost"] == score.n_true


def test_numbers_may_have_gaps_and_stay_those_of_the_images():
    named = mistakes(NUCLEI * 7, (NUCLEI * (NUCLEI < 3)) * 5)
    assert named.annotated == {7: "found", 14: "found", 21: "missed"}
    assert named.predicted == {5: "found", 10: "found"}
    assert named.pairs == {7: 5, 14: 10}
    assert named.annotated_as("missed", "merged") == [21]


def test_where_nothing_is_there_is_no_mistake():
    assert mistakes(boxes(), boxes()).counts == dict.fromkeys(KINDS, 0)


@pytest.mark.parametrize(
    "wrong", [NUCLEI[:50], NUCLEI > 0, NUCLEI / 2], ids=["shape", "mask", "fractions"]
)
def test_what_is_no_label_image_of_that_shape_is_refused(wrong):
    with pytest.raises(ValueError):
        mistakes(NUCLEI, wrong)
