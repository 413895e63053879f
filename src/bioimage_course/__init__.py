"""What the course's notebooks share: named images, weights, the standard picture, checks.

Importing this package is quick: neither TensorFlow nor torch is loaded until a notebook asks. Where
Matplotlib is loaded, it learns the typeface that the style "bioimage_course.course" asks for.
"""

import importlib
from pathlib import Path

from bioimage_course import typeface

__all__ = ["WEIGHTS", "check", "data", "show"]

# Where the weights lie, not checked: training writes here, and the check reports what is wrong.
WEIGHTS_FOLDER = Path(__file__).resolve().parent / "weights"


def __getattr__(name):
    if name == "WEIGHTS":
        return _checked_weights()
    if name in __all__:
        module = importlib.import_module(f"{__name__}.{name}")
        typeface.register()  # `show` loads Matplotlib
        return module
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _checked_weights():
    """The folder with the trained weights, one sub-folder per model, each file as published.

    Raises
    ------
    RuntimeError
        If a file is missing or its sha256 differs; the message says how to get it back.
    """
    weights = importlib.import_module(f"{__name__}.doctor.weights")
    faults = [
        fault
        for model in weights.MODELS
        for fault in weights.weights_findings(WEIGHTS_FOLDER / model)
    ]
    if faults:
        raise RuntimeError("The course's weights were not loaded.\n" + "\n".join(map(str, faults)))
    return WEIGHTS_FOLDER


def __dir__():
    return sorted(__all__)


typeface.register()
