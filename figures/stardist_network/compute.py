"""Numbers of the course's StarDist network and of StarDist's default one, for the text."""

from pathlib import Path

import numpy as np
from stardist.models import Config2D, StarDist2D

from bioimage_course import WEIGHTS
from figures._shared.files import write

HERE = Path(__file__).parent


def course_model():
    return StarDist2D(None, name="stardist_nuclei", basedir=str(WEIGHTS))


def layers(config):
    """What lies between image and answer: c 3-wide convolution, p pooling by 2, u upsampling."""
    down = round(np.log2(config.grid[0])) + config.unet_n_depth
    block = "c" * config.unet_n_conv_per_depth
    last = "c" if config.net_conv_after_unet else ""
    return block + ("p" + block) * down + ("u" + block) * config.unet_n_depth + last


def field_of_view(config):
    """How far a pixel's influence reaches, in pixels to one side: what StarDist itself measures.

    It lights one pixel in the middle and looks which answers change. Here, instead of changes,
    the first and the last pixel that can reach each answer are followed from layer to layer.
    """
    length = 2048
    middle = length // 2
    lowest = highest = np.arange(length)
    for layer in layers(config):
        if layer == "c":
            lowest, highest = np.r_[lowest[:1], lowest[:-1]], np.r_[highest[1:], highest[-1:]]
        elif layer == "p":
            lowest, highest = lowest[::2], highest[1::2]
        else:
            lowest, highest = np.repeat(lowest, 2), np.repeat(highest, 2)
    reached = np.repeat((lowest <= middle) & (middle <= highest), config.grid[0])
    places = np.flatnonzero(reached)
    return int(max(middle - places.min(), places.max() - middle))


def facts(model):
    config = model.config
    return {
        "parameters": model.keras_model.count_params(),
        "depth": config.unet_n_depth,
        "filters": config.unet_n_filter_base,
        "rays": config.n_rays,
        "grid": config.grid[0],
        "field_of_view": field_of_view(config),
        "distance_loss": config.train_dist_loss,
        "distance_weight": config.train_loss_weights[1],
        "prob_thresh": model.thresholds.prob,
        "nms_thresh": model.thresholds.nms,
    }


def compute():
    defaults = {f"grid{g}": StarDist2D(Config2D(grid=(g, g)), basedir=None) for g in (1, 2, 4)}
    return {
        "course": facts(course_model()),
        "default": {name: facts(model) for name, model in defaults.items()},
    }


def main():
    write(HERE, compute())


if __name__ == "__main__":
    main()
