"""The check of the computer names each fault and its fix; the checks of labels name the mistake."""

import hashlib
import subprocess
import sys
import tomllib
import types
from pathlib import Path

import numpy as np
import pytest
from packaging.requirements import Requirement

from bioimage_course import check, data

ROOT = Path(__file__).parents[2]

NEEDED = {
    "numpy": ">=2.0,<2.1",
    "stardist": "==0.9.2",
    "cellpose": "==3.1.1.3",
    "tensorflow": "==2.21.0",
    "torch": "==2.13.0",
}
VERSIONS = {
    "numpy": "2.0.2",
    "stardist": "0.9.2",
    "cellpose": "3.1.1.3",
    "tensorflow": "2.21.0",
    "torch": "2.13.0+cpu",
}


@pytest.fixture
def weights(tmp_path):
    """A weights folder as the course publishes it."""
    for model in check.MODELS:
        folder = tmp_path / "weights" / model
        folder.mkdir(parents=True)
        (folder / "model").write_bytes(model.encode())
        digest = hashlib.sha256(model.encode()).hexdigest()
        (folder / "SHA256SUMS").write_text(f"{digest}  model\n")
    return tmp_path / "weights"


@pytest.fixture
def found(weights):
    """Findings for a computer in order, except for what a test changes."""

    def found(versions=None, **facts):
        facts = {"needed": NEEDED, "python": (3, 11), "weights": weights, **facts}
        return check.findings(versions={**VERSIONS, **(versions or {})}, **facts)

    return found


def only(findings):
    (finding,) = findings
    assert all((finding.what, finding.why, finding.fix))
    return finding


# --- the computer ---------------------------------------------------------------------------------


@pytest.mark.parametrize("python", [(3, 11), (3, 12)])
def test_a_computer_in_order_has_no_findings(found, python, capsys):
    assert found(python=python) == []
    assert check.report(found()) is True
    assert capsys.readouterr().out == "Everything the course needs is here.\n"


@pytest.mark.parametrize(
    ("python", "why"),
    [((3, 10), "no release"), ((3, 13), "numpy 2.1"), ((3, 14), "stardist 0.0.0")],
)
def test_a_python_that_does_not_work_is_named_with_one_that_does(found, python, why):
    finding = only(found(python=python))
    assert f"Python {python[0]}.{python[1]} does not work" in finding.what
    assert why in finding.why
    assert "install Python 3.12" in finding.fix
    assert finding.stops


def test_the_empty_stardist_is_named_and_replaced(found):
    finding = only(found({"stardist": "0.0.0"}, broken_images="ImportError: no stardist.data"))
    assert "stardist 0.0.0 is an empty placeholder" in finding.what
    assert finding.fix == '%pip install "stardist==0.9.2" in a new cell.'


def test_the_empty_stardist_on_python_3_14_leads_to_another_python(found):
    python, stardist = found({"stardist": "0.0.0"}, python=(3, 14))
    assert "Python 3.14" in python.what
    assert "stardist 0.0.0" in stardist.what
    assert stardist.fix.startswith("install Python 3.12")


def test_a_numpy_too_new_for_cellpose_3_is_named_with_the_range_that_fits(found):
    finding = only(found({"numpy": "2.1.3"}))
    assert finding.what == "numpy 2.1.3 is installed beside cellpose 3.1.1.3."
    assert "below 2.1" in finding.why
    assert '"numpy>=2.0,<2.1"' in finding.fix
    assert finding.stops


def test_cellpose_4_is_named_as_another_network(found):
    finding = only(found({"cellpose": "4.0.6"}))
    assert "cellpose 4.0.6 is another network" in finding.what
    assert '"cellpose==3.1.1.3"' in finding.fix
    assert finding.stops


@pytest.mark.parametrize("name", sorted(set(NEEDED)))
def test_a_missing_package_is_named_with_its_installation(found, name):
    finding = only(found({name: None}))
    assert finding.what == f"{name} is not installed."
    assert f'%pip install "{name}{NEEDED[name]}"' in finding.fix


def test_another_version_than_the_one_tried_is_a_note_and_does_not_stop(found, capsys):
    finding = only(found({"torch": "2.14.0"}))
    assert "torch 2.14.0 is installed; the course was tried with torch==2.13.0" in finding.what
    assert check.report([finding]) is True
    printed = capsys.readouterr().out
    assert printed.startswith("– torch 2.14.0")
    assert printed.endswith("Everything the course needs is here.\n")


def test_colab_s_own_python_and_numpy_are_no_fault(found):
    colab = {"numpy": "2.1.3", "torch": "2.11.0", "tensorflow": "2.20.0"}
    assert found(colab, python=(3, 13), colab=True) == []
    assert "placeholder" in only(found({"stardist": "0.0.0"}, python=(3, 13), colab=True)).what
    assert "another network" in only(found({"cellpose": "4.0.6"}, colab=True)).what


def test_an_import_that_fails_is_named_with_its_error(found):
    finding = only(found(broken_imports={"torch": "OSError: libc10.so: cannot open"}))
    assert "torch 2.13.0+cpu is installed but cannot be imported: OSError: libc10" in finding.what
    assert "--force-reinstall" in finding.fix


def test_a_missing_package_is_not_reported_twice(found):
    error = {"torch": "ModuleNotFoundError: No module named 'torch'"}
    assert "not installed" in only(found({"torch": None}, broken_imports=error)).what


def test_images_that_do_not_load_are_named(found):
    finding = only(found(broken_images="FileNotFoundError: img2d.tif"))
    assert "FileNotFoundError: img2d.tif" in finding.what
    assert "stardist" in finding.fix


