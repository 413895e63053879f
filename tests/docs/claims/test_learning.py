"""What the pages on learning, training and scores say about StarDist and Cellpose, tried."""

import ast
import inspect
import logging
import random
import re
import textwrap
from pathlib import Path

import cellpose
import keras
import numpy as np
import pytest
import stardist.matching
import stardist.models.base as base
import torch
from cellpose import models, train, transforms
from cellpose.metrics import average_precision
from numpy.lib.stride_tricks import sliding_window_view
from stardist.matching import matching, matching_dataset
from stardist.models import Config2D, StarDist2D

from bioimage_course import data
from tests.docs import prose

pytestmark = pytest.mark.slow  # networks run

LEARNING = prose.read("concepts/how-a-network-learns.md")
TRAIN_SEG = inspect.signature(train.train_seg).parameters


def quotes(source, *starts):
    """The page's lines of code that begin so stand in a library's source."""
    text = inspect.getsource(source)
    for start in starts:
        (line,) = re.findall(rf"^ +({re.escape(start)}.*)$", LEARNING, re.M)
        assert line in text, line


# --- StarDist -----------------------------------------------------------------------------------


def tiny(basedir=None, **settings):
    """A new network of StarDist that takes no time."""
    sizes = {"unet_n_depth": 1, "unet_n_filter_base": 4, "net_conv_after_unet": 4, "n_rays": 8,
             "train_patch_size": (32, 32), "train_tensorboard": False}  # fmt: skip
    return StarDist2D(Config2D(**sizes | settings), name="tiny", basedir=basedir)


@pytest.fixture
def pairs():
    """Images and labels: four pieces of the nuclei image."""
    image, truth = data.nuclei()
    places = [np.s_[row : row + 64, :64] for row in (0, 64, 128, 192)]
    return [image[place] / np.float32(200) for place in places], [truth[place] for place in places]


def test_stardist_trains_400_times_100_steps_of_4_patches_unless_told_otherwise():
    config = Config2D()
    assert (config.train_epochs, config.train_steps_per_epoch) == (400, 100)
    assert (config.train_batch_size, config.train_patch_size) == (4, (256, 256))
    assert inspect.signature(StarDist2D.train).parameters["augmenter"].default is None


def test_an_epoch_of_stardist_has_as_many_steps_however_many_images_there_are(pairs, monkeypatch):
    images, labels = pairs
    asked = []
    for count in (1, 4):
        network = tiny()
        network.prepare_for_training()
        monkeypatch.setattr(network.keras_model, "fit", lambda *data, **how: asked.append(how))
        network.train(images[:count], labels[:count], validation_data=pairs)
    assert [how["steps_per_epoch"] for how in asked] == [100, 100]


def test_stardist_takes_adam_and_halves_its_rate_after_40_epochs_without_progress():
    network = tiny()
    network.prepare_for_training()
    optimizer = network.keras_model.optimizer
    assert type(optimizer).__name__ == "Adam"
    assert float(optimizer.learning_rate) == pytest.approx(0.0003)
    (halve,) = [each for each in network.callbacks if "ReduceLROnPlateau" in type(each).__name__]
    halve.set_model(network.keras_model)
    halve.on_train_begin()
    rates = []
    for epoch in range(42):
        halve.on_epoch_end(epoch, {"val_loss": 1.0})
        rates.append(float(optimizer.learning_rate) / 0.0003)
    assert rates[39] == pytest.approx(1) and rates[41] == pytest.approx(0.5)
    quotes(
        base.StarDistBase.prepare_for_training, "optimizer = ", "return K.mean", "self.callbacks"
    )
    quotes(Config2D, "self.train_reduce_lr ")


def test_a_loss_for_the_distances_is_chosen_by_name():
    assert Config2D().train_dist_loss == "mae"
    for name in ("mae", "mse", "iou"):
        tiny(train_dist_loss=name).prepare_for_training()
    with pytest.raises(KeyError):
        tiny(train_dist_loss="other").prepare_for_training()


