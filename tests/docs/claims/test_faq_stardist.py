"""What the questions say of StarDist 0.9.2 and of csbdeep below it, tried."""

import json
import re
import traceback
import zipfile
from pathlib import Path

import numpy as np
import pytest
from csbdeep.models import pretrained
from csbdeep.utils import normalize
from csbdeep.utils.tf import IS_KERAS_3_PLUS
from stardist import export_imagej_rois
from stardist.matching import matching
from stardist.models import Config2D, StarDist2D, base
from stardist.models.model2d import StarDistData2D

from bioimage_course import WEIGHTS, data
from tests.docs import prose

pytestmark = pytest.mark.slow  # networks run

FAQ = prose.read("reference/faq.md")
TINY = {"unet_n_depth": 1, "unet_n_filter_base": 4, "net_conv_after_unet": 4}


def tiny(basedir=None, name="tiny", **settings):
    """A new, untrained network that takes no time."""
    return StarDist2D(Config2D(**TINY | settings), name=name, basedir=basedir)


@pytest.fixture(scope="module")
def model():
    return StarDist2D(None, name="stardist_nuclei", basedir=str(WEIGHTS))


@pytest.fixture(scope="module")
def image():
    return normalize(data.nuclei()[0], 1, 99.8)[:200, :210]


def stopped(kind, call):
    """The message with which a call stops."""
    with pytest.raises(kind) as error:
        call()
    return f"{kind.__name__}: {error.value}"


# --- Predict ------------------------------------------------------------------------------------


def test_tiles_do_not_change_the_result(model, image):
    whole, _ = model.predict_instances(image)
    tiles, _ = model.predict_instances(image, n_tiles=(2, 2), show_tile_progress=False)
    assert whole.max() > 10 and np.array_equal(whole, tiles)


def test_n_tiles_needs_one_number_for_each_axis_and_1_for_the_channels(model, image):
    for wrong in (4, (4,), (4, 4, 1)):
        message = stopped(ValueError, lambda n=wrong: model.predict_instances(image, n_tiles=n))
        assert message in FAQ
    colour, rgb = np.zeros((64, 64, 3), np.float32), tiny(n_channel_in=3)
    rgb.predict_instances(colour, n_tiles=(2, 2, 1), show_tile_progress=False)
    assert "only allowed for axes 'YX'" in stopped(
        ValueError, lambda: rgb.predict_instances(colour, n_tiles=(2, 2, 2))
    )


def test_an_object_larger_than_the_overlap_of_blocks_stops_it(model, image):
    def cut(**sizes):
        options = {"axes": "YX", "context": 16, "show_progress": False}
        return model.predict_instances_big(image, **options, **sizes)

    message = stopped(RuntimeError, lambda: cut(block_size=128, min_overlap=8))
    numbers = r"\(\d+, \d+\)"
    quoted = re.search(r"`(RuntimeError: Found object of shape .*?)`", FAQ)[1]
    assert re.sub(numbers, "", message) == re.sub(numbers, "", quoted)
    labels, _ = cut(block_size=160, min_overlap=48)
    assert labels.max() > 10


def test_whole_numbers_are_warned_of_and_do_not_stop_it(model):
    raw = data.nuclei()[0][:200, :210]
    with pytest.warns(UserWarning) as warned:
        labels, _ = model.predict_instances(raw)
    assert f"UserWarning: {warned[0].message}" in FAQ
    assert labels.shape == raw.shape


def test_an_image_that_must_not_be_changed_of_an_odd_size_is_segmented(model, image):
    odd = image[:101, :99].copy()
    odd.flags.writeable = False
    labels, _ = model.predict_instances(odd)
    assert labels.shape == (101, 99) and labels.max() > 3


def test_axes_that_do_not_fit_are_named(model, image):
    quoted = "ValueError: axes (YXC) must be of length 2."
    assert quoted in FAQ
    assert stopped(ValueError, lambda: model.predict_instances(image, axes="YXC")) == quoted
    of_sections = tiny(n_channel_in=3)
    assert stopped(ValueError, lambda: of_sections.predict_instances(image)) == quoted


