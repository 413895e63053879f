"""What the newest environment asks for, how it is made, and what is said when that fails."""

import os
from collections import namedtuple

import pytest

from course_build import Stop
from course_build.shelf_life import environment

CELLPOSE = """Metadata-Version: 2.4
Name: cellpose
Version: 3.1.1.3
Requires-Dist: numpy<2.1,>=1.20.0
Requires-Dist: fill-voids
Requires-Dist: pyqt6; extra == "gui"
"""
USAGE = namedtuple("USAGE", "total used free")
RUN = {"python": "3.13.1", "system": "Linux", "machine": "x86_64"}


# What to install


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("stardist==0.9.2", "stardist>=0.9.2"),
        ("matplotlib==3.11.*", "matplotlib>=3.11"),
        ("numpy<2.1,>=2.0; python_version < '3.13'", 'numpy>=2.0; python_version < "3.13"'),
        ("dask[array]~=2026.8.0", "dask[array]>=2026.8.0"),
        ("zarr!=3.1.2,<=4,>3", "zarr!=3.1.2,>3"),
        ("tqdm", "tqdm"),
        ("cellpose==3.1.1.3", "cellpose<4,>=3.1.1.3"),
    ],
)
def test_pins_and_upper_limits_go_but_not_the_line_of_cellpose(line, expected):
    assert environment.lifted(line) == expected


def test_what_notebooks_import_is_lifted_and_the_tools_are_not():
    libraries, tools = environment.asked()
    assert "stardist>=0.9.2" in libraries and not [x for x in libraries if "==" in x.split(";")[0]]
    assert any(line.startswith("pytest==") for line in tools)
    assert {"stardist", "cellpose", "torch"} <= set(environment.names())


def test_what_is_installed_alone_in_the_course_is_so_here():
    assert list(environment.ALONE) == ["cellpose"]


def test_torchvision_is_the_one_made_for_torch():
    asked = environment.apart("2.14.1")
    assert "torchvision==0.29.*" in asked
    assert [line for line in asked if line.startswith("cellpose>=4")]


def test_the_lock_is_read_for_the_python_and_the_system_of_the_run():
    kept = environment.locked(RUN)
    assert kept["packages"]["numpy"].startswith("2.1.")
    assert environment.locked(RUN | {"python": "3.12.9"})["packages"]["numpy"].startswith("2.0.")
    assert "tensorflow-cpu" in kept["packages"] and "tensorflow" not in kept["packages"]
    mac = environment.locked(RUN | {"system": "Darwin", "machine": "arm64"})
    assert "tensorflow" in mac["packages"] and "tensorflow-cpu" not in mac["packages"]
    assert kept["packages"]["cellpose"].startswith("3.")
    assert kept["apart"]["cellpose"].startswith("4.")


# Making it


def package(folder, text, name="cellpose-3.1.1.3"):
    record = folder / f"{name}.dist-info"
    record.mkdir(parents=True)
    (record / "METADATA").write_text(text, encoding="utf-8")


def test_versions_leave_out_builds_and_what_torch_brings(tmp_path):
    for name, version in (
        ("Torch", "2.14.1+cpu"), ("nvidia-cublas", "13.0"), ("triton", "3.4"), ("pip", "26.0"),
        ("fill_voids", "2.1.2"),
    ):  # fmt: skip
        package(tmp_path, f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n", name)
    assert environment.versions(tmp_path) == {"fill-voids": "2.1.2", "torch": "2.14.1"}


@pytest.fixture
def pip(monkeypatch, tmp_path):
    """A stand-in for venv and pip: what they were asked for, and what then lies there."""
    monkeypatch.setattr(environment.shutil, "disk_usage", lambda path: USAGE(9e10, 0, 9e10))
    asked = []
    packages = tmp_path / "newest/venv/lib/python3.12/site-packages"

    def start(command, variables, **options):
        if "venv" in command:
            packages.mkdir(parents=True)
        else:
            assert os.path.isdir(variables["TMPDIR"])
            asked.append([str(word) for word in command[5:]])
        if len(asked) == 1:
            package(packages, CELLPOSE)
        if len(asked) == 2:
            package(packages, "Metadata-Version: 2.4\nName: torch\nVersion: 2.14.1+cpu\n", "torch")
        return 0, ""

    monkeypatch.setattr(environment, "start", start)
    return asked


def test_cellpose_comes_alone_then_all_else_with_what_it_needs_then_cellpose_4_apart(
    pip, tmp_path, capsys
):
    folder = tmp_path / "newest"
    (folder / "venv").mkdir(parents=True)
    (folder / "venv" / "old").touch()
    environment.make(folder)
    assert not (folder / "venv" / "old").exists() and not (folder / "venv" / "tmp").exists()
    alone, rest, apart = pip
    assert alone == ["--no-deps", "-e", ".", "cellpose<4,>=3.1.1.3"]
    assert {"stardist>=0.9.2", "numpy>=1.20.0", "fill-voids", "pytest-notebook==0.11.0"} <= set(
        rest
    )
    assert not [line for line in rest if line.startswith(("cellpose", "pyqt6", "-"))]
    assert apart[:3] == ["--no-deps", "--target", str(folder / "venv" / "cellpose-sam")]
    assert "torchvision==0.29.*" in apart
    steps = [line for line in capsys.readouterr().out.splitlines() if line.startswith("· ")]
    assert [line[2:8] for line in steps] == ["1 of 4", "2 of 4", "3 of 4", "4 of 4"]


def test_too_little_space_is_said_before_anything_is_deleted(pip, tmp_path, monkeypatch):
    (tmp_path / "old").touch()
    monkeypatch.setattr(environment.shutil, "disk_usage", lambda path: USAGE(9e9, 8e9, 1e9))
    with pytest.raises(Stop, match=r"needs 8 GB, and 1\.0 GB are free.*make newest"):
        environment.make(tmp_path)
    assert (tmp_path / "old").exists() and not pip


@pytest.mark.parametrize(
    ("errors", "said"),
    [
        ("ERROR: Could not install: [Errno 28] No space left on device", "The disk is full: free"),
        (
            "WARNING: Retrying after connection broken by 'NewConnectionError'\nERROR: none",
            "Connect",
        ),
        ("SSLError: CERTIFICATE_VERIFY_FAILED", "set PIP_CERT"),
    ],
)
def test_a_known_failure_is_one_sentence_that_says_what_to_do(monkeypatch, errors, said):
    monkeypatch.setattr(environment, "start", lambda *command, **options: (1, errors))
    with pytest.raises(Stop, match=said) as stop:
        environment.run("pip", ["pip"])
    assert "`make newest` again" in str(stop.value) and "\n" not in str(stop.value)


def test_another_failure_is_told_in_the_words_of_the_program():
    said = environment.explain("pip", "one\nResolutionImpossible: a and b exclude each other")
    assert "a and b exclude each other" in said and said.endswith(
        "pip failed, with the words above."
    )
