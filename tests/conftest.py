"""For all tests: quiet libraries, quick ones first, and no way out of this machine."""

import importlib.util
import ipaddress
import os
import socket

import pytest

from run_notebooks import settings

# TensorFlow reads these at its import, so they must be there before the first test.
QUIET, _ = settings()
for name in ("TF_CPP_MIN_LOG_LEVEL", "TF_ENABLE_ONEDNN_OPTS", "TQDM_DISABLE"):
    os.environ.setdefault(name, QUIET[name])


# torch's CUDA build brings triton, which crashes the process when TensorFlow was loaded before it.
if importlib.util.find_spec("triton"):
    importlib.import_module("triton")


class NetworkUsed(OSError):
    """A test tried to reach another machine."""


def pytest_collection_modifyitems(items):
    """Quick tests first: then the notebooks, which take minutes, and the site in a browser."""

    def slowness(item):
        if item.path.suffix == ".ipynb":
            return 1
        return 2 if "site" in item.path.parts else 0

    items.sort(key=slowness)


def is_here(address):
    """Return whether a socket's address stays on this machine."""
    if not isinstance(address, tuple):  # a Unix socket
        return True
    host = address[0]
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.fixture(scope="session", autouse=True)
def stay_on_this_machine():
    """Let a test that needs the network fail here too, where there may be one."""
    connect = socket.socket.connect

    def guarded(self, address):
        if not is_here(address):
            raise NetworkUsed(f"this test needs the network: it connects to {address}")
        return connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield
