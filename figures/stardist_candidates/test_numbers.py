import json
from pathlib import Path

import numpy as np
import pytest
from csbdeep.utils import normalize
from skimage.segmentation import clear_border
from stardist.nms import non_maximum_suppression

from bioimage_course import data
from course_build import ROOT
from figures.stardist_candidates import compute as stardist_candidates

STORED = json.loads(
    (ROOT / "figures" / "stardist_candidates" / "page.json").read_text(encoding="utf-8")
)
FIXTURE = Path(__file__).parents[1] / "js" / "fixtures" / "stardist.json"


@pytest.fixture(scope="module")
def whole():
    """The network's answer for the whole image."""
    return stardist_candidates.course_model().predict(normalize(data.nuclei()[0], 1, 99.8))


def inside(points):
    """Pixels of the figure's crop, two answers from its border at least."""
    (top, left), grid = STORED["origin"], STORED["grid"]
    rows, columns = STORED["shape"]
    return {
        (int(row), int(column)) for row, column in points
        if top + 2 * grid <= row < top + (rows - 2) * grid
        and left + 2 * grid <= column < left + (columns - 2) * grid
    }  # fmt: skip


def test_the_fixture_of_the_page_is_what_stardist_says_now():
    fresh = stardist_candidates.fixture(STORED)
    assert len(fresh) == 20
    assert json.loads(FIXTURE.read_text(encoding="utf-8")) == fresh, (
        "write it again: figures/stardist_candidates.py"
    )


def test_the_stored_answer_is_that_of_the_course_s_model(whole):
    probability, distances = stardist_candidates.answer(STORED)
    place = probability > 0
    expected = [array[: place.shape[0], : place.shape[1]][place] for array in whole]
    np.testing.assert_allclose(probability[place], expected[0], atol=1e-3)
    np.testing.assert_allclose(distances[place], expected[1], atol=STORED["step"] / 2 + 0.02)


def test_rounding_and_cropping_keep_the_objects_of_the_whole_image(whole):
    probability, distances = whole
    tuned = STORED["tuned"]
    points, _, _ = non_maximum_suppression(
        distances, probability, grid=(STORED["grid"],) * 2,
        prob_thresh=tuned["prob"], nms_thresh=tuned["nms"],
    )  # fmt: skip
    expected = inside(points)
    assert expected == inside(stardist_candidates.objects(STORED, tuned["prob"], tuned["nms"]))
    assert len(expected) >= 2
    truth = data.nuclei()[1]
    assert set(np.unique(clear_border(truth[data.TOUCHING]))) - {0} <= {truth[p] for p in expected}


def test_no_two_candidates_are_equally_probable():
    probability, _ = stardist_candidates.answer(STORED)
    candidates = probability[probability > 0.05]
    assert len(np.unique(candidates)) == len(candidates)


def test_the_page_quotes_the_numbers_of_the_figure():
    quoted = json.loads(
        (ROOT / "figures" / "stardist_candidates" / "data.json").read_text(encoding="utf-8")
    )
    assert stardist_candidates.plain(stardist_candidates.quoted(STORED)) == quoted
    objects = {name: quoted[name]["objects"] for name in ("tuned", "high", "strict", "low")}
    assert objects["high"] < objects["tuned"] > objects["strict"]  # as the rows of the table say
    assert objects["low"] > objects["tuned"]
    assert quoted["middle"]["probability"] > quoted["beside"]["probability"]


def test_the_file_stays_small():
    assert (ROOT / "figures" / "stardist_candidates" / "page.json").stat().st_size < 100_000
