"""A small network on few and on many pixels: training and validation loss part ways.

The network reads 15×15 pixels and says whether the middle one lies in a nucleus. It learns from
pixels of the image's left half and is judged on pixels of the right half: neighbouring pixels
resemble each other, so a split at random would let the network cheat.
"""

import os
from pathlib import Path

# Small matrices: several threads only wait for one another. Must be set before numpy loads.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from bioimage_course import data
from figures._shared.files import write
from figures._shared.style import draw
from figures.neuron.draw import normalise

HERE = Path(__file__).parent

SIDE, HIDDEN = 15, 32
FEW, MANY, VALIDATION = 40, 2000, 1000
NUM_EPOCHS, LEARNING_RATE = 800, 3e-3


def sample(brightness, is_nucleus, columns, count, seed):
    """`count` windows whose middle lies in these columns, and the truth of their middle."""
    rng = np.random.default_rng(seed)
    margin = SIDE // 2
    windows = sliding_window_view(brightness, (SIDE, SIDE))
    row = rng.integers(0, windows.shape[0], count)
    column = rng.integers(columns.start, columns.stop - 2 * margin, count)
    return (
        windows[row, column].reshape(count, -1),
        is_nucleus[row + margin, column + margin].astype(float),
    )


def forward(parameters, windows):
    first, first_bias, second, second_bias = parameters
    hidden = np.maximum(windows @ first + first_bias, 0)  # ReLU
    return hidden, hidden @ second + second_bias


def loss(logit, truth):
    return np.mean(np.logaddexp(0, logit) - truth * logit)


def gradients(parameters, windows, truth):
    """Slope of the loss for each parameter: the error at the output, handed back by layers."""
    hidden, logit = forward(parameters, windows)
    error = (1 / (1 + np.exp(-logit)) - truth) / len(truth)
    back = np.outer(error, parameters[2]) * (hidden > 0)
    return windows.T @ back, back.sum(0), hidden.T @ error, error.sum(keepdims=True)


def train(windows, truth, validation, *, seed=0, num_epochs=NUM_EPOCHS):
    """Losses per epoch, (training, validation), and the parameters at the end. Adam, one batch."""
    rng = np.random.default_rng(seed)
    parameters = [
        rng.normal(0, np.sqrt(2 / SIDE**2), (SIDE**2, HIDDEN)),
        np.zeros(HIDDEN),
        rng.normal(0, np.sqrt(2 / HIDDEN), HIDDEN),
        np.zeros(1),
    ]
    mean = [np.zeros_like(p) for p in parameters]
    square = [np.zeros_like(p) for p in parameters]
    history = []
    for epoch in range(1, num_epochs + 1):
        sets = (windows, truth), validation
        history.append([loss(forward(parameters, x)[1], y) for x, y in sets])
        for i, gradient in enumerate(gradients(parameters, windows, truth)):
            mean[i] = 0.9 * mean[i] + 0.1 * gradient
            square[i] = 0.999 * square[i] + 0.001 * gradient**2
            step = mean[i] / (1 - 0.9**epoch) / (np.sqrt(square[i] / (1 - 0.999**epoch)) + 1e-8)
            parameters[i] = parameters[i] - LEARNING_RATE * step
    return np.array(history), parameters


def compute(num_epochs=NUM_EPOCHS):
    image, truth = data.nuclei()
    brightness, _, _ = normalise(image)
    half = image.shape[1] // 2
    validation = sample(brightness, truth > 0, slice(half, image.shape[1]), VALIDATION, seed=1)
    runs = {}
    numbers = {
        "side": SIDE,
        "inputs": SIDE**2,
        "hidden": HIDDEN,
        "epochs": num_epochs,
        "parameters": SIDE**2 * HIDDEN + HIDDEN + HIDDEN + 1,
        "validation": VALIDATION,
    }
    for name, count in (("few", FEW), ("many", MANY)):
        training = sample(brightness, truth > 0, slice(0, half), count, seed=0)
        history, parameters = train(*training, validation, num_epochs=num_epochs)
        right = np.mean((forward(parameters, validation[0])[1] > 0) == validation[1])
        best = int(history[:, 1].argmin())
        runs[name] = history
        numbers[name] = {
            "pixels": count,
            "best_epoch": best + 1,
            "best": history[best, 1],
            "training": history[-1, 0],
            "validation": history[-1, 1],
            "correct_percent": 100 * right,
        }
    return runs, numbers


def paint(figure, theme, runs, numbers):
    panels = figure.subplots(2, 1, sharex=True)
    left = 0.17 if theme.narrow else 0.12
    figure.subplots_adjust(left=left, right=0.95, top=0.94, bottom=0.14, hspace=0.24)
    for axes, (name, history) in zip(panels, runs.items(), strict=True):
        epochs = np.arange(1, len(history) + 1)
        axes.plot(epochs, history[:, 1], color=theme.predicted)
        axes.plot(epochs, history[:, 0], "--", color=theme.muted)
        axes.set(ylim=(-0.02, 0.5), xlim=(0, len(history)), ylabel="loss", yticks=(0, 0.2, 0.4))
        axes.set_title(f"{numbers[name]['pixels']} training pixels", loc="left")
        best = numbers[name]["best_epoch"]
        axes.plot(best, history[best - 1, 1], "o", color=theme.predicted, ms=9)
        axes.annotate("lowest", (best, history[best - 1, 1]), (6, 10), textcoords="offset points")
    for words, end in zip(("training loss", "validation loss"), runs["few"][-1], strict=True):
        place = len(runs["few"]), end
        panels[0].annotate(words, place, (0, 8), ha="right", textcoords="offset points")
    panels[1].set_xlabel("epoch: once through all training pixels")


def main():
    runs, numbers = compute()
    draw(HERE / "overfitting", paint, runs, numbers, width=560, height=480, narrow=460)
    write(HERE, numbers)


if __name__ == "__main__":
    main()
