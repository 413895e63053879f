"""Train the course's Cellpose model, `cellpose_nuclei`, from nothing.

    python training/train_cellpose.py            # start, or go on from the last checkpoint
    python training/train_cellpose.py --restart  # forget the checkpoint

Reads fluorescence nuclei (`data.fetch("dsb2018")`) and, where the folder is there, bright-field
tissue (`data.fetch("dsb2018_brightfield")`), `train` parts only. Images of both kinds are also
shown inverted, so that one network finds nuclei that are brighter or darker than their
surroundings. The network, its targets and its loss are Cellpose's own; the loop is written out
because Cellpose's cannot be resumed. It uses a GPU (CUDA or Apple's MPS) when torch finds one.
"""

import argparse
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from cellpose.dynamics import labels_to_flows, resize_and_compute_masks
from cellpose.models import CellposeModel
from cellpose.resnet_torch import CPnet
from cellpose.train import _loss_fn_seg
from cellpose.transforms import convert_image, normalize_img
from stardist.matching import matching_dataset
from tqdm import tqdm

from bioimage_course import WEIGHTS_FOLDER as WEIGHTS
from bioimage_course import data
from bioimage_course.mistakes import IOU_THRESHOLDS
from training import augment, training_images
from training.export import RESULTS, load_checkpoint, save_checkpoint, write_hashes, write_json

# --- What you may want to change -----------------------------------------------------------------
NAME = "cellpose_nuclei"
SEED = 42
BATCH_SIZE = 8
PATCH_SIZE = 128  # pixels
WEIGHT_DECAY = 1e-4
DIAMETER = 17.0  # pixels: what `diameter` brings nuclei to; as in Cellpose's own `nuclei`


class Stage(NamedTuple):
    """A part of the training; its learning rate rises, and falls along half a cosine."""

    steps: int
    top_rate: float  # the largest learning rate
    families: bool  # whether the held-out families are learned from, too
    augmented: float  # share of patches shown as another microscope would have recorded them
    brightfield: float  # share of patches from bright-field tissue
    inverted: dict  # data set → share of its patches shown inverted
    warm_up: int = 100  # first steps, in which the learning rate rises


STAGES = [
    Stage(3600, 2e-3, False, 1.0, 0.25, {"dsb2018": 0.06, "dsb2018_brightfield": 0.4}),
    Stage(3900, 1e-3, True, 0.5, 0.4, {"dsb2018": 0.05, "dsb2018_brightfield": 0.2}),
    Stage(3800, 1e-3, True, 0.5, 0.35, {"dsb2018": 0.05, "dsb2018_brightfield": 0.2}),
]
# The published weights lie on the line from those before the last stage (0) to those after it (1):
# an average of two good networks is often better than each (Wortsman et al. 2022,
# arXiv 2203.05482). Of 0, 0.5, 0.7 and 1, this scored best on the images kept aside.
LAST_STAGE_SHARE = 0.7
LOGIT_THRESHOLDS = [-1.0, -0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0]  # tried at the end
VALIDATE_EVERY = 100  # steps; also when the checkpoint is written
# -------------------------------------------------------------------------------------------------

RUN = Path("build") / "training" / NAME  # checkpoint and flows; nothing here is published
WITHHELD = RUN / "withheld" / NAME / "model"  # from before it saw the held-out families
BEFORE_LAST = "before_last_stage"  # in RUN


def pick_device():
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def read(name):
    """Samples to learn from, unseen ones of known kind, unseen families, as in `split`.

    Their image becomes what `CellposeModel.eval` makes of it: grey, its 1st percentile 0 and its
    99th 1. They get `flows`, shape (Y, X, 3): inside or outside, flow in y, flow in x.
    """
    samples = training_images.read(name)
    for sample in tqdm(samples, desc=f"Flows, {name}"):
        sample.image = normalize_img(convert_image(sample.image, channels=[0, 0]))[..., 0]
        sample.flows = flows_of(sample.labels, RUN / "flows" / f"{sample.name}.npy")
    # Bright-field images are few and of one family: none is held out for its size.
    families = training_images.HELD_OUT_SIZES if name == "dsb2018" else ()
    return training_images.split(samples, families)


def flows_of(labels, cache):
    """Cellpose's targets, shape (Y, X, 3). Slow, so kept in a file."""
    if not cache.exists():
        flows = labels_to_flows([labels.copy()], device=torch.device("cpu"))[0][1:]
        cache.parent.mkdir(parents=True, exist_ok=True)
        np.save(cache, np.moveaxis(flows, 0, -1).astype(np.float16))
    return np.load(cache).astype(np.float32)  # from the file, so that every run sees the same


