"""What the questions say of Cellpose 3.1.1.3 and 4.2.1.1, tried."""

import ast
import importlib.util
import logging
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import MagicMock

import cellpose.__main__ as program
import numpy as np
import pytest
import roifile
import tifffile
import torch
from cellpose import core, dynamics, io, models, train, transforms, utils

import setup_env
from bioimage_course import WEIGHTS, data
from tests.docs import prose

pytestmark = pytest.mark.slow  # networks run

FAQ = prose.read("reference/faq.md")
MODEL = str(WEIGHTS / "cellpose_nuclei" / "model")
VERSION_4 = prose.ROOT / setup_env.SAM / "cellpose"


@pytest.fixture(scope="module")
def model():
    return models.CellposeModel(gpu=False, pretrained_model=MODEL)


@pytest.fixture
def blind(model, monkeypatch):
    """The model with a network that answers nothing, at once."""
    monkeypatch.setattr(
        model,
        "_run_net",
        lambda x, **_: (np.zeros((2, *x.shape[:3])), np.zeros(x.shape[:3]) - 6, np.zeros(256)),
    )
    return model


@pytest.fixture(autouse=True)
def log(caplog):
    caplog.set_level(logging.INFO, logger="cellpose")
    return caplog


@pytest.fixture
def read_4(monkeypatch):
    """How version 4 reads an image: its own file, without the network and torchvision."""
    for name in ("torchvision", "torchvision.transforms"):
        monkeypatch.setitem(sys.modules, name, MagicMock())
    spec = importlib.util.spec_from_file_location("cellpose4", VERSION_4 / "transforms.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.convert_image


def stopped(kind, call):
    """The message with which a call stops."""
    with pytest.raises(kind) as error:
        call()
    return f"{kind.__name__}: {error.value}"


def stack(*shape):
    return np.random.default_rng(0).random(shape, np.float32)


# --- GPU, window and log ------------------------------------------------------------------------


def test_without_a_gpu_it_goes_on_with_the_cpu(monkeypatch, log):
    def no_gpu(*shape):
        raise AssertionError("no device")

    monkeypatch.setattr(torch, "zeros", no_gpu)  # with which Cellpose looks for one
    assert core.use_gpu() is False
    device, found = core.assign_device(gpu=True)
    assert (device.type, found) == ("cpu", False)
    assert f"`{log.messages[0]}`" in FAQ


def test_a_model_names_its_device_and_counts_with_32_bits(model):
    assert str(model.device) == "cpu"
    assert {parameter.dtype for parameter in model.net.parameters()} == {torch.float32}


def test_without_the_packages_for_windows_it_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["cellpose"])
    missing = {"GUI_ENABLED": False, "GUI_ERROR": "no Qt", "GUI_IMPORT": True}
    for name, value in missing.items():
        monkeypatch.setattr(program, name, value, raising=False)
    program.main()
    _, failed, install = (line.strip() for line in capsys.readouterr().out.splitlines()[-3:])
    assert f"`{failed}`" in FAQ and f"`{install}`" in FAQ


