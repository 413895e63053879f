import numpy as np
import pytest
from skimage.draw import disk
from stardist.geometry import polygons_to_label

from figures._shared.stored import read
from figures._shared.two_nuclei import iou, two_nuclei
from figures.stardist_rays.draw import MARKED, N_RAYS, rays_of_one_pixel, reconstruction_ious


@pytest.fixture(scope="module")
def nucleus():
    _, (mask, _) = two_nuclei()
    return mask


def test_the_rays_of_one_pixel_give_back_the_nucleus(nucleus):
    pixel, distances, _ = rays_of_one_pixel(nucleus)
    assert nucleus[pixel] and len(distances) == N_RAYS
    polygon = polygons_to_label(distances[None], np.array([pixel]), nucleus.shape) > 0
    assert iou(nucleus, polygon) > 0.9


def test_rays_start_on_the_right_and_turn_downwards(nucleus):
    (row, column), distances, polygon = rays_of_one_pixel(nucleus)
    steps = {"right": (0, 1), "down": (1, 0), "left": (0, -1), "up": (-1, 0)}
    for ray, name in MARKED.items():
        down, right = steps[name]
        end = row + down * distances[ray], column + right * distances[ray]
        np.testing.assert_allclose(polygon[:, ray], end, atol=1e-3)


def test_more_rays_fit_better_and_32_are_good_enough():
    quoted = read("stardist_rays")["iou"]
    assert quoted["rays8"] < quoted["rays16"] < quoted["rays32"] < quoted["rays64"] <= 1
    assert quoted["rays32"] > 0.8  # what StarDist's authors ask for


@pytest.mark.parametrize("n_rays", [8, 32])
def test_the_polygon_of_a_disc_covers_what_geometry_says(n_rays):
    truth = np.zeros((140, 140), np.int32)
    truth[disk((70, 70), 60)] = 1
    (fit,) = reconstruction_ious(truth, n_rays)
    assert fit == pytest.approx(n_rays / (2 * np.pi) * np.sin(2 * np.pi / n_rays), abs=0.015)
