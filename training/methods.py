"""The methods that are compared: each a function from an image to its label image.

An image is an array, shape (Y, X) or (Y, X, 3), as it was recorded.
"""

import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # the same numbers as in the notebooks

import numpy as np
import torch
from cellpose import models as cellpose_models
from csbdeep.utils import normalize
from skimage.color import rgb2gray
from stardist.models import StarDist2D

import otsu_watershed
from bioimage_course import WEIGHTS
from scoring import describe


def nuclei_bright(image):
    """Image (Y, X) or RGB (Y, X, 3) → grey float32 (Y, X) in which nuclei are the bright part.

    Otsu and the StarDist model know only bright nuclei; without this they find none in tissue.
    """
    grey = rgb2gray(image[..., :3]) if image.ndim == 3 else image
    grey = grey.astype(np.float32)
    bright_background = np.median(grey) > (grey.min() + grey.max()) / 2
    return grey.max() - grey if bright_background else grey


def classical(settings):
    """Otsu + watershed with the settings that `otsu_watershed.tune` found."""
    return lambda image: otsu_watershed.segment(nuclei_bright(image), **settings)


def stardist_nuclei():
    """The course's StarDist model, with the thresholds it ships with."""
    return _stardist(StarDist2D(None, name="stardist_nuclei", basedir=str(WEIGHTS)))


def cellpose_nuclei():
    """The course's Cellpose model, with Cellpose's default thresholds and no diameter."""
    model = cellpose_models.CellposeModel(
        gpu=torch.cuda.is_available(), pretrained_model=str(WEIGHTS / "cellpose_nuclei" / "model")
    )
    return lambda image: model.eval(image, channels=[0, 0])[0]


def _stardist(model):
    return lambda image: model.predict_instances(normalize(nuclei_bright(image), 1, 99.8))[0]


def official_stardist(name):
    """A published StarDist model; it is downloaded, and its sha256 checked by StarDist."""
    return _stardist(StarDist2D.from_pretrained(name))


def official_cellpose(name, measure):
    """A published Cellpose model; it is downloaded, and loaded as plain tensors (`weights_only`).

    measure : method that finds objects whose median diameter is passed on
        These models need a diameter. Cellpose's own estimate comes as a pickled file, which could
        run code; the classical method's is good enough.
    """
    model = cellpose_models.CellposeModel(gpu=torch.cuda.is_available(), model_type=name)
    loaded = Path(model.pretrained_model).name
    if loaded not in (name, f"{name}torch_0"):  # an unknown name silently becomes cyto3
        raise ValueError(f"Cellpose knows no model {name!r}: it loaded {loaded!r} instead.")

    def segment(image):
        diameter = describe(measure(image))[0] or model.diam_mean
        return model.eval(image, channels=[0, 0], diameter=diameter)[0]

    return segment

