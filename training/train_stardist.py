"""Train the course's StarDist model, `stardist_nuclei`, from nothing.

    python training/train_stardist.py            # start, or go on from the last checkpoint
    python training/train_stardist.py --restart  # forget the checkpoint

Reads the fluorescence nuclei of the 2018 Data Science Bowl (`data.fetch("dsb2018")`), trains on its
`train` part only, and writes into the package: weights, configuration, thresholds and their hashes.
The network, its targets and its losses are StarDist's own; the loop is written out because
StarDist's cannot be resumed. It uses a GPU when TensorFlow finds one.
"""

import argparse
import os
import shutil
import time
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # about a third faster on a CPU

import keras
import numpy as np
import tensorflow as tf
from csbdeep.utils import normalize
from stardist.geometry import star_dist
from stardist.models import Config2D, StarDist2D
from stardist.utils import edt_prob
from tqdm import tqdm

from bioimage_course import WEIGHTS_FOLDER as WEIGHTS
from bioimage_course.mistakes import IOU_THRESHOLDS
from training import augment, training_images
from training.export import RESULTS, load_checkpoint, save_checkpoint, write_hashes, write_json

# --- What you may want to change -----------------------------------------------------------------
NAME = "stardist_nuclei"
SEED = 42
BATCH_SIZE = 16
PATCH_SIZE = 128  # pixels
WEIGHT_DECAY = 1e-4
N_RAYS = 32
GRID = (2, 2)  # predict on every second pixel: faster, and a wider field of view
DISTANCE_LOSS = "iou"  # or "mae": the error of the rays in pixels, which large nuclei dominate
LOSS_WEIGHTS = (1, 2)  # of probability and distances
NMS_THRESHOLDS = [0.3, 0.4, 0.5]  # tried when the thresholds are tuned
REMEASURED = 300  # batches, for the batch normalisation of averaged weights
VALIDATE_EVERY = 250  # steps; also when the checkpoint is written


class Stage(NamedTuple):
    """A part of the training; its learning rate falls along half a cosine."""

    steps: int
    top_rate: float  # the largest learning rate
    families: bool  # whether the held-out families are learned from, too
    augmented: float  # share of patches shown as another microscope would have recorded them
    warm_up: int = 0  # first steps, in which the learning rate rises
    zooms: tuple | None = None  # smallest and largest zoom of a patch; None: most are near 1
    # How far from the weights before this stage (0) to those after it (1) the result lies: an
    # average of two good networks is often better than each (arXiv 2203.05482).
    average: float = 1.0


STAGES = [
    Stage(7000, 1e-3, False, 1.0, warm_up=200),
    Stage(900, 3e-4, False, 0.0),  # as recorded: patches are only turned, mirrored and zoomed
    Stage(3000, 5e-4, True, 0.5),
    Stage(2000, 5e-4, True, 0.5, zooms=(0.4, 3.0), average=0.7),  # so that few large nuclei split
]
# -------------------------------------------------------------------------------------------------

RUN = Path("build") / "training" / NAME  # checkpoint; nothing here is published
WITHHELD = RUN / "withheld" / NAME  # the model before it saw the held-out families, to score them


def read():
    """Samples to learn from, unseen ones of known kind, unseen families; images normalised."""
    samples = training_images.read("dsb2018")
    for sample in samples:
        sample.image = normalize(sample.image, 1, 99.8).astype(np.float32)
    return training_images.split(samples)


def draw_batch(samples, rng, augmented=1.0, zooms=None):
    """Patches and what the network shall answer, as StarDist's own data generator makes it.

    augmented : float
        Share of patches that are shown as another microscope would have recorded them.
    zooms : two floats, optional
        As in `augment.cut`.

    Returns
    -------
    images : float32 array, shape (batch, Y, X, 1)
    targets : tuple of float32 arrays
        Probability, shape (batch, Y / grid, X / grid, 1); distances along the rays with the
        probability as the weight of each pixel, shape (batch, Y / grid, X / grid, rays + 1).
    """
    images, probabilities, distances = [], [], []
    for k in range(BATCH_SIZE):
        sample = training_images.draw(samples, rng)
        (image, labels), _ = augment.cut(
            sample, [sample.image, sample.labels], PATCH_SIZE, rng, zooms
        )
        if k < augmented * BATCH_SIZE:
            image = augment.record_differently(image, labels, rng)
        images.append(image)
        probabilities.append(edt_prob(labels[:: GRID[0], :: GRID[1]]))
        distances.append(star_dist(labels, N_RAYS, grid=GRID))
    images = np.stack(images)[..., None]
    probabilities = np.stack(probabilities)[..., None].astype(np.float32)
    return images, (probabilities, np.concatenate([np.stack(distances), probabilities], axis=-1))


