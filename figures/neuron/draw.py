"""One neuron learns a threshold: intensities of nucleus and background, and the way downhill.

The neuron sees the brightness of one pixel. Its weight is held fixed, so that there is one number
left to learn, the bias, and the loss can be drawn as a curve.
"""

from pathlib import Path

import numpy as np

from bioimage_course import data
from figures._shared.files import write
from figures._shared.style import draw

HERE = Path(__file__).parent

WEIGHT = 20.0
LEARNING_RATE = 4.0
NUM_STEPS = 30
TOO_SMALL, TOO_LARGE = 0.1, 100.0  # learning rates


def normalise(image):
    """Brightness so that percentile 1 becomes 0 and percentile 99.8 becomes 1."""
    low, high = np.percentile(image, (1, 99.8))
    return (image - low) / (high - low), low, high


def predict(brightness, weight, bias):
    """Probability of "nucleus", between 0 and 1."""
    return 1 / (1 + np.exp(-(weight * brightness + bias)))


def loss(brightness, is_nucleus, weight, bias, counts=None):
    """Binary cross-entropy, averaged over the pixels."""
    z = weight * brightness + bias
    return np.average(np.logaddexp(0, z) - is_nucleus * z, weights=counts)


def train(brightness, is_nucleus, counts=None, *, weight, bias, learning_rate, num_steps):
    """Biases visited by gradient descent, the start included."""
    visited = [bias]
    for _ in range(num_steps):
        error = predict(brightness, weight, bias) - is_nucleus
        bias = bias - learning_rate * np.average(error, weights=counts)
        visited.append(bias)
    return np.array(visited)


def train_both(brightness, is_nucleus, counts, *, num_steps=3000):
    """Weight and bias when both may change."""
    weight = bias = 0.0
    for _ in range(num_steps):
        error = predict(brightness, weight, bias) - is_nucleus
        weight -= 20 * np.average(error * brightness, weights=counts)
        bias -= 2 * np.average(error, weights=counts)
    return weight, bias


def at_other_rates(x, y, counts):
    """Loss after the first and the last step with a learning rate that does not fit."""
    result = {}
    for name, rate in (("small", TOO_SMALL), ("large", TOO_LARGE)):
        visited = train(
            x, y, counts, weight=WEIGHT, bias=0.0, learning_rate=rate, num_steps=NUM_STEPS
        )
        first, last = (loss(x, y, WEIGHT, visited[step], counts) for step in (1, -1))
        result[name] = {"rate": rate, "loss_first": first, "loss_last": last}
    return result


def chain(brightness, is_nucleus):
    """The factors of the chain rule for one pixel, at bias 0."""
    p = predict(brightness, WEIGHT, 0.0)
    of_p = (p - is_nucleus) / (p * (1 - p))
    return {
        "of_p": of_p,
        "of_z": p * (1 - p),
        "of_bias": of_p * p * (1 - p),
        "of_weight": of_p * p * (1 - p) * brightness,
    }


def four_pixels(image, truth):
    """Rows and columns of two background and two nucleus pixels of the crop.

    A typical one (the median) and a bright one (percentile 95) of the background, a dim one
    (percentile 10) and a typical one of the nuclei.
    """
    rows, columns = data.TOUCHING
    places = []
    for inside, percents in ((False, (50, 95)), (True, (10, 50))):
        row, column = np.nonzero((truth[rows, columns] > 0) == inside)
        values = image[rows, columns][row, column]
        for percent in percents:
            nearest = np.argmin(np.abs(values - np.percentile(values, percent)))
            places.append((rows.start + row[nearest], columns.start + column[nearest]))
    return tuple(np.array(places).T)


