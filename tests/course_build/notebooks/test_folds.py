"""Which code is folded: what is not the lesson, and never a call of StarDist or Cellpose."""

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_build.notebooks import folds

LONG = "\n".join(f"axes.plot({number})" for number in range(6))
FIGURE = {"figure": {"name": "lines", "alt": "Six lines"}}


def fold(source, **metadata):
    return folds.fold(new_code_cell(source, metadata=metadata))


@pytest.mark.parametrize(
    ("source", "metadata", "name"),
    [
        ('import numpy as np\n\nplt.style.use("bioimage_course.course")', {}, folds.IMPORTS),
        (
            'import torch\nfor name in names:\n    getLogger(name).setLevel("ERROR")',
            {},
            folds.IMPORTS,
        ),
        ("import tensorflow as tf\n\ntf.config.set_memory_growth(gpu, True)", {}, folds.IMPORTS),
        (LONG, FIGURE, folds.DRAWING),
        ("low = 1\n\ndef draw(axes):\n    axes.plot(1)\n\n    return axes", {}, folds.DRAWING),
        ('assert labels.max() > 3, "too few"', {}, folds.CHECK),
        ("check.labels(labels, image)\nassert labels.max() > 3", {}, folds.CHECK),
        ("def check_ap(ap): ...", {"tags": ["exercise", "answer-check"]}, folds.CHECK),
    ],
)
def test_imports_drawing_and_checks_are_folded(source, metadata, name):
    assert fold(source, **metadata) == name


@pytest.mark.parametrize(
    ("source", "metadata"),
    [
        ("labels = label(mask)", {}),
        ("", {}),
        ("%pip install cellpose", {}),
        ("show.segmentation(image, labels)", FIGURE),  # no longer than its fold
        ("def convolve(image, kernel):\n    return 1\n\n\nconvolve(1, 2)", {}),
        ("import numpy as np\n\nlabels = label(mask)", {}),
        ("import os\nfor name in os.listdir():\n    print(name)", {}),
        ("worth = 3\nassert worth", {}),  # it does more than check
        (LONG, FIGURE | {"tags": ["exercise"]}),
        (LONG, FIGURE | {"tags": ["solution"]}),
        (f"my_image_path = None\n{LONG}", FIGURE),
        (f"labels, _ = model.predict_instances(image)\n{LONG}", FIGURE),
        (f"masks, _, _ = model.eval(image)\n{LONG}", FIGURE),
    ],
)
def test_the_lesson_exercises_forms_and_calls_of_the_tools_stay_open(source, metadata):
    assert fold(source, **metadata) is None


def test_text_is_never_folded():
    assert folds.fold(new_markdown_cell("import this")) is None


def test_what_is_folded_is_hidden_in_jupyterlab_and_colab_and_nothing_else_is():
    opened = new_code_cell("labels = label(mask)", metadata=dict(folds.HIDDEN))
    notebook = new_notebook(cells=[new_code_cell("import os"), opened])
    folds.hide(notebook)
    first, second = notebook.cells
    assert first.metadata["jupyter"]["source_hidden"] and first.metadata["cellView"] == "form"
    assert not second.metadata
