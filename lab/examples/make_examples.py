"""Make the four images that the page *Try your own image* offers, and their thumbnails.

    python lab/examples/make_examples.py

All come from installed packages: StarDist's wheel (nuclei: 2018 Data Science Bowl, CC0; H&E: The
Cancer Imaging Archive) and the course's own (cells: CellProfiler's ExampleFly, BSD-3-Clause).
"""

from pathlib import Path

import numpy as np
import tifffile
from PIL import Image
from skimage.transform import resize

from bioimage_course import data

HERE = Path(__file__).parent
THUMBNAIL = 192  # px a side


def examples():
    """The images by name: {name: (array, how tifffile writes it)}."""
    nuclei, _ = data.nuclei()
    cells, _ = data.cells()
    large = resize(nuclei[128:240, 0:140], (672, 840), order=1, preserve_range=True)  # six times
    plain = {"photometric": "minisblack", "compression": "zlib", "predictor": True}
    return {
        "nuclei": (nuclei, plain),
        "cells": (cells[:, 60:316, 200:456], plain | {"metadata": {"axes": "CYX"}}),
        "too_large": (large.round().astype(np.uint16), plain),
        "tissue": (data.tissue(), {"photometric": "rgb", "compression": "zlib", "predictor": True}),
    }


def thumbnail(array):
    """A square from the middle, as an 8-bit picture."""
    if array.ndim == 3 and len(array) == 2:  # actin in grey, DNA in blue
        actin, dna = (stretched(channel) for channel in array)
        array = np.dstack([actin, actin, np.maximum(actin, dna)])
    elif array.ndim == 2:
        array = stretched(array)
    side = min(array.shape[:2])
    top, left = ((size - side) // 2 for size in array.shape[:2])
    square = Image.fromarray(array[top : top + side, left : left + side])
    return square.resize((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)


def stretched(grey):
    """Between two percentiles, dim objects made brighter."""
    low, high = np.percentile(grey, [1, 99.8])
    return (255 * np.clip((grey - low) / (high - low), 0, 1) ** 0.7).astype(np.uint8)


if __name__ == "__main__":
    for name, (array, options) in examples().items():
        tifffile.imwrite(HERE / f"{name}.tif", array, **options)
        thumbnail(array).save(HERE / f"{name}.webp", quality=80, method=6)
