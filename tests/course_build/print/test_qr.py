"""A QR code, read back, is the address that was put in."""

import base64
import io

import cv2
import numpy as np
import pytest
from PIL import Image

from course_build.print import qr


def read(picture):
    """The pixels of a picture in a data: address."""
    return np.array(Image.open(io.BytesIO(base64.b64decode(picture.split(",")[1]))).convert("L"))


@pytest.mark.parametrize(
    "address",
    [
        "https://a.org/lab/",
        "https://somebody.github.io/deep-learning-for-bioimages/notebooks/10_finetune_cellpose/",
    ],
)
def test_a_phone_reads_the_address(address):
    assert cv2.QRCodeDetector().detectAndDecode(read(qr.picture(address)))[0] == address


def test_it_keeps_the_white_edge_that_readers_need():
    pixels = read(qr.picture("https://a.org/"))
    edge = qr.QUIET * qr.PIXELS
    dark = np.argwhere(pixels == 0)
    assert dark.min() == edge and dark.max() == len(pixels) - edge - 1
