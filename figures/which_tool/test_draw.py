import numpy as np
import pytest

from figures._shared.stored import read
from figures.which_tool.draw import compare, shapes

#: What the page quotes.
QUOTED = read("which_tool")


@pytest.fixture
def labels():
    """Annotation with four squares; StarDist misses the last, Cellpose the third and the last."""
    truth = np.zeros((40, 40), np.int32)
    for i, (row, column) in enumerate([(2, 2), (2, 22), (22, 2), (22, 22)], start=1):
        truth[row : row + 10, column : column + 10] = i
    stardist = np.where(truth < 4, truth, 0)
    cellpose = np.where(truth < 3, truth, 0)
    cellpose[1, 2:12] = 1  # one row more: the mask of the first is 10 % larger
    cellpose[35:39, 35:39] = 9  # a ghost
    return truth, {"stardist": stardist, "cellpose": cellpose}


def test_each_nucleus_is_counted_for_the_tools_that_find_it(labels):
    hits, numbers = compare(*labels)
    assert set(hits["stardist"]) == {1, 2, 3} and set(hits["cellpose"]) == {1, 2}
    counts = [numbers[key] for key in ("both", "only_stardist", "only_cellpose", "neither")]
    assert counts == [2, 1, 0, 1]
    assert (numbers["stardist"]["not_found"], numbers["stardist"]["false"]) == (1, 0)
    assert (numbers["cellpose"]["not_found"], numbers["cellpose"]["false"]) == (2, 1)
    assert numbers["cellpose"]["ap"]["iou50"] == pytest.approx(2 / 5)
    assert numbers["stardist"]["area_percent_of_common"] == pytest.approx(100)
    assert numbers["cellpose"]["area_percent_of_common"] == pytest.approx(105)


def test_borders_are_drawn_where_the_objects_lie(labels):
    truth, _ = labels
    (border,) = shapes(truth, [2])  # rows 2 to 11, columns 22 to 31
    assert border.min(axis=0) == pytest.approx([21.5, 1.5], abs=0.6)
    assert border.max(axis=0) == pytest.approx([31.5, 11.5], abs=0.6)


def test_the_page_may_say_that_the_tools_agree_on_most_nuclei():
    assert QUOTED["both"] > 0.85 * QUOTED["annotated"]
    assert QUOTED["f1_between"] > 0.9
    assert min(QUOTED[tool]["f1"] for tool in ("stardist", "cellpose")) > 0.9
    assert QUOTED["neither"] > 0  # the picture's description says so
    groups = ("both", "only_stardist", "only_cellpose", "neither")
    assert sum(QUOTED[group] for group in groups) == QUOTED["annotated"]


def test_the_page_may_say_that_their_areas_differ():
    areas = [QUOTED[tool]["area_percent_of_common"] for tool in ("stardist", "cellpose")]
    assert abs(areas[0] - areas[1]) > 2
