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
    assert entry["bytes"] == (export_lab.LAB / f"{name}.onnx.gz").stat().st_size
    if name == "stardist_nuclei":
        assert entry["bytes"] < 1.75e6
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
    for file in (f"{name}.onnx.gz", "weights.json"):
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
    file = copy / "stardist_nuclei.onnx.gz"
    file.write_bytes(file.read_bytes()[:-1])
    assert "is not what" in export_lab.stale("stardist_nuclei")
    file.unlink()
    assert "is missing" in export_lab.stale("stardist_nuclei")
    (copy / "weights.json").write_text(json.dumps({}))
    assert "has no stardist_nuclei" in export_lab.stale("stardist_nuclei")


def test_filters_are_stored_to_a_sixth_of_a_step():
    """What in_few_bits() does to numbers, without the tools that write ONNX."""
    values = np.random.default_rng(0).normal(0, 0.1, (8, 16, 3, 3)).astype(np.float32)
    step, coarse, fine = export_lab.few_bits(values)
    assert coarse.dtype == fine.dtype == np.int8
    assert set(np.unique(fine)) == {-1, 0, 1}
    assert np.abs(step * (coarse + fine / 3) - values).max() <= step.max() / 6 * 1.01
