import numpy as np
import pytest

from bioimage_course import data
from figures._shared.stored import read
from figures.learning import compute as neuron_walks
from figures.neuron import draw as neuron

#: What the page quotes, what the figure holds, and the chapter's own neuron.
QUOTED, SHOWN, CHAPTER = read("learning"), read("learning", "page.json"), read("neuron")


def test_the_slopes_are_those_of_small_differences():
    x, y, counts, _, _ = neuron.compute()
    for place in ((20.0, 0.0), (5.0, -12.0), (40.0, -7.0)):
        slope = neuron_walks.gradient(x, y, counts, *place)
        for axis, h in ((0, 1e-4), (1, 1e-5)):
            step = np.eye(2)[axis] * h
            up, down = (neuron.loss(x, y, *(place + s * step), counts) for s in (1, -1))
            assert slope[axis] == pytest.approx((up - down) / (2 * h), rel=1e-4, abs=1e-8)


def test_the_walks_are_the_chapters():
    assert QUOTED["start"] == pytest.approx(CHAPTER["loss_first"], rel=1e-5)
    assert QUOTED["fitting"]["step1"] == pytest.approx(CHAPTER["loss_second"], rel=1e-5)
    assert QUOTED["fitting"]["last"] == pytest.approx(CHAPTER["loss_last"], rel=1e-5)
    for name, rates in CHAPTER["rates"].items():
        for key, loss in (("step1", "loss_first"), ("last", "loss_last")):
            assert QUOTED[name][key] == pytest.approx(rates[loss], rel=1e-4)


def test_the_page_tells_the_rates_apart_as_they_are():
    start = QUOTED["start"]
    assert QUOTED["small"]["last"] > 3 * QUOTED["fitting"]["last"]  # creeps
    assert QUOTED["wide"]["step1"] > start  # lands higher than it began …
    assert QUOTED["wide"]["bias"] < -8  # … on the other side of the valley
    assert QUOTED["large"]["step1"] > 5 * start
    assert QUOTED["large"]["bias"] < -50
    assert QUOTED["both"]["loss"] < QUOTED["fitting"]["last"]


def test_the_figure_holds_every_pixel_and_the_four_of_the_table():
    image, truth = data.nuclei()
    assert sum(SHOWN["background"]) == (truth == 0).sum()
    assert sum(SHOWN["nucleus"]) == (truth > 0).sum()
    assert np.average(SHOWN["grey"], weights=SHOWN["nucleus"]) == pytest.approx(
        image[truth > 0].mean()
    )
    table = CHAPTER["step"]["pixels"].values()
    assert SHOWN["four"] == [[pixel["grey"], pixel["truth"]] for pixel in table]
