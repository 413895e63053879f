"""What the pages of practice and of the start say about StarDist 0.9.2, tried."""

import inspect
import json

import numpy as np
import pytest
import stardist.models.base as base
from csbdeep.models.pretrained import get_registered_models
from csbdeep.utils import normalize
from skimage.morphology import disk
from stardist import fill_label_holes
from stardist.big import BlockND
from stardist.data import test_image_he_2d as tissue_of_stardist
from stardist.data import test_image_nuclei_2d as nuclei_of_stardist
from stardist.geometry import polygons_to_label, star_dist
from stardist.models import Config3D, StarDist2D, StarDist3D
from stardist.models.model2d import StarDistData2D

from bioimage_course import WEIGHTS, data

pytestmark = pytest.mark.slow  # networks run

FOLDER = WEIGHTS / "stardist_nuclei"


@pytest.fixture(scope="module")
def model():
    return StarDist2D(None, name=FOLDER.name, basedir=str(WEIGHTS))


@pytest.fixture(scope="module")
def field():
    return normalize(data.nuclei()[0], 1, 99.8)


@pytest.fixture(scope="module")
def nuclei(field):
    return field[:192, :192]


# --- What it learns from ------------------------------------------------------------------------


def learned_from(labels):
    """The probability that training asks for, and the weight of the distances, pixel by pixel."""
    images = [np.zeros(labels.shape, np.float32)]
    batches = StarDistData2D(images, [labels], batch_size=1, n_rays=8, length=1,
                             patch_size=labels.shape, foreground_prob=0.9)  # fmt: skip
    _, (probability, distances) = batches[0]
    return probability[0, ..., 0], distances[0, ..., -1]


def test_an_image_without_an_object_is_learned_from_as_background():
    probability, weight = learned_from(np.zeros((32, 32), np.int32))
    assert (probability == 0).all() and (weight == 0).all()


def test_pixels_with_a_negative_number_are_left_out_of_the_training():
    labels = np.zeros((32, 32), np.int32)
    labels[10:20, 10:20], labels[:5] = 1, -1
    probability, weight = learned_from(labels)
    assert (probability[:5] == -1).all() and (weight[:5] == 0).all()
    assert (probability[5:] >= 0).all() and probability[15, 15] > 0.9
    source = inspect.getsource(base.StarDistBase.prepare_for_training)
    assert "mask = y_true >= 0" in source, "the loss takes others into account"


def test_where_all_background_is_negative_nothing_says_what_is_no_nucleus():
    labels = np.full((32, 32), -1, np.int32)
    labels[10:20, 10:20] = 1
    probability, _ = learned_from(labels)
    assert not (probability == 0).any()


def test_holes_can_be_filled_with_its_function():
    labels = np.zeros((20, 20), np.int32)
    labels[5:15, 5:15] = 3
    holed = labels.copy()
    holed[9:11, 9:11] = 0
    assert np.array_equal(fill_label_holes(holed), labels)


def test_a_bent_shape_is_none_that_it_can_draw():
    bent, round_one = np.zeros((2, 60, 60), np.int32)
    bent[10:50, 10:20] = bent[40:50, 10:50] = bent[10:50, 40:50] = 1
    round_one[10:51, 10:51] = disk(20)

    def drawn_best(labels):
        distances, inside = star_dist(labels, 32), np.argwhere(labels)
        ious = []
        for point in inside[::7]:
            shape = polygons_to_label(distances[tuple(point)][None], point[None], labels.shape) > 0
            ious.append((shape & (labels > 0)).sum() / (shape | (labels > 0)).sum())
        return max(ious)

    assert drawn_best(round_one) > 0.95
    assert drawn_best(bent) < 0.7


# --- What it answers ----------------------------------------------------------------------------


def test_loading_says_which_files_it_loads(capsys):
    StarDist2D(None, name=FOLDER.name, basedir=str(WEIGHTS))
    said = capsys.readouterr().out
    assert "weights_best.h5" in said and "thresholds.json" in said


def test_a_label_image_is_0_and_then_every_number_once(model, nuclei):
    labels, details = model.predict_instances(nuclei)
    assert labels.shape == nuclei.shape and labels.dtype == np.int32
    assert np.array_equal(np.unique(labels), np.arange(len(details["prob"]) + 1))


