import json

import numpy as np
import pytest
from stardist.matching import matching

from course_build import ROOT
from figures.home import compute as home_nuclei


@pytest.fixture(scope="module")
def answer():
    return home_nuclei.segment()


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def test_the_figure_draws_what_the_course_s_model_finds_now(answer):
    stored = read(ROOT / "figures" / "home" / "page.json")
    fresh = home_nuclei.figure(*answer)
    assert stored["size"] == list(fresh["size"])
    assert len(stored["nuclei"]) == len(fresh["nuclei"])
    np.testing.assert_allclose(stored["nuclei"], fresh["nuclei"], atol=1)  # another processor
    wanted = home_nuclei.fixture(answer[3])
    np.testing.assert_allclose(read(home_nuclei.FIXTURE), wanted, atol=0.05)


def test_each_nucleus_is_told_apart_as_stardist_s_matching_does(answer):
    _, truth, labels, _ = answer
    score = matching(truth, labels, thresh=0.5)
    rows = home_nuclei.figure(*answer)["nuclei"]
    assert sum(right for *_, right in (row[:5] for row in rows)) == score.tp
    assert sum(row[2] for row in rows) == np.count_nonzero(labels)
    assert all(row[3] > 0 for row in rows if row[4])


def test_an_invented_nucleus_is_nobody_s():
    truth = np.zeros((20, 20), int)
    labels = truth.copy()
    truth[2:8, 2:8] = labels[2:8, 2:8] = 1
    labels[12:16, 12:16] = 2
    points = np.array([[5, 5], [14, 14]])
    corners = points[..., None] + np.array([[[0, 3], [3, 0]], [[0, 2], [2, 0]]])
    rows = home_nuclei.nuclei(truth, labels, points, corners)
    assert rows == [[10, 10, 36, 36, 1, 6, 6], [28, 28, 16, 0, 0, 4, 4]]


def test_the_caption_counts_what_the_figure_shows():
    rows = read(ROOT / "figures" / "home" / "page.json")["nuclei"]
    numbers = read(ROOT / "figures" / "home" / "data.json")
    assert numbers["found"] == len(rows)
    assert numbers["right"] == sum(row[4] for row in rows)
