"""Weights that are missing or changed are named, with the way to get them back."""

import hashlib

import pytest

from bioimage_course.doctor.weights import MODELS, weights_findings


@pytest.fixture
def weights(tmp_path):
    """A weights folder as the course publishes it."""
    for model in MODELS:
        folder = tmp_path / "weights" / model
        folder.mkdir(parents=True)
        (folder / "model").write_bytes(model.encode())
        digest = hashlib.sha256(model.encode()).hexdigest()
        (folder / "SHA256SUMS").write_text(f"{digest}  model\n")
    return tmp_path / "weights"


def only(findings):
    (finding,) = findings
    assert all((finding.what, finding.why, finding.fix))
    return finding


def test_weights_as_published_have_no_findings(weights):
    assert weights_findings(weights / "stardist_nuclei") == []


def break_folder(folder):
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (break_folder, "the folder is missing"),
        (lambda folder: (folder / "model").unlink(), "model is missing"),
        (lambda folder: (folder / "model").write_bytes(b"other"), "model is damaged"),
        (lambda folder: (folder / "model").write_bytes(b""), "model is damaged"),
        (lambda folder: (folder / "SHA256SUMS").unlink(), "SHA256SUMS is missing"),
        (lambda folder: (folder / "SHA256SUMS").write_text(""), "SHA256SUMS cannot be read"),
        (lambda folder: (folder / "SHA256SUMS").write_text("abc\n"), "SHA256SUMS cannot be read"),
        (lambda folder: (folder / "SHA256SUMS").write_bytes(b"\xff\xfe"), "cannot be read"),
    ],
)
def test_weights_missing_or_damaged_are_named_with_the_way_back(weights, damage, words):
    damage(weights / "cellpose_nuclei")
    finding = only(weights_findings(weights / "cellpose_nuclei"))
    assert finding.what.startswith("Weights of cellpose_nuclei: ")
    assert words in finding.what
    assert "pip install" in finding.fix
    (weights.parent / ".git").mkdir()
    assert "git restore" in only(weights_findings(weights / "cellpose_nuclei")).fix


def test_the_star_of_sha256sum_s_binary_mode_is_understood(weights):
    sums = weights / "stardist_nuclei" / "SHA256SUMS"
    sums.write_text(sums.read_text().replace("  ", " *"))
    assert weights_findings(weights / "stardist_nuclei") == []
