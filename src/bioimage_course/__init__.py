"""What the course's notebooks share: named images, weights, the standard picture, checks.

Importing this package is quick: neither TensorFlow nor torch is loaded until a notebook asks.
"""

import importlib
from pathlib import Path

__all__ = ["WEIGHTS", "check", "data", "show"]

#: The folder with the course's trained weights, one sub-folder per model.
WEIGHTS = Path(__file__).resolve().parent / "weights"


def __getattr__(name):
    if name in __all__:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted(__all__)
