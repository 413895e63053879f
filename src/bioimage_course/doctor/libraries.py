"""What each library says of itself: does it start, does it see a GPU, can it draw?

A broken library may end the process that imports it, or never come back. So each one is asked in a
process of its own: `ask("torch")`.
"""

import importlib
import io
import json
import os
import signal
import subprocess
import sys
import warnings
from pathlib import Path

from bioimage_course import typeface
from bioimage_course.doctor.finding import first_line

#: Starts the one line of an answer that counts; libraries print what they like around it.
ANSWER = "bioimage_course answers: "

#: After this time a library that has not answered counts as stuck.
SECONDS = 120


def ask(name, *, seconds=SECONDS):
    """Import a library in a process of its own, and return what it says.

    Parameters
    ----------
    name : str
        A key of `QUESTIONS`.
    seconds : float
        How long it may take.

    Returns
    -------
    dict
        What the function in `QUESTIONS` returns; or "error", one line, if it raised, ended the
        process, or did not come back in time.
    """
    # Behind everything else on the path, so that it changes nothing of what is found there.
    code = (
        f"import sys; sys.path.append({str(Path(__file__).resolve().parents[2])!r}); "
        f"from bioimage_course.doctor import libraries; libraries.answer({name!r})"
    )
    # TensorFlow greets with warnings about the processor unless told not to.
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0", "PYTHONIOENCODING": "utf-8"}
    try:
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**quiet, **os.environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=seconds,
        )
    except subprocess.TimeoutExpired:
        return {"error": f"no answer within {seconds:g} s"}
    except OSError as error:
        return {"error": first_line(error)}
    for line in reversed(done.stdout.splitlines()):
        if line.startswith(ANSWER):
            return json.loads(line[len(ANSWER) :])
    if done.returncode < 0:
        return {"error": f"it ended the process ({_signal(-done.returncode)})"}
    words = done.stderr.strip().splitlines()
    last = f": {words[-1]}" if words else ""
    return {"error": f"it ended the process with status {done.returncode}{last}"}


def answer(name):
    """Print the answer to a question and end this process: the other side of `ask`."""
    try:
        reply = QUESTIONS[name]()
    except Exception as error:  # a broken library raises anything: whatever it is, tell it
        reply = {"error": first_line(error)}
    print(f"\n{ANSWER}{json.dumps(reply)}", flush=True)
    os._exit(0)  # not waiting for what a library does while Python tidies up


def _tensorflow():
    import tensorflow

    return {
        "gpus": len(tensorflow.config.list_physical_devices("GPU")),
        "cuda": bool(tensorflow.test.is_built_with_cuda()),
    }


def _torch():
    import torch

    reply = {
        "gpu": torch.cuda.get_device_name(0) if torch.cuda.is_available() else None,
        "cuda": bool(torch.version.cuda or torch.version.hip),
        "mps": bool(torch.backends.mps.is_available()),
        "why_not": None,
    }
    if reply["cuda"] and not reply["gpu"]:
        try:
            torch.cuda.init()
        except Exception as error:  # its words are the answer, such as "driver is too old"
            reply["why_not"] = first_line(error)
    return reply


def _images():
    """The course's images; and where downloads are kept, which the same module knows."""
    for package, module in (("numpy", "numpy"), ("scikit-image", "skimage")):
        try:
            importlib.import_module(module)
        except Exception as error:  # the images are not to blame
            return {"error": first_line(error), "package": package}
    from bioimage_course import data

    _, truth = data.nuclei()
    data.tissue()
    return {"nuclei": int(truth.max()), "cache": str(data._cache())}


def _figures():
    """Draw a figure in the course's style, with the signs that stand in its labels."""
    import matplotlib
    from matplotlib import font_manager, style
    from matplotlib.figure import Figure

    typeface.register()
    with warnings.catch_warnings(record=True) as caught, style.context("bioimage_course.course"):
        warnings.simplefilter("always")
        figure = Figure()
        figure.suptitle("µm² × – ≥ é")
        figure.savefig(io.BytesIO(), format="png")
        font = font_manager.FontProperties(family=matplotlib.rcParams["font.family"])
        file = Path(font_manager.findfont(font))
    missing = [str(warning.message) for warning in caught if "Glyph" in str(warning.message)]
    return {
        "font": font_manager.get_font(file).family_name,
        "missing": len(missing),
        "cache": matplotlib.get_cachedir(),
    }


QUESTIONS = {
    "images": _images,
    "figures": _figures,
    "tensorflow": _tensorflow,
    "torch": _torch,
}


def _signal(number):
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
