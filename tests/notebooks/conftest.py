"""Show no picture while cells run."""

import warnings

import matplotlib
import pytest


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
