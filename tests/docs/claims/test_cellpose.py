"""What the pages say about the code of Cellpose 3.1.1.3, tried."""

import inspect
import logging
import warnings
from pathlib import Path

import cellpose
import numpy as np
import pytest
import torch
from cellpose import (
    core,
    denoise,
    dynamics,
    metrics,
    models,
    resnet_torch,
    train,
    transforms,
    utils,
)
from scipy.ndimage import uniform_filter

from bioimage_course import WEIGHTS, data

pytestmark = pytest.mark.slow  # networks run

TOOLS = Path(__file__).parents[3] / "docs" / "tools"
PAGE = TOOLS / "cellpose.md"
VERSIONS = TOOLS / "cellpose-versions.md"
MODEL = str(WEIGHTS / "cellpose_nuclei" / "model")


def test_the_page_speaks_of_the_installed_version():
    assert cellpose.version == "3.1.1.3"
    assert cellpose.version in PAGE.read_text(encoding="utf-8")


def test_the_loss_by_hand_is_the_loss_of_cellpose():
    truth = np.array([1.0, 0.6, 0.8], np.float32).reshape(1, 3, 1, 1)  # cell, flow-y, flow-x
    predicted = torch.tensor([4.0, 2.0, 0.0]).reshape(1, 3, 1, 1)  # flow-y, flow-x, logit
    loss = train._loss_fn_seg(truth, predicted, torch.device("cpu")).item()
    assert loss == pytest.approx(1.25 + np.log(2))
    assert f"{loss:.2f}" == "1.94"


@pytest.fixture
def tiles():
    """Two tiles of the nuclei image, as training data."""
    image, truth = data.nuclei()
    places = [(slice(0, 128), slice(0, 128)), (slice(128, 256), slice(0, 128))]
    images = [np.stack([image[place]] * 2).astype(np.float32) for place in places]
    return {"train_data": images, "train_labels": [truth[place].copy() for place in places]}


def test_after_segmenting_on_a_cpu_the_network_cannot_learn(tiles, tmp_path):
    image = data.nuclei()[0][data.TOUCHING]
    options = {"n_epochs": 1, "bsize": 64, "save_path": tmp_path, "model_name": "tried"}
    model = models.CellposeModel(gpu=False, pretrained_model=MODEL)
    model.eval(image, channels=[0, 0], compute_masks=False)
    if torch.backends.mkldnn.is_available():  # not in torch for Macs: there is nothing to warn of
        with pytest.raises(RuntimeError) as error:
            train.train_seg(model.net, **tiles, **options)
        assert str(error.value) in PAGE.read_text(encoding="utf-8")  # as people paste it

    model = models.CellposeModel(gpu=False, pretrained_model=MODEL, mkldnn=False)
    model.eval(image, channels=[0, 0], compute_masks=False)
    _, losses, _ = train.train_seg(model.net, **tiles, **options)
    assert losses[0] > 0


def test_training_stores_the_mean_of_the_images_median_diameters(tiles, tmp_path):
    medians = [utils.diameters(labels)[0] for labels in tiles["train_labels"]]
    assert abs(medians[0] - medians[1]) > 1  # so that a mean differs from either

    model = models.CellposeModel(gpu=False, pretrained_model=MODEL)
    before = model.diam_labels
    path, _, _ = train.train_seg(model.net, **tiles, n_epochs=0, save_path=tmp_path)
    reloaded = models.CellposeModel(gpu=False, pretrained_model=str(path))
    assert reloaded.diam_labels == pytest.approx(np.mean(medians)) != before


def test_in_3d_the_logits_of_three_directions_are_added_up(monkeypatch):
    monkeypatch.setattr(
        core, "run_net", lambda net, planes, **options: (np.ones((*planes.shape[:3], 3)), None)
    )
    answer, _ = core.run_3D(None, np.zeros((4, 5, 6, 2)))
    assert answer.shape == (4, 5, 6, 4)
    assert (answer[..., 3] == 3).all()  # the logit, from all three
    assert (answer[..., :3] == 2).all()  # each part of the flow, from two


