"""A kernel on real pixels: SciPy's sum, the chapter's, and what the figure in the page gets."""

import numpy as np
import pytest
from scipy import ndimage

from bioimage_course import data
from figures._shared.stored import read
from figures.convolution import compute as convolution

#: What the chapter quotes, and what the figure in the page holds.
QUOTED, SHOWN = read("convolution"), read("convolution", "page.json")


@pytest.fixture
def pixels():
    return data.nuclei()[0][data.TOUCHING].astype(float)


@pytest.mark.parametrize("kernel", [convolution.EDGE, convolution.BLUR], ids=["edge", "blur"])
def test_convolution_by_hand_agrees_with_scipy(kernel, pixels):
    expected = ndimage.correlate(pixels, kernel)[1:-1, 1:-1]
    np.testing.assert_allclose(convolution.convolve(pixels, kernel), expected)


def test_scipys_convolve_flips_the_kernel_and_correlate_does_not(pixels):
    kernel = convolution.EDGE
    by_hand = convolution.convolve(pixels, kernel)
    flipped = ndimage.convolve(pixels, kernel[::-1, ::-1])[1:-1, 1:-1]
    np.testing.assert_allclose(by_hand, flipped)
    assert not np.allclose(by_hand, ndimage.convolve(pixels, kernel)[1:-1, 1:-1])


def test_written_out_sum_is_scipys_value_at_that_pixel():
    image = data.nuclei()[0].astype(float)
    at = QUOTED["row"], QUOTED["column"]
    assert QUOTED["result"] == QUOTED["right"] - QUOTED["left"] == ndimage.sobel(image, axis=1)[at]
    assert QUOTED["blurred"] == pytest.approx(ndimage.uniform_filter(image, 3)[at], rel=1e-5)


def test_max_pool_keeps_the_largest_of_each_block():
    assert convolution.max_pool(np.arange(16).reshape(4, 4)).tolist() == [[5, 7], [13, 15]]


def test_the_figure_starts_at_the_worked_example_of_the_chapter():
    row, column = SHOWN["start"]
    assert (SHOWN["top"] + row, SHOWN["left"] + column) == (QUOTED["row"], QUOTED["column"])
    window = np.array(SHOWN["pixels"])[row - 1 : row + 2, column - 1 : column + 2]
    assert window.ravel().tolist() == list(QUOTED["window"].values())
    first, blur = SHOWN["kernels"][0], SHOWN["kernels"][2]
    assert window.ravel() @ first["weights"] == QUOTED["result"]
    np.testing.assert_allclose(np.reshape(blur["weights"], (3, 3)) / 9, convolution.BLUR)
    assert window.mean() == pytest.approx(QUOTED["blurred"], abs=1e-3)


def test_the_crop_holds_the_whole_nucleus_and_the_neighbours_of_the_start():
    image, truth = data.nuclei()
    side = convolution.SIDE
    rows, columns = (slice(SHOWN[at], SHOWN[at] + side) for at in ("top", "left"))
    np.testing.assert_array_equal(SHOWN["pixels"], image[rows, columns])
    nucleus = truth[rows, columns][side // 2, side // 2]
    assert nucleus and (truth[rows, columns] == nucleus).sum() == (truth == nucleus).sum()
    assert all(2 <= at < side - 2 for at in SHOWN["start"])


@pytest.mark.parametrize("at", [(0, 0), (511, 511), (0, 511), (300, 2)])
def test_a_crop_at_the_border_stays_inside_the_image(at):
    pixels, top, left = convolution.crop(*data.nuclei(), *at)
    assert pixels.shape == (convolution.SIDE,) * 2
    assert top >= 0 and left >= 0
