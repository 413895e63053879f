"""Two people annotate the same nuclei: how well do they agree, in AP over the IoU asked for?

The second person is simulated from the annotation: the rim one pixel further out, and nuclei left
out that a written rule would have decided. So it is known exactly what they disagree about.
"""

from pathlib import Path

import numpy as np
from scipy import ndimage
from skimage.segmentation import expand_labels, relabel_sequential
from stardist.matching import matching

from bioimage_course import data
from figures._shared.files import write
from figures._shared.style import PREDICTED, TRUTH, draw, picture

HERE = Path(__file__).parent

IOUS = np.round(np.arange(0.5, 0.951, 0.05), 2)
FAINT = 5  # nuclei that the second person takes for out of focus


def cut_by_border(labels):
    """Numbers of the nuclei that the border of the image cuts."""
    border = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    return np.unique(border[border > 0])


def faintest(labels, image, among, count=FAINT):
    """Of the nuclei `among`, those whose mean is lowest."""
    means = ndimage.mean(image, labels, among)
    return np.asarray(among)[np.argsort(means, kind="stable")[:count]]


def second_person(labels, left_out=()):
    """The same nuclei with the rim a pixel further out; they do not grow into each other."""
    kept = np.where(np.isin(labels, left_out), 0, labels)
    return relabel_sequential(expand_labels(kept, 1))[0]


def ap_over_iou(first, second):
    """AP = TP / (TP + FP + FN) of two annotations at each of `IOUS`; the order does not matter."""
    return np.array([row.accuracy for row in matching(first, second, thresh=tuple(IOUS))])


def diameter(labels):
    """Of a disc with the median area of the objects, in pixels."""
    areas = np.bincount(labels.ravel())[1:]
    return float(2 * np.sqrt(np.median(areas[areas > 0]) / np.pi))


def compute():
    image, truth = data.nuclei()
    cut = cut_by_border(truth)
    faint = faintest(truth, image, np.setdiff1d(np.unique(truth)[1:], cut))
    half = relabel_sequential(truth[::2, ::2])[0]
    pairs = {
        "rim": (truth, second_person(truth)),
        "decisions": (truth, second_person(truth, [*cut, *faint])),
        "half": (half, second_person(half)),
    }
    curves = {name: ap_over_iou(*pair) for name, pair in pairs.items()}
    numbers = {
        "nuclei": truth.max(),
        "cut": len(cut),
        "faint": len(faint),
        "left_out_percent": 100 * (len(cut) + len(faint)) / truth.max(),
        "diameter": diameter(truth),
        "half_diameter": diameter(half),
        "disc_iou": disc_iou(diameter(truth)),
        "half_disc_iou": disc_iou(diameter(half)),
        "half_nuclei": half.max(),
        "ap": {
            name: {f"iou{round(100 * iou)}": ap for iou, ap in zip(IOUS, curve, strict=True)}
            for name, curve in curves.items()
        },
    }
    return image, pairs["rim"], curves, numbers


def disc_iou(width):
    """IoU of a disc and the same disc with its rim one pixel further out."""
    return (width / (width + 2)) ** 2


def paint(figure, theme, image, pair, curves, numbers):
    places = ((0, 0.24, 0.36, 0.64), (0.48, 0.2, 0.52, 0.74))
    if theme.narrow:
        places = ((0.1, 0.5, 0.8, 0.45), (0.16, 0.1, 0.84, 0.36))
    crop, axes = (figure.add_axes(place) for place in places)
    picture(crop, image[data.TOUCHING], "one pixel apart", vmax=np.percentile(image, 99.7))
    # The photograph is dark on both pages, so its lines take the dark page's colours.
    for labels, colour, line in zip(pair, (TRUTH, PREDICTED), ("-", (0, (2, 1.2))), strict=True):
        shown = labels[data.TOUCHING]
        for number in np.unique(shown[shown > 0]):
            look = {"colors": [colour], "linewidths": 1.6, "linestyles": [line]}
            crop.contour(shown == number, levels=[0.5], **look)
    names = {
        "rim": (theme.predicted, "-", "o", f"{numbers['diameter']:.0f} px\nwide", (0.87, 0.72)),
        "decisions": (theme.truth, "-", "s", "and other\nrules", (0.5, 0.68)),
        "half": (theme.muted, "--", "^", f"{numbers['half_diameter']:.0f} px\nwide", (0.66, 0.33)),
    }
    for name, (colour, line, marker, label, place) in names.items():
        axes.plot(IOUS, curves[name], line, color=colour, marker=marker, ms=7)
        axes.text(*place, label, color=colour, weight="bold", va="center")
    axes.set(xlim=(0.48, 0.97), ylim=(-0.03, 1.05), xlabel="IoU asked for", ylabel="AP")
    axes.set(xticks=(0.5, 0.6, 0.7, 0.8, 0.9), yticks=(0, 0.5, 1))


def main():
    image, pair, curves, numbers = compute()
    drawn = image, pair, curves, numbers
    draw(HERE / "second_annotator", paint, *drawn, width=560, height=320, narrow=610)
    write(HERE, numbers)


if __name__ == "__main__":
    main()
