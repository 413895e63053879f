"""Each fault of a computer is planted, and expected with its fix."""

import builtins
import errno
import http.server
import importlib.util
import os
import subprocess
import tempfile
import threading
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from bioimage_course import computer, data

GB = 1e9


def only(findings):
    (finding,) = findings
    assert all((finding.what, finding.why, finding.fix))
    return finding


# --- memory ---------------------------------------------------------------------------------------


def test_enough_memory_or_memory_that_cannot_be_told_is_no_finding():
    assert computer.memory_findings((7.6 * GB, 4 * GB)) == []
    assert computer.memory_findings(None) == []


@pytest.mark.parametrize(
    ("memory", "words", "fix", "stops"),
    [
        ((1 * GB, 0.9 * GB), "has 1.0 GB of memory for you", "use Colab", True),
        ((2.1 * GB, 2 * GB), "has 2.1 GB of memory for you", "one notebook at a time", False),
        ((16 * GB, 0.4 * GB), "Only 0.4 GB of 16.0 GB", "shut down the kernels", False),
    ],
)
def test_too_little_memory_is_named_with_what_helps(memory, words, fix, stops):
    finding = only(computer.memory_findings(memory))
    assert words in finding.what
    assert fix in finding.fix
    assert finding.stops is stops


def test_the_memory_of_a_container_counts_where_it_is_less(monkeypatch, tmp_path):
    (tmp_path / "memory.max").write_text(f"{2 * 10**9}\n")
    (tmp_path / "memory.current").write_text(f"{5 * 10**8}\n")
    monkeypatch.setattr(computer, "CGROUP", tmp_path)
    machine = SimpleNamespace(total=64 * 10**9, available=32 * 10**9)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: machine)
    assert computer.memory() == (2 * 10**9, 1.5 * 10**9)
    (tmp_path / "memory.max").write_text("max\n")
    assert computer.memory() == (64 * 10**9, 32 * 10**9)


def test_without_psutil_the_memory_is_unknown(monkeypatch):
    real = builtins.__import__

    def missing(name, *rest):
        if name == "psutil":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", missing)
    assert computer.memory() is None


# --- disk and rights ------------------------------------------------------------------------------


def test_a_full_disk_is_named_once_for_all_places_on_it():
    places = {"here": 0.05 * GB, "there": 0.05 * GB, "elsewhere": 50 * GB, "unknown": None}
    finding = only(computer.disk_findings(places))
    assert finding.what == "Only 0.1 GB of disk are free in here."
    assert "free at least 1 GB" in finding.fix
    assert finding.stops
    assert not only(computer.disk_findings({"here": 0.6 * GB})).stops


def test_the_disk_of_a_folder_that_does_not_exist_yet_is_that_above_it(tmp_path):
    free = computer.free_bytes(tmp_path / "not" / "yet")
    assert free == pytest.approx(computer.free_bytes(tmp_path), abs=GB)
    assert free > 0
    assert computer.free_bytes(tmp_path / "not" / "yet") is not None


def test_a_folder_that_can_be_written_to_is_left_as_it_was(tmp_path):
    assert computer.write_error(tmp_path) is None
    assert computer.write_error(tmp_path / "not" / "yet") is None
    assert list(tmp_path.iterdir()) == []


def refuse_files(monkeypatch, number):
    def refuse(*, dir):
        raise OSError(number, os.strerror(number), dir)

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.ENOSPC])
def test_a_folder_that_cannot_be_written_to_is_named_with_the_reason(monkeypatch, tmp_path, number):
    refuse_files(monkeypatch, number)
    error = computer.write_error(tmp_path)
    assert error == os.strerror(number)
    finding = only(computer.write_findings({"the folder you are in": (tmp_path, error)}))
    assert finding.what == f"Nothing can be written in the folder you are in, {tmp_path}: {error}"
    assert "copy the course's folder to a place of your own" in finding.fix
    assert finding.stops


def test_a_place_that_is_no_folder_cannot_be_written_to(tmp_path):
    (tmp_path / "file").write_text("")
    assert computer.write_error(tmp_path / "file") == os.strerror(errno.ENOTDIR)


