"""Every grey value of the image for the learning figure, and walks of its neuron down the loss.

The figure computes in the page, with all pixels or with the four of the chapter's table. Pixels of
one grey value are alike to the neuron: how many are background and nucleus is all it needs.
"""

from itertools import product
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from bioimage_course import data
from figures._shared import files
from figures.neuron import draw as neuron

HERE = Path(__file__).parent

SHOWN = {"step1": 1, "step2": 2, "step3": 3, "last": neuron.NUM_STEPS}
RATES = {"small": neuron.TOO_SMALL, "fitting": neuron.LEARNING_RATE}
RATES |= {"wide": 30.0, "large": neuron.TOO_LARGE}
BOTH_STEPS = 300


def gradient(x, y, counts, weight, bias):
    """Slopes of the loss for weight and bias."""
    error = neuron.predict(x, weight, bias) - y
    return np.array([np.average(error * x, weights=counts), np.average(error, weights=counts)])


def walk(x, y, counts, *, rate, num_steps, held, start=(neuron.WEIGHT, 0.0)):
    """Weights, biases and losses visited by gradient descent; a held weight stays."""
    place = np.array(start, float)
    visited = []
    for step in range(num_steps + 1):
        visited.append((*place, neuron.loss(x, y, *place, counts)))
        if step < num_steps:
            place = place - rate * gradient(x, y, counts, *place) * (0 if held else 1, 1)
    return np.array(visited)


def four(numbers):
    """Brightness and truth of the four pixels of the chapter's table."""
    pixels = numbers["step"]["pixels"].values()
    return np.array([(pixel["brightness"], pixel["truth"]) for pixel in pixels], float).T


def compute():
    """Numbers for the page: losses on the way, at four learning rates, and with both free."""
    x, y, counts, _, _ = neuron.compute()
    numbers = {"start": neuron.loss(x, y, neuron.WEIGHT, 0.0, counts), "both_steps": BOTH_STEPS}
    for name, rate in RATES.items():
        visited = walk(x, y, counts, rate=rate, num_steps=neuron.NUM_STEPS, held=True)
        numbers[name] = {"rate": rate, "bias": visited[1, 1]} | {
            key: visited[step, 2] for key, step in SHOWN.items()
        }
    end = walk(x, y, counts, rate=neuron.LEARNING_RATE, num_steps=BOTH_STEPS, held=False)[-1]
    numbers["both"] = dict(zip(("weight", "bias", "loss"), end, strict=True))
    return numbers


def figure():
    """What the page loads."""
    image, truth = data.nuclei()
    x, y, counts, _, numbers = neuron.compute()
    grey = np.unique(image)
    lowest = minimize(lambda place: neuron.loss(x, y, *place, counts), (neuron.WEIGHT, 0.0)).x
    return {
        "low": float(numbers["low"]),
        "high": float(numbers["high"]),
        "weight": neuron.WEIGHT,
        "rate": neuron.LEARNING_RATE,
        "steps": neuron.NUM_STEPS,
        "lowest": np.round(lowest, 1).tolist(),
        "four": [[int(p["grey"]), p["truth"]] for p in numbers["step"]["pixels"].values()],
        "grey": grey.tolist(),
        "background": [int(((image == value) & (truth == 0)).sum()) for value in grey],
        "nucleus": [int(((image == value) & (truth > 0)).sum()) for value in grey],
    }


def fixture():
    """Loss and gradient by torch's autograd, and walks by NumPy, for both sets of pixels."""
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits

    x, y, counts, _, numbers = neuron.compute()
    x4, y4 = four(numbers)
    random = np.random.default_rng(0)
    answers = {}
    for name, pixels in {"all": (x, y, counts), "four": (x4, y4, np.ones(4))}.items():
        brightness, truth, share = (torch.tensor(values, dtype=torch.float64) for values in pixels)
        share = share / share.sum()
        places = [(neuron.WEIGHT, 0.0), (50.0, -75.0), *random.uniform((-5, -16), (60, 4), (10, 2))]
        slopes = []
        for place in places:
            p = torch.tensor(place, dtype=torch.float64, requires_grad=True)
            z = p[0] * brightness + p[1]
            loss = binary_cross_entropy_with_logits(z, truth, share, reduction="sum")
            loss.backward()
            slopes.append([*place, loss.item(), *p.grad.tolist()])
        walks = []
        for rate, held in product(RATES.values(), (True, False)):
            visited = walk(*pixels, rate=rate, num_steps=neuron.NUM_STEPS, held=held)
            walks.append({"rate": rate, "held": held, "visited": visited[[1, 2, 3, -1]]})
        answers[name] = {"slopes": slopes, "walks": walks}
    return files.plain(answers)


def main():
    files.write(HERE, compute())
    files.store(HERE / "page.json", figure())
    files.store(HERE / "answers.json", fixture())


if __name__ == "__main__":
    main()
