"""Numbers and claims of the chapter on large images."""

import json
from pathlib import Path

import numpy as np
import pytest

from figures.anisotropy import draw as anisotropy
from figures.seam import draw as seam
from figures.whole_slide import compute as slide

ROOT = Path(__file__).resolve().parents[2]


def quoted(figure):
    """The numbers of a figure, as the pages quote them."""
    return json.loads((ROOT / "figures" / figure / "data.json").read_text(encoding="utf-8"))


def two_squares():
    """One object across column 8, another one left of it."""
    image = np.zeros((12, 16))
    image[2:6, 5:11] = image[8:10, 2:4] = 1
    return image


def blobs(pixels):
    from skimage.measure import label

    return label(pixels > 0)


def test_an_object_on_a_seam_counts_twice_and_others_once():
    image = two_squares()
    assert seam.count(blobs(image)) == 2
    assert seam.count(seam.cut(image, blobs, (), (8,))) == 3
    assert seam.count(seam.cut(image, blobs, (4,), (8,))) == 5


def test_windows_cover_every_pixel_once():
    covered = np.zeros((10, 14), int)
    for window in seam.windows(covered.shape, (4,), (3, 9)):
        covered[window] += 1
    assert (covered == 1).all()


def test_the_seam_cuts_one_of_the_two_touching_nuclei():
    from bioimage_course import data
    from figures._shared.two_nuclei import two_nuclei

    _, (larger, _) = two_nuclei()
    column = seam.seam_column() - data.TOUCHING[1].start
    left, right = larger[:, :column].sum(), larger[:, column:].sum()
    assert min(left, right) > 0.4 * larger.sum()


def test_tiles_that_only_meet_count_too_many_and_overlapping_ones_do_not():
    numbers = quoted("seam")
    assert numbers["cut"] >= 1.03 * numbers["at_once"]
    assert abs(numbers["overlapping"] - numbers["at_once"]) <= 2
    assert numbers["crop_cut"] == numbers["crop_overlapping"] + 1
    assert numbers["overlap"] + 2 * numbers["context"] < numbers["block"]


def test_the_cost_of_a_slide_is_that_of_its_megapixels():
    cost = slide.of_slide({"seconds_per_megapixel": 9, "megabytes_per_megapixel": 500}, side=2000)
    assert cost == pytest.approx({"minutes": 0.6, "gigabytes": 2})


def test_the_slide_is_priced_with_the_newest_measurement():
    numbers = quoted("whole_slide")
    speed = json.loads((ROOT / "training" / "results" / "speed.json").read_text(encoding="utf-8"))
    for method in slide.METHODS:
        assert numbers[method] == pytest.approx(slide.of_slide(speed[method]), rel=1e-5)


def test_cellpose_needs_more_memory_than_stardist_and_no_slide_fits_a_laptop():
    numbers = quoted("whole_slide")
    stardist, cellpose = numbers["stardist_nuclei"], numbers["cellpose_nuclei"]
    assert cellpose["gigabytes"] > 1.2 * stardist["gigabytes"] > 50
    assert numbers["megapixels"] == 400


def test_findings_are_read_from_what_the_notebook_prints():
    text = ("17609 objects for 16129 nuclei: +9.2%\n"
            "16129 of 16129 nuclei have a number of their own")  # fmt: skip
    found = slide.findings(text)
    assert found["cut"] == {"objects": 17609, "nuclei": 16129, "percent": 9.2}
    assert found["merged"] == {"distinct": 16129, "nuclei": 16129}
    with pytest.raises(ValueError, match="no longer prints"):
        slide.findings("nothing")


def test_the_findings_on_the_page_are_those_of_the_stored_notebook():
    notebook = ROOT / "notebooks" / "12_large_images.ipynb"
    text = slide.printed(json.loads(notebook.read_text(encoding="utf-8")))
    numbers = quoted("whole_slide")
    assert numbers["notebook"] == slide.findings(text)


def column_of_discs(shift):
    """Two objects of four planes each, one above the other, `shift` pixels apart."""
    truth = np.zeros((8, 20, 40), int)
    truth[:4, 5:15, 5:15] = 1
    truth[4:, 5:15, 5 + shift : 15 + shift] = 2
    return truth


def test_stitching_keeps_nuclei_apart_unless_their_outlines_overlap():
    assert anisotropy.fate(column_of_discs(20))["intact"] == 2
    assert anisotropy.fate(column_of_discs(1)) == {
        "objects": 1, "nuclei": 2, "pieces": 0, "merged": 2, "intact": 0}  # fmt: skip


def test_a_nucleus_that_jumps_between_planes_falls_into_pieces():
    truth = np.zeros((2, 20, 40), int)
    truth[0, 5:15, 0:10] = truth[1, 5:15, 8:18] = 1
    truth[:, 5:15, 25:35] = 2
    assert anisotropy.fate(truth)["pieces"] == 1


def test_planes_are_numbered_as_if_each_were_alone():
    planes = anisotropy.planes_on_their_own(column_of_discs(20))
    assert planes.max() == 1


def test_perfect_planes_do_not_make_perfect_nuclei():
    _, _, numbers = anisotropy.compute()
    fate = numbers["stitched"]["step1"]
    assert fate["nuclei"] == numbers["nuclei"]
    assert fate["intact"] + fate["pieces"] + fate["merged"] == fate["nuclei"]
    assert fate["pieces"] > 5 and fate["merged"] > 5
    assert numbers["plane_objects"] > 5 * numbers["nuclei"]


def test_the_stack_is_about_twice_as_coarse_in_depth():
    _, _, numbers = anisotropy.compute()
    assert 1.8 < numbers["factor"] < 2.5
    assert numbers["high"] >= numbers["wide"]  # the text divides the height by the depth
