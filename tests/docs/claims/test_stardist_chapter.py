"""What the chapter on StarDist says about version 0.9.2, tried."""

import inspect
import re
import sys
import warnings
from types import SimpleNamespace

import numpy as np
import pytest
import stardist.models.base as base
from csbdeep.models.pretrained import get_registered_models
from csbdeep.utils import normalize
from keras import ops
from stardist import Rays_GoldenSpiral
from stardist.geometry import dist_to_coord, polygons_to_label, star_dist
from stardist.models import Config2D, Config3D, StarDist2D, StarDist3D
from stardist.models.model2d import StarDistData2D
from stardist.nms import _ind_prob_thresh, non_maximum_suppression_inds
from stardist.utils import edt_prob

from bioimage_course import WEIGHTS, data
from tests.docs import prose

pytestmark = pytest.mark.slow  # networks run

PAGE = prose.read("tools/stardist.md")


@pytest.fixture(scope="module")
def model():
    return StarDist2D(None, name="stardist_nuclei", basedir=str(WEIGHTS))


@pytest.fixture(scope="module")
def nuclei():
    return normalize(data.nuclei()[0], 1, 99.8)[:192, :192]


@pytest.fixture
def two():
    """Two square nuclei that touch."""
    labels = np.zeros((16, 24), np.int32)
    labels[4:11, 4:11], labels[4:11, 11:18] = 1, 2
    return labels


# --- Use it -------------------------------------------------------------------------------------


def test_a_float_image_that_was_not_normalised_is_not_warned_of_and_shatters_or_is_empty(model):
    raw = data.nuclei()[0][:96, :96].astype(np.float32)
    nuclei = model.predict_instances(normalize(raw, 1, 99.8))[0].max()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert model.predict_instances(raw)[0].max() > 3 * nuclei > 0
        assert model.predict_instances(raw / 65535)[0].max() == 0


def test_an_outline_is_what_its_pixel_answers_whatever_the_thresholds_are(model, nuclei):
    _, distances = model.predict(nuclei)
    outlines = set()
    for prob_thresh, nms_thresh in ((0.2, 0.3), (0.8, 0.3), (0.5, 0.05), (0.5, 0.95)):
        options = {"prob_thresh": prob_thresh, "nms_thresh": nms_thresh}
        found = model.predict_instances(nuclei, **options)[1]
        places = found["points"] // model.config.grid
        expected = dist_to_coord(distances[tuple(places.T)], found["points"])
        assert np.abs(found["coord"] - expected).max() < 1e-3
        outlines.add(len(places))
    assert len(outlines) > 2, "the thresholds change how many there are"


def test_thresholds_are_tuned_at_three_overlaps_each_and_the_best_pair_is_kept(monkeypatch):
    tried = []

    def search(truth, answers, nms_thresh, iou_threshs, **options):
        tried.append((nms_thresh, iou_threshs))
        return 0.6, nms_thresh == 0.4  # the best score is that of 0.4

    monkeypatch.setattr(base, "optimize_threshold", search)
    network = StarDist2D(Config2D(unet_n_depth=1, unet_n_filter_base=4), basedir=None)
    network.optimize_thresholds([np.zeros((32, 32), np.float32)], [np.zeros((32, 32), int)])
    assert tried == [(overlap, [0.3, 0.5, 0.7]) for overlap in (0.3, 0.4, 0.5)]
    assert network.thresholds == (0.6, 0.4)


def test_the_search_begins_at_half_of_the_highest_probability_and_looks_no_lower(two):
    tried = []

    class Network:
        def _instances_from_prediction(self, shape, probability, distances, prob_thresh, **rest):
            tried.append(prob_thresh)
            return (two if prob_thresh <= 0.41 else np.zeros_like(two),)  # the lower, the better

    answers = [(np.full(two.shape, highest), None) for highest in (0.3, 0.8)]
    best, score = base.optimize_threshold([two, two], answers, Network(), nms_thresh=0.3)
    assert min(tried) == pytest.approx(0.4) and max(tried) <= 0.8
    assert (score, best) == (1, pytest.approx(0.4, abs=0.02))


