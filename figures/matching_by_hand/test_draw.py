import numpy as np
import pytest
from stardist.matching import matching

from figures._shared.stored import read
from figures.matching_by_hand import draw as hand


@pytest.fixture
def numbers():
    """What the page quotes."""
    return read("matching_by_hand")


def test_one_pixel_aside_is_a_match_and_one_more_is_none(numbers):
    assert (numbers["aside"]["shared"], numbers["aside"]["union"]) == (16, 24)
    assert (numbers["diagonal"]["shared"], numbers["diagonal"]["union"]) == (12, 28)
    assert numbers["diagonal"]["iou"] < 0.5 < numbers["aside"]["iou"]


def test_ious_of_the_five_objects_are_those_of_the_table():
    truth, predicted = hand.five_objects()
    ious = {
        (nucleus, name): ((truth == nucleus) & (predicted == number)).sum()
        / ((truth == nucleus) | (predicted == number)).sum()
        for number, name in enumerate("ABCDE", start=1)
        for nucleus in range(1, 6)
    }
    expected = {
        (1, "A"): 16 / 16,
        (2, "B"): 12 / 20,
        (3, "D"): 24 / 32,
        (4, "D"): 8 / 32,
        (5, "E"): 8 / 24,
    }
    assert {pair: value for pair, value in ious.items() if value} == pytest.approx(expected)


def test_scores_by_hand_are_those_of_stardist(numbers):
    tp, fp, fn = 3, 2, 2
    assert (numbers["tp"], numbers["fp"], numbers["fn"]) == (tp, fp, fn)
    assert numbers["precision"] == numbers["recall"] == pytest.approx(3 / 5)
    assert numbers["f1"] == pytest.approx(tp / (tp + fp / 2 + fn / 2))
    assert numbers["ap"] == pytest.approx(3 / 7, rel=1e-5)
    assert numbers["pq"] == pytest.approx((1 + 0.6 + 0.75) / 5)
    assert numbers["pq"] == pytest.approx(numbers["f1"] * numbers["mean_iou"])
    assert numbers["ap"] == pytest.approx(numbers["f1"] / (2 - numbers["f1"]), rel=1e-5)


def test_ap_falls_with_the_iou_asked_for(numbers):
    assert (numbers["ap70"], numbers["ap90"]) == pytest.approx((2 / 8, 1 / 9))


def test_coco_ap_is_the_area_under_the_best_precision():
    area, precision, recall = hand.coco_ap([True, True, False, True, False], 5)
    assert precision == pytest.approx([1, 1, 2 / 3, 3 / 4, 3 / 5])
    assert recall == pytest.approx([0.2, 0.4, 0.4, 0.6, 0.6])
    assert area == pytest.approx(0.4 * 1 + 0.2 * 0.75, abs=0.01)  # 101 recalls against an integral
    assert hand.coco_ap([True] * 5, 5)[0] == 1
    assert hand.coco_ap([False] * 5, 5)[0] == 0


def test_the_two_aps_answer_different_questions(numbers):
    assert abs(numbers["coco"] - numbers["ap"]) > 0.1
    assert numbers["coco_debris_first"] == pytest.approx(0.6 * 0.75, abs=0.01)  # the order counts …
    assert numbers["coco_ten_more"] == pytest.approx(numbers["coco"])  # … and the least sure do not
    assert numbers["ap_ten_more"] == pytest.approx(3 / 17, rel=1e-5)


def test_above_one_half_a_match_is_unique_and_at_one_half_it_is_not():
    random = np.random.default_rng(0)
    for _ in range(200):
        truth, predicted = random.integers(0, 4, (2, 5, 5))
        shared = np.zeros((4, 4))
        np.add.at(shared, (truth, predicted), 1)
        iou = shared / np.maximum(shared.sum(1, keepdims=True) + shared.sum(0) - shared, 1)
        above = iou[1:, 1:] > 0.5
        assert above.sum(axis=0).max() <= 1 and above.sum(axis=1).max() <= 1
    twins = np.repeat([[1, 1, 2, 2]], 2, axis=0)
    assert matching(twins, np.ones_like(twins), thresh=0.5).tp == 1  # fits both, is used once


def test_a_right_empty_image_scores_zero_in_stardist_and_nothing_in_cellpose():
    from cellpose.metrics import average_precision

    empty = np.zeros((8, 8), int)
    assert matching(empty, empty).accuracy == 0
    with np.errstate(invalid="ignore"):
        assert np.isnan(average_precision(empty, empty, threshold=0.5)[0]).all()
