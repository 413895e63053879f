"""Do the notebooks' set-up cells leave alone what a Colab machine comes with?

    python course_build/colab/resolver.py            (`make colab`, needs the network)

`changes` follows what a set-up cell installs, package by package, and names everything that would
replace a package of Colab's. It needs no network: packages/ holds Colab's lists and, for each,
what pip adds to it (added-pyXY.json), with what each of these packages wants. This program asks
the resolver for that anew: after a change of a set-up cell, and after a new list.
"""

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import nbformat
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from course_build import ROOT

NOTEBOOKS = ROOT / "notebooks"
LISTS = Path(__file__).with_name("packages")
COURSE = "COURSE_WHEEL"  # stands in the set-up cells until the notebooks are published


class Install(NamedTuple):
    """One `pip install` of a set-up cell."""

    requirements: tuple  # as typed, without the course's wheel
    dependencies: bool  # False: --no-deps
    aside: bool  # True: --target, into a folder of its own
    quiet: bool
    constraints: str  # the file that follows -c, or ""


# --- Reading ------------------------------------------------------------------------------------


def lists(folder=LISTS):
    """Return {(3, 13): path of packages-py313.txt, …}."""
    paths = {}
    for path in sorted(folder.glob("packages-py*.txt")):
        digits = re.search(r"py(\d)(\d+)", path.name)
        paths[int(digits[1]), int(digits[2])] = path
    return paths


def preinstalled(path):
    """Return {name: Version, or None where the list tells none} from one of Colab's lists."""
    packages = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, _, version = line.partition("==")
            packages[canonicalize_name(name)] = Version(version) if version else None
    return packages


def added_path(path):
    """Return where the answer of the resolver for one of the lists is kept."""
    return path.with_name(path.stem.replace("packages", "added") + ".json")


def added(path):
    """Return {"NAME==VERSION": [requirements], …}: what pip adds to one of the lists."""
    return json.loads(added_path(path).read_text(encoding="utf-8"))


def set_up_cell(path):
    """Return the source of a notebook's cell tagged `setup`."""
    for cell in nbformat.read(path, as_version=4).cells:
        if "setup" in cell.metadata.get("tags", []):
            return cell.source
    raise ValueError(f"{path.name} has no cell tagged setup")


def commands(source):
    """Return the shell commands of a set-up cell, as lists of words."""
    lines = [line.strip()[1:] for line in source.splitlines() if line.strip().startswith("!")]
    return [shlex.split(command, comments=True) for line in lines for command in line.split(" && ")]


def installs(source):
    """Return the `pip install` commands of a set-up cell, as Install."""
    found = []
    for words in commands(source):
        if words[:2] != ["pip", "install"]:
            continue
        options, requirements, values = set(), [], {}
        rest = iter(words[2:])
        for word in rest:
            if word in ("-c", "--target"):
                values[word] = next(rest)
            elif word in ("-q", "--no-deps"):
                options.add(word)
            elif word.startswith("-"):
                raise ValueError(f"this file does not know pip's option {word}: teach it")
            elif word != COURSE:
                requirements.append(word)
        found.append(
            Install(
                tuple(requirements),
                dependencies="--no-deps" not in options,
                aside="--target" in values,
                quiet="-q" in options,
                constraints=values.get("-c", ""),
            )
        )
    return found


# --- Following ----------------------------------------------------------------------------------


class Walk:
    """Follow requirements through what Colab has and what pip adds; collect what is wrong."""

    def __init__(self, has, adds, python):
        self.has, self.problems = has, []
        self.reached = set()  # the packages that the cell asks for, there before or not
        self.needed = {}  # what packages installed with --no-deps need: {name: by whom}
        self.adds = {}  # name: [(version, requirements), …]
        for key, requires in adds.items():
            name, version = key.split("==")
            self.adds.setdefault(name, []).append((Version(version), requires))
        self.environment = {
            **default_environment(),
            "python_version": "{}.{}".format(*python),
            "python_full_version": "{}.{}.0".format(*python),
            "sys_platform": "linux",
            "platform_system": "Linux",
            "platform_machine": "x86_64",
            "os_name": "posix",
            "implementation_name": "cpython",
            "platform_python_implementation": "CPython",
            "extra": "",
        }

    def follow(self, requirement, wanted_by, *, dependencies=True):
        """Note what is wrong with one requirement, and with those of the package it adds."""
        name, specifier = canonicalize_name(requirement.name), requirement.specifier
        first = name not in self.reached
        self.reached.add(name)
        if name in self.has:
            version = self.has[name]
            if version and not specifier.contains(version, prereleases=True):
                self.problems.append(
                    f"{wanted_by} needs {requirement}, which replaces Colab's {name} {version}"
                )
            return
        fitting = [each for each in self.adds.get(name, ()) if each[0] in specifier]
        if not fitting:
            self.problems.append(
                f"{wanted_by} needs {requirement}: Colab lacks it, and packages/ does not know "
                "which one pip takes; make colab asks"
            )
            return
        _, requires = max(fitting)
        for child in map(Requirement, requires if first else ()):
            if child.marker and not child.marker.evaluate(self.environment):
                continue
            if dependencies:
                self.follow(child, name)
            else:
                self.needed.setdefault(canonicalize_name(child.name), name)


