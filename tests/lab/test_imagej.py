"""ImageJ itself reads what the page writes: Debian's, without a window.

On Debian and Ubuntu: apt-get install libij-java default-jdk-headless. As this is not part of the
course's set-up, the tests are long ones.
"""

import subprocess
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile

from tests.lab.labels import drawn, write

JAR = Path("/usr/share/java/ij.jar")
READER = Path(__file__).with_name("ReadInImageJ.java")
INSTALL = "install ImageJ first: apt-get install libij-java default-jdk-headless"
SIZE = {"y": 0.25, "x": 0.5}  # µm

pytestmark = pytest.mark.long


def in_imagej(folder):
    """Let ImageJ read a folder, and return what it says of the pixel size."""
    assert JAR.exists(), INSTALL
    with zipfile.ZipFile(folder / "rois.zip") as packed:
        if len(packed.namelist()) < 1000:  # as many as are read one by one
            packed.extractall(folder / "rois")
    command = ["java", "-Djava.awt.headless=true", "-cp", JAR, READER, folder]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{INSTALL}\n{done.stderr}"
    return done.stdout.split()


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn")
    noise = np.random.default_rng(0).integers(0, 1000, drawn().shape)
    write(folder, drawn(), noise, size=SIZE)
    return folder, in_imagej(folder)


def test_labels_and_pixel_size_are_the_same(read):
    folder, (unit, width, height) = read
    assert np.array_equal(tifffile.imread(folder / "seen.tif"), drawn())
    assert (unit, float(width), float(height)) == ("micron", 0.5, 0.25)


def test_every_outline_fills_exactly_its_object_with_holes_parts_and_single_pixels(read):
    folder, _ = read
    assert np.array_equal(tifffile.imread(folder / "filled.tif"), drawn())


def test_areas_and_places_are_those_of_the_table(read):
    folder, _ = read
    table = pd.read_csv(folder / "table.csv").set_index("label").sort_index()
    theirs = pd.read_csv(folder / "rois.csv").set_index("label").sort_index()
    assert list(theirs.index) == list(table.index) == list(theirs["name"])
    assert theirs["area"].to_list() == table["area_px"].to_list()
    for axis in "xy":  # ImageJ counts from the corner of the first pixel, the table from its middle
        assert np.allclose(theirs[axis] - 0.5, table[f"{axis}_px"], atol=0.01)


def test_more_than_65535_objects_keep_their_numbers(tmp_path):
    labels = np.zeros((530, 532), int)
    labels[::2, ::2] = np.arange(1, 265 * 266 + 1).reshape(265, 266)
    in_imagej(write(tmp_path, labels))
    assert np.array_equal(tifffile.imread(tmp_path / "seen.tif"), labels)
