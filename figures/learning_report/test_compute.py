import pytest

from course_build.learning import gains
from figures._shared.stored import read
from figures.learning_report import compute as made


@pytest.fixture(scope="module")
def numbers():
    """What the page quotes."""
    return read("learning_report")


def test_the_text_beside_the_picture_says_what_the_made_class_shows(numbers):
    for kind in ("recall", "transfer"):
        found = numbers[kind]
        assert 0 < found["low"] < found["truth"] < found["high"], "both rose; both hold the truth"
    assert (
        abs(numbers["recall"]["gain"] - numbers["transfer"]["gain"])
        < 5
        < 20
        == pytest.approx(numbers["recall"]["truth"] - numbers["transfer"]["truth"])
    )
    assert numbers["effect"] < numbers["by_hand"] < 20, "20 points are seen, 10 are not"
    assert numbers["difference"]["low"] < 0 < numbers["difference"]["high"]
    assert sum(numbers["split"].values()) == numbers["people"] == 12


def test_the_arithmetic_on_the_page_adds_up(numbers):
    assert numbers["root"] == pytest.approx(12**0.5, abs=1e-4)
    assert numbers["error"] == pytest.approx(numbers["spread"] / 12**0.5, rel=1e-4)
    assert numbers["by_hand"] == pytest.approx(1.96 * numbers["error"], rel=1e-4)
    assert numbers["between_halves"] == pytest.approx(2 * numbers["by_hand"], rel=1e-4)
    assert numbers["needed"] == gains.people_needed(numbers["spread"], numbers["effect"])
    assert numbers["needed_in_each_half"] == 2 * numbers["needed"]
    assert 88 < numbers["held"] < 95


def test_the_bars_are_as_the_description_says():
    result, _ = made.compute()
    widths = {kind: part.gain.high - part.gain.low for kind, part in result.kinds.items()}
    ends = []
    for kind, parts in result.halves.items():
        for part in parts.values():
            assert 1.5 < (part.gain.high - part.gain.low) / widths[kind] < 3
            ends.append(part.gain.low)
    assert sum(low > 1e-9 for low in ends) == 1, "all but one reach or cross the line"
