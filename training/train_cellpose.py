"""Train the course's Cellpose model, `cellpose_nuclei`, from nothing.

    python training/train_cellpose.py            # start, or go on from the last checkpoint
    python training/train_cellpose.py --restart  # forget the checkpoint

Reads fluorescence nuclei (`data.fetch("dsb2018")`) and, where the folder is there, bright-field
tissue (`data.fetch("dsb2018_brightfield")`), `train` parts only. Bright-field images are made grey
and inverted, so that nuclei are bright in every image the network sees. The network, its targets
and its loss are Cellpose's own; the loop is written out because Cellpose's cannot be resumed.
It uses a GPU (CUDA or Apple's MPS) when torch finds one.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from cellpose.dynamics import labels_to_flows
from cellpose.resnet_torch import CPnet
from cellpose.train import _loss_fn_seg
from cellpose.transforms import normalize99, random_rotate_and_resize
from cellpose.utils import diameters
from skimage.color import rgb2gray
from skimage.io import imread
from tqdm import tqdm

from bioimage_course import WEIGHTS, data
from export import RESULTS, write_hashes, write_json

# --- What you may want to change -----------------------------------------------------------------
NAME = "cellpose_nuclei"
SEED = 42
STEPS = 1500
BATCH_SIZE = 8
PATCH_SIZE = 128  # pixels
LEARNING_RATE = 2e-3  # rises for WARM_UP steps, then falls to zero along half a cosine
WARM_UP = 60
WEIGHT_DECAY = 1e-5
DIAMETER = 17.0  # pixels: what `diameter` brings nuclei to; as in Cellpose's own `nuclei`
BRIGHTFIELD_SHARE = 0.25  # of every batch
VALIDATION_SHARE = 0.1
# The image that the notebooks segment and score is a part of this one: it must stay unseen.
LEFT_OUT = "4dbbb275960ab9e4"
VALIDATE_EVERY = 100  # steps; also when the checkpoint is written
# -------------------------------------------------------------------------------------------------

RUN = Path("build") / "training" / NAME  # checkpoint and flows; nothing here is published


def pick_device():
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def nuclei_bright(image):
    """Image (Y, X) or RGB (Y, X, 3) → grey float32 (Y, X) in which nuclei are the bright part."""
    grey = rgb2gray(image[..., :3]) if image.ndim == 3 else image
    grey = grey.astype(np.float32)
    bright_background = np.median(grey) > (grey.min() + grey.max()) / 2
    return grey.max() - grey if bright_background else grey


def as_network_input(image):
    """What `CellposeModel.eval` makes of a grey image: (2, Y, X), normalised, second channel 0."""
    grey = normalize99(nuclei_bright(image))
    return np.stack([grey, np.zeros_like(grey)])


def load(name):
    """Return a list of samples {image (2, Y, X), flows (3, Y, X), diameter} of one data set."""
    samples = []
    pairs = [
        pair
        for pair in data.pairs(data.fetch(name), "train")
        if not pair[0].stem.startswith(LEFT_OUT)
    ]
    for image_path, mask_path in tqdm(pairs, desc=f"Flows, {name}"):
        mask = imread(mask_path).astype(np.int32)
        flows = flows_of(mask, RUN / "flows" / f"{image_path.stem}.npy")
        samples.append(
            {
                "image": as_network_input(imread(image_path)),
                "flows": flows,
                "diameter": max(diameters(mask)[0], 5.0),
            }
        )
    return samples


def flows_of(mask, cache):
    """Cellpose's targets: inside or outside, flow in y, flow in x. Slow, so kept in a file."""
    if not cache.exists():
        flows = labels_to_flows([mask], device=torch.device("cpu"))[0][1:]
        cache.parent.mkdir(parents=True, exist_ok=True)
        np.save(cache, flows.astype(np.float16))
    return np.load(cache).astype(np.float32)  # from the file, so that every run sees the same


def draw_batch(groups, rng):
    """Random crops, turned, mirrored and rescaled. Returns images and targets (batch, …, Y, X)."""
    images, flows, shrink = [], [], []
    for _ in range(BATCH_SIZE):
        group = groups[-1] if rng.random() < BRIGHTFIELD_SHARE else groups[0]
        sample = group[rng.integers(len(group))]
        # Between the size as recorded (0) and every image brought to the same diameter (1), so
        # that the model works with and without a given diameter.
        towards_mean = rng.random()
        shrink.append((sample["diameter"] / DIAMETER) ** towards_mean * rng.uniform(0.75, 1.3))
        brightness = rng.uniform(0.7, 1.4), rng.uniform(-0.1, 0.1)
        image = sample["image"].copy()
        image[0] = image[0] * brightness[0] + brightness[1]
        image[0] += rng.uniform(0, 0.05) * rng.normal(size=image[0].shape)
        images.append(image)
        flows.append(sample["flows"])
    np.random.seed(rng.integers(2**31))  # Cellpose's function draws from numpy's global state
    crops, targets = random_rotate_and_resize(
        images, Y=flows, rescale=np.array(shrink), scale_range=0.0, xy=(PATCH_SIZE, PATCH_SIZE)
    )[:2]
    return crops, targets


