"""The numbers of the concept chapters: each against another way to the same result."""

import json

import numpy as np
import pytest
from scipy import ndimage

from _style import DOCS, plain
from bioimage_course import data


def published(name):
    """What the pages quote."""
    return json.loads((DOCS / "data" / f"{name}.json").read_text(encoding="utf-8"))


def same(found, expected):
    """Nested numbers agree to four digits."""
    if isinstance(expected, dict):
        assert found.keys() == expected.keys()
        for key in expected:
            same(found[key], expected[key])
    else:
        assert found == pytest.approx(expected, rel=1e-4)


# Convolution


@pytest.mark.parametrize("kernel", ["EDGE", "BLUR"])
def test_convolution_by_hand_agrees_with_scipy(kernel):
    import convolution

    crop, _, _ = convolution.compute()
    kernel = getattr(convolution, kernel)
    expected = ndimage.correlate(crop, kernel)[1:-1, 1:-1]
    np.testing.assert_allclose(convolution.convolve(crop, kernel), expected)


def test_scipys_convolve_flips_the_kernel_and_correlate_does_not():
    import convolution

    crop, _, _ = convolution.compute()
    by_hand = convolution.convolve(crop, convolution.EDGE)
    flipped = ndimage.convolve(crop, convolution.EDGE[::-1, ::-1])[1:-1, 1:-1]
    np.testing.assert_allclose(by_hand, flipped)
    assert not np.allclose(by_hand, ndimage.convolve(crop, convolution.EDGE)[1:-1, 1:-1])


def test_written_out_sum_is_scipys_value_at_that_pixel():
    numbers = published("convolution")
    image, _ = data.nuclei()
    at = numbers["row"], numbers["column"]
    expected = ndimage.sobel(image.astype(float), axis=1)[at]
    assert numbers["result"] == numbers["right"] - numbers["left"] == expected
    assert numbers["blurred"] == pytest.approx(
        ndimage.uniform_filter(image.astype(float), 3)[at], rel=1e-5
    )


def test_max_pool_keeps_the_largest_of_each_block():
    from convolution import max_pool

    assert max_pool(np.arange(16).reshape(4, 4)).tolist() == [[5, 7], [13, 15]]


# One neuron


def test_gradient_step_agrees_with_the_slope_of_the_loss():
    import neuron

    step = published("neuron")["step"]
    x = np.array([pixel["brightness"] for pixel in step["pixels"].values()])
    y = np.array([pixel["truth"] for pixel in step["pixels"].values()])
    slope = (neuron.loss(x, y, 20, 1e-5) - neuron.loss(x, y, 20, -1e-5)) / 2e-5
    assert step["gradient"] == pytest.approx(slope, rel=1e-4)
    assert step["bias"] == pytest.approx(-neuron.LEARNING_RATE * slope, rel=1e-4)
    assert step["loss_after"] < step["loss_before"]


def test_the_four_pixels_are_what_the_image_and_the_annotation_say():
    image, truth = data.nuclei()
    for pixel in published("neuron")["step"]["pixels"].values():
        assert image[pixel["row"], pixel["column"]] == pixel["grey"]
        assert int(truth[pixel["row"], pixel["column"]] > 0) == pixel["truth"]


def test_trained_neuron_is_at_the_bottom_of_the_valley():
    import neuron

    x, y, counts, visited, numbers = neuron.compute()
    at = [neuron.loss(x, y, neuron.WEIGHT, visited[-1] + d, counts) for d in (-0.1, 0, 0.1)]
    assert at[1] < at[0] and at[1] < at[2]
    assert counts.sum() == 512 * 512
    assert abs(numbers["grey_both"] - numbers["otsu"]) < 1  # as the page says: nearly Otsu's
    same(plain(numbers), published("neuron"))


# Overfitting


def test_backpropagation_agrees_with_the_slope_of_the_loss():
    import overfitting as net

    rng = np.random.default_rng(0)
    windows, truth = rng.random((20, net.SIDE**2)), rng.integers(0, 2, 20).astype(float)
    _, start = net.train(windows, truth, (windows, truth), num_epochs=0)
    for gradient, parameter in zip(net.gradients(start, windows, truth), start, strict=True):
        for index in rng.integers(0, parameter.shape, (5, parameter.ndim)):
            at, kept, losses = tuple(index), parameter[tuple(index)], []
            for step in (1e-5, -1e-5):
                parameter[at] = kept + step
                losses.append(net.loss(net.forward(start, windows)[1], truth))
            parameter[at] = kept
            assert gradient[at] == pytest.approx((losses[0] - losses[1]) / 2e-5, abs=1e-8)


def test_few_pixels_are_learned_by_heart_and_many_are_not():
    few, many = (published("overfitting")[name] for name in ("few", "many"))
    assert few["training"] < 0.01 < few["best"] < few["validation"]
    assert few["validation"] > 1.2 * few["best"]
    assert many["validation"] < few["best"]


def test_overfitting_is_the_same_in_every_run():
    import overfitting

    first, _ = overfitting.compute(num_epochs=5)
    second, _ = overfitting.compute(num_epochs=5)
    for name in first:
        np.testing.assert_array_equal(first[name], second[name])


def test_training_and_validation_pixels_come_from_different_halves():
    import overfitting as net

    column = np.tile(np.arange(512.0), (512, 1))
    left, _ = net.sample(column, column > 0, slice(0, 256), 500, seed=0)
    right, _ = net.sample(column, column > 0, slice(256, 512), 500, seed=1)
    assert left.max() < 256 <= right.min()


# U-Net and receptive field


@pytest.fixture(scope="module")
def network():
    from stardist.models import Config2D, StarDist2D

    return StarDist2D(Config2D(n_rays=32, grid=(2, 2), n_channel_in=1), basedir=None)


def test_shapes_in_the_drawing_are_those_of_a_prediction(network):
    layers = published("unet")["layers"]
    probability, distances = network.keras_model.predict(np.zeros((1, 512, 512, 1)), verbose=0)
    for output, name in ((probability, "prob"), (distances, "dist")):
        assert output.shape[1:] == (layers[name]["side"],) * 2 + (layers[name]["channels"],)
    assert published("unet")["parameters"] == network.keras_model.count_params()


def test_receptive_field_is_what_stardist_measures(network):
    import receptive_field

    side = receptive_field.sides()[-1]
    assert side == published("receptive_field")["sides"]["s5"]
    # StarDist spreads a single bright pixel through random weights, so it may lose the faintest.
    assert max(network._axes_tile_overlap("YX")) == pytest.approx(side / 2, abs=2)


def test_parameters_counted_by_hand_are_those_of_the_first_two_layers(network):
    convolutions = [layer for layer in network.keras_model.layers if "conv2d" in layer.name]
    assert [layer.count_params() for layer in convolutions] == [320, 9248]


# Touching nuclei


def test_even_the_perfect_mask_merges_nuclei():
    numbers = published("touching")
    _, truth = data.nuclei()
    objects = ndimage.label(truth > 0, np.ones((3, 3)))[1]
    assert numbers["perfect_mask_objects"] == objects < numbers["annotated"] == truth.max()
    assert numbers["lost_by_perfect_mask"] == truth.max() - objects


def test_threshold_merges_the_touching_nuclei_and_is_right_where_they_keep_apart():
    import touching

    *_, numbers = touching.compute()
    same(plain(numbers), published("touching"))
    assert (numbers["crop_annotated"], numbers["crop_threshold"]) == (2, 1)
    assert numbers["easy_annotated"] == numbers["easy_threshold"] >= 2
