"""Let the tests of notebooks share `lessons`, and show no picture while cells run."""

import sys
import warnings
from pathlib import Path

import matplotlib
import pytest

sys.path.insert(0, str(Path(__file__).parent))  # pytest's importlib mode does not


@pytest.fixture(scope="module", autouse=True)
def no_window():
    """Draw into memory; leave the settings as they were."""
    backend = matplotlib.get_backend()
    matplotlib.use("agg")
    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "FigureCanvasAgg is non-interactive")
        yield
    matplotlib.pyplot.close("all")
    matplotlib.use(backend)
