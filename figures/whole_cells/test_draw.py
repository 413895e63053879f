import numpy as np
import pytest

from figures._shared.stored import read
from figures.whole_cells.draw import agreement, grown, star_ious, whole

#: What the page quotes.
QUOTED = read("whole_cells")


def test_agreement_counts_cells_and_ghosts():
    truth = np.zeros((30, 30), np.int32)
    truth[2:12, 2:12], truth[2:12, 16:26] = 1, 2
    labels = np.where(truth == 1, 5, 0)
    labels[20:26, 20:26] = 9
    found, numbers = agreement(truth, labels)
    assert found == {1}
    assert (numbers["found"], numbers["not_found"], numbers["false"]) == (1, 1, 1)
    assert numbers["agreement"] == pytest.approx(1 / 3)


def test_nuclei_grow_by_the_width_that_agrees_best():
    truth, nuclei = np.zeros((2, 40, 40), np.int32)
    truth[5:25, 5:25], nuclei[10:20, 10:20] = 1, 3
    best = grown(truth, nuclei)
    assert best["agreement"] == 1 and 2 <= best["by"] <= 8


def test_a_star_covers_a_disc_and_not_a_horseshoe():
    rows, columns = np.mgrid[:60, :60]
    radius = np.hypot(rows - 30, columns - 30)
    disc = (radius < 25).astype(int)
    horseshoe = 7 * ((radius < 25) & (radius > 15) & (rows < 40)).astype(int)
    assert star_ious(disc)[1] > 0.95
    assert star_ious(horseshoe)[7] < 0.6


def test_what_the_border_cuts_is_left_out():
    labels = np.zeros((10, 10), int)
    labels[0:3, 4:6], labels[5:8, 4:6] = 1, 2
    assert np.unique(whole(labels)).tolist() == [0, 2]


def test_the_page_may_say_that_the_second_channel_helps_here():
    one, both = QUOTED["cellpose_cell"], QUOTED["cellpose_both"]
    assert both["agreement"] > one["agreement"] + 0.03
    assert QUOTED["only_with_both"] > 3 * QUOTED["only_with_one"]
    swapped = QUOTED["cellpose_swapped"]
    assert swapped["agreement"] < one["agreement"] and swapped["found"] > QUOTED["cells"] / 2
    assert swapped["agreement_at_70"] < 0.2


def test_the_page_may_say_that_stardist_draws_nuclei_and_misses_cells():
    assert QUOTED["stardist_nucleus"]["agreement"] < 0.2
    assert QUOTED["stardist_cell"]["agreement"] < QUOTED["cellpose_cell"]["agreement"]


def test_the_page_may_say_that_grown_nuclei_have_the_wrong_outline():
    nuclei, both = QUOTED["grown_nuclei"], QUOTED["cellpose_both"]
    assert nuclei["agreement"] > 0.6  # at best, many of them count
    assert nuclei["agreement_at_70"] < both["agreement_at_70"] / 2


def test_the_page_may_say_that_a_star_would_suffice_here_but_not_for_long_cells():
    star = QUOTED["star_iou"]
    assert star["round_worst"] > 0.9 > star["long_worst"] + 0.05
    assert star["long"] < star["round"] - 0.03
