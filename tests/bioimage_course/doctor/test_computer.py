"""Each fault of a computer is planted, and expected with its fix."""

import builtins
import errno
import os
import tempfile
from types import SimpleNamespace

import psutil
import pytest

from bioimage_course.doctor import computer

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


def test_each_place_has_its_own_fix_and_downloads_and_home_stop_nothing(tmp_path):
    places = computer.places(cache=str(tmp_path))
    found = computer.write_findings({name: (path, "no") for name, path in places.items()})
    fixes = {finding.fix.split(" ")[1]: finding.stops for finding in found}
    assert fixes == {"the": True, "TMPDIR": True, "BIOIMAGE_COURSE_CACHE": False,
                     "HOME": False}  # fmt: skip


def test_a_home_that_cannot_be_written_is_named_with_every_way_round_it(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HOME", str(tmp_path / "file" / "me"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "file" / "me"))
    home = computer.places()["your home folder"]
    error = computer.write_error(home)
    finding = only(computer.write_findings({"your home folder": (home, error)}))
    assert finding.what.startswith(f"Nothing can be written in your home folder, {home}: ")
    for name in ("CELLPOSE_LOCAL_MODELS_PATH", "KERAS_HOME", "MPLCONFIGDIR", "IPYTHONDIR"):
        assert name in finding.fix


def test_no_temporary_folder_at_all_is_a_fault(monkeypatch):
    def none():
        raise FileNotFoundError("No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    assert not computer.has_temporary()
    assert list(computer.places()) == ["the folder you are in", "your home folder"]
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