def test_proposals_have_a_number_from_0_to_1_and_count_above_the_model_s_own_threshold(
    model, nuclei
):
    own = json.loads((FOLDER / "thresholds.json").read_text())
    assert model.thresholds.prob == own["prob"] and model.thresholds.nms == own["nms"]
    probability, _ = model.predict(nuclei)
    assert 0 <= probability.min() < own["prob"] < probability.max() <= 1
    found = model.predict_instances(nuclei)[1]["prob"]
    assert own["prob"] < found.min() and found.max() <= 1


def test_a_stricter_threshold_takes_proposals_away_and_moves_no_outline(model, nuclei):
    outlines, strict = (
        {coord.tobytes() for coord in model.predict_instances(nuclei, **options)[1]["coord"]}
        for options in ({}, {"prob_thresh": 0.8})
    )
    assert strict < outlines


def test_normalising_is_left_to_you():
    parameters = inspect.signature(StarDist2D.predict_instances).parameters
    assert parameters["normalizer"].default is None
    assert "assumes ``img`` to be already normalized" in StarDist2D.predict_instances.__doc__


def test_scale_resizes_by_straight_lines_and_gives_labels_of_the_size_of_the_image(
    model, nuclei, monkeypatch
):
    zoomed = []
    zoom = base.ndi.zoom

    def watched(image, factors, **options):
        zoomed.append((factors, options))
        return zoom(image, factors, **options)

    monkeypatch.setattr(base.ndi, "zoom", watched)
    small = nuclei[:64, :96]
    labels, details = model.predict_instances(small, scale=2)
    assert zoomed == [((2, 2), {"order": 1})]
    assert labels.shape == small.shape
    assert details["points"].max() < 96


def test_candidates_at_the_border_are_left_out_as_in_fiji():
    parameters = inspect.signature(StarDist2D.predict_sparse).parameters
    assert parameters["b"].default == 2


# --- Large images -------------------------------------------------------------------------------


def test_it_answers_with_33_numbers_of_4_bytes_for_every_fourth_pixel(model):
    probability, distances = model.predict(np.zeros((64, 64), np.float32))
    assert probability.shape == (32, 32) and distances.shape == (32, 32, 32)
    assert probability.dtype == distances.dtype == np.float32


def test_a_layer_of_full_size_has_32_maps_of_4_bytes(model):
    name, first = next(
        (layer.name, layer) for layer in model.keras_model.layers if "conv" in layer.name
    )
    answer = first(np.zeros((1, 48, 48, 1), np.float32))
    assert tuple(answer.shape) == (1, 48, 48, 32), name
    assert "float32" in str(answer.dtype)


def test_the_network_needs_sides_that_are_multiples_of_16(model):
    assert model._axes_div_by("YX") == (16, 16)
    model.keras_model.predict(np.zeros((1, 48, 48, 1), np.float32), verbose=0)
    with pytest.raises(Exception, match="concat"):
        model.keras_model.predict(np.zeros((1, 40, 40, 1), np.float32), verbose=0)


def test_predict_instances_big_takes_three_lengths_and_any_array_for_its_labels():
    parameters = inspect.signature(StarDist2D.predict_instances_big).parameters
    assert {"block_size", "min_overlap", "context", "labels_out"} <= set(parameters)
    assert "or similar" in StarDist2D.predict_instances_big.__doc__


def blocks_of(shape=(1280, 64)):
    return BlockND.cover(shape, "YX", (256, 64), (64, 0), (32, 0), (16, 16))


def test_neighbours_share_the_longest_object_and_twice_the_context():
    first, second, *_ = blocks_of()
    read, following = first.slice_read()[0], second.slice_read()[0]
    assert read.stop - following.start >= 64 + 2 * 32
    written, following = first.slice_write()[0], second.slice_write()[0]
    assert read.stop - written.stop >= 32, "the context is thrown away"
    assert written.stop - following.start >= 64


