"""For all tests: quiet libraries, long tests first, and no way out of this machine."""

import importlib.util
import os
import socket

import pytest

from course_build.notebooks.run import settings
from tests.costs import Costs
from tests.offline.sockets import refuse_other_machines

pytest_plugins = ["tests.site.fixtures"]

# TensorFlow reads these at its import, so they must be there before the first test.
QUIET, _ = settings()
for name in ("TF_CPP_MIN_LOG_LEVEL", "TQDM_DISABLE"):
    os.environ.setdefault(name, QUIET[name])

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


@pytest.hookimpl(tryfirst=True)  # before pytest takes those with a mark
def pytest_collection_modifyitems(items):
    """What takes minutes first, the notebooks; so the processes end together, on short tests.

    `--dist worksteal` gives each process a piece of the list, so each piece begins with its share
    of the long ones. Notebooks and tests of their cells, and what needs the site or a browser,
    are marked slow: `make check` leaves them out.
    """
    order = {}
    for item in items:
        is_notebook = item.path.suffix == ".ipynb"
        needs_site = bool(
            {"browser", "site", "published", "disk"} & set(getattr(item, "fixturenames", ()))
        )
        runs_cells = item.path.parent.name == "notebooks" and item.path.stem != "test_anatomy"
        if is_notebook or needs_site or (runs_cells and "course_build" not in item.path.parts):
            item.add_marker("slow")
        order[item] = 0 if is_notebook else 1 if needs_site else 2
    items.sort(key=order.get)
    items[:] = [item for start in range(processes) for item in items[start::processes]]


@pytest.fixture(scope="session", autouse=True)
def stay_on_this_machine():
    """Let a test that needs the network fail here too, where there may be one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", socket.socket.connect)  # put back at the end
        refuse_other_machines()
        yield
