"""Train the course's StarDist model, `stardist_nuclei`, from nothing.

    python training/train_stardist.py            # start, or go on from the last checkpoint
    python training/train_stardist.py --restart  # forget the checkpoint

Reads the fluorescence nuclei of the 2018 Data Science Bowl (`data.fetch("dsb2018")`), trains on its
`train` part only, and writes into the package: weights, configuration, thresholds and their hashes.
It uses a GPU when TensorFlow finds one.
"""

import argparse
import json
import os
import shutil
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # about a third faster on a CPU

import keras
import numpy as np
from csbdeep.utils import normalize
from skimage.io import imread
from stardist import fill_label_holes
from stardist.models import Config2D, StarDist2D
from tqdm import tqdm

from bioimage_course import WEIGHTS, data
from export import RESULTS, write_hashes, write_json

# --- What you may want to change -----------------------------------------------------------------
NAME = "stardist_nuclei"
SEED = 42
EPOCHS = 80
STEPS_PER_EPOCH = 30
BATCH_SIZE = 8
PATCH_SIZE = (192, 192)  # pixels
LEARNING_RATE = 3e-4  # falls to zero along half a cosine
VALIDATION_SHARE = 0.12  # of the training images: for the curve and the thresholds
# The image that the notebooks segment and score is a part of this one: it must stay unseen.
LEFT_OUT = "4dbbb275960ab9e4"
N_RAYS = 32
GRID = (2, 2)  # predict on every second pixel: faster, and a wider field of view
# -------------------------------------------------------------------------------------------------

RUN = Path("build") / "training" / NAME  # checkpoints; nothing here is published


def load_training_images():
    """Return images (float32, percentile-normalised) and label masks, both lists of (Y, X)."""
    pairs = data.pairs(data.fetch("dsb2018"), "train")
    pairs = [pair for pair in pairs if not pair[0].stem.startswith(LEFT_OUT)]
    images, masks = [], []
    for image_path, mask_path in tqdm(pairs, desc="Reading images"):
        images.append(normalize(imread(image_path), 1, 99.8).astype(np.float32))
        masks.append(fill_label_holes(imread(mask_path)))
    return images, masks


def augment(image, mask):
    """Turn, mirror, and change the brightness and the noise of one patch."""
    turns, mirror = np.random.randint(4), np.random.rand() < 0.5
    image, mask = np.rot90(image, turns), np.rot90(mask, turns)
    if mirror:
        image, mask = np.fliplr(image), np.fliplr(mask)
    image = image * np.random.uniform(0.6, 1.6) + np.random.uniform(-0.15, 0.15)
    image = image + np.random.uniform(0, 0.05) * np.random.normal(size=image.shape)
    return image, mask


def learning_rate(epoch, _current=None):
    return float(LEARNING_RATE * 0.5 * (1 + np.cos(np.pi * epoch / EPOCHS)))


class History(keras.callbacks.Callback):
    """Write losses and hours to a JSON file after every epoch, and say how long is left."""

    def __init__(self, path, checkpoint_exists):
        super().__init__()
        self.path = path
        self.rows = json.loads(path.read_text())["epochs"] if checkpoint_exists else []

    def on_epoch_begin(self, epoch, logs=None):
        self.began = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        seconds = time.perf_counter() - self.began
        kept = {key: round(float(logs[key]), 5) for key in ("loss", "val_loss")}
        row = {"epoch": epoch + 1, **kept, "seconds": round(seconds)}
        self.rows = [*self.rows[:epoch], row]
        write_json(self.path, {"settings": settings(), "epochs": self.rows})
        minutes = seconds * (EPOCHS - epoch - 1) / 60
        print(f"Epoch {epoch + 1}/{EPOCHS}: about {minutes:.0f} min left")


def settings():
    return {
        "seed": SEED, "steps": EPOCHS * STEPS_PER_EPOCH, "batch_size": BATCH_SIZE,
        "patch_size": PATCH_SIZE[0], "learning_rate": LEARNING_RATE, "optimiser": "Adam",
    }  # fmt: skip


def train(images, masks, validation, restart=False):
    """Train, or go on from the checkpoint in `RUN`. Returns the trained model."""
    if restart:
        shutil.rmtree(RUN, ignore_errors=True)
    checkpoint = RUN / "checkpoint"
    config = Config2D(
        n_rays=N_RAYS, grid=GRID, n_channel_in=1,
        train_patch_size=PATCH_SIZE, train_batch_size=BATCH_SIZE,
        train_learning_rate=LEARNING_RATE, train_reduce_lr=None, train_tensorboard=False,
        train_checkpoint=None, train_checkpoint_epoch=None, train_foreground_only=0.9,
    )  # fmt: skip
    model = StarDist2D(config, name=NAME, basedir=str(RUN))
    model.prepare_for_training()
    model.callbacks += [
        keras.callbacks.LearningRateScheduler(learning_rate),
        History(RUN / "history.json", checkpoint.exists()),
        # Keeps weights, optimiser and epoch; picks them up when it finds them.
        keras.callbacks.BackupAndRestore(str(checkpoint), delete_checkpoint=False),
    ]
    model.train(
        images, masks, validation_data=validation, augmenter=augment, seed=SEED,
        epochs=EPOCHS, steps_per_epoch=STEPS_PER_EPOCH,
    )  # fmt: skip
    return model


def export(model):
    """Copy what `StarDist2D(None, name, basedir)` reads into the package, with its hashes."""
    folder = WEIGHTS / NAME
    folder.mkdir(parents=True, exist_ok=True)
    for source, target in {
        "config.json": "config.json",
        "thresholds.json": "thresholds.json",
        "weights_last.h5": "weights_best.h5",  # the name StarDist looks for first
    }.items():
        shutil.copy(model.logdir / source, folder / target)
    history = json.loads((RUN / "history.json").read_text())
    write_json(RESULTS / f"history_{NAME}.json", history)
    write_hashes(folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--restart", action="store_true", help="forget the last checkpoint")
    restart = parser.parse_args().restart

    keras.utils.set_random_seed(SEED)
    images, masks = load_training_images()
    order = np.random.default_rng(SEED).permutation(len(images))
    split = round(VALIDATION_SHARE * len(images))
    held_out, used = order[:split], order[split:]
    validation = [images[i] for i in held_out], [masks[i] for i in held_out]

    model = train([images[i] for i in used], [masks[i] for i in used], validation, restart)
    model.optimize_thresholds(*validation, nms_threshs=[0.3, 0.4, 0.5])
    export(model)


if __name__ == "__main__":
    main()
