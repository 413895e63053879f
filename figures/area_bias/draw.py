"""What one pixel of outline does to an area, for every whole nucleus of the bundled image."""

from pathlib import Path

import numpy as np
from skimage.measure import regionprops_table
from skimage.segmentation import clear_border, expand_labels

from bioimage_course import data
from figures._shared.files import write
from figures._shared.style import draw

HERE = Path(__file__).parent

SIZES = {"small": (0, 18), "middle": (18, 25), "large": (25, np.inf)}  # diameter in pixels


def grow(labels):
    """Every object one pixel larger on each side; none grows into another."""
    return expand_labels(labels, distance=1)


def shrink(labels):
    """Every object one pixel smaller: a pixel stays if its four neighbours are of its object."""
    padded = np.pad(labels, 1, mode="edge")
    middle = padded[1:-1, 1:-1]
    same = np.ones(labels.shape, bool)
    for neighbour in (padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:]):
        same &= neighbour == middle
    return np.where(same, labels, 0)


def disc(diameter, pixels):
    """Change in per cent of the area of a disc whose radius changes by `pixels`."""
    return 100 * ((1 + 2 * pixels / diameter) ** 2 - 1)


def compute():
    _, truth = data.nuclei()
    whole = regionprops_table(
        clear_border(truth, buffer_size=1), properties=["label", "area", "equivalent_diameter_area"]
    )
    diameter, area = whole["equivalent_diameter_area"], whole["area"]
    change = {}
    for name, labels in (("grown", grow(truth)), ("shrunk", shrink(truth))):
        after = np.bincount(labels.ravel(), minlength=truth.max() + 1)[whole["label"]]
        change[name] = 100 * (after / area - 1)
    numbers = {"nuclei": len(area), "smallest": diameter.min(), "largest": diameter.max()}
    for name, values in change.items():
        numbers[name] = {"all": mean_change(area, values)}
        for size, (low, high) in SIZES.items():
            these = (diameter >= low) & (diameter < high)
            numbers[name][size] = mean_change(area[these], values[these])
            numbers[f"{size}_nuclei"] = these.sum()
    numbers["lost"] = {size: -percent for size, percent in numbers["shrunk"].items()}
    return diameter, change, numbers


def mean_change(area, change):
    """Change of the mean area in per cent, from the areas and the change of each."""
    return np.sum(area * change) / np.sum(area)


def paint(figure, theme, diameter, change):
    figure.set_layout_engine("constrained")
    axes = figure.subplots()
    sizes = np.linspace(diameter.min(), diameter.max(), 100)
    for name, pixels, colour, marker in (
        ("grown", 1, theme.predicted, "o"),
        ("shrunk", -1, theme.truth, "s"),
    ):
        axes.plot(
            diameter, change[name], marker, color=colour, markersize=6, alpha=0.6, markeredgewidth=0
        )
        axes.plot(sizes, disc(sizes, pixels), color=theme.text, linewidth=1.5)
    axes.axhline(0, color=theme.muted, linewidth=1)
    axes.text(17, 29, "outline 1 px further out", color=theme.predicted)
    axes.text(17, -33, "outline 1 px further in", color=theme.truth)
    axes.set(xlabel="diameter of the nucleus (px)", xticks=range(10, 31, 5))
    axes.set(ylabel="change of its area (%)", yticks=range(-40, 41, 20))


def main():
    diameter, change, numbers = compute()
    draw(HERE / "area_bias", paint, diameter, change, width=560, height=380, narrow=360)
    write(HERE, numbers)


if __name__ == "__main__":
    main()
