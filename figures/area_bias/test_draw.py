"""One pixel of outline and the area: the figure of the chapter on measuring."""

import numpy as np
import pytest

from figures._shared.stored import read
from figures.area_bias import draw as area_bias

#: What the page quotes.
QUOTED = read("area_bias")


def square(side=6):
    labels = np.zeros((side + 8, 2 * side + 12), int)
    labels[4 : side + 4, 4 : side + 4] = 1
    return labels


def test_a_square_grows_by_a_row_on_each_side_and_shrinks_by_one():
    labels = square(6)
    assert (area_bias.grow(labels) == 1).sum() == 36 + 4 * 6  # corners stay open
    assert (area_bias.shrink(labels) == 1).sum() == 16


def test_touching_objects_do_not_grow_into_each_other_but_shrink_apart():
    labels = square(6)
    labels[4:10, 10:16] = 2
    grown, shrunk = area_bias.grow(labels), area_bias.shrink(labels)
    assert (grown[labels > 0] == labels[labels > 0]).all()
    assert (grown == 1).sum() == 36 + 3 * 6
    assert not shrunk[4:10, 9:11].any()


def test_the_edge_of_the_image_is_no_border_of_an_object():
    labels = np.ones((4, 4), int)
    assert (area_bias.shrink(labels) == labels).all()


def test_a_disc_of_ten_pixels_gains_44_percent_and_loses_36():
    assert area_bias.disc(10, 1) == pytest.approx(44)
    assert area_bias.disc(10, -1) == pytest.approx(-36)
    assert area_bias.disc(20, 1) == pytest.approx(21)
    assert area_bias.disc(40, 1) == pytest.approx(10.25)


def test_the_change_of_the_mean_area_weighs_nuclei_by_their_area():
    assert area_bias.mean_change(np.array([100, 300]), np.array([40, 0])) == pytest.approx(10)


def test_the_smaller_the_nucleus_the_larger_the_bias():
    grown, lost = QUOTED["grown"], QUOTED["lost"]
    for change in (grown, lost):
        assert change["small"] > change["middle"] > change["large"] > 10
    assert grown["small"] == pytest.approx(lost["small"], abs=1)  # "gains … or loses"
    assert QUOTED["nuclei"] == sum(QUOTED[f"{size}_nuclei"] for size in area_bias.SIZES)


def test_the_nuclei_drawn_are_as_the_text_alternative_says():
    diameter, change, _ = area_bias.compute()
    assert len(diameter) == QUOTED["nuclei"]
    assert (round(diameter.min()), round(diameter.max())) == (10, 31)
    for name, (smallest, largest) in {"grown": (42, 12), "shrunk": (-38, -12)}.items():
        ends = change[name][[diameter.argmin(), diameter.argmax()]]
        assert ends == pytest.approx([smallest, largest], abs=1)
    # Nuclei that touch gain less than a free disc.
    assert (change["grown"] < area_bias.disc(diameter, 1) + 3).all()
    assert (change["grown"] < area_bias.disc(diameter, 1) - 5).any()


def test_cellpose_rois_run_through_the_middle_of_the_border_pixels(tmp_path):
    import roifile
    from cellpose import io

    labels = np.zeros((30, 30), int)
    labels[5:15, 5:15] = 1
    io.save_rois(labels, str(tmp_path / "nuclei"))
    (roi,) = np.atleast_1d(roifile.roiread(tmp_path / "nuclei_rois.zip"))
    assert np.ptp(roi.coordinates(), axis=0).tolist() == [9, 9]  # the mask is 10 by 10
