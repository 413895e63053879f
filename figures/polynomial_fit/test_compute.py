import numpy as np

from bioimage_course import data
from figures._shared.stored import read
from figures.polynomial_fit import compute as rim_pixels


def test_distances_are_measured_from_the_rim_between_pixels():
    truth = np.zeros((1, 7), int)
    truth[0, 2:5] = 1
    assert rim_pixels.from_rim(truth).tolist() == [[-1.5, -0.5, 0.5, 1.5, 0.5, -0.5, -1.5]]


def test_very_bright_and_very_dim_nuclei_are_left_out_with_their_surroundings():
    truth = np.repeat(np.arange(1, 21), 3)[None]
    truth[:, 2::3] = 0  # one pixel of ground beside each nucleus
    image = truth * 10
    kept = rim_pixels.ordinary(image, truth)
    assert set(truth[kept]) - {0} == set(range(3, 19))
    assert not kept[0, :5].any()


def test_training_and_validation_pixels_come_from_different_halves():
    pixels, (image, truth) = rim_pixels.samples(), data.nuclei()
    distance, half = rim_pixels.from_rim(truth).round(2), image.shape[1] // 2
    for name, columns in (
        ("few", np.s_[:half]),
        ("many", np.s_[:half]),
        ("validation", np.s_[half:]),
    ):
        there = set(zip(distance[:, columns].flat, image[:, columns].flat, strict=True))
        assert {(x, y) for x, y in pixels[name]} <= there
    assert [len(pixels[name]) for name in ("few", "many", "validation")] == [12, 96, 48]
    assert len(set(pixels["few"][:, 0])) == 12  # degree 11 can run through all of them


def test_the_page_is_right_about_few_and_many():
    numbers = read("polynomial_fit")
    few, many = numbers["few"], numbers["many"]
    assert few["d11"]["training"] == 0
    assert few["d11"]["validation"] > 10 * few["d3"]["validation"]
    assert few["d7"]["training"] < few["d3"]["training"]
    assert few["d7"]["validation"] > few["d3"]["validation"]
    assert many["d11"]["validation"] < 1.2 * many["d3"]["validation"]
