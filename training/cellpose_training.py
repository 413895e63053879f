"""What both Cellpose trainings share: targets, patches, the loop, checkpoints, export.

The network, its targets and its loss are Cellpose's own; the loop is written out because
Cellpose's cannot be resumed. It uses a GPU (CUDA or Apple's MPS) when torch finds one. A script
holds the settings and reads its images: `train_cellpose.py`, `train_cellpose_cells.py`.
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
from stardist.matching import matching_dataset
from tqdm import tqdm

from bioimage_course import WEIGHTS_FOLDER as WEIGHTS
from bioimage_course.mistakes import IOU_THRESHOLDS
from training import augment, training_images
from training.export import RESULTS, load_checkpoint, save_checkpoint, write_hashes, write_json
from training.scoring import describe

BUILD = Path("build") / "training"  # checkpoints and flows; nothing here is published
LOGIT_THRESHOLDS = [-1.0, -0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0]  # tried at the end


class Stage(NamedTuple):
    """A part of the training; its learning rate rises, and falls along half a cosine."""

    steps: int
    top_rate: float  # the largest learning rate
    shares: dict  # data set → its share of the patches
    augmented: float  # share of patches shown as another microscope would have recorded them
    inverted: dict  # data set → share of its patches shown inverted
    families: bool = True  # whether the held-out families are learned from, too
    # Whether every image is first rescaled by its own median diameter, as Cellpose trains.
    rescaled: bool = True
    # The next stage starts, and the export is made, from a point on the line from the weights
    # before this stage (0) to those after it (1): an average of two good networks is often better
    # than each (Wortsman et al. 2022, arXiv 2203.05482).
    average: float = 1.0
    warm_up: int = 100  # first steps, in which the learning rate rises
    cosine: int | None = None  # steps until the rate is zero, if the stage ends before


class Settings(NamedTuple):
    """Of one training."""

    name: str
    diameter: float  # pixels: what a median diameter is brought to; Cellpose's `diam_mean`
    stages: list
    # A patch is zoomed by so much after that. A diameter given a quarter too large or too small
    # shows the network objects of 0.8 or 1.33 times the size.
    zoom: tuple = (0.75, 1.35)
    one_channel: float = 0.0  # chance that the second channel of a patch is empty
    unstained: tuple = ()  # data sets in which no cell takes up more of a stain than another
    batch_size: int = 8
    patch_size: int = 128  # pixels
    weight_decay: float = 1e-4
    seed: int = 42
    validate_every: int = 100  # steps; also when the checkpoint is written

    @property
    def run(self):
        return BUILD / self.name

    @property
    def withheld(self):
        """The weights from before they saw the held-out families."""
        return self.run / "withheld" / self.name / "model"

    def before(self, stage):
        """The weights that a stage, by its number, started from."""
        return self.run / f"before_stage_{stage + 1}"


class Groups(NamedTuple):
    """Samples by data set, {name: samples}, as `training_images.split` divides them."""

    used: dict  # to learn from from the start
    known: dict  # never to learn from: for the validation loss and the threshold
    families: dict  # to learn from in the stages that say so


def pick_device():
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def prepare(sample, image, settings):
    """Give a sample what the network learns from.

    image : float array, shape (Y, X, 2), as `CellposeModel.eval` normalises it

    Sets `image`, `flows`, shape (Y, X, 3): inside or outside, flow in y, flow in x, and `zoom`,
    which brings the median diameter to the network's.
    """
    sample.image = np.ascontiguousarray(image, dtype=np.float32)
    sample.flows = flows_of(sample.labels, settings.run / "flows" / f"{sample.name}.npy")
    median = describe(sample.labels)[0] or settings.diameter
    sample.zoom = settings.diameter / max(median, 5)  # as in Cellpose, specks do not count


def flows_of(labels, cache):
    """Cellpose's targets, shape (Y, X, 3). Slow, so kept in a file."""
    if not cache.exists():
        flows = labels_to_flows([labels.copy()], device=torch.device("cpu"))[0][1:]
        cache.parent.mkdir(parents=True, exist_ok=True)
        np.save(cache, np.moveaxis(flows, 0, -1).astype(np.float16))
    return np.load(cache).astype(np.float32)  # from the file, so that every run sees the same


