"""Every stored notebook is complete, was run in order, and shows nothing of one machine.

That they still print what they show is tested by pytest-notebook, which runs each of them again.
"""

import re
from collections import Counter
from fnmatch import fnmatch
from itertools import groupby, pairwise
from pathlib import Path

import nbformat
import pytest

from course_build.notebooks import folds
from course_build.notebooks import run as run_notebooks

ROOT = Path(__file__).parents[2]
PATHS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LESSONS = [path for path in PATHS if path.stem[:2] != "00"]  # 00 looks at the computer
RUN_HERE = [path for path in PATHS if not run_notebooks.runs_elsewhere(path)]
HEAD = re.compile(r"^\*\*(CPU|GPU)\b.* · about (\d+) (s|min) · .*download.*\*\*", re.MULTILINE)
LONGEST_CELL = 15  # lines
WALL_CLOCK = re.compile(r"\b\d+(\.\d+)? ?(ms|µs|secs?|seconds)\b|\b\d+\.\d+ ?s\b")


def test_there_are_notebooks():
    assert len(PATHS) >= 4


@pytest.fixture(params=PATHS, ids=lambda path: path.stem)
def notebook(request):
    """Each stored notebook in turn."""
    return nbformat.read(request.param, as_version=4)


@pytest.fixture(params=RUN_HERE, ids=lambda path: path.stem)
def executed(request):
    """Each notebook that is stored with its outputs."""
    return nbformat.read(request.param, as_version=4)


def code_cells(notebook):
    """Return (number, cell) of the code cells that hold anything; numbers count all cells."""
    cells = enumerate(notebook.cells, start=1)
    return [(n, cell) for n, cell in cells if cell.cell_type == "code" and cell.source.strip()]


def tags(cell):
    """Return the tags of a cell."""
    return cell.metadata.get("tags", [])


def pictures(cell):
    """Return the pictures a cell put out."""
    outputs = [output.get("data", {}) for output in cell.outputs]
    return [data for data in outputs if any(mime.startswith("image/") for mime in data)]


def test_the_head_states_hardware_time_and_download(notebook):
    head = notebook.cells[0]
    assert head.cell_type == "markdown"
    assert head.source.startswith("# ")
    assert HEAD.search(head.source), "no line like **CPU · about 40 s · no download**"


def test_the_head_says_what_you_will_be_able_to_do(notebook):
    line = next(
        line for line in notebook.cells[0].source.splitlines() if "You will be able to" in line
    )
    assert 1 <= line.count(" · ") <= 2, "two or three things"


def test_it_ends_with_a_summary_in_numbers_of_the_run_its_sources_and_the_next_step(notebook):
    heads = [
        line for cell in notebook.cells for line in cell.source.splitlines() if line[:3] == "## "
    ]
    assert "## Summary" in heads and "## Sources" in heads
    assert heads.index("## Summary") < heads.index("## Sources")
    start = next(i for i, cell in enumerate(notebook.cells) if "## Summary" in cell.source)
    code = [cell for cell in notebook.cells[start:] if cell.cell_type == "code"]
    elsewhere = notebook.metadata.course.get("runs") == "elsewhere"
    assert any(cell.outputs or (elsewhere and "print(" in cell.source) for cell in code)
    assert re.search(r"^\*\*Next:\*\* \[", notebook.cells[-1].source, re.MULTILINE)


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_every_lesson_has_exercises_and_a_place_for_your_own_image(path):
    cells = nbformat.read(path, as_version=4).cells
    kinds = [("solution" in tags(cell), "exercise" in tags(cell)) for cell in cells]
    blocks = [kind for kind, _ in groupby(kinds)]
    assert 2 <= blocks.count((True, False)) <= 3, "two or three solutions, each after its exercise"
    assert any(re.search(r"^my_\w+ = (\w+ = )?None", cell.source, re.MULTILINE) for cell in cells)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_it_is_small_enough_to_open_anywhere(path):
    assert path.stat().st_size <= 1_000_000


def test_no_cell_is_longer_than_a_reader_can_take_in(notebook):
    lengths = {number: len(cell.source.splitlines()) for number, cell in code_cells(notebook)}
    assert {n: length for n, length in lengths.items() if length > LONGEST_CELL} == {}


def test_it_was_run_once_from_top_to_bottom(executed):
    counts = [cell.execution_count for _, cell in code_cells(executed)]
    assert counts == list(range(1, len(counts) + 1))
    assert any(cell.outputs for _, cell in code_cells(executed))