def draw_patch(samples, rng, inverted, augmented):
    """One patch as the network sees it, shape (2, Y, X), and its flows, shape (3, Y, X)."""
    sample = training_images.draw(samples, rng)
    (image, labels, flows), turns, mirrored = augment.cut(
        sample, [sample.image, sample.labels, sample.flows], PATCH_SIZE, rng
    )
    if augmented:
        image = augment.record_differently(image, labels, rng)
    if rng.random() < inverted:
        image = 1 - image
    return np.stack([image, np.zeros_like(image)]), turned(flows, turns, mirrored)


def turned(flows, turns, mirrored):
    """Let arrows of a patch that was mirrored, then turned, point the right way; (3, Y, X)."""
    inside, y, x = np.moveaxis(flows, -1, 0)
    x = -x if mirrored else x
    for _ in range(turns):
        y, x = -x, y
    return np.stack([inside, y, x])


def draw_batch(groups, rng, stage):
    """Patches, shape (batch, 2, Y, X), and flows, shape (batch, 3, Y, X), of groups {name: …}."""
    patches = []
    for k in range(BATCH_SIZE):
        bright = bool(groups.get("dsb2018_brightfield")) and rng.random() < stage.brightfield
        name = "dsb2018_brightfield" if bright else "dsb2018"
        augmented = k < stage.augmented * BATCH_SIZE
        patches.append(draw_patch(groups[name], rng, stage.inverted[name], augmented))
    images, flows = zip(*patches, strict=True)
    return np.stack(images).astype(np.float32), np.stack(flows).astype(np.float32)


def schedule():
    """For every step: its stage, and its learning rate."""
    for stage in STAGES:
        up = stage.warm_up
        for step in range(stage.steps):
            rise = (step + 1) / max(up, 1)
            fall = 0.5 * (1 + np.cos(np.pi * (step - up) / (stage.steps - up)))
            yield stage, float(stage.top_rate * (rise if step < up else fall))


def loss_of(net, images, flows, device):
    batch = torch.from_numpy(images).to(device, memory_format=torch.channels_last)
    # Half precision halves the time where the hardware knows bfloat16, and is slow where not.
    with torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type != "mps"):
        predicted = net(batch)[0]
    return _loss_fn_seg(flows, predicted.float(), device)


def state_of(net, optimiser):
    """Every tensor that training changes: of the network, and two averages per parameter."""
    averages = [optimiser.state[p] for p in net.parameters() if p in optimiser.state]
    return [
        *net.state_dict().values(),
        *(values[key] for values in averages for key in ("step", "exp_avg", "exp_avg_sq")),
    ]


def build(device):
    """Cellpose's network with fresh weights."""
    net = CPnet([2, 32, 64, 128, 256], nout=3, sz=3, diam_mean=DIAMETER).to(device)
    return net.to(memory_format=torch.channels_last)


