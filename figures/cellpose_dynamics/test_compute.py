"""The figure on Cellpose's dynamics shows what Cellpose makes of a flow."""

import base64
import zlib

import numpy as np
import pytest

from bioimage_course import data
from figures._shared.bent_cells import TOUCHING, bent_cells
from figures._shared.stored import read
from figures._shared.two_nuclei import iou, touching_pair
from figures.cellpose_dynamics.compute import (
    DEFAULT,
    EXAMPLES,
    FLOW_UNIT,
    LOGIT_UNIT,
    for_the_page,
    grown,
    masks_of,
    shown,
    unpack,
)

ANSWERS = read("cellpose_dynamics", "answers.json")
PAGES = {
    name: read("cellpose_dynamics", file)
    for name, file in (("nuclei", "page.json"), ("cells", "page_cells.json"))
}


@pytest.fixture(params=EXAMPLES)
def name(request):
    return request.param


@pytest.fixture
def field(name):
    """Flow and logit, as the page walks on them."""
    return unpack(PAGES[name])


def labels_of(name, case):
    """The label image that Cellpose made at a setting, as stored for the page's own tests."""
    pixels = zlib.decompress(base64.b64decode(case["labels"]))
    return np.frombuffer(pixels, np.uint8).reshape(PAGES[name]["shape"])


def test_the_settings_of_the_javascript_tests_make_a_difference(name):
    view = EXAMPLES[name].view
    counts = [len(shown(labels_of(name, case), view)) for case in ANSWERS[name]["cases"]]
    assert len(set(counts)) >= 4


def test_the_stored_answers_are_those_of_the_flow_that_the_page_holds(name, field):
    case = next(case for case in ANSWERS[name]["cases"] if case["setting"] == list(DEFAULT))
    np.testing.assert_array_equal(labels_of(name, case), masks_of(*field, *DEFAULT))


def test_the_page_gets_flow_and_logit_to_half_a_unit(name):
    example = EXAMPLES[name]
    shape = example.read()[0].shape
    random = np.random.default_rng(3)
    flow = random.uniform(-7.5, 7.5, (2, *shape)).astype(np.float32)
    logit = random.uniform(-15, 15, shape).astype(np.float32)
    kept_flow, kept_logit = unpack(for_the_page(example, flow, logit))
    assert np.abs(kept_flow - flow[(slice(None), *example.walked)]).max() <= 0.5 / FLOW_UNIT
    assert np.abs(kept_logit - logit[example.walked]).max() <= 0.5 / LOGIT_UNIT


@pytest.mark.parametrize(("name", "touching"), [("nuclei", data.TOUCHING), ("cells", TOUCHING)])
def test_the_view_holds_what_touches_and_pixels_walk_on_around_it(name, touching):
    example = EXAMPLES[name]
    image, _ = example.read()
    np.testing.assert_array_equal(image[example.walked][example.view], image[example.shown])
    for part, inside, around in zip(example.shown, touching, example.walked, strict=True):
        assert around.start < part.start <= inside.start < inside.stop <= part.stop < around.stop
    assert grown((slice(3, 9), slice(20, 30)), 5) == (slice(0, 14), slice(15, 35))


def test_the_masks_shown_are_those_that_the_annotation_has():
    example = EXAMPLES["nuclei"]
    labels = masks_of(*unpack(PAGES["nuclei"]), *DEFAULT)[example.view]
    truth = example.read()[1][example.shown]
    pairs = {}
    for value in np.unique(truth[truth > 0]):
        if (truth == value).sum() < 150:
            continue  # cut by the border
        pixels_of = np.bincount(labels[truth == value])  # of each mask, in this nucleus
        pairs[value] = pixels_of[1:].argmax() + 1 if pixels_of[1:].any() else 0
    assert len(set(pairs.values()) - {0}) >= len(pairs) - 1


def test_two_cells_that_touch_are_found_whole_and_one_of_them_is_bent():
    from skimage.measure import regionprops

    _, truth = bent_cells()
    labels = masks_of(*unpack(PAGES["cells"]), *DEFAULT)
    pair = touching_pair(truth[TOUCHING])
    for value in pair:
        cell = truth == value
        best = np.bincount(labels[cell])[1:].argmax() + 1
        assert iou(labels == best, cell) > 0.9
    solidity = {region.label: region.solidity for region in regionprops(truth)}
    assert min(solidity[value] for value in pair) < 0.8  # of 1: its convex hull is a quarter larger


def test_the_flow_separates_what_touches_and_the_check_drops_some(name):
    quoted = read("cellpose_dynamics")[name]
    assert quoted["regions"] < quoted["masks"]["zero"]
    assert quoted["masks"]["minus6"] < quoted["unchecked"]