def walk(source, has, adds, python):
    """Return the Walk through all that a set-up cell installs into Colab's own folder."""
    path = Walk(has, adds, python)
    for install in installs(source):
        for line in () if install.aside else install.requirements:
            path.follow(Requirement(line), "the cell", dependencies=install.dependencies)
    path.problems += [
        f"{by}, installed with --no-deps, needs {name}: name it in the line before"
        for name, by in path.needed.items()
        if name not in has.keys() | path.reached
    ]
    return path


def changes(source, has, adds, python):
    """Return what a set-up cell would change on Colab, and what it would leave missing.

    Parameters
    ----------
    source : str
        The set-up cell.
    has : dict of str to packaging.version.Version or None
        What Colab comes with, from `preinstalled`.
    adds : dict of str to list of str
        What pip adds to it, from `added`.
    python : (int, int)

    Returns
    -------
    list of str
        Sentences that name the package; empty if all is well.
    """
    both = [key for key in adds if key.split("==")[0] in has]
    return [
        *walk(source, has, adds, python).problems,
        *(f"{key} is on Colab's list by now, and in packages/ too: make colab" for key in both),
    ]


# --- Asking the resolver ------------------------------------------------------------------------


def uv():
    """Return the path of uv, or stop."""
    path = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    return path or sys.exit("uv is missing: run `make colab`, which sees to it")


def resolve(requirements, has, python):
    """Return NAME==VERSION of all that these requirements bring, Colab's packages fixed.

    Raises
    ------
    SystemExit with uv's own words if nothing fits.
    """
    version = "{}.{}".format(*python)
    with tempfile.TemporaryDirectory() as folder:
        wanted, fixed = Path(folder, "wanted.in"), Path(folder, "fixed.txt")
        wanted.write_text("\n".join(requirements) + "\n", encoding="utf-8")
        lines = [f"{name}=={number}\n" for name, number in has.items() if number]
        fixed.write_text("".join(lines), encoding="utf-8")
        answer = subprocess.run(
            [uv(), "pip", "compile", wanted, "--constraint", fixed, "--python-version", version,
             "--python-platform", "x86_64-manylinux_2_35", "--only-binary", ":all:",
             "--quiet", "--no-header", "--no-annotate"],
            capture_output=True,
            text=True,
            env={**os.environ, "UV_PYTHON_DOWNLOADS": "never"},
        )  # fmt: skip
    if answer.returncode:
        sys.exit(
            f"Python {version}: the set-up cells do not fit on Colab any more.\n{answer.stderr}"
        )
    return [line.split(" ;")[0] for line in answer.stdout.splitlines() if "==" in line]


def requires(pins, python):
    """Return {"NAME==VERSION": [requirements], …} of exact versions, from their wheels."""
    platforms = [f"manylinux{tag}_x86_64" for tag in ("_2_28", "_2_27", "_2_17", "2014")]
    answers = {}
    for pin in sorted(pins):  # one by one: there are two Cellposes
        with tempfile.TemporaryDirectory() as folder:
            answer = subprocess.run(
                [sys.executable, "-m", "pip", "install", "--dry-run", "--no-deps", "--quiet",
                 "--ignore-requires-python",  # it asks this Python, and uv asked the right one
                 "--report", "-", "--target", folder, "--only-binary", ":all:",
                 "--python-version", "{}.{}".format(*python),
                 *(word for name in platforms for word in ("--platform", name)), pin],
                capture_output=True,
                text=True,
            )  # fmt: skip
        if answer.returncode:
            sys.exit(answer.stderr)
        (item,) = json.loads(answer.stdout)["install"]
        lines = item["metadata"].get("requires_dist", [])
        answers[pin] = sorted(line for line in lines if not re.search(r"\bextra\b", line))
    return answers


def ask(path, python, sources):
    """Return what pip adds to one of the lists for these set-up cells, as `added` does."""
    has = preinstalled(path)
    pins = set()
    for install in (each for source in sources for each in installs(source)):
        if install.dependencies:
            pins |= set(resolve(install.requirements, has, python))
        elif not install.aside:
            pins |= set(install.requirements)
    return requires({pin for pin in pins if pin.split("==")[0] not in has}, python)


def main(arguments=None):
    """Run from the command line; the exit status says whether Colab's packages stay as they are."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args(arguments)
    sources = sorted({set_up_cell(path) for path in NOTEBOOKS.glob("*.ipynb")})
    problems = []
    for python, path in lists().items():
        name = "Python {}.{}".format(*python)
        adds = ask(path, python, sources)
        text = json.dumps(adds, indent=1) + "\n"
        added_path(path).write_text(text, encoding="utf-8")
        for source in sources:
            problems += [f"{name}: {x}" for x in changes(source, preinstalled(path), adds, python)]
        print(f"{name} gets " + ", ".join(adds))
    print("\n".join(problems) or "None of Colab's packages is replaced.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
