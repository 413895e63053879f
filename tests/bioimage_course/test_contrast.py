"""No image reaches a network with limits that would blow its numbers up."""

import numpy as np
import pytest
from csbdeep.utils import normalize

from bioimage_course import data
from bioimage_course.contrast import FARTHEST, scaled
from bioimage_course.folder import Unreadable

IMAGE, TRUTH = data.nuclei()
NUCLEUS = np.argsort(abs(np.bincount(TRUTH.ravel()) - 400))[0]  # the one nearest to 400 px


def alone(background, noise=0, brightness=1):
    """A field with a single nucleus in it, less than 0.2 % of it."""
    field = np.full(IMAGE.shape, background, np.uint16)
    field += np.random.default_rng(0).integers(0, noise + 1, IMAGE.shape, dtype=np.uint16)
    inside = TRUTH == NUCLEUS
    field[inside] = background + IMAGE[inside] * brightness
    assert inside.mean() < 0.002
    return field


def test_an_ordinary_image_is_scaled_as_csbdeep_does_it():
    assert np.array_equal(scaled(IMAGE, 1, 99.8), normalize(IMAGE, 1, 99.8))


@pytest.mark.parametrize(
    "change",
    [lambda grey: grey + 2**31, lambda grey: grey + 1e9, lambda grey: grey * 2**40,
     lambda grey: grey * 1e-30, lambda grey: (grey * 1e-38).astype(np.float32)],
    ids=["far above 0, whole", "far above 0", "large", "small", "smaller than 32 bits like"],
)  # fmt: skip
def test_numbers_that_32_bits_would_lose_are_scaled_like_others(change):
    image = scaled(change(IMAGE.astype(np.int64)))
    assert image.dtype == np.float32 and np.allclose(image, scaled(IMAGE), atol=1e-4)


@pytest.mark.parametrize("background", [0, 100])
def test_a_single_nucleus_in_a_field_of_one_value_is_scaled_by_itself(background):
    image = scaled(alone(background))
    assert image[TRUTH != NUCLEUS].max() == 0
    assert image.max() == pytest.approx(1, abs=0.1) and image[TRUTH == NUCLEUS].mean() > 0.5


@pytest.mark.parametrize("value", [0, 7.5, 65535])
def test_a_constant_image_stays_constant(value):
    assert not scaled(np.full((30, 30), value)).any()


@pytest.mark.parametrize("side", [1, 12], ids=["a hot pixel", "a speck"])
def test_a_speck_alone_sets_no_limits(side):
    image = np.full((512, 512), 100, np.uint16)
    image[200 : 200 + side, 200 : 200 + side] = 65535
    with pytest.raises(Unreadable, match=rf"limits are equal: all pixels but {side**2} have"):
        scaled(image)


def test_a_nucleus_far_above_mere_noise_is_named():
    with pytest.raises(Unreadable, match=r"more than 100 times as bright.*cut out the field"):
        scaled(alone(100, noise=2, brightness=30))


def test_a_hot_pixel_in_an_ordinary_image_is_bounded_and_changes_nothing_else():
    image = IMAGE.astype(np.uint16)
    image[3, 3] = 65535
    assert scaled(image).max() == FARTHEST
    assert np.abs(scaled(image) - scaled(IMAGE))[IMAGE > 60].max() < 0.01


def test_huge_and_negative_numbers_are_numbers():
    for image in (IMAGE.astype(np.float64) * 1e30, IMAGE.astype(np.int16) - 300):
        assert np.allclose(scaled(image), scaled(IMAGE), atol=1e-4)
