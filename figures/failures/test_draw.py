import gzip
import re

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from bioimage_course.mistakes import KINDS
from figures._shared.stored import FIGURES, read
from figures._shared.style import THEMES
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


@pytest.mark.parametrize("form, limit", [("", 30_000), ("-narrow", 30_000), ("_before", 20_000)])
def test_pictures_are_small(form, limit):
    for name in NAMES:
        text = (FIGURES / "failures" / f"failure_{name}{form}-light.svg").read_bytes()
        assert len(gzip.compress(text)) < limit
        assert text.count(b"data:image/webp") == (1 if form == "_before" else 2)


def view_with_mistakes(monkeypatch):
    """A view with a nucleus that is found, one that is not, and an object where none is."""
    truth = np.zeros((256, 256), int)
    truth[150:170, 50:70], truth[150:170, 100:120] = 1, 2
    monkeypatch.setattr(failures, "truth_part", lambda: truth)
    monkeypatch.setattr(failures, "truth_at", lambda zoom: truth)
    labels = np.zeros_like(truth)
    labels[150:170, 50:70], labels[200:220, 60:80] = 1, 2
    return failures.View(np.random.default_rng(0).random((256, 256)), labels)


def test_a_view_is_drawn_with_hits_crosses_and_dashes(monkeypatch):
    axes = Figure().subplots()
    failures.panel(axes, "small", view_with_mistakes(monkeypatch))
    drawn = {
        to_hex(lines.get_edgecolor()[0]).upper(): (len(lines.get_paths()), lines.get_linestyle()[0])
        for lines in axes.collections
    }
    solid = (0, None)
    assert drawn[failures.PREDICTED] == (1, solid)
    assert drawn[failures.ERROR] == (1, solid)
    count, dashes = drawn[failures.TRUTH]
    assert count == 1 and dashes != solid
    (crosses,) = (line for line in axes.lines if line.get_marker() == "x")
    top, left, _ = failures.CROP
    assert crosses.get_xydata().tolist() == [[70 - left, 210 - top]]


def test_panels_say_which_one_is_mended_and_its_score(monkeypatch):
    view, figure = view_with_mistakes(monkeypatch), Figure()
    values = {"before": {"ap": 1 / 3}, "after": {"ghost": 2}}
    failures.paint(figure, THEMES["light"], "small", (view, view), values)
    assert [axes.get_title() for axes in figure.axes] == ["before: AP 0.33", "after: 2 ghosts"]
    assert [text.get_text() for text in figure.legends[0].texts] == ["found", "false", "not found"]


def test_a_squeezed_drawing_keeps_its_pictures_and_places(tmp_path):
    figure, file = Figure(figsize=(2, 2)), tmp_path / "drawing.svg"
    axes = figure.subplots()
    axes.imshow(np.eye(40), cmap="gray", interpolation="none")
    axes.plot([0, 10 / 3], [0, 20 / 3])
    figure.savefig(file)
    before = file.read_text(encoding="utf-8")
    failures.squeeze(file)
    after = file.read_text(encoding="utf-8")
    assert len(after) < len(before)
    assert "image/png" not in after and after.count("data:image/webp") == 1
    numbers = [
        [float(number) for number in re.findall(r"[-\d.]+", path)]
        for text in (before, after)
        for path in [re.search(r'id="line2d_\d+">\s*<path d="([^"]+)" clip', text)[1]]
    ]
    assert numbers[1] == pytest.approx(numbers[0], abs=0.05)
