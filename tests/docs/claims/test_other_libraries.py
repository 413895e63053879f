"""What the pages say of NumPy, SciPy, scikit-image, tifffile, Pillow, csbdeep and keras, tried."""

import importlib.util
import io
import re
from pathlib import Path

import keras
import numpy as np
import pytest
import tifffile
import torch
from csbdeep.utils import normalize, normalize_mi_ma
from PIL import Image
from scipy import ndimage
from skimage.transform import resize

from bioimage_course import data

pytestmark = pytest.mark.slow  # it imports TensorFlow and torch
CONCEPTS = Path(__file__).parents[3] / "docs" / "concepts"
RNG = np.random.default_rng(0)


# --- Numbers and files --------------------------------------------------------------------------


def test_unsigned_types_end_at_255_and_65535_and_hold_nothing_below_0():
    assert np.iinfo("uint8").max == 255
    assert (np.iinfo("uint16").min, np.iinfo("uint16").max) == (0, 65_535)
    assert (np.array([3], "uint16") - np.array([5], "uint16"))[0] == 65_534


def test_a_fiji_hyperstack_is_read_as_tzcyx():
    file = io.BytesIO()
    stack = np.zeros((3, 4, 2, 16, 20), "uint16")
    tifffile.imwrite(file, stack, imagej=True, metadata={"axes": "TZCYX"})
    file.seek(0)
    (series,) = tifffile.TiffFile(file).series
    assert (series.axes, series.shape) == ("TZCYX", stack.shape)


def test_tiff_and_png_keep_every_label():
    labels = data.nuclei()[1].astype("uint16") * 300
    tiff, png = io.BytesIO(), io.BytesIO()
    tifffile.imwrite(tiff, labels)
    Image.fromarray(labels).save(png, "PNG")
    tiff.seek(0)
    assert (tifffile.imread(tiff) == labels).all()
    assert (np.array(Image.open(png)) == labels).all()


def test_with_order_0_resizing_invents_no_label_and_with_order_1_it_does():
    labels = np.kron([[2, 8], [0, 2]], np.ones((8, 8), int))
    nearest, averaged = (
        resize(labels, (11, 11), order=order, preserve_range=True) for order in (0, 1)
    )
    assert set(np.unique(nearest)) == {0, 2, 8}
    assert set(np.unique(averaged)) - {0, 2, 8}


# --- csbdeep's normalisation --------------------------------------------------------------------


def test_without_axis_channels_share_their_limits_and_with_axis_each_has_its_own():
    image = RNG.random((32, 32, 3)) * [1, 10, 100]
    low, high = np.percentile(image, [1, 99.8])
    assert normalize(image, 1, 99.8) == pytest.approx((image - low) / (high - low), abs=1e-5)
    low, high = np.percentile(image, [1, 99.8], axis=(0, 1))
    each = normalize(image, 1, 99.8, axis=(0, 1))
    assert each == pytest.approx((image - low) / (high - low), abs=1e-5)
    assert each.min() < 0 and each.max() > 1  # nothing is cut off


def test_limits_can_be_given():
    assert normalize_mi_ma(np.array([10, 20, 40]), 10, 30).tolist() == [0, 0.5, 1.5]


# --- Convolutions -------------------------------------------------------------------------------


def test_scipy_flips_the_kernel_and_libraries_for_networks_do_not():
    image, kernel = RNG.random((9, 9)), RNG.random((3, 3))
    correlated = ndimage.correlate(image, kernel)[1:-1, 1:-1]
    flipped = ndimage.convolve(image, kernel[::-1, ::-1])[1:-1, 1:-1]
    assert flipped == pytest.approx(correlated)
    assert not np.allclose(ndimage.convolve(image, kernel)[1:-1, 1:-1], correlated)
    answers = (
        torch.nn.functional.conv2d(
            torch.tensor(image)[None, None], torch.tensor(kernel)[None, None]
        ),
        keras.ops.conv(image[None, ..., None], kernel[..., None, None]),
    )
    for answer in answers:
        assert np.squeeze(keras.ops.convert_to_numpy(answer)) == pytest.approx(correlated)


def test_adamw_keeps_two_numbers_for_each_weight_beside_its_gradient():
    weights = torch.nn.Parameter(torch.ones(1000))
    optimiser = torch.optim.AdamW([weights])
    weights.sum().backward()
    optimiser.step()
    kept = [value.numel() for value in optimiser.state[weights].values() if value.ndim]
    assert kept == [1000, 1000] and weights.grad.numel() == 1000


# --- Quoted code --------------------------------------------------------------------------------

NOTE = re.compile(r'^\?\?\? note "In the code"\n((?:    .*\n|\n)+)', re.M)
LINKED = re.compile(r"/blob/[^/]+/((?:csbdeep|stardist|cellpose)/[\w/]+\.py)")


def quotes():
    """Each line of code that a note quotes, with the file that is linked above it."""
    for page in sorted(CONCEPTS.glob("*.md")):
        for note in NOTE.findall(page.read_text(encoding="utf-8")):
            file = None
            for line in note.splitlines():
                if found := LINKED.findall(line):
                    file = found[-1]
                if line.startswith(" " * 8) and line.strip():
                    yield pytest.param(file, line.strip(), id=f"{page.stem}: {line.strip()[:40]}")


@pytest.mark.parametrize(("file", "line"), list(quotes()))
def test_quoted_code_stands_in_the_library(file, line):
    package, _, rest = file.partition("/")
    folder = Path(importlib.util.find_spec(package).origin).parent
    lines = [found.strip() for found in (folder / rest).read_text(encoding="utf-8").splitlines()]
    start, cut, _ = line.partition("…")
    assert any(found.startswith(start.strip()) if cut else found == line for found in lines)
