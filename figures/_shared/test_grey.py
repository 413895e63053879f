"""Behaviour of figures/_shared/grey.py."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from figures._shared.grey import lighten


def drawing(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return f'<image href="data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"/>'


def picture(path):
    content = re.search(r'base64,([^"]+)"', path.read_text())[1]
    return Image.open(io.BytesIO(base64.b64decode(content)))


@pytest.fixture
def pixels():
    grey = np.random.default_rng(0).integers(0, 255, (30, 20, 1), np.uint8)
    return np.concatenate([grey, grey, grey, np.full_like(grey, 255)], axis=2)


def test_a_grey_picture_takes_one_channel_and_keeps_its_pixels(tmp_path, pixels):
    path = tmp_path / "a.svg"
    path.write_text(drawing(pixels))
    before = path.stat().st_size
    lighten([path])
    assert path.stat().st_size < before and picture(path).mode == "L"
    np.testing.assert_array_equal(np.asarray(picture(path).convert("RGBA")), pixels)


@pytest.mark.parametrize("channel", [2, 3], ids=["a colour", "a hole"])
def test_what_is_not_grey_or_not_opaque_stays_as_it_is(tmp_path, pixels, channel):
    pixels[3, 4, channel] = 7
    path = tmp_path / "a.svg"
    path.write_text(drawing(pixels))
    before = path.read_text()
    lighten([path])
    assert path.read_text() == before