def schedule():
    """For every step: its stage, and its learning rate."""
    for stage in STAGES:
        up = stage.warm_up
        for step in range(stage.steps):
            rise = (step + 1) / max(up, 1)
            fall = 0.5 * (1 + np.cos(np.pi * (step - up) / (stage.steps - up)))
            yield stage, float(stage.top_rate * (rise if step < up else fall))


def build(folder):
    """A StarDist model with fresh weights; its files will be in `folder`/NAME."""
    config = Config2D(
        n_rays=N_RAYS, grid=GRID, n_channel_in=1, unet_batch_norm=True,
        train_patch_size=(PATCH_SIZE, PATCH_SIZE), train_batch_size=BATCH_SIZE,
        train_learning_rate=STAGES[0].top_rate, train_dist_loss=DISTANCE_LOSS,
        train_loss_weights=LOSS_WEIGHTS, train_epochs=1, train_steps_per_epoch=STAGES[0].steps,
        train_reduce_lr=None, train_tensorboard=False,
        train_checkpoint=None, train_checkpoint_epoch=None,
    )  # fmt: skip
    return StarDist2D(config, name=NAME, basedir=str(folder))


def half_precision_pays():
    """Whether this machine computes with bfloat16, which nearly halves the time of a step."""
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        details = tf.config.experimental.get_device_details(gpus[0])
        return details.get("compute_capability", (0, 0)) >= (8, 0)
    flags = Path("/proc/cpuinfo")
    return flags.exists() and any(word in flags.read_text() for word in ("avx512_bf16", "amx_bf16"))


def in_half_precision(network):
    """A copy that computes in bfloat16; its weights and its two outputs stay float32."""

    def convert(layer):
        precision = "float32" if layer.name in ("prob", "dist") else "mixed_bfloat16"
        return type(layer).from_config(layer.get_config() | {"dtype": precision})

    copy = keras.models.clone_model(network, clone_function=convert)
    copy.set_weights(network.get_weights())
    return copy


def train(used, known, families, restart=False):
    """Train, or go on from the checkpoint in `RUN`. Returns the model and its loss history."""
    model = build(RUN)
    network = model.keras_model
    if half_precision_pays():
        model.keras_model = in_half_precision(network)
    optimiser = keras.optimizers.AdamW(STAGES[0].top_rate, weight_decay=WEIGHT_DECAY)
    model.prepare_for_training(optimiser)
    optimiser.build(model.keras_model.trainable_variables)
    state = [*model.keras_model.variables, *optimiser.variables]

    checkpoint, first, history = RUN / "checkpoint.npz", 0, []
    if checkpoint.exists() and not restart:
        arrays, first, history = load_checkpoint(checkpoint)
        for variable, array in zip(state, arrays, strict=True):
            variable.assign(array)
    unseen = {"known": known, "families": families}
    validation = {
        name: [draw_batch(group, np.random.default_rng([SEED, 0, k]), augmented=0)
               for k in range(8)]
        for name, group in unseen.items() if group
    }  # fmt: skip

    hours = history[-1]["hours"] if history else 0.0
    began, recent, steps = time.perf_counter(), [], list(schedule())
    for step in tqdm(range(first, len(steps)), initial=first, total=len(steps), desc="Training"):
        stage, rate = steps[step]
        if stage.average < 1 and stage is not steps[step - 1][0]:
            weights = model.keras_model.get_weights()
            save_checkpoint(RUN / "before_stage.npz", weights, step, [])
            for variable in optimiser.variables:  # starts afresh, with nothing but the weights
                variable.assign(np.zeros(variable.shape))
        optimiser.learning_rate.assign(rate)
        rng = np.random.default_rng([SEED, 1, step])
        samples = used + families if stage.families else used
        images, targets = draw_batch(samples, rng, stage.augmented, stage.zooms)
        recent.append(model.keras_model.train_on_batch(images, targets, return_dict=True)["loss"])

        following = steps[step + 1][0] if step + 1 < len(steps) else None
        if following is not stage and stage.average < 1:
            average_with_earlier(model.keras_model, used + families, stage)
        if (step + 1) % VALIDATE_EVERY == 0 or following is not stage:
            row = {"step": step + 1, "loss": round(float(np.mean(recent)), 4)}
            if not stage.families:
                WITHHELD.mkdir(parents=True, exist_ok=True)
                network.set_weights(model.keras_model.get_weights())
                network.save_weights(WITHHELD / "weights_best.h5")
            for name, batches in validation.items():
                if name == "known" or not stage.families:
                    row[f"loss_{name}"] = round(validate(model.keras_model, batches), 4)
            row["hours"] = round(hours + (time.perf_counter() - began) / 3600, 3)
            history.append(row)
            recent.clear()
            save_checkpoint(checkpoint, [v.numpy() for v in state], step + 1, history)
            tqdm.write(str(row))
    network.set_weights(model.keras_model.get_weights())
    model.keras_model = network  # in full precision, as readers will load it
    return model, history


