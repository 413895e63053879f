"""What uv is told before it locks, and what the lock makes of its lines."""

import tomllib
from importlib import metadata

import pytest
from packaging.requirements import Requirement

from course_build import Stop, lock, programs
from course_build.lock import LEFT_TO_TORCH, PINS, ROOT, pins, readable

EVERYWHERE = (
    "python_full_version < '3.14' and ((platform_machine == 'arm64' and sys_platform == 'darwin')"
    " or sys_platform == 'linux' or sys_platform == 'win32')"
)
SOMEWHERE = EVERYWHERE.removeprefix("python_full_version < '3.14' and ")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("-e .", "-e ."),
        (f"numpy==2.0.2 ; {EVERYWHERE}", "numpy==2.0.2"),
        (
            f"scipy==1.18.1 ; python_full_version == '3.12.*' and {SOMEWHERE}",
            "scipy==1.18.1 ; python_full_version == '3.12.*'",
        ),
        (
            "ptyprocess==0.7.0 ; python_full_version < '3.14' and os_name != 'nt'",
            "ptyprocess==0.7.0 ; os_name != 'nt'",
        ),
    ],
)
def test_only_a_marker_that_tells_something_stays(line, expected):
    assert readable(line) == expected


@pytest.mark.parametrize("name", ["nvidia-cublas", "cuda-bindings", "triton"])
def test_gpu_libraries_are_left_to_torch(name):
    assert LEFT_TO_TORCH.match(f"{name}==1.0")


@pytest.mark.parametrize("name", ["torch", "tensorflow-cpu", "numpy"])
def test_everything_else_is_pinned(name):
    assert not LEFT_TO_TORCH.match(f"{name}==1.0")


def test_uv_is_told_what_cellpose_needs_and_only_its_limit_for_numpy_is_lifted():
    """Overriding numpy for all would hide who else asks for which: pip would then refuse."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["uv"]
    assert not [line for line in told["override-dependencies"] if line.startswith("numpy")]
    (cellpose,) = told["dependency-metadata"]
    assert cellpose["version"] == metadata.version("cellpose")
    asked = map(Requirement, metadata.requires("cellpose"))
    asked = [need for need in asked if not need.marker or str(need.marker) == 'extra == "gui"']
    expected = {str(need).replace("<2.1,", "") for need in asked}
    assert {str(Requirement(line)) for line in cellpose["requires-dist"]} == expected


def test_the_package_holds_the_pins_that_the_lock_gives():
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    written = PINS.read_text(encoding="utf-8").splitlines()
    assert [line for line in written if not line.startswith("#")] == pins(lines)
    names = {line.partition("==")[0] for line in written}
    assert {"numpy", "stardist", "cellpose", "torch", "dask"} <= names
    assert not names & {"jupyterlab", "mkdocs", "keras"}  # of no notebook, or not asked for


def test_a_lock_that_would_name_an_address_is_not_written(tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "resolve", lambda source: ["numpy @ https://host.test/numpy.whl"])
    monkeypatch.setattr(lock, "ROOT", tmp_path)
    with pytest.raises(Stop, match="may not name an address"):
        lock.lock()
    assert not list(tmp_path.iterdir())


def test_without_uv_it_says_what_to_run(monkeypatch):
    monkeypatch.setattr(programs.shutil, "which", lambda name, path=None: None)
    with pytest.raises(Stop, match="uv is missing: run `make lock`"):
        lock.resolve()