def test_a_grid_leaves_out_pixels_and_its_distances_are_those_of_the_image(two):
    assert np.array_equal(star_dist(two, 32, grid=(2, 2)), star_dist(two, 32)[::2, ::2])


def test_a_default_network_has_the_sizes_of_the_page():
    config = Config2D()
    assert (config.unet_n_depth, config.unet_n_filter_base) == (3, 32)
    assert (config.n_rays, config.grid, config.n_channel_out) == (32, (1, 1), 33)
    assert config.train_patch_size == (256, 256)
    assert config.train_learning_rate == 0.0003
    assert config.train_loss_weights == (1, 0.2)
    assert config.train_dist_loss == "mae"


def test_its_models_have_the_names_of_the_page_and_say_what_they_are_for():
    names, aliases = get_registered_models(StarDist2D)
    names_3d, _ = get_registered_models(StarDist3D)
    assert set(names) == {"2D_versatile_fluo", "2D_paper_dsb2018", "2D_versatile_he", "2D_demo"}
    assert set(names_3d) == {"3D_demo"}
    said = {name: " ".join(others) for name, others in aliases.items()}
    assert said["2D_versatile_fluo"] == "Versatile (fluorescent nuclei)"
    assert said["2D_versatile_he"] == "Versatile (H&E nuclei)"
    assert said["2D_paper_dsb2018"] == "DSB 2018 (from StarDist 2D paper)"


def test_use_gpu_moves_the_measuring_of_distances_and_nothing_of_the_network(monkeypatch):
    monkeypatch.setitem(sys.modules, "gputools", SimpleNamespace(max_filter=None))

    def measures(use_gpu):
        images, labels = [np.zeros((32, 32), np.float32)], [np.zeros((32, 32), np.int32)]
        return StarDistData2D(images, labels, batch_size=1, n_rays=8, length=1,
                              patch_size=(32, 32), use_gpu=use_gpu).sd_mode  # fmt: skip

    assert (measures(False), measures(True)) == ("cpp", "opencl")
    whole = "".join(map(inspect.getsource, (StarDist2D, base.StarDistBase)))
    assert re.findall(r".*config\.use_gpu.*", whole) == [
        "            use_gpu          = self.config.use_gpu,"
    ]


# --- How it works -------------------------------------------------------------------------------


def test_the_first_ray_points_to_the_right_and_the_next_ones_turn_downwards():
    labels = np.zeros((41, 61), np.int32)
    labels[15:36, 10:51] = 1
    right, down, left, up = star_dist(labels, 32)[20, 20, ::8]
    assert (right, down, left, up) == (30.5, 15.5, 10.5, 5.5)
    rows, columns = dist_to_coord(np.full((1, 32), 10), np.array([[20, 30]]))[0]
    angles = 2 * np.pi * np.arange(32) / 32
    assert rows == pytest.approx(20 + 10 * np.sin(angles), abs=1e-5)
    assert columns == pytest.approx(30 + 10 * np.cos(angles), abs=1e-5)


def test_number_1_is_the_most_probable_and_details_has_corners_probability_and_pixel(model, nuclei):
    labels, details = model.predict_instances(nuclei)
    assert {"coord", "prob", "points"} <= set(details)
    assert (np.diff(details["prob"]) <= 0).all()
    assert details["coord"].shape == (labels.max(), 2, 32)
    for number, (row, column) in enumerate(details["points"][:10], start=1):
        assert labels[row, column] == number


def test_where_two_overlap_the_more_probable_one_gets_the_pixels():
    distances, points = np.full((2, 32), 6.0), np.array([[10, 10], [10, 16]])
    for probability, winner in (([0.9, 0.8], 1), ([0.8, 0.9], 2)):
        labels = polygons_to_label(distances, points, (21, 30), prob=np.array(probability))
        assert labels[10, 13] == winner


def test_the_outermost_two_steps_never_propose():
    may = _ind_prob_thresh(np.ones((9, 9)), 0.5)
    assert may.sum() == 5 * 5 and may[2:-2, 2:-2].all()


