"""The neuron of the chapter on learning: its steps, and what the page says about them."""

import numpy as np
import pytest

from bioimage_course import data
from figures._shared.stored import read
from figures.neuron import draw as neuron

#: What the page quotes.
QUOTED = read("neuron")
STEP = QUOTED["step"]


def test_gradient_step_agrees_with_the_slope_of_the_loss():
    x = np.array([pixel["brightness"] for pixel in STEP["pixels"].values()])
    y = np.array([pixel["truth"] for pixel in STEP["pixels"].values()])
    slope = (neuron.loss(x, y, 20, 1e-5) - neuron.loss(x, y, 20, -1e-5)) / 2e-5
    assert STEP["gradient"] == pytest.approx(slope, rel=1e-4)
    assert STEP["bias"] == pytest.approx(-neuron.LEARNING_RATE * slope, rel=1e-4)
    assert STEP["loss_after"] < STEP["loss_before"]


def test_the_four_pixels_are_what_the_image_and_the_annotation_say():
    image, truth = data.nuclei()
    for pixel in STEP["pixels"].values():
        assert image[pixel["row"], pixel["column"]] == pixel["grey"]
        assert int(truth[pixel["row"], pixel["column"]] > 0) == pixel["truth"]


def test_trained_neuron_is_at_the_bottom_of_the_valley():
    x, y, counts, visited, _ = neuron.compute()
    assert counts.sum() == 512 * 512
    assert visited[-1] == pytest.approx(QUOTED["bias_last"], rel=1e-4)
    around = [neuron.loss(x, y, neuron.WEIGHT, visited[-1] + d, counts) for d in (-0.1, 0, 0.1)]
    assert around[1] < around[0] and around[1] < around[2]


def test_two_free_parameters_end_nearly_at_otsus_threshold():
    assert abs(QUOTED["grey_both"] - QUOTED["otsu"]) < 1


def test_a_small_learning_rate_creeps_and_a_large_one_overshoots():
    small, large = QUOTED["rates"]["small"], QUOTED["rates"]["large"]
    assert QUOTED["loss_last"] < small["loss_last"] < small["loss_first"] < QUOTED["loss_first"]
    assert large["loss_first"] > 2 * QUOTED["loss_first"] < 2 * large["loss_last"]


def test_factors_of_the_chain_rule_are_slopes_and_multiply_to_the_error():
    chain, pixel = QUOTED["chain"], STEP["pixels"]["p1"]
    x, y = np.array([pixel["brightness"]]), np.array([pixel["truth"]])
    of_bias = (neuron.loss(x, y, 20, 1e-5) - neuron.loss(x, y, 20, -1e-5)) / 2e-5
    of_weight = (neuron.loss(x, y, 20 + 1e-4, 0) - neuron.loss(x, y, 20 - 1e-4, 0)) / 2e-4
    assert chain["of_p"] * chain["of_z"] == pytest.approx(pixel["error"], rel=1e-4)
    assert chain["of_bias"] == pytest.approx(of_bias, rel=1e-4)
    assert chain["of_weight"] == pytest.approx(of_weight, rel=1e-4)
