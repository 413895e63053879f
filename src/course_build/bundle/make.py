"""Make one folder, and a zip of it, with which a room without internet works (`make bundle`).

    python -m course_build.bundle.make             into build/bundle/
    python -m course_build.bundle.make FOLDER      into another folder

It holds the site to be opened from disk, the notebooks for students and for trainers, every Python
package as a wheel, and what stands in scripts/ beside this: those that install without a
network, and the one that compares every file with SHA256SUMS. It is for systems like the one that
makes it: the same system, processor and version of Python. `make bundle-check` tries it.
"""

import argparse
import errno
import importlib.metadata
import json
import math
import platform
import re
import shutil
import sys
import time
import tomllib
import zipfile
from functools import partial
from pathlib import Path

import nbformat
from packaging.requirements import Requirement

import setup_env
from course_build import ROOT, Stop
from course_build.bundle.scripts import verify
from course_build.notebooks import students
from course_build.pages import links
from course_build.programs import run

OUT = ROOT / "build" / "bundle"
SCRIPTS = Path(__file__).with_name("scripts")
MEASURED = "measured.json"


def name():
    """Return the bundle's name: the course's version, and the computers that it is for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    system = f"{platform.system()}-{platform.machine()}".lower()
    python = ".".join(platform.python_version_tuple()[:2])
    return f"{project['name']}-{project['version']}-{system}-python{python}"


def make(out=OUT, *, steps=None):
    """Make the folder and the zip in `out`; return what was measured, a dict of name to value.

    steps : the functions that fill the folder, in their order; all if None

    Raises
    ------
    Stop if something fails or the disk is full. No half folder and no half zip is left then.
    """
    started = time.monotonic()
    out.mkdir(parents=True, exist_ok=True)
    folder, half = out / name(), out / f"{name()}.part"
    packed = out / f"{name()}.zip"
    shutil.rmtree(half, ignore_errors=True)
    try:
        half.mkdir()
        for step in steps or (check_computer, add_wheels, add_notebooks, add_site, add_scripts):
            step(half)
        add_sums(half)
        shutil.rmtree(folder, ignore_errors=True)
        packed.unlink(missing_ok=True)
        half.rename(folder)
        pack(folder, packed)
    except OSError as error:
        raise Stop(explain(error, out)) from error
    finally:
        shutil.rmtree(half, ignore_errors=True)
    measured = measure(folder, packed) | {"make_seconds": round(time.monotonic() - started)}
    (out / MEASURED).write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
    return measured


def needed():
    """Return the bytes that folder, zip and what pip unpacks meanwhile take on the disk."""
    installed = [distribution.name for distribution in importlib.metadata.distributions()]
    with_gpu_libraries = any(name.startswith("nvidia-") for name in installed)
    return (8 if with_gpu_libraries else 3) * setup_env.GIGABYTE


def check_computer(folder):
    """Stop before minutes of work where there is no bundle for this Python, or no disk for it."""
    if sys.version_info >= (3, 13):
        raise Stop(
            "A bundle is made with Python 3.11 or 3.12: on newer ones, pip alone does not install "
            "Cellpose 3 beside TensorFlow. Delete the folder .venv, then run "
            "`python3.12 setup_env.py --test` and `make bundle`."
        )
    free = shutil.disk_usage(folder).free
    if free < needed():
        raise Stop(
            f"Too little disk space: the bundle needs {needed() / 1e9:.0f} GB, and "
            f"{free / 1e9:.1f} GB are free on the disk of {folder.parent}. Make room, then run "
            "this again."
        )


def explain(error, out):
    """Return what to do about an OSError."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk of {out} is full: make room for {needed() / 1e9:.0f} GB, run this again."
    return f"The bundle cannot be written: {error}"


# --- The parts ------------------------------------------------------------------------------


def add_wheels(folder):
    """Collect the packages that the notebooks need, in the versions of the lock."""
    say("collecting the packages (the longest part, minutes)")
    wheels = folder / "wheels"
    # With the builder that is installed, so that nothing is downloaded for it.
    own = ["--no-deps", "--no-build-isolation", "--no-index", str(ROOT)]
    step("pip", [sys.executable, "-m", "pip", "wheel", "--quiet", "--wheel-dir", wheels, *own])
    versions = folder / "versions.txt"
    versions.write_text("\n".join(constraints()) + "\n", encoding="utf-8")
    options = ["--quiet", "--wheel-dir", wheels, "--find-links", wheels, "--constraint", versions]
    step("pip", [sys.executable, "-m", "pip", "wheel", *options, "bioimage-course"])
    versions.unlink()
    if others := for_other_patches():
        alone = ["--quiet", "--wheel-dir", wheels, "--no-deps", "--ignore-requires-python"]
        step("pip", [sys.executable, "-m", "pip", "wheel", *alone, *others])
    if any(wheels.glob("nvidia*.whl")):
        say(
            "torch came with NVIDIA's libraries, some GB: docs/teach/bundle.md says how to avoid it"
        )


def constraints():
    """Return the lines of the lock, and torch as it is installed here: on Linux, the CPU's build.

    The version of that build has an ending of its own ("+cpu"), which the lock cannot name: not
    every place that pip takes packages from has it.
    """
    lock = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    lines = [line for line in lock if not line.startswith(("#", "-e ", "torch=="))]
    return [*lines, f"torch=={importlib.metadata.version('torch')}"]


