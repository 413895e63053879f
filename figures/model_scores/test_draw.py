import copy

import numpy as np
from matplotlib.figure import Figure

from figures._shared.style import THEMES
from figures.model_scores import draw as model_scores


def heights(scores):
    """AP of StarDist over the IoU asked for, on fluorescence, as drawn."""
    figure = Figure()
    model_scores.paint_scores(figure, THEMES["light"], scores)
    (line,) = (line for line in figure.axes[0].get_lines() if line.get_label() == "StarDist")
    return line.get_ydata()


def test_the_curves_are_drawn_from_the_stored_scores():
    scores = model_scores.read("scores")
    changed = copy.deepcopy(scores)
    pooled = changed["stardist_nuclei"]["dsb2018_test"]["uncertainty"]["pooled"]
    pooled["iou70"]["value"] = 0.05
    difference = np.array(heights(scores)) - heights(changed)
    assert np.flatnonzero(difference).tolist() == [2]
    assert heights(changed)[2] == 0.05


def test_a_loss_is_drawn_from_every_step_that_measured_it():
    names = ("stardist_nuclei", "cellpose_nuclei")
    histories = {name: model_scores.read(f"history_{name}") for name in names}
    figure = Figure()
    model_scores.paint_training(figure, THEMES["dark"], histories)
    for axes, history in zip(figure.axes, histories.values(), strict=True):
        drawn = {line.get_label(): len(line.get_xdata()) for line in axes.get_lines()}
        for key, label in (("loss", "learned from"), ("loss_families", "other families")):
            assert drawn[label] == sum(key in row for row in history["steps"])
        assert drawn["other families"] < drawn["learned from"]  # its line ends earlier
