"""Checks: is this computer ready for the course, and are these labels what you think they are?

`setup` looks at Python, the packages, the weights and the images. For whatever is wrong it says
what, why it matters and how to mend it. `findings` holds the rules and takes plain facts, so that
every fault can be tested without having it.
"""

import hashlib
import importlib
import os
import platform
import sys
from dataclasses import dataclass
from importlib import metadata

import numpy as np
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from bioimage_course import WEIGHTS_FOLDER as WEIGHTS

#: Models that come with the course: folders of `WEIGHTS`.
MODELS = ("stardist_nuclei", "cellpose_nuclei")

#: Python versions on which TensorFlow, StarDist and Cellpose 3 install together.
PYTHONS = ((3, 11), (3, 12))

#: TensorFlow comes under several names; any of them will do.
TENSORFLOWS = ("tensorflow", "tensorflow-cpu", "tensorflow-intel", "tensorflow-macos")

BINARY_HINT = (
    "These labels hold a single number in several separate pieces, so they look like a mask "
    "(object or background). Every object needs its own number: "
    "pass skimage.measure.label(mask)."
)


# --- Is this computer ready? --------------------------------------------------------------------


@dataclass(frozen=True)
class Finding:
    """A fault to mend, or (`stops=False`) something good to know."""

    what: str
    why: str
    fix: str
    stops: bool = True

    def __str__(self):
        mark = "✗" if self.stops else "–"
        return f"{mark} {self.what}\n    Why it matters: {self.why}\n    Fix: {self.fix}\n"


def setup():
    """Check this computer for the course; print what is wrong and how to mend it.

    Returns
    -------
    bool
        True if everything the course needs is here.
    """
    needed = requirements()
    broken = {name: why for name in ("tensorflow", "torch") if (why := _import_error(name))}
    return report(
        findings(
            versions=installed(needed),
            needed=needed,
            python=sys.version_info[:2],
            weights=WEIGHTS,
            broken_imports=broken,
            broken_images=_images_error(),
            colab="google.colab" in sys.modules,
        )
    )


def machine():
    """Print what this computer offers: Python, system, cores, memory, and the GPUs seen."""
    facts = {
        "Python": platform.python_version(),
        "System": f"{platform.system()} {platform.machine()}",
        "Cores": _cores(),
        "Memory": _memory(),
        "TensorFlow": _with_version("tensorflow", _tensorflow_device),
        "torch": _with_version("torch", _torch_device),
    }
    for name, fact in facts.items():
        print(f"{name:<11} {fact}")


def report(found):
    """Print findings, faults first, and the verdict; True if no fault is among them."""
    for finding in sorted(found, key=lambda finding: not finding.stops):
        print(finding)
    faults = sum(finding.stops for finding in found)
    if faults:
        things = "1 thing" if faults == 1 else f"{faults} things"
        print(f"{things} to mend. Then restart the kernel and run this notebook again.")
    else:
        print("Everything the course needs is here.")
    return not faults


def findings(
    *, versions, needed, python, weights, broken_imports=None, broken_images=None, colab=False
):
    """What is wrong with a computer that these facts describe.

    Parameters
    ----------
    versions : dict of str to str or None
        Package name to installed version, None if it is not installed.
    needed : dict of str to str
        Package name to the versions that will do, such as ">=2.0,<2.1".
    python : (int, int)
    weights : pathlib.Path
        Folder with one sub-folder per model, each with its SHA256SUMS.
    broken_imports : dict of str to str, optional
        Package name to the error its import raised.
    broken_images : str, optional
        The error that loading the course's images raised.
    colab : bool
        Colab brings its own Python and numpy, tried with this course: neither is a fault there.

    Returns
    -------
    list of Finding
        Empty if all is well.
    """
    found = []
    if not colab:
        found += _python_findings(python)
    if not needed:
        found.append(
            Finding(
                "bioimage_course is on the path but not installed.",
                "the versions the course was tried with are read from its installation.",
                "in the folder of the course, run make serve, or: pip install -e .",
            )
        )
    for name, wanted in needed.items():
        found += _package_findings(name, versions.get(name), wanted, python=python, colab=colab)
    found += _numpy_findings(versions, needed=needed, colab=colab)
    for name, error in (broken_imports or {}).items():
        if versions.get(name):  # a package that is not there has been reported above
            found.append(
                Finding(
                    f"{name} {versions[name]} is installed but cannot be imported: {error}",
                    "no model runs without it.",
                    f'%pip install --force-reinstall "{name}{needed.get(name, "")}" in a cell.',
                )
            )
    if broken_images and versions.get("stardist") not in (None, "0.0.0"):
        found.append(
            Finding(
                f"The course's images cannot be loaded: {broken_images}",
                "every notebook works on them; they come inside the stardist package.",
                _reinstall("stardist", needed),
            )
        )
    for model in MODELS:
        found += weights_findings(weights / model)
    return found


