import numpy as np
import pytest

from figures._shared.two_nuclei import iou, touching_pair, two_nuclei


def test_the_pair_with_the_longest_border_is_found_across_a_gap_of_one_pixel():
    labels = np.zeros((12, 20), int)
    labels[2:10, 1:6] = 3
    labels[2:10, 7:14] = 8  # a gap of one pixel, along 8 rows
    labels[0, 7:9] = 5  # a shorter border
    assert touching_pair(labels) == [8, 3]  # the larger one first


def test_nuclei_that_do_not_touch_are_refused():
    labels = np.zeros((12, 20), int)
    labels[2:10, 1:6], labels[2:10, 9:14] = 1, 2
    with pytest.raises(ValueError, match="touch"):
        touching_pair(labels)


def test_the_running_example_has_two_whole_nuclei():
    image, (first, second) = two_nuclei()
    assert image.shape == first.shape == second.shape == (64, 64)
    assert not (first & second).any()
    assert first.sum() >= second.sum() > 400
    for mask in (first, second):  # not cut by the border of the crop
        assert not mask[[0, -1]].any() and not mask[:, [0, -1]].any()


def test_iou_of_half_overlapping_masks_is_a_third():
    first, second = np.zeros((4, 6), bool), np.zeros((4, 6), bool)
    first[:, :4], second[:, 2:] = True, True
    assert iou(first, second) == pytest.approx(1 / 3)
