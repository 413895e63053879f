import numpy as np
import pytest
import torch
from cellpose import dynamics

from bioimage_course import WEIGHTS, data
from figures._shared.stored import read
from figures._shared.two_nuclei import iou, two_nuclei
from figures.cellpose_flows.draw import (
    CLAIMED,
    MODEL_DIAMETER,
    WINDOW,
    as_the_network_sees_it,
    flow_errors,
    flow_of,
    heat,
    objects_found,
    recover,
    turned,
    walk,
)

#: What the page quotes.
QUOTED = read("cellpose_flows")


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
    at_once = dynamics.follow_flows(flow, np.nonzero(masks[0]), niter=200)
    np.testing.assert_allclose(ways[-1], at_once, atol=1e-3)
    steps = np.hypot(*(ways[1:] - ways[:-1]).transpose(1, 0, 2))
    assert steps.max() <= 1.001  # "a step of about one pixel"


def test_all_pixels_of_a_nucleus_end_near_its_centre(masks, flow):
    for mask in masks:
        _, centre = heat(mask)
        ends = walk(flow, mask)[-1]
        assert np.hypot(*(ends - np.array(centre)[:, None])).max() < 2


def test_the_page_quotes_what_the_last_step_recovers(masks, flow):
    recovered = recover(flow, np.any(masks, axis=0))
    ious = [iou(recovered == np.bincount(recovered[mask]).argmax(), mask) for mask in masks]
    assert QUOTED["pixels"] == np.any(masks, axis=0).sum()
    assert QUOTED["objects"] == recovered.max() == 2
    assert QUOTED["iou"] == pytest.approx(min(ious), abs=0.0051)


def test_the_page_quotes_the_steps_of_the_slowest_pixel(masks, flow):
    far = []
    for mask in masks:
        ways = walk(flow, mask)
        far.append((np.hypot(*(ways - ways[-1]).transpose(1, 0, 2)) > 1).sum(axis=0).max())
    assert QUOTED["slowest"] == max(far)


def test_turning_every_arrow_gives_the_error_that_the_angle_says(masks):
    labels = np.select(masks, [1, 2])
    for angle in (0, 37, 90):
        expected = 2 - 2 * np.cos(np.radians(angle))
        assert flow_errors(labels, angle) == pytest.approx(expected, abs=0.01)
    error = QUOTED["error_of_turned"]
    assert error["by30"] < 0.4 < error["by45"]  # "they stay", "they are gone"


def test_turned_arrows_keep_their_length_and_down_becomes_right():
    down = np.array([[[1.0]], [[0.0]]])
    np.testing.assert_allclose(turned(down, 90).ravel(), [0, 1], atol=1e-12)
    assert np.hypot(*turned(down, 33)) == pytest.approx(1)


def test_the_course_model_expects_objects_as_wide_as_the_circle():
    weights = torch.load(WEIGHTS / "cellpose_nuclei" / "model", weights_only=True)
    assert weights["diam_mean"].item() == MODEL_DIAMETER


def test_a_claim_changes_how_large_a_disc_reaches_the_network():
    rows, columns = np.indices((512, 512))
    disc = (np.hypot(rows - 200, columns - 200) < 12).astype(float)
    diameter = 2 * np.sqrt(disc.sum() / np.pi)
    for claimed in CLAIMED:
        window = as_the_network_sees_it(disc, claimed, (200, 200))
        assert window.shape == (WINDOW, WINDOW)
        across = 2 * np.sqrt((window > 0.5).sum() / np.pi)
        assert across == pytest.approx(diameter * MODEL_DIAMETER / claimed, abs=0.6)
        assert QUOTED["seen"][f"d{claimed}"] == pytest.approx(24 * MODEL_DIAMETER / claimed, 1e-4)
        middle = np.argwhere(window > 0.5).mean(axis=0)
        np.testing.assert_allclose(middle, WINDOW / 2, atol=1.5)


def test_the_median_nucleus_is_as_wide_as_the_page_says():
    _, truth = data.nuclei()
    areas = np.bincount(truth.ravel())[1:]
    assert np.median(2 * np.sqrt(areas / np.pi)) == pytest.approx(
        QUOTED["median_diameter"], abs=0.01
    )
    assert round(QUOTED["median_diameter"]) == CLAIMED[1]


@pytest.mark.long  # a network runs for each diameter
def test_a_wrong_diameter_loses_nuclei_on_either_side():
    found = objects_found(data.nuclei()[0])
    assert found["d8"] < found["d24"] / 2 and found["d72"] < found["d24"]
    assert {name: QUOTED["found"][name] for name in found} == pytest.approx(found, abs=3)
