"""Take cells out of a notebook and run them, so that a test can try what a learner may answer."""

from pathlib import Path

import nbformat

FOLDER = Path(__file__).parents[2] / "notebooks"


def code_cells(stem):
    """Return a notebook's code cells in order."""
    cells = nbformat.read(FOLDER / f"{stem}.ipynb", as_version=4).cells
    return [cell for cell in cells if cell.cell_type == "code"]


def tags(cell):
    """Return the tags of a cell."""
    return cell.metadata.get("tags", [])


def run(cells, names=None):
    """Execute cells one after the other; return `names` with what they defined."""
    names = {"__name__": "lesson"} if names is None else names
    for cell in cells:
        exec(compile(cell.source, cell.id, "exec"), names)
    return names


def run_ids(stem, *ids, **names):
    """Execute the cells with these ids, in the notebook's order; return what they defined.

    names : what earlier cells would have defined

    Raises
    ------
    KeyError if a cell is missing.
    """
    by_id = {cell.id: cell for cell in code_cells(stem)}
    missing = set(ids) - by_id.keys()
    if missing:
        raise KeyError(f"{stem} has no cell {', '.join(sorted(missing))}")
    return run([cell for id, cell in by_id.items() if id in ids], {"__name__": "lesson", **names})
