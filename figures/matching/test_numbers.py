import json

import pytest

from figures.matching import compute as objects
from figures.matching_by_hand import draw as hand


def test_the_fixture_of_the_figures_tests_is_what_stardist_says_today():
    assert json.loads(objects.FIXTURE.read_text(encoding="utf-8")) == objects.fixture()


def test_the_figures_data_and_numbers_are_those_that_the_script_writes():
    written = objects.ROOT / "figures" / "matching" / "page.json"
    data = json.loads(written.read_text(encoding="utf-8"))
    assert data == objects.plain(objects.figure_data())
    numbers = json.loads((objects.ROOT / "figures" / "matching" / "data.json").read_text("utf-8"))
    assert numbers == objects.plain(objects.compute())


def test_the_figure_starts_with_the_scores_of_the_text():
    text, figure = hand.compute()[0], objects.compute()["start"]
    assert figure == pytest.approx({name: text[name] for name in figure})


def test_the_states_show_what_the_page_says_of_them():
    states = objects.compute()
    start = states["start"]
    counts = {name: (s["tp"], s["fp"], s["fn"]) for name, s in states.items()}
    assert counts["exact_b"] == counts["start"]  # a better outline: only PQ notices
    assert states["exact_b"]["pq"] > start["pq"]
    assert counts["right_e"] == (4, 1, 1)  # one error less counts twice
    assert counts["no_c"] == (3, 1, 2)
    assert counts["split_d"] == (4, 2, 1)
    assert counts["merged_ad"] == (1, 3, 4)  # one merge costs two matches
    assert states["all_right"]["ap"] == states["all_right"]["pq"] == 1
    assert counts["nothing"] == (0, 0, 5)
