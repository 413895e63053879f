"""The sets of whole cells, read for training and for scoring."""

import numpy as np
from cellpose.transforms import convert_image, normalize_img
from tqdm import tqdm

from bioimage_course import check, data
from training import cellpose_training, training_images
from training.training_images import Sample

# What `cellpose_cells` learns from, with the split. Only the first was outlined by hand.
SETS = {
    "usiigaci_t98g": "train",
    "jump_cellpainting": "show",
    "kc167_actin_dna": "train",
    "embl_membranes": "train",
}
# The one field of JUMP does for learning and for comparing: its left part is learned from, its
# right half compared, and 60 px between them are used for neither.
HALF, GAP = 540, 60  # columns


def fields(name, split):
    """Samples of some fields as they were recorded, image shape (Y, X) or (2, Y, X).

    Raises
    ------
    data.DataError
        If the set cannot be had, or a file cannot be used.
    """
    samples = []
    for image_path, mask_path in data.pairs(data.fetch(f"cells/{name}"), split):
        image, labels = training_images.read_file(image_path), training_images.read_file(mask_path)
        try:
            labels = check.label_image(labels, image.shape[-2:], name="the mask")
        except ValueError as error:
            raise data.DataError(f"{mask_path}, the mask of {image_path.name}: {error}") from error
        samples.append(Sample(f"{name}/{image_path.stem}", image, labels.astype(np.int32)))
    return samples


def columns(sample, first, last, ending):
    """A sample of some columns alone."""
    image, labels = sample.image[..., first:last], sample.labels[:, first:last]
    return Sample(sample.name + ending, image, labels)


def normalised(image):
    """What `CellposeModel.eval` makes of (Y, X) or (2, Y, X): float32, (Y, X, 2)."""
    if image.ndim == 2:
        image = np.stack([image, np.zeros_like(image)])
    return normalize_img(convert_image(image, channels=[1, 2], channel_axis=0))


def jump_to_learn_from():
    """The left part of the field twice: the whole cytoplasm, then actin, Golgi and membranes."""
    [whole] = fields("jump_cellpainting", SETS["jump_cellpainting"])
    left = columns(whole, 0, HALF - GAP, "_left")
    path = data.fetch("cells/jump_cellpainting") / "extra" / f"{whole.name.split('/')[1]}_ch2.tif"
    other = np.stack([training_images.read_file(path)[:, : HALF - GAP], left.image[1]])
    return [left, Sample(left.name + "_actin", other, left.labels)]


def jump_to_compare():
    """The right half of the field."""
    [whole] = fields("jump_cellpainting", SETS["jump_cellpainting"])
    return [columns(whole, HALF, None, "_right")]


def read(settings):
    """Samples to learn from, and hand-drawn ones never to learn from: two {set: samples}.

    A set that cannot be had is named and left out.
    """
    used = {}
    for name, split in SETS.items():
        try:
            used[name] = (
                jump_to_learn_from() if name == "jump_cellpainting" else fields(name, split)
            )
        except data.DataError as error:
            print(f"Training without {name}. {error}")
    known = {"usiigaci_t98g": fields("usiigaci_t98g", "val")}
    for group in (used, known):
        for name, samples in group.items():
            for sample in tqdm(samples, desc=f"Flows, {name}"):
                cellpose_training.prepare(sample, normalised(sample.image), settings)
    return used, known
