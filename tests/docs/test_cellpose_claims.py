"""What the page on Cellpose says about the code of version 3.1.1.3, tried."""

import inspect
from pathlib import Path

import cellpose
import numpy as np
import pytest
import torch
from cellpose import core, models, train, transforms, utils

from bioimage_course import WEIGHTS, data

pytestmark = pytest.mark.slow  # networks run

PAGE = Path(__file__).parents[2] / "docs" / "tools" / "cellpose.md"
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
    assert not transforms.convert_image(image, channels=[0, 3])[..., 1].any()
    assert transforms.convert_image(image, channels=[2, 3])[..., 1].any()


def test_the_class_with_a_size_estimate_assumes_30_px_unless_told_otherwise():
    assert inspect.signature(models.Cellpose.eval).parameters["diameter"].default == 30


def test_without_a_diameter_the_course_model_takes_the_image_as_it_is(monkeypatch):
    model = models.CellposeModel(gpu=False, pretrained_model=MODEL)
    asked = []

    def run(x, rescale, **options):
        asked.append(float(rescale))
        return np.zeros((2, *x.shape[:3])), np.zeros(x.shape[:3]), np.zeros(256)

    monkeypatch.setattr(model, "_run_net", run)
    for diameter in (None, 2 * model.diam_mean):
        model.eval(np.zeros((20, 20)), channels=[0, 0], diameter=diameter, normalize=False,
                   compute_masks=False)  # fmt: skip
    assert asked == [1.0, 0.5]
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
        model.eval(picture.copy(), channels=[0, 0], compute_masks=False, **options)
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
