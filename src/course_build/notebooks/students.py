"""Make the notebooks for students: exercises stay, solutions and outputs go.

    python -m course_build.notebooks.students            into build/student-notebooks
    python -m course_build.notebooks.students FOLDER     into another folder

Where a solution stood there is one empty cell for the answer, with the solution's id. So the
solutions can be put back, and what is left is the notebook that the tests run. Never edit what is
written here: edit the notebooks in notebooks/ and make these again.
"""

import argparse
import copy
import io
import symtable
import sys
import zipfile
from functools import cache
from itertools import groupby
from pathlib import Path

import nbformat
from IPython.core.inputtransformer2 import TransformerManager
from nbconvert.preprocessors import ClearOutputPreprocessor

from course_build import ROOT
from course_build.notebooks.setup_cell import with_setup_cell

NOTEBOOKS = ROOT / "notebooks"
OUT = ROOT / "build" / "student-notebooks"
EARLIEST = (1980, 1, 1, 0, 0, 0)  # a zip's first possible time: the same bytes at every build


def for_students(notebook):
    """Return a copy of a notebook (nbformat node, version 4) without solutions and outputs."""
    student = copy.deepcopy(notebook)
    student.cells = []
    for solved, run in _runs(copy.deepcopy(notebook)):
        student.cells += [_answer(run, notebook)] if solved else run
    student, _ = ClearOutputPreprocessor().preprocess(student, {})
    student.metadata.pop("course", None)  # it tells how the outputs came about
    return student


def with_solutions(student, notebook):
    """Return a copy of a student's notebook in which `notebook`'s solutions stand again.

    Raises
    ------
    KeyError if an answer has the id of no solution of that notebook.
    """
    runs = {run[0].id: run for solved, run in _runs(notebook) if solved}
    solved = copy.deepcopy(student)
    solved.cells = []
    for cell in student.cells:
        solved.cells += copy.deepcopy(runs[cell.id] if "answer" in _tags(cell) else [cell])
    return solved


def needed_from(run, notebook):
    """Return the names that cells outside of all solutions use, and only this solution defines."""
    rest = [cell for cell in notebook.cells if not _is_solution(cell)]
    made = set().union(*(_names(cell)[0] for cell in run))
    made_elsewhere = set().union(*(_names(cell)[0] for cell in rest))
    used = set().union(*(_names(cell)[1] for cell in rest))
    return sorted((made - made_elsewhere) & used)


def make(folder=NOTEBOOKS, *, wheel=None):
    """Return {file name: text} of the student's notebooks for all notebooks in `folder`.

    Parameters
    ----------
    folder : pathlib.Path
    wheel : str, optional
        Address of the course's wheel, for notebooks that are opened on Colab.
    """
    texts = {}
    for path in sorted(folder.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        if wheel:
            notebook = with_setup_cell(notebook, wheel)
        texts[path.name] = nbformat.writes(for_students(notebook)) + "\n"
    return texts


def pack(texts):
    """Return the bytes of a zip with one folder, student-notebooks/, that holds {name: text}."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in sorted(texts.items()):
            archive.writestr(
                zipfile.ZipInfo(f"student-notebooks/{name}", EARLIEST),
                text,
                zipfile.ZIP_DEFLATED,
            )
    return packed.getvalue()


def _tags(cell):
    return cell.metadata.get("tags", [])


def _is_solution(cell):
    return "solution" in _tags(cell)


def _runs(notebook):
    """Yield (whether these are solutions, cells) for neighbours of one kind."""
    for solved, run in groupby(notebook.cells, _is_solution):
        yield solved, list(run)


def _answer(run, notebook):
    """Return the empty cell for a solution; a comment says what the notebook needs later on."""
    names = needed_from(run, notebook)
    text = "# Your answer"
    if names:
        text += f"; cells below need from it: {', '.join(names)}"
    return nbformat.v4.new_code_cell(text, id=run[0].id, metadata={"tags": ["answer"]})


def _names(cell):
    """Return the names that a cell defines and those that it uses, as two sets."""
    return _names_in(cell.source) if cell.cell_type == "code" else (set(), set())


@cache  # every solution asks all cells of its notebook
def _names_in(source):
    code = TransformerManager().transform_cell(source)  # %magic and !shell become Python
    try:
        top = symtable.symtable(code, "cell", "exec")
    except SyntaxError:  # shown on purpose
        return set(), set()
    here = top.get_symbols()
    made = {name.get_name() for name in here if name.is_assigned() or name.is_imported()}
    used = {name.get_name() for name in here if name.is_referenced()}
    inner = list(top.get_children())
    while inner:  # a function's body uses names of the notebook too
        table = inner.pop()
        inner += table.get_children()
        used |= {name.get_name() for name in table.get_symbols() if name.is_global()}
    return made, used


def main(arguments=None):
    """Write the notebooks; the exit status is 0."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=OUT)
    folder = parser.parse_args(arguments).folder
    folder.mkdir(parents=True, exist_ok=True)
    texts = make()
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    print(f"{len(texts)} notebooks without solutions in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
