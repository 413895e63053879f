"""The Makefile, as a reader meets it."""

import importlib.util
import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]


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


def test_help_lists_every_target_in_one_line_each_and_fits_on_one_screen():
    listed = re.findall(r"^  make ([\w-]+) +\S.{10,95}$", make("help").stdout, flags=re.MULTILINE)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    defined = re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE)
    phony = re.search(r"^\.PHONY: ((?:.*\\\n)*.*)$", makefile, flags=re.MULTILINE)[1]
    assert sorted(listed) == sorted(defined) == sorted(phony.replace("\\\n", " ").split())
    assert {"serve", "test", "check"} <= set(listed) and len(listed) <= 28


def test_every_module_that_a_target_runs_is_there():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    modules = re.findall(r"-m ((?:course_build|tests|training)[\w.]*)", makefile)
    scripts = re.findall(r"(?:RUN\)|PYTHON\)) ([\w/]+\.py)", makefile)
    assert len(modules) > 15 and "setup_env.py" in scripts
    assert [name for name in modules if importlib.util.find_spec(name) is None] == []
    assert [name for name in scripts if not (ROOT / name).is_file()] == []


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


def test_yes_beforehand_reaches_the_set_up():
    assert "setup_env.py --yes" in make("-n", "serve", "YES=1").stdout
    assert "--yes" not in make("-n", "serve").stdout


def test_without_any_python_the_line_says_what_to_install(tmp_path):
    answer = make("serve", PATH=str(tmp_path))
    assert answer.returncode != 0
    assert "No Python found. Install Python 3.12" in answer.stderr