def compute():
    """Everything that the figure draws and the page quotes."""
    from skimage.filters import threshold_otsu

    image, truth = data.nuclei()
    brightness, low, high = normalise(image)
    # Pixels of one grey value are alike to this neuron: take each value once, with how many
    # pixels have it and which share of them is nucleus. The averages are those of all pixels.
    x, which, counts = np.unique(brightness.ravel(), return_inverse=True, return_counts=True)
    y = np.bincount(which, weights=(truth > 0).ravel()) / counts
    visited = train(
        x, y, counts, weight=WEIGHT, bias=0.0, learning_rate=LEARNING_RATE, num_steps=NUM_STEPS
    )
    weight, bias = train_both(x, y, counts)

    four = four_pixels(image, truth)
    table = [
        {
            "row": row,
            "column": column,
            "grey": image[row, column],
            "brightness": brightness[row, column],
            "z": WEIGHT * brightness[row, column],
            "p": predict(brightness[row, column], WEIGHT, 0.0),
            "truth": int(truth[row, column] > 0),
            "error": predict(brightness[row, column], WEIGHT, 0.0) - (truth[row, column] > 0),
        }
        for row, column in zip(*four, strict=True)
    ]
    x4, y4 = brightness[four], (truth[four] > 0).astype(float)
    before, after = train(x4, y4, weight=WEIGHT, bias=0.0, learning_rate=LEARNING_RATE, num_steps=1)
    gradient = np.mean(predict(x4, WEIGHT, before) - y4)
    numbers = {
        "weight": WEIGHT,
        "learning_rate": LEARNING_RATE,
        "steps": NUM_STEPS,
        "low": low,
        "high": high,
        "loss_first": loss(x, y, WEIGHT, visited[0], counts),
        "loss_second": loss(x, y, WEIGHT, visited[1], counts),
        "loss_last": loss(x, y, WEIGHT, visited[-1], counts),
        "bias_last": visited[-1],
        "grey_last": -visited[-1] / WEIGHT * (high - low) + low,
        "grey_both": -bias / weight * (high - low) + low,
        "loss_both": loss(x, y, weight, bias, counts),
        "otsu": threshold_otsu(image),
        "rates": at_other_rates(x, y, counts),
        "chain": chain(x4[0], y4[0]),
        "correct_percent": 100 * np.mean((brightness > -bias / weight) == (truth > 0)),
        "step": {
            "pixels": {f"p{i}": row for i, row in enumerate(table, 1)},
            "sum": gradient * 4,
            "gradient": gradient,
            "bias": after,
            "loss_before": loss(x4, y4, WEIGHT, before),
            "loss_after": loss(x4, y4, WEIGHT, after),
        },
    }
    return x, y, counts, visited, numbers


def paint(figure, theme, x, y, counts, visited):
    top, bottom = figure.subplots(2, 1)
    left = 0.17 if theme.narrow else 0.12
    figure.subplots_adjust(left=left, right=0.98, top=0.94, bottom=0.12, hspace=0.42)

    bins = np.linspace(-0.05, 0.7, 51)
    for inside, colour, label, place in (
        (0, theme.muted, "background", (-0.045, 1.06)),
        (1, theme.truth, "nucleus", (0.25, 1.06)),
    ):
        pixels, _ = np.histogram(x, bins, weights=counts * (y if inside else 1 - y))
        top.stairs(pixels / pixels.max(), bins, fill=True, color=colour, alpha=0.45)
        top.text(*place, label, color=colour, weight="bold")
    grid = np.linspace(-0.05, 0.7, 200)
    for step, style in ((0, ":"), (1, "--"), (len(visited) - 1, "-")):
        curve = predict(grid, WEIGHT, visited[step])
        top.plot(grid, curve, style, color=theme.predicted, label=f"step {step}")
    top.set(xlim=(-0.05, 0.7), ylim=(0, 1.05), yticks=(0, 0.5, 1), xlabel="brightness of the pixel")
    top.set_xticks((0, 0.2, 0.4, 0.6))
    top.set_ylabel("answer")
    top.legend(loc="center right")

    biases = np.linspace(-12, 1, 150)
    bottom.plot(biases, [loss(x, y, WEIGHT, b, counts) for b in biases], color=theme.muted)
    shown = visited[:9]
    losses = [loss(x, y, WEIGHT, b, counts) for b in shown]
    bottom.plot(shown, losses, "o", color=theme.predicted, ms=9)
    for step, words, offset, side in (
        (0, "step 0: bias 0", (-12, 4), "right"),
        (1, "step 1", (12, -6), "left"),
        (len(shown) - 1, "lowest loss", (0, 34), "center"),
    ):
        bottom.annotate(
            words, (shown[step], losses[step]), xytext=offset, ha=side, textcoords="offset points"
        )
    bottom.set(xlim=(-12, 1.5), ylim=(0, 1.6), yticks=(0, 0.5, 1, 1.5), xticks=(-12, -8, -4, 0))
    bottom.set(xlabel="bias of the neuron", ylabel="loss")


def main():
    x, y, counts, visited, numbers = compute()
    draw(HERE / "neuron", paint, x, y, counts, visited, width=560, height=540, narrow=540)
    write(HERE, numbers)


if __name__ == "__main__":
    main()