def for_other_patches():
    """Return the packages of the lock that only other patches of this Python need, as for pip.

    "Python 3.11" is 3.11.2 as well as 3.11.13, and some packages tell them apart.
    """
    minor = ".".join(platform.python_version_tuple()[:2])
    wanted = []
    for package in map(Requirement, constraints()):
        if package.marker and not package.marker.evaluate():
            patches = ({"python_full_version": f"{minor}.{patch}"} for patch in (0, 99))
            if any(map(package.marker.evaluate, patches)):
                wanted.append(f"{package.name}{package.specifier}")
    return wanted


def add_notebooks(folder, source=ROOT / "notebooks"):
    """Write the notebooks, complete for trainers and without solutions for students."""
    complete = {path.name: path.read_text(encoding="utf-8") for path in source.glob("*.ipynb")}
    for kind, texts in (("trainer", complete), ("student", students.make(source))):
        target = folder / "notebooks" / kind
        target.mkdir(parents=True)
        for file_name, text in texts.items():
            (target / file_name).write_text(for_disk(text), encoding="utf-8")


def in_words(words, target):
    """Say where the page lies to which a notebook's link leads; None if it leads elsewhere."""
    page, _ = links.linked_page(target, "notebooks/any.ipynb")
    return page and f"*{words}* (`site/{links.built_address(page, folders=False)}`)"


def for_disk(text):
    """Return a notebook's text with the places of pages in words.

    JupyterLab opens no page from disk: a link there would do nothing, and not say why.
    """
    notebook = nbformat.reads(text, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = links.each_link(cell.source, in_words)
    return nbformat.writes(notebook) + "\n"


def add_site(folder):
    """Build the site that is opened from disk."""
    say("building the slides and the site")
    variables = {"OFFLINE": "true", "SITE_URL": "", "REPO_URL": ""}
    step("Chromium", [sys.executable, "-m", "course_build.print"], **variables)
    # Not --quiet: MkDocs would not count its warnings then, and --strict would let them pass.
    mkdocs = [sys.executable, "-m", "mkdocs", "build", "--strict"]
    step("mkdocs", [*mkdocs, "--site-dir", folder / "site"], **variables)


def add_scripts(folder):
    """Write the scripts and the README, with the computers that they are for and the space."""
    say("writing the scripts")
    python = platform.python_version_tuple()[:2]
    values = {
        "PYTHON": ".".join(python),
        "PYTHON_TUPLE": ", ".join(python),
        "SYSTEM": platform.system(),
        "MACHINE": platform.machine(),
        "ENVIRONMENT": f"{math.ceil(unpacked_size(folder / 'wheels') / 1e9)} GB",
    }
    for source in sorted(SCRIPTS.iterdir()):
        if not source.is_file():
            continue
        text = source.read_text(encoding="utf-8")
        if source.suffix != ".py":
            text = re.sub(r"\{([A-Z_]+)\}", lambda match: values[match[1]], text)
        ending = "\r\n" if source.suffix == ".bat" else "\n"  # cmd.exe misreads others
        (folder / source.name).write_text(text, encoding="utf-8", newline=ending)
        (folder / source.name).chmod(0o755 if source.suffix == ".sh" else 0o644)


def unpacked_size(wheels):
    """Return the bytes that an environment with these wheels takes, with a fifth for bytecode."""
    packed = [zipfile.ZipFile(wheel) for wheel in wheels.glob("*.whl")]
    return 1.2 * sum(entry.file_size for wheel in packed for entry in wheel.infolist())


def add_sums(folder):
    """Write SHA256SUMS over every file, in the form that `sha256sum --check` reads, too."""
    lines = [f"{verify.sha256(folder / path)}  {path}" for path in sorted(verify.present(folder))]
    (folder / verify.SUMS).write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def pack(folder, packed):
    """Pack a folder into the zip `packed`, which appears only when it is complete."""
    say("packing the zip")
    half = packed.with_name(packed.name + ".part")
    try:
        with zipfile.ZipFile(half, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(folder.rglob("*")):
                if path.is_file():  # a wheel is a zip already
                    how = zipfile.ZIP_STORED if path.suffix == ".whl" else zipfile.ZIP_DEFLATED
                    archive.write(path, path.relative_to(folder.parent), compress_type=how)
        half.replace(packed)
    finally:
        half.unlink(missing_ok=True)


# --- All together ---------------------------------------------------------------------------


def measure(folder, packed):
    """Return sizes and numbers of a bundle: gigabytes are 10⁹ bytes."""

    def size(path):
        return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())

    return {
        "system": f"{platform.system()} on {platform.machine()}",
        "python": ".".join(platform.python_version_tuple()[:2]),
        "folder_gigabytes": round(size(folder) / 1e9, 2),
        "zip_gigabytes": round(packed.stat().st_size / 1e9, 2),
        "wheels": len(list(folder.glob("wheels/*.whl"))),
        "wheels_gigabytes": round(size(folder / "wheels") / 1e9, 2),
        "site_megabytes": round(size(folder / "site") / 1e6),
    }


def step(program, command, **variables):
    """Run a program; stop with its own words, explained, if it fails."""
    explain = partial(setup_env.explain, program)
    run(command, "the bundle cannot be made", explain=explain, **variables)


def say(text):
    """Print a line at once: the steps take minutes."""
    print(f"· {text}", flush=True)


def main(arguments=None):
    """Make the bundle from the command line; the exit status is 0 only if it is complete."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=OUT)
    out = parser.parse_args(arguments).folder.resolve()
    try:
        measured = make(out)
    except Stop as stop:
        print(stop, file=sys.stderr)
        return 1
    print(
        f"{out / name()}.zip: {measured['zip_gigabytes']} GB, for {measured['system']} with Python "
        f"{measured['python']}, made in {measured['make_seconds']} s"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
