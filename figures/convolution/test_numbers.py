import json

import numpy as np
import pytest

from bioimage_course import data
from figures.convolution import compute as convolution_pixels
from figures.convolution import draw as convolution

ROOT = convolution_pixels._style.DOCS.parent


def read(*path):
    return json.loads(ROOT.joinpath(*path).read_text(encoding="utf-8"))


def test_what_the_page_loads_is_what_the_script_writes():
    assert read("docs", "javascripts", "figures", "convolution.json") == convolution_pixels.figure()


def test_the_fixture_of_the_javascript_tests_is_what_scipy_says_now():
    stored, now = read("tests", "js", "fixtures", "convolution.json"), convolution_pixels.fixture()
    assert stored["start"] == now["start"] and len(stored["cases"]) == len(now["cases"])
    for old, new in zip(stored["cases"], now["cases"], strict=True):
        np.testing.assert_allclose(old.pop("result"), new.pop("result"), atol=1e-3)
        assert old == new


def test_it_starts_at_the_worked_example_of_the_chapter():
    numbers = read("docs", "data", "convolution.json")
    shown = convolution_pixels.figure()
    row, column = shown["start"]
    assert (shown["top"] + row, shown["left"] + column) == (numbers["row"], numbers["column"])
    window = np.array(shown["pixels"])[row - 1 : row + 2, column - 1 : column + 2]
    assert window.ravel().tolist() == list(numbers["window"].values())
    first, blur = shown["kernels"][0], shown["kernels"][2]
    assert window.ravel() @ first["weights"] == numbers["result"]
    np.testing.assert_allclose(np.reshape(blur["weights"], (3, 3)) / 9, convolution.BLUR)
    assert window.mean() == pytest.approx(numbers["blurred"], abs=1e-3)


def test_the_crop_holds_the_whole_nucleus_and_the_neighbours_of_the_start():
    image, truth = data.nuclei()
    shown = convolution_pixels.figure()
    side = convolution_pixels.SIDE
    rows, columns = (slice(shown[at], shown[at] + side) for at in ("top", "left"))
    np.testing.assert_array_equal(shown["pixels"], image[rows, columns])
    nucleus = truth[rows, columns][side // 2, side // 2]
    assert nucleus and (truth[rows, columns] == nucleus).sum() == (truth == nucleus).sum()
    assert all(2 <= at < side - 2 for at in shown["start"])


@pytest.mark.parametrize("at", [(0, 0), (511, 511), (0, 511), (300, 2)])
def test_a_crop_at_the_border_stays_inside_the_image(at):
    image, truth = data.nuclei()
    pixels, top, left = convolution_pixels.crop(image, truth, *at)
    assert pixels.shape == (convolution_pixels.SIDE,) * 2
    assert top >= 0 and left >= 0
