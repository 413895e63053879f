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

import numpy as np
import torch
from cellpose.dynamics import labels_to_flows, resize_and_compute_masks
from cellpose.models import CellposeModel
from cellpose.resnet_torch import CPnet
from cellpose.train import _loss_fn_seg
from cellpose.transforms import convert_image, normalize_img
from stardist.matching import matching_dataset
from tqdm import tqdm

import augment
import training_images
from bioimage_course import WEIGHTS_FOLDER as WEIGHTS
from bioimage_course import data
from export import RESULTS, load_checkpoint, save_checkpoint, write_hashes, write_json

# --- What you may want to change -----------------------------------------------------------------
NAME = "cellpose_nuclei"
SEED = 42
STEPS = 3600
BATCH_SIZE = 8
PATCH_SIZE = 128  # pixels
LEARNING_RATE = 2e-3  # rises for WARM_UP steps, then falls to zero along half a cosine
WARM_UP = 100
WEIGHT_DECAY = 1e-4
DIAMETER = 17.0  # pixels: what `diameter` brings nuclei to; as in Cellpose's own `nuclei`
BRIGHTFIELD_SHARE = 0.25  # of all patches
INVERTED = {"dsb2018": 0.06, "dsb2018_brightfield": 0.4}  # share of patches shown inverted
LOGIT_THRESHOLDS = [-1.0, -0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0]  # tried at the end
VALIDATE_EVERY = 100  # steps; also when the checkpoint is written
# -------------------------------------------------------------------------------------------------

RUN = Path("build") / "training" / NAME  # checkpoint and flows; nothing here is published


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


def draw_patch(samples, rng, inverted, augmented=True):
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


def draw_batch(groups, rng, augmented=True):
    """Patches, shape (batch, 2, Y, X), and flows, shape (batch, 3, Y, X), of groups {name: …}."""
    patches = []
    for _ in range(BATCH_SIZE):
        bright = "dsb2018_brightfield" in groups and rng.random() < BRIGHTFIELD_SHARE
        name = "dsb2018_brightfield" if bright else "dsb2018"
        patches.append(draw_patch(groups[name], rng, INVERTED[name] * augmented, augmented))
    images, flows = zip(*patches, strict=True)
    return np.stack(images).astype(np.float32), np.stack(flows).astype(np.float32)


def learning_rate(step):
    if step < WARM_UP:
        return LEARNING_RATE * (step + 1) / WARM_UP
    share = (step - WARM_UP) / (STEPS - WARM_UP)
    return float(LEARNING_RATE * 0.5 * (1 + np.cos(np.pi * share)))


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


def train(used, unseen, device, restart=False):
    """Train, or go on from the checkpoint in `RUN`. Returns the network and its loss history.

    used : {data set: samples};  unseen : {name: {data set: samples}}, each with a loss of its own
    """
    net = CPnet([2, 32, 64, 128, 256], nout=3, sz=3, diam_mean=DIAMETER).to(device)
    net = net.to(memory_format=torch.channels_last)
    learned = [p for p in net.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(learned, lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
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
    validation = {
        name: [draw_batch(groups, np.random.default_rng([SEED, 0, k]), augmented=False)
               for k in range(12)]
        for name, groups in unseen.items() if groups.get("dsb2018")
    }  # fmt: skip

    hours = history[-1]["hours"] if history else 0.0
    began, recent = time.perf_counter(), []
    for step in tqdm(range(first, STEPS), initial=first, total=STEPS, desc="Training"):
        net.train()
        optimiser.param_groups[0]["lr"] = learning_rate(step)
        batch = draw_batch(used, np.random.default_rng([SEED, 1, step]))
        loss = loss_of(net, *batch, device)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        recent.append(loss.item())

        if (step + 1) % VALIDATE_EVERY == 0 or step + 1 == STEPS:
            row = {"step": step + 1, "loss": round(float(np.mean(recent)), 4)}
            for name, batches in validation.items():
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
            [sample.labels for sample in samples], found, thresh=(0.5, 0.6, 0.7, 0.8, 0.9),
            show_progress=False,
        )  # fmt: skip
        scores[i] = np.mean([row.accuracy for row in rows])
    return LOGIT_THRESHOLDS[int(np.argmax(scores))]


def export(net, history, settings, unseen):
    """Write the weights, shifted so that Cellpose's default threshold, 0, is the tuned one."""
    path = WEIGHTS / NAME / "model"
    save(net, RUN / "model")
    threshold = tune_threshold(RUN / "model", unseen)
    net.output[-1].bias.data[2] -= threshold  # the logit is the last of three outputs
    save(net, path)
    write_hashes(path.parent)
    settings = settings | {"logit_shift": -threshold}
    write_json(RESULTS / f"history_{NAME}.json", {"settings": settings, "steps": history})


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
    aside = [*known["dsb2018"], *families["dsb2018"], *known.get("dsb2018_brightfield", [])]
    print(f"{[len(s) for s in used.values()]} images to learn from; {len(aside)} kept aside.")

    net, history = train(used, {"known": known, "families": {"dsb2018": families["dsb2018"]}},
                         device, restart)  # fmt: skip
    settings = {
        "seed": SEED, "steps": STEPS, "batch_size": BATCH_SIZE, "patch_size": PATCH_SIZE,
        "learning_rate": LEARNING_RATE, "weight_decay": WEIGHT_DECAY, "optimiser": "AdamW",
        "diameter": DIAMETER, "images": [len(group) for group in used.values()],
        "kept_aside": len(aside), "device": device.type,
    }  # fmt: skip
    export(net, history, settings, aside)


if __name__ == "__main__":
    main()
