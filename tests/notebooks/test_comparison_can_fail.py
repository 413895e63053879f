"""The comparison of notebooks is worth something: a changed threshold turns it red."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

ROOT = Path(__file__).parents[2]
STARDIST = ROOT / "notebooks/05_stardist_nuclei.ipynb"
THRESHOLD = re.compile(r"(\bprob_thresh\s*=\s*)(0?\.\d+)")


@pytest.fixture
def run(tmp_path):
    """Return a function that compares notebooks under the project's own configuration."""
    (tmp_path / "notebooks").mkdir()
    shutil.copy(ROOT / "pyproject.toml", tmp_path)

    def run(**notebooks):
        for name, notebook in notebooks.items():
            nbformat.write(notebook, tmp_path / "notebooks" / f"{name}.ipynb")
        options = ["-p", "no:cacheprovider", "-p", "no:xdist", "-rA", "notebooks"]
        return subprocess.run(
            [sys.executable, "-m", "pytest", *options],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        ).stdout

    return run


def tiny(shown):
    """Return a notebook that prints 2, and shows what it is given."""
    output = new_output("stream", name="stdout", text=f"{shown}\n")
    return new_notebook(cells=[new_code_cell("print(1 + 1)", outputs=[output])])


def with_another_threshold(notebook):
    """Change the first probability threshold, and cut the notebook off soon after it.

    What is cut off would only cost time: the copy ends with the second text that is printed
    from the changed cell on.
    """
    cells = notebook.cells
    changed = next(
        i
        for i, cell in enumerate(cells)
        if cell.cell_type == "code" and THRESHOLD.search(cell.source)
    )
    old = float(THRESHOLD.search(cells[changed].source)[2])
    new = 0.95 if old < 0.8 else 0.2
    cells[changed].source = THRESHOLD.sub(rf"\g<1>{new}", cells[changed].source, count=1)
    printing = [
        i for i, cell in enumerate(cells) if i >= changed and "stream" in str(cell.get("outputs"))
    ]
    notebook.cells = cells[: printing[:2][-1] + 1]
    return notebook


@pytest.mark.long  # a notebook runs
def test_a_changed_threshold_turns_the_stardist_notebook_red_and_an_unchanged_one_stays_green(run):
    changed = with_another_threshold(nbformat.read(STARDIST, as_version=4))
    report = run(changed_threshold=changed, unchanged=tiny(shown=2))
    assert "FAILED notebooks/changed_threshold.ipynb" in report
    assert "PASSED notebooks/unchanged.ipynb" in report
    assert "1 failed, 1 passed" in report


def test_a_notebook_without_its_outputs_is_red(run):
    stripped = tiny(shown=2)
    stripped.cells[0].outputs = []
    assert "1 failed" in run(stripped=stripped)


def test_the_difference_is_shown_in_the_readers_terms(run):
    report = run(wrong=tiny(shown=3))
    assert "-3" in report
    assert "+2" in report
