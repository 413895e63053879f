"""A card that is not used is a note with the reason and the fix."""

import subprocess

import pytest

from bioimage_course.doctor import gpu

CARD = {"name": "RTX 4090", "driver": "570.1"}
SEES_NONE = {
    "tensorflow": {"gpus": 0, "cuda": False},
    "torch": {"gpu": None, "cuda": False, "mps": False, "why_not": None},
}
SEES_ALL = {
    "tensorflow": {"gpus": 1, "cuda": True},
    "torch": {"gpu": "RTX 4090", "cuda": True, "mps": False, "why_not": None},
}


def gpu_findings(system="Linux x86_64", card=CARD, hidden=None, **answers):
    return gpu.gpu_findings(
        **{**SEES_ALL, **answers},
        system=system,
        card=card,
        hidden=hidden,
        needed={"tensorflow": "==2.21.0", "torch": "==2.13.0"},
        notebook=True,
    )


@pytest.mark.parametrize("system", ["Linux x86_64", "Windows AMD64", "Darwin x86_64"])
def test_no_card_is_no_finding(system):
    assert gpu_findings(system, card=None, **SEES_NONE) == []


def test_a_card_that_both_libraries_see_is_no_finding():
    assert gpu_findings() == []


def test_libraries_that_are_missing_or_broken_are_not_asked_about_the_card():
    assert gpu_findings(tensorflow={}, torch={"error": "OSError"}) == []


@pytest.mark.parametrize(
    ("facts", "what", "fix"),
    [
        (
            {"tensorflow": {"gpus": 0, "cuda": False}},
            "TensorFlow does not see the RTX 4090: this TensorFlow is the build for processors.",
            '%pip uninstall -y tensorflow-cpu and then %pip install "tensorflow[and-cuda]==2.21.0"',
        ),
        (
            {"tensorflow": {"gpus": 0, "cuda": True}},
            "libraries for it are missing, or the driver is too old",
            '"tensorflow[and-cuda]==2.21.0"; if that does not help, update',
        ),
        (
            {"system": "Windows AMD64", "tensorflow": {"gpus": 0, "cuda": False}},
            "no GPU support on Windows since version 2.11",
            "use WSL2",
        ),
        (
            {"torch": SEES_NONE["torch"]},
            "torch does not see the RTX 4090: this torch is the build for processors.",
            '%pip uninstall -y torch and then %pip install "torch==2.13.0"',
        ),
        (
            {"system": "Windows AMD64", "torch": SEES_NONE["torch"]},
            "this torch is the build for processors",
            "pytorch.org/get-started/locally",
        ),
        (
            {"torch": {**SEES_NONE["torch"], "cuda": True, "why_not": "RuntimeError: too old"}},
            "torch does not see the RTX 4090: RuntimeError: too old.",
            "update NVIDIA's driver",
        ),
        (
            {"card": {"name": "NVIDIA card", "error": "no driver is installed"}, **SEES_NONE},
            "NVIDIA card: its driver does not work (no driver is installed).",
            "install or update NVIDIA's driver",
        ),
        (
            {"hidden": "-1", **SEES_NONE},
            "The RTX 4090 is hidden: CUDA_VISIBLE_DEVICES is '-1'.",
            "remove this variable",
        ),
        (
            {"system": "Darwin arm64", "card": None, **SEES_NONE},
            "torch does not see the Mac's GPU (MPS).",
            "update macOS",
        ),
    ],
)
def test_a_card_that_is_not_used_is_a_note_with_the_reason(facts, what, fix):
    finding = only(gpu_findings(**facts))
    assert what in finding.what
    assert "only makes it faster" in finding.why
    assert fix in finding.fix
    assert not finding.stops


def test_a_mac_whose_torch_sees_its_gpu_has_no_finding():
    torch = {**SEES_NONE["torch"], "mps": True}
    assert (
        gpu_findings("Darwin arm64", card=None, tensorflow=SEES_NONE["tensorflow"], torch=torch)
        == []
    )


def only(findings):
    (finding,) = findings
    assert all((finding.what, finding.why, finding.fix))
    return finding


def smi(monkeypatch, tmp_path, script):
    """Plant the program nvidia-smi."""
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(gpu.shutil, "which", lambda name: str(program))


def test_a_card_with_a_driver_is_named(monkeypatch, tmp_path):
    smi(monkeypatch, tmp_path, 'echo "NVIDIA RTX A4000, 570.86.10"')
    assert gpu.nvidia() == {"name": "NVIDIA RTX A4000", "driver": "570.86.10"}


def test_a_driver_that_fails_is_told_in_its_own_words(monkeypatch, tmp_path):
    words = "Failed to initialize NVML: Driver/library version mismatch"
    smi(monkeypatch, tmp_path, f'echo "{words}"; exit 18')
    monkeypatch.setattr(gpu, "_nvidia_is_built_in", lambda: True)
    assert gpu.nvidia() == {"name": "NVIDIA card", "error": words}


def test_a_program_for_cards_without_a_card_is_no_card(monkeypatch, tmp_path):
    smi(monkeypatch, tmp_path, "exit 9")
    monkeypatch.setattr(gpu, "_nvidia_is_built_in", lambda: False)
    assert gpu.nvidia() is None


def test_a_driver_that_does_not_answer_is_left_after_a_while(monkeypatch, tmp_path):
    def late(command, **options):
        raise subprocess.TimeoutExpired(command, options["timeout"])

    smi(monkeypatch, tmp_path, "")
    monkeypatch.setattr(subprocess, "run", late)
    monkeypatch.setattr(gpu, "_nvidia_is_built_in", lambda: True)
    assert gpu.nvidia()["error"] == "its driver does not answer"


@pytest.mark.parametrize(
    ("vendor", "kind", "expected"),
    [
        ("0x10de", "0x030000", True),  # NVIDIA, display
        ("0x10de", "0x040300", False),  # NVIDIA, sound
        ("0x8086", "0x030000", False),  # Intel, display
    ],
)
def test_a_card_without_a_driver_is_found_on_the_bus(tmp_path, vendor, kind, expected):
    device = tmp_path / "0000:01:00.0"
    device.mkdir()
    (device / "vendor").write_text(f"{vendor}\n")
    (device / "class").write_text(f"{kind}\n")
    (tmp_path / "unreadable").mkdir()
    assert gpu._nvidia_is_built_in(tmp_path) is expected


@pytest.mark.parametrize(("value", "hidden"), [("", ""), ("-1", "-1"), ("0", None), (None, None)])
def test_cards_hidden_by_a_variable_are_noticed(monkeypatch, value, hidden):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if value is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", value)
    assert gpu.hidden_gpus() == hidden