def test_the_log_tells_of_the_last_run_only(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    _, path = io.logger_setup()
    assert path == tmp_path / ".cellpose" / "run.log"
    path.write_text("the run before")
    io.logger_setup()
    assert "the run before" not in path.read_text()


# --- Models and weights -------------------------------------------------------------------------


def test_a_downloaded_model_has_the_name_at_the_end_of_its_address(tmp_path, monkeypatch):
    monkeypatch.setenv("CELLPOSE_LOCAL_MODELS_PATH", str(tmp_path / "mine"))
    spec = importlib.util.spec_from_file_location("cellpose.again", models.__file__)
    again = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(again)  # as if it were imported now
    folder = again.MODEL_DIR
    assert folder == tmp_path / "mine" and folder != models.MODEL_DIR  # that was imported before
    monkeypatch.delenv("CELLPOSE_LOCAL_MODELS_PATH")
    spec.loader.exec_module(again)
    folder = again.MODEL_DIR
    assert folder == Path.home() / ".cellpose" / "models"

    asked = []
    monkeypatch.setattr(again, "MODEL_DIR", tmp_path)
    monkeypatch.setattr(
        again.utils, "download_url_to_file", lambda *given, **_: asked.append(given)
    )
    for name, file in (("cyto3", "cyto3"), ("nuclei", "nucleitorch_0")):
        again.model_path(name)
        address, path = asked.pop()
        assert address.endswith(f"/{file}") and Path(path) == tmp_path / file
        (tmp_path / file).touch()
        again.model_path(name)
        assert not asked  # it is there


def test_weights_of_version_4_are_refused(tmp_path):
    torch.save({"W2": torch.zeros(1)}, tmp_path / "cpsam")
    message = stopped(
        AssertionError, lambda: models.CellposeModel(pretrained_model=str(tmp_path / "cpsam"))
    )
    told = " ".join(message.replace(str(tmp_path / "cpsam"), "…").split())
    assert f"`{told}`" in FAQ


# --- Diameter and masks -------------------------------------------------------------------------


def whole():
    """The class with a size estimate, as it is after a download."""
    one = object.__new__(models.Cellpose)
    one.cp = SimpleNamespace(eval=lambda x, **given: (given["diameter"], [], []))
    one.sz = SimpleNamespace(eval=lambda x, **given: (12.5, 12.5))
    one.diam_mean, one.pretrained_size = 30.0, "size_cyto3.npy"
    return one


def test_a_diameter_of_none_is_estimated_for_an_image_and_not_with_do_3d(log):
    assert whole().eval([stack(9, 9)], diameter=None)[3] == 12.5
    assert whole().eval([stack(9, 9)])[3] == 30
    assert whole().eval(stack(4, 9, 9), diameter=None, do_3D=True)[3] == 30
    assert "could not estimate diameter" in log.text and "`could not estimate diameter`" in FAQ


def test_a_model_of_your_own_has_no_size_estimate():
    message = stopped(FileNotFoundError, lambda: models.Cellpose(model_type=MODEL))
    assert message.startswith("FileNotFoundError: size model not found")
    assert "`size model not found`" in FAQ


def test_only_the_class_with_a_size_estimate_returns_four_results(blind):
    assert len(blind.eval(stack(32, 32), channels=[0, 0])) == 3
    assert len(whole().eval(stack(32, 32))) == 4


def test_where_no_pixel_is_in_a_cell_it_says_so(blind, log):
    masks, _, _ = blind.eval(stack(32, 32), channels=[0, 0])
    assert not masks.any()
    assert "No cell pixels found." in log.messages and "`No cell pixels found.`" in FAQ


def test_a_mask_of_more_than_40_percent_is_dropped_unless_told_otherwise():
    labels = np.zeros((60, 60), np.int32)
    labels[5:55, 5:55] = 1
    flow = 5 * dynamics.masks_to_flows(labels).astype(np.float32)
    logit = np.where(labels > 0, 6.0, -6.0).astype(np.float32)

    def found(**options):
        return dynamics.compute_masks(flow.copy(), logit, niter=400, **options).max()

    assert (labels > 0).mean() > 0.4
    assert found() == 0 and found(max_size_fraction=1) == 1
    with torch.sparse.check_sparse_tensor_invariants():  # torch warns that it does not look
        assert found(max_size_fraction=1) == 1


def arguments(path, name):
    """The arguments of a function of version 4, from its source."""
    functions = ast.walk(ast.parse((VERSION_4 / path).read_text(encoding="utf-8")))
    (one,) = (each for each in functions if getattr(each, "name", "") == name)
    return {each.arg for each in one.args.args}


def test_what_version_4_takes_and_does_not_take():
    assert "max_size_fraction" in arguments("models.py", "eval")
    assert "invert" not in arguments("models.py", "eval")
    assert "channels" not in arguments("train.py", "train_seg")
    assert "min_train_masks" in arguments("train.py", "train_seg")


def test_more_than_65535_masks_are_counted_in_32_bits_and_saved_as_tiff(monkeypatch, tmp_path, log):
    many = np.arange(90_000, dtype=np.uint32).reshape(300, 300)
    monkeypatch.setattr(dynamics, "follow_flows", lambda *given, **_: torch.zeros(2, 1))
    monkeypatch.setattr(dynamics, "get_masks_torch", lambda *given, **_: many.copy())
    masks = dynamics.compute_masks(np.zeros((2, 300, 300)), np.ones((300, 300)), flow_threshold=0)
    assert masks.dtype == np.uint32 and f"`{log.messages[-1]}`" in FAQ

    io.save_masks(many, many, None, str(tmp_path / "slide.png"))
    assert f"`{log.messages[-1]}`" in FAQ
    (saved,) = tmp_path.iterdir()
    assert saved.suffix == ".tif" and tifffile.imread(saved).max() == 89_999


def test_seg_npy_is_a_dictionary_beside_the_image(tmp_path, monkeypatch):
    labels = np.zeros((40, 50), np.uint16)
    labels[5:20, 5:20] = 1
    flows = [np.zeros((40, 50, 3), np.uint8), np.zeros((2, 40, 50)), np.zeros((40, 50))]
    io.masks_flows_to_seg(stack(40, 50), labels, flows, str(tmp_path / "cells.tif"), diams=15)
    (code,) = re.findall(r"```py\n(seg = .*?)```", FAQ, re.S)
    names = {"np": np}
    monkeypatch.chdir(tmp_path)
    exec(code, names)
    assert np.array_equal(names["labels"], labels)
    assert {"masks", "outlines", "flows", "diameter", "chan_choose"} <= set(names["seg"])


def test_cellpose_writes_rois_of_a_label_image(tmp_path):
    labels = np.zeros((40, 50), np.uint16)
    labels[5:20, 5:20], labels[5:20, 25:40] = 1, 2
    io.save_rois(labels, str(tmp_path / "cells.tif"))
    assert len(roifile.roiread(tmp_path / "cells_rois.zip")) == 2


# --- Channels -----------------------------------------------------------------------------------


def test_eval_maps_the_1st_and_99th_percentile_of_each_channel_to_0_and_1(model, monkeypatch):
    seen = []

    def run(x, **_):
        seen.append(x[0])
        return np.zeros((2, *x.shape[:3])), np.zeros(x.shape[:3]) - 6, np.zeros(256)

    monkeypatch.setattr(model, "_run_net", run)
    monkeypatch.setattr(models, "normalize_default", dict(models.normalize_default))
    image = stack(60, 70, 2) * [100, 3000] + [5, 700]
    model.eval(image, channels=[1, 2])
    for number in range(2):
        assert np.percentile(seen[0][..., number], (1, 99)) == pytest.approx((0, 1), abs=1e-5)
        low, high = np.percentile(image[..., number], (1, 99))
        scaled = (image[..., number] - low) / (high - low)
        assert seen[0][..., number] == pytest.approx(scaled, abs=1e-4)


def test_channels_count_from_1_and_a_first_0_averages():
    image = stack(20, 30, 3)
    read = transforms.convert_image
    assert np.array_equal(read(image, channels=[2, 3]), image[..., [1, 2]])
    grey = read(image, channels=[0, 0])
    assert grey[..., 0] == pytest.approx(image.mean(axis=-1)) and not grey[..., 1].any()
    assert not read(image, channels=[2, 0])[..., 1].any()
    alpha = stack(20, 30, 4)
    assert read(alpha, channels=[0, 0])[..., 0] == pytest.approx(alpha.mean(axis=-1))


def test_an_empty_channel_is_warned_of():
    image = stack(20, 30, 3)
    image[..., 1] = 7
    with pytest.warns(UserWarning) as warned:
        transforms.convert_image(image, channels=[2, 3])
    assert f"`{warned[0].message}`" in FAQ


def test_without_channels_the_first_two_are_taken_and_the_log_says_so(log):
    image = stack(20, 30, 3)
    assert np.array_equal(transforms.convert_image(image, channels=None), image[..., :2])
    assert f"`{log.messages[-1]}`" in FAQ


@pytest.mark.parametrize("planes", [2, 5, 6, 12])
def test_six_entries_are_planes_and_fewer_are_channels(planes, log):
    read = transforms.convert_image(stack(planes, 40, 50), channels=[0, 0])
    guessed = "`z_axis not specified, assuming it is dim 0`"
    if planes > 5:
        assert read.shape == (planes, 40, 50, 2)
        assert any(f"`{line}`" == guessed for line in log.messages) and guessed in FAQ
    else:
        assert read.shape == (40, 50, 2)
        assert read[..., 0] == pytest.approx(stack(planes, 40, 50).mean(axis=0))
    assert transforms.convert_image(
        stack(planes, 40, 50), channels=[0, 0], z_axis=0
    ).shape == (planes, 40, 50, 2)  # fmt: skip


def test_naming_the_channels_does_not_help_against_six_and_picking_them_does(log):
    """The log says: if this is actually the channel_axis, use channel_axis=0. It then cuts rows."""
    channels = stack(8, 40, 50)
    read = transforms.convert_image
    assert read(channels, channels=[1, 2], channel_axis=0).shape == (40, 50, 1, 2)
    assert "model.eval(channel_axis=0" in log.text
    picked = read(channels[[3, 2]], channels=[1, 2], channel_axis=0)
    assert np.array_equal(picked, np.moveaxis(channels[[3, 2]], 0, -1))
    named = read(stack(9, 40, 50, 2), channels=[1, 2], z_axis=0, channel_axis=-1)
    assert named.shape == (9, 40, 50, 2)


def test_version_4_takes_the_first_three_channels(read_4, log):
    image = stack(40, 50, 5)
    assert np.array_equal(read_4(image), image[..., :3])
    assert f"`{log.messages[-1]}`" in FAQ
    first = np.moveaxis(image, -1, 0)
    picked = read_4(first[[3, 2]], channel_axis=0)
    assert np.array_equal(picked, image[..., [3, 2]]) and np.array_equal(
        picked, read_4(image[..., [3, 2]])
    )


# --- Stacks -------------------------------------------------------------------------------------


def test_version_4_takes_a_stack_for_channels_and_stops_with_z_axis_alone(read_4):
    assert read_4(stack(9, 40, 50)).shape == (40, 50, 3)
    assert stopped(ValueError, lambda: read_4(stack(9, 40, 50), z_axis=0)) in FAQ
    assert read_4(stack(9, 40, 50), z_axis=0, do_3D=True).shape == (9, 40, 50, 1)
    more = stack(9, 2, 40, 50)
    assert read_4(more, z_axis=0, channel_axis=1, do_3D=True).shape == (9, 40, 50, 2)
    assert "channel_axis must be" in stopped(ValueError, lambda: read_4(more, z_axis=0, do_3D=True))


@pytest.mark.parametrize("option", [{"do_3D": True}, {"stitch_threshold": 0.25}])
def test_a_list_of_planes_cannot_be_joined_and_an_array_can(blind, read_4, option):
    planes = list(stack(4, 40, 50))
    message = stopped(ValueError, lambda: blind.eval(planes, channels=[0, 0], **option))
    told = "cannot process 2D images in 3D mode"
    assert message == f"ValueError: ERROR: {told}"
    assert f"`ERROR: {told}`" in FAQ and f"`{told}`" in FAQ
    assert "`Input image must have 3 or 4 dimensions`" in FAQ
    assert "Input image must have 3 or 4 dimensions" in stopped(
        ValueError, lambda: read_4(planes[0], z_axis=0, do_3D=True)
    )
    masks, _, _ = blind.eval(planes, channels=[0, 0])
    assert [each.shape for each in masks] == [(40, 50)] * 4
    transforms.convert_image(np.stack(planes), channels=[0, 0], z_axis=0, do_3D=True)


def test_planes_that_are_not_joined_are_told_in_the_log(blind, log):
    blind.eval(stack(6, 40, 50), channels=[0, 0], z_axis=0)
    told = "3D stack used, but stitch_threshold=0 and do_3D=False, so masks are made per plane only"
    assert told in log.messages and f"`{told}`" in FAQ


def test_stitching_joins_what_overlaps_and_knows_no_division():
    frames = np.zeros((3, 40, 40), int)
    frames[0, 5:15, 5:15] = frames[1, 6:16, 5:15] = 1
    frames[2, 25:35, 25:35] = 1  # moved far
    assert [each.max() for each in utils.stitch3D(frames, stitch_threshold=0.25)] == [1, 1, 2]
    divided = np.zeros((2, 40, 40), int)
    divided[0, 5:15, 5:25] = 1
    divided[1, 5:15, 5:16], divided[1, 5:15, 17:25] = 1, 2
    after = utils.stitch3D(divided, stitch_threshold=0.25)[1]
    assert after[10, 10] == 1 and after[10, 20] == 2  # one daughter is the mother, one is new


# --- Training -----------------------------------------------------------------------------------


@pytest.fixture
def four():
    """An image with four annotated objects."""
    labels = np.zeros((64, 64), np.int32)
    for number in range(4):
        labels[5:15, 3 + number * 15 : 13 + number * 15] = number + 1
    return {"train_data": [stack(64, 64)], "train_labels": [labels]}


def test_images_with_fewer_than_five_objects_are_thrown_out(model, four, tmp_path, log):
    message = stopped(
        ZeroDivisionError, lambda: train.train_seg(model.net, **four, save_path=tmp_path)
    )
    assert message in FAQ
    assert any(f"`{line}`" in FAQ for line in log.messages if "min_train_masks" in line)
    kept = train._process_train_test(**four, min_train_masks=1, device=torch.device("cpu"))
    assert len(kept[0]) == 1


def test_a_mask_is_one_object_to_cellpose(four):
    one = [(labels > 0).astype(np.int32) for labels in four["train_labels"]]
    assert utils.diameters(one[0])[1].size == 1
    assert utils.diameters(four["train_labels"][0])[1].size == 4


def test_a_pixel_without_a_number_is_background_to_cellpose(four):
    (labels,) = four["train_labels"]
    (target,) = dynamics.labels_to_flows([labels[None].copy()], device=torch.device("cpu"))
    assert np.array_equal(target[1], labels > 0)  # the second is whether it lies in a cell
    truth = np.stack([target[1:]])

    def loss(logit):
        predicted = torch.zeros(truth.shape)
        predicted[0, 2, labels == 0] = logit
        return train._loss_fn_seg(truth, predicted, torch.device("cpu"))

    assert loss(2.0) > loss(-2.0)


def test_an_image_of_an_odd_size_is_segmented(model):
    image = data.nuclei()[0][:61, :73]
    masks, _, _ = model.eval(image, channels=[0, 0], diameter=24)
    assert masks.shape == (61, 73) and masks.max() > 1
