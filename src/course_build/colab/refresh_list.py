"""Take Colab's package list as it is today into packages/ (needs the network).

    python -m course_build.colab.refresh_list

Colab publishes what its machines come with as a file in a repository. What is written here is one
line a package, NAME==VERSION, under a head that says which commit it is from; addresses of
downloads are left out. A list that does not arrive whole changes nothing.

After it, `make colab-replica` tries whether the notebooks' set-up cells still fit.
"""

import argparse
import json
import re
import sys
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path
from urllib.parse import unquote

from course_build import Stop

LISTS = Path(__file__).with_name("packages")
REPOSITORY = "googlecolab/backend-info"
COMMITS = f"https://api.github.com/repos/{REPOSITORY}/commits?path=pip-freeze.txt&per_page=1"
FILES = f"https://raw.githubusercontent.com/{REPOSITORY}"
SECONDS = 60

# A list without these, or with far fewer packages than ever, is a page about an error.
EXPECTED = ("numpy", "tensorflow", "keras", "torch", "scikit-image", "pip")
FEWEST = 300

HEAD = """\
# What a Colab machine without a GPU comes with: Python {python}, {date}.
# From pip-freeze.txt of the GitHub repository {repository}, commit
# {commit}.
# Made by course_build/colab/refresh_list.py, without the addresses of downloads.
"""


def fetch(address):
    """Return the text at an address.

    Raises
    ------
    Stop if no network is there, the status is not 200, or less arrives than was announced.
    """
    try:
        with urllib.request.urlopen(address, timeout=SECONDS) as answer:
            if answer.status != 200:
                raise Stop(f"{address} answered {answer.status}: try again later")
            return answer.read().decode("utf-8")
    except urllib.error.HTTPError as error:
        raise Stop(f"{address} answered {error.code}: try again later") from None
    except (OSError, HTTPException, UnicodeDecodeError) as error:
        raise Stop(
            f"{address} did not arrive whole ({error}): look at the network, then try again"
        ) from None


def pin(line):
    """Return a line of `pip freeze` as NAME==VERSION, or NAME where no version is told.

    A package that did not come from a registry stands there with the address of its file:
    `torch @ https://…/torch-2.11.0%2Bcpu-cp313-….whl`. The file's name tells the version.
    """
    name, _, address = line.partition(" @ ")
    if not address:
        return line
    file = unquote(address.partition("#")[0].rpartition("/")[2])
    version = re.match(r"[\w.]+-(\d[\w.+!]*?)(?:-.*\.whl|\.tar\.gz|\.zip)$", file)
    return f"{name}=={version[1]}" if version else name


def pins(frozen):
    """Return the lines of a list without comments and addresses.

    Raises
    ------
    Stop if this is not the whole of such a list.
    """
    lines = [pin(line) for line in frozen.splitlines() if line.strip() and line[0] != "#"]
    odd = [line for line in lines if not re.fullmatch(r"[\w.-]+(==[\w.+!-]+)?", line)]
    names = {line.partition("==")[0].lower() for line in lines}
    missing = [name for name in EXPECTED if name not in names]
    if odd or missing or len(lines) < FEWEST or not frozen.endswith("\n"):
        raise Stop(
            f"what arrived is not the whole list: {len(lines)} packages, without {missing}, "
            f"with odd lines {odd[:3]}. The list that is here stays; try again later"
        )
    return lines


def refresh(folder=LISTS, *, commits=COMMITS, files=FILES):
    """Write the newest list into `folder` as packages-pyXY.txt; return its path.

    Raises
    ------
    Stop. All files are then as they were.
    """
    try:
        newest = json.loads(fetch(commits))[0]
        commit, date = newest["sha"], newest["commit"]["committer"]["date"][:10]
    except (ValueError, LookupError, TypeError):
        raise Stop(f"{commits} names no commit: try again later") from None
    system = fetch(f"{files}/{commit}/os-info.txt")
    python = re.search(r"^Python (\d+)\.(\d+)\.\d+", system, re.MULTILINE)
    if not python:
        raise Stop(f"os-info.txt of commit {commit} names no Python: look at it by hand")
    lines = pins(fetch(f"{files}/{commit}/pip-freeze.txt"))
    head = HEAD.format(
        python=python[0].removeprefix("Python "),
        date=f"committed {date}",
        repository=REPOSITORY,
        commit=commit,
    )
    path = folder / f"packages-py{python[1]}{python[2]}.txt"
    half = path.with_name(path.name + ".part")
    try:
        half.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)
    return path


def main(arguments=None):
    """Run from the command line; the exit status says whether the list is new."""
    argparse.ArgumentParser(description="Refresh Colab's package list.").parse_args(arguments)
    try:
        path = refresh()
    except Stop as problem:
        print(problem, file=sys.stderr)
        return 1
    print(f"{path.name} is of today. Now: make colab-replica")
    return 0


if __name__ == "__main__":
    sys.exit(main())
