"""What the chapter on images says about normalisation, files and conversions."""

import io

import numpy as np
from PIL import Image

from bioimage_course import data
from figures._shared.stored import read
from figures.images_as_numbers import draw as numbers_of

#: What the page quotes.
QUOTED = read("images_as_numbers")


def test_scaling_is_csbdeeps_normalisation():
    from csbdeep.utils import normalize

    image, _ = data.nuclei()
    by_hand = numbers_of.scaled(image, *numbers_of.limits(image))
    np.testing.assert_allclose(by_hand, normalize(image, 1, 99.8), atol=1e-5)


def test_a_crop_alone_gets_other_values_and_an_empty_one_becomes_as_bright_as_nuclei():
    _, truth = data.nuclei()
    assert not truth[numbers_of.EMPTY].any()
    pixel, noise = QUOTED["pixel"], QUOTED["noise"]
    assert pixel["alone"] > 1.1 * pixel["field"]
    assert noise["field"] < 0.25 and noise["alone"] > 1
    assert noise["above_half_field"] == 0 < noise["above_half_alone"]


def test_gain_and_offset_of_the_camera_vanish_and_a_gamma_does_not():
    image, _ = data.nuclei()
    expected = numbers_of.scaled(image, *numbers_of.limits(image))
    other = 3.5 * image + 100
    np.testing.assert_allclose(
        numbers_of.scaled(other, *numbers_of.limits(other)), expected, atol=1e-5
    )
    gamma = image.astype(float) ** 0.5
    assert np.abs(numbers_of.scaled(gamma, *numbers_of.limits(gamma)) - expected).max() > 0.1


def test_jpeg_invents_labels_and_png_keeps_them():
    _, truth = data.nuclei()
    assert QUOTED["jpeg"]["labels_after"] > QUOTED["jpeg"]["labels"] == truth.max()
    assert QUOTED["jpeg"]["changed_percent"] > 5
    file = io.BytesIO()
    Image.fromarray(truth.astype("uint8")).save(file, "PNG")
    np.testing.assert_array_equal(np.array(Image.open(file)), truth)


def test_saturation_shrinks_the_difference_between_dim_and_bright_nuclei():
    over = QUOTED["overexposed"]
    assert over["saturated_percent"] > 10
    assert over["spread_saturated"] < 0.9 * over["spread"]


def test_nuclei_of_the_tissue_are_dark_and_stand_out_most_in_red():
    nuclei, rest = QUOTED["tissue"]["nuclei"], QUOTED["tissue"]["rest"]
    difference = {channel: rest[channel] - nuclei[channel] for channel in "rgb"}
    assert min(difference.values()) > 0
    assert max(difference, key=difference.get) == "r"


def test_the_drawn_pair_touches_directly_and_nothing_else():
    _, truth = data.nuclei()
    row, column, first, second = numbers_of.touching_pair(truth)
    assert (truth[row, column - 1], truth[row, column]) == (first, second)
    both = np.isin(truth, (first, second))
    grown = np.zeros_like(both)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            grown |= np.roll(both, (down, right), axis=(0, 1))
    assert set(np.unique(truth[grown])) <= {0, first, second}


def test_only_percentiles_survive_a_broken_pixel_and_the_wrong_scale():
    _, truth = data.nuclei()
    right = {way: counts["right"] for way, counts in QUOTED["found"].items()}
    assert right["percentiles"] > 0.8 * truth.max()
    assert right["hot_percentiles"] > 0.95 * right["percentiles"]
    assert right["raw"] < 0.7 * right["percentiles"]
    assert max(right["type"], right["hot_minmax"]) < 0.1 * truth.max()
