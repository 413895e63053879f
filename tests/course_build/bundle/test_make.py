"""The offline bundle: its parts, its hashes, and its scripts, with one tiny package inside.

The site from disk is tested in tests/site/test_site_offline.py, and the real packages
by `make bundle-check`.
"""

import errno
import importlib.metadata
import os
import platform
import re
import shutil
import subprocess
import sys
import types
import zipfile

import nbformat
import pytest
from packaging.requirements import Requirement

from course_build.bundle import make as bundle

WHEEL = "bioimage_course-0.1.0-py3-none-any.whl"
PYTHON = ".".join(platform.python_version_tuple()[:2])
PARTS = {"README.md", "SHA256SUMS", "install.bat", "install.sh", "serve.py", "verify.py"}


def add_tiny_wheel(folder, version="0.1.0", here="in the bundle"):
    """A package of one module instead of a gigabyte."""
    (folder / "wheels").mkdir()
    record = f"bioimage_course-{version}.dist-info"
    files = {
        "bioimage_course.py": f"here = {here!r}\n",
        f"{record}/METADATA": f"Metadata-Version: 2.1\nName: bioimage-course\nVersion: {version}\n",
        f"{record}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{record}/RECORD"] = "".join(f"{name},,\n" for name in [*files, f"{record}/RECORD"])
    wheel = folder / "wheels" / f"bioimage_course-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)


def add_tiny_site(folder):
    (folder / "site").mkdir()
    (folder / "site" / "index.html").write_text("<p>nuclei</p>")


TINY = (add_tiny_wheel, add_tiny_site, bundle.add_scripts)


@pytest.fixture
def made(tmp_path):
    """A tiny bundle's folder; its zip lies beside it."""
    bundle.make(tmp_path, steps=TINY)
    return tmp_path / bundle.name()


def run(folder, *command, **variables):
    """Run a command in the bundle, with the Python of the tests first on the path."""
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    env = {**os.environ, "PATH": path, **variables}
    env.pop("PYTHONPATH", None)  # a package that it names would come before the bundle's
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)


def verify(folder, *only):
    return run(folder, sys.executable, "-B", "verify.py", *only)


# --- What is in it ----------------------------------------------------------------------------


def test_the_folder_and_its_zip_hold_the_same_and_nothing_half_is_left(made):
    assert {path.name for path in made.iterdir()} == PARTS | {"wheels", "site"}
    files = {path.relative_to(made.parent).as_posix() for path in made.rglob("*") if path.is_file()}
    with zipfile.ZipFile(made.parent / f"{made.name}.zip") as archive:
        assert set(archive.namelist()) == files
        assert archive.testzip() is None
        modes = {entry.filename: entry.external_attr >> 16 for entry in archive.infolist()}
    assert modes[f"{made.name}/install.sh"] & 0o111
    left = {path.name for path in made.parent.iterdir()}
    assert left == {made.name, f"{made.name}.zip", bundle.MEASURED}


def test_its_name_and_its_scripts_say_for_which_computers_it_is(made):
    system = f"{platform.system()}-{platform.machine()}".lower()
    assert made.name.endswith(f"-{system}-python{PYTHON}")
    for name in ("README.md", "install.sh", "install.bat"):
        text = (made / name).read_text(encoding="utf-8")
        assert f"{platform.system()} on {platform.machine()} with Python {PYTHON}" in text
        assert not re.search(r"\{[A-Z_]+\}", text), name
    assert b"\r\n" in (made / "install.bat").read_bytes()
    assert not re.search(rb"[^\r]\n", (made / "install.bat").read_bytes())
    assert b"\r" not in (made / "install.sh").read_bytes()


def test_the_script_for_windows_keeps_every_path_in_quotes(made):
    """In a folder such as "R&D", a path without quotes ends the command at its ampersand."""
    for line in (made / "install.bat").read_text(encoding="utf-8").splitlines():
        for place in re.finditer(r"%TARGET%|%~dp0|%~f1", line):
            assert line[: place.start()].count('"') % 2, line


