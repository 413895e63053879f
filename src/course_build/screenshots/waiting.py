"""Let a window work, and wait for what it does."""

import time

from qtpy.QtWidgets import QApplication


def settle(seconds):
    """Let the window draw and answer for a while."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.02)


def wait_until(done, *, seconds):
    """Return as soon as `done()` is true.

    Raises
    ------
    TimeoutError
        If that takes longer.
    """
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            raise TimeoutError(f"nothing after {seconds} s: {done}")
        settle(0.2)
