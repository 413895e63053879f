import json

import numpy as np
import pytest

from bioimage_course import data
from figures._shared.files import plain
from figures.learning import compute as neuron_walks
from figures.neuron import draw as neuron


def read(*path):
    return json.loads(DOCS.joinpath(*path).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def numbers():
    return neuron_walks.compute()


def test_what_the_page_loads_and_quotes_is_what_the_script_writes(numbers):
    shown = neuron_walks.figure()
    assert read("javascripts", "figures", "learning.json") == shown
    stored, now = read("data", "neuron_walks.json"), plain(numbers)
    assert stored.keys() == now.keys()
    for name in stored:
        assert stored[name] == pytest.approx(now[name], rel=1e-4)


def test_the_fixture_of_the_javascript_tests_is_what_torch_says_now():
    stored = read("..", "tests", "js", "fixtures", "learning.json")
    now = neuron_walks.fixture()
    assert stored.keys() == now.keys()
    for name, found in stored.items():
        np.testing.assert_allclose(found["slopes"], now[name]["slopes"], rtol=1e-4, atol=1e-9)
        for old, new in zip(found["walks"], now[name]["walks"], strict=True):
            np.testing.assert_allclose(old.pop("visited"), new.pop("visited"), rtol=1e-4)
            assert old == new


def test_the_slopes_are_those_of_small_differences():
    x, y, counts, _, _ = neuron.compute()
    for place in ((20.0, 0.0), (5.0, -12.0), (40.0, -7.0)):
        slope = neuron_walks.gradient(x, y, counts, *place)
        for axis, h in ((0, 1e-4), (1, 1e-5)):
            step = np.eye(2)[axis] * h
            up, down = (neuron.loss(x, y, *(place + s * step), counts) for s in (1, -1))
            assert slope[axis] == pytest.approx((up - down) / (2 * h), rel=1e-4, abs=1e-8)


def test_the_walks_are_the_chapters(numbers):
    chapter = read("data", "neuron.json")
    assert numbers["start"] == pytest.approx(chapter["loss_first"], rel=1e-5)
    assert numbers["fitting"]["step1"] == pytest.approx(chapter["loss_second"], rel=1e-5)
    assert numbers["fitting"]["last"] == pytest.approx(chapter["loss_last"], rel=1e-5)
    for name, rates in chapter["rates"].items():
        for key, loss in (("step1", "loss_first"), ("last", "loss_last")):
            assert numbers[name][key] == pytest.approx(rates[loss], rel=1e-4)


def test_the_page_tells_the_rates_apart_as_they_are(numbers):
    start = numbers["start"]
    assert numbers["small"]["last"] > 3 * numbers["fitting"]["last"]  # creeps
    assert numbers["wide"]["step1"] > start  # lands higher than it began …
    assert numbers["wide"]["bias"] < -8  # … on the other side of the valley
    assert numbers["large"]["step1"] > 5 * start
    assert numbers["large"]["bias"] < -50
    assert numbers["both"]["loss"] < numbers["fitting"]["last"]


def test_the_figure_holds_every_pixel_and_the_four_of_the_table():
    shown, (image, truth) = neuron_walks.figure(), data.nuclei()
    assert sum(shown["background"]) == (truth == 0).sum()
    assert sum(shown["nucleus"]) == (truth > 0).sum()
    assert np.average(shown["grey"], weights=shown["nucleus"]) == pytest.approx(
        image[truth > 0].mean()
    )
    table = read("data", "neuron.json")["step"]["pixels"].values()
    assert shown["four"] == [[pixel["grey"], pixel["truth"]] for pixel in table]
