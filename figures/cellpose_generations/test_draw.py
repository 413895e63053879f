from cellpose import models
from cellpose.resnet_torch import CPnet

from bioimage_course import WEIGHTS
from figures._shared.stored import read
from figures.cellpose_generations.draw import millions


def test_the_small_circle_is_the_network_that_version_3_runs():
    """The course's weights fit into it, so it is the same network."""
    net = models.CellposeModel(
        gpu=False, pretrained_model=str(WEIGHTS / "cellpose_nuclei" / "model")
    ).net
    assert isinstance(net, CPnet)
    weights = sum(weights.numel() for weights in net.parameters())
    assert (
        round(weights / 1e6, 1)
        == round(millions(), 1)
        == read("cellpose_generations")["unet_millions"]
    )
