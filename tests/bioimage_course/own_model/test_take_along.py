"""The card says what a model is made of; the test images are scored once."""

import json
import types

import pytest

from bioimage_course.own_model.take_along import (
    fingerprint,
    lines_for_notebook_15,
    once,
    versions,
    write_card,
)


@pytest.fixture
def model_folder(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "model").write_bytes(b"weights")
    return tmp_path / "mine"


CARD = {"tool": "Cellpose", "weights": "model", "start": "course", "objects": "nuclei",
        "settings": {"diameter": 24.0, "channel": 1}, "scores": {"test": "AP 0.8"}}  # fmt: skip
PAIR = types.SimpleNamespace(name="a.tif", objects=7)
PARTS = {"training": [PAIR, PAIR], "validation": [PAIR], "test": []}


@pytest.fixture
def card(model_folder):
    return write_card(model_folder, CARD, PARTS, types.SimpleNamespace(done=12))


def test_the_card_holds_data_settings_scores_versions_and_hash(model_folder, card):
    assert json.loads((model_folder / "card.json").read_text()) == card
    assert card["sha256"] == fingerprint(model_folder / "model")
    assert card["data"]["training"] == {"images": 2, "objects": 14}
    assert card["epochs"] == 12 and {"python", "cellpose", "torch"} <= card["versions"].keys()
    text = (model_folder / "MODEL_CARD.md").read_text()
    for said in ("mine", "training: 2 images, 14 objects", "AP 0.8", card["sha256"], "licence"):
        assert said in text
    assert json.loads((model_folder / "split.json").read_text())["training"] == ["a.tif", "a.tif"]


def test_stardists_versions_name_the_tensorflow_that_is_there():
    assert {"stardist", "tensorflow", "keras"} <= versions("StarDist").keys()


@pytest.mark.parametrize("tool", ["StarDist", "Cellpose"])
def test_the_lines_for_the_notebook_are_python_and_name_the_model(model_folder, card, tool):
    lines = lines_for_notebook_15(model_folder, card | {"tool": tool})
    compile(lines, "cell", "exec")
    assert str(model_folder) in lines and card["sha256"] in lines and "my_channel = 1" in lines
    assert "\"origin\": 'tuned'" in lines
    scratch = lines_for_notebook_15(model_folder, card | {"tool": tool, "start": "nothing"})
    assert "\"origin\": 'own'" in scratch


def test_the_test_images_are_scored_once_for_a_model(model_folder):
    scores = iter(["AP 0.8", "AP 0.9"])
    assert once(model_folder, lambda: next(scores)) == "AP 0.8"
    assert once(model_folder, lambda: next(scores)).startswith("AP 0.8 (scored before")
