"""Run other programs, and find those that the set-up put beside Python."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from course_build import ROOT, Stop


def run(
    command, problem, *, explain=str.strip, text_in=None, cwd=ROOT, env=os.environ, **variables
):
    """Run a program and return what it prints.

    Parameters
    ----------
    command : list of str and pathlib.Path
    problem : str
        What it means if the program fails, such as "the site does not build".
    explain : function str -> str
        Turns the program's words into the reader's; by default they stay as they are.
    text_in : str or None
        What the program reads from its standard input.
    cwd : pathlib.Path
        The folder in which it runs.
    env : dict of str to str
        Its environment variables.
    variables : str
        More of them.

    Returns
    -------
    str
        Its standard output.

    Raises
    ------
    Stop
        If it fails: `problem`, then its words.
    """
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**env, **variables},
        input=text_in or "",
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    if done.returncode:
        raise Stop(f"{problem}:\n{explain(done.stdout + done.stderr)}")
    return done.stdout


def node():
    """Return the path of Node.js.

    Raises
    ------
    Stop
        If there is none.
    """
    return find("node", "Node.js is missing: run `make site`, which installs it into .venv")


def find(name, problem):
    """Return the path of a program: the one that the set-up put beside Python, or the system's.

    Raises
    ------
    Stop
        If there is none: `problem`.
    """
    beside_python = shutil.which(name, path=str(Path(sys.executable).parent))
    path = beside_python or shutil.which(name)
    if path is None:
        raise Stop(problem)
    return path
