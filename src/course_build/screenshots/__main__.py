"""Photograph napari and Cellpose's window while they do what their pages say (`make screenshots`).

    python -m course_build.screenshots                 take them, keep them in figures/
    python -m course_build.screenshots --check         take them elsewhere, compare what was said
    python -m course_build.screenshots napari_window   only this one

The programs need packages that exclude some of the course's own, so they have an environment to
themselves, build/napari-env, from requirements-napari.txt. On a machine without a screen, Xvfb
makes one. Two photographs of the same window differ in pixels: compared is what the widgets say.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import venv
from pathlib import Path

from PIL import Image

from course_build import ROOT, Stop
from course_build.programs import run

ENVIRONMENT = ROOT / "build" / "napari-env"
LOCK = ROOT / "requirements-napari.txt"
#: What photographs a program, and the folder of figures/ that keeps the result.
PROGRAMS = {"napari_window": "clicks_napari", "cellpose_window": "clicks_cellpose"}
LARGEST = 60_000  # bytes for each picture
WIDEST = 1360  # pixels
#: Counts and pixels that may differ between processors, by so many.
CLOSE = 3


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Photograph the programs of the click pages.")
    parser.add_argument("names", nargs="*", help=f"these: {', '.join(PROGRAMS)}")
    parser.add_argument("--check", action="store_true", help="compare with what is stored")
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - PROGRAMS.keys():
        print(f"no program is called {', '.join(sorted(unknown))}", file=sys.stderr)
        return 1
    faults = []
    try:
        prepare()
        for name in options.names or PROGRAMS:
            print(f"{name} …", flush=True)
            with tempfile.TemporaryDirectory() as place:
                photograph(name, Path(place))
                if options.check:
                    faults += check(name, Path(place))
                else:
                    keep(name, Path(place))
    except Stop as stop:
        faults.append(str(stop))
    print("\n".join(faults) or "The windows say what the pages quote.")
    return 1 if faults else 0


def python():
    """Return the environment's Python."""
    return ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def prepare():
    """Make the environment anew unless it was made from today's lock."""
    installed = ENVIRONMENT / "installed.txt"
    if installed.exists() and installed.read_bytes() == LOCK.read_bytes():
        return
    print("installing napari, StarDist and Cellpose beside the course: some minutes, 4 GB …")
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    venv.create(ENVIRONMENT, with_pip=True)
    command = [python(), "-m", "pip", "install", "--quiet", "-r", LOCK]
    run(command, "requirements-napari.txt cannot be installed")
    shutil.copy(LOCK, installed)


def screen():
    """Return what has to stand before a command that opens a window.

    Raises
    ------
    Stop
        If there is neither a screen nor Xvfb.
    """
    if os.name == "nt" or sys.platform == "darwin" or os.environ.get("DISPLAY"):
        return []
    if not shutil.which("xvfb-run"):
        raise Stop("there is no screen: sudo apt-get install xvfb libegl1 libxcb-cursor0")
    return ["xvfb-run", "--auto-servernum", "--server-args=-screen 0 1600x1200x24"]


def photograph(name, folder):
    """Let one program do its steps; its photographs and what it said are then in `folder`.

    It runs in an empty home folder, so that nobody's own settings and models are seen or changed.

    Raises
    ------
    Stop
        With the program's own words, if it fails.
    """
    home = folder / "home"
    home.mkdir()
    out = folder / "out"
    out.mkdir()
    run(
        [*screen(), python(), "-m", f"course_build.screenshots.{name}", out],
        f"{name} did not do its steps",
        HOME=str(home), USERPROFILE=str(home), XDG_CONFIG_HOME=str(home / "config"),
        CELLPOSE_LOCAL_MODELS_PATH=str(home / "models"), NAPARI_CONFIG=str(home / "napari.yaml"),
        STARDIST_NAPARI_NOPERSIST="1", TF_CPP_MIN_LOG_LEVEL="3", TF_ENABLE_ONEDNN_OPTS="0",
        LIBGL_ALWAYS_SOFTWARE="1", GALLIUM_DRIVER="softpipe",  # Mesa's LLVM and TensorFlow's clash
        PYTHONPATH=os.pathsep.join([str(ROOT / "src"), str(ROOT)]),
    )  # fmt: skip


def keep(name, place):
    """Put the photographs, small, and what was said into the figure's folder."""
    folder = ROOT / "figures" / PROGRAMS[name]
    folder.mkdir(exist_ok=True)
    for path in sorted(folder.glob("*.webp")):
        path.unlink()
    for path in sorted((place / "out").glob("*.png")):
        shrink(Image.open(path).convert("RGB"), folder / f"{path.stem}.webp")
    shutil.copy(place / "out" / "says.json", folder / "data.json")


def shrink(picture, path):
    """Save a photograph as WebP, as sharp as `LARGEST` allows.

    Raises
    ------
    Stop
        If it stays too large at a quality that can still be read.
    """
    picture.thumbnail((WIDEST, WIDEST))
    for quality in range(85, 35, -5):
        picture.save(path, quality=quality, method=6)
        if path.stat().st_size <= LARGEST:
            return
    raise Stop(f"{path.name} has {path.stat().st_size} bytes: photograph less of the window")


def check(name, place):
    """Return in what the windows say something else than is stored."""
    said = json.loads((place / "out" / "says.json").read_text(encoding="utf-8"))
    file = ROOT / "figures" / PROGRAMS[name] / "data.json"
    return [
        f"{name}: {what}. Run `make screenshots`, and read the page again."
        for what in unlike(json.loads(file.read_text(encoding="utf-8")), said)
    ]


def unlike(stored, said, where=""):
    """Yield one sentence for each value that differs; counts may by a few."""
    for key in sorted(stored.keys() | said.keys()):
        one, other, place = stored.get(key), said.get(key), f"{where}{key}"
        if isinstance(one, dict) and isinstance(other, dict):
            yield from unlike(one, other, f"{place}.")
        elif type(one) is type(other) is int and not where.startswith("versions"):
            if abs(one - other) > max(CLOSE, 0.02 * one):
                yield f"{place} is {other}, not {one}"
        elif one != other:
            yield f"{place} is {other!r}, not {one!r}"


if __name__ == "__main__":
    sys.exit(main())
