"""The first-success page: its code runs and counts what the page says; its figure claims hold."""

import contextlib
import io
import re

import numpy as np
import pytest

from bioimage_course import data
from course_build import ROOT
from figures._shared.stored import read
from figures.first_success.draw import COLOURS, WINDOW, far_apart, inside, same_outline

pytestmark = pytest.mark.slow  # networks run

PAGE = (ROOT / "docs" / "start" / "first-success.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, re.S | re.M)
NUMBERS = read("first_success")


@pytest.fixture(scope="module")
def printed():
    """What each code block of the page prints, run in order in one namespace."""
    names, outputs = {}, []
    for block in BLOCKS:
        with contextlib.redirect_stdout(io.StringIO()) as output:
            exec(compile(block, "first-success.md", "exec"), names)
        outputs.append(output.getvalue())
    return outputs


def test_the_first_block_is_eight_lines_and_the_second_changes_one_thing():
    first, second = (block.strip().splitlines() for block in BLOCKS[:2])
    assert len([line for line in first if line]) == 8
    changed = [line for line in second if line not in first]
    assert len(changed) == 1 and f"prob_thresh={NUMBERS['strict']}" in changed[0]


def test_the_code_prints_what_the_page_says(printed):
    assert printed[0].splitlines()[-1] == f"{NUMBERS['objects']} nuclei"
    assert printed[1].splitlines()[-1] == f"{NUMBERS['strict_found']} nuclei"
    assert printed[2].splitlines()[-1] == f"{NUMBERS['cells']} cells"


def test_a_stricter_threshold_takes_whole_nuclei_away_and_leaves_the_other_outlines():
    assert NUMBERS["prob_thresh"] < NUMBERS["strict"]
    assert 5 <= NUMBERS["strict_gone"] <= NUMBERS["objects"] - 20  # the figure has both kinds
    assert NUMBERS["strict_gone"] == NUMBERS["objects"] - NUMBERS["strict_found"]
    assert NUMBERS["strict_same_outline"] >= 0.95 * NUMBERS["strict_found"]


def test_the_figure_shows_nuclei_that_stay_and_that_go():
    assert 0 < NUMBERS["window_gone"] < NUMBERS["window_found"]


def test_nearly_every_outline_is_right_as_the_page_says():
    assert NUMBERS["found"] + NUMBERS["false"] == NUMBERS["objects"]
    assert NUMBERS["found"] + NUMBERS["not_found"] == NUMBERS["annotated"]
    assert NUMBERS["found"] > 0.9 * NUMBERS["objects"]


def test_an_outline_counts_as_the_same_only_where_nearly_all_pixels_agree():
    labels = data.nuclei()[1][:128, :128]
    labels = np.unique(labels, return_inverse=True)[1].reshape(labels.shape)
    assert all(same_outline(labels, labels))
    assert not any(same_outline(labels, np.roll(labels, 5, axis=1)))
    without_first = np.where(labels == 1, 0, labels)
    assert same_outline(labels, without_first) == [False] + [True] * (labels.max() - 1)


def test_neighbours_differ_in_colour_and_only_polygons_of_the_window_are_drawn():
    square = np.array([[0, 0], [0, 9], [9, 9], [9, 0]], float)
    row = np.stack([square + np.array([10 * i, 0]) for i in range(12)])
    colours = far_apart(row)
    assert all(colours[i] != colours[i + 1] for i in range(11)) and set(colours) <= set(COLOURS)
    start = [WINDOW[1].start, WINDOW[0].start]
    assert inside(np.stack([square + start, square + start - 9.5])).tolist() == [True, False]
