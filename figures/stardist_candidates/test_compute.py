import numpy as np
import pytest
from csbdeep.utils import normalize
from skimage.segmentation import clear_border
from stardist.nms import non_maximum_suppression

from bioimage_course import data
from figures._shared.stored import read
from figures.stardist_candidates import compute as stardist_candidates

#: What the page holds, and what it quotes.
STORED, QUOTED = read("stardist_candidates", "page.json"), read("stardist_candidates")


@pytest.fixture(scope="module")
def whole():
    """The network's answer for the whole image."""
    return stardist_candidates.course_model().predict(normalize(data.nuclei()[0], 1, 99.8))


def inside(points):
    """Pixels of the figure's crop, two answers from its border at least."""
    (top, left), grid = STORED["origin"], STORED["grid"]
    rows, columns = STORED["shape"]
    return {
        (int(row), int(column))
        for row, column in points
        if 2 <= (row - top) // grid < rows - 2 and 2 <= (column - left) // grid < columns - 2
    }


def test_rounding_keeps_probabilities_and_half_a_step_of_distances(whole):
    probability, distances = stardist_candidates.answer(STORED)
    place = probability > 0
    expected = [array[: place.shape[0], : place.shape[1]][place] for array in whole]
    np.testing.assert_allclose(probability[place], expected[0], atol=1e-3)
    np.testing.assert_allclose(distances[place], expected[1], atol=STORED["step"] / 2 + 0.02)


def test_rounding_and_cropping_keep_the_objects_of_the_whole_image(whole):
    probability, distances = whole
    tuned = STORED["tuned"]
    thresholds = {"prob_thresh": tuned["prob"], "nms_thresh": tuned["nms"]}
    grid = (STORED["grid"],) * 2
    points, _, _ = non_maximum_suppression(distances, probability, grid=grid, **thresholds)
    expected = inside(points)
    assert expected == inside(stardist_candidates.objects(STORED, tuned["prob"], tuned["nms"]))
    assert len(expected) >= 2
    truth = data.nuclei()[1]
    assert set(np.unique(clear_border(truth[data.TOUCHING]))) - {0} <= {truth[p] for p in expected}


def test_no_two_candidates_are_equally_probable():
    probability, _ = stardist_candidates.answer(STORED)
    candidates = probability[probability > 0.05]
    assert len(np.unique(candidates)) == len(candidates)


def test_thresholds_change_the_count_as_the_rows_of_the_table_say():
    objects = {name: QUOTED[name]["objects"] for name in ("tuned", "high", "strict", "low")}
    assert objects["high"] < objects["tuned"] > objects["strict"]
    assert objects["low"] > objects["tuned"]
    assert QUOTED["middle"]["probability"] > QUOTED["beside"]["probability"]
