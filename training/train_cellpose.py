"""Train the course's Cellpose model for nuclei, `cellpose_nuclei`, from nothing.

    python training/train_cellpose.py            # start, or go on from the last checkpoint
    python training/train_cellpose.py --restart  # forget the checkpoint

Reads fluorescence nuclei (`data.fetch("dsb2018")`) and, where the folder is there, bright-field
tissue (`data.fetch("dsb2018_brightfield")`), `train` parts only. Images of both kinds are also
shown inverted, so that one network finds nuclei that are brighter or darker than their
surroundings. How it learns stands in `cellpose_training`.
"""

from cellpose.transforms import convert_image, normalize_img
from tqdm import tqdm

from bioimage_course import data
from training import cellpose_training, training_images
from training.cellpose_training import Settings, Stage

# --- What you may want to change -----------------------------------------------------------------
FLUORESCENCE, BRIGHT_FIELD = "dsb2018", "dsb2018_brightfield"


def shares(bright_field):
    return {BRIGHT_FIELD: bright_field, FLUORESCENCE: 1 - bright_field}


def inverted(fluorescence, bright_field):
    return {FLUORESCENCE: fluorescence, BRIGHT_FIELD: bright_field}


SETTINGS = Settings(
    name="cellpose_nuclei",
    diameter=21.0,  # pixels: about the median of all nuclei learned from, so most stay as they are
    stages=[
        Stage(3600, 2e-3, shares(0.25), 1.0, inverted(0.06, 0.4), families=False, rescaled=False),
        Stage(3900, 1e-3, shares(0.4), 0.5, inverted(0.05, 0.2), rescaled=False),
        Stage(3800, 1e-3, shares(0.35), 0.5, inverted(0.05, 0.2), rescaled=False, average=0.7),
        # Last, every image at the diameter a reader is told to measure.
        Stage(1400, 1e-3, shares(0.35), 0.5, inverted(0.05, 0.2), average=0.7),
    ],
)
# -------------------------------------------------------------------------------------------------


def read_set(name):
    """Samples to learn from, unseen ones of known kind, unseen families, as in `split`.

    Their first channel becomes what `CellposeModel.eval` makes of an image: grey, its 1st
    percentile 0 and its 99th 1. The second, for nuclei beside cells, stays empty.
    """
    samples = training_images.read(name)
    for sample in tqdm(samples, desc=f"Flows, {name}"):
        image = normalize_img(convert_image(sample.image, channels=[0, 0]))
        cellpose_training.prepare(sample, image, SETTINGS)
    # Bright-field images are few and of one family: none is held out for its size.
    families = training_images.HELD_OUT_SIZES if name == FLUORESCENCE else ()
    return training_images.split(samples, families)


def read():
    """The samples of both data sets, of the second if it can be had."""
    names = [FLUORESCENCE, BRIGHT_FIELD]
    try:
        data.fetch(BRIGHT_FIELD)
    except data.DataError as error:
        print(f"Training on fluorescence only. {error}")
        names.pop()
    parts = zip(*(read_set(name) for name in names), strict=True)
    return cellpose_training.Groups(*(dict(zip(names, part, strict=True)) for part in parts))


def main():
    cellpose_training.run(SETTINGS, read, __doc__.splitlines()[0])


if __name__ == "__main__":
    main()
