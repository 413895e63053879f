"""An environment with the newest versions of what the notebooks import, in build/newest/.

What pyproject.toml asks for at least stays, its pins and upper limits go; then pip takes the newest
that fit together. The tools around them, for tests and site, stay within their limits: a ruler must
not change while one measures. As in setup_env.py, Cellpose 3 is installed past its own limits, and
Cellpose 4, for notebook 14, in a folder of its own.
"""

import os
import platform
import re
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import setup_env
from course_build import ROOT, Stop
from course_build.lock import LEFT_TO_TORCH

FOLDER = ROOT / "build" / "newest"
NEEDED = 8e9  # bytes: the environment takes 4 GB, the downloads the rest
KEPT = {"cellpose": "<4"}  # the notebooks are written for line 3
ALONE = {canonicalize_name(name.rstrip("=")) for name in setup_env.ALONE if name.endswith("==")}
APART = "tests/notebooks/test_cellpose_sam.py"  # runs with what lies in the folder of its own
TOOLS = {"pip", "bioimage-course"}  # of no interest among the versions
SYSTEMS = {"Linux": "linux", "Darwin": "darwin", "Windows": "win32"}  # as markers call them


def is_apart(test):
    """Return whether a test runs with Cellpose 4."""
    return test.startswith(APART)


# --- What to install ----------------------------------------------------------------------------


def lifted(line, kept=KEPT):
    """Return a requirement without its pin and upper limits: that version or a newer one.

    kept : upper limits that stay, by the package's name
    """
    wanted, limits = Requirement(line), []
    for limit in wanted.specifier:
        number = limit.version.removesuffix(".*")
        if limit.operator in ("==", "===", "~=", ">="):
            limits.append(f">={number}")
        elif limit.operator in (">", "!="):
            limits.append(str(limit))
    limits += filter(None, [kept.get(canonicalize_name(wanted.name))])
    wanted.specifier = SpecifierSet(",".join(limits))
    return str(wanted)


def asked(root=ROOT):
    """Return what pyproject.toml asks for, as two lists: what notebooks import, lifted; tools."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project.get("optional-dependencies", {})
    tools = [line for lines in extras.values() for line in lines]
    return [lifted(line) for line in project.get("dependencies", [])], tools


def names(root=ROOT):
    """Return the names of what the notebooks import, in the order of pyproject.toml."""
    return list(dict.fromkeys(canonicalize_name(Requirement(line).name) for line in asked(root)[0]))


def needs(name, packages):
    """Return what an installed package asks for, lifted; without its extras."""
    (package,) = metadata.distributions(name=name, path=[str(packages)])
    lines = map(Requirement, package.requires or [])
    return [lifted(str(line)) for line in lines if "extra" not in str(line.marker)]


def apart(torch, root=ROOT):
    """Return what notebook 14 asks for, lifted, but the torchvision that was made for `torch`."""
    lines = [line.partition("#")[0].strip() for line in _lines(root / setup_env.SAM_LOCK)]
    major, minor = torch.split(".")[:2]
    fitting = f"torchvision==0.{int(minor) + 15}.*" if major == "2" else "torchvision"  # since 2.0
    return [fitting if line.startswith("torchvision") else lifted(line, {}) for line in lines]


def locked(run=None, root=ROOT):
    """Return what the course installs: {"packages": {name: version}, "apart": the same}.

    run : the run whose Python and system decide where the lock has two versions; None: here
    """
    here = default_environment()
    if run:
        here |= {
            "python_full_version": run["python"],
            "python_version": ".".join(run["python"].split(".")[:2]),
            "platform_system": run["system"],
            "platform_machine": run["machine"],
            "sys_platform": SYSTEMS[run["system"]],
        }
    kept = {"packages": {}, "apart": {}}
    for part, name in (("packages", "requirements.txt"), ("apart", setup_env.SAM_LOCK)):
        for line in _lines(root / name):
            line = line.partition("#")[0].strip()
            if line.startswith("-") or "==" not in line:
                continue
            wanted = Requirement(line)
            if not wanted.marker or wanted.marker.evaluate(here):
                (limit,) = wanted.specifier
                kept[part][canonicalize_name(wanted.name)] = limit.version
    return kept


def _lines(path):
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]


# --- Installing it ------------------------------------------------------------------------------


def make(folder=FOLDER):
    """Make the environment anew, and show how far it is; return the path of its Python.

    Raises
    ------
    Stop
        With one sentence that says what to do.
    """
    free = shutil.disk_usage(ROOT).free + setup_env.folder_size(folder)
    if free < NEEDED:
        raise Stop(
            f"Too little disk space: this needs {NEEDED / 1e9:.0f} GB, and {free / 1e9:.1f} GB are "
            "free. Free some more, then run `make newest` again."
        )
    say("1 of 4: an empty environment in build/newest")
    shutil.rmtree(folder, ignore_errors=True)
    run("venv", [sys.executable, "-I", "-m", "venv", folder / "venv"])
    python = python_of(folder)
    libraries, tools = asked()
    alone = [line for line in libraries if canonicalize_name(Requirement(line).name) in ALONE]
    say("2 of 4: what is installed past its own limits: the course, Cellpose 3")
    pip(python, "--no-deps", "-e", ".", *alone)
    say("3 of 4: the newest of everything else: 2 to 10 minutes, mostly downloading")
    packages = site_packages(folder)
    below = [line for name in sorted(ALONE) for line in needs(name, packages)]
    others = [line for line in libraries if line not in alone]
    pip(python, *others, *below, *tools)
    say("4 of 4: the newest Cellpose-SAM, without its weights")
    torch = versions(packages)["torch"]
    pip(python, "--no-deps", "--target", apart_of(folder), *apart(torch))
    return python


def python_of(folder):
    """Return the path of an environment's Python."""
    scripts, program = Path(setup_env.VENV_PYTHON).parts[-2:]
    return folder / "venv" / scripts / program


