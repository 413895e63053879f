"""For all tests: quiet libraries, long tests first, and no way out of this machine."""

import importlib.util
import os
import socket
import sys
from itertools import chain, groupby

import pytest

from course_build.notebooks.run import settings
from tests.costs import Costs
from tests.offline.sockets import refuse_other_machines

pytest_plugins = ["tests.site.fixtures"]

# TensorFlow reads these at its import, so they must be there before the first test.
QUIET, _ = settings()
for name in ("TF_CPP_MIN_LOG_LEVEL", "TF_ENABLE_ONEDNN_OPTS", "TQDM_DISABLE"):
    os.environ.setdefault(name, QUIET[name])

# What a test asks for that opens pages of the site.
SITES = {"browser", "site", "published", "disk"}

# A process for each core: without this each would start a thread for each core as well, and wait.
processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", 1))
if processes > 1:
    threads = str(max(1, (os.cpu_count() or 1) // processes))
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"):
        os.environ.setdefault(name, threads)

# torch's CUDA build brings triton, which crashes the process when TensorFlow was loaded before it.
if importlib.util.find_spec("triton"):
    importlib.import_module("triton")


def pytest_configure(config):
    """Measure what every part costs, and every notebook."""
    config.pluginmanager.register(Costs(), "costs")


@pytest.fixture(autouse=True, scope="module")
def pictures_as_usual():
    """Undo the style that a notebook's cell sets for all pictures, where a test has run it here."""
    yield
    if matplotlib := sys.modules.get("matplotlib"):
        matplotlib.rcdefaults()


@pytest.hookimpl(tryfirst=True)  # before pytest takes those with a mark
def pytest_collection_modifyitems(items):
    """Mark what `make check` leaves out, and put the long tests first.

    Left out, as slow: notebooks, tests of their cells, and what needs the site or a browser.
    """
    builders = {}
    for item in items:
        needs = SITES & set(getattr(item, "fixturenames", ()))
        is_notebook = item.path.suffix == ".ipynb"
        runs_cells = item.path.parent.name == "notebooks" and item.path.stem != "test_anatomy"
        if is_notebook or needs or (runs_cells and "course_build" not in item.path.parts):
            item.add_marker("slow")
        item.order = 1 if is_notebook else 2 if needs else 3
        if not item.get_closest_marker("long"):
            builders = dict.fromkeys(needs & {"site", "published"}, item) | builders
    for builder in builders.values():
        builder.order = 0
    items.sort(key=lambda item: item.order)
    items[:] = chain.from_iterable(deal(items, processes))


def deal(items, processes):
    """Return the tests of each process. `--dist worksteal` cuts the list into equal pieces.

    The first process builds the sites while the others run notebooks. Notebooks and pages are
    dealt one by one. The rest goes by files, so that what a file prepares is prepared once.
    """
    shares = [[] for _ in range(processes)]
    for key, group in groupby(items, lambda item: item.order if item.order < 3 else item.path):
        group = list(group)
        if key == 0:
            shares[0] += group
        elif key in (1, 2):
            for item in group:
                min(shares, key=len).append(item)
        else:
            min(shares, key=len).extend(group)
    return sorted(shares, key=len, reverse=True)


@pytest.fixture(scope="session", autouse=True)
def stay_on_this_machine():
    """Let a test that needs the network fail here too, where there may be one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", socket.socket.connect)  # put back at the end
        refuse_other_machines()
        yield
