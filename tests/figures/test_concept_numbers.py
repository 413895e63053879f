"""The numbers of the concept chapters: each against another way to the same result."""

import json
from itertools import pairwise

import numpy as np
import pytest
from scipy import ndimage

from bioimage_course import data
from figures._shared.files import plain


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
    from figures.convolution import draw as convolution

    crop, _, _ = convolution.compute()
    kernel = getattr(convolution, kernel)
    expected = ndimage.correlate(crop, kernel)[1:-1, 1:-1]
    np.testing.assert_allclose(convolution.convolve(crop, kernel), expected)


def test_scipys_convolve_flips_the_kernel_and_correlate_does_not():
    from figures.convolution import draw as convolution

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
    from figures.convolution.draw import max_pool

    assert max_pool(np.arange(16).reshape(4, 4)).tolist() == [[5, 7], [13, 15]]


# One neuron


def test_gradient_step_agrees_with_the_slope_of_the_loss():
    from figures.neuron import draw as neuron

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
    from figures.neuron import draw as neuron

    x, y, counts, visited, numbers = neuron.compute()
    at = [neuron.loss(x, y, neuron.WEIGHT, visited[-1] + d, counts) for d in (-0.1, 0, 0.1)]
    assert at[1] < at[0] and at[1] < at[2]
    assert counts.sum() == 512 * 512
    assert abs(numbers["grey_both"] - numbers["otsu"]) < 1  # as the page says: nearly Otsu's
    same(plain(numbers), published("neuron"))


# Overfitting


def test_backpropagation_agrees_with_the_slope_of_the_loss():
    from figures.overfitting import draw as net

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
    from figures.overfitting import draw as overfitting

    first, _ = overfitting.compute(num_epochs=5)
    second, _ = overfitting.compute(num_epochs=5)
    for name in first:
        np.testing.assert_array_equal(first[name], second[name])


def test_training_and_validation_pixels_come_from_different_halves():
    from figures.overfitting import draw as net

    column = np.tile(np.arange(512.0), (512, 1))
    left, _ = net.sample(column, column > 0, slice(0, 256), 500, seed=0)
    right, _ = net.sample(column, column > 0, slice(256, 512), 500, seed=1)
    assert left.max() < 256 <= right.min()


def test_a_small_learning_rate_creeps_and_a_large_one_overshoots():
    numbers = published("neuron")
    small, large = numbers["rates"]["small"], numbers["rates"]["large"]
    assert numbers["loss_last"] < small["loss_last"] < small["loss_first"] < numbers["loss_first"]
    assert large["loss_first"] > 2 * numbers["loss_first"] < 2 * large["loss_last"]


def test_factors_of_the_chain_rule_are_slopes_and_multiply_to_the_error():
    from figures.neuron import draw as neuron

    numbers = published("neuron")
    chain, pixel = numbers["chain"], numbers["step"]["pixels"]["p1"]
    x, y = np.array([pixel["brightness"]]), np.array([pixel["truth"]])
    of_bias = (neuron.loss(x, y, 20, 1e-5) - neuron.loss(x, y, 20, -1e-5)) / 2e-5
    of_weight = (neuron.loss(x, y, 20 + 1e-4, 0) - neuron.loss(x, y, 20 - 1e-4, 0)) / 2e-4
    assert chain["of_p"] * chain["of_z"] == pytest.approx(pixel["error"], rel=1e-4)
    assert chain["of_bias"] == pytest.approx(of_bias, rel=1e-4)
    assert chain["of_weight"] == pytest.approx(of_weight, rel=1e-4)


# U-Net and receptive field: for the course's network, and for others it may be replaced by


def untrained(**settings):
    from stardist.models import Config2D, StarDist2D

    return StarDist2D(Config2D(n_channel_in=1, **settings), basedir=None)


NETWORKS = {
    "StarDist's default": {},
    "depth 3, grid 2": {"grid": (2, 2), "unet_batch_norm": True},
    "depth 4, grid 2": {"grid": (2, 2), "unet_n_depth": 4, "unet_n_filter_base": 22,
                        "unet_batch_norm": True},
}  # fmt: skip


@pytest.fixture(scope="module", params=["the course's", *NETWORKS])
def network(request):
    from figures._shared.course_network import course_network

    if request.param not in NETWORKS:
        return course_network()
    return untrained(**NETWORKS[request.param])


