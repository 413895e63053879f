"""How far one output sees: for the course's network, and for others that may replace it."""

from itertools import pairwise

import numpy as np
import pytest
from stardist.models import Config2D, StarDist2D

from figures._shared.course_network import course_network, stages
from figures._shared.stored import read
from figures.receptive_field.draw import sides

pytestmark = pytest.mark.slow  # networks run

OTHERS = {
    "as StarDist comes": {},
    "depth 3, grid 2": {"grid": (2, 2)},
    "depth 4, grid 2": {"grid": (2, 2), "unet_n_depth": 4},
}


@pytest.fixture(params=["the course's", *OTHERS])
def config(request):
    if request.param in OTHERS:
        return Config2D(**OTHERS[request.param])
    return course_network().config


def test_it_is_how_far_one_bright_pixel_spreads_through_the_network(config):
    tiny = Config2D(
        grid=config.grid,
        unet_n_depth=config.unet_n_depth,
        unet_n_filter_base=2,
        net_conv_after_unet=2,
    )
    model = StarDist2D(tiny, basedir=None).keras_model
    for layer in model.layers:  # positive weights everywhere: no path from pixel to output is lost
        if type(layer).__name__ == "Conv2D":
            weights, biases = layer.get_weights()
            layer.set_weights(
                [np.full_like(weights, 1 / np.prod(weights.shape[:3])), np.zeros_like(biases)]
            )
    images = np.zeros((2, 512, 512, 1), "float32")
    for image, place in zip(images, (256, 263), strict=True):
        image[place, place] = 1  # how many outputs a pixel reaches depends on where it lies
    _, distances = model(images)
    reached = np.count_nonzero(distances[..., 0].numpy().max(axis=2) > 0, axis=1) * config.grid[0]
    assert sides(stages(config))[-1] == pytest.approx(min(reached), abs=2)


def test_the_table_on_the_page_agrees_with_following_the_pixels():
    assert sides(("cc", "pcc", "pcc")) == [5, 14, 32]


def test_the_median_nucleus_fits_into_the_third_square_only():
    numbers = read("receptive_field")
    seen = list(numbers["sides"].values())
    assert seen[1] < numbers["median_diameter"] < seen[2] == numbers["first_whole"]
    assert all(1.3 < wider / side < 3 for side, wider in pairwise(seen))
