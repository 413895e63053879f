import numpy as np
from stardist.matching import matching

from bioimage_course import data
from figures._shared.stored import read
from figures.home import compute as home_nuclei


def test_each_nucleus_is_told_apart_as_stardist_s_matching_does():
    _, truth = data.nuclei()
    labels = np.roll(truth, 6, axis=1)  # not all are found; one IoU is exactly 0.5
    points = np.argwhere(np.eye(labels.max()))  # anywhere: the counts do not depend on it
    rows = home_nuclei.nuclei(truth, labels, points, np.repeat(points[..., None], 8, axis=2))
    score = matching(truth, labels, thresh=0.5)
    assert 20 < score.tp < len(rows) - 20
    assert sum(row[4] for row in rows) == score.tp
    assert sum(row[2] for row in rows) == np.count_nonzero(labels)
    assert all(row[3] > 0 for row in rows if row[4])


def test_a_ghost_is_nobody_s():
    truth = np.zeros((20, 20), int)
    labels = truth.copy()
    truth[2:8, 2:8] = labels[2:8, 2:8] = 1
    labels[12:16, 12:16] = 2
    points = np.array([[5, 5], [14, 14]])
    corners = points[..., None] + np.array([[[0, 3], [3, 0]], [[0, 2], [2, 0]]])
    rows = home_nuclei.nuclei(truth, labels, points, corners)
    assert rows == [[10, 10, 36, 36, 1, 6, 6], [28, 28, 16, 0, 0, 4, 4]]


def test_a_cell_s_outline_lies_around_its_pixels():
    labels = np.zeros((20, 30), int)
    labels[4:10, 5:17] = 1
    labels[0:3, 20:24] = 2  # at the border
    first, second = home_nuclei.cells(labels, labels)
    assert first[2:5] == [72, 72, 1] and second[2:5] == [12, 12, 1]
    for row, (low, high) in ((first, ([5, 4], [16, 9])), (second, ([20, 0], [23, 2]))):
        corners = np.reshape(row[5:], (-1, 2)) / 2
        assert np.allclose(corners.min(axis=0), np.array(low) - 0.5, atol=0.5)
        assert np.allclose(corners.max(axis=0), np.array(high) + 0.5, atol=0.5)
        assert np.allclose(np.array(row[:2]) / 2, np.add(low, high) / 2, atol=0.5)


def test_the_caption_counts_what_the_figure_shows():
    numbers = read("home")
    for rows, counts in (
        (read("home", "page.json")["nuclei"], numbers),
        (read("home", "page.json")["cells"], numbers["cells"]),
    ):
        assert counts["objects"] == len(rows) == counts["found"] + counts["false"]
        assert counts["found"] == sum(row[4] for row in rows)
