"""A verdict needs an interval on one side of zero; what is not annotated counts for nobody."""

import numpy as np
import pytest

from bioimage_course.own_model.better import best_ious, compare, most_changed, window


def field(found=16, ghosts=0):
    """Truth of 16 squares, and a prediction that finds some of them and makes up others."""
    truth = np.zeros((120, 120), np.int32)
    truth[::30, ::30] = 1
    tops = [(y, x) for y in range(5, 120, 30) for x in range(5, 120, 30)]
    truth[:] = 0
    predicted = np.zeros_like(truth)
    for number, (y, x) in enumerate(tops, start=1):
        truth[y : y + 10, x : x + 10] = number
        if number <= found:
            predicted[y : y + 10, x : x + 10] = number
        if number <= ghosts:
            predicted[y + 14 : y + 20, x + 14 : x + 20] = 100 + number
    return truth, predicted


def verdict(before, after, images=8):
    truth = field()[0]
    return compare([truth] * images, [field(*before)[1]] * images, [field(*after)[1]] * images)


def test_clearly_more_found_is_better_and_clearly_fewer_is_worse():
    assert verdict((4,), (15,)).verdict == "better"
    assert verdict((15,), (4,)).verdict == "worse"
    assert verdict((16, 0), (16, 8)).verdict == "worse"  # ghosts


def test_the_same_is_no_difference():
    same = verdict((10,), (10,))
    assert same.verdict == "no difference" and (same.low, same.high) == (0, 0)


def test_a_gain_that_one_image_makes_is_no_difference():
    truths = [field()[0]] * 8
    before = [field(10)[1]] * 8
    after = [field(9 if number else 16)[1] for number in range(8)]
    result = compare(truths, before, after)
    assert result.low < 0 < result.high and result.verdict == "no difference"


def test_few_images_are_cut_into_parts_so_that_one_image_gives_no_certainty():
    truth, one = field(8)
    _, other = field(9)
    result = compare([truth], [one], [other])
    assert result.low == 0 and result.verdict == "no difference"  # a single object in one quarter
    assert (result.before, result.after) == pytest.approx((8 / 16, 9 / 16))


def test_scores_are_those_of_stardists_matching():
    from stardist.matching import matching_dataset

    truth, predicted = field(12, ghosts=3)
    result = compare([truth] * 2, [predicted] * 2, [predicted] * 2)
    known = matching_dataset([truth] * 2, [predicted] * 2, thresh=0.5, show_progress=False)
    assert result.before == pytest.approx(known.accuracy)


def test_what_is_found_where_nobody_annotated_is_no_ghost():
    truth, predicted = field(16)
    truth[truth == 1] = -1
    result = compare([truth], [predicted], [predicted])
    assert result.before == 1 and result.objects == 15


def test_nothing_annotated_is_an_error_that_says_so():
    empty = np.zeros((20, 20), np.int32)
    with pytest.raises(ValueError, match="No object is annotated"):
        compare([empty], [empty], [empty])


def test_the_most_changed_objects_come_first_whether_gained_or_lost():
    truth, before = field(16)
    after = before.copy()
    before[before == 5] = 0  # gained
    after[after == 7] = 0  # lost
    half = np.argwhere(after == 9)[:30]
    after[tuple(half.T)] = 0  # a little worse
    changes = most_changed([truth], [before], [after])
    assert [change[1] for change in changes] == [5, 7, 9]
    assert changes[0][2:] == (0, 1) and changes[1][2:] == (1, 0)
    assert best_ious(truth, after)[9] == pytest.approx(0.7)


def test_a_window_holds_its_object_and_stays_inside():
    truth = field()[0]
    for number in (1, 16):
        part = truth[window(truth, number)]
        assert part.shape == (48, 48) and (part == number).sum() == 100