def test_with_grey_as_the_first_channel_the_second_is_not_used():
    image = np.random.default_rng(0).random((32, 32, 3))
    grey = transforms.convert_image(image, channels=[0, 3])
    assert not grey[..., 1].any()
    assert grey[..., 0] == pytest.approx(image.mean(axis=-1))
    assert transforms.convert_image(image, channels=[2, 3])[..., 1].any()


def test_channels_are_counted_from_one_so_2_is_green_and_3_is_blue():
    image = np.random.default_rng(0).random((32, 32, 3), np.float32)
    assert (transforms.convert_image(image, channels=[2, 3]) == image[..., [1, 2]]).all()
    stack = np.moveaxis(image, -1, 0)
    first = transforms.convert_image(stack, channels=[1, 2], channel_axis=0)
    assert (first == image[..., :2]).all()


def test_the_class_with_a_size_estimate_assumes_30_px_unless_told_otherwise():
    assert inspect.signature(models.Cellpose.eval).parameters["diameter"].default == 30


def test_without_a_diameter_the_course_model_takes_the_image_as_it_is(monkeypatch):
    model = models.CellposeModel(gpu=False, pretrained_model=MODEL)
    asked = []

    def run(x, rescale, **options):
        asked.append(float(rescale))
        return np.zeros((2, *x.shape[:3])), np.zeros(x.shape[:3]), np.zeros(256)

    monkeypatch.setattr(model, "_run_net", run)
    options = {"channels": [0, 0], "normalize": False, "compute_masks": False}
    for diameter in (None, 2 * model.diam_mean):
        model.eval(np.zeros((20, 20)), diameter=diameter, **options)
    assert asked == [1.0, 0.5]
    model.eval(np.zeros((20, 20)), rescale=0.25, **options)
    model.diam_labels = 4 * model.diam_mean  # as after training on cells of that size
    model.eval(np.zeros((20, 20)), **options)
    assert asked[2:] == [0.25, 0.25]
    assert sum(parameter.numel() for parameter in model.net.parameters()) == pytest.approx(
        6.6e6, rel=0.01
    )


@pytest.fixture
def seen(monkeypatch):
    """A function that gives what reaches the network when `eval` is called with some options."""
    fresh = models.normalize_default | {"normalize": True, "invert": False}  # earlier calls wrote
    monkeypatch.setattr(models, "normalize_default", fresh)
    model = models.CellposeModel(gpu=False, pretrained_model=MODEL)
    image = data.nuclei()[0][data.TOUCHING].astype(np.float32)

    def seen(picture=image, **options):
        caught = []

        def run(x, **_):
            caught.append(np.array(x[0]))
            return np.zeros((2, *x.shape[:3])), np.zeros(x.shape[:3]), np.zeros(256)

        monkeypatch.setattr(model, "_run_net", run)
        model.eval(picture.copy(), compute_masks=False, **({"channels": [0, 0]} | options))
        return caught[0]

    return seen


def test_two_fixed_limits_fill_the_empty_channel_of_a_grey_image(seen):
    assert not seen()[..., 1].any()
    filled = seen(normalize={"lowhigh": [8, 116]})
    assert filled[..., 1] == pytest.approx(-8 / 108)
    image = data.nuclei()[0][data.TOUCHING].astype(np.float32)
    scaled = seen((image - 8) / 108, normalize=False)
    assert scaled[..., 0] == pytest.approx(filled[..., 0], abs=1e-6)
    assert not scaled[..., 1].any()


def test_a_dictionary_goes_on_without_normalising_after_normalize_false(seen):
    assert seen(normalize={"percentile": [1, 99]}).max() < 5
    seen(normalize=False)
    assert seen(normalize={"percentile": [1, 99]}).max() > 50
    assert seen(normalize={"percentile": [1, 99], "normalize": True}).max() < 5


def test_invert_does_nothing_where_cellpose_does_not_normalise(seen):
    assert (seen(normalize=False, invert=True) == seen(normalize=False)).all()
    assert not np.allclose(seen(invert=True), seen())


