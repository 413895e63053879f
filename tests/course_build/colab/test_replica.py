"""tools/colab_replica.py: what it builds and what it says; the nightly workflow runs it whole."""

import sys

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_build.colab import replica as colab_replica
from course_build.colab import resolver as colab

VERSION, LIST = max(colab.lists().items())


def printing(text, **metadata):
    """Return a code cell that printed a text."""
    output = new_output("stream", name="stdout", text=text)
    return new_code_cell("print()", outputs=[output], metadata=metadata)


def test_it_builds_on_colab_s_own_versions_and_leaves_gpu_libraries_to_torch():
    cells = [colab.set_up_cell(path) for path in colab_replica.run_notebooks.find(["06"])]
    packages, constraints = colab_replica.wanted(LIST, VERSION, cells)
    assert {"numpy==2.1.3", "tensorflow==2.20.0", "keras==3.13.2", "torch==2.11.0"} <= set(packages)
    # from what the cell installs with --no-deps, too
    assert any(package.startswith("opencv-python-headless==") for package in packages)
    assert set(packages) < set(constraints)
    assert not [line for line in constraints if line.startswith(("nvidia", "triton", "cuda"))]
    assert not any(package.startswith(("stardist", "cellpose")) for package in constraints)


def test_a_replaced_or_removed_package_is_named():
    before = {"numpy": "2.1.3", "pydantic": "2.13.5", "six": "1.17.0"}
    after = {"numpy": "2.1.3", "pydantic": "2.12.5", "stardist": "0.9.2"}
    assert colab_replica.replaced(before, before | {"stardist": "0.9.2"}) == []
    assert colab_replica.replaced(before, after) == [
        "pydantic 2.13.5 became 2.12.5",
        "six 1.17.0 became nothing",
    ]


def test_what_a_notebook_prints_otherwise_is_shown_cell_by_cell():
    head = [new_markdown_cell("# Head"), printing("", tags=["setup"])]
    free = {"nbreg": {"diff_ignore": ["/outputs"]}}
    stored = new_notebook(cells=[*head, printing("125 nuclei\nfine\n"), printing("5 s", **free)])
    again = new_notebook(
        cells=[head[0], printing("pip", tags=["setup"]), printing("124 nuclei\nfine\n"),
               printing("9 s", **free)]
    )  # fmt: skip
    assert colab_replica.differences(stored, stored) == []
    assert colab_replica.differences(stored, again) == ["cell 3 -125 nuclei", "cell 3 +124 nuclei"]


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
    monkeypatch.setattr(colab_replica, "FOLDER", tmp_path / "copy")
    assert colab_replica.main(["05"]) == 1
    assert "needs Python {}.{} on the path".format(*VERSION) in capsys.readouterr().err
    assert not (tmp_path / "copy").exists()


def test_what_pip_says_of_the_machine_s_own_folders_is_not_held_against_the_cell():
    said = "\x1b[33mWARNING: Location 'file:///wheels/a' is ignored: it is no folder.\x1b[0m\n"
    assert colab_replica.THIS_MACHINE.sub("", said).strip() == ""
    conflict = "ERROR: a needs b<2, but you have b 3"
    assert colab_replica.THIS_MACHINE.sub("", said + conflict).strip() == conflict


def test_a_command_that_fails_is_told_with_its_last_words():
    with pytest.raises(colab_replica.ReplicaProblem, match="what went wrong"):
        colab_replica.run(sys.executable, "-c", "raise SystemExit('what went wrong')")
