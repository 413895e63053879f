import pytest

from figures._shared.stored import read


def test_the_figure_starts_with_the_scores_of_the_text():
    text, figure = read("matching_by_hand"), read("matching")["start"]
    assert figure == pytest.approx({name: text[name] for name in figure})


def test_the_states_show_what_the_page_says_of_them():
    states = read("matching")
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