def test_one_block_keeps_an_object_and_no_number_occurs_twice(model, nuclei):
    labels, details = model.predict_instances_big(
        nuclei, "YX", block_size=(160, 192), min_overlap=(48, 0), context=(32, 0),
        show_progress=False,
    )  # fmt: skip
    numbers = np.unique(labels[labels > 0])
    assert len(numbers) == len(details["prob"])
    at_once = model.predict_instances(nuclei)[0].max()
    assert abs(len(numbers) - at_once) <= 2


def test_an_object_that_fills_the_overlap_stops_the_run():
    first, second, *_ = blocks_of()
    labels = np.zeros([part.stop - part.start for part in first.slice_crop_context()], np.int32)
    labels[-20:, 20:30] = 1
    first.filter_objects(labels, None)  # the next block has it whole
    overlap = first.slice_write()[0].stop - second.slice_write()[0].start
    labels = np.zeros([part.stop - part.start for part in second.slice_crop_context()], np.int32)
    labels[: overlap + 1, 20:30] = 1
    with pytest.raises(RuntimeError, match="Increase 'min_overlap'"):
        second.filter_objects(labels, None)


def test_n_tiles_cuts_up_the_network_s_work_and_nothing_else(model, field, monkeypatch):
    seen, chosen = [], []
    run, choose = model.keras_model.predict, model._instances_from_prediction
    monkeypatch.setattr(
        model.keras_model, "predict", lambda x, **options: seen.append(x.shape) or run(x, **options)
    )
    monkeypatch.setattr(
        model, "_instances_from_prediction",
        lambda shape, *parts, **options: chosen.append(shape) or choose(shape, *parts, **options),
    )  # fmt: skip
    strip = field[:192]
    labels, _ = model.predict_instances(strip, n_tiles=(1, 2), show_tile_progress=False)
    assert len(seen) == 2 and all(tile[2] < strip.shape[1] for tile in seen)
    assert sum(tile[2] for tile in seen) > strip.shape[1], "tiles overlap"
    assert chosen == [strip.shape], "objects are chosen once, for all tiles"
    assert labels.shape == strip.shape


# --- Three dimensions ---------------------------------------------------------------------------


def test_in_3d_it_answers_with_97_numbers_and_keeps_the_anisotropy():
    config = Config3D(anisotropy=(2, 1, 1))
    assert config.n_rays == 96 and config.n_channel_out == 97 and config.grid == (1, 1, 1)
    assert config.anisotropy == (2, 1, 1)


def test_in_3d_the_convolutions_are_too_and_large_stacks_go_block_by_block():
    config = Config3D(n_rays=32, unet_n_depth=1, unet_n_filter_base=8)  # a small one
    network = StarDist3D(config, name="untrained", basedir=None)
    kernels = [layer.kernel_size for layer in network.keras_model.layers
               if hasattr(layer, "kernel_size")]  # fmt: skip
    assert set(kernels) <= {(3, 3, 3), (1, 1, 1)} and (3, 3, 3) in kernels
    stack = np.zeros((16, 48, 16), np.float32)
    labels, _ = network.predict_instances_big(
        stack, axes="ZYX", block_size=(16, 32, 16), min_overlap=(0, 8, 0), context=(0, 4, 0),
        prob_thresh=1, nms_thresh=0.3, show_progress=False,
    )  # fmt: skip
    assert labels.shape == stack.shape


# --- For other programs -------------------------------------------------------------------------


def test_the_file_that_fiji_wants_cannot_be_written_with_keras_3(model, tmp_path):
    with pytest.raises(NotImplementedError, match=r"no longer supported with Keras 3"):
        model.export_TF(tmp_path / "TF_SavedModel.zip")


# --- What comes along ---------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:Starting with ImageIO v3")
def test_the_images_of_the_course_come_with_it():
    (image, truth), (theirs, mask) = data.nuclei(), nuclei_of_stardist(return_mask=True)
    assert np.array_equal(image, theirs) and np.array_equal(truth > 0, mask > 0)
    assert np.array_equal(data.tissue(), tissue_of_stardist())


def test_it_knows_a_model_for_h_and_e_by_name():
    assert {"2D_versatile_fluo", "2D_versatile_he"} <= set(get_registered_models(StarDist2D)[0])
    # The one in 3D is a demo.
    assert set(get_registered_models(StarDist3D)[0]) == {"3D_demo"}
