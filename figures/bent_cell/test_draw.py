import pytest
from skimage.measure import label

from figures._shared.stored import read
from figures._shared.two_nuclei import iou
from figures.bent_cell.draw import bent_cell, best_star
from figures.cellpose_flows.draw import flow_of, recover

#: What the page quotes.
QUOTED = read("bent_cell")


def test_the_drawn_cell_is_one_piece_without_a_hole():
    mask = bent_cell()
    assert label(mask).max() == 1
    assert label(~mask, connectivity=1).max() == 1
    assert not mask[[0, -1]].any() and not mask[:, [0, -1]].any()


def test_no_star_fits_the_bent_cell_but_the_flow_brings_it_back():
    mask = bent_cell()
    _, _, star_iou = best_star(mask)
    recovered = recover(flow_of(mask), mask)
    assert star_iou < 0.8 < iou(recovered > 0, mask)
    assert QUOTED["star_iou"] == pytest.approx(star_iou, abs=0.0051)
    assert QUOTED["flow_iou"] == pytest.approx(iou(recovered > 0, mask), abs=0.0051)
    assert QUOTED["flow_objects"] == recovered.max() == 1