@pytest.mark.parametrize(
    ("channels", "shape"),
    [(1, (64, 64, 3)), (1, (64, 64, 4)), (3, (64, 64, 4)), (1, (5, 64, 64))],
    ids=["colour", "alpha", "alpha for colour", "a stack"],
)
def test_another_number_of_channels_stops_with_an_empty_error(channels, shape):
    network = tiny(n_channel_in=channels)
    with pytest.raises(ValueError) as error:
        network.predict_instances(np.zeros(shape, np.float32))
    assert str(error.value) == ""
    lines = [frame.line for frame in traceback.extract_tb(error.value.__traceback__)]
    assert any("self.config.n_channel_in" in line for line in lines)


# --- Load ---------------------------------------------------------------------------------------


def test_a_wrong_name_prints_the_list_and_returns_none(capfd):
    assert StarDist2D.from_pretrained("2D_versatil") is None
    printed = capfd.readouterr()
    assert printed.err.strip() in FAQ
    assert "'2D_versatile_fluo'" in printed.out


def download(monkeypatch, folder):
    """Let from_pretrained find a tiny model in its cache, as keras unpacks one."""
    cached = folder / "2D_versatile_fluo_extracted"
    network = tiny(folder, cached.name)
    network.keras_model.save_weights(str(cached / "weights_best.h5"))
    monkeypatch.setattr(pretrained, "get_file", lambda **options: str(cached))
    return cached


def test_a_published_model_is_a_link_to_its_folder_and_can_be_loaded_without(tmp_path, monkeypatch):
    cached = download(monkeypatch, tmp_path)
    StarDist2D.from_pretrained("2D_versatile_fluo")
    assert (tmp_path / "2D_versatile_fluo").readlink() == Path(cached.name)

    def no_right(self, target, **options):
        raise OSError("[WinError 1314] A required privilege is not held by the client")

    (tmp_path / "2D_versatile_fluo").unlink()
    monkeypatch.setattr(Path, "symlink_to", no_right)
    with pytest.raises(OSError, match="1314"):
        StarDist2D.from_pretrained("2D_versatile_fluo")
    loaded = StarDist2D(None, name="2D_versatile_fluo_extracted", basedir=tmp_path)
    assert loaded.config.unet_n_filter_base == 4


def test_a_published_model_has_no_folder_so_nothing_is_saved(tmp_path, monkeypatch):
    download(monkeypatch, tmp_path)
    published = StarDist2D.from_pretrained("2D_versatile_fluo")
    assert published.basedir is None
    with pytest.warns(UserWarning) as warned:
        published.load_weights()
    assert f"UserWarning: {warned[0].message}" in FAQ
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    published.prepare_for_training()
    assert not any("Checkpoint" in type(each).__name__ for each in published.callbacks)
    published._training_finished()
    assert before == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}


def test_a_folder_without_a_configuration_is_named(tmp_path):
    message = stopped(FileNotFoundError, lambda: StarDist2D(None, name="none", basedir=tmp_path))
    assert message.startswith("FileNotFoundError: config file doesn't exist: ")
    assert message.endswith("none/config.json") and message.split(": ")[1] in FAQ


def test_a_configuration_makes_a_new_network_and_writes_over_the_old_one(tmp_path):
    tiny(tmp_path)
    config = tmp_path / "tiny" / "config.json"
    before = config.read_text()
    with pytest.warns(UserWarning, match="may be overwritten") as warned:
        tiny(tmp_path, unet_n_filter_base=8)
    assert str(warned[0].message).split(":")[0] in FAQ
    assert config.read_text() != before


def test_without_tuned_thresholds_0_5_and_0_4_are_taken_and_tuned_ones_are_kept(tmp_path, capsys):
    network = tiny(tmp_path)
    assert capsys.readouterr().out.strip(".\n") in FAQ  # also while it is built
    network.keras_model.save_weights(str(tmp_path / "tiny" / "weights_best.h5"))
    assert StarDist2D(None, name="tiny", basedir=tmp_path).thresholds == (0.5, 0.4)
    (tmp_path / "tiny" / "thresholds.json").write_text('{"prob": 0.3, "nms": 0.2}')
    assert StarDist2D(None, name="tiny", basedir=tmp_path).thresholds == (0.3, 0.2)


