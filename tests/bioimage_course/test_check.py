"""The check of the computer is the doctor's; the checks of labels name the mistake."""

import numpy as np
import pytest

from bioimage_course import check, data, doctor
from bioimage_course.doctor import installation, libraries

# --- the computer ---------------------------------------------------------------------------------


def test_setup_prints_what_the_doctor_finds(monkeypatch, capsys):
    fault = doctor.Finding("a fault", "why", "the fix")
    monkeypatch.setattr(doctor, "examine", lambda: doctor.Examination({}, {}, [fault]))
    assert check.setup() is False
    assert "✗ a fault" in capsys.readouterr().out
    monkeypatch.setattr(doctor, "examine", lambda: doctor.Examination({}, {}, []))
    assert check.setup() is True
    assert capsys.readouterr().out == "Everything the course needs is here.\n"


@pytest.mark.parametrize(
    ("answers", "tensorflow", "torch"),
    [
        (({"gpus": 0}, {"gpu": None, "mps": False}), "no GPU: StarDist", "no GPU: Cellpose"),
        (({"gpus": 1}, {"gpu": "H100", "mps": False}), "GPU found (1)", "GPU found (H100)"),
        (({"gpus": 0}, {"gpu": None, "mps": True}), "no GPU", "GPU found (Apple MPS)"),
        (
            ({"error": "no AVX"}, {"gpu": None, "mps": False}),
            "cannot be imported (no AVX)",
            "no GPU",
        ),
    ],
)
def test_machine_reports_cores_memory_and_the_gpu_of_each_library(
    monkeypatch, capsys, answers, tensorflow, torch
):
    asked = dict(zip(("tensorflow", "torch"), answers, strict=True))
    monkeypatch.setattr(libraries, "ask", asked.get)
    check.machine()
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert list(lines) == ["Python", "System", "Cores", "Memory", "TensorFlow", "torch"]
    assert int(lines["Cores"].split()[1]) >= 1
    assert "GB" in lines["Memory"]
    assert tensorflow in lines["TensorFlow"]
    assert torch in lines["torch"]


def test_machine_reports_a_library_that_is_missing(monkeypatch, capsys):
    monkeypatch.setattr(installation, "version_of", lambda name: None)
    monkeypatch.setattr(libraries, "ask", lambda name: pytest.fail("it is not there to be asked"))
    check.machine()
    assert capsys.readouterr().out.endswith(
        "TensorFlow  not installed\ntorch       not installed\n"
    )


# --- labels ---------------------------------------------------------------------------------------


def test_labels_of_the_image_pass():
    image, truth = data.nuclei()
    assert check.labels(truth, image) is None
    assert check.labels(np.eye(4, dtype=np.uint8), np.zeros((4, 4, 3))) is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda truth: truth > 0, "mask of True and False.*skimage.measure.label"),
        (lambda truth: (truth > 0) * 1, "look like a mask.*skimage.measure.label"),
        (lambda truth: (truth > 0) * np.uint8(255), "look like a mask"),
        (lambda truth: truth / 125, "look like probabilities"),
        (lambda truth: truth.astype(float), r"labels.astype\(int\)"),
        (lambda truth: truth[::2, ::2], r"\(256, 256\), the image \(512, 512\)"),
        (lambda truth: truth[None], "2D label image"),
        (lambda truth: truth * 0, "no object at all"),
        (lambda truth: -truth, "negative"),
    ],
)
def test_labels_names_the_likely_mistake(change, words):
    image, truth = data.nuclei()
    with pytest.raises(ValueError, match=words):
        check.labels(change(truth), image)
