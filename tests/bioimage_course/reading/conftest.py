"""What the tests of reading share: one recorded field, and a place to write files."""

import numpy as np
import pytest

from bioimage_course import data


@pytest.fixture(scope="package")
def field():
    """A piece of the course's image: 192 rows, 160 columns, 16 bits, hardly a zero in it."""
    return data.nuclei()[0][:192, :160].astype(np.uint16)


@pytest.fixture(scope="package")
def other():
    """Another piece, of the same size."""
    return data.nuclei()[0][200:392, 200:360].astype(np.uint16)