def test_stardist_keeps_the_weights_of_the_lowest_validation_loss_and_loads_them(tmp_path):
    network = tiny(tmp_path)
    network.prepare_for_training()
    (keep,) = [each for each in network.callbacks
               if str(getattr(each, "filepath", "")).endswith("weights_best.h5")]  # fmt: skip
    keep.set_model(network.keras_model)
    keep.on_train_begin()
    layer = network.keras_model.get_layer("prob")
    for epoch, loss in enumerate((3.0, 1.0, 2.0)):
        layer.set_weights([np.full_like(part, epoch) for part in layer.get_weights()])
        keep.on_epoch_begin(epoch)
        keep.on_epoch_end(epoch, {"val_loss": loss})
    network._training_finished()
    assert (layer.get_weights()[0] == 1).all(), "those of the second epoch"


@pytest.mark.parametrize(("setting", "patches"), [(None, 4), (16, 16)])
def test_stardist_looks_at_one_patch_of_each_validation_image_unless_told(
    pairs, setting, patches, monkeypatch
):
    network = tiny(train_n_val_patches=setting)
    network.prepare_for_training()
    seen = []
    monkeypatch.setattr(
        network.keras_model, "fit", lambda *_, validation_data, **how: seen.append(validation_data)
    )
    network.train(*pairs, validation_data=pairs, augmenter=lambda *pair: (pair[0] + 9, pair[1]))
    (picture,), _ = seen[0]
    assert picture.shape == (patches, 32, 32, 1)
    assert picture.max() < 9, "they are not augmented"
    pieces = [sliding_window_view(image, (32, 32)) for image in pairs[0]]
    assert any((piece == picture[0, ..., 0]).all((2, 3)).any() for piece in pieces), "nor resized"


def test_a_seed_of_keras_fixes_a_whole_training(pairs):
    def trained(seed):
        keras.utils.set_random_seed(seed)
        network = tiny(train_batch_size=1)
        network.prepare_for_training()
        network.keras_model.run_eagerly = True  # nothing is compiled first
        network.train(
            *pairs, validation_data=pairs, epochs=1, steps_per_epoch=2,
            augmenter=lambda image, labels: (image + np.random.rand(), labels),
        )  # fmt: skip
        return network.keras_model.get_layer("features").get_weights()[0]

    first = trained(1)
    assert np.array_equal(first, trained(1)) and not np.array_equal(first, trained(2))


def test_the_seed_of_stardists_training_fixes_numpy_only(pairs, monkeypatch):
    def after(seed):
        keras.utils.set_random_seed(seed)
        network = tiny()
        network.prepare_for_training()
        monkeypatch.setattr(network.keras_model, "fit", lambda *data, **how: None)
        network.train(*pairs, validation_data=pairs, seed=7)
        weights = network.keras_model.get_layer("features").get_weights()[0]
        return np.random.rand(), random.random(), float(keras.random.uniform(())), weights.sum()

    (numpy, *others), (numpy_again, *others_again) = after(1), after(2)
    assert numpy == numpy_again
    assert not set(others) & set(others_again)


