"""The notebooks' set-up cells replace nothing that a Colab machine comes with.

The cells are read from the notebooks, Colab's packages from its published lists in this folder,
and what pip adds to them, with what each of these needs, from added-pyXY.json (`make colab`).
"""

import json
import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from course_build.colab import resolver as colab

PATHS = sorted(colab.NOTEBOOKS.glob("*.ipynb"))
CELLS = {path.stem: colab.set_up_cell(path) for path in PATHS}
LISTS = colab.lists()
CORE = ("numpy", "tensorflow", "keras", "torch")


@pytest.fixture(scope="module", params=LISTS, ids="Python {0[0]}.{0[1]}".format)
def machine(request):
    """Return (Python, what Colab has, what pip adds) for each of Colab's lists."""
    path = LISTS[request.param]
    return request.param, colab.preinstalled(path), colab.added(path)


def test_there_is_a_list_for_both_pythons_of_colab_and_it_says_where_it_is_from():
    assert set(LISTS) == {(3, 12), (3, 13)}
    for (major, minor), path in LISTS.items():
        head = path.read_text(encoding="utf-8").partition("absl-py")[0]
        assert re.search(rf"Python {major}\.{minor}\b.* 20\d\d", head)
        assert re.search(r"googlecolab/backend-info.*\b[0-9a-f]{40}\b", head, re.DOTALL)
        assert "://" not in path.read_text(encoding="utf-8")
        assert len(colab.preinstalled(path)) > 600


def test_the_lists_hold_the_colab_that_the_course_is_made_for(machine):
    python, has, _ = machine
    assert has["numpy"] == Version({(3, 12): "2.0.2", (3, 13): "2.1.3"}[python])
    assert has["tensorflow"].release[:2] == (2, 20)
    assert all(has[name] for name in CORE)


@pytest.mark.parametrize("stem", CELLS)
def test_a_set_up_cell_replaces_nothing_of_colab_s_and_leaves_nothing_missing(stem, machine):
    python, has, adds = machine
    assert colab.changes(CELLS[stem], has, adds, python) == []


def test_after_it_everything_is_there_that_the_course_imports(machine):
    python, has, adds = machine
    project = tomllib.loads((colab.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {canonicalize_name(Requirement(line).name) for line in project["dependencies"]}
    wanted -= {"jupyterlab", "tensorflow-cpu"}  # Colab is a Jupyter, and has another TensorFlow
    for stem, cell in CELLS.items():
        if stem != "14_cellpose_sam":
            assert wanted - has.keys() - colab.walk(cell, has, adds, python).reached == set()


@pytest.mark.parametrize("stem", CELLS)
def test_a_set_up_cell_is_short_quiet_and_holds_on_to_what_is_there(stem):
    assert len(CELLS[stem].splitlines()) <= 4
    keep = ["pip", "list", "--format=freeze", ">", "has.txt"]
    assert colab.commands(CELLS[stem])[0] == keep
    for install in colab.installs(CELLS[stem]):
        assert install.quiet
        assert not install.dependencies or install.constraints == "has.txt"
    assert any(install.dependencies for install in colab.installs(CELLS[stem]))


def test_what_pip_adds_is_not_what_colab_has_already(machine):
    _, has, adds = machine
    assert {key.split("==")[0] for key in adds} & has.keys() == set()


# --- That the checks above can fail -------------------------------------------------------------

HAS = {"numpy": Version("2.1.3"), "pydantic": Version("2.13.5"), "kernel-gateway": None}
ADDS = {
    "old==1.0": ["numpy<2.1"],
    "deep==1.0": ["old", "elsewhere; sys_platform == 'win32'", "late; python_version >= '3.13'"],
    "late==1.0": ["pydantic>3"],
}


@pytest.mark.parametrize(
    ("line", "python", "named"),
    [
        ("-q numpy", (3, 13), []),
        ("-q numpy==2.1.3 kernel-gateway>=9", (3, 13), []),
        ("-q numpy==2.0.2", (3, 13), ["the cell needs numpy==2.0.2, which replaces Colab's numpy"]),
        ("-q old", (3, 13), ["old needs numpy<2.1, which replaces Colab's numpy 2.1.3"]),
        ("-q deep", (3, 12), ["old needs numpy<2.1"]),
        ("-q deep", (3, 13), ["old needs numpy<2.1", "late needs pydantic>3, which replaces"]),
        ("-q --no-deps old", (3, 13), []),
        ("-q --no-deps deep", (3, 12), ["deep, installed with --no-deps, needs old"]),
        ("-q --target beside old", (3, 13), []),
        ("-q old==2.0", (3, 13), ["Colab lacks it, and tests/colab does not know"]),
        ("-q unheard-of", (3, 13), ["Colab lacks it, and tests/colab does not know"]),
    ],
)
def test_a_change_of_a_package_is_named(line, python, named):
    found = colab.changes(f"import sys\n    !pip install {line}", HAS, ADDS, python)
    assert len(found) == len(named), found
    assert all(words in problem for words, problem in zip(named, found, strict=True)), found


def test_the_cell_that_the_course_had_before_would_be_found_out():
    before = "!pip install -q stardist==0.9.2 ome-zarr-models==1.7"
    path = LISTS[3, 13]
    found = colab.changes(before, colab.preinstalled(path), colab.added(path), (3, 13))
    assert found == [
        "ome-zarr-models needs pydantic<2.13,>=2.11.5, which replaces Colab's pydantic 2.13.5"
    ]


def test_what_colab_got_by_itself_is_said():
    found = colab.changes("", HAS | {"old": Version("1.0")}, ADDS, (3, 13))
    assert found == ["old==1.0 is on Colab's list by now, and in tests/colab too: make colab"]


def test_an_option_of_pip_that_is_not_known_is_not_passed_over():
    with pytest.raises(ValueError, match="--upgrade"):
        colab.installs("!pip install -q --upgrade numpy")


def test_the_commands_of_a_cell_are_read_as_the_shell_reads_them():
    cell = 'x = 1\n    !pip list > a.txt && pip install -q -c a.txt "zarr==3.1.*" b  # why'
    assert colab.commands(cell) == [
        ["pip", "list", ">", "a.txt"],
        ["pip", "install", "-q", "-c", "a.txt", "zarr==3.1.*", "b"],
    ]
    (install,) = colab.installs(cell)
    assert install == colab.Install(("zarr==3.1.*", "b"), True, False, True, "a.txt")


def test_what_was_asked_of_the_resolver_is_written_as_this_reads_it(machine):
    python, _, adds = machine
    text = colab.added_path(LISTS[python]).read_text(encoding="utf-8")
    assert text == json.dumps(dict(sorted(adds.items())), indent=1) + "\n"
    assert all(Version(key.split("==")[1]) for key in adds)
