"""The exercises of the Cellpose notebook name the likely mistake and accept any right answer."""

import numpy as np
import pytest

from tests.notebooks.lessons import run_ids

STEM = "06_cellpose_cells"
AREAS = np.array([100, 314, 500])


def check_of(exercise, name):
    """Return the check of an exercise; the learner's answer as it stands runs with it."""
    names = run_ids(
        STEM, f"exercise-{exercise}-check", np=np, nucleus_um=8, my_diameter=8,
        my_threshold=0.9, my_diameters=np.sqrt(AREAS), areas=AREAS,
    )  # fmt: skip
    return names[name]


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [(8, "taken as pixels"), (8 * 0.325, "instead of multiplying"), (8 / 0.65, "the radius"),
     (40, "side by side")],
    ids=["micrometres", "multiplied", "radius", "something else"],
)  # fmt: skip
def test_the_diameter_hint_names_the_mistake(wrong, hint):
    with pytest.raises(AssertionError, match=hint):
        check_of("um", "check_diameter")(wrong)


@pytest.mark.parametrize("right", [8 / 0.325, 24.6, 25])
def test_the_diameter_may_be_rounded(right):
    check_of("um", "check_diameter")(right)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [(0.9, "probability itself"), (np.log(0.1 / 0.9), "upside down"), (np.log(0.9), "upside down"),
     (np.log10(9), "natural logarithm"), (9, "put p = 0.9")],
    ids=["probability", "inverse", "without the other part", "decimal logarithm", "no logarithm"],
)  # fmt: skip
def test_the_logit_hint_names_the_mistake(wrong, hint):
    with pytest.raises(AssertionError, match=hint):
        check_of("logit", "check_logit")(wrong)


@pytest.mark.parametrize("right", [np.log(9), 2.2])
def test_the_logit_may_be_rounded(right):
    check_of("logit", "check_logit")(right)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (np.sqrt(AREAS), "side of a square"),
        (np.sqrt(AREAS / np.pi), "the radius"),
        (4 * AREAS / np.pi, "root is missing"),
        (2 * np.sqrt(AREAS.mean() / np.pi), "One diameter for each"),
        (AREAS / np.pi, "Solve area"),
    ],
    ids=["square", "radius", "no root", "one for all", "something else"],
)
def test_the_disc_hint_names_the_mistake(wrong, hint):
    with pytest.raises(AssertionError, match=hint):
        check_of("diameter", "check_diameters")(wrong, AREAS)


def test_the_right_diameters_are_accepted_in_any_form():
    check_of("diameter", "check_diameters")(np.sqrt(4 * AREAS / np.pi), AREAS)
    check_of("diameter", "check_diameters")(list(2 * (AREAS / np.pi) ** 0.5), list(AREAS))
