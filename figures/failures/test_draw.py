import re

import numpy as np
import pytest

from bioimage_course.mistakes import KINDS
from figures._shared.stored import FIGURES, read
from figures.failures import draw as failures

NAMES = ("small", "large", "diameter", "empty", "noisy", "uneven", "blurred", "tiles")
MARGIN = 0.05  # the page tells readers to believe no smaller difference


@pytest.fixture(scope="module")
def numbers():
    """What the page shows: written by the script with the course's models."""
    return read("failures")


def ap(numbers, name):
    return numbers[name]["before"]["ap"], numbers[name]["after"]["ap"]


def test_found_and_not_found_add_up(numbers):
    pairs = [pair for pair in numbers.values() if "before" in str(pair)]
    scored = [one for pair in pairs for one in pair.values() if "ap" in one]
    assert len(scored) > 20
    for values in [numbers["original"], *scored]:
        names = sum(values[kind] for kind in KINDS if kind not in ("found", "ghost"))
        assert names == values["not_found"] == numbers["nuclei"] - values["found"]
        assert values["ghost"] <= values["false"]


def test_tiles_get_numbers_of_their_own():
    picture = np.ones((2 * failures.TILE, 2 * failures.TILE))
    labels = failures.tile_by_tile(lambda tile: np.ones(tile.shape, int), picture)
    assert sorted(np.unique(labels)) == [1, 2, 3, 4]


def test_the_annotation_follows_the_size_of_the_picture():
    assert failures.truth_at(1 / 4).shape == (64, 64)
    assert failures.truth_at(1).max() == failures.truth_part().max()


@pytest.mark.parametrize("name", ["small", "large", "diameter", "noisy", "uneven", "tiles"])
def test_the_fix_helps(numbers, name):
    before, after = ap(numbers, name)
    assert before < after - MARGIN
    assert before < numbers["original"]["ap"] - MARGIN


@pytest.mark.parametrize("name", ["large", "tiles"])
def test_size_and_tiles_are_mended_fully(numbers, name):
    assert ap(numbers, name)[1] > numbers["original"]["ap"] - MARGIN


def test_noise_is_mended_only_in_part(numbers):
    assert ap(numbers, "noisy")[1] < numbers["original"]["ap"]


def test_blur_is_mended_little(numbers):
    before, after = ap(numbers, "blurred")
    assert before < after < numbers["original"]["ap"] - 2 * MARGIN


def test_nothing_brings_back_what_was_clipped(numbers):
    for name in ("clipped", "clipped_lenient"):
        assert ap(numbers, name)[1] < numbers["original"]["ap"] - 2 * MARGIN


def test_an_empty_field_has_ghosts_only_with_its_own_limits(numbers):
    assert numbers["empty"]["before"]["ghost"] > 20
    assert numbers["empty"]["after"]["ghost"] <= 2


def test_inverted_and_strict_are_mended_by_undoing_them(numbers):
    for name in ("inverted", "strict"):
        before, after = ap(numbers, name)
        assert before < after - 2 * MARGIN


def test_small_nuclei_and_blurred_ones_are_merged_and_noisy_ones_missed(numbers):
    for name in ("small", "blurred"):
        assert numbers[name]["before"]["merged"] > 2
    assert numbers["noisy"]["before"]["missed"] > numbers["noisy"]["before"]["merged"]


def test_a_diameter_that_is_too_large_fails_as_well(numbers):
    assert numbers["diameter_cell"]["before"]["ap"] < numbers["diameter"]["after"]["ap"] - MARGIN


def test_the_measured_diameter_is_as_good_as_none_where_the_size_happens_to_fit(numbers):
    with_diameter, without = ap(numbers, "diameter_none")
    assert with_diameter == numbers["diameter"]["after"]["ap"]
    assert abs(without - with_diameter) < MARGIN


def test_pictures_are_small_and_show_errors_without_colour():
    files = [FIGURES / "failures" / f"failure_{name}.svg" for name in NAMES]
    assert sum(file.stat().st_size for file in files) < 400_000
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert file.stat().st_size < 60_000
        assert {"before:", "after:"} <= set(re.findall(r"\w+:", text))
        assert 'stroke-dasharray="5 4"' in text  # not found: dashed, at least in the legend
        assert len(re.findall("data:image/webp", text)) == 2


def test_a_view_is_drawn_with_hits_crosses_and_dashes(tmp_path, monkeypatch):
    truth = np.zeros((256, 256), int)
    truth[150:170, 50:70], truth[150:170, 100:120] = 1, 2
    monkeypatch.setattr(failures, "truth_part", lambda: truth)
    monkeypatch.setattr(failures, "truth_at", lambda zoom: truth)
    monkeypatch.setattr(failures, "HERE", tmp_path)
    labels = np.zeros_like(truth)
    labels[150:170, 50:70], labels[200:220, 60:80] = 1, 2
    view = failures.View(np.random.default_rng(0).random((256, 256)), labels)
    failures.draw_pair("small", (view, view), {"before": {"ap": 1 / 3}, "after": {"ap": 1 / 3}})
    text = (tmp_path / "failure_small.svg").read_text(encoding="utf-8")
    assert "before: AP 0.33" in text
    drawn = [
        re.findall(rf'<path stroke="{colour}".*? d="([^"]+)"', text)
        for colour in (failures.PREDICTED, failures.ERROR, failures.TRUTH)
    ]
    assert [len(paths) for paths in drawn] == [2, 2, 2]  # one in each of two panels
    assert all("l10 10m0-10l-10 10" in path for path in drawn[1])  # the cross