def test_the_calls_of_the_page_name_what_both_libraries_take():
    page = prose.read("practice/training.md")
    known = {"train_seg": TRAIN_SEG, "Config2D": vars(Config2D()),
             "train": inspect.signature(StarDist2D.train).parameters,
             "StarDist2D": inspect.signature(StarDist2D).parameters}  # fmt: skip
    called = {}
    for block in re.findall(r"^    ```py\n(.*?)^    ```", page, re.M | re.S):
        for node in ast.walk(ast.parse(textwrap.dedent(block))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                called[name] = {keyword.arg for keyword in node.keywords}
    assert set(called) == {*known, "optimize_thresholds"}
    for name, parameters in known.items():
        assert called[name] <= set(parameters), name


# --- Cellpose -----------------------------------------------------------------------------------


def window(name):
    return (Path(cellpose.__file__).parent / "gui" / name).read_text(encoding="utf-8")


def test_cellpose_trains_with_other_settings_in_its_function_than_in_its_window():
    stated = {"batch_size": 8, "bsize": 224, "learning_rate": 0.005, "n_epochs": 2000,
              "SGD": False, "save_each": False}  # fmt: skip
    assert {name: TRAIN_SEG[name].default for name in stated} == stated
    for line in ('"learning_rate": 0.1,', '"n_epochs": 100,', '"SGD": True,'):
        assert line in window("gui.py"), line
    assert "uses AdamW (recommended learning_rate then 0.001)" in window("guiparts.py")


def test_cellpose_segments_without_a_gpu_unless_it_is_asked_for():
    for model in (models.Cellpose, models.CellposeModel):
        assert inspect.signature(model).parameters["gpu"].default is False


class Net(torch.nn.Module):
    """A network that Cellpose can train in no time, and which remembers what it was shown."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Conv2d(2, 3, 1)
        self.device = torch.device("cpu")
        self.diam_mean, self.diam_labels = torch.tensor([30.0]), torch.nn.Parameter(torch.ones(1))
        self.learned, self.checked, self.saved = [], [], []

    def forward(self, images):
        (self.learned if self.training else self.checked).append(images.clone())
        return (self.layer(images),)

    def save_model(self, path):
        self.saved.append((Path(path).name, self.layer.weight.detach().clone()))


def trained(folder, images=1, **options):
    """Train on pieces of the nuclei image; return the network and what train_seg returned."""
    picture, truth = data.nuclei()
    places = [np.s_[row : row + 96, :96] for row in range(0, 96 * images, 96)]
    given = [np.stack([picture[place]] * 2).astype(np.float32) for place in places]
    labels = [truth[place].astype(np.int32) for place in places]
    net = Net()
    settings = {"bsize": 32, "save_path": folder, "model_name": "tried", "min_train_masks": 0}
    return net, train.train_seg(net, train_data=given, train_labels=labels, test_data=given[:1],
                                test_labels=labels[:1], **settings | options)  # fmt: skip


def test_an_epoch_of_cellpose_is_once_through_all_images(tmp_path):
    net, _ = trained(tmp_path, images=3, n_epochs=2, batch_size=2)
    assert [len(batch) for batch in net.learned] == [2, 1, 2, 1]


def test_cellpose_validates_in_epochs_0_5_10_20_and_leaves_0_between(tmp_path):
    net, (path, losses, validation) = trained(tmp_path, n_epochs=32)
    assert np.flatnonzero(validation).tolist() == [0, 5, 10, 20, 30]
    assert (len(net.learned), len(net.checked)) == (32, 5)
    assert (losses > 0).all()
    assert path == tmp_path / "models" / "tried"


def test_cellpose_saves_into_models_beside_the_notebook_unless_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _, (path, *_) = trained(None, n_epochs=0)
    assert path == tmp_path / "models" / "tried"


def test_cellpose_keeps_the_last_weights_or_with_save_each_those_on_the_way_too(tmp_path):
    net, _ = trained(tmp_path, n_epochs=5, save_every=2, learning_rate=0.1)
    assert {name for name, _ in net.saved} == {"tried"}
    assert torch.equal(net.saved[-1][1], net.layer.weight)
    net, _ = trained(tmp_path, n_epochs=5, save_every=2, save_each=True)
    assert {"tried_epoch_0002", "tried"} <= {name for name, _ in net.saved}


def test_two_trainings_of_cellpose_see_the_same_tiles_whatever_the_seed_is(tmp_path):
    seen = []
    for seed in (1, 2):
        np.random.seed(seed)
        seen.append(torch.stack(trained(tmp_path, n_epochs=2)[0].learned))
    assert torch.equal(*seen)
    assert not torch.equal(seen[0][0], seen[0][1]), "each epoch has tiles of its own"


def test_cellpose_turns_and_resizes_what_it_validates_on_too(tmp_path):
    net, _ = trained(tmp_path, n_epochs=1, bsize=96)
    (checked,), (learned,) = net.checked, net.learned
    as_it_is = transforms.normalize_img(data.nuclei()[0][:96, :96, None].astype(np.float32))
    assert checked.shape == learned.shape
    for shown in (checked, learned):
        assert not np.allclose(np.sort(shown[0, 0].ravel()), np.sort(as_it_is.ravel()), atol=0.01)


def test_tiles_are_turned_mirrored_and_resized_by_up_to_a_quarter():
    assert TRAIN_SEG["scale_range"].default is None and TRAIN_SEG["rescale"].default is True
    assert "scale_range0 = 0.5 if rescale else 1.0" in inspect.getsource(train.train_seg)
    np.random.seed(0)
    images = [np.zeros((2, 40, 40), np.float32)] * 500
    _, _, scales = transforms.random_rotate_and_resize(images, scale_range=0.5, xy=(8, 8))
    assert 0.75 <= scales.min() < 0.76 and 1.24 < scales.max() <= 1.25
    parameters = inspect.signature(transforms.random_rotate_and_resize).parameters
    assert parameters["rotate"].default is True and parameters["do_flip"].default is True


def test_each_training_image_is_normalised_by_itself_and_resized_by_its_own_diameter(
    tmp_path, monkeypatch
):
    picture, truth = data.nuclei()
    crop = np.stack([picture[:96, :96]] * 2).astype(np.float32)
    given, labels = [crop, 50 * crop], [truth[:96, :96].astype(np.int32).copy() for _ in range(2)]
    kept = train._process_train_test(
        train_data=given, train_labels=labels, device=torch.device("cpu"), channel_axis=0,
        channels=[1, 0], min_train_masks=0,
        normalize_params=models.normalize_default | {"normalize": True},
    )  # fmt: skip
    assert np.allclose(kept[0][0], kept[0][1], atol=1e-4)

    asked = []
    augment = transforms.random_rotate_and_resize

    def watched(*tiles, rescale, **options):
        asked.append(rescale)
        return augment(*tiles, rescale=rescale, **options)

    monkeypatch.setattr(transforms, "random_rotate_and_resize", watched)
    trained(tmp_path, images=2, n_epochs=1)
    assert asked[0].shape == (2,) and asked[0][0] != asked[0][1]


def rates(folder, monkeypatch, **options):
    """The learning rate of each epoch, and the optimiser's name."""
    used = []

    def watched(kind):
        class Watched(kind):
            def step(self, *rest):
                used.append((self.param_groups[0]["lr"], kind.__name__))
                return super().step(*rest)

        return Watched

    with monkeypatch.context() as patch:
        for kind in (torch.optim.AdamW, torch.optim.SGD):
            patch.setattr(torch.optim, kind.__name__, watched(kind))
        patch.setattr(transforms, "random_rotate_and_resize", lambda tiles, **rest: (
            np.zeros((len(tiles), 2, 8, 8), np.float32), np.zeros((len(tiles), 3, 8, 8), np.float32)
        ))  # fmt: skip
        trained(folder, **options)
    numbers, (name,) = [rate for rate, _ in used], {name for _, name in used}
    return np.array(numbers), name


@pytest.mark.parametrize(("epochs", "falling", "step"), [(100, 0, 0), (110, 50, 5), (301, 100, 10)])
def test_the_rate_rises_for_ten_epochs_and_is_halved_ten_times_in_the_last_50_or_100(
    tmp_path, monkeypatch, epochs, falling, step
):
    rate, name = rates(tmp_path, monkeypatch, n_epochs=epochs)
    assert name == "AdamW"
    assert rate[:10] == pytest.approx(np.linspace(0, 0.005, 10))
    assert rate[10 : epochs - falling] == pytest.approx(0.005)
    halved = 0.005 / 2.0 ** np.repeat(np.arange(1, 11), step)
    assert rate[epochs - falling :] == pytest.approx(halved[:falling])
    quotes(train.train_seg, "LR = np.linspace", "LR = np.append")


def test_sgd_is_taken_only_when_asked_for(tmp_path, monkeypatch):
    assert rates(tmp_path, monkeypatch, n_epochs=1, SGD=True)[1] == "SGD"
    assert rates(tmp_path, monkeypatch, n_epochs=1)[1] == "AdamW"


def test_loss_and_step_of_cellpose_are_those_on_the_page():
    quotes(train._loss_fn_seg, "loss = criterion(", "loss /= 2.", "loss2 = criterion2(")
    quotes(train.train_seg, "y = net(X)", "loss = _loss", "optimizer.zero", "loss.back",
           "optimizer.step")  # fmt: skip
    logit, truth = torch.tensor([2.0]), torch.tensor([1.0])
    by_hand = -np.log(1 / (1 + np.exp(-2)))
    assert torch.nn.BCEWithLogitsLoss()(logit, truth).item() == pytest.approx(by_hand)


def test_images_with_few_objects_are_left_out_and_only_the_log_says_so(caplog, capsys, recwarn):
    few, enough = np.zeros((2, 64, 64), np.int32)
    few[:9, :9] = 1
    for number in range(1, 6):
        enough[10 * number : 10 * number + 6, 10:16] = number
    with caplog.at_level(logging.WARNING, logger=train.train_logger.name):
        kept = train._process_train_test(
            train_data=[np.ones((2, 64, 64), np.float32)] * 2, train_labels=[few, enough],
            device=torch.device("cpu"),
        )  # fmt: skip
    assert len(kept[0]) == 1
    assert "removing from train set" in caplog.text
    assert "removing" not in capsys.readouterr().out
    assert not any("removing" in str(each.message) for each in recwarn)


# --- Scores -------------------------------------------------------------------------------------


def stripes(*widths):
    """Label image of upright stripes: their widths, and a negative number for a gap."""
    numbered, number = [], 0
    for width in widths:
        number += width > 0
        numbered += [number if width > 0 else 0] * abs(width)
    return np.tile(np.array(numbered, np.int32), (10, 1))


def test_a_pair_at_exactly_the_threshold_is_a_match():
    truth, found = stripes(20), stripes(10, -10)
    assert matching(truth, found, thresh=0.5).tp == 1
    assert matching(truth, found, thresh=0.51).tp == 0


def test_where_several_compete_as_many_as_possible_are_matched():
    # The second object fits both nuclei, the first of them far better; the first object fits
    # that one alone. Whoever gives it to the better one has no match for the second nucleus.
    truth, found = stripes(20, 14), stripes(3, 21, -10)
    ious = [[matching(1 * (truth == one), 1 * (found == other), thresh=0).mean_matched_score
             for other in (1, 2)] for one in (1, 2)]  # fmt: skip
    assert ious[0][1] > ious[0][0] + ious[1][1] and min(ious[0][0], ious[1][1]) > 0.1
    assert ious[1][0] == 0
    assert matching(truth, found, thresh=0.1).tp == 2
    assert "linear_sum_assignment" in inspect.getsource(matching)


def test_stardist_wonders_in_a_comment_whether_accuracy_is_average_precision():
    assert '# also known as "average precision" (?)' in inspect.getsource(
        stardist.matching.accuracy
    )


def test_a_data_set_is_pooled_and_by_image_is_the_mean():
    truth = [stripes(4, -1, 4, -1, 4), stripes(4, -10)]
    found = [truth[0], np.zeros_like(truth[1])]
    pooled, mean = (matching_dataset(truth, found, by_image=way, show_progress=False).accuracy
                    for way in (False, True))  # fmt: skip
    assert (pooled, mean) == (3 / 4, 1 / 2)


def test_for_an_empty_image_stardist_says_0_and_cellpose_nan_and_counts_do_no_harm():
    empty, one = np.zeros((10, 20), np.int32), stripes(10, -10)
    assert matching(empty, empty).accuracy == 0
    with np.errstate(invalid="ignore"):
        assert np.isnan(average_precision([empty], [empty], [0.5])[0]).all()
    pooled = matching_dataset([empty, one], [empty, one], show_progress=False)
    assert pooled.accuracy == 1


def test_cellpose_returns_a_score_for_each_image_and_iou_and_the_counts():
    truth = [stripes(10, 10), stripes(20)]
    found = [stripes(10, -10), stripes(20)]
    scores, tp, fp, fn = average_precision(truth, found, [0.5, 0.9])
    assert scores.tolist() == [[0.5, 0.5], [1, 1]]
    assert (tp.sum(0) / (tp + fp + fn).sum(0)).tolist() == pytest.approx([2 / 3, 2 / 3])
