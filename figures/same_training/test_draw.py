"""What the chapter on training says about trainings that differ by chance only."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from course_build.notebooks.seeds import TRAINS
from figures._shared.stored import read
from figures._shared.style import THEMES
from figures.same_training import draw as same_training


@pytest.fixture(scope="module")
def made():
    return same_training.rows(same_training.read())


def test_every_notebook_that_trains_has_its_row(made):
    assert list(same_training.SHOWN) == list(TRAINS)
    assert [row["number"] for row in made] == [name[:2] for name in TRAINS]


def test_every_training_lies_right_of_what_is_asked_for(made):
    for row in made:
        assert row["values"].min() > row["limit"], row["words"]


def test_pixels_spread_less_than_objects_in_the_same_trainings():
    quoted = read("same_training")["n04"]
    assert quoted["spread_in_pixels"] < quoted["spread"] / 2


def test_every_training_is_one_dot(made):
    figure = Figure()
    same_training.paint(figure, THEMES["light"], made)
    dots = [line for line in figure.axes[0].get_lines() if line.get_marker() == "o"]
    drawn = np.sort(np.concatenate([line.get_xdata() for line in dots]))
    np.testing.assert_allclose(drawn, np.sort(np.concatenate([row["values"] for row in made])))
