"""A trained model becomes one file for the page, or is refused in a sentence."""

import hashlib
import json
import zipfile

import numpy as np
import pytest

from bioimage_course.own_model import for_page, write_for_page
from tests.lab.own_models import own_model, write_own_card

NUMBERS = {"stardist": 1425185, "cellpose": 6610387}


@pytest.fixture
def stardist(tmp_path):
    return own_model(tmp_path, "StarDist")


@pytest.fixture
def cellpose(tmp_path):
    return own_model(tmp_path, "Cellpose")


def contents(path):
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["model.json", "weights.bin"]
        return json.loads(archive.read("model.json")), archive.read("weights.bin")


def change_state(folder, change):
    """Change what Cellpose saved, and write the card anew."""
    import torch

    state = torch.load(folder / "model", map_location="cpu", weights_only=True)
    change(state)
    torch.save(state, folder / "model")
    write_own_card(folder, "Cellpose")


def test_the_file_holds_name_settings_and_all_numbers(stardist):
    path = write_for_page(stardist)
    assert path == stardist / "my_stardist_for_the_page.zip" and path.stat().st_size < 6e6
    model, weights = contents(path)
    assert model["name"] == "my_stardist" and model["tool"] == "StarDist"
    assert model["sha256"] == hashlib.sha256(weights).hexdigest()
    assert model["settings"] == {"probThreshold": 0.46249768137931824, "nmsThreshold": 0.3}
    assert model["trained"]["images"] == 2 and model["trained"]["diameter"] == 18.4
    assert len(weights) == 4 * NUMBERS["stardist"]


def test_cellposes_diameters_come_along(cellpose):
    def trained(state):
        state["diam_labels"][:] = 17.5

    change_state(cellpose, trained)
    model, weights = contents(write_for_page(cellpose))
    assert model["settings"] == {"diameter": 21.0, "own": 17.5}
    assert len(weights) == 4 * NUMBERS["cellpose"]


def test_the_same_model_makes_the_same_file(stardist):
    assert write_for_page(stardist).read_bytes() == write_for_page(stardist).read_bytes()


# --- Other starts than the course's model ---------------------------------------------------------


def without_batch_norm(folder, **config):
    """A StarDist model with random weights, as `my_start = "nothing"` and the official ones are."""
    from stardist.models import Config2D, StarDist2D

    config = Config2D(**{"n_rays": 32, "grid": (2, 2)} | config)
    model = StarDist2D(config, name="plain", basedir=str(folder))
    model.keras_model.save_weights(str(folder / "plain" / "weights_best.h5"))
    write_own_card(folder / "plain", "StarDist")
    return folder / "plain"


def test_a_stardist_without_batch_normalisation_has_the_same_layout(tmp_path):
    _, weights = contents(write_for_page(without_batch_norm(tmp_path)))
    assert len(weights) == 4 * NUMBERS["stardist"]


def test_a_cellpose_that_starts_from_nothing_has_the_same_layout(cellpose):
    import torch
    from cellpose.models import CellposeModel

    torch.manual_seed(0)
    CellposeModel(gpu=False, pretrained_model=None).net.save_model(str(cellpose / "model"))
    write_own_card(cellpose, "Cellpose")
    assert len(contents(write_for_page(cellpose))[1]) == 4 * NUMBERS["cellpose"]


def test_batch_normalisation_becomes_part_of_the_convolution():
    import keras

    image = np.random.default_rng(0).uniform(size=(1, 8, 9, 2)).astype(np.float32)
    entry = keras.Input((None, None, 2))
    middle = keras.layers.Conv2D(3, 1, name="middle")(entry)
    network = keras.Model(entry, keras.layers.BatchNormalization()(middle))
    rng = np.random.default_rng(1)
    network.set_weights([rng.uniform(0.5, 2, values.shape) for values in network.get_weights()])
    tensors = for_page.stardist_tensors(network)
    kernel, bias = tensors["middle.kernel"][:, :, 0, 0], tensors["middle.bias"]
    expected = network(image, training=False).numpy()
    np.testing.assert_allclose(image @ kernel.T + bias, expected, rtol=1e-5)


# --- What is refused ------------------------------------------------------------------------------


def test_another_stardist_is_refused_with_what_differs_and_what_to_do(tmp_path):
    folder = without_batch_norm(tmp_path, n_rays=64)
    with pytest.raises(ValueError, match=r"n_rays = 64.*n_rays = 32 only\. Use it in the notebook"):
        write_for_page(folder)


def test_a_cellpose_4_is_refused_by_its_name(cellpose):
    import torch

    torch.save({"W2": torch.zeros(3), "encoder.pos_embed": torch.zeros(2)}, cellpose / "model")
    write_own_card(cellpose, "Cellpose")
    with pytest.raises(ValueError, match=r"Cellpose 4 \(Cellpose-SAM\).*too large"):
        write_for_page(cellpose)


CHANGES = {
    "a layer less": (lambda state: state.pop("output.2.bias"), "has no layer output.2.bias"),
    "a layer more": (
        lambda state: state.update({"output.3.bias": state["output.2.bias"]}),
        "layer output.3.bias more",
    ),
    "another width": (
        lambda state: state.update({"output.2.bias": state["output.2.bias"][:2]}),
        r"shape \(2,\) in output.2.bias, and the page's network \(3,\)",
    ),
    "not a number": (
        lambda state: state["output.2.bias"].fill_(np.nan),
        "not finite .*went astray",
    ),
    "no diameter": (lambda state: state["diam_labels"].fill_(np.nan), "diameter of nan"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_another_or_a_ruined_cellpose_is_refused(cellpose, change):
    how, words = CHANGES[change]
    change_state(cellpose, how)
    with pytest.raises(ValueError, match=words):
        write_for_page(cellpose)
    assert not list(cellpose.glob("*.zip"))


def test_weights_of_which_the_card_does_not_speak_are_refused(cellpose):
    with open(cellpose / "model", "ab") as file:
        file.write(b"more")
    with pytest.raises(ValueError, match="trained further, or is damaged"):
        write_for_page(cellpose)
    (cellpose / "model").unlink()
    with pytest.raises(ValueError, match="is missing"):
        write_for_page(cellpose)


def test_a_file_that_is_no_model_is_refused(cellpose):
    (cellpose / "model").write_bytes(b"weights")
    write_own_card(cellpose, "Cellpose")
    with pytest.raises(ValueError, match="cannot be read as a Cellpose model"):
        write_for_page(cellpose)


def test_without_a_card_it_says_what_to_run(cellpose):
    (cellpose / "card.json").unlink()
    with pytest.raises(ValueError, match="run the cell with write_card first"):
        write_for_page(cellpose)


def test_another_tool_is_refused(cellpose):
    card = json.loads((cellpose / "card.json").read_text())
    (cellpose / "card.json").write_text(json.dumps(card | {"tool": "Mesmer"}))
    with pytest.raises(ValueError, match="says it is from Mesmer"):
        write_for_page(cellpose)
