"""The set-up cell stands before the first code and installs what the notebook needs on Colab."""

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_build.notebooks.setup_cell import setup_cell, with_setup_cell

PATHS = sorted((Path(__file__).parents[3] / "notebooks").glob("*.ipynb"))
COURSES = {path.stem: nbformat.read(path, as_version=4).metadata.course for path in PATHS}
ADDRESS = "https://course.test/wheels/bioimage_course-1.2.3-py3-none-any.whl"


def notebook(*cells, **course):
    return new_notebook(cells=list(cells), metadata={"course": course})


def test_it_stands_before_the_first_code_and_the_notebook_itself_stays_as_it_was():
    stored = notebook(new_markdown_cell("# Title"), new_markdown_cell("Text"), new_code_cell("1"))
    prepared = with_setup_cell(stored, ADDRESS)
    assert [cell.id for cell in prepared.cells] == [
        *(cell.id for cell in stored.cells[:2]), "setup", stored.cells[2].id
    ]  # fmt: skip
    assert prepared.cells[2].metadata.tags == ["setup"]
    assert len(stored.cells) == 3
    nbformat.validate(prepared)


def test_a_notebook_without_code_gets_it_at_its_end():
    assert with_setup_cell(notebook(new_markdown_cell("# Title")), ADDRESS).cells[-1].id == "setup"


@pytest.mark.parametrize("stem", COURSES)
def test_it_names_the_wheel_and_does_nothing_but_on_colab(stem):
    source = setup_cell(COURSES[stem], ADDRESS)
    lines = source.splitlines()
    assert len(lines) == 4 and not source.endswith("\n")
    assert lines[:1] == ["import sys"] and lines[1].startswith('if "google.colab" in sys.modules:')
    assert all(line.startswith("    !pip ") for line in lines[2:])
    assert f'"{ADDRESS}"' in source and "COURSE_WHEEL" not in source


@pytest.mark.parametrize("stem", COURSES)
def test_it_is_quiet_and_holds_on_to_what_is_there(stem):
    source = setup_cell(COURSES[stem], ADDRESS)
    commands = [part for line in source.splitlines()[2:] for part in line.strip(" !").split(" && ")]
    assert commands[0] == "pip list --format=freeze > has.txt"
    for command in commands[1:]:
        assert command.startswith("pip install -q ")
        assert "-c has.txt" in command or "--no-deps" in command
    assert sum("-c has.txt" in command for command in commands) == 1


def test_only_a_notebook_that_asks_for_it_gets_another_cell():
    usual = setup_cell({}, ADDRESS)
    assert "cellpose==3.1.1.3" in usual and "segment-anything" not in usual
    assert "cellpose==4" in setup_cell({"setup_cell": "cellpose_sam"}, ADDRESS)
    asking = [stem for stem, course in COURSES.items() if setup_cell(course, ADDRESS) != usual]
    assert asking == ["14_cellpose_sam"]


def test_a_kind_that_does_not_exist_is_an_error():
    with pytest.raises(FileNotFoundError, match=r"setup_cell_other\.txt"):
        setup_cell({"setup_cell": "other"}, ADDRESS)
