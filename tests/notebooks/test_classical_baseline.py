"""The notebook's watershed is the course's baseline, and its exercises name the likely mistake."""

import json
from pathlib import Path

import numpy as np
import pytest

from bioimage_course import data
from tests.notebooks.lessons import code_cells, run, run_ids, tags
from training import otsu_watershed

STEM = "02_classical_baseline"
TUNED = Path(__file__).parents[2] / "training/results/otsu_watershed.json"


@pytest.fixture(scope="module")
def method():
    """Return what exists after the cells of the method ran on the course's image, and no others."""
    image, _ = data.nuclei()
    ids = [cell.id for cell in code_cells(STEM) if cell.id == "imports" or "method" in tags(cell)]
    return run_ids(STEM, *ids, image=image)


def test_the_method_is_the_tuned_baseline_bit_for_bit(method):
    settings = json.loads(TUNED.read_text())
    expected = otsu_watershed.segment(data.nuclei()[0], **settings)
    assert method["labels"].dtype == expected.dtype
    np.testing.assert_array_equal(method["labels"], expected)


def test_the_notebook_names_the_tuned_settings():
    settings = json.loads(TUNED.read_text())
    first = next(cell for cell in code_cells(STEM) if "method" in tags(cell))
    named = run([first])
    assert {name: named[name] for name in settings} == settings
    assert set(settings) == {"blur", "seed_blur", "seed_distance"}


# --- Exercises ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lesson():
    """Return all names that exist at the end of the notebook."""
    return run(code_cells(STEM))


def answer(lesson, text):
    """Return what a learner's expression gives in the notebook."""
    return eval(text, dict(lesson))


def coins_with(lesson, *, min_distance=10, sign=-1, blur=0, mask=True):
    """Separate the three coins as a learner may: rightly, or with one mistake."""
    depth = lesson["gaussian"](lesson["distance_transform_edt"](lesson["coins"]), blur)
    seeds = lesson["peak_local_max"](
        depth,
        min_distance=min_distance,
        labels=lesson["label"](lesson["coins"]),
        exclude_border=False,
    )
    markers = np.zeros(depth.shape, np.int32)
    markers[tuple(seeds.T)] = np.arange(1, len(seeds) + 1)
    inside = lesson["coins"] if mask else None
    return lesson["watershed"](sign * depth, markers, mask=inside)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (lambda lesson: lesson["coins"], "mask of True and False"),
        (lambda lesson: lesson["label"](lesson["coins"]), "Merged: 1 for 3"),
        (lambda lesson: coins_with(lesson, min_distance=50), "Merged: 2 for 3"),
        (lambda lesson: coins_with(lesson, min_distance=1), "Split: 5 for 3"),
        (lambda lesson: coins_with(lesson, mask=False), "mask=coins"),
        (lambda lesson: coins_with(lesson, sign=1, blur=2), "pass -distance"),
    ],
    ids=["a mask", "blobs", "one seed for two", "too many seeds", "no mask", "upside down"],
)
def test_the_coins_hint_names_the_mistake(lesson, wrong, hint):
    with pytest.raises((AssertionError, ValueError), match=hint):
        lesson["check_coins"](wrong(lesson))


def test_any_separation_of_the_coins_is_right(lesson):
    lesson["check_coins"](lesson["solved_labels"])
    lesson["check_coins"](lesson["coin_truth"] * 7)  # numbers with gaps, in another dtype
    lesson["check_coins"](coins_with(lesson, blur=2, min_distance=4))
    lesson["check_coins"](answer(lesson, "segment(coins, seed_blur, seed_distance)"))


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ("[region.label for region in regions]", "Only 9 of 117"),
        ("[region.label for region in regions if region.area < median_area / 2]", "small ones"),
        ("[region.area for region in regions if region.area > 2 * median_area]", "not labels"),
        ("[region.area > 2 * median_area for region in regions]", "not labels"),
        ("[region.label for region in regions if region.area > 10_000]", "Nobody is left"),
        ("[region.label for region in regions if region.area > median_area]", "larger area"),
        ("[region.label for region in regions if region.area > 1300]", "there are more"),
    ],
    ids=["all", "small", "areas", "conditions", "none", "too many", "too few"],
)
def test_the_suspects_hint_names_the_mistake(lesson, wrong, hint):
    with pytest.raises(AssertionError, match=hint):
        lesson["check_suspects"](answer(lesson, wrong))


@pytest.mark.parametrize("factor", [2, 2.5, 3])
def test_any_sensible_limit_finds_suspects(lesson, factor):
    text = f"[region.label for region in regions if region.area > {factor} * median_area]"
    lesson["check_suspects"](answer(lesson, text))
    lesson["check_suspects"](np.array(answer(lesson, text)))


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ("smooth > otsu", "one threshold for all"),
        ("threshold_local(smooth, 51)", "compare"),
        ("smooth > threshold_local(smooth, 51)", "noise became objects"),
        ("smooth > otsu / 2", "Only 20 hits: nuclei merged"),
        ("(smooth > threshold_local(smooth, 5)) & (smooth > otsu / 2)", "wider than a nucleus"),
    ],
    ids=["unchanged", "thresholds", "noise", "lower for all", "narrow"],
)
def test_the_threshold_hint_names_the_mistake(lesson, wrong, hint):
    with pytest.raises(AssertionError, match=hint):
        lesson["check_bright"](answer(lesson, wrong))


@pytest.mark.parametrize("width", [35, 51, 75, 101])
def test_any_sensible_neighbourhood_is_right(lesson, width):
    text = f"(smooth > threshold_local(smooth, {width})) & (smooth > otsu / 2)"
    lesson["check_bright"](answer(lesson, text))


def test_the_table_says_what_the_names_say(lesson):
    named, held, covered = lesson["named"], lesson["held"], lesson["covered"]
    assert set(named.predicted_as("merged")) <= set(np.flatnonzero(held > 1))
    missed = set(named.annotated_as("missed"))
    assert missed <= set(np.flatnonzero(covered < 0.25))
    assert all(covered[nucleus] >= 0.25 for nucleus in named.annotated_as("badly outlined"))
    assert set(lesson["places"]) | {"found", "ghost"} == set(named.counts)
