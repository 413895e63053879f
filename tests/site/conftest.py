"""For the tests of the page *Try your own image*: an image, its files, and a visit."""

import numpy as np
import pytest
import tifffile
from playwright.sync_api import expect
from skimage.segmentation import relabel_sequential

from bioimage_course import data
from tests.site.checks import PATIENCE, Visit, watch

PART = (slice(120, 320), slice(30, 270))  # of the course's image of nuclei


@pytest.fixture(scope="module")
def nuclei():
    """An image, small enough to be quick, and its annotation."""
    image, truth = data.nuclei()
    truth, _, _ = relabel_sequential(truth[PART])
    return image[PART], truth


@pytest.fixture
def files(tmp_path, nuclei):
    """Files of a reader: an image with a pixel size, and what people drew."""
    image, truth = nuclei
    size = {"imagej": True, "resolution": (4, 4), "metadata": {"unit": "um"}}
    tifffile.imwrite(tmp_path / "nuclei.tif", image, **size)
    tifffile.imwrite(tmp_path / "drawn.tif", truth.astype(np.uint16))
    return tmp_path


@pytest.fixture
def visit(open_page):
    """Open the page; what it asks for and what goes wrong is kept in the second value."""
    forgets = []

    def visit(query="", **options):
        page = open_page("404.html", **options)
        root = page.url.removesuffix("404.html")
        seen = Visit("lab/", "")
        forgets.append(watch(page, root, seen))
        page.goto(f"{root}lab/{query}", wait_until="load")
        expect(page.locator(".lab[data-ready]")).to_be_visible(timeout=PATIENCE)
        return page, seen

    yield visit
    for forget in forgets:
        forget()
