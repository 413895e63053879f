"""Running tiny notebooks: what is stored, and what is refused."""

import base64
import io

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

from course_build import Stop
from course_build.notebooks import run as run_notebooks

pytestmark = pytest.mark.slow  # kernels start


@pytest.fixture
def notebook(tmp_path):
    """Write a notebook with these code cells below a title, and return its path."""

    def write(*sources):
        cells = [new_markdown_cell("# Title"), *map(new_code_cell, sources)]
        path = tmp_path / "tiny.ipynb"
        nbformat.write(new_notebook(cells=cells), path)
        return path

    return write


def test_outputs_and_freshness_are_stored_and_this_run_leaves_no_other_trace(notebook):
    aside = "print('aside', file=sys.stderr, flush=True)"
    path = notebook(f"import numpy, sys\nprint('one')\n{aside}\nprint('two')", "1 + 1")
    assert run_notebooks.main([str(path)]) == 0
    stored = nbformat.read(path, as_version=4)
    _, first, second = stored.cells
    assert [output.text for output in first.outputs] == ["one\ntwo\n", "aside\n"]
    assert second.outputs[0].data["text/plain"] == "2"
    assert [first.execution_count, second.execution_count] == [1, 2]
    assert "execution" not in first.metadata
    course = stored.metadata.course
    assert set(course) == {"python", "packages", "device", "seconds", "inputs"}
    assert course.packages == {"numpy": __import__("numpy").__version__}
    assert course.seconds >= 1
    assert stored.metadata.kernelspec.name == "python3"
    assert not list(path.parent.glob("*.part"))


def test_numbers_that_pages_quote_are_kept_as_this_run_found_them(notebook):
    path = notebook("places = [3, 5, 8]\ntotal = sum(places)")
    asked = nbformat.read(path, as_version=4)
    asked.metadata["numbers"] = {"total": 99, "len(places)": None}
    nbformat.write(asked, path)
    assert run_notebooks.main([str(path)]) == 0
    stored = nbformat.read(path, as_version=4)
    assert stored.metadata.numbers == {"total": 16, "len(places)": 3}


def test_a_failing_notebook_stays_as_it_was_and_is_named_with_its_cell(notebook, capsys):
    path = notebook("print('fine')", "1 / 0")
    before = path.read_bytes()
    assert run_notebooks.main([str(path)]) == 1
    assert path.read_bytes() == before
    errors = capsys.readouterr().err
    assert "tiny.ipynb, cell 3 failed" in errors
    assert "ZeroDivisionError" in errors


def stored_with(text, **metadata):
    """Return a notebook as it is after a run, with one cell that printed this text."""
    output = new_output("stream", name="stdout", text=text)
    return new_notebook(cells=[new_code_cell("…", outputs=[output], metadata=metadata)])


@pytest.mark.parametrize(
    "text",
    [
        f"read {run_notebooks.ROOT}/notebooks/cells.tif",
        "saved to /home/ada/cells.tif",
        r"saved to C:\Users\ada\cells.tif",
        "<bound method at 0x7f2b3c4d5e6f>",
        "100%|████| 12/12 [00:01, 8.91it/s]",
        "16/16 - 2s - 125ms/step",
    ],
)
def test_what_differs_on_every_machine_or_run_is_refused_with_the_cell(text):
    with pytest.raises(Stop, match="cell 1 prints"):
        run_notebooks.tidy(stored_with(text))


def test_a_cell_that_is_not_compared_may_report_its_machine_but_not_its_folders():
    notebook = stored_with(
        f"weights in {run_notebooks.ROOT}/src", nbreg={"diff_ignore": ["/outputs"]}
    )
    run_notebooks.tidy(notebook)
    assert notebook.cells[0].outputs[0].text == "weights in …/src"


def test_numbers_units_and_plain_words_are_no_traces():
    text = "125 nuclei, 0.35 px/step, about 40 s, and/or home/root"
    assert run_notebooks.leaks(text) == []


def test_a_notebook_is_found_by_its_number(tmp_path):
    paths = [tmp_path / name for name in ("01_a.ipynb", "05_b.ipynb")]
    for path in paths:
        path.touch()
    assert run_notebooks.find([], tmp_path) == paths
    assert run_notebooks.find(["05"], tmp_path) == paths[1:]
    with pytest.raises(Stop, match="there are: 01_a, 05_b"):
        run_notebooks.find(["07"], tmp_path)


def test_pictures_are_stored_in_256_colours_which_halves_the_file(notebook):
    path = notebook(
        "import numpy\nfrom PIL import Image\n"
        "Image.fromarray(numpy.random.default_rng(0).integers(0, 256, (64, 64, 3), 'uint8'))"
    )
    assert run_notebooks.main([str(path)]) == 0
    (output,) = nbformat.read(path, as_version=4).cells[1].outputs
    picture = Image.open(io.BytesIO(base64.b64decode(output.data["image/png"])))
    assert (picture.mode, picture.size) == ("P", (64, 64))
    assert len(output.data["image/png"]) < 0.5 * 64 * 64 * 3 * 4 / 3


def test_without_names_only_notebooks_run_of_which_something_changed(notebook, monkeypatch, capsys):
    path = notebook("print('once')")
    other = path.with_name("other.ipynb")
    other.write_bytes(path.read_bytes())
    monkeypatch.setattr(run_notebooks, "find", lambda names: [path, other])
    assert run_notebooks.main([]) == 0
    assert run_notebooks.main([]) == 0
    assert capsys.readouterr().out.endswith(f"{'tiny':32} unchanged\n{'other':32} unchanged\n")

    changed = nbformat.read(path, as_version=4)
    changed.cells[1].source = "print('twice')"
    nbformat.write(changed, path)
    assert run_notebooks.main([]) == 0
    table = capsys.readouterr().out.splitlines()[-2:]
    assert " s on the " in table[0] and table[1].endswith("unchanged")
    assert nbformat.read(path, as_version=4).cells[1].outputs[0].text == "twice\n"


def test_a_notebook_that_runs_elsewhere_is_left_alone_even_when_named(notebook, capsys):
    path = notebook("1 / 0")
    stored = nbformat.read(path, as_version=4)
    stored.metadata["course"] = {"runs": "elsewhere"}
    nbformat.write(stored, path)
    before = path.read_bytes()
    assert run_notebooks.main([str(path)]) == 0
    assert capsys.readouterr().out.strip().endswith("runs elsewhere")
    assert path.read_bytes() == before


@pytest.mark.parametrize("changed", ["requirements.txt", "src/bioimage_course/weights/m/model"])
def test_outputs_depend_on_the_lock_and_on_the_package_with_its_weights(
    changed, tmp_path, monkeypatch
):
    for name in ("requirements.txt", "src/bioimage_course/weights/m/model"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("before")
    (tmp_path / "src/bioimage_course/weights/m/MODEL_CARD.md").touch()
    monkeypatch.setattr(run_notebooks, "ROOT", tmp_path)
    empty = new_notebook()
    before = run_notebooks.inputs_of(empty)
    (tmp_path / "src/bioimage_course/weights/m/MODEL_CARD.md").write_text("changes no output")
    assert run_notebooks.inputs_of(empty) == before
    (tmp_path / changed).write_text("after")
    assert run_notebooks.inputs_of(empty) != before


def test_outputs_depend_on_every_cell():
    notebook = new_notebook(cells=[new_code_cell("1"), new_code_cell("2")])
    before = run_notebooks.inputs_of(notebook)
    notebook.cells[1].source = "3"
    assert run_notebooks.inputs_of(notebook) != before
