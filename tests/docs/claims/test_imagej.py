"""What the pages say about ImageJ, and so about Fiji: ImageJ itself is asked, without a window.

On Debian and Ubuntu: apt-get install libij-java default-jdk-headless. As this is not part of the
course's set-up, the tests are long ones.
"""

import json
import subprocess
import zipfile
from pathlib import Path

import numpy as np
import pytest
import tifffile
from cellpose import io
from PIL import Image
from stardist.utils import export_imagej_rois

from bioimage_course.outlines import write_rois
from tests.lab.test_imagej import INSTALL, JAR

pytestmark = pytest.mark.long

ASK = Path(__file__).with_name("AskImageJ.java")
SQUARE = np.zeros((40, 40), np.uint16)
SQUARE[10:20, 5:15] = 1  # 10 × 10 pixels; their middle lies at x = 10, y = 15


def asked(folder):
    """What ImageJ says of every file in a folder, by name."""
    assert JAR.exists(), INSTALL
    command = ["java", "-Djava.awt.headless=true", "-cp", JAR, ASK, folder]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{INSTALL}\n{done.stderr}"
    answers = map(json.loads, done.stdout.splitlines())
    return {answer.pop("file"): answer for answer in answers}


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    numbers = np.full((20, 30), 70_000, np.uint32)
    numbers[5:9, 5:9] = 16_777_217
    mask = np.zeros((20, 30), np.uint8)
    mask[5:9, 5:9] = 255
    tifffile.imwrite(folder / "many.tif", numbers)
    tifffile.imwrite(folder / "mask.tif", mask, photometric="minisblack")
    tifffile.imwrite(folder / "stack.tif", np.stack([mask.astype(np.uint16)] * 5),
                     photometric="minisblack", metadata=None)  # fmt: skip
    tifffile.imwrite(folder / "calibrated.tif", numbers.astype(np.uint16), imagej=True,
                     resolution=(2, 2), metadata={"unit": "um"})  # fmt: skip
    Image.fromarray(mask).save(folder / "plain.tif")
    Image.fromarray(mask).save(folder / "printed.tif", dpi=(72, 72))
    return folder, asked(folder)


def test_the_line_of_the_page_writes_the_pixel_size(images):
    answer = images[1]["calibrated.tif"]
    assert answer["pixel"] == 0.5 and answer["unit"] in ("um", "µm", "micron")


def test_where_nobody_wrote_a_scale_it_is_1_pixel_and_72_dots_per_inch_count_as_none(images):
    for name in ("plain.tif", "printed.tif"):
        assert (images[1][name]["unit"], images[1][name]["pixel"]) == ("pixel", 1)


def test_whole_numbers_of_32_bits_become_decimal_ones_exact_up_to_16777216(images):
    answer = images[1]["many.tif"]
    assert answer["kind"] == "decimal numbers" and answer["first"] == 70_000
    assert answer["largest"] == 16_777_216


def test_measure_alone_takes_the_whole_image_for_one_object(images):
    assert images[1]["mask.tif"]["area"] == 20 * 30


def test_without_metadata_frames_are_slices(images):
    assert (images[1]["stack.tif"]["slices"], images[1]["stack.tif"]["frames"]) == (5, 1)


def test_with_an_inverting_table_the_objects_are_saved_as_0(images):
    saved = np.array(Image.open(images[0] / "mask.png").convert("L"))
    assert (saved[5:9, 5:9] == 0).all() and (saved[:5] == 255).all()


def rois_of(path, folder):
    with zipfile.ZipFile(path) as packed:
        packed.extractall(folder)
    return asked(folder)


def test_outlines_of_the_course_are_filled_with_just_the_pixels_of_the_label(tmp_path):
    labels = SQUARE.copy()
    labels[13:15, 8:10] = 0  # a hole
    labels[30, 30] = 7
    write_rois(tmp_path / "rois.zip", labels)
    found = rois_of(tmp_path / "rois.zip", tmp_path / "rois")
    assert {answer["name"]: answer["pixels"] for answer in found.values()} == {"1": 96, "7": 1}


@pytest.mark.parametrize("far", [32_760, 40_000])
def test_outlines_of_the_course_are_read_beyond_32767_pixels(tmp_path, far):
    wide = np.zeros((40, far + 40), np.uint8)
    wide[:, far:] = SQUARE
    wide[12, far + 6] = 0  # with a hole it is an outline of several rings
    wide[30:36, far + 5 : far + 9] = 2
    write_rois(tmp_path / "rois.zip", wide)
    found = rois_of(tmp_path / "rois.zip", tmp_path / "rois")
    sizes = {answer["name"]: answer["pixels"] for answer in found.values()}
    assert sizes == {"1": 99, "2": 24}
    (second,) = (answer for answer in found.values() if answer["name"] == "2")
    assert second["x"] == far + 7


def test_outlines_of_stardist_lie_where_its_polygons_do(tmp_path):
    corners = np.array([[[10.0, 10.0, 19.0, 19.0], [5.0, 14.0, 14.0, 5.0]]])  # (y, x) of middles
    export_imagej_rois(tmp_path / "rois.zip", corners)
    (answer,) = rois_of(tmp_path / "rois.zip", tmp_path / "rois").values()
    assert (answer["x"], answer["y"]) == pytest.approx((10, 15), abs=0.51)


def test_outlines_of_cellpose_are_smaller_by_a_pixel_and_shifted_by_a_half(tmp_path):
    io.save_rois(SQUARE, str(tmp_path / "a.tif"), multiprocessing=False)
    (answer,) = rois_of(tmp_path / "a_rois.zip", tmp_path / "rois").values()
    assert answer["pixels"] == 81
    assert (answer["x"], answer["y"]) == (9.5, 14.5)
