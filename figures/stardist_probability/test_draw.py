import numpy as np

from figures._shared.stored import read
from figures._shared.two_nuclei import two_nuclei
from figures.stardist_probability.draw import along, line_through

#: What the page quotes.
QUOTED = read("stardist_probability")


def test_a_threshold_sees_one_object_where_the_probability_has_two_hills():
    assert QUOTED["blobs_of_foreground"] == 1
    assert QUOTED["hills_of_target"] == 2


def test_foreground_stays_1_between_the_nuclei_and_the_probability_falls():
    between = QUOTED["lowest_between"]
    assert between["foreground"] == 1
    assert between["target"] < 0.1
    assert between["target"] < between["network"] < 0.5 * QUOTED["highest_of_network"]


def test_the_network_answers_what_it_was_trained_for():
    assert QUOTED["correlation"] > 0.85
    assert QUOTED["highest_of_network"] < 1


def test_most_pixels_of_the_nuclei_lie_below_the_threshold():
    assert QUOTED["percent_above_threshold"] < 50


def test_the_line_runs_through_the_middles_of_both_nuclei():
    _, masks = two_nuclei()
    line = line_through(masks)
    for mask in masks:
        middle = np.argwhere(mask).mean(axis=0)
        assert np.linalg.norm(line - middle[:, None], axis=0).min() < 0.6
        assert along(mask, line).max() == 1