def test_a_model_without_a_name_is_untrained_and_a_wrong_path_is_another_model(monkeypatch):
    assert not models.CellposeModel(gpu=False).pretrained_model
    monkeypatch.setattr(models, "model_path", lambda name: f"a download of {name}")
    loaded = models.get_model_params("no/such/model", None, None, "cyto3")[0]
    assert loaded == "a download of cyto3"


def test_a_wrong_path_is_noticed_in_one_line_that_reaches_the_screen(monkeypatch, caplog):
    monkeypatch.setattr(models, "model_path", lambda name: f"a download of {name}")
    with caplog.at_level("WARNING"):
        models.get_model_params("no/such/model", None, None, "cyto3")
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert f"`{record.getMessage()}`" in VERSIONS.read_text(encoding="utf-8")
    # Python itself shows warnings of a logger that nobody silenced.
    silenced = logging.getLogger("cellpose").handlers + logging.getLogger(record.name).handlers
    assert not any(isinstance(handler, logging.NullHandler) for handler in silenced)


def test_an_untrained_network_finds_nothing():
    torch.manual_seed(0)
    model = models.CellposeModel(gpu=False)
    masks, _, _ = model.eval(data.nuclei()[0][data.TOUCHING], channels=[0, 0])
    assert masks.max() == 0


# --- Sizes --------------------------------------------------------------------------------------


def test_the_image_is_resized_before_the_network_and_the_answer_back(monkeypatch):
    seen = []

    def answer(net, tiles):
        seen.append(tiles)
        return np.ones((len(tiles), 3, *tiles.shape[2:])), np.ones((len(tiles), 256))

    monkeypatch.setattr(core, "_forward", answer)
    model = models.CellposeModel(gpu=False, pretrained_model=MODEL)
    _, flows, _ = model.eval(np.ones((60, 80)), channels=[0, 0], diameter=2 * model.diam_mean,
                             normalize=False, compute_masks=False)  # fmt: skip
    (tiles,) = seen
    rows, columns = np.nonzero(tiles[0, 0])  # the rest is padding
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) == (30, 40)
    assert flows[2].shape == (60, 80)


def test_published_models_are_found_by_name_and_made_for_30_px_but_nuclei_for_17(monkeypatch):
    monkeypatch.setattr(models, "model_path", lambda name: f"a download of {name}")
    for name in ("cyto", "cyto2", "cyto3", "nuclei"):
        for asked in ((name, None), (None, name)):  # pretrained_model and model_type
            loaded, diameter, *_ = models.get_model_params(*asked, None)
            assert loaded == f"a download of {name}"
            assert diameter == (17 if name == "nuclei" else None)  # None: as below
    assert inspect.signature(models.CellposeModel).parameters["diam_mean"].default == 30


def test_the_size_estimate_guesses_from_the_style_segments_once_and_takes_the_median(tmp_path):
    style, calls = np.eye(256)[0], []
    labels = data.nuclei()[1][:128, :128]

    class Segmenter:
        diam_mean, device, pretrained_model = 30.0, None, "a model"

        def eval(self, x, **options):
            calls.append(options)
            return labels, None, style

    weights = {"A": np.log(2) * style[None], "smean": np.zeros(256), "ymean": 0, "diam_mean": 30.0}
    np.save(tmp_path / "size.npy", weights)
    size = models.SizeModel(Segmenter(), pretrained_size=tmp_path / "size.npy")
    diameter, guess = size.eval(np.zeros((128, 128)))
    assert guess == pytest.approx(60)
    guessing, segmenting = calls
    assert not guessing["compute_masks"] and segmenting["rescale"] == pytest.approx(0.5)
    assert diameter == utils.diameters(labels)[0]


def test_the_number_of_steps_is_200_and_follows_the_diameter(monkeypatch):
    model = models.CellposeModel(gpu=False, pretrained_model=MODEL)
    steps = []

    def run(x, **_):
        return np.zeros((2, *x.shape[:3])), np.zeros(x.shape[:3]), np.zeros(256)

    def make_masks(shape, *_, niter, **__):
        steps.append(niter)
        return np.zeros(shape[:3], int)

    monkeypatch.setattr(model, "_run_net", run)
    monkeypatch.setattr(model, "_compute_masks", make_masks)
    for options in ({}, {"diameter": 3 * model.diam_mean}, {"niter": 2000}):
        model.eval(np.zeros((20, 20)), channels=[0, 0], **options)
    assert steps == pytest.approx([200, 600, 2000])


