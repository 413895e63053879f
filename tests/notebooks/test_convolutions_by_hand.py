"""What the notebook counts by hand is what libraries say, and its exercises name the mistake."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import nn

from bioimage_course import data
from tests.notebooks.lessons import code_cells, run_ids

STEM = "03_convolutions_by_hand"
NUMBERS = json.loads((Path(__file__).parents[2] / "figures/convolution/data.json").read_text())


@pytest.fixture(scope="module")
def by_hand():
    """Return what exists after the cells that compute a convolution by hand."""
    ids = "imports", "load-image", "by-hand-run", "function-run", "function-check"
    return run_ids(STEM, *ids)


@pytest.fixture(scope="module")
def network():
    """Return what exists when the network is made, but has learned nothing."""
    return run_ids(STEM, "imports", "network-run", "network-layers", "field-run")


# --- By hand ------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(3, 3), (1, 1), (5, 3), (2, 4)])
def test_six_lines_agree_with_pytorch_for_any_kernel(by_hand, shape):
    rng = np.random.default_rng(1)
    image, kernel = rng.normal(size=(9, 12)), rng.normal(size=shape)
    theirs = torch.nn.functional.conv2d(
        torch.tensor(image)[None, None], torch.tensor(kernel)[None, None]
    )
    np.testing.assert_allclose(by_hand["convolve"](image, kernel), theirs[0, 0])


def test_six_lines_agree_with_scipy_away_from_the_border(by_hand):
    kernel = np.arange(9).reshape(3, 3)
    ours = by_hand["convolve"](by_hand["crop"], kernel)
    np.testing.assert_allclose(ours, ndimage.correlate(by_hand["crop"], kernel)[1:-1, 1:-1])
    assert not np.allclose(ours, ndimage.convolve(by_hand["crop"], kernel)[1:-1, 1:-1])


def test_the_worked_pixels_are_those_of_the_chapter(by_hand):
    top, first = (window.start for window in data.TOUCHING)
    row, column = NUMBERS["row"] - top, NUMBERS["column"] - first
    window = [NUMBERS["window"][f"r{y}c{x}"] for y in range(3) for x in range(3)]
    assert by_hand["nine"].ravel().tolist() == window
    assert by_hand["edges"][row - 1, column - 1] == NUMBERS["result"]
    assert by_hand["products"][:, 2].sum() == NUMBERS["right"]
    assert by_hand["products"][:, 0].sum() == -NUMBERS["left"]


# --- The network --------------------------------------------------------------------------------


def test_the_network_has_about_ten_thousand_parameters(network):
    assert network["total"] == sum(p.numel() for p in network["network"].parameters())
    assert 9_000 < network["total"] < 11_000


def test_one_answer_depends_on_exactly_the_patch(network):
    answer = network["network"](torch.zeros(1, 1, 18, 18))
    assert answer.shape == (1, 1, 1, 1)
    assert np.count_nonzero(network["measured"]) == 18 * 18


@pytest.mark.parametrize(
    ("layers", "side"),
    [
        ([nn.Conv2d(1, 2, 3)], 3),
        ([nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Conv2d(2, 2, 3)], 5),
        ([nn.Conv2d(1, 2, 3), nn.MaxPool2d(2), nn.Conv2d(2, 2, 3)], 8),
    ],
    ids=["one", "two", "pooling between"],
)
def test_the_measured_field_is_the_counted_one(network, layers, side):
    torch.manual_seed(0)
    influence = network["influence"](nn.Sequential(*layers), size=24)
    assert np.count_nonzero(influence.sum(axis=0)) == side
    assert np.count_nonzero(influence.sum(axis=1)) == side


def test_training_and_held_out_patches_share_no_pixel_and_are_balanced():
    image, truth = data.nuclei()
    ids = "imports", "patches-choose", "patches-cut"
    lesson = run_ids(STEM, *ids, image=image.astype(float), truth=truth)
    for middles, columns in (("train_middles", "training"), ("held_middles", "held_out")):
        x = lesson[middles][:, 1]
        assert lesson[columns].start <= x.min() - 9
        assert x.max() + 9 <= lesson[columns].stop
        assert np.mean(truth[tuple(lesson[middles].T)] > 0) == 0.5
    assert lesson["training"].stop <= lesson["held_out"].start
    y, x = lesson["train_middles"][0]
    assert lesson["train_patches"][0, 0, 9, 9] == lesson["normalized"][y, x]


def test_the_network_learns_before_anything_imports_tensorflow():
    cells = code_cells(STEM)
    source = "\n".join(cell.source for cell in cells)
    assert "tensorflow" not in source
    assert "stardist.models" not in source


# --- Exercises ----------------------------------------------------------------------------------

EDGE = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])


@pytest.fixture(scope="module")
def checks():
    """Return the checks of the exercises."""
    ids = [f"exercise-{name}-check" for name in ("kernel", "field", "parameters")]
    return run_ids(STEM, "imports", *ids)


@pytest.mark.parametrize(
    ("kernel", "hint"),
    [
        (EDGE, "Blind to lower rims"),
        (-EDGE, "Blind to lower rims"),
        (EDGE.T, "finds upper rims"),
        ([[1, 2, 1], [0, 0, 0], [0, 0, 0]], "add up to 4"),
        (np.full((3, 3), 1 / 9), "add up to 1"),
        ([[0, 1, 2], [-1, 0, 1], [-2, -1, 0]], "left or right rims too"),
        ([[0, -1, 0], [-1, 4, -1], [0, -1, 0]], "left or right rims too"),
        ([1, 0, -1], "three rows"),
        (np.zeros((3, 3)), "Blind"),
        ([[-1, -1, -1], [2, 2, 2], [-1, -1, -1]], "both signs"),
    ],
    ids=[
        "left rims", "right rims", "upper rims", "only plus", "blur",
        "diagonal", "all rims", "a row", "zeros", "lines",
    ],
)  # fmt: skip
def test_the_kernel_hint_names_the_mistake(checks, kernel, hint):
    with pytest.raises(AssertionError, match=hint):
        checks["check_kernel"](kernel)


@pytest.mark.parametrize(
    "kernel",
    [
        -EDGE.T,
        EDGE.T[::-1],
        [[1, 1, 1], [0, 0, 0], [-1, -1, -1]],
        [[0, 1, 0], [0, 0, 0], [0, -1, 0]],
        [[0, 0, 0], [0, 0.5, 0], [0, -0.5, 0]],
    ],
    ids=["turned signs", "turned rows", "even weights", "two pixels", "half weights"],
)
def test_any_kernel_for_lower_rims_is_right(checks, kernel):
    checks["check_kernel"](kernel)


@pytest.mark.parametrize(
    ("side", "hint"),
    [
        (9, "without pooling"),
        (11, "double the steps"),
        (18, "doubles again"),
        (20, "what a later layer adds"),
        (23, "pooling sees too"),
        (5, "make a table"),
    ],
)
def test_the_field_hint_names_the_mistake(checks, side, hint):
    with pytest.raises(AssertionError, match=hint):
        checks["check_field"](side)


def test_the_counted_and_the_measured_field_are_right(checks, network):
    torch.manual_seed(0)
    solved = run_ids(STEM, "solution-field", **{**network, **checks})
    assert solved["counted"] == solved["side_measured"] == 26
    checks["check_field"](26.0)


@pytest.mark.parametrize(
    ("number", "hint"),
    [
        (576, "through all 32 maps"),
        (640, "through all 32 maps"),
        (18_432, "the biases"),
        (18_464, "comes out"),
        (18_433, "One bias is too few"),
        (6_208, "nine weights"),
        (18_496 * 64 * 64, "size of the image does not count"),
        (7, "weights of one kernel"),
    ],
)
def test_the_parameters_hint_names_the_mistake(checks, number, hint):
    with pytest.raises(AssertionError, match=hint):
        checks["check_parameters"](number)


def test_the_right_number_of_parameters_is_pytorchs(checks):
    checks["check_parameters"](sum(p.numel() for p in nn.Conv2d(32, 64, 3).parameters()))
    checks["check_parameters"](3 * 3 * 32 * 64 + 64)
