"""What comes first on Python's path, and hides what was installed, is named with its folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bioimage_course.doctor import path

ROOT = Path(__file__).parents[3]
WANTED = {"numpy", "cellpose", "skimage"}


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder to be in, with the notebooks below it, and no PYTHONPATH."""
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    return tmp_path


def findings():
    return path.path_findings(path.hidden_modules(path.first_folders(), WANTED))


def test_ordinary_files_hide_nothing(here):
    for name in ("analysis.py", "numpy.txt", "my_numpy.py"):
        (here / name).touch()
    (here / "numpy").mkdir()  # a folder of data, and no package
    assert findings() == []


@pytest.mark.parametrize("below", ["", "notebooks"])
@pytest.mark.parametrize(
    ("name", "what"),
    [("random.py", "Python's own module random"), ("cellpose.py", "the package cellpose")],
)
def test_a_file_called_like_a_module_is_named_with_the_cure(here, below, name, what):
    (here / below / name).touch()
    (finding,) = findings()
    assert finding.what == f"{here / below / name} hides {what}."
    assert f"rename {name}" in finding.fix and "__pycache__" in finding.fix
    assert finding.stops


def test_pythonpath_is_named_once_for_each_of_its_folders(here, tmp_path, monkeypatch):
    other = tmp_path / "apps" / "lib"
    for name in ("numpy", "skimage", "unknown"):
        (other / name).mkdir(parents=True)
        (other / name / "__init__.py").touch()
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path / 'nowhere'}{os.pathsep}{other}")
    (finding,) = findings()
    assert finding.what.startswith(f"PYTHONPATH names {other}: numpy, skimage come from there")
    assert "unset PYTHONPATH" in finding.fix and "pip install" not in finding.fix


def test_the_courses_own_folders_on_the_path_are_no_fault(here, monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT / "src"), str(ROOT)]))
    assert findings() == []


def test_the_doctor_itself_works_beside_a_file_called_random(here):
    (here / "random.py").write_text("answer = 42\n")
    (here / "look.py").write_text(
        "from bioimage_course.doctor import path\n"
        "for found in path.hidden_modules(path.first_folders(), ()): print(found[1])\n"
    )
    looked = subprocess.run(
        [sys.executable, "-m", "look"], cwd=here, capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
    )  # fmt: skip
    assert looked.returncode == 0, looked.stderr
    assert looked.stdout.strip() == str(here / "random.py")