def site_packages(folder):
    """Return where an environment keeps its packages."""
    places = [*folder.glob("venv/lib/python*/site-packages"), folder / "venv/Lib/site-packages"]
    return places[0]


def apart_of(folder):
    """Return where an environment keeps Cellpose 4."""
    return folder / "venv" / Path(setup_env.SAM).name


def versions(packages):
    """Return {name: version} of what lies in a folder of packages, without torch's GPU libraries.

    torch 2.14.0+cpu counts as 2.14.0.
    """
    found = {
        canonicalize_name(package.name): package.version.partition("+")[0]
        for package in metadata.distributions(path=[str(packages)])
    }
    return {
        name: found[name]
        for name in sorted(found)
        if name not in TOOLS and not LEFT_TO_TORCH.match(name + "-")
    }


def describe(folder, date):
    """Return what a run is made with, for the history; the environment has this Python."""
    return {
        "date": date,
        "python": platform.python_version(),
        "system": platform.system(),
        "machine": platform.machine(),
        "packages": versions(site_packages(folder)),
        "apart": versions(apart_of(folder)),
    }


def pip(python, *arguments):
    """Install with the pip of an environment; its progress shows.

    Unpacking beside the environment spares a small /tmp.
    """
    temporary = python.parents[1] / "tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    variables = {"TMPDIR": str(temporary), "TEMP": str(temporary), "PIP_USER": "0"}
    variables["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    try:
        run("pip", [python, "-I", "-m", "pip", "install", *arguments], **variables)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def run(program, command, **variables):
    """Run a program in the course's folder; its progress shows, its errors are explained."""
    status, errors = start(command, {**os.environ, **variables}, stderr=subprocess.PIPE, text=True)
    if status:
        raise Stop(explain(program, errors))


def start(command, environment, **options):
    """Run a program in the course's folder; return its exit status, and its errors if caught."""
    process = subprocess.Popen(command, cwd=ROOT, env=environment, **options)
    try:
        _, errors = process.communicate()
    except KeyboardInterrupt:
        process.wait()  # it got the same Ctrl-C, and tidies up
        raise
    return process.returncode, errors


def explain(program, errors):
    """Say in one sentence why a program failed and what to do, or pass on its last words."""
    words = "\n".join(errors.strip().splitlines()[-12:])
    if re.search(setup_env.NO_SPACE, words):
        return f"The disk is full: free {NEEDED / 1e9:.0f} GB, then run `make newest` again."
    if re.search(setup_env.NO_TRUST, words):
        return (
            f"{program} does not trust the network's certificate: set PIP_CERT to the file with "
            "your institute's certificates, then run `make newest` again."
        )
    if re.search(setup_env.NO_NETWORK, words):
        return (
            f"{program} could not download: there is no network, or a proxy is in the way. "
            "Connect, then run `make newest` again."
        )
    return f"{words}\n{program} failed, with the words above."


def say(text):
    """Print a line at once, also where the output goes to a file."""
    print("· " + text, flush=True)
