"""What the pages say about the code of StarDist 0.9.2 and the network it builds, tried."""

import re
import warnings
from importlib import metadata
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from csbdeep.models.pretrained import get_registered_models
from csbdeep.utils import normalize
from skimage.draw import disk
from stardist.geometry import star_dist
from stardist.models import Config2D, Config3D, StarDist2D, StarDist3D
from stardist.nms import non_maximum_suppression
from stardist.utils import edt_prob

from bioimage_course import WEIGHTS, data
from tests.docs.claims.readme_of import readme

pytestmark = pytest.mark.slow  # networks run
LAYERS = keras.layers


@pytest.fixture(scope="module")
def default():
    """The network that StarDist builds when nothing is set."""
    return StarDist2D(Config2D(), basedir=None).keras_model


@pytest.fixture(scope="module")
def trained():
    return StarDist2D(None, name="stardist_nuclei", basedir=WEIGHTS)


@pytest.fixture(scope="module")
def crop():
    return normalize(data.nuclei()[0], 1, 99.8)[100:228, 100:228]


def of_type(network, kind):
    return [layer for layer in network.layers if isinstance(layer, kind)]


# --- The network --------------------------------------------------------------------------------


def test_the_default_network_pools_three_times_and_starts_with_32_maps(default):
    config = Config2D()
    assert (config.unet_n_depth, config.unet_n_filter_base, config.n_rays) == (3, 32, 32)
    assert len(of_type(default, LAYERS.MaxPooling2D)) == 3
    first, second = of_type(default, LAYERS.Conv2D)[:2]
    assert (first.count_params(), second.count_params()) == (320, 9248)
    maps = {layer.name: layer.filters for layer in of_type(default, LAYERS.Conv2D)}
    assert [maps[f"down_level_{level}_no_0"] for level in range(3)] == [32, 64, 128]


def test_it_pads_with_zeros_and_takes_images_of_any_size(default):
    assert {layer.padding for layer in of_type(default, LAYERS.Conv2D)} == {"same"}
    ones = np.ones((1, 5, 5, 1), np.float32)
    padded = LAYERS.Conv2D(1, 3, padding="same", kernel_initializer="ones")(ones)
    assert keras.ops.convert_to_numpy(padded)[0, :2, :2, 0].tolist() == [[4, 6], [6, 9]]
    assert default.input_shape == (None, None, None, 1)


def test_upsampling_repeats_values_and_skipped_maps_are_stacked(default):
    ups = of_type(default, LAYERS.UpSampling2D)
    assert {(layer.interpolation, layer.size) for layer in ups} == {("nearest", (2, 2))}
    assert len(of_type(default, LAYERS.Concatenate)) == 3
    assert not of_type(default, LAYERS.Add)


def test_it_has_two_outputs_from_the_same_maps_a_probability_and_32_distances(default):
    probability, distances = default.get_layer("prob"), default.get_layer("dist")
    assert (probability.filters, probability.activation.__name__) == (1, "sigmoid")
    assert (distances.filters, distances.activation.__name__) == (32, "linear")
    assert probability.input is distances.input is default.get_layer("features").output
    assert default.get_layer("features").filters == 128


def test_with_a_grid_of_2_two_convolutions_and_a_pooling_come_before_the_u():
    network = StarDist2D(Config2D(grid=(2, 2)), basedir=None).keras_model
    _, *before = network.layers[: network.layers.index(network.get_layer("down_level_0_no_0"))]
    assert [type(layer).__name__ for layer in before] == ["Conv2D", "Conv2D", "MaxPooling2D"]


def test_100_pixels_do_not_pass_the_network_but_128_do(default):
    with pytest.raises(Exception, match=r"(?i)concat|shape"):
        default(np.zeros((1, 100, 100, 1), np.float32))
    probability, _ = default(np.zeros((1, 128, 128, 1), np.float32))
    assert probability.shape == (1, 128, 128, 1)


def test_stardist_pads_an_image_whose_sides_do_not_divide(trained, crop):
    labels, _ = trained.predict_instances(crop[:101, :67])
    assert labels.shape == (101, 67) and labels.max() > 0


def test_weights_start_at_random_and_biases_at_0():
    layers = [LAYERS.Conv2D(4, 3), LAYERS.Conv2D(4, 3)]
    for layer in layers:
        layer.build((None, 8, 8, 1))
    one, other = (layer.get_weights() for layer in layers)
    assert not np.allclose(one[0], other[0])
    assert not one[1].any()


def test_it_runs_on_tensorflow(default):
    assert isinstance(default, keras.Model) and keras.backend.backend() == "tensorflow"


