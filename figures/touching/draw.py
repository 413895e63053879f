"""Why a mask is not a count: touching nuclei under a threshold, as a mask and as instances."""

from pathlib import Path

import numpy as np
from matplotlib.colors import to_rgba
from scipy.ndimage import gaussian_filter
from skimage.filters import threshold_otsu
from skimage.measure import label
from skimage.morphology import remove_small_objects
from skimage.segmentation import clear_border, find_boundaries

from bioimage_course import data
from figures._shared import named
from figures._shared.files import write
from figures._shared.style import PREDICTED, draw, picture

HERE = Path(__file__).parent

SMOOTHING, SMALLEST = 1, 30  # sigma in pixels; area in pixels
COLOURS = ("#56B4E9", "#CC79A7", "#009E73", "#F0B429", "#D55E00")  # categories, nothing more


def threshold(image):
    """Nucleus or not, by Otsu's threshold on the slightly blurred image, specks removed."""
    blurred = gaussian_filter(image.astype(float), SMOOTHING)
    return remove_small_objects(blurred > threshold_otsu(blurred), max_size=SMALLEST - 1)


def inside(labels):
    """Labels of a window without the objects that its border cuts."""
    return clear_border(labels)


def count(labels):
    return len(np.unique(labels[labels > 0]))


def coloured(labels):
    """Label image as RGBA: neighbouring labels differ in colour, background is transparent."""
    rgba = np.zeros((*labels.shape, 4))
    for i, value in enumerate(value for value in np.unique(labels) if value):
        colour = COLOURS[i % len(COLOURS)]
        rgba[labels == value] = [int(colour[j : j + 2], 16) / 255 for j in (1, 3, 5)] + [1]
    return rgba


def easy_window(mask, truth, side=64):
    """A window in which the threshold is right: as many objects as annotated, best overlap."""
    best = (0, None)
    for row in range(0, len(truth) - side + 1, 8):
        for column in range(0, len(truth) - side + 1, 8):
            window = slice(row, row + side), slice(column, column + side)
            annotated, objects = inside(truth[window]), inside(label(mask[window]))
            if count(annotated) < 2 or count(objects) != count(annotated):
                continue
            ours, theirs = objects > 0, annotated > 0
            overlap = np.sum(ours & theirs) / np.sum(ours | theirs)
            best = max(best, (overlap, window), key=lambda pair: pair[0])
    return best[1]


def compute():
    image, truth = data.nuclei()
    mask = threshold(image)
    easy = easy_window(mask, truth)
    annotated = {"crop": truth[data.TOUCHING], "easy": truth[easy]}
    objects = {"crop": label(mask[data.TOUCHING]), "easy": label(mask[easy])}
    numbers = {
        "annotated": truth.max(),
        "smallest": SMALLEST,
        "threshold_objects": label(mask).max(),
        "perfect_mask_objects": label(truth > 0).max(),
        "lost_by_perfect_mask": truth.max() - label(truth > 0).max(),
        "pixels_right_percent": 100 * np.mean(mask == (truth > 0)),
        **{f"{place}_annotated": count(inside(labels)) for place, labels in annotated.items()},
        **{f"{place}_threshold": count(inside(labels)) for place, labels in objects.items()},
    }
    return image, truth, mask, easy, numbers


def show(axes, theme, image, words, overlay=None):
    picture(axes, image, vmin=0, vmax=np.percentile(image, 99.9))
    if overlay is not None:
        axes.imshow(overlay, interpolation="none")
    named.name(axes, theme, words)


def objects(number):
    return f"{number} object" + ("" if number == 1 else "s")


def paint(figure, theme, image, truth, mask, numbers):
    crop, labels = image[data.TOUCHING], inside(truth[data.TOUCHING])
    blob = 1.0 * (inside(label(mask[data.TOUCHING])) > 0)
    first, semantic, instances = named.row(figure, theme, 3, above=50 / 236)
    show(first, theme, crop, "the crop")
    show(semantic, theme, blob, f"semantic:\n{objects(numbers['crop_threshold'])}")
    words = f"instances:\n{objects(numbers['crop_annotated'])}"
    show(instances, theme, np.zeros_like(crop), words, coloured(labels))


def paint_threshold(figure, theme, image, mask, easy, numbers):
    windows = {"easy": easy, "crop": data.TOUCHING}
    both = named.row(figure, theme, 2, above=50 / 326)
    for axes, (key, window) in zip(both, windows.items(), strict=True):
        found = inside(label(mask[window]))
        lines = np.zeros((*found.shape, 4))
        lines[find_boundaries(found, mode="inner")] = to_rgba(PREDICTED)
        counts = numbers[f"{key}_annotated"], numbers[f"{key}_threshold"]
        show(axes, theme, image[window], "annotated: {}\nthreshold: {}".format(*counts), lines)


def main():
    image, truth, mask, easy, numbers = compute()
    draw(HERE / "touching", paint, image, truth, mask, numbers, width=560, height=232, narrow=656)
    drawn = image, mask, easy, numbers
    draw(HERE / "threshold", paint_threshold, *drawn, width=560, height=326, narrow=434)
    write(HERE, numbers)


if __name__ == "__main__":
    main()
