"""The weights that come with the course are the ones that were trained, and are good enough."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest
import torch

import bioimage_course
from bioimage_course import WEIGHTS_FOLDER

SCORES = json.loads(
    (Path(__file__).parents[2] / "training" / "results" / "scores.json").read_text()
)


@pytest.mark.parametrize(
    "name, largest", [("stardist_nuclei", 6e6), ("cellpose_nuclei", 14e6), ("cellpose_cells", 14e6)]
)
def test_weights_are_whole_and_small(name, largest):
    folder = WEIGHTS_FOLDER / name
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    hashes = {file: expected for expected, file in (line.split() for line in lines)}
    assert hashes.keys() == {f.name for f in folder.iterdir()} - {"SHA256SUMS", "MODEL_CARD.md"}
    for file, expected in hashes.items():
        assert hashlib.sha256((folder / file).read_bytes()).hexdigest() == expected, file
    assert sum((folder / file).stat().st_size for file in hashes) <= largest


@pytest.mark.parametrize("name, floor", [("stardist_nuclei", 0.84), ("cellpose_nuclei", 0.84)])
def test_models_find_most_nuclei_of_the_test_images(name, floor):
    assert SCORES[name]["dsb2018_test"]["ap"]["iou50"] >= floor


def test_a_changed_weight_is_refused_before_it_is_loaded(tmp_path, monkeypatch):
    folder = shutil.copytree(WEIGHTS_FOLDER, tmp_path / "weights")
    monkeypatch.setattr(bioimage_course, "WEIGHTS_FOLDER", folder)
    assert folder == bioimage_course.WEIGHTS
    weights = folder / "stardist_nuclei" / "weights_best.h5"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(RuntimeError, match=r"weights_best\.h5 is damaged[\s\S]*Fix: "):
        exec("from bioimage_course import WEIGHTS")  # as a notebook does


@pytest.mark.parametrize("name", ["cellpose_nuclei", "cellpose_cells"])
def test_cellpose_weights_are_plain_tensors(name):
    # weights_only refuses every pickled object that is not a tensor or a plain container.
    tensors = torch.load(WEIGHTS_FOLDER / name / "model", weights_only=True)
    assert all(isinstance(value, torch.Tensor) for value in tensors.values())
    assert tensors["output.2.weight"].dtype == torch.float16
