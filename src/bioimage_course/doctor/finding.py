"""What the doctor finds: a fault to mend or something good to know, each with its fix."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Finding:
    """A fault to mend, or something good to know.

    Parameters
    ----------
    what, why, fix : str
        What is wrong, why it matters, and how to mend it.
    stops : bool
        False if the course runs all the same.
    """

    what: str
    why: str
    fix: str
    stops: bool = True

    def __str__(self):
        mark = "✗" if self.stops else "–"
        return f"{mark} {self.what}\n    Why it matters: {self.why}\n    Fix: {self.fix}\n"


def pip_command(arguments, *, notebook):
    """How to call pip for the Python that runs this.

    Parameters
    ----------
    arguments : str
        What pip shall do, such as "install pooch".
    notebook : bool
        Whether the command is to be pasted into a cell, or else into a terminal.

    Returns
    -------
    str
    """
    if notebook:
        return f"%pip {arguments}"
    python = sys.executable
    if python.startswith(str(Path.cwd()) + os.sep):
        python = os.path.relpath(python)
    if " " in python:  # PowerShell takes a quoted program for a text, unless & stands before it
        python = f'& "{python}"' if os.name == "nt" else f'"{python}"'
    return f"{python} -m pip {arguments}"


def first_line(error):
    """An exception in one line."""
    return f"{type(error).__name__}: {error}".splitlines()[0]