def test_a_course_that_is_not_installed_is_named(found):
    assert "not installed" in only(found(needed={})).what


# --- the weights ----------------------------------------------------------------------------------


def test_weights_as_published_have_no_findings(weights):
    assert check.weights_findings(weights / "stardist_nuclei") == []


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
def test_weights_missing_or_damaged_are_named_with_the_way_back(found, weights, damage, words):
    damage(weights / "cellpose_nuclei")
    finding = only(found())
    assert finding.what.startswith("Weights of cellpose_nuclei: ")
    assert words in finding.what
    assert "pip install" in finding.fix
    (weights.parent / ".git").mkdir()
    assert "git restore" in only(found()).fix


def test_the_star_of_sha256sum_s_binary_mode_is_understood(weights):
    sums = weights / "stardist_nuclei" / "SHA256SUMS"
    sums.write_text(sums.read_text().replace("  ", " *"))
    assert check.weights_findings(weights / "stardist_nuclei") == []


# --- this computer --------------------------------------------------------------------------------


def test_report_counts_faults_and_puts_them_first(capsys):
    note = check.Finding("a note", "why", "fix", stops=False)
    fault = check.Finding("a fault", "why", "the fix")
    assert check.report([note, fault]) is False
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == ["✗ a fault", "    Why it matters: why", "    Fix: the fix"]
    assert "– a note" in lines
    assert lines[-1].startswith("1 thing to mend.")
    check.report([fault, fault])
    assert "2 things to mend." in capsys.readouterr().out


def test_the_requirements_are_those_of_pyproject(monkeypatch):
    lines = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    lines += ["mkdocs==1.6.1; extra == 'site'"]
    monkeypatch.setattr(check.metadata, "requires", lambda _: lines)
    needed = check.requirements()
    assert needed["cellpose"] == "==3.1.1.3"
    assert needed["numpy"] == ">=2.0,<2.1"
    assert needed["tensorflow"] == "==2.21.0"
    assert "mkdocs" not in needed
    names = {Requirement(line).name for line in lines} - {"tensorflow-cpu", "jupyterlab", "mkdocs"}
    assert set(needed) == names


def test_a_package_without_metadata_has_no_requirements(monkeypatch):
    def nothing(_):
        raise check.metadata.PackageNotFoundError

    monkeypatch.setattr(check.metadata, "requires", nothing)
    assert check.requirements() == {}


def test_installed_versions_are_read_without_importing():
    code = (
        "import sys; from bioimage_course import check, data; data.nuclei();"
        "print(check.installed(['tensorflow', 'torch', 'numpy', 'no-such-package']),"
        "'tensorflow' in sys.modules, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.endswith("'no-such-package': None} False False\n"), done.stderr
    assert done.stdout.count("None") == 1


def test_setup_puts_the_facts_of_this_computer_together(monkeypatch, weights, capsys):
    monkeypatch.setattr(check, "WEIGHTS", weights)
    monkeypatch.setattr(check, "requirements", lambda: NEEDED)
    monkeypatch.setattr(check, "installed", lambda names: VERSIONS)
    monkeypatch.setattr(check, "_import_error", lambda name: None)
    assert check.setup() is True
    (weights / "stardist_nuclei" / "model").unlink()
    monkeypatch.setattr(check, "_import_error", lambda name: f"broken {name}")
    monkeypatch.setattr(data, "nuclei", lambda: 1 / 0)
    assert check.setup() is False
    printed = capsys.readouterr().out
    for words in ("model is missing", "broken tensorflow", "broken torch", "ZeroDivisionError"):
        assert words in printed


def planted(monkeypatch, *, gpus, cuda, mps):
    config = types.SimpleNamespace(list_physical_devices=lambda kind: gpus)
    torch = types.SimpleNamespace(
        cuda=types.SimpleNamespace(is_available=lambda: cuda, get_device_name=lambda _: "H100"),
        backends=types.SimpleNamespace(mps=types.SimpleNamespace(is_available=lambda: mps)),
    )
    monkeypatch.setitem(sys.modules, "tensorflow", types.SimpleNamespace(config=config))
    monkeypatch.setitem(sys.modules, "torch", torch)


@pytest.mark.parametrize(
    ("hardware", "tensorflow", "torch"),
    [
        ({"gpus": [], "cuda": False, "mps": False}, "no GPU", "no GPU"),
        ({"gpus": ["a"], "cuda": True, "mps": False}, "GPU found (1)", "GPU found (H100)"),
        ({"gpus": [], "cuda": False, "mps": True}, "no GPU", "GPU found (Apple MPS)"),
    ],
)
def test_machine_reports_cores_memory_and_the_gpu_of_each_library(
    monkeypatch, capsys, hardware, tensorflow, torch
):
    planted(monkeypatch, **hardware)
    check.machine()
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert int(lines["Cores"].split()[1]) >= 1
    assert "GB" in lines["Memory"]
    assert tensorflow in lines["TensorFlow"]
    assert torch in lines["torch"]


def test_machine_reports_a_library_that_is_missing_or_broken(monkeypatch, capsys):
    planted(monkeypatch, gpus=[], cuda=False, mps=False)
    monkeypatch.setitem(sys.modules, "tensorflow", None)  # importing it now fails
    monkeypatch.setattr(check, "_version", lambda name: {"tensorflow": "2.21.0"}.get(name))
    check.machine()
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert "2.21.0, cannot be imported (ModuleNotFoundError" in lines["TensorFlow"]
    assert "not installed" in lines["torch"]


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
