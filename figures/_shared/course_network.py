"""The course's StarDist network, as the figures read it: whatever its configuration says."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")


def course_network():
    """The StarDist model that comes with the course."""
    from stardist.models import StarDist2D

    from bioimage_course import WEIGHTS

    return StarDist2D(None, name="stardist_nuclei", basedir=str(WEIGHTS))


def halvings(config):
    """How often the image is pooled: first to the grid, then on every level of the U."""
    if set(config.unet_pool) != {2} or len(set(config.grid)) != 1:
        raise ValueError("These figures are for pooling by 2 in both directions.")
    return (config.grid[0].bit_length() - 1) + config.unet_n_depth


def stages(config):
    """Layers from the image to the last one, in the pieces between poolings; the way up is last.

    c is a 3×3 convolution, p is pooling by two, u is upsampling by two.
    """
    if set(config.unet_kernel_size) != {3}:
        raise ValueError("These figures are for 3×3 kernels.")
    convolutions = "c" * config.unet_n_conv_per_depth
    down = [convolutions] + ["p" + convolutions] * halvings(config)
    up = ("u" + convolutions) * config.unet_n_depth + "c" * (config.net_conv_after_unet > 0)
    return (*down, up)
