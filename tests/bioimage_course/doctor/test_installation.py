"""What is wrong with an installation is named, with its fix."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import setup_env
from bioimage_course import WEIGHTS_FOLDER, doctor
from bioimage_course.doctor import installation

ROOT = Path(__file__).parents[3]

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
def findings():
    """Findings for a computer in order, except for what a test changes."""

    def findings(versions=None, **facts):
        facts = {"needed": NEEDED, "python": (3, 11), "weights": WEIGHTS_FOLDER, **facts}
        return installation.findings(versions={**VERSIONS, **(versions or {})}, **facts)

    return findings


def only(findings):
    (finding,) = findings
    assert all((finding.what, finding.why, finding.fix))
    return finding


# --- the packages ---------------------------------------------------------------------------------


@pytest.mark.parametrize("python", installation.PYTHONS)
def test_a_computer_in_order_has_no_findings(findings, python, capsys):
    assert findings(python=python) == []
    assert doctor.report(findings()) is True
    assert capsys.readouterr().out == "Everything the course needs is here.\n"


@pytest.mark.parametrize(
    ("python", "why"),
    [((3, 10), "no release"), ((3, 14), "stardist 0.0.0")],
)
def test_a_python_that_does_not_work_is_named_with_one_that_does(findings, python, why):
    finding = only(findings(python=python))
    assert f"Python {python[0]}.{python[1]} does not work" in finding.what
    assert why in finding.why
    assert "install Python 3.12" in finding.fix
    assert finding.stops


@pytest.mark.parametrize("system", ["Darwin x86_64", "Linux ppc64le", "Windows ARM64"])
def test_a_computer_without_packages_is_named_rather_than_told_to_install(findings, system):
    finding = only(findings({"tensorflow": None, "torch": None}, system=system))
    assert "There are no packages of TensorFlow and torch" in finding.what
    assert "Colab" in finding.fix and "pip install" not in finding.fix
    assert findings(system=system) == []  # somebody has built them for it


def test_the_doctor_and_the_set_up_know_the_same_computers():
    assert installation.COMPUTERS == setup_env.COMPUTERS
    for system in setup_env.COMPUTERS:
        assert installation._computer_findings(system, {}) == []


def test_the_empty_stardist_is_named_and_replaced(findings):
    finding = only(findings({"stardist": "0.0.0"}, broken_images="ImportError: no stardist.data"))
    assert "stardist 0.0.0 is an empty placeholder" in finding.what
    assert finding.fix == '%pip install "stardist==0.9.2" in a new cell.'


def test_the_empty_stardist_on_python_3_14_leads_to_another_python(findings):
    python, stardist = findings({"stardist": "0.0.0"}, python=(3, 14))
    assert "Python 3.14" in python.what
    assert "stardist 0.0.0" in stardist.what
    assert stardist.fix.startswith("install Python 3.12")


def test_a_numpy_too_new_for_cellpose_3_is_named_with_the_range_that_fits(findings):
    finding = only(findings({"numpy": "2.1.3"}))
    assert finding.what == "numpy 2.1.3 is installed beside cellpose 3.1.1.3."
    assert "below 2.1" in finding.why
    assert '"numpy>=2.0,<2.1"' in finding.fix
    assert finding.stops


def test_on_python_3_13_numpy_is_what_tensorflow_needs_and_cellpose_is_installed_past_its_limit(
    findings,
):
    facts = {"python": (3, 13), "needed": NEEDED | {"numpy": ">=2.1,<2.2"}}
    assert findings({"numpy": "2.1.3"}, **facts) == []
    finding = only(findings(**facts))
    assert finding.what.startswith("numpy 2.0.2 is installed")
    assert "TensorFlow requires numpy 2.1" in finding.why
    assert '"numpy>=2.1,<2.2"' in finding.fix
    finding = only(findings({"numpy": "2.1.3", "cellpose": None}, **facts))
    assert '%pip install --no-deps "cellpose==3.1.1.3"' in finding.fix
    all_missing = dict.fromkeys(VERSIONS)
    assert "pip install" not in only(findings(all_missing, **facts)).fix


def test_the_doctor_and_the_set_up_know_the_same_pythons():
    assert {f"{major}.{minor}" for major, minor in installation.PYTHONS} == set(setup_env.SUPPORTED)


def test_cellpose_4_is_named_as_another_network(findings):
    finding = only(findings({"cellpose": "4.0.6"}))
    assert "cellpose 4.0.6 is another network" in finding.what
    assert '"cellpose==3.1.1.3"' in finding.fix
    assert finding.stops


@pytest.mark.parametrize("name", sorted(set(NEEDED)))
def test_a_missing_package_is_named_with_its_installation(findings, name):
    finding = only(findings({name: None}))
    assert finding.what == f"{name} is not installed."
    assert f'%pip install "{name}{NEEDED[name]}"' in finding.fix


def test_another_version_than_the_one_tried_is_a_note_and_does_not_stop(findings, capsys):
    finding = only(findings({"torch": "2.14.0"}))
    assert "torch 2.14.0 is installed; the course was tried with torch==2.13.0" in finding.what
    assert doctor.report([finding]) is True
    printed = capsys.readouterr().out
    assert printed.startswith("– torch 2.14.0")
    assert printed.endswith("Everything the course needs is here.\n")


def test_colab_s_own_python_and_numpy_are_no_fault(findings):
    colab = {"numpy": "2.1.3", "torch": "2.11.0", "tensorflow": "2.20.0"}
    assert findings(colab, python=(3, 13), colab=True) == []
    assert "placeholder" in only(findings({"stardist": "0.0.0"}, python=(3, 13), colab=True)).what
    assert "another network" in only(findings({"cellpose": "4.0.6"}, colab=True)).what


def test_an_import_that_fails_is_named_with_its_error(findings):
    finding = only(findings(broken_imports={"torch": "OSError: libc10.so: cannot open"}))
    assert "torch 2.13.0+cpu is installed but cannot be imported: OSError: libc10" in finding.what
    assert "--force-reinstall" in finding.fix


def test_an_import_that_fails_is_mended_without_touching_what_it_needs(findings):
    # Without --no-deps, pip brings the newest numpy along, and Cellpose 3 stops working.
    fix = only(findings(broken_imports={"torch": "OSError: libc10.so"})).fix
    assert fix == '%pip install --force-reinstall --no-deps "torch==2.13.0" in a new cell.'


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("it ended the process (SIGILL)", "too old for it (it lacks AVX): use Colab"),
        ("ImportError: DLL load failed while importing _C", "Visual C++ Redistributable"),
        ("no answer within 120 s", "look once more"),
    ],
)
def test_an_import_that_fails_in_a_known_way_has_a_fix_of_its_own(findings, error, words):
    finding = only(findings(broken_imports={"tensorflow": error}))
    assert error in finding.what
    assert words in finding.fix


def test_tensorflow_is_reinstalled_under_the_name_it_has(findings, monkeypatch):
    def distribution(name):
        if name != "tensorflow-cpu":
            raise installation.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(installation.metadata, "distribution", distribution)
    finding = only(findings(broken_imports={"tensorflow": "ImportError: broken"}))
    assert '"tensorflow-cpu==2.21.0"' in finding.fix


def test_a_version_that_cannot_be_read_is_a_fault(findings):
    finding = only(findings({"torch": "(broken)"}, pins={"torch": "2.13.0"}))
    assert finding.what == "torch is only half installed: its version reads '(broken)'."
    assert "--force-reinstall" in finding.fix
    assert "numpy is only half" in only(findings({"numpy": "(broken)"})).what


def test_versions_allowed_but_not_those_of_the_lock_are_one_note(findings, capsys):
    needed = {**NEEDED, "tqdm": "", "pandas": ""}
    versions = {"tqdm": "4.60.0", "pandas": "3.1.1"}
    pins = {"numpy": "2.0.1", "tqdm": "4.70.1", "pandas": "3.1.1", "torch": "2.13.0"}
    finding = only(findings(versions, needed=needed, pins=pins))
    assert "numpy 2.0.2 (tested: 2.0.1), tqdm 4.60.0 (tested: 4.70.1)." in finding.what
    assert "pandas" not in finding.what and "torch" not in finding.what
    assert '%pip install "numpy==2.0.1" "tqdm==4.70.1" in a new cell.' in finding.fix
    assert not finding.stops
    assert findings(versions, needed=needed, pins=pins, colab=True) == []


def test_a_version_outside_of_what_is_allowed_is_reported_once(findings):
    assert "was tried with" in only(findings({"torch": "2.14.0"}, pins={"torch": "2.13.0"})).what


def test_a_fix_for_the_terminal_names_the_python_that_looked(findings, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "executable", str(tmp_path / ".venv" / "bin" / "python"))
    finding = only(findings({"torch": None}, notebook=False))
    python = str(Path(".venv", "bin", "python"))
    assert finding.fix == f'{python} -m pip install "torch==2.13.0"'
    monkeypatch.setattr(sys, "executable", "/a folder/python")
    assert only(findings({"torch": None}, notebook=False)).fix.startswith(
        '"/a folder/python" -m pip'
    )


def test_many_missing_packages_are_one_finding_with_one_command(findings):
    finding = only(findings(dict.fromkeys(("numpy", "stardist", "cellpose", "torch"))))
    assert finding.what == "4 packages are not installed: numpy, stardist, cellpose, torch."
    assert "use the Python in the course's folder .venv" in finding.fix
    command = '%pip install "numpy>=2.0,<2.1" "stardist==0.9.2" "cellpose==3.1.1.3" "torch==2.13.0"'
    assert command in finding.fix
    assert finding.stops


def test_a_missing_package_is_not_reported_twice(findings):
    error = {"torch": "ModuleNotFoundError: No module named 'torch'"}
    assert "not installed" in only(findings({"torch": None}, broken_imports=error)).what


def test_images_that_do_not_load_are_named(findings):
    finding = only(findings(broken_images="FileNotFoundError: img2d.tif"))
    assert "FileNotFoundError: img2d.tif" in finding.what
    assert "stardist" in finding.fix


def test_a_course_that_is_not_installed_is_named(findings):
    finding = only(findings(needed={}))
    assert "not installed for the Python that runs this" in finding.what
    assert "use the Python in the course's folder .venv" in finding.fix


def test_where_versions_cannot_be_compared_the_rest_is_still_looked_at(findings):
    error = {"torch": "OSError: libc10.so"}
    python, torch = findings(needed=None, python=(3, 10), broken_imports=error)
    assert "Python 3.10" in python.what
    assert "libc10" in torch.what


# --- the facts ------------------------------------------------------------------------------------


def test_the_requirements_are_those_of_pyproject(monkeypatch):
    lines = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    lines += ["mkdocs==1.6.1; extra == 'site'"]
    monkeypatch.setattr(installation.metadata, "requires", lambda _: lines)
    needed = installation.requirements()
    assert needed["cellpose"] == "==3.1.1.3"
    assert needed["numpy"] == (">=2.1,<2.2" if sys.version_info >= (3, 13) else ">=2.0,<2.1")
    assert needed["tensorflow"] == "==2.21.0"
    assert "mkdocs" not in needed
    names = {Requirement(line).name for line in lines} - {"tensorflow-cpu", "jupyterlab", "mkdocs"}
    assert set(needed) == names


def test_a_package_without_metadata_has_no_requirements(monkeypatch):
    def nothing(_):
        raise installation.metadata.PackageNotFoundError

    monkeypatch.setattr(installation.metadata, "requires", nothing)
    assert installation.requirements() == {}


def test_installed_versions_are_read_without_importing():
    code = (
        "import sys; from bioimage_course import data; data.nuclei();"
        "from bioimage_course.doctor import installation;"
        "print(installation.installed(['tensorflow', 'torch', 'numpy', 'no-such-package']),"
        "'tensorflow' in sys.modules, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.endswith("'no-such-package': None} False False\n"), done.stderr
    assert done.stdout.count("None") == 1


def test_the_pins_in_the_package_are_those_of_the_lock():
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    locked = [Requirement(line) for line in lines if line and line[0] not in "#-"]
    locked = {r.name: str(r.specifier) for r in locked if not r.marker or r.marker.evaluate()}
    pins = installation.pinned()
    assert set(pins) == set(installation.requirements())
    for name, version in pins.items():
        distribution = name if name in locked else "tensorflow-cpu"
        assert locked[distribution] == f"=={version}", name


def test_a_package_without_its_files_is_noticed():
    names = ["scikit-image", "dask-jobqueue", "no-such-package"]
    assert installation.without_files(names) == {"no-such-package": "its files are missing"}