def test_each_place_has_its_own_fix_and_downloads_stop_nothing(tmp_path):
    places = computer.places(cache=str(tmp_path))
    found = computer.write_findings({name: (path, "no") for name, path in places.items()})
    fixes = {finding.fix.split(" ")[1]: finding.stops for finding in found}
    assert fixes == {"the": True, "TMPDIR": True, "BIOIMAGE_COURSE_CACHE": False}


def test_no_temporary_folder_at_all_is_a_fault(monkeypatch):
    def none():
        raise FileNotFoundError("No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    assert not computer.has_temporary()
    assert list(computer.places()) == ["the folder you are in"]
    finding = only(computer.write_findings({}, has_temporary=False))
    assert "TMPDIR" in finding.fix
    assert finding.stops


def test_links_are_tried_for_real_and_nothing_is_left(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert computer.link_error() is None
    assert list(tmp_path.iterdir()) == []


def test_an_account_that_may_not_link_on_windows_learns_that_the_course_needs_no_link(monkeypatch):
    def refuse(*_, **__):
        raise OSError("[WinError 1314] A required privilege is not held by the client")

    monkeypatch.setattr(os, "symlink", refuse)
    error = computer.link_error()
    assert "WinError 1314" in error
    finding = only(computer.link_findings(error, "Windows"))
    assert "WinError 1314" in finding.why
    assert "The course's weights are read from a folder and need none" in finding.why
    assert "Developer Mode" in finding.fix
    assert not finding.stops
    assert 'StarDist2D(None, name="2D_versatile_fluo_extracted"' in finding.fix
    assert "Developer Mode" not in only(computer.link_findings(error, "Linux")).fix
    assert computer.link_findings(None, "Windows") == []


# --- figures --------------------------------------------------------------------------------------


def test_figures_that_cannot_be_drawn_are_a_fault():
    answer = {"error": "ImportError: ft2font"}
    needed = {"matplotlib": "==3.11.*"}
    finding = only(computer.figure_findings(answer, needed=needed, notebook=True))
    assert "ImportError: ft2font" in finding.what
    assert finding.fix == '%pip install --force-reinstall --no-deps "matplotlib==3.11.*"'
    assert finding.stops


def test_a_font_without_the_signs_is_a_note_that_names_the_list_to_delete():
    answer = {"font": "Odd Sans", "missing": 2, "cache": "/c/matplotlib"}
    finding = only(computer.figure_findings(answer, needed={}, notebook=True))
    assert "Odd Sans lacks signs" in finding.what
    assert "delete the folder /c/matplotlib" in finding.fix
    assert not finding.stops
    assert computer.figure_findings({**answer, "missing": 0}, needed={}, notebook=True) == []
    assert computer.figure_findings({}, needed={}, notebook=True) == []


# --- GPUs -----------------------------------------------------------------------------------------

CARD = {"name": "RTX 4090", "driver": "570.1"}
SEES_NONE = {
    "tensorflow": {"gpus": 0, "cuda": False},
    "torch": {"gpu": None, "cuda": False, "mps": False, "why_not": None},
}
SEES_ALL = {
    "tensorflow": {"gpus": 1, "cuda": True},
    "torch": {"gpu": "RTX 4090", "cuda": True, "mps": False, "why_not": None},
}


def gpu(system="Linux x86_64", card=CARD, hidden=None, **answers):
    return computer.gpu_findings(
        **{**SEES_ALL, **answers},
        system=system,
        card=card,
        hidden=hidden,
        needed={"tensorflow": "==2.21.0", "torch": "==2.13.0"},
        notebook=True,
    )


@pytest.mark.parametrize("system", ["Linux x86_64", "Windows AMD64", "Darwin x86_64"])
def test_no_card_is_no_finding(system):
    assert gpu(system, card=None, **SEES_NONE) == []


def test_a_card_that_both_libraries_see_is_no_finding():
    assert gpu() == []


def test_libraries_that_are_missing_or_broken_are_not_asked_about_the_card():
    assert gpu(tensorflow={}, torch={"error": "OSError"}) == []


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
    finding = only(gpu(**facts))
    assert what in finding.what
    assert "only makes it faster" in finding.why
    assert fix in finding.fix
    assert not finding.stops


def test_a_mac_whose_torch_sees_its_gpu_has_no_finding():
    torch = {**SEES_NONE["torch"], "mps": True}
    assert gpu("Darwin arm64", card=None, tensorflow=SEES_NONE["tensorflow"], torch=torch) == []


def smi(monkeypatch, tmp_path, script):
    """Plant the program nvidia-smi."""
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(computer.shutil, "which", lambda name: str(program))


def test_a_card_with_a_driver_is_named(monkeypatch, tmp_path):
    smi(monkeypatch, tmp_path, 'echo "NVIDIA RTX A4000, 570.86.10"')
    assert computer.nvidia() == {"name": "NVIDIA RTX A4000", "driver": "570.86.10"}


def test_a_driver_that_fails_is_told_in_its_own_words(monkeypatch, tmp_path):
    words = "Failed to initialize NVML: Driver/library version mismatch"
    smi(monkeypatch, tmp_path, f'echo "{words}"; exit 18')
    monkeypatch.setattr(computer, "_nvidia_is_built_in", lambda: True)
    assert computer.nvidia() == {"name": "NVIDIA card", "error": words}


def test_a_program_for_cards_without_a_card_is_no_card(monkeypatch, tmp_path):
    smi(monkeypatch, tmp_path, "exit 9")
    monkeypatch.setattr(computer, "_nvidia_is_built_in", lambda: False)
    assert computer.nvidia() is None


def test_a_driver_that_does_not_answer_is_left_after_a_while(monkeypatch, tmp_path):
    def late(command, **options):
        raise subprocess.TimeoutExpired(command, options["timeout"])

    smi(monkeypatch, tmp_path, "")
    monkeypatch.setattr(subprocess, "run", late)
    monkeypatch.setattr(computer, "_nvidia_is_built_in", lambda: True)
    assert computer.nvidia()["error"] == "its driver does not answer"


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
    assert computer._nvidia_is_built_in(tmp_path) is expected


@pytest.mark.parametrize(("value", "hidden"), [("", ""), ("-1", "-1"), ("0", None), (None, None)])
def test_cards_hidden_by_a_variable_are_noticed(monkeypatch, value, hidden):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if value is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", value)
    assert computer.hidden_gpus() == hidden


# --- network --------------------------------------------------------------------------------------


@pytest.fixture
def site(monkeypatch):
    """A site on this computer that answers with the status in its address: site(404)."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self):
            self.send_response(int(self.path[1:]))
            self.end_headers()

        def log_message(self, *_):
            pass

    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield lambda status: f"http://127.0.0.1:{server.server_port}/{status}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("status", [200, 403, 404, 500])
def test_a_site_that_answers_whatever_can_be_reached(site, status):
    assert computer.site_error(site(status)) is None


def test_a_site_that_cannot_be_reached_is_a_note_and_the_rest_works(site):
    assert "proxy asks for a name" in computer.site_error(site(407))
    closed = site(200)
    error = computer.site_error("http://127.0.0.1:1/")
    assert "refused" in error.lower()
    finding = only(computer.network_findings({closed: None, "https://github.com/x": error}))
    assert finding.what == f"github.com cannot be reached: {error}"
    assert "All else works offline" in finding.why
    assert "HTTPS_PROXY" in finding.fix
    assert not finding.stops


@pytest.mark.parametrize(
    ("error", "fix"),
    [
        ("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed", "SSL_CERT_FILE"),
        ("the proxy asks for a name and a password", "ask your IT for the proxy's address"),
        ("[Errno -2] Name or service not known", "connect to the network"),
    ],
)
def test_the_fix_fits_the_reason(error, fix):
    assert fix in only(computer.network_findings({"https://github.com/x": error})).fix


def test_the_sites_are_those_that_the_course_downloads_from():
    assert data.DATASETS["dsb2018"].url in computer.SITES
    cellpose = Path(importlib.util.find_spec("cellpose").origin).parent
    address = next(address for address in computer.SITES if "cellpose.org" in address)
    assert address.rpartition("/")[0] in (cellpose / "models.py").read_text(encoding="utf-8")
