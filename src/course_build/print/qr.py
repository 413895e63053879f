"""Draw an address as a QR code, with the encoder of OpenCV, which Cellpose brings along."""

import base64
import io

import cv2
import numpy as np
from PIL import Image

QUIET = 4  # white modules around the code, as the standard asks
PIXELS = 8  # for each module


def picture(address):
    """Return the QR code of an address as a PNG in a data: address."""
    code = cv2.QRCodeEncoder.create().encode(address)
    rows, columns = np.nonzero(code == 0)
    code = code[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    code = np.pad(code, QUIET, constant_values=255)
    image = Image.fromarray(np.kron(code, np.ones((PIXELS, PIXELS), np.uint8))).convert("1")
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
