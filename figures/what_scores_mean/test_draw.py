import numpy as np
import pytest
from skimage.measure import label

from figures._shared.stored import read
from figures.what_scores_mean import draw as meaning


@pytest.fixture
def row():
    """Six squares in pairs that touch, and one far from all: labels 1 to 7."""
    labels = np.zeros((12, 60), int)
    for number in range(6):
        left = 2 + 14 * (number // 2) + 6 * (number % 2)
        labels[3:8, left : left + 5] = number + 1  # a gap of one pixel inside a pair
    labels[3:8, 50:55] = 7
    return labels


@pytest.fixture(scope="module")
def numbers():
    """What the page shows."""
    return read("what_scores_mean")


def test_only_neighbours_make_a_pair(row):
    assert meaning.touching_pairs(row) == [(1, 2), (3, 4), (5, 6)]


def test_merging_joins_so_many_pairs_and_loses_no_pixel(row):
    merged = meaning.merge(row, 2, np.random.default_rng(0))
    assert len(np.unique(merged[merged > 0])) == 7 - 2
    assert ((merged > 0) == (row > 0)).all()
    assert (merged[row == 7] == 7).all()


def test_merged_areas_grow_as_the_count_shrinks(row):
    before = meaning.measure(row, np.inf)
    after = meaning.measure(meaning.merge(row, 2, np.random.default_rng(1)), np.inf)
    assert after["mean_area"] / before["mean_area"] == pytest.approx(7 / 5)


def test_splitting_makes_two_whole_parts_of_each(row):
    cut = meaning.split(row, 3, np.random.default_rng(0))
    numbers = np.unique(cut[cut > 0])
    assert len(numbers) == 7 + 3
    assert ((cut > 0) == (row > 0)).all()
    assert all(label(cut == number).max() == 1 for number in numbers)


def test_the_dimmest_are_missed(row):
    image = np.where(row == 4, 1, 9)
    missed = meaning.miss_dimmest(row, image, 1)
    assert set(np.unique(row)) - set(np.unique(missed)) == {4}


def test_a_second_hand_moves_outlines_but_no_nucleus():
    labels = np.zeros((80, 80), int)
    labels[10:34, 10:34], labels[44:70, 40:66] = 1, 2
    redrawn = meaning.second_hand(labels, np.random.default_rng(0))
    for number in (1, 2):
        first, second = labels == number, redrawn == number
        iou = (first & second).sum() / (first | second).sum()
        assert 0.7 < iou < 1


def test_changes_are_written_with_a_sign():
    assert meaning.percent(105, 100) == "+5.0 %"
    assert meaning.percent(95, 100) == "−5.0 %"
    assert meaning.percent(100.01, 100) == "0"


def test_the_left_end_counts_and_the_steep_end_measures_outlines(numbers):
    curves = numbers["curves"]
    assert set(curves["missed"].values()) == {0.8}
    assert curves["wide"]["iou50"] > 0.95 and curves["wide"]["iou90"] < 0.1
    assert curves["hand"]["iou50"] > 0.9 and curves["hand"]["iou90"] < 0.5
    for curve in curves.values():
        assert (np.diff(list(curve.values())) <= 0).all()


def test_the_worst_error_for_areas_has_the_best_ap(numbers):
    errors = ("merged", "split", "missed", "wide")

    def change(name):
        return abs(float(numbers[name]["mean_area"].rstrip(" %").replace("−", "-")))

    assert max(errors, key=lambda name: numbers[name]["ap"]) == "wide"
    assert max(errors, key=change) == "wide"
    assert change("wide") > 2 * change("merged")


def test_merges_double_the_large_nuclei_but_hardly_move_the_median(numbers):
    right, merged = numbers["right"], numbers["merged"]
    assert merged["large_share"] > 1.8 * right["large"]
    assert merged["drawn"]["large_count"] > 2 * right["large_count"]  # most of them are merges
    assert abs(float(merged["median_area"].rstrip(" %").replace("−", "-"))) < 2.5
    assert merged["count"] == "−4.8 %" and merged["mean_area"] == "+5.0 %"
