import json

import numpy as np
import pytest
from cellpose import dynamics

from _style import DOCS
from _two_nuclei import iou, two_nuclei
from cellpose_flows import STEPS, flow_of, heat, recover, walk

#: What the page quotes.
QUOTED = json.loads((DOCS / "data" / "cellpose_flows.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def masks():
    return two_nuclei()[1]


@pytest.fixture(scope="module")
def flow(masks):
    return flow_of(np.select(masks, [1, 2]))


def test_the_slope_of_the_heat_is_the_flow_of_cellpose(masks, flow):
    for mask in masks:
        temperature, _ = heat(mask)
        down = np.roll(temperature, -1, axis=0) - np.roll(temperature, 1, axis=0)
        right = np.roll(temperature, -1, axis=1) - np.roll(temperature, 1, axis=1)
        slope = np.stack([down, right])
        slope /= np.hypot(*slope) + 1e-60
        np.testing.assert_allclose(slope[:, mask], flow[:, mask], atol=1e-4)


def test_every_arrow_has_length_1_and_there_is_none_outside(masks, flow):
    length = np.hypot(*flow)
    inside = np.any(masks, axis=0)
    # Right at a centre, the slope can vanish.
    assert (np.abs(length[inside] - 1) < 1e-4).mean() > 0.99
    assert not length[~inside].any()


def test_single_steps_lead_where_cellpose_walks_at_once(masks, flow):
    ways = walk(flow, masks[0])
    at_once = dynamics.follow_flows(flow, np.nonzero(masks[0]), niter=STEPS)
    np.testing.assert_allclose(ways[-1], at_once, atol=1e-3)
    steps = np.hypot(*(ways[1:] - ways[:-1]).transpose(1, 0, 2))
    assert steps.max() <= 1.001  # "a step of about one pixel"


def test_all_pixels_of_a_nucleus_end_near_its_centre(masks, flow):
    for mask in masks:
        _, centre = heat(mask)
        ends = walk(flow, mask)[-1]
        assert np.hypot(*(ends - np.array(centre)[:, None])).max() < 2


def test_the_page_quotes_what_the_last_step_recovers(masks, flow):
    found = recover(flow, np.any(masks, axis=0))
    ious = [iou(found == np.bincount(found[mask]).argmax(), mask) for mask in masks]
    assert QUOTED["pixels"] == np.any(masks, axis=0).sum()
    assert QUOTED["objects"] == found.max() == 2
    assert QUOTED["iou"] == pytest.approx(min(ious), abs=0.0051)


def test_the_page_quotes_the_steps_of_the_slowest_pixel(masks, flow):
    far = []
    for mask in masks:
        ways = walk(flow, mask)
        far.append((np.hypot(*(ways - ways[-1]).transpose(1, 0, 2)) > 1).sum(axis=0).max())
    assert QUOTED["slowest"] == max(far)
