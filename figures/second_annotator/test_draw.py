import numpy as np
import pytest
from matplotlib.figure import Figure

from bioimage_course import data
from figures._shared.stored import read
from figures._shared.style import THEMES
from figures.second_annotator import draw as second_annotator

#: What the page quotes.
QUOTED = read("second_annotator")


@pytest.fixture
def ap():
    return QUOTED["ap"]


def test_the_second_person_draws_the_same_nuclei_a_pixel_further_out():
    labels = np.zeros((20, 20), int)
    labels[5:10, 5:10], labels[5:10, 10:15] = 3, 7  # they touch
    second = second_annotator.second_person(labels)
    assert (second == 1).sum() == 5 * 5 + 3 * 5  # grown on three sides, not into the other
    assert set(np.unique(second)) == {0, 1, 2}


def test_nuclei_left_out_are_gone():
    _, truth = data.nuclei()
    cut = second_annotator.cut_by_border(truth)
    assert second_annotator.second_person(truth, cut).max() == truth.max() - len(cut)


def test_the_iou_of_discs_is_the_one_worked_out_on_the_page():
    assert second_annotator.disc_iou(24) == pytest.approx((24 / 26) ** 2)
    assert [round(QUOTED[name], 2) for name in ("disc_iou", "half_disc_iou")] == [0.85, 0.73]


def test_a_pixel_of_rim_costs_little_at_half_and_nearly_all_at_nine_tenths(ap):
    assert ap["rim"]["iou50"] > 0.95
    assert ap["rim"]["iou90"] < 0.05


def test_agreement_stays_until_07_and_small_nuclei_lose_it_earlier(ap):
    assert ap["rim"]["iou70"] > 0.95  # "near 1 until 0.7", says the text alternative
    assert ap["half"]["iou50"] > 0.95
    assert ap["half"]["iou80"] < 0.1 < 0.7 < ap["rim"]["iou80"]


def test_other_rules_cost_their_share_of_nuclei_at_the_left_end(ap):
    lost = ap["rim"]["iou50"] - ap["decisions"]["iou50"]
    assert lost == pytest.approx(QUOTED["left_out_percent"] / 100, abs=0.01)


def test_rims_decide_the_right_end_whatever_the_rules(ap):
    assert ap["decisions"]["iou85"] == pytest.approx(ap["rim"]["iou85"], abs=0.02)


def test_the_order_of_the_two_people_does_not_matter():
    _, first = data.nuclei()
    second = second_annotator.second_person(first)
    forth, back = (
        second_annotator.ap_over_iou(*pair) for pair in ((first, second), (second, first))
    )
    np.testing.assert_allclose(forth, back)
    np.testing.assert_allclose(forth, list(QUOTED["ap"]["rim"].values()), rtol=1e-4)


def test_the_curves_are_drawn_from_the_numbers_on_the_page():
    figure, (image, pair, curves, numbers) = Figure(), second_annotator.compute()
    second_annotator.paint(figure, THEMES["light"], image, pair, curves, numbers)
    _, axes = figure.axes
    drawn = [line.get_ydata() for line in axes.get_lines()]
    for heights, name in zip(drawn, ("rim", "decisions", "half"), strict=True):
        np.testing.assert_allclose(heights, list(QUOTED["ap"][name].values()), rtol=1e-4)
