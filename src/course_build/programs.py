"""Run other programs, and find Node.js."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from course_build import ROOT, Stop


def run(command, problem, *, explain=str.strip, text_in=None, **variables):
    """Run a program in the repository and return what it prints.

    Parameters
    ----------
    command : list of str and pathlib.Path
    problem : str
        What it means if the program fails, such as "the site does not build".
    explain : function str -> str
        Turns what the program said into what the reader is told; by default its own words.
    text_in : str or None
        What the program reads from its standard input.
    variables : str
        Environment variables beside those of this process.

    Raises
    ------
    Stop
        If it fails: `problem`, then its words.
    """
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **variables},
        input=text_in or "",
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    if done.returncode:
        raise Stop(f"{problem}:\n{explain(done.stdout + done.stderr)}")
    return done.stdout


def node():
    """Return the path of Node.js: the one that the set-up put beside Python, or the system's.

    Raises
    ------
    Stop
        If there is none.
    """
    beside_python = shutil.which("node", path=str(Path(sys.executable).parent))
    found = beside_python or shutil.which("node")
    if found is None:
        raise Stop("Node.js is missing: run `make site`, which installs it into .venv")
    return found