def draw_patch(samples, rng, settings, stage, name, augmented):
    """One patch as the network sees it, shape (2, Y, X), and its flows, shape (3, Y, X)."""
    sample = training_images.draw(samples, rng)
    arrays = [sample.image, sample.labels, sample.flows]
    inside = 1
    if stage.rescaled:
        zoom = sample.zoom * rng.uniform(*settings.zoom)
        arrays.append(np.ones_like(sample.labels))
        (image, labels, flows, inside), turn = augment.warp(
            sample, arrays, settings.patch_size, zoom, rng
        )
    else:
        (image, labels, flows), turn = augment.cut(sample, arrays, settings.patch_size, rng)
    channels = np.moveaxis(image, -1, 0)
    if augmented:
        stained = np.zeros_like(labels) if name in settings.unstained else labels
        channels = np.stack([
            augment.record_differently(channel, stained, rng) if channel.any() else channel
            for channel in channels
        ])  # fmt: skip
    if rng.random() < stage.inverted.get(name, 0):
        channels[0] = 1 - channels[0]
    if settings.one_channel and rng.random() < settings.one_channel:
        channels[1] = 0
    return channels * inside, turned(flows, turn)


def turned(flows, turn):
    """Let arrows of a turned patch point the right way; (Y, X, 3) → (3, Y, X).

    turn : array, shape (2, 2)
        From directions (x, y) in the patch to directions in the image.
    """
    inside, y, x = np.moveaxis(flows, -1, 0)
    x, y = np.tensordot(turn.T, np.stack([x, y]), 1)
    return np.stack([inside, y, x])


def draw_batch(groups, rng, settings, stage):
    """Patches, shape (batch, 2, Y, X), and flows, shape (batch, 3, Y, X), of groups {name: …}."""
    names = [name for name in stage.shares if groups.get(name)]
    shares = np.array([stage.shares[name] for name in names])
    patches = []
    for k in range(settings.batch_size):
        name = names[rng.choice(len(names), p=shares / shares.sum())]
        augmented = k < stage.augmented * settings.batch_size
        patches.append(draw_patch(groups[name], rng, settings, stage, name, augmented))
    images, flows = zip(*patches, strict=True)
    return np.stack(images).astype(np.float32), np.stack(flows).astype(np.float32)


def schedule(settings):
    """For every step: the number of its stage, and its learning rate."""
    for number, stage in enumerate(settings.stages):
        up, length = stage.warm_up, stage.cosine or stage.steps
        for step in range(stage.steps):
            rise = (step + 1) / max(up, 1)
            fall = 0.5 * (1 + np.cos(np.pi * (step - up) / (length - up)))
            yield number, float(stage.top_rate * (rise if step < up else fall))


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


def build(settings, device):
    """Cellpose's network with fresh weights."""
    net = CPnet([2, 32, 64, 128, 256], nout=3, sz=3, diam_mean=settings.diameter).to(device)
    return net.to(memory_format=torch.channels_last)