def average_with_earlier(network, samples, stage):
    """Move the weights after a stage towards those before it, as its `average` says.

    The means and variances of the batch normalisation belong to the weights they were measured
    with, so they are measured anew.
    """
    earlier = load_checkpoint(RUN / "before_stage.npz")[0]
    network.set_weights([
        before + stage.average * (after - before)
        for before, after in zip(earlier, network.get_weights(), strict=True)
    ])  # fmt: skip
    for k in range(REMEASURED):
        rng = np.random.default_rng([SEED, 2, k])
        network(draw_batch(samples, rng, stage.augmented, stage.zooms)[0], training=True)


def validate(network, batches):
    losses = [network.test_on_batch(*batch, return_dict=True)["loss"] for batch in batches]
    return float(np.mean(losses))


def tune_thresholds(model, samples):
    """Choose both thresholds on unseen images; they are written into the model's folder."""
    model.optimize_thresholds(
        [s.image for s in samples],
        [s.labels for s in samples],
        nms_threshs=NMS_THRESHOLDS,
        iou_threshs=list(IOU_THRESHOLDS),
    )


def tune_withheld(model, samples):
    """Tune the weights from before the held-out families, too, as they are scored on those."""
    final = model.keras_model.get_weights()
    model.keras_model.load_weights(WITHHELD / "weights_best.h5")
    tune_thresholds(model, samples)
    for file in ("config.json", "thresholds.json"):
        shutil.copy(model.logdir / file, WITHHELD / file)
    model.keras_model.set_weights(final)


def export(model, history, settings):
    """Write what `StarDist2D(None, name, basedir)` reads into the package, with its hashes."""
    folder = WEIGHTS / NAME
    folder.mkdir(parents=True, exist_ok=True)
    model.keras_model.save_weights(model.logdir / "weights_best.h5")  # the name StarDist looks for
    for file in ("config.json", "thresholds.json", "weights_best.h5"):
        shutil.copy(model.logdir / file, folder / file)
    write_hashes(folder)
    write_json(RESULTS / f"history_{NAME}.json", {"settings": settings, "steps": history})


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--restart", action="store_true", help="forget the last checkpoint")
    restart = parser.parse_args().restart

    keras.utils.set_random_seed(SEED)
    used, known, families = read()
    print(f"{len(used)} images to learn from; unseen: {len(known)} and {len(families)}.")
    model, history = train(used, known, families, restart)
    tune_withheld(model, known)
    tune_thresholds(model, known)
    settings = {
        "seed": SEED, "stages": [stage._asdict() for stage in STAGES],
        "batch_size": BATCH_SIZE, "patch_size": PATCH_SIZE,
        "weight_decay": WEIGHT_DECAY, "optimiser": "AdamW",
        "distance_loss": DISTANCE_LOSS, "images": len(used) + len(families),
        "withheld": len(families), "kept_aside": len(known),
    }  # fmt: skip
    export(model, history, settings)


if __name__ == "__main__":
    main()