def weights_findings(folder):
    """What is wrong with the weights in one model's folder: missing, or not as published.

    Parameters
    ----------
    folder : pathlib.Path
        Holds SHA256SUMS, in the format of the command sha256sum, and the files it names.

    Returns
    -------
    list of Finding
    """
    problem = _weights_problem(folder)
    if problem is None:
        return []
    if any((parent / ".git").exists() for parent in folder.parents):
        fix = "in the folder of the course: git restore src/bioimage_course/weights"
    else:
        fix = "install the course again: pip install --force-reinstall --no-deps, then its wheel."
    return [
        Finding(
            f"Weights of {folder.name}: {problem}",
            "a notebook would stop, or quietly give other numbers than its page shows.",
            fix,
        )
    ]


def requirements():
    """Package name to the versions the course needs, as its own metadata say; {} if unknown."""
    try:
        lines = metadata.requires("bioimage-course") or []
    except metadata.PackageNotFoundError:
        return {}
    needed = {}
    for requirement in map(Requirement, lines):
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        if requirement.name == "jupyterlab":  # whatever shows you this notebook will do
            continue
        name = "tensorflow" if requirement.name in TENSORFLOWS else requirement.name
        # Written lower bound first: >=2.0,<2.1.
        needed[name] = ",".join(sorted(map(str, requirement.specifier), reverse=True))
    return needed


def installed(names):
    """Package name to installed version, None if it is not installed; nothing is imported."""
    return {name: _version(name) for name in names}


def _python_findings(python):
    if python in PYTHONS:
        return []
    if python < min(PYTHONS):
        why = "scikit-image 0.26 and other packages of the course have no release for it."
    elif python == (3, 13):
        why = "TensorFlow needs numpy 2.1 or newer there, Cellpose 3 an older one."
    else:
        why = "there is no StarDist for it: pip installs an empty placeholder, stardist 0.0.0."
    return [
        Finding(
            f"Python {python[0]}.{python[1]} does not work with this course.",
            why,
            "install Python 3.12 (or 3.11), delete the folder .venv, and set up again.",
        )
    ]


def _package_findings(name, version, wanted, *, python, colab):
    """Missing, known to be wrong, or merely another version than the one tried."""
    install = _reinstall(name, {name: wanted})
    if version is None:
        return [Finding(f"{name} is not installed.", "a notebook needs it.", install)]
    if name == "stardist" and Version(version) == Version("0.0.0"):
        on_old_python = python in PYTHONS or colab
        return [
            Finding(
                "stardist 0.0.0 is an empty placeholder, not StarDist.",
                "pip falls back on it where no StarDist fits, as on Python 3.14.",
                install if on_old_python else f"install Python 3.12 (or 3.11), then: {install}",
            )
        ]
    if name == "cellpose" and Version(version).major >= 4:
        return [
            Finding(
                f"cellpose {version} is another network.",
                "the course explains the U-Net of Cellpose 3; version 4 cannot load its weights.",
                install,
            )
        ]
    fits = SpecifierSet(wanted).contains(version, prereleases=True)
    if fits or colab or name == "numpy":  # numpy has its own rule below
        return []
    return [
        Finding(
            f"{name} {version} is installed; the course was tried with {name}{wanted}.",
            "it may well work, but numbers and pictures can differ from the pages.",
            f"only if something fails: {install}",
            stops=False,
        )
    ]