def learning_rate(step):
    if step < WARM_UP:
        return LEARNING_RATE * (step + 1) / WARM_UP
    share = (step - WARM_UP) / (STEPS - WARM_UP)
    return float(LEARNING_RATE * 0.5 * (1 + np.cos(np.pi * share)))


def loss_of(net, crops, targets, device):
    batch = torch.from_numpy(crops).to(device, memory_format=torch.channels_last)
    # Half precision halves the time where the hardware knows bfloat16, and is slow where not.
    with torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type != "mps"):
        predicted = net(batch)[0]
    return _loss_fn_seg(targets, predicted.float(), device)


def train(groups, validation, device, restart=False):
    """Train, or go on from the checkpoint in `RUN`. Returns the network and its loss history."""
    net = CPnet([2, 32, 64, 128, 256], nout=3, sz=3, diam_mean=DIAMETER).to(device)
    net = net.to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(net.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    checkpoint, first, history, hours = RUN / "checkpoint.pt", 0, [], 0.0
    if checkpoint.exists() and not restart:
        state = torch.load(checkpoint, map_location=device, weights_only=True)
        net.load_state_dict(state["net"])
        optimiser.load_state_dict(state["optimiser"])
        first, history = state["step"], json.loads(state["history"])
        hours = history[-1]["hours"]

    began, recent = time.perf_counter(), []
    for step in tqdm(range(first, STEPS), initial=first, total=STEPS, desc="Training"):
        net.train()
        optimiser.param_groups[0]["lr"] = learning_rate(step)
        loss = loss_of(net, *draw_batch(groups, np.random.default_rng([SEED, step])), device)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        recent.append(loss.item())

        if (step + 1) % VALIDATE_EVERY == 0 or step + 1 == STEPS:
            history.append(
                {
                    "step": step + 1,
                    "loss": round(float(np.mean(recent)), 4),
                    "val_loss": round(validate(net, validation, device), 4),
                    "hours": round(hours + (time.perf_counter() - began) / 3600, 3),
                }
            )
            recent.clear()
            save_checkpoint(checkpoint, net, optimiser, step + 1, history)
            tqdm.write(str(history[-1]))
    return net, history


def validate(net, batches, device):
    net.eval()
    with torch.no_grad():
        return float(np.mean([loss_of(net, *batch, device).item() for batch in batches]))


def save_checkpoint(path, net, optimiser, step, history):
    """Write beside the old file first: an interruption leaves one whole checkpoint."""
    partial = path.with_suffix(".partial")
    state = {"net": net.state_dict(), "optimiser": optimiser.state_dict(), "step": step}
    torch.save(state | {"history": json.dumps(history)}, partial)
    partial.replace(path)


def export(net, history, settings):
    """Save the tensors as float16: half the size; they load into a float32 network unchanged."""
    folder = WEIGHTS / NAME
    folder.mkdir(parents=True, exist_ok=True)
    # Where no diameter is given, the image is used at the size it has.
    net.diam_labels.data.fill_(DIAMETER)
    tensors = {
        key: value.cpu().contiguous().half() if value.is_floating_point() else value.cpu()
        for key, value in net.state_dict().items()
    }
    torch.save(tensors, folder / "model")
    write_hashes(folder)
    write_json(RESULTS / f"history_{NAME}.json", {"settings": settings, "steps": history})


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--restart", action="store_true", help="forget the last checkpoint")
    restart = parser.parse_args().restart

    torch.manual_seed(SEED)
    device = pick_device()
    RUN.mkdir(parents=True, exist_ok=True)
    groups, held_out = [], []
    for name in ("dsb2018", "dsb2018_brightfield"):
        try:
            samples = load(name)
        except data.DataError as error:
            if not groups:
                raise
            print(f"Training on fluorescence only. {error}")
            continue
        order = np.random.default_rng(SEED).permutation(len(samples))
        split = round(VALIDATION_SHARE * len(samples))
        held_out.append([samples[i] for i in order[:split]])
        groups.append([samples[i] for i in order[split:]])
    validation = [draw_batch(held_out, np.random.default_rng([SEED, 0, k])) for k in range(12)]

    net, history = train(groups, validation, device, restart)
    settings = {
        "seed": SEED, "steps": STEPS, "batch_size": BATCH_SIZE, "patch_size": PATCH_SIZE,
        "learning_rate": LEARNING_RATE, "weight_decay": WEIGHT_DECAY, "optimiser": "AdamW",
        "diameter": DIAMETER, "images": [len(group) for group in groups], "device": device.type,
    }  # fmt: skip
    export(net, history, settings)


if __name__ == "__main__":
    main()