def test_tuned_thresholds_are_kept_beside_the_weights(tmp_path, monkeypatch):
    monkeypatch.setattr(base, "optimize_threshold", lambda *given, **_: (0.6, 1.0))  # the search
    picture, labels = data.nuclei()
    tiny(tmp_path).optimize_thresholds([normalize(picture)[:64, :64]], [labels[:64, :64]])
    kept = json.loads((tmp_path / "tiny" / "thresholds.json").read_text())
    assert kept == {"prob": 0.6, "nms": 0.3}


def test_weights_of_another_network_are_refused(tmp_path):
    network = tiny(tmp_path)
    network.keras_model.save_weights(str(tmp_path / "tiny" / "weights_best.h5"))
    with pytest.warns(UserWarning, match="may be overwritten"):
        tiny(tmp_path, unet_n_depth=2)
    message = stopped(ValueError, lambda: StarDist2D(None, name="tiny", basedir=tmp_path))
    quoted = re.search(r"`(ValueError: Layer count mismatch .*?)`", FAQ)[1]
    assert re.sub(r"\d+", "", message) == re.sub(r"\d+", "", quoted)


def test_nothing_is_exported_for_fiji_with_keras_3(tmp_path):
    assert IS_KERAS_3_PLUS
    with pytest.raises(NotImplementedError) as error:
        tiny(tmp_path).export_TF()
    assert f"NotImplementedError: {str(error.value).splitlines()[0]}" in FAQ
    assert "uschmidt83/4b747862fe307044c722d6d1009f6183" in str(error.value)
    assert not list(tmp_path.rglob("TF_SavedModel.zip"))


# --- Train --------------------------------------------------------------------------------------


@pytest.fixture
def pair():
    picture, labels = data.nuclei()
    return picture[:128, :128].astype(np.float32), labels[:128, :128]


def train(picture, labels, **settings):
    """Begin a training; the mistakes of these tests stop it before the first step."""
    network = tiny(train_patch_size=(64, 64), train_batch_size=1, **settings)
    pairs = [picture], [labels]
    network.train(*pairs, validation_data=pairs, epochs=1, steps_per_epoch=1)


def test_images_smaller_than_a_patch_stop_the_training(pair):
    picture, labels = pair
    for part in (np.s_[:50], np.s_[:, :50]):
        message = stopped(ValueError, lambda part=part: train(picture[part], labels[part]))
        quoted = re.sub(r"\((50, 128|128, 50)\)", "(300, 200)", message).replace("64", "256")
        assert quoted in FAQ


def test_images_and_labels_of_different_shape_stop_the_training(pair):
    picture, labels = pair
    assert stopped(ValueError, lambda: train(picture, labels[:100])) in FAQ


def test_labels_with_decimals_stop_the_training(pair):
    picture, labels = pair
    assert stopped(TypeError, lambda: train(picture, labels.astype(float))) in FAQ


def test_patches_are_divisible_by_8_and_with_a_grid_of_2_by_16(pair):
    def divisor(**settings):
        return set(StarDist2D(Config2D(**settings), basedir=None)._axes_div_by("YX"))

    assert divisor() == {8}  # the default network, on which training insists:
    network = StarDist2D(Config2D(train_patch_size=(60, 60)), basedir=None)
    pairs = [pair[0]], [pair[1]]
    assert "divisible by 8" in stopped(
        ValueError, lambda: network.train(*pairs, validation_data=pairs)
    )
    assert divisor(grid=(2, 2)) == {16}


def test_negative_pixels_are_left_out_of_the_training_and_zeros_are_not(pair):
    picture, labels = pair
    unknown = labels.astype(np.int32)
    unknown[:, :64] = -1
    batch = StarDistData2D(
        [picture], [unknown], n_rays=8, grid=(1, 1), batch_size=1, patch_size=(128, 128), length=1
    )
    probability = batch[0][1][0][0, ..., 0]
    assert (probability[:, :64] == -1).all()
    assert (probability[:, 64:][labels[:, 64:] == 0] == 0).all()
    assert probability[:, 64:].max() > 0.5

    network = tiny()
    network.prepare_for_training()
    loss = network.keras_model._compile_loss._user_loss[0]  # that of the probability

    def same(third):
        truth = np.array([1, 0, third], np.float32)
        losses = [loss(truth, np.array([0.9, 0.1, said], np.float32)) for said in (0.1, 0.9)]
        return float(losses[0]) == float(losses[1])

    assert same(-1) and not same(0)


