"""Half an image is never counted as whole: copies that end early, or in zeros."""

import numpy as np
import pytest
import tifffile

from bioimage_course.folder import Unreadable, read

PACKED = ("lzw", "zlib", "zstd", "lzma", "packbits", "jpeg", "jpeg2000", "jpegxl", "lerc", "png")
LAYOUTS = {
    "one strip": {},
    "strips": {"rowsperstrip": 16},
    "tiles": {"tile": (64, 64)},
}


def damaged(path, part, end):
    """Cut a file after a part of it; with `end`, fill it up to its old size."""
    content = path.read_bytes()
    kept = int(len(content) * part)
    path.write_bytes(content[:kept] + (end * (len(content) - kept) if end else b""))
    return path


@pytest.mark.parametrize("end", [b"", b"\0"], ids=["ends", "zeros"])
@pytest.mark.parametrize("part", [0.5, 0.98])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("packed", [None, *PACKED])
def test_a_copy_that_stopped_is_refused_however_it_is_packed(
    tmp_path, field, packed, layout, part, end
):
    pixels = field.astype(np.uint8) if packed == "jpeg" else field
    path = tmp_path / "x.tif"
    tifffile.imwrite(path, pixels, compression=packed, **LAYOUTS[layout])
    assert read(path)[0].shape == field.shape
    with pytest.raises(Unreadable, match=r"cut off.*copy it again"):
        read(damaged(path, part, end))


@pytest.mark.parametrize("end", [b"", b"\0"], ids=["ends", "zeros"])
@pytest.mark.parametrize(
    "options", [{}, {"imagej": True}, {"ome": True}, {"compression": "zlib"}], ids=str
)
def test_a_stack_that_lost_planes_is_no_plane(tmp_path, field, options, end):
    path = tmp_path / "x.tif"
    tifffile.imwrite(path, np.stack([field + n for n in range(5)]).astype(np.uint16),
                     photometric="minisblack", metadata={"axes": "ZYX"}, **options)  # fmt: skip
    for part in (0.5, 0.3):
        with pytest.raises(Unreadable, match="cut off"):
            read(damaged(path, part, end))


@pytest.mark.parametrize("kind", ["uint16", "uint8", "float32", "rgb"])
@pytest.mark.parametrize(("begin", "blocks"), [(1, 1), (2, 3)])
def test_a_hole_of_whole_blocks_is_seen(tmp_path, field, kind, begin, blocks):
    pixels = field + 1 if kind == "rgb" else (field + 1).astype(kind)
    pixels = np.stack([pixels] * 3, axis=-1).astype(np.uint8) if kind == "rgb" else pixels
    path = tmp_path / "x.tif"
    tifffile.imwrite(path, pixels, photometric="rgb" if kind == "rgb" else "minisblack")
    assert read(path)[0].shape == field.shape
    content = bytearray(path.read_bytes())
    content[4096 * begin : 4096 * (begin + blocks)] = bytes(4096 * blocks)
    path.write_bytes(content)
    with pytest.raises(Unreadable, match="filled with zeros"):
        read(path)


def test_packed_numbers_of_12_bits_that_end_in_zeros_are_refused(tmp_path, field):
    path = tmp_path / "x.tif"
    tifffile.imwrite(path, field + np.uint16(1), bitspersample=12)
    assert read(path)[0].shape == field.shape
    for end in (b"", b"\0"):
        with pytest.raises(Unreadable, match="cut off"):
            read(damaged(path, 0.7, end))
        tifffile.imwrite(path, field + np.uint16(1), bitspersample=12)


def test_parts_that_were_never_written_are_named(tmp_path, field):
    path = tmp_path / "x.tif"
    tifffile.imwrite(path, field, rowsperstrip=96, compression="zlib")
    with tifffile.TiffFile(path, mode="r+b") as file:
        counts = file.pages[0].tags["StripByteCounts"]
        counts.overwrite((counts.value[0], 0))
    with pytest.raises(Unreadable, match="never written"):
        read(path)


# --- Darkness is not damage -----------------------------------------------------------------------


def test_a_black_image_and_one_that_is_dark_below_are_whole(tmp_path, field):
    subtracted = np.where(field > 60, field, 0).astype(np.uint16)
    subtracted[60:] = 0
    shifted = field + np.uint16(5)
    shifted[-7:] = 0  # from the beginning of a row on
    corners = field + np.uint16(5)
    rows, columns = np.indices(field.shape)
    corners[abs(rows - 96) + abs(columns - 80) > 145] = 0  # a round diaphragm, nearly
    for number, image in enumerate((np.zeros_like(field), subtracted, shifted, corners)):
        path = tmp_path / f"{number}.tif"
        tifffile.imwrite(path, image)
        assert np.array_equal(read(path)[0], image)


def test_a_black_band_in_the_middle_is_whole(tmp_path, field):
    wide = np.tile(field + np.uint16(5), (2, 13))[:, :2048]  # rows of 4096 bytes
    wide[50:70] = 0
    tifffile.imwrite(tmp_path / "x.tif", wide)
    assert np.array_equal(read(tmp_path / "x.tif")[0], wide)


def test_a_mosaic_in_tiles_may_be_dark_below(tmp_path, field):
    mosaic = np.tile(field[:128, :128], (2, 2)) + np.uint16(5)
    mosaic[-40:] = 0
    tifffile.imwrite(tmp_path / "x.tif", mosaic, tile=(64, 64))
    assert np.array_equal(read(tmp_path / "x.tif")[0], mosaic)


def test_black_rows_that_begin_where_a_copy_would_stop_are_refused(tmp_path):
    image = np.random.default_rng(0).integers(100, 900, (256, 2048), dtype=np.uint16)
    path = tmp_path / "x.tif"
    tifffile.imwrite(path, image)
    with tifffile.TiffFile(path) as file:
        (start,) = file.pages[0].dataoffsets
    content = path.read_bytes()
    assert start % 4096 != 0
    kept = 4096 * 100
    path.write_bytes(content[:kept] + bytes(len(content) - kept))
    with pytest.raises(Unreadable, match="zeros alone"):
        read(path)
