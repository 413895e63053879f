"""The drawn U: shapes and places for the course's network, and for others that may replace it."""

import numpy as np
import pytest
from stardist.models import Config2D, StarDist2D

from figures._shared.course_network import course_network
from figures._shared.style import NARROW
from figures.unet import draw as unet

pytestmark = pytest.mark.slow  # networks run

SMALL = {"unet_n_filter_base": 4, "net_conv_after_unet": 8}  # as a U, and quick
OTHERS = {
    "as StarDist comes": {},
    "depth 3, grid 2": {"grid": (2, 2), "unet_batch_norm": True},
    "depth 4, grid 2": {"grid": (2, 2), "unet_n_depth": 4, "unet_batch_norm": True},
}


@pytest.fixture(scope="module", params=["the course's", *OTHERS])
def network(request):
    if request.param in OTHERS:
        return StarDist2D(Config2D(**SMALL, **OTHERS[request.param]), basedir=None)
    return course_network()


def test_shapes_are_those_of_a_prediction(network):
    numbers = unet.compute(network)
    layers = numbers["layers"]
    image = np.zeros((1, unet.SIZE, unet.SIZE, 1), "float32")
    for output, name in zip(network.keras_model(image), ("prob", "dist"), strict=True):
        assert output.shape[1:] == (layers[name]["side"],) * 2 + (layers[name]["channels"],)
    assert numbers["bottom"]["side"] * numbers["divisor"] == unet.SIZE
    assert set(network._axes_div_by("YX")) == {numbers["divisor"]}
    deepest = numbers["deepest"]
    assert deepest["joined"] == deepest["below"] + deepest["left"]


def test_every_layer_of_the_u_has_a_place_of_its_own_in_the_drawing(network):
    layers, down, up = unet.shapes(network)
    places, columns = unet.layout(down, up)
    drawn = {name for name in layers if not name.startswith("joined")} - {"prob", "dist"}
    assert places.keys() == drawn
    assert len(set(places.values())) == len(places)
    assert columns * 34 < unet.WIDTH - unet.LEFT  # wide enough for three digits
    assert columns * 20 < NARROW - unet.NARROW_LEFT
    for names in up:  # skip connections run within a row, between maps of one size
        row = places[names[0]][1]
        assert layers[names[0]][0] == layers[down[row][-1]][0]


def test_parameters_counted_by_hand_are_those_of_stardists_first_two_layers():
    network = StarDist2D(Config2D(), basedir=None)
    first = [layer for layer in network.keras_model.layers if type(layer).__name__ == "Conv2D"][:2]
    assert [layer.count_params() for layer in first] == [320, 9248]
