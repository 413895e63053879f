"""The methods that are compared: each a function from an image to its label image.

An image is an array, shape (Y, X) or (Y, X, 3), as it was recorded.
"""

import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # the same numbers on every processor

import numpy as np
import torch
from cellpose import models as cellpose_models
from csbdeep.utils import normalize
from skimage.color import rgb2gray
from stardist.geometry import polygons_to_label, star_dist
from stardist.models import StarDist2D
from stardist.utils import edt_prob

from bioimage_course import WEIGHTS
from training import otsu_watershed
from training.scoring import describe


class OfficialModelError(Exception):
    """A published model could not be used."""

    def __init__(self, name, reason):
        super().__init__(
            f"{name} was not run: {reason}. Its row stays as it was; try again when online."
        )


def nuclei_bright(image):
    """Image (Y, X) or RGB (Y, X, 3) → grey float32 (Y, X) in which nuclei are the bright part.

    Otsu and the StarDist model look for bright nuclei; in stained tissue they are dark.
    """
    grey = rgb2gray(image[..., :3]) if image.ndim == 3 else image
    grey = grey.astype(np.float32)
    bright_background = np.median(grey) > (grey.min() + grey.max()) / 2
    return grey.max() - grey if bright_background else grey


def classical(settings):
    """Otsu + watershed with the settings that `otsu_watershed.tune` found."""
    return lambda image: otsu_watershed.segment(nuclei_bright(image), **settings)


def stardist_nuclei(folder=None):
    """The course's StarDist model, with the thresholds it ships with.

    folder : path, optional
        Where it lies, if it is not the published one.
    """
    return _stardist(StarDist2D(None, name="stardist_nuclei", basedir=str(folder or WEIGHTS)))


def polygons_of(labels, n_rays=32, grid=(2, 2)):
    """What StarDist would draw if it predicted every distance perfectly: its upper limit.

    labels : int32 array, shape (Y, X)
        The annotation. Every nucleus is replaced by the polygon of its most central grid pixel.
    """
    distances = star_dist(labels, n_rays, grid=grid)
    coarse = labels[:: grid[0], :: grid[1]]
    centrality = edt_prob(coarse)
    centres = [
        np.unravel_index(np.where(coarse == number, centrality, -1).argmax(), coarse.shape)
        for number in np.unique(coarse[coarse > 0])
    ]
    if not centres:
        return np.zeros_like(labels)
    points = np.array(centres)
    return polygons_to_label(distances[tuple(points.T)], points * grid, labels.shape)


def cellpose_nuclei(folder=None):
    """The course's Cellpose model for nuclei, with Cellpose's default thresholds.

    folder : path, optional
        Where it lies, if it is not the published one.

    The function that it returns also takes a `diameter`; None, its default, rescales nothing.
    """
    model = _cellpose("cellpose_nuclei", folder)
    return lambda image, diameter=None: model.eval(image, channels=[0, 0], diameter=diameter)[0]


def cellpose_cells(folder=None):
    """The course's Cellpose model for whole cells, like `cellpose_nuclei`.

    Its images have the shape (Y, X), cells alone, or (2, Y, X), cells and nuclei.
    """
    model = _cellpose("cellpose_cells", folder)

    def segment(image, diameter=None):
        how = {"channels": [0, 0]} if image.ndim == 2 else {"channels": [1, 2], "channel_axis": 0}
        return model.eval(image, diameter=diameter, **how)[0]

    return segment


def _cellpose(name, folder):
    path = Path(folder or WEIGHTS) / name / "model"
    return cellpose_models.CellposeModel(gpu=torch.cuda.is_available(), pretrained_model=str(path))


def _stardist(model):
    return lambda image: model.predict_instances(normalize(nuclei_bright(image), 1, 99.8))[0]


def official_stardist(name):
    """A published StarDist model; it is downloaded, and its sha256 checked by StarDist.

    Raises
    ------
    OfficialModelError
        If it could not be had, or is not the published file.
    """
    try:
        model = StarDist2D.from_pretrained(name)
    except Exception as error:  # Keras raises a plain Exception when there is no network
        raise OfficialModelError(name, error) from error
    if model is None:  # what StarDist returns for an unknown name and for a wrong hash
        raise OfficialModelError(
            name, "its name is unknown, or its sha256 is not the published one"
        )
    return _stardist(model)


def official_cellpose(name, measure):
    """A published Cellpose model; it is downloaded, and loaded as plain tensors (`weights_only`).

    Cellpose publishes no hashes and does not check who sends the file: do this on a network that
    you trust.

    measure : method that finds objects whose median diameter is passed on
        These models need a diameter. Cellpose's own estimate comes as a pickled file, which could
        run code; the classical method's is good enough.

    Raises
    ------
    OfficialModelError
        If it could not be had.
    """
    try:
        model = cellpose_models.CellposeModel(gpu=torch.cuda.is_available(), model_type=name)
    except Exception as error:
        raise OfficialModelError(name, error) from error
    loaded = Path(model.pretrained_model).name
    if loaded not in (name, f"{name}torch_0"):  # an unknown name silently becomes cyto3
        raise OfficialModelError(name, f"Cellpose knows no such model and loaded {loaded} instead")

    def segment(image):
        diameter = describe(measure(image))[0] or model.diam_mean
        return model.eval(image, channels=[0, 0], diameter=diameter)[0]

    return segment
