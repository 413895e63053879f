"""The figure on Cellpose's dynamics shows what Cellpose makes of the course's model's flow."""

import base64
import json
import zlib

import numpy as np
import pytest

from bioimage_course import data
from figures.cellpose_dynamics import compute as cellpose_dynamics
from figures.cellpose_dynamics.compute import (
    DEFAULT,
    FILE,
    FIXTURE,
    FLOW_UNIT,
    LOGIT_UNIT,
    SETTINGS,
    SHOWN,
    VIEW,
    WALKED,
    for_the_page,
    for_the_tests,
    grown,
    masks_of,
    numbers,
    shown,
    unpack,
    weights_hash,
)

PAGE = json.loads(FILE.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def field():
    return unpack(PAGE)


def unzipped(case):
    return zlib.decompress(base64.b64decode(case["labels"]))


def test_figure_and_fixture_come_from_the_weights_of_the_course():
    """If not: run figures/cellpose_dynamics.py."""
    fixture = json.loads(FIXTURE.read_text(encoding="utf-8"))
    assert PAGE["weights"] == fixture["weights"] == weights_hash()


def test_the_fixture_is_what_cellpose_makes_of_the_flow_of_the_page():
    stored = json.loads(FIXTURE.read_text(encoding="utf-8"))
    fresh = for_the_tests(PAGE)
    assert stored["starts"] == fresh["starts"]
    np.testing.assert_allclose(stored["ends"], fresh["ends"], atol=1e-3)
    np.testing.assert_allclose(stored["errors"], fresh["errors"], atol=1e-4)
    assert [case["setting"] for case in stored["cases"]] == [list(s) for s in SETTINGS]
    for before, now in zip(stored["cases"], fresh["cases"], strict=True):
        assert unzipped(before) == unzipped(now)


def test_the_settings_of_the_tests_make_a_difference(field):
    counts = [len(shown(masks_of(*field, *setting))) for setting in SETTINGS]
    assert len(set(counts)) >= 4


def test_the_file_is_small_and_holds_flow_and_logit_to_half_a_unit():
    assert FILE.stat().st_size <= 100_000
    random = np.random.default_rng(3)
    flow = random.uniform(-7.5, 7.5, (2, 512, 512)).astype(np.float32)
    logit = random.uniform(-15, 15, (512, 512)).astype(np.float32)
    kept_flow, kept_logit = unpack(for_the_page(flow, logit))
    assert np.abs(kept_flow - flow[(slice(None), *WALKED)]).max() <= 0.5 / FLOW_UNIT
    assert np.abs(kept_logit - logit[WALKED]).max() <= 0.5 / LOGIT_UNIT


def test_the_view_holds_the_running_example_and_pixels_walk_on_around_it():
    image, _ = data.nuclei()
    inside = image[WALKED][VIEW]
    np.testing.assert_array_equal(inside, image[SHOWN])
    assert all(a.start <= b.start and b.stop <= a.stop
               for a, b in zip(SHOWN, data.TOUCHING, strict=True))  # fmt: skip
    assert grown((slice(3, 9), slice(20, 30)), 5) == (slice(0, 14), slice(15, 35))


def test_the_masks_shown_are_those_that_the_annotation_has(field):
    labels = masks_of(*field, *DEFAULT)[VIEW]
    truth = data.nuclei()[1][SHOWN]
    pairs = {}
    for value in np.unique(truth[truth > 0]):
        if (truth == value).sum() < 150:
            continue  # cut by the border
        found = np.bincount(labels[truth == value])
        pairs[value] = found[1:].argmax() + 1 if found[1:].any() else 0
    assert len(set(pairs.values()) - {0}) >= len(pairs) - 1


def test_the_page_quotes_what_the_figure_shows(field):
    file = _style.ROOT / "figures" / "cellpose_dynamics" / "data.json"
    quoted = json.loads(file.read_text(encoding="utf-8"))
    assert quoted == numbers(*field)
    assert quoted["regions"] < quoted["masks"]["zero"]  # the flow separates what touches
    assert quoted["masks"]["minus6"] < quoted["unchecked"]  # the check drops some


def test_the_script_writes_all_it_promises(docs, tmp_path, monkeypatch, field):
    flow, logit = (np.zeros((*part, 512, 512), np.float32) for part in ((2,), ()))
    flow[(slice(None), *WALKED)], logit[WALKED] = field
    monkeypatch.setattr(cellpose_dynamics, "predict", lambda: (flow, logit, None))
    for name in ("FILE", "FIXTURE"):
        monkeypatch.setattr(cellpose_dynamics, name, tmp_path / f"{name}.json")
    cellpose_dynamics.main()
    assert json.loads((tmp_path / "FILE.json").read_text(encoding="utf-8")) == PAGE
    assert (tmp_path / "FIXTURE.json").exists()
    assert len(list((docs / "images").glob("cellpose_dynamics-*.svg"))) == 2
    assert (docs / "data" / "cellpose_dynamics.json").exists()
