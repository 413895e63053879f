"""Write requirements.txt: every package the course needs, pinned, for all systems (`make lock`).

The same for requirements-napari.txt, an environment beside it: napari and Cellpose's window exclude
some of the course's own packages. uv resolves each list for Linux, Windows and Apple's processors
at once. What it prints is made readable here, and left to torch is what torch pins itself: the GPU
libraries, so that a smaller build of torch without them fits the same lock.

The versions of what the notebooks import go into the package as well, in pins.txt: the lock does
not travel with the wheel, and bioimage_course.doctor compares with it.
"""

import re
import sys
import tomllib

from course_build import ROOT, Stop
from course_build.programs import find, run

HEADER = """\
# Every package of the course with its version: site, notebooks and tests.
# Made by `make lock` from requirements.in and pyproject.toml; edit those instead.
# For Python 3.11 to 3.13 on Linux, Windows and Apple's own processors.
# The GPU libraries are missing on purpose: torch pins the ones it needs.
"""
NAPARI_HEADER = """\
# napari with its plugins for StarDist and Cellpose, and Cellpose's own window: an environment of
# its own, see docs/clicks/napari.md. `make screenshots` installs and uses it.
# Made by `make lock` from requirements-napari.in; edit that instead.
# On a Mac, install with --no-deps: the plugin for StarDist asks for a TensorFlow that has ended.
"""
PINS = ROOT / "src" / "bioimage_course" / "doctor" / "pins.txt"
PINS_HEADER = """\
# The versions that the notebooks were tested with, for bioimage_course.doctor.
# Made by `make lock`, out of requirements.txt.
"""
LEFT_TO_TORCH = re.compile(r"(nvidia|cuda|triton)[-=]")
# In every line stands where the lock holds at all; only what goes beyond that tells something.
EVERYWHERE = (
    "((platform_machine == 'arm64' and sys_platform == 'darwin') or sys_platform == 'linux' "
    "or sys_platform == 'win32')",
    "python_full_version < '3.14'",
)


def readable(line):
    """Return one line of uv's without the part of its marker that is true everywhere."""
    package, _, marker = line.partition(" ; ")
    for known in EVERYWHERE:
        marker = marker.replace(f"{known} and ", "").replace(f" and {known}", "")
        marker = "" if marker == known else marker
    return f"{package} ; {marker}" if marker else package


def resolve(source="requirements.in"):
    """Return the lines uv gives for a list of packages.

    Raises
    ------
    Stop
        With uv's own words if nothing fits, or if uv is not there.
    """
    uv = find("uv", "uv is missing: run `make lock`, which sees to it")
    command = [uv, "pip", "compile", source, "--universal", "--python-version", "3.11"]
    options = ["--quiet", "--no-header", "--no-annotate"]
    return run([*command, *options], "no versions fit together").splitlines()


def pins(lines):
    """Return the lines of the lock for the packages that pyproject.toml itself asks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = {re.match(r"[\w-]+", line)[0] for line in project["dependencies"]}
    return [line for line in lines if line.partition("==")[0] in asked - {"jupyterlab"}]


def locked(source):
    """Return the lines of a lock: readable, without what torch pins itself.

    Raises
    ------
    Stop
        If a line names an address.
    """
    lines = [readable(line) for line in resolve(source) if line and not line.startswith("#")]
    lines = [line for line in lines if not LEFT_TO_TORCH.match(line)]
    odd = [line for line in lines if "://" in line or "index-url" in line]
    if odd:
        raise Stop(f"the lock may not name an address: {odd}")
    return lines


def write(name, header, lines):
    """Write one lock."""
    (ROOT / name).write_text(header + "\n".join(lines) + "\n", encoding="utf-8")


def lock():
    """Write both locks and pins.txt; return the number of packages that the course locks."""
    lines, beside = locked("requirements.in"), locked("requirements-napari.in")
    write("requirements.txt", HEADER, lines)
    write("requirements-napari.txt", NAPARI_HEADER, beside)
    PINS.write_text(PINS_HEADER + "\n".join(pins(lines)) + "\n", encoding="utf-8")
    return len(lines)


if __name__ == "__main__":
    try:
        print(f"requirements.txt: {lock()} packages")
    except Stop as stop:
        sys.exit(str(stop))
