"""What the chapter on training says about the course's own curves, whichever run they are from."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from figures._shared.stored import read
from figures._shared.style import THEMES
from figures.loss_curves import draw as loss_curves


@pytest.fixture(params=loss_curves.MODELS)
def history(request):
    return loss_curves.read(request.param)


def last(history, key, count=5):
    return loss_curves.series(history, key)[1][-count:].mean()


def test_the_loss_falls_steeply_and_then_slowly(history):
    _, losses = loss_curves.series(history, "loss")
    tenth = len(losses) // 10
    assert losses[0] - losses[tenth] > losses[tenth] - losses[-1]


def test_unseen_images_of_the_same_kind_lie_below_those_learned_from(history):
    assert last(history, "loss_known") < last(history, "loss")


def test_images_of_another_kind_lie_far_above(history):
    _, families = loss_curves.series(history, "loss_families")
    _, known = loss_curves.series(history, "loss_known")
    assert np.median(families[-5:]) > 1.3 * np.median(known[: len(families)][-5:])


def test_their_line_ends_where_the_network_begins_to_learn_from_them(history):
    stages = history["settings"]["stages"]
    ends = loss_curves.stage_ends(history)
    begins = next(
        end - stage["steps"] for end, stage in zip(ends, stages, strict=True) if stage["families"]
    )
    assert loss_curves.series(history, "loss_families")[0][-1] == begins


def test_neither_graph_shows_overfitting(history):
    _, known = loss_curves.series(history, "loss_known")
    # Cellpose's last stage learns from rescaled images, and the line is measured on others.
    assert known[-1] < 1.1 * known.min()


def test_zigzag_is_strongest_while_the_learning_rate_is_high(history):
    steps, known = loss_curves.series(history, "loss_known")
    known = known[steps <= loss_curves.stage_ends(history)[0]]
    jumps = np.abs(np.diff(known))
    quarter = len(jumps) // 4
    assert jumps[-quarter:].mean() < 0.5 * jumps[quarter : 2 * quarter].mean()


@pytest.mark.parametrize("name", loss_curves.MODELS)
def test_the_page_quotes_steps_and_hours_of_the_whole_training(name):
    quoted, end = read("loss_curves")[name.split("_")[0]], loss_curves.read(name)["steps"][-1]
    assert (quoted["steps"], quoted["hours"]) == (end["step"], end["hours"])
    assert quoted["hours"] > 1.5  # "from scratch it takes hours"


def test_the_hours_are_those_of_a_processor_without_gpu():
    assert loss_curves.read("cellpose_nuclei")["settings"]["device"] == "cpu"


def test_the_rate_rises_falls_along_a_cosine_and_does_so_in_every_stage():
    stages = [
        {"steps": 1000, "top_rate": 0.01, "warm_up": 100},
        {"steps": 400, "top_rate": 0.004, "warm_up": 0},
    ]
    rates = loss_curves.rates(stages)
    assert rates[50] == pytest.approx(0.0051)
    assert rates[100] == rates[:1000].max() == 0.01
    assert rates[550] == pytest.approx(0.005)  # halfway down
    assert rates[999] < 1e-4
    assert rates[1000] == 0.004
    assert len(rates) == 1400


@pytest.mark.parametrize("stages", [1, 2])
def test_drawing_needs_no_fixed_number_of_stages(stages):
    histories = {name: loss_curves.read(name) for name in loss_curves.MODELS}
    for history in histories.values():
        del history["settings"]["stages"][stages:]
    figure = Figure()
    loss_curves.paint(figure, THEMES["light"], histories)
    ends = [line for axes in figure.axes for line in axes.get_lines() if len(line.get_xdata()) == 2]
    assert len(ends) == 2 * (stages - 1)
