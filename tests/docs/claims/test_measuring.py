"""What the pages of practice say about measuring with scikit-image, csbdeep and SciPy, tried."""

import inspect

import numpy as np
import pytest
from csbdeep.utils import normalize
from scipy.spatial import cKDTree
from skimage.draw import ellipse
from skimage.filters import gaussian, unsharp_mask
from skimage.measure import label, regionprops_table
from skimage.segmentation import clear_border
from skimage.transform import resize

from bioimage_course import data

LABELS = np.zeros((60, 80), np.int32)
LABELS[ellipse(30, 40, 12, 24)] = 3
PIXEL = (0.5, 0.5)  # µm


def measured(*properties, labels=LABELS, **options):
    table = regionprops_table(labels, properties=properties, **options)
    return [table[name][0] for name in properties]


# --- scikit-image -------------------------------------------------------------------------------


def test_an_area_is_the_number_of_pixels_times_the_area_of_one():
    pixels = (LABELS > 0).sum()
    assert measured("area", spacing=PIXEL) == [pixels * 0.25]
    stack = np.stack([LABELS] * 4)
    assert measured("area", labels=stack, spacing=(2, *PIXEL)) == [pixels * 4 * 2 * 0.25]


def test_the_equivalent_diameter_is_that_of_the_disc_of_the_same_area():
    area, diameter = measured("area", "equivalent_diameter_area", spacing=PIXEL)
    assert np.pi * (diameter / 2) ** 2 == pytest.approx(area)


def test_axes_are_those_of_the_ellipse_that_spreads_alike_and_feret_is_the_longest_extent():
    long, short = measured("axis_major_length", "axis_minor_length", spacing=PIXEL)
    assert (long, short) == pytest.approx((24, 12), rel=0.05)
    cross = LABELS.copy()
    cross[30, 5:75] = 3  # spokes hardly spread, and reach far
    long, longest = measured("axis_major_length", "feret_diameter_max", labels=cross)
    assert longest == pytest.approx(70, abs=1.5) and long < 60


def test_a_perimeter_needs_square_pixels_and_grows_with_jags():
    with pytest.raises(NotImplementedError, match="isotropic"):
        measured("perimeter", spacing=(0.5, 0.4))
    jagged = LABELS.copy()
    jagged[:, ::2] = 0
    jagged[30] = LABELS[30]
    assert measured("perimeter", labels=jagged) > measured("perimeter")


def test_eccentricity_and_solidity_have_no_unit_and_one_is_for_dents():
    shape = measured("eccentricity", "solidity")
    assert measured("eccentricity", "solidity", spacing=PIXEL) == pytest.approx(shape)
    dented = LABELS.copy()
    dented[:30, 35:45] = 0
    assert measured("solidity", labels=dented)[0] < 0.9 < shape[1]


def test_a_centroid_is_row_first_in_the_units_of_the_spacing():
    table = regionprops_table(LABELS, properties=["centroid"], spacing=PIXEL)
    assert [table[f"centroid-{axis}"][0] for axis in (0, 1)] == [15, 20]


def test_intensities_come_from_the_image_that_is_passed():
    other = np.where(LABELS, 7.0, 1.0)
    assert measured("intensity_mean", intensity_image=other) == [7]
    assert measured("intensity_mean", intensity_image=2 * other) == [14]


def test_clear_border_takes_out_what_the_image_cuts():
    labels = LABELS.copy()
    labels[:5, :5] = 1
    assert np.unique(clear_border(labels)).tolist() == [0, 3]


def test_labelling_gives_each_blob_a_number_and_two_nuclei_that_touch_one():
    truth = np.zeros((20, 20), np.int32)
    truth[2:8, 2:8], truth[2:8, 8:14], truth[12:18, 2:8] = 1, 2, 3
    blobs = label(truth > 0)
    assert blobs.max() == 2
    assert blobs[5, 5] == blobs[5, 10] != blobs[15, 5]


def test_resizing_with_smoothing_puts_rings_of_other_numbers_around_objects():
    enlarged = resize(LABELS.astype(float), (120, 160), order=1, preserve_range=True).round()
    assert set(np.unique(enlarged)) > {0, 3}
    enlarged = resize(LABELS, (120, 160), order=0, preserve_range=True)
    assert set(np.unique(enlarged)) == {0, 3}


def test_an_unsharp_mask_adds_the_difference_to_a_blurred_copy():
    image = np.random.default_rng(0).random((40, 50))
    image[10:30, 10:30] += 2
    sharp = unsharp_mask(image, radius=5, amount=3, preserve_range=True)
    blurred = gaussian(image, 5, mode="reflect")
    assert sharp == pytest.approx(image + 3 * (image - blurred))
    assert sharp[:8, :8].std() > image[:8, :8].std(), "noise is stronger"


# --- csbdeep ------------------------------------------------------------------------------------


def test_normalising_maps_two_percentiles_to_0_and_1_whatever_is_there():
    image = data.nuclei()[0]
    scaled = normalize(image, 1, 99.8)
    assert np.percentile(scaled, [1, 99.8]) == pytest.approx([0, 1], abs=0.01)
    nothing = np.random.default_rng(0).normal(100, 1, (200, 200))
    assert np.percentile(normalize(nothing, 1, 99.8), [1, 99.8]) == pytest.approx([0, 1], abs=0.01)


def test_its_defaults_are_3_and_99_8():
    parameters = inspect.signature(normalize).parameters
    assert (parameters["pmin"].default, parameters["pmax"].default) == (3, 99.8)


def test_each_image_is_stretched_by_its_own_amount_and_a_crop_unlike_its_field():
    image = data.nuclei()[0].astype(float)
    assert normalize(2 * image, 1, 99.8) == pytest.approx(normalize(image, 1, 99.8), abs=1e-5)
    crop = normalize(image[data.TOUCHING], 1, 99.8)
    assert np.abs(crop - normalize(image, 1, 99.8)[data.TOUCHING]).max() > 0.1


def test_a_speck_of_more_than_one_in_500_pixels_is_the_upper_limit():
    image = data.nuclei()[0].astype(float)
    nuclei = image > 100
    for side, is_dark in ((20, False), (26, True)):  # 0.15 % and 0.26 % of the pixels
        speckled = image.copy()
        speckled[:side, :side] = 10 * image.max()
        assert (normalize(speckled, 1, 99.8)[nuclei].mean() < 0.1) == is_dark
    capped = np.minimum(speckled, image.max())
    assert normalize(capped, 1, 99.8)[nuclei].mean() > 0.4


# --- SciPy --------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_tree_finds_the_nearest_of_a_million_cells_quickly():
    places = np.random.default_rng(0).random((1_000_000, 2)) * 10_000  # µm
    distances, _ = cKDTree(places).query(places, k=2)  # seconds; each with each is a million times
    assert np.median(distances[:, 1]) == pytest.approx(4.7, abs=0.3)
