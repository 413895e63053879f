import numpy as np
import pytest
from skimage.draw import disk

from figures._shared.stored import read
from figures.bent_cell.draw import bent_cell
from figures.stardist_shapes.draw import hardest_nucleus


def test_nuclei_can_be_drawn_by_32_rays_and_a_bent_cell_cannot():
    fits = read("stardist_shapes")
    assert fits["usual"] > fits["hardest"] > 0.8 > fits["bent"]
    assert fits["bent"] == pytest.approx(read("bent_cell")["star_iou"], abs=0.0051)


def test_the_hardest_nucleus_is_the_whole_one_that_rays_fit_worst():
    truth = np.zeros((90, 240), np.int32)
    truth[disk((40, 120), 20)] = 1
    bent = bent_cell()
    truth[5:77, 5:77][bent] = 2
    truth[5:77, 210:240][bent[:, :30]] = 3  # fits no better, but the border cuts it
    hardest = hardest_nucleus(truth)
    assert hardest.sum() == bent.sum()
    assert not hardest[[0, -1]].any() and not hardest[:, [0, -1]].any()