def test_what_was_measured_is_returned(tmp_path):
    measured = bundle.make(tmp_path, steps=TINY)
    assert measured["wheels"] == 1 and measured["python"] == PYTHON
    assert measured["make_seconds"] >= 0


@pytest.fixture(scope="module")
def notebooks(tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebooks")
    bundle.add_notebooks(folder)
    return {
        kind: {
            path.name: nbformat.read(path, as_version=4)
            for path in (folder / "notebooks" / kind).iterdir()
        }
        for kind in ("student", "trainer")
    }


def test_students_get_no_solutions_and_trainers_get_all(notebooks):
    names = {path.name for path in (bundle.ROOT / "notebooks").glob("*.ipynb")}
    assert set(notebooks["student"]) == set(notebooks["trainer"]) == names

    def tags(kind):
        books = notebooks[kind].values()
        return [
            tag for book in books for cell in book.cells for tag in cell.metadata.get("tags", [])
        ]

    assert "solution" in tags("trainer") and "solution" not in tags("student")
    assert "exercise" in tags("student")


def test_the_notebooks_leave_out_colab_and_name_the_pages_that_lie_beside_them(notebooks):
    pages = set()
    for books in notebooks.values():
        for name, book in books.items():
            text = nbformat.writes(book)
            assert "COURSE_WHEEL" not in text, name
            # JupyterLab shows notebooks/student as its root: a link out of it does nothing.
            assert not re.search(r"\]\(\.\./", text), name
            pages |= set(re.findall(r"\* \(`site/([\w/-]+)\.html`\)", text))
    sources = [bundle.ROOT / "docs" / f"{page}.md" for page in pages]
    assert len(sources) > 5 and all(source.is_file() for source in sources)


def test_the_packages_are_those_of_the_lock_with_torch_as_it_is_here():
    lines = bundle.constraints()
    assert f"numpy=={importlib.metadata.version('numpy')}" in [
        line.split(" ;")[0] for line in lines
    ]
    [torch] = [line for line in lines if line.startswith("torch==")]
    assert re.match(r"torch==2\.13\.0(\+\w+)?$", torch)
    assert not [line for line in lines if line.startswith(("-e", "#"))]


def holds_here(line):
    return Requirement(line).marker.evaluate()


def test_it_fits_every_patch_of_its_python(monkeypatch):
    """soupsieve 4 does not install on Python 3.11.2; the bundle is for "Python 3.11"."""
    monkeypatch.setattr(platform, "python_version", lambda: f"{PYTHON}.7")
    lines = [
        "numpy==2.0.2",
        f"soupsieve==2.10 ; python_full_version < '{PYTHON}.5'",
        f"soupsieve==4.1.3 ; python_full_version >= '{PYTHON}.5'",
        f"from-tomorrow==1 ; python_full_version >= '{PYTHON}.9'",
        "other-python==1 ; python_full_version < '3.9'",
        "other-system==1 ; sys_platform == 'amiga'",
    ]
    monkeypatch.setattr(bundle, "constraints", lambda: lines)
    others = [line.partition(" ;")[0] for line in lines[1:3] if not holds_here(line)]
    assert bundle.for_other_patches() == [*others, "from-tomorrow==1"] and len(others) == 1


# --- Hashes -----------------------------------------------------------------------------------


def test_a_bundle_as_it_was_made_has_no_faults(made):
    answer = verify(made)
    assert (answer.returncode, answer.stdout) == (0, "Every file is as it was made.\n")
    if shutil.which("sha256sum"):
        assert run(made, "sha256sum", "--check", "--quiet", "SHA256SUMS").returncode == 0


@pytest.mark.parametrize(
    "name", ["README.md", "install.sh", "verify.py", "site/index.html", f"wheels/{WHEEL}"]
)
def test_one_changed_byte_is_reported_by_name(made, name):
    content = bytearray((made / name).read_bytes())
    content[-1] ^= 1
    if name == "verify.py":  # it still has to run
        content = (made / name).read_bytes() + b"\n"
    (made / name).write_bytes(content)
    answer = verify(made)
    assert answer.returncode == 1
    assert answer.stdout.startswith(
        f"changed     {name}\nNot as they were made: 1. Copy those again"
    )
    assert "Not of the bundle" not in answer.stdout


def test_missing_and_additional_files_are_named_all_at_once(made):
    (made / "site" / "index.html").unlink()
    (made / "wheels" / "other.whl").write_text("no wheel")
    (made / "environment").mkdir()  # what install makes is left out
    (made / "environment" / "pyvenv.cfg").write_text("")
    (made / "site" / "environment").mkdir()  # but only that
    (made / "site" / "environment" / "a").write_text("")
    answer = verify(made)
    assert answer.returncode == 1
    assert answer.stdout.splitlines()[:3] == [
        "additional  site/environment/a",
        "missing     site/index.html",
        "additional  wheels/other.whl",
    ]
    assert "Not as they were made: 1. Copy" in answer.stdout
    assert "Not of the bundle: 2. That does no harm, except in wheels/: delete" in answer.stdout


def test_of_files_that_were_only_added_it_does_not_say_to_copy_them(made):
    (made / "site" / "notes.txt").write_text("")
    answer = verify(made)
    assert answer.returncode == 1
    assert "Copy" not in answer.stdout
    assert "Not of the bundle: 1." in answer.stdout


def test_one_folder_alone_can_be_compared(made):
    (made / "README.md").write_text("changed")
    assert verify(made, "wheels/").returncode == 0
    assert verify(made, "site", "README.md").returncode == 1
    assert "Not in this bundle: wheel" in verify(made, "wheel").stdout


@pytest.mark.parametrize("sums", [None, "spoilt"])
def test_without_readable_hashes_it_says_what_to_do(made, sums):
    (made / "SHA256SUMS").unlink()
    if sums:
        (made / "SHA256SUMS").write_text(sums)
    answer = verify(made)
    assert (answer.returncode, answer.stderr) == (1, "")
    assert "SHA256SUMS is missing or spoilt: copy the bundle again." in answer.stdout


# --- A full disk, a failure -------------------------------------------------------------------


def test_a_disk_that_fills_while_the_zip_is_written_leaves_no_half_zip(
    tmp_path, monkeypatch, capsys
):
    written = zipfile.ZipFile.write

    def until_full(archive, path, *arguments, **options):
        if path.name == "index.html":
            raise OSError(errno.ENOSPC, "No space left on device")
        return written(archive, path, *arguments, **options)

    monkeypatch.setattr(zipfile.ZipFile, "write", until_full)
    with pytest.raises(bundle.Stop, match=r"is full: make room for \d GB, run this again"):
        bundle.make(tmp_path, steps=TINY)
    assert not list(tmp_path.glob("*.zip*"))


def test_a_failure_on_the_way_leaves_the_bundle_that_was_there(made):
    before = (made.parent / f"{made.name}.zip").read_bytes()

    def fails(folder):
        raise bundle.Stop("pip could not download")

    with pytest.raises(bundle.Stop):
        bundle.make(made.parent, steps=(add_tiny_wheel, fails))
    assert verify(made).returncode == 0
    assert (made.parent / f"{made.name}.zip").read_bytes() == before
    assert not list(made.parent.glob("*.part"))


@pytest.mark.parametrize(
    ("package", "gigabytes"), [("numpy", 3), ("nvidia-cudnn-cu13", 8)], ids=["CPU", "GPU"]
)
def test_too_little_space_is_said_before_the_work_begins(tmp_path, monkeypatch, package, gigabytes):
    installed = [types.SimpleNamespace(name=package)]
    monkeypatch.setattr(importlib.metadata, "distributions", lambda: installed)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(9e9, 7e9, 2e9))
    monkeypatch.setattr(sys, "version_info", (3, 12, 0))
    with pytest.raises(bundle.Stop, match=rf"needs {gigabytes} GB, and 2\.0 GB are free"):
        bundle.make(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_on_python_3_13_it_says_which_python_makes_a_bundle(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 13, 0))
    with pytest.raises(bundle.Stop, match=r"made with Python 3\.11 or 3\.12: .*python3\.12 setup"):
        bundle.make(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_package_that_cannot_be_had_ends_with_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    command = [sys.executable, "-m", "pip", "download", "bioimage-course-of-tomorrow"]
    with pytest.raises(bundle.Stop, match="the bundle cannot be made:\npip found no"):
        bundle.step("pip", command)


# --- install.sh -------------------------------------------------------------------------------


def install(folder, *arguments, **variables):
    return run(folder, "sh", "install.sh", *arguments, **variables)


@pytest.mark.slow
def test_it_installs_from_the_folder_alone_also_after_an_interruption(made, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    add_tiny_wheel(elsewhere, "9.0", "elsewhere")  # newer, and offered by the computer's settings
    half = made / "environment"
    half.mkdir()
    for name in ("pyvenv.cfg", "half"):
        (half / name).write_text("")
    answer = install(made, PIP_FIND_LINKS=str(elsewhere / "wheels"))
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert not (half / "half").exists()
    assert "jupyter lab notebooks/student" in answer.stdout
    python = made / "environment" / "bin" / "python"
    told = run(made, python, "-c", "import bioimage_course; print(bioimage_course.here)")
    assert told.stdout == "in the bundle\n"
    assert verify(made).returncode == 0


@pytest.mark.slow
def test_it_installs_elsewhere_when_told_but_never_over_other_things(made, tmp_path):
    kept = tmp_path / "elsewhere" / "thesis.txt"
    kept.parent.mkdir()
    kept.write_text("years of work")
    answer = run(tmp_path, "sh", f"{made.name}/install.sh", "elsewhere")
    assert answer.returncode == 1
    assert "elsewhere exists and is no environment" in answer.stderr
    assert kept.read_text() == "years of work"
    answer = run(tmp_path, "sh", f"{made.name}/install.sh", "new folder")
    assert answer.returncode == 0, answer.stderr
    assert (tmp_path / "new folder" / "pyvenv.cfg").exists()
    assert not (made / "environment").exists()


def test_it_installs_nothing_from_a_changed_package(made):
    with open(made / "wheels" / WHEEL, "ab") as file:
        file.write(b"x")
    answer = install(made)
    assert answer.returncode == 1
    assert f"changed     wheels/{WHEEL}" in answer.stdout
    assert "Nothing was installed." in answer.stderr
    assert not (made / "environment").exists()


@pytest.mark.slow
def test_it_leaves_the_reason_to_pip_where_a_package_does_not_fit(made):
    shutil.move(made / "wheels" / WHEEL, made / "wheels" / WHEEL.replace("any", "amiga"))
    bundle.add_sums(made)
    answer = install(made)
    assert answer.returncode == 1
    assert "No matching distribution found" in answer.stderr
    assert "did not finish; the words above say why" in answer.stderr
    assert "make the bundle on a computer like this one" in answer.stderr


def test_on_another_python_it_names_the_one_that_is_needed(tmp_path, monkeypatch):
    monkeypatch.setattr(platform, "python_version_tuple", lambda: ("3", "99", "0"))
    bundle.make(tmp_path, steps=TINY)
    answer = install(tmp_path / bundle.name())
    assert answer.returncode == 1
    assert "with Python 3.99, and no such Python" in answer.stderr
    assert not (tmp_path / bundle.name() / "environment").exists()
