"""Whatever lies behind a path: a plane, or a sentence with the next step."""

import os

import numpy as np
import pytest
import tifffile
from PIL import Image

from bioimage_course.folder import Unreadable, read
from bioimage_course.reading import kinds, plane

SMALL = np.arange(400, dtype=np.uint8).reshape(20, 20)


def tiff(path):
    tifffile.imwrite(path, SMALL)


BEHIND = {
    "nothing": ("x.tif", lambda path: None, "There is no file .*check its name"),
    "a folder": ("x.tif", lambda path: path.mkdir(), "a folder: give the path"),
    "a Zarr": ("x.ome.zarr", lambda path: path.mkdir(), "OME-Zarr.*notebook 12"),
    "a link to nowhere": ("x.tif", lambda path: path.symlink_to("gone.tif"), "a link"),
    "a pipe": ("x.tif", os.mkfifo, "no ordinary file"),
    "no byte": ("x.tif", lambda path: path.touch(), "0 bytes: copy it again"),
    "8 bytes": ("x.tif", lambda path: path.write_bytes(b"II*\0\0\0\0\0"), "cut off.*copy it again"),
    "zeros": ("x.tif", lambda path: path.write_bytes(bytes(5000)), "cut off.*zeros"),
    "a web page": ("x.tif", lambda path: path.write_text("<!DOCTYPE html><html>"), "text.*web"),
    "a zip": ("x.tif", lambda path: path.write_bytes(b"PK\3\4" + bytes(range(99))), "unpack it"),
    "chance": ("x.tif", lambda path: path.write_bytes(b"\x07\xfe" * 99), "no image.*Fiji"),
    "a JPEG": ("x.jpg", lambda path: Image.fromarray(SMALL).save(path), "changed the pixels"),
    "a JPEG called TIFF": ("x.tif", lambda path: Image.fromarray(SMALL).save(path, "JPEG"),
                           "JPEG has changed the pixels"),
    "a GIF": ("x.gif", lambda path: Image.fromarray(SMALL).save(path), "changed the pixels"),
    "a film": ("x.avi", lambda path: path.write_bytes(b"RIFF\0\0\0\0AVI "), "one time point"),
    "a microscope's own": ("x.oib", lambda path: path.write_bytes(bytes(99)), "oib.*Bio-Formats"),
    "an array of numpy": ("x.npy", lambda path: np.save(path, SMALL), "arrays.*imwrite"),
    "a pickle": ("x.npy", lambda path: np.save(path, np.array([{}], object)), "arrays.*imwrite"),
    "arrays of numpy": ("x.npz", lambda path: np.savez(path, SMALL), "arrays.*as TIFF"),
    "HDF5": ("x.h5", lambda path: path.write_bytes(b"\x89HDF\r\n\x1a\n"), "arrays.*as TIFF"),
    "a packed TIFF": ("x.tif.gz", lambda path: path.write_bytes(b"\x1f\x8b\x08"), "unpack it"),
    "a link to itself": ("x.tif", lambda path: path.symlink_to(path.name), "a link"),
    "chance in a .czi": ("x.czi", lambda path: path.write_bytes(b"\x07\xfe" * 99), "copy it again"),
    "chance in a .lif": ("x.lif", lambda path: path.write_bytes(b"\x07\xfe" * 99), "copy it again"),
    "zeros in an .nd2": ("x.nd2", lambda path: path.write_bytes(bytes(99)), "copy it again"),
    "the small picture in a .vsi": ("x.vsi", tiff, "vsi.*Bio-Formats"),
}  # fmt: skip


@pytest.mark.parametrize("what", BEHIND)
def test_what_is_no_plane_is_refused_in_a_sentence_with_the_next_step(tmp_path, what):
    name, make, words = BEHIND[what]
    make(tmp_path / name)
    with pytest.raises(Unreadable, match=words) as refusal:
        read(tmp_path / name)
    assert refusal.value.what and refusal.value.do
    assert isinstance(refusal.value, ValueError)
    if (tmp_path / name).is_file():
        assert kinds.might_be_an_image(tmp_path / name), "it has a row in the table of the folder"


@pytest.mark.parametrize("name", ["x.TIF", "x.ome.tiff", "x.btf", "x.tf8", "x.lsm", "x.png", "x"])
def test_a_tiff_is_one_under_any_name(tmp_path, name):
    tifffile.imwrite(tmp_path / "first.tif", SMALL, bigtiff=name.endswith(("btf", "tf8")))
    path = (tmp_path / "first.tif").rename(tmp_path / name)
    assert np.array_equal(read(path)[0], SMALL)
    assert np.array_equal(read(str(path))[0], SMALL)
    assert kinds.might_be_an_image(path)


@pytest.mark.parametrize("channel", ["DAPI", "0", 1.0, True, [0]])
def test_a_channel_that_is_no_number_is_named(tmp_path, channel):
    tifffile.imwrite(tmp_path / "x.tif", np.stack([SMALL, SMALL + 1]), imagej=True,
                     metadata={"axes": "CYX"})  # fmt: skip
    with pytest.raises(Unreadable, match=r"is none.*0 to 1"):
        read(tmp_path / "x.tif", channel)
    assert np.array_equal(read(tmp_path / "x.tif", np.int64(1))[0], SMALL + 1)


def test_a_png_called_tiff_is_read(tmp_path):
    Image.fromarray(SMALL).save(tmp_path / "x.tif", "PNG")
    assert np.array_equal(read(tmp_path / "x.tif")[0], SMALL)


def test_an_image_larger_than_the_memory_is_refused_before_it_is_read(tmp_path, monkeypatch):
    tiff(tmp_path / "x.tif")
    monkeypatch.setattr("bioimage_course.doctor.computer.memory", lambda: (10**6, 500))
    with pytest.raises(Unreadable, match=r"memory are free: close other programs.*notebook 12"):
        read(tmp_path / "x.tif")


def test_a_thin_image_is_read_and_a_tiny_one_named(tmp_path):
    tifffile.imwrite(tmp_path / "thin.tif", np.ones((plane.SMALLEST, 3000), np.uint16))
    assert read(tmp_path / "thin.tif")[0].shape == (plane.SMALLEST, 3000)
    tifffile.imwrite(tmp_path / "tiny.tif", np.ones((15, 40), np.uint16))
    with pytest.raises(Unreadable, match="40 × 15 pixels"):
        read(tmp_path / "tiny.tif")


def test_infinity_is_no_number(tmp_path):
    image = SMALL.astype(np.float32)
    image[2, 2] = np.inf
    tifffile.imwrite(tmp_path / "x.tif", image)
    with pytest.raises(Unreadable, match="1 of its pixels is no number"):
        read(tmp_path / "x.tif")


def test_numbers_beyond_those_of_a_network_are_refused_and_large_ones_read(tmp_path):
    tifffile.imwrite(tmp_path / "large.tif", SMALL * 1e30)
    assert read(tmp_path / "large.tif")[0].max() == pytest.approx(SMALL.max() * 1e30)
    tifffile.imwrite(tmp_path / "x.tif", SMALL * 1e200)
    with pytest.raises(Unreadable, match=r"too large.*Divide"):
        read(tmp_path / "x.tif")
