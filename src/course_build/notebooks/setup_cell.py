"""The cell that prepares a Colab machine: kept here once, put in where notebooks leave for Colab.

What it runs stands in setup_cell.txt. A notebook that needs other packages says so in its metadata:
`course: {"setup_cell": "cellpose_sam"}` takes setup_cell_cellpose_sam.txt.
"""

import copy
from pathlib import Path

import nbformat

FOLDER = Path(__file__).parent
WHEEL = "COURSE_WHEEL"  # stands in the files for the address of the course's wheel
TAG = "setup"


def setup_cell(course, wheel):
    """Return the source of a notebook's set-up cell.

    Parameters
    ----------
    course : dict
        The notebook's `metadata.course`.
    wheel : str
        Where pip finds the course's wheel: an address, or a path.

    Returns
    -------
    str
    """
    kind = course.get("setup_cell")
    file = FOLDER / (f"setup_cell_{kind}.txt" if kind else "setup_cell.txt")
    return file.read_text(encoding="utf-8").rstrip().replace(WHEEL, wheel)


def with_setup_cell(notebook, wheel):
    """Return a copy of a notebook that begins its code with the set-up cell.

    Parameters
    ----------
    notebook : nbformat node, version 4
        As it is stored, without such a cell.
    wheel : str
        Where pip finds the course's wheel: an address, or a path.

    Returns
    -------
    nbformat node
        The cell stands after the text of the head, tagged `setup`.
    """
    prepared = copy.deepcopy(notebook)
    kinds = [cell.cell_type for cell in prepared.cells]
    place = kinds.index("code") if "code" in kinds else len(kinds)
    source = setup_cell(notebook.metadata.get("course", {}), wheel)
    cell = nbformat.v4.new_code_cell(source, id="setup", metadata={"tags": [TAG]})
    prepared.cells.insert(place, cell)
    return prepared