@pytest.mark.parametrize(
    ("weights", "image", "options"),
    [
        ("cellpose_nuclei", data.nuclei()[0][data.TOUCHING], {"channels": [0, 0], "diameter": 12}),
        ("cellpose_cells", data.cells()[0][:, 60:124, 300:364],
         {"channels": [2, 1], "channel_axis": 0, "diameter": 31}),
    ],
    ids=["a wrong diameter", "swapped channels"],
)  # fmt: skip
def test_nothing_warns_of(weights, image, options, caplog):
    model = models.CellposeModel(gpu=False, pretrained_model=str(WEIGHTS / weights / "model"))
    with caplog.at_level("WARNING"), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        masks, _, _ = model.eval(image, **options)
    assert masks.any(), "where nothing is found, Cellpose says so"
    assert not caplog.records
    assert not [str(w.message) for w in caught if "cellpose" in str(w.filename)
                and "Sparse invariant" not in str(w.message)]  # fmt: skip


# --- What reaches the network -------------------------------------------------------------------


def test_each_channel_is_scaled_by_its_own_percentiles_1_and_99(seen):
    image = np.random.default_rng(0).gamma(2, [1, 5, 50], (64, 64, 3)).astype(np.float32)
    got = seen(image, channels=[2, 3])
    for channel, original in ((0, image[..., 1]), (1, image[..., 2])):
        low, high = np.percentile(original, [1, 99])
        assert got[..., channel] == pytest.approx((original - low) / (high - low), abs=1e-5)
    assert got.min() < 0 and got.max() > 1  # nothing is cut off


def test_without_contrast_an_image_becomes_0_but_noise_of_a_few_grey_values_is_stretched():
    flat = np.full((64, 64), 8, np.float32)
    assert not transforms.normalize99(flat + 1e-4 * np.indices(flat.shape)[0] / 64).any()
    noise = np.random.default_rng(0).integers(8, 11, flat.shape)
    assert set(np.unique(transforms.normalize99(noise))) == {0, 0.5, 1}


def test_eval_has_the_defaults_of_the_table():
    options = inspect.signature(models.CellposeModel.eval).parameters
    promised = {"cellprob_threshold": 0, "flow_threshold": 0.4, "min_size": 15, "niter": None,
                "diameter": None, "max_size_fraction": 0.4, "bsize": 224}  # fmt: skip
    assert {name: options[name].default for name in promised} == promised
    assert inspect.signature(models.CellposeModel).parameters["gpu"].default is False


def test_tiles_have_224_px_and_overlap_by_a_sixth_or_more():
    for length in (225, 300, 373, 374, 1000, 5000):
        _, rows, _, *_ = transforms.make_tiles(np.zeros((1, length, 10)))
        starts, ends = np.array(rows).T
        assert (ends - starts == 224).all() and ends[-1] == length
        assert (ends[:-1] - starts[1:]).min() >= 224 // 6


def test_augment_shows_the_network_flipped_tiles_too_and_more_than_twice_as_many():
    image = np.random.default_rng(0).random((1, 512, 512))
    plain = transforms.make_tiles(image)[0]
    tiles, rows, columns, *_ = transforms.make_tiles(image, augment=True)
    assert tiles.shape[0] * tiles.shape[1] > 2 * plain.shape[0] * plain.shape[1]
    (top, bottom), (left, right) = rows[1], columns[1]
    assert tiles[0, 1] == pytest.approx(image[:, top:bottom, left:right][:, ::-1])


# --- The network --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def net():
    return models.CellposeModel(gpu=False, mkldnn=False).net.eval()


