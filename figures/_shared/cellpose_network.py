"""The course's Cellpose networks, as the figures use them."""

from cellpose import models

from bioimage_course import WEIGHTS


def cellpose_network(name):
    """The Cellpose model `cellpose_nuclei` or `cellpose_cells`."""
    return models.CellposeModel(gpu=False, pretrained_model=str(WEIGHTS / name / "model"))