# --- Outlines and scores ------------------------------------------------------------------------


def test_rois_end_at_32767_and_leave_a_part_of_the_nuclei(tmp_path):
    near = np.array([[1, 1, 5, 5], [1, 5, 5, 1]])
    far = near + np.array([[40_000], [0]])
    export_imagej_rois(tmp_path / "near.zip", np.array([near, near]))
    message = stopped(
        OverflowError, lambda: export_imagej_rois(tmp_path / "far.zip", np.array([near, far, near]))
    )
    assert message in FAQ
    with zipfile.ZipFile(tmp_path / "far.zip") as archive:
        assert len(archive.namelist()) == 1


def test_matching_wants_whole_numbers_and_equal_shapes():
    labels = np.zeros((4, 4), int)
    for wrong in (labels.astype(float), labels - 1):
        assert stopped(ValueError, lambda wrong=wrong: matching(wrong, labels)) in FAQ
    assert stopped(ValueError, lambda: matching(labels, labels[:3])).endswith(
        "have different shapes"
    )
    assert "`have different shapes`" in FAQ
    matching(labels.astype(float).astype("uint16"), labels)


# --- Recipes of the page, run as they stand -----------------------------------------------------


def recipe(heading):
    """The code of an answer."""
    answer = FAQ.split(f"### {heading}\n")[1].split("\n### ")[0]
    return re.search(r"```py\n(.*?)```", answer, re.S)[1]


def test_objects_of_a_second_model_that_touch_none_of_the_first_are_added():
    first, second = np.zeros((2, 10, 10), int)
    first[:4, :4] = 1
    second[2:6, :4], second[7:, 7:] = 1, 2
    names = {"np": np, "first": first, "second": second}
    exec(recipe("How do I combine the results of two models?"), names)
    assert np.array_equal(names["both"] > 0, (first > 0) | (second == 2))
    assert np.unique(names["both"]).size == 3


def test_the_share_of_positive_nuclei_is_counted_above_background(capsys):
    labels = np.repeat([[1, 2, 3, 0]], 4, axis=0)
    names = {"labels": labels, "marker": labels * 100 + 50, "background": 50, "limit": 150}
    exec(recipe("How many percent are positive?"), names)
    assert capsys.readouterr().out == "67% of 3\n"


def test_each_nucleus_gets_the_number_of_its_spots():
    labels = np.repeat(np.repeat([[1, 0, 2, 3]], 20, axis=0), 20, axis=1)
    channel = np.zeros(labels.shape)
    for y, x in [(5, 5), (14, 10), (10, 50), (10, 30)]:  # the last one lies beside
        channel[y - 1 : y + 2, x - 1 : x + 2] = 1
    names = {"np": np, "labels": labels, "channel": channel}
    exec(recipe("How many spots (foci) has each nucleus?"), names)
    assert names["counts"].tolist() == [2, 1, 0]


def test_it_learns_classes_from_a_dictionary_for_each_image(pair):
    picture, labels = pair
    model = tiny(
        n_classes=2, train_patch_size=(64, 64), train_batch_size=1, train_tensorboard=False
    )
    classes = [{number: 1 + number % 2 for number in np.unique(labels[labels > 0])}]
    model.train(
        [picture], [labels], classes=classes, validation_data=([picture], [labels], classes),
        epochs=1, steps_per_epoch=1,
    )  # fmt: skip
    found, details = model.predict_instances(picture, prob_thresh=0)
    # One for each polygon; one of them may lie wholly under others, and is then in no label.
    assert found.max() and len(details["class_id"]) == len(details["coord"])
    assert set(details["class_id"]) <= {0, 1, 2}
