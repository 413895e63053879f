"""The doctor names what is wrong with its fix, survives what is broken, and tells on nobody."""

import json
import os
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

import bioimage_course
from bioimage_course.doctor import __main__ as command_line
from bioimage_course.doctor import (
    computer,
    gpu,
    installation,
    libraries,
    network,
    path,
    weights,
)

ANSWERS = {
    "images": {"nuclei": 125, "cache": ""},
    "figures": {"font": "DejaVu Sans", "missing": 0, "cache": "cache"},
    "tensorflow": {"gpus": 0, "cuda": False},
    "torch": {"gpu": None, "cuda": False, "mps": False, "why_not": None},
}


@pytest.fixture
def well(monkeypatch):
    """A computer in order, of which everything can be changed."""
    monkeypatch.delenv("COLAB_RELEASE_TAG", raising=False)
    needed = installation.requirements()
    versions = {name: pin for name, pin in installation.pinned().items() if name in needed}
    answers = {name: dict(answer) for name, answer in ANSWERS.items()}
    monkeypatch.setattr(installation, "installed", lambda names: dict(versions))
    monkeypatch.setattr(libraries, "ask", answers.get)
    monkeypatch.setattr(gpu, "nvidia", lambda: None)
    monkeypatch.setattr(computer, "memory", lambda: (16e9, 8e9))
    monkeypatch.setattr(computer, "free_bytes", lambda folder: 50e9)
    monkeypatch.setattr(computer, "link_error", lambda: None)
    monkeypatch.setattr(installation, "running_python", lambda: (3, 12))
    return SimpleNamespace(answers=answers, versions=versions, patch=monkeypatch)


def run(capsys, *arguments):
    """What the command line gives: (exit status, output, progress)."""
    status = command_line.main(arguments)
    printed = capsys.readouterr()
    return status, printed.out, printed.err


# --- what is planted is found ---------------------------------------------------------------------


def test_a_computer_in_order_passes_with_status_0(well, capsys):
    status, output, progress = run(capsys)
    assert status == 0
    assert output.endswith("\n\nEverything the course needs is here.\n")
    assert "TensorFlow  2.21.0, no GPU: StarDist runs on the processor" in output
    assert progress.count("· ") == 4


def no_packaging():
    raise ModuleNotFoundError("No module named 'packaging'")


