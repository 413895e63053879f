"""The copy of Colab: what is built and said; the nightly workflow runs it whole."""

import json
import re
import sys
import tomllib

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from course_build import Stop
from course_build.colab import replica as colab_replica
from course_build.notebooks.setup_cell import setup_cell

VERSION, LIST = colab_replica.newest_list()
CELL = setup_cell({}, "course.whl")


def printing(text, **metadata):
    """Return a code cell that printed a text."""
    output = new_output("stream", name="stdout", text=text)
    return new_code_cell("print()", outputs=[output], metadata=metadata)


def test_the_list_is_that_of_the_colab_that_the_course_is_made_for_and_says_where_it_is_from():
    text = LIST.read_text(encoding="utf-8")
    assert re.search(r"Python 3\.13\b.* 20\d\d", text)
    assert re.search(r"googlecolab/backend-info.*\b[0-9a-f]{40}\b", text, re.DOTALL)
    assert "://" not in text
    has = colab_replica.preinstalled(LIST)
    assert len(has) > 600 and VERSION == (3, 13)
    assert has["numpy"] == Version("2.1.3") and has["tensorflow"].release[:2] == (2, 20)


def test_the_newest_python_of_colab_counts(tmp_path):
    for name in ("packages-py39.txt", "packages-py313.txt", "packages-py312.txt"):
        (tmp_path / name).touch()
    assert colab_replica.newest_list(tmp_path) == ((3, 13), tmp_path / "packages-py313.txt")


def test_it_builds_on_colab_s_own_versions_and_leaves_gpu_libraries_to_torch():
    pinned = colab_replica.pins(LIST)
    assert {"numpy==2.1.3", "tensorflow==2.20.0", "keras==3.13.2", "torch==2.11.0"} <= {
        pinned[name] for name in colab_replica.CORE
    }
    assert set(colab_replica.IMPORTED) <= pinned.keys()
    assert not [name for name in pinned if name.startswith(("nvidia", "triton", "cuda"))]
    assert not {"stardist", "cellpose"} & pinned.keys()


def test_the_set_up_cell_names_what_the_course_needs_and_colab_lacks():
    """The copy of Colab tries it at night; a package that is merely forgotten shows here."""
    project = tomllib.loads((colab_replica.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    needed = {canonicalize_name(Requirement(x).name) for x in project["project"]["dependencies"]}
    needed -= {"jupyterlab", "tensorflow-cpu"}  # Colab is a Jupyter, and has another TensorFlow
    words = [word for words in colab_replica.installs(CELL) for word in words]
    named = {re.match(r"[\w-]+", word)[0] for word in words if word[0].isalpha()}
    lacking = needed - colab_replica.preinstalled(LIST).keys() - named
    assert lacking == {"csbdeep"}, "csbdeep comes with StarDist"


def test_the_commands_of_a_cell_are_read_as_the_shell_reads_them():
    cell = 'x = 1\n    !pip list > a && pip install -q -c a "zarr==3.1.*" b  # why\n    !pip check'
    assert colab_replica.installs(cell) == [["-q", "-c", "a", "zarr==3.1.*", "b"]]


def test_pip_is_asked_what_a_cell_brings_along(monkeypatch):
    asked = []

    def pip(*command):
        asked.append(command[6:])
        needs = ["numpy<2.1", "Fill_Voids; extra == 'more'", "tqdm; python_version > '3'"]
        metadata = {"name": "Cell.Pose", "requires_dist": needs}
        return json.dumps({"install": [{"metadata": metadata}]})

    monkeypatch.setattr(colab_replica, "run", pip)
    cell = "!pip install -q -c has.txt a && pip install -q --target aside b"
    assert colab_replica.builds_on("python", cell, "pins.txt") == {"cell-pose", "numpy", "tqdm"}
    assert asked == [("-", "-q", "-c", "pins.txt", "a")]


def test_a_replaced_or_removed_package_is_named():
    before = {"numpy": "2.1.3", "pydantic": "2.13.5", "six": "1.17.0"}
    after = {"numpy": "2.1.3", "pydantic": "2.12.5", "stardist": "0.9.2"}
    assert colab_replica.replaced(before, before | {"stardist": "0.9.2"}) == []
    assert colab_replica.replaced(before, after) == [
        "pydantic 2.13.5 became 2.12.5",
        "six 1.17.0 became nothing",
    ]


def test_what_a_notebook_prints_otherwise_is_shown_cell_by_cell():
    head = new_markdown_cell("# Head")
    free = {"nbreg": {"diff_ignore": ["/outputs"]}}
    stored = new_notebook(cells=[head, printing("125 nuclei\nfine\n"), printing("5 s", **free)])
    again = new_notebook(
        cells=[head, printing("pip", tags=["setup"]), printing("124 nuclei\nfine\n"),
               printing("9 s", **free)]
    )  # fmt: skip
    assert colab_replica.differences(stored, stored) == []
    assert colab_replica.differences(stored, again) == ["cell 2 -125 nuclei", "cell 2 +124 nuclei"]


def test_the_kernel_finds_the_copy_s_pip_first_and_has_the_network(tmp_path):
    variables = colab_replica.environment(tmp_path)
    assert variables["PATH"].startswith(str(tmp_path / "venv"))
    assert "offline" not in variables.get("PYTHONPATH", "")
    assert variables["TQDM_DISABLE"] == "1"


def test_this_python_is_found_and_one_that_is_not_there_is_not():
    assert colab_replica.find_python(sys.version_info[:2])
    assert colab_replica.find_python((3, 1)) is None


def test_without_colab_s_python_it_says_what_to_install(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(colab_replica, "find_python", lambda version: None)
    monkeypatch.setattr(colab_replica, "build_wheel", lambda folder: folder / "course.whl")
    monkeypatch.setattr(colab_replica, "FOLDER", tmp_path / "copy")
    assert colab_replica.main(["05"]) == 1
    assert "needs Python {}.{} on the path".format(*VERSION) in capsys.readouterr().err
    assert not (tmp_path / "copy").exists()


def test_what_pip_says_of_the_machine_s_own_folders_is_not_held_against_the_cell():
    warning = "\x1b[33mWARNING: Location 'file:///wheels/a' is ignored: it is no folder.\x1b[0m\n"
    assert colab_replica.THIS_MACHINE.sub("", warning).strip() == ""
    conflict = "ERROR: a needs b<2, but you have b 3"
    assert colab_replica.THIS_MACHINE.sub("", warning + conflict).strip() == conflict


def test_a_command_that_fails_is_told_with_its_last_words():
    with pytest.raises(Stop, match="what went wrong"):
        colab_replica.run(sys.executable, "-c", "raise SystemExit('what went wrong')")
