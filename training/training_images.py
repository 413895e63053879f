"""What both training scripts learn from: images read and checked, split, and cut into patches.

Every file is read before the first step, so that a bad one costs seconds and not an hour.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import find_objects
from skimage.io import imread
from stardist import fill_label_holes
from tqdm import tqdm

from bioimage_course import check, data

# The image that the notebooks segment and score is a part of this one: it must stay unseen.
LEFT_OUT = "4dbbb275960ab9e4"

# Families that no step of training sees: other microscopes, told by their image size (rows,
# columns). They show how a model does on images unlike those it learned from.
HELD_OUT_SIZES = {(256, 320), (260, 347), (512, 640), (1040, 1388)}

# Of the other images, every sixteenth is kept aside as well: unseen, but of a known kind.
KEEP_EVERY = 16


@dataclass
class Sample:
    """One image with its annotation.

    name : str
        Data set and file name, for messages.
    image : array, shape (Y, X) or (Y, X, 3)
        As it was recorded; `train_*.py` normalises it.
    labels : int32 array, shape (Y, X)
        0 is background; every nucleus has its own number.
    """

    name: str
    image: np.ndarray
    labels: np.ndarray

    def __post_init__(self):
        slices = [s for s in find_objects(self.labels) if s is not None]
        #: Middle of every nucleus (row, column), and how often to draw it: touching ones twice.
        self.centres = np.array([[(a.start + a.stop) // 2 for a in s] for s in slices])
        self.centres = self.centres.reshape(-1, 2)
        self.weights = np.array([1.0 + _touches_another(self.labels, s) for s in slices])
        if len(self.weights):
            self.weights /= self.weights.sum()


def _touches_another(labels, box):
    """Whether two different nuclei are neighbours within a bounding box, or at its edge."""
    part = labels[tuple(slice(max(s.start - 1, 0), s.stop + 1) for s in box)]
    for one, other in ((part[1:], part[:-1]), (part[:, 1:], part[:, :-1])):
        if np.any((one != other) & (one > 0) & (other > 0)):
            return True
    return False


def read(name, split="train", folder=None):
    """Read and check one data set.

    Parameters
    ----------
    name : str
        A name that `data.fetch` knows.
    split : str
        "train" or "test".
    folder : path, optional
        Where it lies, if not where `data.fetch` finds it.

    Returns
    -------
    list of Sample
        Sorted by file name, without the image that the notebooks score.

    Raises
    ------
    data.DataError
        Naming the first file that cannot be used, and why.
    """
    samples = []
    pairs = data.pairs(folder or data.fetch(name), split)
    for image_path, mask_path in tqdm(pairs, desc=f"Reading {name}"):
        if image_path.stem.startswith(LEFT_OUT):
            continue
        image, labels = read_file(image_path), read_file(mask_path)
        try:
            check.image(image)
            labels = check.label_image(labels, image.shape[:2], name="the mask")
            if check.looks_binary(labels):
                raise ValueError(check.BINARY_HINT)
        except ValueError as error:
            raise data.DataError(f"{mask_path}, the mask of {image_path.name}: {error}") from error
        samples.append(Sample(f"{name}/{image_path.stem}", image, labels.astype(np.int32)))
    if not any(len(sample.centres) for sample in samples):
        raise data.DataError(
            f"No mask of {name}/{split} holds a single object, so there is nothing to learn: "
            "every mask is 0 everywhere. Are these the right masks?"
        )
    for sample in samples:
        sample.labels = fill_label_holes(sample.labels)
    return samples


def read_file(path):
    """Pixels of one file.

    Raises
    ------
    data.DataError
        Naming it, if it cannot be read.
    """
    try:
        return imread(path)
    except Exception as error:  # every reader has exceptions of its own
        raise data.DataError(
            f"{path} cannot be read ({type(error).__name__}: {error}). It may be incomplete: "
            "copy it again, or remove it together with its partner of the same name."
        ) from error


def split(samples, families=HELD_OUT_SIZES):
    """Divide samples into those to learn from, unseen ones of known kind, unseen families.

    families : sizes (rows, columns) of which no image is learned from

    Returns
    -------
    used, known, families : lists of Sample
    """
    held_out = [s for s in samples if s.labels.shape in families]
    rest = [s for s in samples if s.labels.shape not in families]
    first = KEEP_EVERY // 2
    used = [s for i, s in enumerate(rest) if i % KEEP_EVERY != first]
    return used, rest[first::KEEP_EVERY], held_out


def draw(samples, rng):
    """Pick a sample: images with more nuclei more often, in proportion to the square root.

    Equal chances for images would starve the crowded ones; equal chances for nuclei the sparse.
    """
    chances = np.sqrt([1 + len(sample.centres) for sample in samples])
    return samples[rng.choice(len(samples), p=chances / chances.sum())]