def train(used, known, families, device, restart=False):
    """Train, or go on from the checkpoint in `RUN`. Returns the network and its loss history.

    used, known, families : {data set: samples}
        To learn from from the start; never; in the stages that say so.
    """
    net = build(device)
    learned = [p for p in net.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(learned, weight_decay=WEIGHT_DECAY)
    checkpoint, first, history = RUN / "checkpoint.npz", 0, []
    if checkpoint.exists() and not restart:
        arrays, first, history = load_checkpoint(checkpoint)
        for parameter in learned:  # what the optimiser makes at its first step
            optimiser.state[parameter] = {
                "step": torch.tensor(0.0),
                "exp_avg": torch.zeros_like(parameter),
                "exp_avg_sq": torch.zeros_like(parameter),
            }
        for tensor, array in zip(state_of(net, optimiser), arrays, strict=True):
            tensor.data.copy_(torch.from_numpy(array))
    plain = STAGES[0]._replace(augmented=0.0, inverted=dict.fromkeys(used, 0.0))
    validation = {
        name: [draw_batch(groups, np.random.default_rng([SEED, 0, k]), plain) for k in range(12)]
        for name, groups in (("known", known), ("families", families)) if groups.get("dsb2018")
    }  # fmt: skip
    everything = {name: used[name] + families[name] for name in used}
    steps = list(schedule())

    hours = history[-1]["hours"] if history else 0.0
    began, recent = time.perf_counter(), []
    for step in tqdm(range(first, len(steps)), initial=first, total=len(steps), desc="Training"):
        net.train()
        stage, optimiser.param_groups[0]["lr"] = steps[step]
        if step and stage is not steps[step - 1][0]:
            optimiser.state.clear()  # a stage starts afresh, with nothing but the weights
        groups = everything if stage.families else used
        batch = draw_batch(groups, np.random.default_rng([SEED, 1, step]), stage)
        loss = loss_of(net, *batch, device)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        recent.append(loss.item())

        following = steps[step + 1][0] if step + 1 < len(steps) else None
        if (step + 1) % VALIDATE_EVERY == 0 or following is not stage:
            row = {"step": step + 1, "loss": round(float(np.mean(recent)), 4)}
            if not stage.families:
                save(net, WITHHELD)
            if following is STAGES[-1] and following is not stage:
                save(net, RUN / BEFORE_LAST)
            for name, batches in validation.items():
                if name == "known" or not stage.families:
                    row[f"loss_{name}"] = round(validate(net, batches, device), 4)
            row["hours"] = round(hours + (time.perf_counter() - began) / 3600, 3)
            history.append(row)
            recent.clear()
            arrays = [t.detach().cpu().numpy() for t in state_of(net, optimiser)]
            save_checkpoint(checkpoint, arrays, step + 1, history)
            tqdm.write(str(row))
    return net, history


def validate(net, batches, device):
    net.eval()
    with torch.no_grad():
        return float(np.mean([loss_of(net, *batch, device).item() for batch in batches]))


def save(net, path):
    """Save the tensors as float16: half the size; they load into a float32 network unchanged."""
    # Where no diameter is given, the image is used at the size it has.
    net.diam_labels.data.fill_(DIAMETER)
    tensors = {
        key: value.cpu().contiguous().half() if value.is_floating_point() else value.cpu()
        for key, value in net.state_dict().items()
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(tensors, path)


def tune_threshold(path, samples):
    """The logit above which a pixel should belong to a nucleus, tried on unseen images.

    Returns the best of `LOGIT_THRESHOLDS` by the mean AP over IoU 0.5 to 0.9.
    """
    model = CellposeModel(gpu=torch.cuda.is_available(), pretrained_model=str(path))
    scores = np.zeros(len(LOGIT_THRESHOLDS))
    outputs = [
        model.eval(sample.image, channels=[0, 0], normalize=False, compute_masks=False)[1]
        for sample in tqdm(samples, desc="Tuning the threshold")
    ]
    for i, threshold in enumerate(LOGIT_THRESHOLDS):
        found = [
            resize_and_compute_masks(flow, logit, cellprob_threshold=threshold)
            for _, flow, logit in outputs
        ]
        rows = matching_dataset(
            [sample.labels for sample in samples], found, thresh=IOU_THRESHOLDS,
            show_progress=False,
        )  # fmt: skip
        scores[i] = np.mean([row.accuracy for row in rows])
    return LOGIT_THRESHOLDS[int(np.argmax(scores))]


def average_with_earlier(net):
    """Move the weights towards those from before the last stage, by 1 - LAST_STAGE_SHARE."""
    earlier = torch.load(RUN / BEFORE_LAST, map_location="cpu", weights_only=True)
    for key, tensor in net.state_dict().items():
        if tensor.is_floating_point():
            tensor.copy_(earlier[key].to(tensor).lerp(tensor, LAST_STAGE_SHARE))


def export(net, history, settings, unseen):
    """Write the weights; those from before the last stage, which are scored too, get the same."""
    withheld = build("cpu")
    withheld.load_model(WITHHELD, device=torch.device("cpu"))
    save_tuned(withheld, WITHHELD, unseen)
    path = WEIGHTS / NAME / "model"
    settings["logit_shift"] = save_tuned(net, path, unseen)
    write_hashes(path.parent)
    write_json(RESULTS / f"history_{NAME}.json", {"settings": settings, "steps": history})


def save_tuned(net, path, unseen):
    """Save a network whose best logit threshold is Cellpose's default, 0; returns the shift."""
    save(net, path)
    shift = -tune_threshold(path, unseen)
    net.output[-1].bias.data[2] += shift  # the logit is the last of three outputs
    save(net, path)
    return shift


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--restart", action="store_true", help="forget the last checkpoint")
    restart = parser.parse_args().restart

    torch.manual_seed(SEED)
    device = pick_device()
    used, known, families = {}, {}, {}
    names = ["dsb2018", "dsb2018_brightfield"]
    try:
        data.fetch(names[1])
    except data.DataError as error:
        print(f"Training on fluorescence only. {error}")
        names.pop()
    for name in names:
        used[name], known[name], families[name] = read(name)
    learned_from, withheld, aside = (
        sum(len(samples) for samples in groups.values()) for groups in (used, families, known)
    )
    print(f"{learned_from} images to learn from, {withheld} more at the end; {aside} kept aside.")

    net, history = train(used, known, families, device, restart)
    average_with_earlier(net)
    settings = {
        "seed": SEED, "stages": [stage._asdict() for stage in STAGES],
        "last_stage_share": LAST_STAGE_SHARE, "batch_size": BATCH_SIZE, "patch_size": PATCH_SIZE,
        "weight_decay": WEIGHT_DECAY, "optimiser": "AdamW", "diameter": DIAMETER,
        "images": {name: len(used[name] + families[name]) for name in used},
        "withheld": withheld, "kept_aside": aside, "device": device.type,
    }  # fmt: skip
    export(net, history, settings, [sample for group in known.values() for sample in group])


if __name__ == "__main__":
    main()
