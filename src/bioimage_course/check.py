"""Checks: is this computer ready for the course, and are these labels what you think they are?

`setup` looks at Python, the packages, the weights, the images and the computer. For whatever is
wrong it says what, why it matters and how to mend it: `python -m bioimage_course.doctor` does the
same outside of a notebook.
"""

import numpy as np

from bioimage_course import doctor, label_faults
from bioimage_course.doctor.output import print_facts
from bioimage_course.label_faults import looks_binary

__all__ = ["image", "label_image", "labels", "looks_binary", "machine", "problems", "setup"]

BINARY_HINT = f"{label_faults.MASK.what}. {label_faults.MASK.mend}."


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


def label_image(labels, shape=None, *, name="labels", tool=None):
    """Check that labels are a 2D label image.

    Parameters
    ----------
    labels : integer array, shape (Y, X)
        0 is background, every object has its own number.
    shape : (int, int), optional
        Shape of the image they belong to.
    name : str
        What to call them in the message.
    tool : str, optional
        For which they are: "StarDist" takes -1 for "not annotated", the others do not.

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
    if labels.ndim != 2 or labels.size == 0:
        raise ValueError(
            f"{name} has the shape {labels.shape}: pass a 2D label image (Y, X). "
            f"{_plane_hint(labels)}"
        )
    if labels.dtype.kind not in "ui":
        hint = "If they are whole numbers, pass labels.astype(int)."
        if labels.dtype.kind == "f" and labels.size and np.any(labels % 1):
            hint = "These look like probabilities or intensities, not like labels."
        raise ValueError(f"{name} holds {labels.dtype} values: pass an integer array. {hint}")
    if shape is not None and labels.shape != tuple(shape):
        hint = "Were they made from another image, or from a resized or cropped one?"
        if labels.shape == tuple(shape)[::-1]:
            hint = "Rows and columns are swapped: pass labels.T."
        raise ValueError(
            f"{name} has the shape {labels.shape}, the image {tuple(shape)}: "
            f"they must agree. {hint}"
        )
    if labels.min() < (-1 if tool == "StarDist" else 0):
        hint = "objects count from 1."
        if labels.min() == -1:
            hint = "objects count from 1. StarDist alone takes -1, for “not annotated”: for "
            hint += "another tool, labels[labels < 0] = 0."
        raise ValueError(
            f"{name} holds negative numbers, down to {labels.min()}: 0 is background, {hint}"
        )
    return labels


def _plane_hint(labels):
    """How to get one plane of numbers out of another shape."""
    if labels.ndim == 3 and labels.shape[2] in (3, 4):
        if all(np.array_equal(labels[..., 0], labels[..., layer]) for layer in (1, 2)):
            return "Its three colours are alike: pass labels[..., 0]."
        return (
            "These are colours, not numbers. Export the numbers; or, if every object has its own "
            "colour and the background is black: colours, numbers = numpy.unique("
            "labels[..., :3].reshape(-1, 3), axis=0, return_inverse=True); "
            "labels = numbers.reshape(labels.shape[:2])."
        )
    if labels.ndim == 3 and 1 in (labels.shape[0], labels.shape[2]):
        plane = "labels[0]" if labels.shape[0] == 1 else "labels[..., 0]"
        return f"There is one plane too many: pass {plane}."
    return "From a volume pass one plane, such as labels[0]."


def labels(labels, image, tool=None):
    """Check labels that you made: a 2D label image of the image's shape, with objects in it.

    Parameters
    ----------
    labels : integer array, shape (Y, X)
    image : array, shape (Y, X) or (Y, X, 3)
    tool : str, optional
        For which they are: "StarDist" takes -1 for "not annotated", the others do not.

    Raises
    ------
    ValueError
        With a hint at the likely mistake: a mask instead of labels, probabilities, classes,
        another image's labels, nothing found; and with the line that mends it.
    """
    labels = label_image(labels, np.asarray(image).shape[:2], tool=tool)
    if labels.max() <= 0:
        raise ValueError(
            "The labels hold no object at all. Is the threshold too high? "
            "If there is none in the image, leave it out of training."
        )
    fault = label_faults.first_fault(labels, image)
    if fault:
        raise ValueError(f"{fault.what}. {fault.mend}.")


def problems(labels, image, tool=None, smallest=30):
    """What training would trip over, in words, and what is worth a look.

    Parameters
    ----------
    labels, image, tool
        As in `labels`, whose first complaint comes alone: nothing else counts before it is mended.
    smallest : int
        Objects of fewer pixels are named.

    Returns
    -------
    list of str
        Empty if nothing was found.
    """
    check = globals()["labels"]
    try:
        check(labels, image, tool)
    except ValueError as problem:
        return [str(problem)]
    return label_faults.notes(np.asarray(labels), smallest)