def test_its_text_calls_the_overlap_iou_and_says_that_it_divides_by_the_smaller_area():
    said = non_maximum_suppression_inds.__doc__
    assert "IoU(P1,P2) = Ainter(P1,P2) / min(A(P1),A(P2))" in said
    assert "Ainter(P1,P2) / min(A(P1),A(P2))" in PAGE


def test_predict_returns_an_answer_for_every_step_of_the_grid_before_any_is_dropped(model, nuclei):
    probability, distances = model.predict(nuclei)
    assert probability.shape == (96, 96) and distances.shape == (96, 96, 32)


# --- Three dimensions ---------------------------------------------------------------------------


def test_the_rays_of_3d_lie_on_a_spiral_and_anisotropy_flattens_it():
    assert Config3D().n_rays == 96
    rays = Rays_GoldenSpiral(96).vertices
    assert np.diff(rays[:, 0]) == pytest.approx(2 / 95, abs=1e-6), "equal steps, pole to pole"
    turns = np.angle(rays[1:-1, 2] + 1j * rays[1:-1, 1])
    golden = np.pi * (3 - np.sqrt(5))
    assert np.exp(1j * np.diff(turns)) == pytest.approx(np.exp(1j * golden), abs=1e-4)
    flat = Rays_GoldenSpiral(96, anisotropy=(4, 1, 1)).vertices
    expected = rays / (4, 1, 1)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    assert flat == pytest.approx(expected, abs=1e-6)


def test_with_an_anisotropy_the_probability_counts_a_step_in_depth_four_times():
    labels = np.zeros((9, 41, 41), np.int32)
    labels[1:8, 2:39, 2:39] = 1  # 7 planes, 37 pixels wide
    plain, stretched = (edt_prob(labels, anisotropy=steps)[:, 20, 20]
                        for steps in (None, (4, 1, 1)))  # fmt: skip
    assert plain[1] == pytest.approx(1 / 4)
    assert stretched[1] == pytest.approx(4 / 16) and stretched[2] == pytest.approx(8 / 16)
    at_the_rim = edt_prob(labels, anisotropy=(4, 1, 1))[4, 20, 2]
    assert at_the_rim == pytest.approx(1 / 16)


# --- The mathematics ----------------------------------------------------------------------------


def loss(kind, truth, answer, weights, pull=0):
    """A loss for distances of one ray, averaged over all pixels."""
    truth, answer, weights = (np.array(values, np.float32)[:, None]
                              for values in (truth, answer, weights))  # fmt: skip
    return float(ops.mean(kind(weights, reg_weight=pull)(truth, answer)))


def test_the_error_of_distances_is_averaged_with_the_true_probability_as_weight():
    assert loss(base.masked_loss_mae, [10, 10], [11, 14], [1, 0.25]) == pytest.approx(1.6)


def test_distances_of_the_background_are_pulled_to_0_very_weakly():
    assert Config2D().train_background_reg == 1e-4
    short, long = (loss(base.masked_loss_mae, [10, 0], [10, far], [1, 0], pull=1e-4)
                   for far in (0, 100))  # fmt: skip
    assert short == 0 and 0 < long < 0.01


def test_the_iou_loss_is_the_same_for_large_and_small_nuclei():
    for ray in (10, 3):
        assert loss(base.masked_loss_iou, [ray], [0.9 * ray], [1]) == pytest.approx(0.19, abs=1e-4)
        error = loss(base.masked_loss_mae, [ray], [0.9 * ray], [1])
        assert error == pytest.approx(ray / 10, abs=1e-4)
    network = StarDist2D(
        Config2D(unet_n_depth=1, unet_n_filter_base=4, train_dist_loss="iou"), basedir=None
    )
    network.prepare_for_training()  # knows the name


def test_what_the_network_ends_in_stands_in_its_source_as_on_the_page():
    source = inspect.getsource(StarDist2D._build)
    quoted = re.findall(r"^ +(output_\w+ = Conv2D.*)$", PAGE, re.M)
    assert len(quoted) == 2 and all(line in source for line in quoted)
