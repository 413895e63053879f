"""A class whose answers are known, for the tests of the trainers' report."""

import pytest

from course_build.learning import items


@pytest.fixture(scope="session")
def asked():
    """The items of both forms, by name."""
    return items.read()


@pytest.fixture
def sheet(asked):
    """A line of the wide file: the first `rights` items are right, the others left empty."""

    def sheet(code, when, form, rights):
        given = [asked[f"{form}{p}"].right if p <= rights else "" for p in items.PLACES]
        return ",".join([code, when, form, *given])

    return sheet


@pytest.fixture
def table(sheet):
    """A file of a class: {code: (right before, right after)}; every second has form A before."""

    def table(people):
        lines = ["code,when,form,1,2,3,4,5,6,7,8,9,10,11,12"]
        for number, (code, (before, after)) in enumerate(people.items()):
            first, second = "AB" if number % 2 == 0 else "BA"
            lines += [sheet(code, "before", first, before), sheet(code, "after", second, after)]
        return "\n".join(lines) + "\n"

    return table


@pytest.fixture
def six():
    """Six people, all of whom gain three items of recall."""
    return {f"c{number}": (2, 5) for number in range(6)}
