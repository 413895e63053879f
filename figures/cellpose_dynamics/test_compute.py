"""The figure on Cellpose's dynamics shows what Cellpose makes of the course's model's flow."""

import base64
import zlib

import numpy as np
import pytest

from bioimage_course import data
from figures._shared.stored import read
from figures.cellpose_dynamics.compute import (
    DEFAULT,
    FLOW_UNIT,
    LOGIT_UNIT,
    SHOWN,
    VIEW,
    WALKED,
    for_the_page,
    grown,
    masks_of,
    shown,
    unpack,
)

PAGE, ANSWERS = read("cellpose_dynamics", "page.json"), read("cellpose_dynamics", "answers.json")


@pytest.fixture(scope="module")
def field():
    """Flow and logit, as the page walks on them."""
    return unpack(PAGE)


def labels_of(case):
    """The label image that Cellpose made at a setting, as stored for the page's own tests."""
    pixels = zlib.decompress(base64.b64decode(case["labels"]))
    return np.frombuffer(pixels, np.uint8).reshape(PAGE["shape"])


def test_the_settings_of_the_javascript_tests_make_a_difference():
    counts = [len(shown(labels_of(case))) for case in ANSWERS["cases"]]
    assert len(set(counts)) >= 4


def test_the_stored_answers_are_those_of_the_flow_that_the_page_holds(field):
    case = next(case for case in ANSWERS["cases"] if case["setting"] == list(DEFAULT))
    np.testing.assert_array_equal(labels_of(case), masks_of(*field, *DEFAULT))


def test_the_page_gets_flow_and_logit_to_half_a_unit():
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
    assert all(
        a.start <= b.start and b.stop <= a.stop for a, b in zip(SHOWN, data.TOUCHING, strict=True)
    )
    assert grown((slice(3, 9), slice(20, 30)), 5) == (slice(0, 14), slice(15, 35))


def test_the_masks_shown_are_those_that_the_annotation_has(field):
    labels = masks_of(*field, *DEFAULT)[VIEW]
    truth = data.nuclei()[1][SHOWN]
    pairs = {}
    for value in np.unique(truth[truth > 0]):
        if (truth == value).sum() < 150:
            continue  # cut by the border
        pixels_of = np.bincount(labels[truth == value])  # of each mask, in this nucleus
        pairs[value] = pixels_of[1:].argmax() + 1 if pixels_of[1:].any() else 0
    assert len(set(pairs.values()) - {0}) >= len(pairs) - 1


def test_the_flow_separates_what_touches_and_the_check_drops_some():
    quoted = read("cellpose_dynamics")
    assert quoted["regions"] < quoted["masks"]["zero"]
    assert quoted["masks"]["minus6"] < quoted["unchecked"]