def test_in_3d_the_network_convolves_in_3d():
    network = StarDist3D(Config3D(rays=8), basedir=None).keras_model
    assert of_type(network, LAYERS.Conv3D) and not of_type(network, LAYERS.Conv2D)


def test_it_can_learn_classes():
    network = StarDist2D(Config2D(n_classes=2), basedir=None).keras_model
    assert network.get_layer("prob_class").filters == 3  # and one for the background


# --- What it does with an image -----------------------------------------------------------------


@pytest.fixture
def seen(trained, monkeypatch):
    """A function that gives what reaches the network."""

    def seen(image, **options):
        caught = []

        def predict(x, **_):
            caught.append(x[0, ..., 0])
            places = (1, x.shape[1] // 2, x.shape[2] // 2)
            return np.zeros((*places, 1)), np.ones((*places, 32))

        monkeypatch.setattr(trained, "keras_model", SimpleNamespace(predict=predict))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it asks whether one forgot to normalise
            trained.predict_instances(image, **options)
        return caught[0]

    return seen


def test_it_does_not_normalise(seen):
    image = data.nuclei()[0][:64, :64]
    assert (seen(image) == image).all()


def test_scale_resizes_the_image_before_the_network(seen):
    assert seen(np.zeros((128, 64)), scale=0.5).shape == (64, 32)


def test_the_probability_is_1_in_the_middle_of_an_object_and_low_at_its_border():
    labels = np.zeros((41, 41), np.uint16)
    labels[disk((20, 20), 15)] = 1
    probability = edt_prob(labels)
    assert probability[20, 20] == pytest.approx(1)
    border = (labels > 0) & (np.hypot(*np.indices(labels.shape) - 20) > 13.5)
    assert probability[border].max() < 0.2


def candidates(*objects):
    """Probability and distances where a disc each (row, column, radius, sure) is proposed."""
    probability, distances = np.zeros((80, 80)), np.ones((80, 80, 32))
    for row, column, radius, sure in objects:
        labels = np.zeros((80, 80), np.uint16)
        labels[disk((row, column), radius)] = 1
        distances[row, column] = star_dist(labels, n_rays=32)[row, column]
        probability[row, column] = sure
    return distances, probability


def test_the_most_probable_polygon_stays_and_those_that_overlap_it_too_much_go():
    proposed = candidates((40, 30, 12, 0.8), (40, 33, 12, 0.9), (40, 60, 8, 0.7), (10, 10, 5, 0.4))
    points, probability, _ = non_maximum_suppression(*proposed, nms_thresh=0.4, prob_thresh=0.5)
    assert points.tolist() == [[40, 33], [40, 60]]
    assert probability.tolist() == [0.9, 0.7]


def test_polygons_that_overlap_a_little_both_stay_with_all_their_corners():
    distances, probability = candidates((40, 30, 12, 0.8), (40, 48, 12, 0.9))
    points, _, kept = non_maximum_suppression(distances, probability, nms_thresh=0.4)
    assert len(points) == 2
    for point, rays in zip(points, kept, strict=True):
        assert (rays == distances[tuple(point)]).all() and rays.min() > 10


def test_it_returns_32_corners_for_each_object(trained, crop):
    labels, details = trained.predict_instances(crop)
    assert details["coord"].shape == (labels.max(), 2, 32)


def test_a_higher_threshold_drops_whole_objects_and_changes_no_outline(trained, crop):
    few, many = (
        trained.predict_instances(crop, prob_thresh=threshold)[1] for threshold in (0.8, 0.4)
    )
    known = {tuple(outline.ravel()) for outline in many["coord"]}
    assert 0 < len(few["coord"]) < len(many["coord"])
    assert {tuple(outline.ravel()) for outline in few["coord"]} < known


# --- Published models ---------------------------------------------------------------------------


def test_the_published_models_are_for_nuclei_and_in_3d_there_is_a_demo_alone():
    flat, deep = (set(get_registered_models(kind)[0]) for kind in (StarDist2D, StarDist3D))
    assert flat == {"2D_versatile_fluo", "2D_versatile_he", "2D_paper_dsb2018", "2D_demo"}
    assert deep == {"3D_demo"}


def test_its_readme_says_which_images_the_models_want_and_learned_from():
    said = readme(metadata.distribution("stardist"))
    _, fluorescence, tissue = re.split(r"\| ?`2D_versatile_(?:fluo|he)`", said)
    assert "2D single channel" in fluorescence and "DSB 2018" in fluorescence
    assert "2D RGB" in tissue and "MoNuSeg 2018 training data" in tissue
