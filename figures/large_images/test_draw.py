"""What the chapter on large images says about memory and time, as they were measured."""

import pytest

from figures.large_images.draw import read
from training import measure_large_images as measuring


@pytest.fixture(scope="module")
def measured():
    return read()


def test_memory_stays_flat_while_the_image_grows_64_fold(measured):
    assert measured["times_the_pixels"] == 64
    assert measured["memory_growth"] < 1.15


def test_the_time_for_a_pixel_that_is_read_stays_the_same(measured):
    assert 0.85 < measured["time_growth_per_pixel_read"] < 1.15


def test_two_workers_are_faster_than_one_but_not_twice_as_fast(measured):
    assert 1.3 < measured["two_workers_faster"] < measured["two_programs_faster"] < 2.1


def test_every_nucleus_is_found_once_but_for_a_few(measured):
    for field in measured["fields"]:
        assert abs(field["objects"] / field["nuclei"] - 1) < 0.03


@pytest.mark.parametrize(("side", "pixels"), [(1024, 1024**2), (2048, (2 * 1168) ** 2)])
def test_the_pixels_that_are_read_include_the_halo_but_not_what_lies_outside(side, pixels):
    assert measuring.pixels_read(side) == pixels


def test_the_cells_that_are_measured_are_those_of_the_notebook(tmp_path):
    names = measuring.lesson(2048, tmp_path)
    assert len(names["middles"]) == 31**2
    assert {"paint_tile", "segment_large", "plan_for", "peak_memory"} <= set(names)
