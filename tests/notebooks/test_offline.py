"""Notebooks are run with the network cut off, and so is every process that they start."""

import subprocess
import sys

from course_build.notebooks.run import settings
from tests.notebooks.lessons import FOLDER

ELSEWHERE = "import socket; socket.create_connection(('192.0.2.1', 80), timeout=20)"


def in_a_kernels_surroundings(code):
    """Run code as a notebook's kernel would be run; return the finished process."""
    environment, _ = settings()
    return subprocess.run(
        [sys.executable, "-c", code], cwd=FOLDER, env=environment, capture_output=True, text=True
    )


def test_another_machine_cannot_be_reached():
    assert "the network is cut off here" in in_a_kernels_surroundings(ELSEWHERE).stderr


def test_nor_from_a_process_that_the_notebook_starts():
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {ELSEWHERE!r}])"
    assert "the network is cut off here" in in_a_kernels_surroundings(child).stderr


def test_this_machine_can_be_reached():
    here = (
        "import socket; server = socket.create_server(('127.0.0.1', 0));"
        "socket.create_connection(server.getsockname()); print('reached')"
    )
    assert in_a_kernels_surroundings(here).stdout == "reached\n"
