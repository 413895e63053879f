import numpy as np
import pytest
from skimage.draw import disk

from training import otsu_watershed

SETTINGS = {"blur": 1, "seed_blur": 1, "seed_distance": 4}


def touching(shape=(40, 60)):
    """Two discs that touch: a threshold merges them."""
    labels = np.zeros(shape, np.int32)
    labels[disk((20, 20), 9)], labels[disk((20, 37), 9)] = 1, 2
    return np.where(labels > 0, 200, 10).astype(np.uint8), labels


def test_touching_discs_are_separated():
    image, _ = touching()
    found = otsu_watershed.segment(image, **SETTINGS)
    assert found.max() == 2
    assert len({found[20, 20], found[20, 37], 0}) == 3


@pytest.mark.parametrize("shape", [(32, 32), (1, 1)])
def test_an_empty_image_has_no_nuclei(shape):
    assert otsu_watershed.segment(np.zeros(shape, np.uint8), **SETTINGS).max() == 0


def test_tuning_takes_the_settings_that_score_best(monkeypatch):
    monkeypatch.setattr(
        otsu_watershed, "CHOICES",
        {"blur": (1,), "seed_blur": (1,), "seed_distance": (4, 30)},
    )  # fmt: skip
    # Seeds thirty pixels apart leave one seed for both discs.
    assert otsu_watershed.tune([touching()])["seed_distance"] == 4
