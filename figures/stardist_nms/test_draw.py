import numpy as np
import pytest
from stardist.nms import non_maximum_suppression_inds

from figures._shared.stored import read
from figures._shared.two_nuclei import two_nuclei
from figures.stardist_nms.draw import EXAMPLE, PROB_THRESH, candidates, suppress

#: What the page quotes.
QUOTED = read("stardist_nms")


@pytest.fixture(scope="module")
def masks():
    return two_nuclei()[1]


@pytest.fixture(scope="module")
def predicted(masks):
    return candidates(np.select(masks, [1, 2]).astype(np.int32))


def survivors(radii, shift, nms_thresh):
    """How many of two discs, the second one `shift` pixels to the right, NMS keeps."""
    distances = np.repeat(np.array(radii, np.float32)[:, None], 32, axis=1)
    points = np.array([[50, 50], [50, 50 + shift]], np.int32)
    scores = np.array([0.9, 0.8], np.float32)
    kept = non_maximum_suppression_inds(
        distances, points, scores=scores, thresh=nms_thresh, verbose=False
    )
    return int(kept.sum())


def test_the_probability_is_1_in_the_middle_of_each_nucleus_and_0_outside(masks, predicted):
    probability, _ = predicted
    for mask in masks:
        assert probability[mask].max() == pytest.approx(1)
        assert probability[mask].min() < 0.3
    assert not probability[~np.any(masks, axis=0)].any()


def test_one_candidate_of_each_nucleus_survives(masks, predicted):
    every, kept, points = suppress(*predicted)
    assert len(every) == (predicted[0] > PROB_THRESH).sum()
    assert len(kept) == 2
    assert [sum(mask[tuple(point)] for point in points) for mask in masks] == [1, 1]


def test_the_page_quotes_the_numbers_of_the_figure(masks, predicted):
    every, kept, _ = suppress(*predicted)
    assert QUOTED["pixels"] == np.any(masks, axis=0).sum()
    assert (QUOTED["candidates"], QUOTED["kept"]) == (len(every), len(kept))


@pytest.mark.parametrize("nms_thresh", [0.3, 0.9, 0.99])
def test_a_small_polygon_inside_a_large_one_is_dropped_at_any_threshold(nms_thresh):
    # IoU 0.25, yet overlap 1: the page says that the smaller area counts.
    assert survivors([10, 5], shift=0, nms_thresh=nms_thresh) == 1


def test_the_overlap_of_nms_is_a_share_of_the_area_and_not_an_iou():
    # Two equal discs, centres 8 apart: they share 0.505 of one disc; their IoU is only 0.337.
    assert survivors([10, 10], shift=8, nms_thresh=0.42) == 1
    assert survivors([10, 10], shift=8, nms_thresh=0.55) == 2


def example_mask(name, resolution=10):
    """A square of the worked example as a fine mask."""
    radius, row, column = EXAMPLE[name]
    rows, columns = (np.indices((800, 800)) + 0.5) / resolution
    return np.abs(rows - row) + np.abs(columns - column) < radius


@pytest.mark.parametrize(
    ("name", "shared", "smaller"), [("B", 160, 200), ("C", 60, 200), ("D", 32, 32)]
)
def test_the_areas_of_the_worked_example(name, shared, smaller):
    first, other = example_mask("A"), example_mask(name)
    area = np.array([first.sum(), other.sum(), (first & other).sum()]) / 100
    assert area[:2].min() == pytest.approx(smaller, abs=2)
    assert area[2] == pytest.approx(shared, abs=2)
