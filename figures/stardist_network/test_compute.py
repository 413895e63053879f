import keras
import numpy as np
import pytest
import tensorflow as tf
from csbdeep.utils import normalize
from stardist.models import Config2D, StarDist2D, base

from bioimage_course import data
from figures._shared.stored import read
from figures.stardist_network.compute import course_model, field_of_view

pytestmark = pytest.mark.slow  # networks run

#: What the page quotes.
QUOTED = read("stardist_network")


@pytest.mark.parametrize(("grid", "depth"), [(1, 3), (2, 3), (2, 4)])
def test_the_field_of_view_is_what_stardist_measures(grid, depth):
    keras.utils.set_random_seed(3)
    config = Config2D(grid=(grid, grid), unet_n_depth=depth, unet_n_filter_base=8)
    model = StarDist2D(config, basedir=None)
    measured = max(max(sides) for sides in model._compute_receptive_field(512))
    # StarDist lights one pixel and follows it through random weights: it may lose the faintest.
    assert 0.85 * field_of_view(model.config) <= measured <= field_of_view(model.config)


def test_each_doubling_of_the_grid_about_doubles_the_view_and_the_default_is_depth_3():
    views = [QUOTED["default"][f"grid{g}"]["field_of_view"] for g in (1, 2, 4)]
    assert np.divide(views[1:], views[:-1]) == pytest.approx([2, 2], rel=0.05)
    assert (QUOTED["default"]["grid1"]["depth"], QUOTED["default"]["grid1"]["filters"]) == (3, 32)
    assert views[0] == 47


def loss(name, true, predicted, weight):
    """StarDist's loss for distances, of pixels with 32 rays each."""

    def pixels(values):
        rays = tf.constant(values, tf.float32)[None, None, :, None]
        return tf.repeat(rays, 32, axis=-1)

    weights = tf.constant(weight, tf.float32)[None, None, :, None]
    result = getattr(base, f"masked_loss_{name}")(weights)(pixels(true), pixels(predicted))
    return float(tf.reduce_mean(result))


def test_the_losses_that_the_page_computes_by_hand():
    assert loss("mae", [10, 10], [9, 6], [1, 0.25]) == pytest.approx(1.6, rel=1e-4)
    assert loss("mae", [10, 10], [9, 6], [1, 1]) == pytest.approx(2.5, rel=1e-4)
    for ray, error in ((10, 1), (3, 0.3)):
        assert loss("iou", [ray], [0.9 * ray], [1]) == pytest.approx(0.19, rel=1e-4)
        assert loss("mae", [ray], [0.9 * ray], [1]) == pytest.approx(error, rel=1e-4)


def test_objects_are_numbered_from_the_most_probable():
    image, _ = data.nuclei()
    labels, details = course_model().predict_instances(normalize(image, 1, 99.8)[:128, :128])
    assert np.all(np.diff(details["prob"]) <= 0)
    row, column = details["points"][0]
    assert labels[row, column] == 1
