"""The notebooks for students: nothing that gives the answer away, and nothing else lost."""

import io
import json
import zipfile
from itertools import pairwise

import nbformat
import pytest

from course_build.notebooks import students as student_notebooks

NOTEBOOKS = student_notebooks.NOTEBOOKS
NAMES = [path.name for path in sorted(NOTEBOOKS.glob("*.ipynb"))]


@pytest.fixture(scope="module")
def texts():
    return student_notebooks.make(NOTEBOOKS)


@pytest.fixture(params=NAMES)
def source(request):
    return nbformat.read(NOTEBOOKS / request.param, as_version=4)


@pytest.fixture
def student(source, request, texts):
    return nbformat.reads(texts[request.node.callspec.params["source"]], as_version=4)


def tags(cell):
    return cell.metadata.get("tags", [])


def solutions(notebook):
    return [cell for cell in notebook.cells if "solution" in tags(cell)]


def small(*cells):
    """A notebook of (source, tag) pairs; a source that begins with # is a text."""
    notebook = nbformat.v4.new_notebook(metadata={"course": {"seconds": 3}})
    for number, (text, tag) in enumerate(cells):
        kind = nbformat.v4.new_markdown_cell if text[0] == "#" else nbformat.v4.new_code_cell
        cell = kind(text, id=f"cell-{number}", metadata={"tags": [tag] if tag else []})
        notebook.cells.append(cell)
    return notebook


def test_no_solution_and_no_output_is_left(source, student):
    assert solutions(student) == []
    left = {cell.source for cell in student.cells}
    assert [cell.source for cell in solutions(source) if cell.source in left] == []
    code = [cell for cell in student.cells if cell.cell_type == "code"]
    assert code and not any(cell.outputs or cell.execution_count for cell in code)
    assert not any(cell.get("attachments") for cell in student.cells)
    assert "course" not in student.metadata
    nbformat.validate(student)


def test_every_exercise_is_kept_and_followed_by_an_empty_cell_where_the_solution_stood(
    source, student
):
    def exercises(notebook):
        return [cell.source for cell in notebook.cells if "exercise" in tags(cell)]

    assert exercises(source) and exercises(student) == exercises(source)
    first = [
        cell.id
        for before, cell in pairwise(source.cells)
        if "solution" in tags(cell) and "solution" not in tags(before)
    ]
    answers = [cell for cell in student.cells if "answer" in tags(cell)]
    assert [cell.id for cell in answers] == first
    before = [one for one, cell in pairwise(student.cells) if "answer" in tags(cell)]
    assert all("exercise" in tags(cell) for cell in before)
    assert len(answers) >= 2
    for cell in answers:
        assert cell.cell_type == "code"
        assert all(line.startswith("#") for line in cell.source.splitlines())


def test_cells_that_check_an_answer_hold_it_and_are_folded_up_in_jupyterlab_and_colab(student):
    checks = [cell.id for cell in student.cells if "answer-check" in tags(cell)]
    assert all("def check_" in cell.source for cell in student.cells if cell.id in checks)
    lab = [
        cell.id for cell in student.cells if cell.metadata.get("jupyter", {}).get("source_hidden")
    ]
    colab = [cell.id for cell in student.cells if cell.metadata.get("cellView") == "form"]
    assert lab == colab and set(checks) <= set(lab)


def test_with_the_solutions_put_back_it_is_the_notebook_that_is_run(source, student):
    whole = student_notebooks.with_solutions(student, source)

    def cells(notebook):
        return [(cell.id, cell.cell_type, cell.source, tags(cell)) for cell in notebook.cells]

    assert cells(whole) == cells(source)
    assert cells(student) != cells(source)


def test_an_answer_says_which_names_the_rest_of_the_notebook_needs():
    notebook = small(
        ("seen = 1", None),
        ("mine = 0", "exercise"),
        ("from numpy import ones\nlabels, seen, spare = 1, 2, 3", "solution"),
        ("# Text", "solution"),
        ("%matplotlib inline\nprint(labels, seen)\n\ndef show():\n    return ones(3)", None),
    )
    [answer] = [
        cell for cell in student_notebooks.for_students(notebook).cells if "answer" in tags(cell)
    ]
    assert answer.source == "# Your answer; cells below need from it: labels, ones"


def test_two_solutions_apart_get_a_cell_each_and_neighbours_one_together():
    notebook = small(
        ("a = 1", "exercise"), ("a = 2", "solution"), ("# So", "solution"),
        ("b = 1", "exercise"), ("b = 2", "solution"),
    )  # fmt: skip
    student = student_notebooks.for_students(notebook)
    assert [cell.id for cell in student.cells] == ["cell-0", "cell-1", "cell-3", "cell-4"]
    assert notebook.cells[1].source == "a = 2"  # the notebook itself is as it was


def test_an_answer_that_belongs_to_another_notebook_is_refused():
    student = student_notebooks.for_students(small(("a = 1", "exercise"), ("a = 2", "solution")))
    with pytest.raises(KeyError, match="cell-1"):
        student_notebooks.with_solutions(student, small(("a = 1", "exercise")))


def test_on_a_published_site_they_begin_with_the_set_up_cell_and_elsewhere_they_have_none(texts):
    published = student_notebooks.make(NOTEBOOKS, wheel="https://course.test/a.whl")
    for name in NAMES:
        first = next(c for c in json.loads(published[name])["cells"] if c["cell_type"] == "code")
        assert first["metadata"]["tags"] == ["setup"]
        assert '"https://course.test/a.whl"' in "".join(first["source"])
        assert "google.colab" not in texts[name]


def test_the_zip_holds_them_all_and_is_the_same_at_every_build(texts):
    packed = student_notebooks.pack(texts)
    assert packed == student_notebooks.pack(dict(reversed(texts.items())))
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.namelist() == [f"student-notebooks/{name}" for name in NAMES]
        assert archive.read(f"student-notebooks/{NAMES[0]}").decode() == texts[NAMES[0]]


def test_the_command_writes_them_into_a_folder(tmp_path, texts, capsys, monkeypatch):
    monkeypatch.setattr(student_notebooks, "make", lambda: texts)
    assert student_notebooks.main([str(tmp_path / "new" / "folder")]) == 0
    written = {path.name: path.read_text("utf-8") for path in (tmp_path / "new/folder").iterdir()}
    assert written == texts
    assert f"{len(NAMES)} notebooks" in capsys.readouterr().out