def test_no_cell_ends_in_an_error_that_is_not_expected(notebook):
    failed = [
        number
        for number, cell in code_cells(notebook)
        if "raises-exception" not in tags(cell)
        and any(output.output_type == "error" for output in cell.outputs)
    ]
    assert failed == []


def test_no_output_shows_a_folder_an_address_or_a_time_of_the_machine_it_ran_on(notebook):
    shown = []
    for number, cell in code_cells(notebook):
        for output in cell.outputs:
            for container, key in run_notebooks.texts(output):
                shown += [(number, leak) for leak in run_notebooks.leaks(container[key])]
                if run_notebooks.is_compared(cell) and WALL_CLOCK.search(container[key]):
                    shown.append((number, WALL_CLOCK.search(container[key])[0]))
    assert shown == []


def test_nothing_is_printed_to_the_error_stream(notebook):
    noisy = [
        number
        for number, cell in code_cells(notebook)
        if any(output.get("name") == "stderr" for output in cell.outputs)
    ]
    assert noisy == []


def test_every_picture_has_a_name_and_says_what_is_to_be_seen(notebook):
    for number, cell in code_cells(notebook):
        if pictures(cell):
            figure = cell.metadata.get("figure", {})
            assert re.fullmatch(r"[a-z0-9-]+", figure.get("name", "")), f"cell {number}"
            assert len(figure.get("alt", "")) > 40, f"cell {number}"


def test_figure_names_are_unique_over_all_notebooks():
    names = Counter(
        cell.metadata.figure.name
        for path in PATHS
        for _, cell in code_cells(nbformat.read(path, as_version=4))
        if "figure" in cell.metadata
    )
    assert [name for name, count in names.items() if count > 1] == []


def test_every_exercise_is_followed_by_its_solution(notebook):
    kinds = [
        next((tag for tag in tags(cell) if tag in ("exercise", "solution")), "lesson")
        for cell in notebook.cells
    ]
    blocks = [kind for kind, _ in groupby(kinds)]  # an exercise may take several cells
    for block, following in pairwise([*blocks, "the end"]):
        assert block != "exercise" or following == "solution", blocks


def test_the_cell_for_colab_is_put_in_when_it_is_published_and_is_not_stored(notebook):
    assert [cell.id for cell in notebook.cells if "setup" in tags(cell)] == []
    installing = [n for n, cell in code_cells(notebook) if "google.colab" in cell.source]
    assert installing == []


def test_a_cell_that_knows_the_right_answer_is_tagged_so_that_it_is_folded_and_not_searched(
    notebook,
):
    checks = [n for n, cell in code_cells(notebook) if "def check_" in cell.source]
    assert [n for n, cell in code_cells(notebook) if "answer-check" in tags(cell)] == checks
    text = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
    assert not any("answer-check" in tags(cell) for cell in text)


def test_jupyterlab_and_colab_hide_what_the_page_folds_and_nothing_else(notebook):
    stored = [dict(cell.metadata) for cell in notebook.cells]
    folds.hide(notebook)
    assert stored == [dict(cell.metadata) for cell in notebook.cells], "run folds.hide() on it"
    hidden = [cell.source for cell in notebook.cells if cell.metadata.get("cellView") == "form"]
    assert hidden and len(hidden) < len(code_cells(notebook))
    assert [source for source in hidden if "StarDist2D(" in source or ".eval(" in source] == []


def test_one_picture_is_named_as_the_result_that_opens_the_page(executed):
    assert len([cell for cell in executed.cells if "result" in tags(cell) and pictures(cell)]) == 1


def test_only_a_notebook_that_needs_another_machine_goes_without_a_run():
    elsewhere = sorted(path.stem for path in set(PATHS) - set(RUN_HERE))
    assert elsewhere == ["14_cellpose_sam"]


def test_pytest_runs_just_the_notebooks_that_are_stored_with_outputs(pytestconfig):
    patterns = pytestconfig.getini("nb_file_fnmatch")
    ran = [path for path in PATHS if any(fnmatch(path.name, pattern) for pattern in patterns)]
    assert ran == RUN_HERE


def test_it_says_with_what_it_was_run(executed):
    course = executed.metadata.course
    assert course.python.startswith(("3.11.", "3.12."))
    assert course.device and course.seconds >= 1
    _, number, unit = HEAD.search(executed.cells[0].source).groups()
    told = int(number) * {"s": 1, "min": 60}[unit]
    assert told / 5 < course.seconds < 1.5 * told, "the time in its head is not what it took"
    for package, version in course.packages.items():
        assert re.match(r"\d+\.\d+", version), package
