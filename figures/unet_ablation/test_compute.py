import keras
import numpy as np
import pytest
from stardist.matching import matching_dataset
from stardist.models import Config2D, StarDist2D

from bioimage_course import data
from figures._shared.course_network import course_network
from figures._shared.stored import read
from figures.unet_ablation import compute as unet_ablation

pytestmark = pytest.mark.slow  # networks run

STORED = read("unet_ablation", "page.json")
OTHERS = {
    "shallow": {"unet_n_depth": 2},
    "as deep as can be, in the tile": {"grid": (2, 2), "unet_n_depth": 4, "unet_batch_norm": True},
    "coarse": {"grid": (4, 4), "unet_n_depth": 3},
}


@pytest.fixture(scope="module")
def course():
    return course_network()


@pytest.fixture(scope="module", params=["the course's", *OTHERS])
def network(request, course):
    if request.param not in OTHERS:
        return course
    small = {"unet_n_filter_base": 4, "net_conv_after_unet": 8, "n_rays": 8}
    return StarDist2D(Config2D(**small, **OTHERS[request.param]), basedir=None)


def test_every_layer_answers_as_in_keras(network):
    pixels, _, _ = unet_ablation.tile()
    answers = unet_ablation.forward(network, pixels)
    model = network.keras_model
    layers = [layer for layer in model.layers if type(layer).__name__ != "InputLayer"]
    every = keras.Model(model.input, [layer.output for layer in layers])
    expected = every(pixels[None, ..., None])
    for layer, maps in zip(layers, expected, strict=True):
        assert answers[layer.name].shape == maps.shape[1:]
        np.testing.assert_allclose(answers[layer.name], maps[0], rtol=1e-3, atol=1e-4)


def test_the_stages_are_the_whole_network_in_its_order(network):
    config = network.config
    stages = unet_ablation.stages(network)
    layers = [layer.name for stage in stages for layer in stage["layers"]]
    assert layers == [layer.name for layer in network.keras_model.layers]
    depth, before = config.unet_n_depth, config.grid[0].bit_length() - 1
    ways = [("down", n) for n in range(depth)], [("up", n) for n in reversed(range(depth))]
    expected = [("input", None), *before * [("full", None)], *ways[0], ("bottom", None), *ways[1]]
    kinds = [(stage["kind"], stage["level"]) for stage in stages]
    assert kinds == [*expected, ("output", None)]


def test_shapes_and_parameters_on_the_page_are_keras_s_own(network):
    pixels, image, _ = unet_ablation.tile()
    answers = unet_ablation.forward(network, pixels)
    stages = unet_ablation.stages(network)
    shown = [unet_ablation.show_stage(stage, answers, image) for stage in stages]
    assert sum(stage["parameters"] for stage in shown) == network.keras_model.count_params()
    sizes = {stage["kind"]: stage["shape"] for stage in shown}
    assert sizes["input"] == (len(pixels), len(pixels), 1)
    divisor = network._axes_div_by("YX")[0]
    assert sizes["bottom"][:2] == (len(pixels) // divisor,) * 2
    assert sizes["output"] == (*network.predict(pixels)[0].shape, 1)
    for stage in shown:
        if stage["kind"] == "up":
            partner = next(s for s in shown if (s["kind"], s["level"]) == ("down", stage["level"]))
            assert stage["across"] == partner["shape"][2]
            assert stage["shape"][:2] == partner["shape"][:2]


def test_uncut_it_is_what_the_model_predicts(course):
    pixels, _, _ = unet_ablation.tile()
    probability, distances = course.predict(pixels)
    answers = unet_ablation.forward(course, pixels)
    np.testing.assert_allclose(answers["prob"][..., 0], probability, atol=1e-5)
    np.testing.assert_allclose(np.maximum(answers["dist"], 1e-3), distances, atol=1e-3)
    labels, outlines = unet_ablation.objects(course, answers)
    expected, details = course.predict_instances(pixels)
    assert len(outlines) == len(details["points"]) == STORED["outputs"][0]["objects"]
    np.testing.assert_array_equal(labels > 0, expected > 0)
    assert matching_dataset([expected], [labels], thresh=0.99, show_progress=False).f1 == 1


def test_a_cut_leaves_each_skipped_map_its_mean_and_nothing_else(course):
    pixels, _, _ = unet_ablation.tile()
    deepest = course.config.unet_n_depth - 1
    whole, cut = (unet_ablation.forward(course, pixels, levels) for levels in ((), (deepest,)))
    first = next(name for name in whole if name.startswith("concatenate"))
    below = whole[first].shape[-1] - STORED["skips"][deepest]["maps"]
    np.testing.assert_array_equal(cut[first][..., :below], whole[first][..., :below])
    means = whole[first][..., below:].mean(axis=(0, 1), keepdims=True)
    expected = np.broadcast_to(means, cut[first][..., below:].shape)
    np.testing.assert_allclose(cut[first][..., below:], expected, atol=1e-4)
    assert np.ptp(whole[first][..., below:]) > 0.1


def test_the_scores_are_those_of_stardist(course):
    pixels, _, truth = unet_ablation.tile()
    wholly = unet_ablation.clear_border(truth)
    assert STORED["nuclei"] == len(np.unique(wholly)) - 1
    for cut, output in zip(unet_ablation.combinations(course), STORED["outputs"], strict=True):
        labels, _ = unet_ablation.objects(course, unet_ablation.forward(course, pixels, cut))
        score = matching_dataset([wholly], [labels], thresh=0.5, show_progress=False)
        assert (output["cut"], output["matched"]) == (list(cut), score.tp)
    assert data.nuclei()[1][data.TOUCHING].max() in truth  # the touching nuclei lie in the tile


def test_an_even_map_is_less_sharp_than_a_steep_one_however_faint_it_is():
    steep = np.zeros((16, 16))
    steep[4:12, 4:12] = 1
    soft = np.clip(np.hypot(*np.mgrid[-8:8, -8:8]) / -12 + 1, 0, 1)
    assert unet_ablation.steepness(0.1 * steep) == pytest.approx(unet_ablation.steepness(steep))
    assert unet_ablation.steepness(soft) < unet_ablation.steepness(steep)


def test_the_chosen_maps_differ_and_show_something():
    stripes, other = np.meshgrid(np.arange(8) % 2, np.arange(8) % 2)
    maps = np.stack([0 * stripes, stripes, 1.1 * stripes, other], axis=-1)
    assert unet_ablation.different(maps, 2) == [2, 3]
    assert sorted(unet_ablation.different(maps, 6)) == [1, 2, 3]


def test_the_figure_agrees_with_the_drawn_u():
    quoted, drawn = read("unet_ablation"), read("unet")
    assert sum(stage["parameters"] for stage in STORED["stages"]) == drawn["parameters"]
    assert quoted["skips"] == drawn["depth"]
    shrunk = drawn["layers"]["input"]["side"] // STORED["side"]
    for stage in STORED["stages"]:
        layer = f"{stage['kind']}_level_{stage['level']}_no_"
        of_drawing = [it for name, it in drawn["layers"].items() if name.startswith(layer)]
        if stage["kind"] in ("down", "up"):
            assert [it["channels"] for it in of_drawing] == stage["channels"]
            assert {it["side"] for it in of_drawing} == {stage["shape"][0] * shrunk}
