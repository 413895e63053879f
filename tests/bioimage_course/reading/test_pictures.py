"""PNG and BMP: no bit is lost, no transparency counted, no half file taken."""

import numpy as np
import pytest
from imagecodecs import png_encode
from PIL import Image

from bioimage_course.folder import Unreadable, read


@pytest.mark.parametrize("samples", [1, 2, 3, 4], ids=["grey", "grey+alpha", "colours", "RGBA"])
def test_a_png_of_16_bits_keeps_them_all(tmp_path, field, samples):
    bright = field * np.uint16(20)
    layers = [bright] * (samples - 1 if samples in (2, 4) else samples)
    layers += [np.full_like(bright, 65535)] if samples in (2, 4) else []
    path = tmp_path / "x.png"
    path.write_bytes(png_encode(np.squeeze(np.stack(layers, axis=-1))))
    image, size = read(path)
    assert np.array_equal(image, bright) and image.dtype == np.uint16 and size is None


def test_a_channel_of_16_bit_colours_is_chosen(tmp_path, field):
    path = tmp_path / "x.png"
    path.write_bytes(png_encode(np.stack([field, field * 2, field * 3], axis=-1)))
    assert np.array_equal(read(path, channel=2)[0], field * 3)
    with pytest.raises(Unreadable, match="3 channels"):
        read(path)


@pytest.mark.parametrize("ending", ["png", "bmp"])
def test_a_table_of_colours_is_one_in_a_picture_too(tmp_path, field, ending):
    path = tmp_path / f"x.{ending}"
    picture = Image.fromarray(field.astype(np.uint8)).convert("P")
    picture.putpalette([value for level in range(256) for value in (0, level, 0)])
    picture.save(path)
    assert np.array_equal(read(path)[0], field)
    picture.putpalette(np.random.default_rng(0).permutation(768).astype(np.uint8).tolist())
    picture.save(path)
    with pytest.raises(Unreadable, match="table of colours"):
        read(path)


def test_a_mask_of_one_bit_is_no_image(tmp_path, field):
    Image.fromarray(field > 50).save(tmp_path / "x.png")
    with pytest.raises(Unreadable, match="true and false"):
        read(tmp_path / "x.png")


def test_a_film_is_no_image(tmp_path, field):
    first, second = (Image.fromarray((field // part).astype(np.uint8)) for part in (1, 2))
    first.save(tmp_path / "x.png", save_all=True, append_images=[second])
    with pytest.raises(Unreadable, match="film"):
        read(tmp_path / "x.png")


def test_nothing_is_turned_so_that_labels_from_fiji_still_fit(tmp_path, field):
    grey, exif = field.astype(np.uint8), Image.Exif()
    exif[0x112] = 6  # orientation
    Image.fromarray(grey).save(tmp_path / "x.png", exif=exif)
    assert np.array_equal(read(tmp_path / "x.png")[0], grey)


@pytest.mark.parametrize("ending", ["png", "bmp"])
@pytest.mark.parametrize("end", [b"", b"\0"], ids=["ends", "zeros"])
@pytest.mark.parametrize("part", [0.5, 0.95])
def test_a_picture_that_was_cut_off_is_refused(tmp_path, field, ending, end, part):
    path = tmp_path / f"x.{ending}"
    Image.fromarray(field.astype(np.uint8) + np.uint8(9)).save(path)
    assert read(path)[0].shape == field.shape
    content = path.read_bytes()
    kept = int(len(content) * part)
    path.write_bytes(content[:kept] + end * (len(content) - kept))
    with pytest.raises(Unreadable, match="cut off"):
        read(path)


def test_a_png_says_how_large_a_pixel_is_only_beyond_printing(tmp_path, field):
    picture = Image.fromarray(field.astype(np.uint8))
    for dots, size in ((101600, 0.25), (300, None)):
        picture.save(tmp_path / "x.png", dpi=(dots, dots))
        found = read(tmp_path / "x.png")[1]
        assert found == (size and pytest.approx((size, size), rel=1e-3))
