import numpy as np
from skimage.measure import label

from bioimage_course import data
from figures._shared.stored import read
from figures._shared.two_nuclei import two_nuclei
from figures.seam import draw as seam


def objects(pixels):
    return label(pixels > 0)


def test_an_object_on_a_seam_counts_twice_and_others_once():
    image = np.zeros((12, 16))
    image[2:6, 5:11] = image[8:10, 2:4] = 1  # one object across column 8, another left of it
    assert seam.count(objects(image)) == 2
    assert seam.count(seam.cut(image, objects, (), (8,))) == 3
    assert seam.count(seam.cut(image, objects, (4,), (8,))) == 5


def test_windows_cover_every_pixel_once():
    covered = np.zeros((10, 14), int)
    for window in seam.windows(covered.shape, (4,), (3, 9)):
        covered[window] += 1
    assert (covered == 1).all()


def test_the_seam_cuts_one_of_the_two_touching_nuclei():
    _, (larger, _) = two_nuclei()
    column = seam.seam_column() - data.TOUCHING[1].start
    left, right = larger[:, :column].sum(), larger[:, column:].sum()
    assert min(left, right) > 0.4 * larger.sum()


def test_tiles_that_only_meet_count_too_many_and_overlapping_ones_do_not():
    numbers = read("seam")
    assert numbers["cut"] >= 1.03 * numbers["at_once"]
    assert abs(numbers["overlapping"] - numbers["at_once"]) <= 2
    assert numbers["crop_cut"] == numbers["crop_overlapping"] + 1
    assert numbers["overlap"] + 2 * numbers["context"] < numbers["block"]