# On Python 3.13 it is another.
NUMPY, PINNED = installation.requirements()["numpy"], installation.pinned()["numpy"]
FAULTS = {
    "old Python": (
        lambda well: well.patch.setattr(installation, "running_python", lambda: (3, 10)),
        "Python 3.10 does not work with this course.",
        "install Python 3.12",
    ),
    "missing package": (
        lambda well: well.versions.update(roifile=None),
        "roifile is not installed.",
        ' -m pip install "roifile"',
    ),
    "empty stardist": (
        lambda well: well.versions.update(stardist="0.0.0"),
        "stardist 0.0.0 is an empty placeholder",
        ' -m pip install "stardist==0.9.2"',
    ),
    "numpy too new": (
        lambda well: well.versions.update(numpy="2.3.1"),
        "numpy 2.3.1 is installed beside cellpose 3.1.1.3.",
        f' -m pip install "numpy{NUMPY}"',
    ),
    "no packaging": (
        lambda well: well.patch.setattr(installation, "requirements", no_packaging),
        "Versions cannot be compared: ModuleNotFoundError: No module named 'packaging'",
        ' -m pip install "packaging"',
    ),
    "package without files": (
        lambda well: well.patch.setattr(
            installation, "without_files", lambda names: {"zarr": "its files are missing"}
        ),
        "zarr 3.1.6 is installed but cannot be imported: its files are missing",
        '--force-reinstall --no-deps "zarr==3.1.*"',
    ),
    "broken TensorFlow": (
        lambda well: well.answers.update(tensorflow={"error": "it ended the process (SIGILL)"}),
        "cannot be imported: it ended the process (SIGILL)",
        "use Colab or another computer",
    ),
    "broken torch": (
        lambda well: well.answers.update(torch={"error": "OSError: libc10.so"}),
        "torch 2.13.0 is installed but cannot be imported: OSError: libc10.so",
        '--force-reinstall --no-deps "torch==2.13.0"',
    ),
    "broken numpy": (
        lambda well: well.answers.update(images={"error": "ImportError: x", "package": "numpy"}),
        f"numpy {PINNED} is installed but cannot be imported: ImportError: x",
        f'--force-reinstall --no-deps "numpy{NUMPY}"',
    ),
    "images lost": (
        lambda well: well.answers.update(images={"error": "FileNotFoundError: img2d.tif"}),
        "The course's images cannot be loaded: FileNotFoundError: img2d.tif",
        '--force-reinstall --no-deps "stardist==0.9.2"',
    ),
    "other images": (
        lambda well: well.answers.update(images={"nuclei": 124, "cache": ""}),
        "the annotation holds 124 nuclei, not 125",
        "stardist",
    ),
    "no figures": (
        lambda well: well.answers.update(figures={"error": "ImportError: ft2font"}),
        "Figures cannot be drawn: ImportError: ft2font",
        '"matplotlib==3.11.*"',
    ),
    "little memory": (
        lambda well: well.patch.setattr(computer, "memory", lambda: (1e9, 1e9)),
        "This computer has 1.0 GB of memory for you.",
        "use Colab",
    ),
    "full disk": (
        lambda well: well.patch.setattr(computer, "free_bytes", lambda folder: 0),
        "Only 0.0 GB of disk are free in the folder you are in.",
        "pip cache purge",
    ),
    "another numpy on PYTHONPATH": (
        lambda well: well.patch.setattr(
            path, "hidden_modules", lambda *_: [("numpy", "/apps/lib/numpy", "PYTHONPATH")]
        ),
        "PYTHONPATH names /apps/lib: numpy comes from there",
        "unset PYTHONPATH",
    ),
    "a file called like a package": (
        lambda well: well.patch.setattr(
            path, "hidden_modules", lambda *_: [("cellpose", "/me/cellpose.py", "here")]
        ),
        "/me/cellpose.py hides the package cellpose.",
        "rename cellpose.py",
    ),
    "no packages for this computer": (
        lambda well: (
            well.versions.update(tensorflow=None, torch=None),
            well.patch.setattr(computer, "system", lambda: "Darwin x86_64"),
        ),
        "There are no packages of TensorFlow and torch for Macs with an Intel processor.",
        "use Colab",
    ),
    "read-only folder": (
        lambda well: well.patch.setattr(computer, "write_error", lambda f: "Read-only file system"),
        "Nothing can be written in the folder you are in",
        "copy the course's folder",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_ends_with_status_1_and_its_fix(well, capsys, fault):
    plant, what, fix = FAULTS[fault]
    plant(well)
    status, output, _ = run(capsys)
    assert status == 1
    faults = [part for part in output.split("\n✗ ")[1:] if what in part]
    assert len(faults) == 1, output
    assert fix in faults[0].partition("    Fix: ")[2]
    assert output.splitlines()[-1].endswith(" to mend. Then run this again.")


def test_what_is_hidden_is_not_called_broken_or_missing(well, capsys):
    well.patch.setattr(
        path, "hidden_modules", lambda *_: [("numpy", "/apps/lib/numpy", "PYTHONPATH")]
    )
    well.versions.update(numpy=None)
    well.answers.update(images={"error": "ImportError: x", "package": "numpy"},
                        figures={"error": "ImportError: x"}, torch={"error": "x"})  # fmt: skip
    _, output, _ = run(capsys)
    assert "pip install" not in output
    assert output.endswith("1 thing to mend. Then run this again.\n")


def test_a_changed_weight_ends_with_status_1(well, monkeypatch, capsys, tmp_path):
    folder = tmp_path / "weights"
    for name in weights.MODELS:
        (folder / name).mkdir(parents=True)
        (folder / name / "SHA256SUMS").write_text(f"{0:064}  model\n")
        (folder / name / "model").write_bytes(b"changed")
    monkeypatch.setattr(bioimage_course, "WEIGHTS_FOLDER", folder)
    status, output, _ = run(capsys)
    assert status == 1
    assert "✗ Weights of stardist_nuclei: model is damaged (its sha256 differs)." in output
    assert "install the course again" in output


NOTES = {
    "no links": (
        lambda well: well.patch.setattr(computer, "link_error", lambda: "OSError: [WinError 1314]"),
        "may not make symbolic links: OSError: [WinError 1314]",
    ),
    "GPU not seen": (
        lambda well: well.patch.setattr(gpu, "nvidia", lambda: {"name": "A", "driver": "1"}),
        "torch does not see the A",
    ),
    "other versions": (
        lambda well: well.versions.update(tqdm="4.1"),
        "Other versions than those of the lock: tqdm 4.1",
    ),
    "poor font": (
        lambda well: well.answers["figures"].update(missing=1),
        "The font DejaVu Sans lacks signs",
    ),
    "a check that fails": (
        lambda well: well.patch.setattr(gpu, "hidden_gpus", lambda: 1 / 0),
        "The check of the GPU itself failed: ZeroDivisionError",
    ),
}


@pytest.mark.parametrize("note", NOTES)
def test_advice_alone_ends_with_status_0(well, capsys, note):
    plant, what = NOTES[note]
    plant(well)
    status, output, _ = run(capsys)
    assert status == 0
    assert f"– {what}" in output or what in output.partition("– ")[2]
    assert output.endswith("Everything the course needs is here.\n")


def test_a_package_that_is_missing_is_not_asked_to_start(well, monkeypatch, capsys):
    well.versions.update(torch=None, stardist="0.0.0")
    asked = []
    monkeypatch.setattr(libraries, "ask", lambda name: asked.append(name) or ANSWERS[name])
    _, output, _ = run(capsys)
    assert asked == ["figures", "tensorflow"]
    assert "torch       not installed" in output


def test_colab_s_own_versions_are_no_fault_on_its_command_line(well, monkeypatch, capsys):
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release-colab")
    monkeypatch.setattr(installation, "running_python", lambda: (3, 13))
    well.versions.update(numpy="2.1.3", tensorflow="2.20.0")
    assert run(capsys)[0] == 0


def test_the_network_is_asked_only_if_wanted(well, monkeypatch, capsys):
    asked = []
    monkeypatch.setattr(network, "site_error", lambda address: asked.append(address) or "timed out")
    run(capsys)
    assert asked == []
    status, output, progress = run(capsys, "--network")
    assert asked == list(network.SITES)
    assert status == 0
    assert "– github.com cannot be reached: timed out" in output
    assert "· Asking github.com." in progress


def test_what_is_known_at_once_is_shown_before_the_slow_questions(well, monkeypatch, capsys):
    shown = []
    monkeypatch.setattr(
        libraries, "ask", lambda name: shown.append(capsys.readouterr().out) or ANSWERS[name]
    )
    began = time.process_time()
    run(capsys)
    assert time.process_time() - began < 5
    assert shown[0].startswith("Course ")
    assert "Memory" in shown[0]


def test_the_checks_that_import_nothing_import_nothing():
    code = (
        "import sys; from bioimage_course import doctor;"
        "print([n for n in ('numpy', 'packaging', 'tensorflow', 'torch') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr


# --- the outputs ----------------------------------------------------------------------------------


def test_json_is_for_programs_and_says_what_stops(well, capsys):
    NOTES["no links"][0](well)
    status, output, _ = run(capsys, "--json")
    answer = json.loads(output)
    assert (status, answer["ready"]) == (0, True)
    assert answer["packages"]["stardist"] == "0.9.2"
    assert [f["stops"] for f in answer["findings"]] == [False]
    well.versions.update(stardist=None)
    status, output, _ = run(capsys, "--json")
    answer = json.loads(output)
    assert (status, answer["ready"]) == (1, False)
    assert answer["packages"]["stardist"] == "missing"
    assert {"what", "why", "fix", "stops"} == set(answer["findings"][0])


def test_a_console_that_knows_few_signs_is_no_reason_to_stop(tmp_path):
    code = (
        "from bioimage_course import doctor;"
        "from bioimage_course.doctor.__main__ import main;"
        "fault = doctor.Finding('a fault', 'why', 'fix');"
        "doctor.examine = lambda **_: doctor.Examination({}, {}, [fault]);"
        "raise SystemExit(main([]))"
    )
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment)
    assert done.returncode == 1, done.stderr
    assert b"? a fault" in done.stdout


def test_ctrl_c_ends_without_a_traceback(well, monkeypatch, capsys):
    def interrupted(name):
        raise KeyboardInterrupt

    monkeypatch.setattr(libraries, "ask", interrupted)
    status, _, progress = run(capsys)
    assert status == 130
    assert progress.endswith("· Stopped.\n")


# --- the real program, on a computer where nearly everything is broken ----------------------------


@pytest.fixture
def broken(tmp_path):
    """Run the doctor as Erika, with libraries in front of the real ones that do not work."""
    home = tmp_path / "people" / "erika"
    fakes, course = home / "fakes", home / "course"
    fakes.mkdir(parents=True)
    course.mkdir()
    for name, source in {
        "packaging": f"raise ImportError('no packaging in {fakes}')",
        "numpy": "import os; os.abort()",
        "matplotlib": f"raise OSError('{home}/.cache is erika@scope, not yours')",
        "tensorflow": "import os; os.abort()",
        "torch": "import sys; sys.exit('cannot find /home/anton/cuda')",
        "psutil": "raise ImportError('no psutil')",
    }.items():
        (fakes / f"{name}.py").write_text(source)
    # Broken, not hidden by PYTHONPATH, which would be another fault: so they slip in at the start.
    hook = home / "hook"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(f"import sys; sys.path.insert(0, {str(fakes)!r})")
    environment = {**os.environ, "PYTHONPATH": str(hook), "HOME": str(home)}
    environment |= {name: "erika" for name in ("USER", "LOGNAME", "USERNAME")}

    def broken(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "bioimage_course.doctor", *arguments],
            cwd=course,
            env=environment,
            capture_output=True,
            text=True,
        )

    return broken


def test_broken_libraries_are_reported_and_do_not_stop_the_doctor(broken):
    done = broken()
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert "✗ Versions cannot be compared: ImportError: no packaging" in done.stdout
    assert "✗ tensorflow 2.21.0 is installed but cannot be imported" in done.stdout
    assert "not installed" not in done.stdout
    assert "✗ Figures cannot be drawn: OSError" in done.stdout
    assert "cannot be imported (it ended the process (SIGABRT))" in done.stdout
    assert "Memory      unknown" in done.stdout


@pytest.mark.parametrize("option", ["--report", "--json"])
def test_what_is_pasted_names_no_user_no_computer_and_no_home(broken, option):
    done = broken(option)
    assert done.returncode == 1, done.stderr
    for secret in ("erika", "anton", "/people", os.uname().nodename):
        assert secret not in done.stdout
    assert "~/fakes" in done.stdout
    assert "Figures cannot be drawn" in done.stdout