def test_the_network_is_a_u_net_of_four_levels_with_two_channels_in_and_three_out(net):
    with torch.no_grad():
        answer, style, levels = net(torch.rand(1, 2, 64, 64))
    assert [tuple(level.shape[1:]) for level in levels] == [
        (32, 64, 64), (64, 32, 32), (128, 16, 16), (256, 8, 8)
    ]  # fmt: skip
    assert answer.shape == (1, 3, 64, 64) and style.shape == (1, 256)
    assert isinstance(net.downsample.maxpool, torch.nn.MaxPool2d)
    assert (net.upsample.upsampling.mode, net.upsample.upsampling.scale_factor) == ("nearest", 2)


def test_a_level_is_four_times_normalise_relu_convolve(net):
    for level in net.downsample.down:
        assert len(level.conv) == 4
        for block in level.conv:
            names = [type(layer).__name__ for layer in block]
            assert names == ["BatchNorm2d", "ReLU", "Conv2d"]


def test_a_file_of_weights_has_27_megabytes(net, tmp_path):
    net.save_model(tmp_path / "weights")
    assert round((tmp_path / "weights").stat().st_size / 1e6) == 27


def test_the_style_is_the_mean_of_each_of_the_deepest_maps_scaled_to_length_1(net):
    maps = torch.rand(1, 256, 8, 8)
    means = maps.mean(dim=(2, 3))
    assert torch.allclose(net.make_style(maps), means / means.norm())


def test_every_block_of_the_decoder_adds_skipped_maps_and_one_number_a_map_from_the_style(net):
    style = torch.rand(1, 256)
    for block in net.upsample.up:
        layers = [m for m in block.modules() if isinstance(m, resnet_torch.batchconvstyle)]
        assert layers
        for layer in layers:
            maps = layer.full.out_features
            x, skipped = torch.rand(2, 1, maps, 8, 8)
            expected = layer.conv(x + skipped + layer.full(style)[..., None, None])
            assert torch.allclose(layer(style, x, y=skipped), expected, atol=1e-6)


def test_it_runs_on_pytorch(net):
    assert isinstance(net, torch.nn.Module)


# --- From cells to flows, and back --------------------------------------------------------------


