"""Wrong answers get the hint that names the mistake; the made volumes are sound."""

import numpy as np
import pytest
from scipy import ndimage

from tests.notebooks.lessons import run_ids

STEM = "11_nuclei_in_3d"


@pytest.fixture(scope="module")
def lesson():
    """What the notebook defines up to its exercises, without networks."""
    return run_ids(
        STEM, "imports", "imports-course", "load", "anisotropy-run", "make-volume",
        "exercise-voxel-check", "exercise-um-code", "exercise-um-check", "exercise-sections-check",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("anisotropy", "diameter", "hint"),
    [
        (1, 32, "as thick as a pixel"),
        (0.25, 32, "Upside down"),
        (2, 32, "Divide the z step"),
        (4, 8, "in µm"),
        (4, 2, "Multiplied"),
        (4, 30, "How many pixels"),
    ],
)
def test_a_wrong_call_of_cellpose_is_named(lesson, anisotropy, diameter, hint):
    with pytest.raises(AssertionError, match=hint):
        lesson["check_call"](anisotropy, diameter)


def test_the_right_call_is_accepted_as_whole_and_as_real_numbers(lesson):
    lesson["check_call"](4, 32)
    lesson["check_call"](4.0, 32.0)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda voxels: np.median(voxels), "These are voxels"),
        (lambda voxels: np.median(voxels) * 0.5, "counts twice"),
        (lambda voxels: np.median(voxels) * 0.5**3, "z step is 1 µm"),
        (lambda voxels: np.mean(voxels) * 0.25, "the mean"),
        (lambda voxels: np.max(voxels) * 0.25, "Voxels ×"),
    ],
)
def test_a_wrong_volume_is_named(lesson, answer, hint):
    with pytest.raises(AssertionError, match=hint):
        lesson["check_volume"](answer(lesson["voxels"]))


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda counts, truth: 1.0, "More than once"),
        (lambda counts, truth: sum(counts), "That is the sum"),
        (lambda counts, truth: (sum(counts) + len(truth)) / truth.max(), "the background"),
        (lambda counts, truth: len(truth), "through all sections"),
        (lambda counts, truth: np.mean(counts) / truth.max(), "mean section"),
        (lambda counts, truth: 3.3, "count the numbers above 0"),
    ],
)
def test_a_wrong_factor_is_named(lesson, answer, hint):
    truth = lesson["truth"]
    counts = [np.unique(part[part > 0]).size for part in truth]
    with pytest.raises(AssertionError, match=hint):
        lesson["check_factor"](answer(counts, truth))


def test_solutions_pass_their_checks(lesson):
    truth = lesson["truth"]
    lesson["check_volume"](np.median(np.bincount(truth.ravel())[1:]) * 0.25)
    lesson["check_factor"](sum(np.unique(part[part > 0]).size for part in truth) / truth.max())


def test_a_made_volume_holds_whole_balls_that_are_flat_along_z(lesson):
    image, labels = lesson["make_volume"](np.random.default_rng(1))
    assert image.shape == labels.shape == (32, 64, 64) and image.dtype == np.float32
    assert np.array_equal(np.unique(labels), np.arange(labels.max() + 1))
    assert labels.max() > 30
    heights, widths = [], []
    for number, (z, y, x) in enumerate(ndimage.find_objects(labels), start=1):
        if min(z.start, y.start, x.start) > 0 and z.stop < 32 and max(y.stop, x.stop) < 64:
            heights.append(z.stop - z.start)
            widths.append((y.stop - y.start + x.stop - x.start) / 2)
        assert ndimage.label(labels == number)[1] <= 2  # another ball may cut off a corner
    assert 1.6 < np.median(widths) / np.median(heights) < 2.4
    assert image[labels > 0].mean() > image[labels == 0].mean() + 0.2


def test_the_same_seed_makes_the_same_volume(lesson):
    first, second = (lesson["make_volume"](np.random.default_rng(5)) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