def train(settings, groups, device, restart=False):
    """Train, or go on from the checkpoint. Returns the network and its loss history."""
    torch.manual_seed(settings.seed)
    net = build(settings, device)
    learned = [p for p in net.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(learned, weight_decay=settings.weight_decay)
    checkpoint, first, history = settings.run / "checkpoint.npz", 0, []
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
    steps = list(schedule(settings))
    # In every stage alike, and as the first sees its images: one curve that can be compared.
    plain = settings.stages[-1]._replace(
        augmented=0.0, inverted={}, rescaled=settings.stages[0].rescaled
    )
    validation = {
        name: [draw_batch(part, np.random.default_rng([settings.seed, 0, k]), settings, plain)
               for k in range(12)]
        for name, part in (("known", groups.known), ("families", groups.families))
        if any(part.values())
    }  # fmt: skip
    everything = {name: [*group, *groups.families.get(name, [])]
                  for name, group in groups.used.items()}  # fmt: skip

    hours = history[-1]["hours"] if history else 0.0
    began, recent = time.perf_counter(), []
    for step in tqdm(range(first, len(steps)), initial=first, total=len(steps), desc="Training"):
        net.train()
        number, optimiser.param_groups[0]["lr"] = steps[step]
        stage = settings.stages[number]
        if step == 0 or number != steps[step - 1][0]:
            if step:
                average_with_earlier(net, settings, number - 1)
            save(net, settings.before(number), settings)
            optimiser.state.clear()  # a stage starts afresh, with nothing but the weights
        batch = draw_batch(
            everything if stage.families else groups.used,
            np.random.default_rng([settings.seed, 1, step]), settings, stage,
        )  # fmt: skip
        loss = loss_of(net, *batch, device)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        recent.append(loss.item())

        ends = step + 1 == len(steps) or steps[step + 1][0] != number
        if (step + 1) % settings.validate_every == 0 or ends:
            row = {"step": step + 1, "loss": round(float(np.mean(recent)), 4)}
            if not stage.families:
                save(net, settings.withheld, settings)
            for name, batches in validation.items():
                if name == "known" or not stage.families:
                    row[f"loss_{name}"] = round(validate(net, batches, device), 4)
            row["hours"] = round(hours + (time.perf_counter() - began) / 3600, 3)
            history.append(row)
            recent.clear()
            arrays = [t.detach().cpu().numpy() for t in state_of(net, optimiser)]
            save_checkpoint(checkpoint, arrays, step + 1, history)
            tqdm.write(str(row))
    average_with_earlier(net, settings, len(settings.stages) - 1)
    return net, history


def validate(net, batches, device):
    net.eval()
    with torch.no_grad():
        return float(np.mean([loss_of(net, *batch, device).item() for batch in batches]))


def average_with_earlier(net, settings, number):
    """Move the weights after a stage towards those before it, as its `average` says."""
    earlier = torch.load(settings.before(number), map_location="cpu", weights_only=True)
    for key, tensor in net.state_dict().items():
        if tensor.is_floating_point():
            tensor.copy_(earlier[key].to(tensor).lerp(tensor, settings.stages[number].average))


def save(net, path, settings):
    """Save the tensors as float16: half the size; they load into a float32 network unchanged."""
    # Where no diameter is given, the image is used at the size it has.
    net.diam_labels.data.fill_(settings.diameter)
    tensors = {
        key: value.cpu().contiguous().half() if value.is_floating_point() else value.cpu()
        for key, value in net.state_dict().items()
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(tensors, path)


def tune_threshold(path, samples):
    """The logit above which a pixel should belong to an object, tried on unseen images.

    Returns the best of `LOGIT_THRESHOLDS` by the mean AP over IoU 0.5 to 0.9.
    """
    model = CellposeModel(gpu=torch.cuda.is_available(), pretrained_model=str(path))
    scores = np.zeros(len(LOGIT_THRESHOLDS))
    outputs = [
        model.eval(sample.image, channels=[1, 2], channel_axis=-1, normalize=False,
                   rescale=sample.zoom, compute_masks=False)[1]
        for sample in tqdm(samples, desc="Tuning the threshold")
    ]  # fmt: skip
    for i, threshold in enumerate(LOGIT_THRESHOLDS):
        predicted = [
            resize_and_compute_masks(
                flow, logit, niter=int(200 / sample.zoom), cellprob_threshold=threshold
            )
            for sample, (_, flow, logit) in zip(samples, outputs, strict=True)
        ]
        rows = matching_dataset(
            [sample.labels for sample in samples], predicted, thresh=IOU_THRESHOLDS,
            show_progress=False,
        )  # fmt: skip
        scores[i] = np.mean([row.accuracy for row in rows])
    return LOGIT_THRESHOLDS[int(np.argmax(scores))]


def save_tuned(net, path, settings, unseen):
    """Save a network whose best logit threshold is Cellpose's default, 0; returns the shift."""
    save(net, path, settings)
    shift = -tune_threshold(path, unseen)
    net.output[-1].bias.data[2] += shift  # the logit is the last of three outputs
    save(net, path, settings)
    return shift


def export(net, history, settings, groups, device):
    """Write the weights; those from before the held-out families, if any, get the same."""
    unseen = [sample for group in groups.known.values() for sample in group]
    if settings.withheld.exists():
        withheld = build(settings, "cpu")
        withheld.load_model(settings.withheld, device=torch.device("cpu"))
        save_tuned(withheld, settings.withheld, settings, unseen)
    path = WEIGHTS / settings.name / "model"
    shift = save_tuned(net, path, settings, unseen)
    write_hashes(path.parent)
    described = settings._asdict() | {
        "stages": [stage._asdict() for stage in settings.stages],
        "optimiser": "AdamW",
        "images": {
            name: len(group) + len(groups.families.get(name, []))
            for name, group in groups.used.items()
        },
        "withheld": sum(map(len, groups.families.values())),
        "kept_aside": len(unseen),
        "device": device.type,
        "logit_shift": shift,
    }
    del described["name"], described["validate_every"]
    write_json(RESULTS / f"history_{settings.name}.json", {"settings": described, "steps": history})


def run(settings, read, description):
    """What both scripts do.

    read : function without arguments that returns `Groups`
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--restart", action="store_true", help="forget the last checkpoint")
    restart = parser.parse_args().restart

    device = pick_device()
    groups = read()
    learned_from, aside, withheld = (sum(map(len, group.values())) for group in groups)
    print(f"{learned_from} images to learn from, {withheld} more at the end; {aside} kept aside.")
    net, history = train(settings, groups, device, restart)
    export(net, history, settings, groups, device)
