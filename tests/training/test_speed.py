import pytest

from training import speed

pytestmark = pytest.mark.slow


def test_the_image_is_about_one_megapixel():
    image, megapixels = speed.megapixel()
    assert image.size == pytest.approx(1e6, rel=0.1)
    assert megapixels == image.size / 1e6


@pytest.mark.long
def test_a_method_is_measured_in_a_process_of_its_own():
    result = speed.measure("otsu_watershed")
    assert result["seconds_per_megapixel"] > 0
    assert 0 < result["megabytes_per_megapixel"] < 2000


@pytest.mark.long
def test_a_method_that_fails_says_why():
    with pytest.raises(RuntimeError, match=r"no_such_method could not be measured[\s\S]*KeyError"):
        speed.measure("no_such_method")


def test_a_model_for_cells_is_measured_on_cells():
    image, megapixels = speed.megapixel("cellpose_cells")
    assert image.shape == (2, 1024, 1024) and megapixels == pytest.approx(1.05, abs=0.01)
