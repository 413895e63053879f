"""The intervals: what a class gained, and how sure that is."""

import numpy as np
import pytest
from scipy import stats

from course_build.learning import gains
from tests.docs import prose


@pytest.fixture
def people():
    """The gains of twelve people."""
    return np.random.default_rng(1).normal(0.2, 0.25, 12)


def test_the_interval_is_that_of_scipys_bootstrap(people):
    theirs = stats.bootstrap(
        (people,), np.mean, n_resamples=20_000, method="percentile", random_state=0
    ).confidence_interval
    ours = gains.mean(people)
    assert ours.value == pytest.approx(people.mean())
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.012)


def test_by_hand_it_is_nearly_the_same(people):
    ours = gains.mean(people)
    by_hand = gains.half_width(people.std(ddof=1), len(people))
    assert (ours.high - ours.low) / 2 == pytest.approx(by_hand, rel=0.12)
    assert by_hand == pytest.approx(1.96 * people.std(ddof=1) / 12**0.5)


def test_a_difference_of_two_groups_is_less_sure_than_each_group(people):
    one, other = people[:6], people[6:]
    found = gains.difference(one, other)
    assert found.value == pytest.approx(one.mean() - other.mean())
    assert found.high - found.low > gains.mean(one).high - gains.mean(one).low
    assert gains.half_width(1, 6, 6) == pytest.approx(1.96 * (1 / 6 + 1 / 6) ** 0.5)


def test_the_same_class_gets_the_same_interval(people):
    assert gains.mean(people) == gains.mean(people)


def test_people_who_all_gain_the_same_leave_no_doubt_and_no_gain_holds_zero():
    assert gains.mean([0.5] * 6) == gains.Interval(0.5, 0.5, 0.5)
    assert not gains.mean([0.5] * 6).holds_zero and not gains.mean([-0.5] * 6).holds_zero
    assert gains.mean([0.0] * 6).holds_zero and gains.mean([-0.5, 0.5] * 3).holds_zero


def test_so_many_people_as_needed_make_the_interval_that_narrow():
    people = gains.people_needed(0.27, 0.1)
    assert gains.half_width(0.27, people) <= 0.1 < gains.half_width(0.27, people - 1)
    people = gains.people_needed(0.27, 0.1, groups=2)
    assert gains.half_width(0.27, people, people) <= 0.1
    assert gains.half_width(0.27, people - 1, people - 1) > 0.1


def test_intervals_of_large_classes_hold_the_truth_nearly_as_often_as_they_promise():
    small, large = (gains.coverage(0.25, people, classes=300) for people in (6, 48))
    assert small < large and 0.91 < large < 0.98


def test_the_page_says_how_often_people_are_drawn():
    page = prose.read("teach/measure-learning.md")
    assert f"It does so {gains.RESAMPLED:,} times" in page and f"by {gains.NORMAL}:" in page
    assert 0.4 < 1 - 0.95**12 < 0.6, "about every second class"
