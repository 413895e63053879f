"""A pixel size is what the file says, in whatever unit, or unknown; it is never invented."""

import numpy as np
import pytest
import tifffile

from bioimage_course.folder import read
from bioimage_course.reading.pixel_size import in_micrometres, of_dots

IMAGE = np.full((20, 20), 7, np.uint8)
QUARTER = (0.25, 0.25)


def imagej(words, resolution, unit=1):
    """An ImageJ TIFF with just these words and tags."""
    return {"description": "ImageJ=1.54f\n" + words, "metadata": None, "resolution": resolution,
            "resolutionunit": unit, "software": False}  # fmt: skip


SAID = {
    "plain, cm": ({"resolution": (40000, 40000), "resolutionunit": 3}, QUARTER),
    "plain, inch": ({"resolution": (101600, 101600), "resolutionunit": 2}, QUARTER),
    "72 dpi": ({"resolution": (72, 72), "resolutionunit": 2}, None),
    "1200 dpi": ({"resolution": (1200, 1200), "resolutionunit": 2}, None),
    "72 dpi in cm": ({"resolution": (28.3465, 28.3465), "resolutionunit": 3}, None),
    "no unit": ({"resolution": (4, 4), "resolutionunit": 1}, None),
    "cm": (imagej("unit=cm\n", (40000, 40000), 3), QUARTER),
    "escaped µm": (imagej("unit=\\u00B5m\n", (4, 4)), QUARTER),
    "another escaped sign": (imagej("unit=\\u03BCm\n", (4, 4)), QUARTER),
    "dots that ImageJ has kept": (imagej("unit=inch\n", (72, 72), 2), None),
    "dots in cm that it has kept": (imagej("unit=cm\n", (118.11, 118.11), 3), None),
    "1 in a cm, for nothing": ({"resolution": (1, 1), "resolutionunit": 3}, None),
    "metres": (imagej("unit=micron\n", ((1, 10**6), (1, 10**6))), None),
    "less than an atom": (imagej("unit=micron\n", (4e8, 4e8)), None),
    "mm in the tag": ({"resolution": (4000, 4000), "resolutionunit": 4}, QUARTER),
    "µm in the tag": ({"resolution": (4, 4), "resolutionunit": 5}, QUARTER),
    "micron": (imagej("unit=micron\n", (4, 4)), QUARTER),
    "micrometer": (imagej("unit=Micrometer\n", (4, 4)), QUARTER),
    "nm": (imagej("unit=nm\n", ((1, 250), (1, 250))), QUARTER),
    "mm": (imagej("unit=mm\n", (4000, 4000)), QUARTER),
    "another unit along y": (imagej("unit=micron\nyunit=nm\n", ((4, 1), (1, 250))), QUARTER),
    "inch": (imagej("unit=inch\n", (101600, 101600), 2), QUARTER),
    "cm in the tag alone": (imagej("", (40000, 40000), 3), QUARTER),
    "pixels": (imagej("unit=pixel\n", (4, 4)), None),
    "pixels and cm": (imagej("unit=pixel\n", (40000, 40000), 3), None),
    "0 of 1": (imagej("unit=micron\n", ((0, 1), (0, 1))), None),
    "no such unit": (imagej("unit=UM\n", (4, 4)), None),
    "seconds": (imagej("unit=sec\n", (4, 4)), None),
}


@pytest.mark.parametrize("way", SAID)
def test_a_tiff_says_it_in_its_own_unit(tmp_path, way):
    options, size = SAID[way]
    tifffile.imwrite(tmp_path / "x.tif", IMAGE, **options)
    assert read(tmp_path / "x.tif")[1] == (size and pytest.approx(size))


def test_a_micro_sign_of_another_alphabet_is_one(tmp_path):
    path = tmp_path / "x.tif"
    tifffile.imwrite(path, IMAGE, **imagej("unit=QQ\n", (4, 4)))
    path.write_bytes(path.read_bytes().replace(b"unit=QQ", b"unit=\xb5m"))  # Latin 1
    assert read(path)[1] == QUARTER


@pytest.mark.parametrize(
    ("number", "unit", "size"),
    [("0.25", "µm", 0.25), ("250", "nm", 0.25), ("2.5e-05", "cm", 0.25), ("2.5E-7", "m", 0.25),
     ("2500", "Å", 0.25), ("0.25", "pixel", None), ("", "µm", None), ("0,25", "µm", None),
     ("-0.25", "µm", None), ("nan", "µm", None), ("0.25", None, 0.25)],
)  # fmt: skip
def test_ome_says_it_in_any_unit(tmp_path, number, unit, size):
    tifffile.imwrite(tmp_path / "x.ome.tif", IMAGE, ome=True,
                     metadata={"axes": "YX", "PhysicalSizeX": 7, "PhysicalSizeY": 7})  # fmt: skip
    with tifffile.TiffFile(tmp_path / "x.ome.tif") as file:
        text = file.ome_metadata
    words = f'"{number}"'
    for axis in "XY":
        text = text.replace(f'PhysicalSize{axis}="7"', f"PhysicalSize{axis}={words}" + (
            f' PhysicalSize{axis}Unit="{unit}"' if unit else ""))  # fmt: skip
    assert words in text
    tifffile.imwrite(tmp_path / "x.ome.tif", IMAGE, description=text.encode(), metadata=None)
    assert read(tmp_path / "x.ome.tif")[1] == (size and (size, size))


def test_one_microscope_has_one_pixel_size_in_two_formats(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", IMAGE, imagej=True, resolution=(1 / 0.325, 1 / 0.325),
                     metadata={"unit": "um"})  # fmt: skip
    tifffile.imwrite(tmp_path / "b.tif", IMAGE, ome=True,
                     metadata={"PhysicalSizeX": 0.325, "PhysicalSizeY": 0.325})  # fmt: skip
    assert read(tmp_path / "a.tif")[1] == read(tmp_path / "b.tif")[1] == (0.325, 0.325)


def test_the_sides_may_differ_and_one_without_a_length_makes_both_unknown():
    assert in_micrometres([(0.5, "µm"), (250, "nm")]) == (0.5, 0.25)
    assert in_micrometres([(0.5, "µm"), (0, "µm")]) is None
    assert of_dots(0, 300, "inch") is None
