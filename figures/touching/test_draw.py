"""Why a mask is not a count: what a threshold, and even a perfect mask, make of the nuclei."""

import numpy as np
from scipy import ndimage

from bioimage_course import data
from figures._shared.stored import read

#: What the page quotes.
QUOTED = read("touching")


def test_even_the_perfect_mask_merges_nuclei():
    _, truth = data.nuclei()
    objects = ndimage.label(truth > 0, np.ones((3, 3)))[1]
    assert QUOTED["perfect_mask_objects"] == objects < QUOTED["annotated"] == truth.max()
    assert QUOTED["lost_by_perfect_mask"] == truth.max() - objects


def test_threshold_merges_the_touching_nuclei_and_is_right_where_they_keep_apart():
    assert (QUOTED["crop_annotated"], QUOTED["crop_threshold"]) == (2, 1)
    assert QUOTED["easy_annotated"] == QUOTED["easy_threshold"] >= 2
