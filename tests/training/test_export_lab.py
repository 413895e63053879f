"""The networks for the browser are made from today's weights, and store them as they should."""

import json

import numpy as np
import pytest

from training import export_lab


@pytest.mark.parametrize("name", export_lab.NAMES)
def test_the_export_is_what_would_be_written_now(name):
    assert export_lab.stale(name) is None


@pytest.mark.parametrize("name", export_lab.NAMES)
def test_a_network_is_small_and_computes_what_the_original_does(name):
    entry = export_lab.read_list()[name]
    assert entry["bytes"] == (export_lab.LAB / entry["file"]).stat().st_size
    if name == "stardist_nuclei":
        assert entry["bytes"] < 1.72e6
        assert entry["difference"] < 5  # pixels of a distance, in noise, where nothing is
    else:
        assert entry["bytes"] < 14e6
        assert entry["difference"] < 1e-3


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """Weights of a network and an export of it, in another place."""
    name = "stardist_nuclei"
    (tmp_path / "weights" / name).mkdir(parents=True)
    sums = (export_lab.WEIGHTS / name / "SHA256SUMS").read_text()
    (tmp_path / "weights" / name / "SHA256SUMS").write_text(sums)
    for file in (f"{name}.onnx.xz", "weights.json"):
        (tmp_path / file).write_bytes((export_lab.LAB / file).read_bytes())
    monkeypatch.setattr(export_lab, "WEIGHTS", tmp_path / "weights")
    monkeypatch.setattr(export_lab, "LAB", tmp_path)
    monkeypatch.setattr(export_lab, "LISTED", tmp_path / "weights.json")
    assert export_lab.stale(name) is None
    return tmp_path


def test_an_export_of_other_weights_is_stale(copy):
    sums = copy / "weights" / "stardist_nuclei" / "SHA256SUMS"
    lines = sums.read_text().splitlines()
    sums.write_text("\n".join(["0" * 64 + lines[0][64:], *lines[1:]]) + "\n")
    assert "made from other weights: run `make lab-weights" in export_lab.stale("stardist_nuclei")


def test_an_export_that_was_changed_or_is_missing_is_stale(copy):
    file = copy / "stardist_nuclei.onnx.xz"
    file.write_bytes(file.read_bytes()[:-1])
    assert "is not what" in export_lab.stale("stardist_nuclei")
    file.unlink()
    assert "is missing" in export_lab.stale("stardist_nuclei")
    (copy / "weights.json").write_text(json.dumps({}))
    assert "has no stardist_nuclei" in export_lab.stale("stardist_nuclei")


@pytest.mark.parametrize(("channels", "parts"), [(16, 63), (1024, 3)])
def test_filters_are_stored_to_a_sixth_of_a_step_and_finer_in_small_layers(channels, parts):
    values = np.random.default_rng(0).normal(0, 0.1, (8, channels, 3, 3)).astype(np.float32)
    step, coarse, fine, in_a_step = export_lab.few_bits(values)
    assert coarse.dtype == fine.dtype == np.int8
    assert in_a_step == parts and np.abs(fine).max() == parts // 2
    assert np.abs(step * (coarse + fine / parts) - values).max() <= step.max() / parts * 0.51
