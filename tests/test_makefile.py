"""The Makefile, as a reader meets it."""

import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
TARGETS = {
    "help",
    "serve",
    "site",
    "test",
    "notebooks",
    "figures",
    "models",
    "links",
    "lock",
    "clean",
    "colab-replica",
    "publish-check",
    "slides",
    "student-notebooks",
    "bundle",
    "bundle-check",
}


def make(*arguments, **variables):
    """Run make in the repository and return the finished process."""
    # These tests run inside `make test`; the make that they start must not know.
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in {"MAKELEVEL", "MAKEFLAGS", "MFLAGS"}
    }
    return subprocess.run(
        [shutil.which("make"), *arguments],
        cwd=ROOT,
        env={**inherited, **variables},
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_help_lists_every_target_in_one_line_each():
    listed = re.findall(r"^  make ([\w-]+) +\S.{10,95}$", make("help").stdout, flags=re.MULTILINE)
    defined = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    assert sorted(listed) == sorted(defined) == sorted(TARGETS)


def test_serve_on_a_taken_port_is_one_line_before_anything_else():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        answer = make("serve", f"PORT={port}")
    assert answer.returncode != 0
    assert answer.stdout == ""
    first, *rest = answer.stderr.splitlines()
    assert first.startswith(f"Port {port} is taken")
    assert all(line.startswith("make:") for line in rest)


def test_without_any_python_the_line_says_what_to_install(tmp_path):
    answer = make("serve", PATH=str(tmp_path))
    assert answer.returncode != 0
    assert "No Python found. Install Python 3.12" in answer.stderr
