"""Which code of a notebook is folded, on its page, in JupyterLab and in Colab.

What is not the lesson is: imports, code that only draws, and checks. Exercises and forms to fill in
stay open, and so does every line that calls StarDist or Cellpose.
"""

import ast
import copy
import re

IMPORTS, DRAWING, CHECK = "Imports", "Code that draws", "Check"
TOOLS = re.compile(
    r"StarDist[23]D\(|CellposeModel\(|\.(predict|predict_instances|eval|train|optimize_thresholds)\("
    r"|train_seg\(|non_maximum_suppression\(|matching\("
)
DRAWS = re.compile(r"\bplt\.|\baxes\.|\bax\.|\bshow\.|imshow\(")
SETTING = re.compile(r"^plt\.style\.use\(|\.setLevel\(|\.set_memory_growth\(")
FORM = re.compile(r"^my_\w+(, my_\w+)* = ", re.M)
SHORT = 4  # lines that draw and take no more room than a fold would
HIDDEN = {"jupyter": {"source_hidden": True}, "cellView": "form"}  # for JupyterLab, for Colab


def fold(cell):
    """Return what the fold of a cell's code is called; None where the code stays open.

    cell : nbformat node
    """
    tags = cell.metadata.get("tags", [])
    if cell.cell_type != "code":
        return None
    if "answer-check" in tags:
        return CHECK
    if (
        {"exercise", "solution"} & set(tags)
        or FORM.search(cell.source)
        or TOOLS.search(cell.source)
    ):
        return None
    try:
        steps = ast.parse(cell.source).body
    except SyntaxError:  # a %magic
        return None
    if not steps:
        return None
    if any(isinstance(step, ast.Assert) for step in steps) and all(
        isinstance(step, ast.Assert | ast.Expr) for step in steps
    ):
        return CHECK
    if all(_imports(step) for step in steps):
        return IMPORTS
    draws = [_is_drawing_function(step) for step in steps]
    only_draws = any(draws) and all(
        drawing or _imports(step) or isinstance(step, ast.Assign)
        for drawing, step in zip(draws, steps, strict=True)
    )
    long = len(cell.source.splitlines()) > SHORT
    return DRAWING if long and ("figure" in cell.metadata or only_draws) else None


def hide(notebook):
    """Fold the same cells, in place, where the notebook itself is opened."""
    for cell in notebook.cells:
        for key in HIDDEN:
            cell.metadata.pop(key, None)
        if fold(cell):
            cell.metadata |= copy.deepcopy(HIDDEN)


def _imports(step):
    """Whether a step imports, or sets once how a library looks, speaks or takes memory."""
    if isinstance(step, ast.For):
        return all(_imports(inner) for inner in step.body)
    setting = isinstance(step, ast.Expr) and SETTING.search(ast.unparse(step))
    return isinstance(step, ast.Import | ast.ImportFrom) or bool(setting)


def _is_drawing_function(step):
    return isinstance(step, ast.FunctionDef) and bool(DRAWS.search(ast.unparse(step)))