def test_shapes_are_those_of_a_prediction(network):
    from figures.unet import draw as unet

    numbers = unet.compute(network)
    layers = numbers["layers"]
    image = np.zeros((1, unet.SIZE, unet.SIZE, 1), "float32")
    for output, name in zip(
        network.keras_model.predict(image, verbose=0), ("prob", "dist"), strict=True
    ):
        assert output.shape[1:] == (layers[name]["side"],) * 2 + (layers[name]["channels"],)
    assert numbers["bottom"]["side"] * numbers["divisor"] == unet.SIZE
    assert set(network._axes_div_by("YX")) == {numbers["divisor"]}
    deepest = numbers["deepest"]
    assert deepest["joined"] == deepest["below"] + deepest["left"]


def test_every_layer_of_the_u_has_a_place_of_its_own_in_the_drawing(network):
    from figures.unet import draw as unet

    found, down, up = unet.shapes(network)
    places, columns = unet.layout(down, up)
    drawn = {name for name in found if not name.startswith("joined")} - {"prob", "dist"}
    assert places.keys() == drawn
    assert len(set(places.values())) == len(places)
    assert columns * 34 < 560 - unet.LEFT  # wide enough for three digits
    for names in up:  # skip connections run within a row, between maps of one size
        row = places[names[0]][1]
        assert found[names[0]][0] == found[down[row][-1]][0]


def test_receptive_field_is_how_far_one_bright_pixel_spreads_through_the_network(network):
    from figures._shared.course_network import stages
    from figures.receptive_field import draw as receptive_field

    config = network.config
    model = untrained(grid=config.grid, unet_n_depth=config.unet_n_depth, unet_n_filter_base=2,
                      net_conv_after_unet=2).keras_model  # fmt: skip
    for layer in model.layers:  # positive weights everywhere: no path from pixel to output is lost
        if type(layer).__name__ == "Conv2D":
            weights, biases = layer.get_weights()
            layer.set_weights(
                [np.full_like(weights, 1 / np.prod(weights.shape[:3])), np.zeros_like(biases)]
            )
    reached = []
    for place in (256, 263):  # how many outputs a pixel reaches depends on where it lies
        image = np.zeros((1, 512, 512, 1), "float32")
        image[0, place, place] = 1
        _, distances = model.predict(image, verbose=0)
        reached.append(np.count_nonzero(distances[0, ..., 0].max(axis=1) > 0) * config.grid[0])
    assert receptive_field.sides(stages(config))[-1] == pytest.approx(min(reached), abs=2)


def test_published_numbers_are_those_of_the_course_network():
    from figures._shared.course_network import course_network
    from figures.receptive_field import draw as receptive_field
    from figures.unet import draw as unet

    model = course_network()
    assert plain(unet.compute(model)) == published("unet")
    *_, numbers = receptive_field.compute(model.config)
    assert plain(numbers) == published("receptive_field")


def test_receptive_field_by_table_agrees_with_following_the_pixels():
    from figures.receptive_field.draw import sides

    assert sides(("cc", "pcc", "pcc")) == [5, 14, 32]  # the table on the page


def test_the_median_nucleus_fits_into_the_third_square_only():
    numbers = published("receptive_field")
    seen = list(numbers["sides"].values())
    assert seen[1] < numbers["median_diameter"] < seen[2] == numbers["first_whole"]
    assert all(1.3 < wider / side < 3 for side, wider in pairwise(seen))


def test_parameters_counted_by_hand_are_those_of_stardists_first_two_layers():
    model = untrained().keras_model
    first = [layer for layer in model.layers if type(layer).__name__ == "Conv2D"][:2]
    assert [layer.count_params() for layer in first] == [320, 9248]


# Touching nuclei


def test_even_the_perfect_mask_merges_nuclei():
    numbers = published("touching")
    _, truth = data.nuclei()
    objects = ndimage.label(truth > 0, np.ones((3, 3)))[1]
    assert numbers["perfect_mask_objects"] == objects < numbers["annotated"] == truth.max()
    assert numbers["lost_by_perfect_mask"] == truth.max() - objects


def test_threshold_merges_the_touching_nuclei_and_is_right_where_they_keep_apart():
    from figures.touching import draw as touching

    *_, numbers = touching.compute()
    same(plain(numbers), published("touching"))
    assert (numbers["crop_annotated"], numbers["crop_threshold"]) == (2, 1)
    assert numbers["easy_annotated"] == numbers["easy_threshold"] >= 2