def disc(radius, shape=(40, 40), centre=None):
    row, column = centre or (shape[0] // 2, shape[1] // 2)
    rows, columns = np.indices(shape)
    return ((rows - row) ** 2 + (columns - column) ** 2 <= radius**2).astype(np.int32)


def perfect(labels, *, degrees=0):
    """What a perfect network would answer, with every arrow turned."""
    cosine, sine = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    flow = np.tensordot([[cosine, sine], [-sine, cosine]], dynamics.masks_to_flows(labels), axes=1)
    return 5 * flow.astype(np.float32), np.where(labels > 0, 6, -6).astype(np.float32)


@pytest.fixture
def two_nuclei():
    return disc(9, centre=(14, 14)) + 2 * disc(9, centre=(14, 33)) * (disc(9, centre=(14, 14)) == 0)


def bent_cell():
    return disc(15) * (disc(7) == 0) * (np.indices((40, 40))[1] < 26)


@pytest.mark.parametrize("cell", [disc(6), bent_cell()], ids=["disc", "bent cell"])
def test_flows_are_the_scaled_gradient_of_heat_from_the_pixel_nearest_the_middle(cell):
    rows, columns = np.nonzero(cell)
    nearest = ((rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2).argmin()
    heat = np.zeros(cell.shape)
    for _ in range(2 * (np.ptp(rows) + np.ptp(columns) + 6)):  # the box and a wall around it
        heat[rows[nearest], columns[nearest]] += 1
        heat = uniform_filter(heat, size=3) * cell
    gradient = np.stack([np.roll(heat, -1, axis) - np.roll(heat, 1, axis) for axis in (0, 1)])
    gradient *= cell
    length = np.linalg.norm(gradient, axis=0)
    slope = length > 1e-9  # on the top itself there is no direction
    assert slope.sum() >= cell.sum() - 1
    flows = dynamics.masks_to_flows(cell)
    assert flows[:, slope] == pytest.approx(gradient[:, slope] / length[slope], abs=1e-6)
    assert not flows[:, cell == 0].any()


def test_pixels_above_the_threshold_walk_a_fifth_of_what_the_network_says(monkeypatch, two_nuclei):
    flow, logit = perfect(two_nuclei)
    logit[10:12] = 1
    walked = {}

    def follow(flow, inds, **_):
        walked.update(flow=flow, inds=inds)
        return np.array(inds, np.float32)

    monkeypatch.setattr(dynamics, "follow_flows", follow)
    dynamics.compute_masks(flow, logit, cellprob_threshold=1)
    walking = np.zeros(logit.shape, bool)
    walking[walked["inds"]] = True
    assert (walking == (logit > 1)).all()
    assert walked["flow"][:, walking] == pytest.approx(flow[:, walking] / 5)


def test_between_pixels_the_arrow_is_a_weighted_mean():
    flow = np.zeros((2, 9, 9), np.float32)
    flow[1] = np.arange(9) / 2
    start = np.array([[4], [1]], np.float32)
    rows, columns = dynamics.follow_flows(flow, start, niter=2)
    assert (rows[0], columns[0]) == (4, 1 + 0.5 + 0.75)


def arrived(counts):
    """The label of each place where so many pixels arrived; 0 where they are lost."""
    places = np.repeat(list(counts), list(counts.values()), axis=0).T
    shape = (64, 64)
    starts = np.unravel_index(np.arange(places.shape[1]), shape)
    labels = dynamics.get_masks_torch(torch.tensor(places), starts, shape)[starts]
    return dict(zip(counts, labels[np.cumsum([0, *list(counts.values())[:-1]])], strict=True))


def test_a_place_that_more_than_ten_pixels_reach_is_a_seed_and_the_highest_of_5_by_5():
    assert arrived({(20, 20): 11, (40, 40): 10}) == {(20, 20): 1, (40, 40): 0}
    assert arrived({(20, 20): 20, (20, 22): 15}) == {(20, 20): 1, (20, 22): 0}
    assert arrived({(20, 20): 20, (20, 23): 15}).keys() == {(20, 20), (20, 23)}
    assert 0 not in arrived({(20, 20): 20, (20, 23): 15}).values()


def test_a_seed_grows_for_five_rounds_into_places_that_more_than_two_reached():
    row = [(20, column) for column in range(21, 27)]
    assert list(arrived({(20, 20): 20} | dict.fromkeys(row, 3)).values()) == [1] * 6 + [0]
    assert list(arrived({(20, 20): 20} | dict.fromkeys(row, 2)).values()) == [1] + [0] * 6


@pytest.mark.parametrize(("degrees", "left"), [(0, 2), (30, 2), (36, 2), (38, 0), (45, 0)])
def test_masks_whose_arrows_are_off_by_more_than_37_degrees_are_dropped(degrees, left, two_nuclei):
    flow, _ = perfect(two_nuclei, degrees=degrees)
    errors, _ = metrics.flow_error(two_nuclei, flow, torch.device("cpu"))
    assert errors == pytest.approx(2 - 2 * np.cos(np.deg2rad(degrees)), rel=0.02, abs=1e-9)
    kept = dynamics.remove_bad_flow_masks(two_nuclei.copy(), flow, threshold=0.4)
    assert len(np.unique(kept[kept > 0])) == left


def test_a_flow_threshold_of_0_switches_the_check_off(two_nuclei):
    flow, logit = perfect(two_nuclei, degrees=45)
    assert dynamics.compute_masks(flow, logit, flow_threshold=0.4).max() == 0
    assert dynamics.compute_masks(flow, logit, flow_threshold=0).max() == 2


def test_masks_below_min_size_are_dropped():
    labels = np.zeros((20, 20), np.uint16)
    labels[0, :14], labels[2, :15] = 1, 2
    kept = utils.fill_holes_and_remove_small_masks(labels, min_size=15)
    assert not kept[0].any() and (kept[2, :15] > 0).all()


@pytest.mark.parametrize(("percent", "left"), [(36, 1), (44, 0)])
def test_a_mask_that_covers_more_than_40_percent_of_the_image_is_dropped(percent, left):
    cell = disc(40 * np.sqrt(percent / 100 / np.pi))
    assert abs(100 * cell.mean() - percent) < 2
    assert dynamics.compute_masks(*perfect(cell)).max() == left


# --- In 3D --------------------------------------------------------------------------------------


def test_in_3d_pixels_walk_along_all_axes_and_the_flow_check_is_left_out(monkeypatch):
    def check(*_, **__):
        raise AssertionError("checked")

    monkeypatch.setattr(dynamics, "remove_bad_flow_masks", check)
    planes, rows, columns = np.indices((24, 24, 24))
    ball = ((planes - 12) ** 2 + (rows - 12) ** 2 + (columns - 12) ** 2 <= 64).astype(np.int32)
    flow = 2.5 * dynamics.masks_to_flows(ball)
    logit = np.where(ball > 0, 6.0, -6.0)
    masks = dynamics.compute_masks(flow.astype(np.float32), logit, do_3D=True)
    assert (masks == ball).all()
    with pytest.raises(AssertionError, match="checked"):
        dynamics.compute_masks(*perfect(ball[12]))


def test_anisotropy_stretches_the_stack_along_z(monkeypatch):
    seen = []

    def run(net, stack, **_):
        seen.append(stack.shape)
        return np.zeros((*stack.shape[:3], 4)), np.zeros(256)

    monkeypatch.setattr(models, "run_3D", run)
    model = models.CellposeModel(gpu=False, pretrained_model=MODEL)
    model.eval(np.random.default_rng(0).random((6, 20, 24)), channels=[0, 0], z_axis=0,
               do_3D=True, anisotropy=3, compute_masks=False)  # fmt: skip
    assert seen == [(18, 20, 24, 2)]


def test_stitching_joins_masks_whose_iou_reaches_the_threshold():
    planes = np.zeros((2, 1, 8), np.uint16)
    planes[0, 0, :5], planes[1, 0, 3:] = 1, 1  # 2 of 8 pixels are shared
    assert set(np.unique(utils.stitch3D(planes.copy(), stitch_threshold=0.25))) == {0, 1}
    assert set(np.unique(utils.stitch3D(planes.copy(), stitch_threshold=0.26))) == {0, 1, 2}


# --- Training, names and terms ------------------------------------------------------------------


def test_train_seg_has_the_defaults_of_the_table():
    options = inspect.signature(train.train_seg).parameters
    promised = {"learning_rate": 0.005, "weight_decay": 1e-5, "SGD": False, "batch_size": 8,
                "bsize": 224, "n_epochs": 2000, "rescale": True, "channels": None,
                "min_train_masks": 5}  # fmt: skip
    assert {name: options[name].default for name in promised} == promised


def test_images_with_fewer_than_five_objects_are_left_out(tiles, tmp_path, net):
    enough = np.mean([utils.diameters(labels)[0] for labels in tiles["train_labels"]])
    tiles["train_data"].append(np.ones((2, 128, 128), np.float32))
    tiles["train_labels"].append(np.kron([[1, 2], [3, 4]], np.ones((64, 64), int)))
    train.train_seg(net, **tiles, n_epochs=0, save_path=tmp_path)
    assert net.diam_labels.item() == pytest.approx(enough)


def test_the_test_images_are_scored_only_now_and_then(tiles, tmp_path):
    net = resnet_torch.CPnet([2, 4, 8], 3, 3)
    test = {name.replace("train", "test"): value for name, value in tiles.items()}
    _, losses, scored = train.train_seg(
        net, **tiles, **test, n_epochs=7, bsize=64, save_path=tmp_path
    )
    assert losses.all()
    assert np.flatnonzero(scored).tolist() == [0, 5]


def test_the_models_that_the_pages_name_exist():
    named = {"cyto", "nuclei", "cyto2", "cyto3", "yeast_BF_cp3", "yeast_PhC_cp3", "deepbacs_cp3"}
    assert named <= set(models.MODEL_NAMES)
    assert {"denoise_cyto3", "deblur_cyto3"} <= set(denoise.MODEL_NAMES)
