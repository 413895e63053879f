"""Models as readers train them, made from the course's without any training."""

import shutil
import types

import numpy as np

from bioimage_course import WEIGHTS
from bioimage_course.own_model import write_card

COURSE = {
    ("StarDist", "nuclei"): "stardist_nuclei",
    ("Cellpose", "nuclei"): "cellpose_nuclei",
    ("Cellpose", "cells"): "cellpose_cells",
}
PARTS = {"training": [types.SimpleNamespace(name="a.tif", objects=7)] * 2}


def own_model(folder, tool, objects="nuclei", *, changed=0.0, name=None):
    """Make a model's folder, with its card; return it.

    changed : so much every number of the network changes, as a share of its size
    """
    folder = folder / (name or f"my_{tool.lower()}")
    shutil.copytree(WEIGHTS / COURSE[tool, objects], folder)
    if changed:
        {"StarDist": _change_stardist, "Cellpose": _change_cellpose}[tool](folder, changed)
    write_own_card(folder, tool, objects)
    return folder


def write_own_card(folder, tool, objects="nuclei"):
    """Write a model's card as the notebook does."""
    card = {
        "tool": tool, "weights": "weights_best.h5" if tool == "StarDist" else "model",
        "start": "course", "objects": objects, "scores": {},
        "settings": {"diameter": 18.4, "channel": None},
    }  # fmt: skip
    write_card(folder, card, PARTS, types.SimpleNamespace(done=3))


def _change_stardist(folder, share):
    from stardist.models import StarDist2D

    model = StarDist2D(None, name=folder.name, basedir=str(folder.parent))
    rng = np.random.default_rng(0)
    numbers = model.keras_model.get_weights()
    model.keras_model.set_weights(
        [values * rng.uniform(1 - share, 1 + share, values.shape) for values in numbers]
    )
    model.keras_model.save_weights(str(folder / "weights_best.h5"))


def _change_cellpose(folder, share):
    import torch

    generator = torch.Generator().manual_seed(0)
    state = torch.load(folder / "model", map_location="cpu", weights_only=True)
    for key, values in state.items():
        if values.is_floating_point() and not key.startswith("diam"):
            spread = torch.rand(values.shape, generator=generator) * 2 - 1
            state[key] = values.float() * (1 + share * spread)
    torch.save(state, folder / "model")