def _numpy_findings(versions, *, needed, colab):
    """Cellpose 3 and numpy must fit each other."""
    numpy, cellpose = versions.get("numpy"), versions.get("cellpose")
    if colab or numpy is None:
        return []
    if SpecifierSet(needed.get("numpy", "")).contains(numpy, prereleases=True):
        return []
    beside = f" beside cellpose {cellpose}" if cellpose else ""
    return [
        Finding(
            f"numpy {numpy} is installed{beside}.",
            "Cellpose 3 requires numpy below 2.1; pip may replace either without asking.",
            _reinstall("numpy", needed),
        )
    ]


def _weights_problem(folder):
    """One sentence on what is wrong with a weights folder, None if it is as published."""
    sums = folder / "SHA256SUMS"
    if not folder.is_dir():
        return "the folder is missing."
    if not sums.is_file():
        return "the list SHA256SUMS is missing."
    lines = sums.read_text(encoding="utf-8", errors="replace").splitlines()
    entries = [line.split(maxsplit=1) for line in lines if line.strip()]
    if not entries or any(len(entry) != 2 for entry in entries):
        return "the list SHA256SUMS cannot be read."
    for expected, name in entries:
        path = folder / name.lstrip("*")  # sha256sum marks binary files with a star
        if not path.is_file():
            return f"{path.name} is missing."
        if hashlib.sha256(path.read_bytes()).hexdigest() != expected:
            return f"{path.name} is damaged (its sha256 differs)."
    return None


def _reinstall(name, needed):
    return f'%pip install "{name}{needed.get(name, "")}" in a new cell.'


def _version(name):
    for alias in TENSORFLOWS if name == "tensorflow" else (name,):
        try:
            return metadata.version(alias)
        except metadata.PackageNotFoundError:
            continue
    return None


def _import_error(name):
    """What goes wrong when a package is imported, None if nothing does."""
    # TensorFlow greets with warnings about the processor unless told not to.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    try:
        importlib.import_module(name)
    except Exception as error:  # a broken binary raises anything: report it, whatever it is
        return _first_line(error)
    return None


def _images_error():
    from bioimage_course import data

    try:
        _, truth = data.nuclei()
        data.tissue()
    except Exception as error:  # as above: whatever it is, it is the finding
        return _first_line(error)
    return None if truth.max() == 125 else f"the annotation holds {truth.max()} nuclei, not 125"


def _first_line(error):
    return f"{type(error).__name__}: {error}".splitlines()[0]


def _cores():
    if hasattr(os, "sched_getaffinity"):  # where there is it, it knows about containers
        return len(os.sched_getaffinity(0))
    return os.cpu_count()


def _memory():
    try:
        import psutil
    except ImportError:
        return "unknown"
    memory = psutil.virtual_memory()
    return f"{memory.total / 2**30:.0f} GB, {memory.available / 2**30:.0f} GB free"


def _with_version(name, device):
    version, error = _version(name), _import_error(name)
    if version is None:
        return "not installed"
    return f"{version}, {f'cannot be imported ({error})' if error else device()}"


def _tensorflow_device():
    import tensorflow

    gpus = len(tensorflow.config.list_physical_devices("GPU"))
    return f"GPU found ({gpus})" if gpus else "no GPU: StarDist runs on the processor"


def _torch_device():
    import torch

    if torch.cuda.is_available():
        return f"GPU found ({torch.cuda.get_device_name(0)})"
    if torch.backends.mps.is_available():
        return "GPU found (Apple MPS)"
    return "no GPU: Cellpose runs on the processor"


# --- Are these what you think they are? ---------------------------------------------------------


def image(image):
    """The image as an array, if it is 2D grey or RGB; else a ValueError that says what to pass."""
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
    """The labels as an array, if they are a 2D label image; else a ValueError with a hint.

    Parameters
    ----------
    labels : integer array, shape (Y, X)
        0 is background, every object has its own number.
    shape : (int, int), optional
        Shape of the image they belong to.
    name : str
        What to call them in the message.
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
