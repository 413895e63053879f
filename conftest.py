"""For all tests: quiet libraries, quick ones first, and no way out of this machine."""

import importlib.util
import os
import socket
import sys
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

from course_build.notebooks.run import settings

# pytest's importlib mode does not find these by itself.
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent / "offline")]

from tests.notebook_costs import Costs  # noqa: E402
from tests.offline.sockets import refuse_other_machines  # noqa: E402

# TensorFlow reads these at its import, so they must be there before the first test.
QUIET, _ = settings()
for name in ("TF_CPP_MIN_LOG_LEVEL", "TF_ENABLE_ONEDNN_OPTS", "TQDM_DISABLE"):
    os.environ.setdefault(name, QUIET[name])


# Two test processes on two cores: without this each would start two threads per core, and wait.
processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", 1))
if processes > 1:
    threads = str(max(1, (os.cpu_count() or 1) // processes))
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"):
        os.environ.setdefault(name, threads)

# torch's CUDA build brings triton, which crashes the process when TensorFlow was loaded before it.
if importlib.util.find_spec("triton"):
    importlib.import_module("triton")


def pytest_configure(config):
    """Measure the notebooks, which lie outside this folder."""
    config.pluginmanager.register(Costs(), "notebook-costs")


class SiteTogether(LoadScopeScheduling):
    """The site's tests stay on one process: one build, one browser, one report.

    `--dist loadgroup` would do this, but in pytest-xdist 3.8 it does not see groups under pytest 9.
    """

    def _split_scope(self, nodeid):
        return "site" if nodeid.startswith("tests/site/") else nodeid


@pytest.hookimpl(optionalhook=True)  # where xdist is switched off, nobody asks
def pytest_xdist_make_scheduler(config, log):
    """Hand out tests one by one, and the site's, the largest group, before all others."""
    return SiteTogether(config, log)


def pytest_collection_modifyitems(items):
    """Quick tests first, then what takes minutes: the site in a browser, and the notebooks."""

    def slowness(item):
        if item.path.suffix == ".ipynb":
            return 2
        return 1 if "site" in item.path.parts else 0

    items.sort(key=slowness)


@pytest.fixture(scope="session", autouse=True)
def stay_on_this_machine():
    """Let a test that needs the network fail here too, where there may be one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", socket.socket.connect)  # put back at the end
        refuse_other_machines()
        yield
