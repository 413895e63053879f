"""Checks: is this computer ready for the course, and are these labels what you think they are?

`setup` looks at Python, the packages, the weights, the images and the computer. For whatever is
wrong it says what, why it matters and how to mend it: `python -m bioimage_course.doctor` does the
same outside of a notebook.
"""

import numpy as np

from bioimage_course import doctor
from bioimage_course.doctor.output import print_facts

BINARY_HINT = (
    "These labels hold a single number in several separate pieces, so they look like a mask "
    "(object or background). Every object needs its own number: "
    "pass skimage.measure.label(mask)."
)


# --- Is this computer ready? --------------------------------------------------------------------


def setup():
    """Check this computer for the course; print what is wrong and how to mend it.

    Returns
    -------
    bool
        True if everything the course needs is here.
    """
    return doctor.report(doctor.examine().findings)


def machine():
    """Print what this computer offers: Python, system, cores, memory, and the GPUs seen."""
    print_facts(doctor.machine_facts())


# --- Are these what you think they are? ---------------------------------------------------------


def image(image):
    """Check an image that you brought: 2D grey or RGB, of finite numbers.

    Parameters
    ----------
    image : array, shape (Y, X) or (Y, X, 3)

    Returns
    -------
    array
        The same image.

    Raises
    ------
    ValueError
        If it is none; the message says what to pass.
    """
    image = np.asarray(image)
    if image.size == 0:
        raise ValueError(f"The image is empty, its shape is {image.shape}.")
    if image.dtype.kind not in "buif":
        raise ValueError(f"The image holds {image.dtype} values: pass numbers, one per pixel.")
    if image.ndim != 2 and not (image.ndim == 3 and image.shape[2] == 3):
        raise ValueError(
            f"The image has the shape {image.shape}: pass a grey image (Y, X) or an RGB image "
            f"(Y, X, 3). {_shape_hint(image.shape)}"
        )
    bad = np.count_nonzero(~np.isfinite(image))
    if bad:
        pixels = "1 value" if bad == 1 else f"{bad} values"
        raise ValueError(
            f"The image holds {pixels} that are not finite (NaN or infinity): replace them, "
            "for example with numpy.nan_to_num(image)."
        )
    return image


def _shape_hint(shape):
    if len(shape) != 3:
        return "Select one plane, for example image[0]."
    if shape[2] == 4:
        return "Four channels are RGB and transparency: pass image[..., :3]."
    if shape[2] in (1, 2):
        return "Select one channel: pass image[..., 0]."
    if shape[0] in (1, 2):
        return "The channels come first: select one, pass image[0]."
    if shape[0] == 3:
        return "If the channels come first, pass numpy.moveaxis(image, 0, -1)."
    return f"For a volume pass one plane, such as image[{shape[0] // 2}]."


def label_image(labels, shape=None, *, name="labels"):
    """Check that labels are a 2D label image.

    Parameters
    ----------
    labels : integer array, shape (Y, X)
        0 is background, every object has its own number.
    shape : (int, int), optional
        Shape of the image they belong to.
    name : str
        What to call them in the message.

    Returns
    -------
    integer array, shape (Y, X)
        The same labels.

    Raises
    ------
    ValueError
        If they are none; the message holds a hint at what to pass.
    """
    labels = np.asarray(labels)
    if labels.dtype == bool:
        raise ValueError(
            f"{name} is a mask of True and False. Every object needs its own number: "
            "pass skimage.measure.label(mask)."
        )
    if labels.dtype.kind not in "ui":
        hint = "If they are whole numbers, pass labels.astype(int)."
        if labels.dtype.kind == "f" and labels.size and np.any(labels % 1):
            hint = "These look like probabilities or intensities, not like labels."
        raise ValueError(f"{name} holds {labels.dtype} values: pass an integer array. {hint}")
    if labels.ndim != 2 or labels.size == 0:
        raise ValueError(
            f"{name} has the shape {labels.shape}: pass a 2D label image (Y, X). "
            "From a volume pass one plane, such as labels[0]."
        )
    if shape is not None and labels.shape != tuple(shape):
        hint = "Were they made from another image, or from a resized or cropped one?"
        if labels.shape == tuple(shape)[::-1]:
            hint = "Rows and columns are swapped: pass labels.T."
        raise ValueError(
            f"{name} has the shape {labels.shape}, the image {tuple(shape)}: "
            f"they must agree. {hint}"
        )
    if labels.min() < 0:
        raise ValueError(
            f"{name} holds negative numbers, down to {labels.min()}: 0 is background, "
            "objects count from 1."
        )
    return labels


def looks_binary(labels):
    """True if a single number stands in several separate pieces: a mask, not a label image."""
    from skimage.measure import label

    return np.unique(labels[labels > 0]).size == 1 and label(labels > 0).max() > 1


def labels(labels, image):
    """Check labels that you made: a 2D label image of the image's shape, with objects in it.

    Parameters
    ----------
    labels : integer array, shape (Y, X)
    image : array, shape (Y, X) or (Y, X, 3)

    Raises
    ------
    ValueError
        With a hint at the likely mistake: a mask instead of labels, probabilities, another
        image's labels, nothing found.
    """
    labels = label_image(labels, np.asarray(image).shape[:2])
    if labels.max() == 0:
        raise ValueError("The labels hold no object at all. Is the threshold too high?")
    if looks_binary(labels):
        raise ValueError(BINARY_HINT)
