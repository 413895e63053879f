import numpy as np
import pytest
from stardist.data import test_image_nuclei_3d as synthetic_nuclei

from figures._shared.stored import read
from figures.anisotropy import draw as anisotropy

#: What the page quotes.
QUOTED = read("anisotropy")


def column_of_discs(shift):
    """Two objects of four planes each, one above the other, `shift` pixels apart."""
    truth = np.zeros((8, 20, 40), int)
    truth[:4, 5:15, 5:15] = 1
    truth[4:, 5:15, 5 + shift : 15 + shift] = 2
    return truth


def test_stitching_keeps_nuclei_apart_unless_their_outlines_overlap():
    assert anisotropy.fate(column_of_discs(20))["intact"] == 2
    joined = anisotropy.fate(column_of_discs(1))
    assert (joined["nuclei"], joined["objects"]) == (2, 1)
    assert (joined["merged"], joined["pieces"], joined["intact"]) == (2, 0, 0)


def test_a_nucleus_that_jumps_between_planes_falls_into_pieces():
    truth = np.zeros((2, 20, 40), int)
    truth[0, 5:15, 0:10] = truth[1, 5:15, 8:18] = 1
    truth[:, 5:15, 25:35] = 2
    assert anisotropy.fate(truth)["pieces"] == 1


def test_planes_are_numbered_as_if_each_were_alone():
    planes = anisotropy.planes_on_their_own(column_of_discs(20))
    assert planes.max() == 1


def test_perfect_planes_do_not_make_perfect_nuclei():
    fate = QUOTED["stitched"]["step1"]
    assert fate["nuclei"] == QUOTED["nuclei"]
    assert fate["intact"] + fate["pieces"] + fate["merged"] == fate["nuclei"]
    assert fate["pieces"] > 5 and fate["merged"] > 5
    assert QUOTED["plane_objects"] > 5 * QUOTED["nuclei"]


def test_the_stack_has_the_size_and_the_median_nucleus_of_the_caption():
    _, truth = synthetic_nuclei(return_mask=True)
    assert truth.shape == (QUOTED["planes"], QUOTED["height"], QUOTED["width"])
    extents = [
        [np.ptp(place) + 1 for place in np.nonzero(truth == nucleus)]
        for nucleus in np.unique(truth[truth > 0])
    ]
    assert len(extents) == QUOTED["nuclei"]
    deep, high, wide = np.median(extents, axis=0)
    assert (deep, high, wide) == (QUOTED["deep"], QUOTED["high"], QUOTED["wide"])
    assert QUOTED["factor"] == pytest.approx(high / deep, rel=1e-5)  # the text divides these two
    assert 1.8 < QUOTED["factor"] < 2.5  # drawn "about twice as high"
