"""Whole cells in two channels: what StarDist and Cellpose draw, and how far they agree.

And which shapes a star could draw at best: of these round cells, and of long ones that bend.
"""

from pathlib import Path

import numpy as np
from cellpose.utils import diameters
from csbdeep.utils import normalize
from matplotlib.collections import PolyCollection
from skimage.segmentation import expand_labels
from stardist.matching import matching

from bioimage_course import data
from figures._shared.bent_cells import bent_cells
from figures._shared.cellpose_network import cellpose_network
from figures._shared.course_network import course_network
from figures._shared.files import write
from figures._shared.style import PREDICTED, TRUTH, draw, picture
from figures._shared.two_nuclei import iou
from figures.which_tool.draw import shapes
from training.methods import polygons_of

HERE = Path(__file__).parent

CROP = (slice(60, 204), slice(300, 444))  # a heap: what one channel merges, the nuclei part
CELL, NUCLEUS = 0, 1  # the channels of data.cells()
TITLES = {
    "stardist_nucleus": "StarDist, nucleus",
    "stardist_cell": "StarDist, cell",
    "cellpose_cell": "Cellpose, cell",
    "cellpose_both": "Cellpose, both",
}


def segment(image, diameter):
    """Label images of the course's models for the channels of an image (2, Y, X), by name."""
    stardist, cellpose = course_network(), cellpose_network("cellpose_cells")

    def stars(channel):
        return stardist.predict_instances(normalize(image[channel], 1, 99.8))[0]

    def flows(channels):
        return cellpose.eval(image, channels=channels, channel_axis=0, diameter=diameter)[0]

    return {
        "stardist_nucleus": stars(NUCLEUS),
        "stardist_cell": stars(CELL),
        "cellpose_cell": cellpose.eval(image[CELL], channels=[0, 0], diameter=diameter)[0],
        "cellpose_both": flows([1, 2]),
        "cellpose_swapped": flows([2, 1]),
    }


def agreement(truth, labels):
    """Who is found at an IoU of 0.5, and how far a label image agrees with the reviewed mask."""
    labels = labels.astype(np.int32)
    score = matching(truth, labels, thresh=0.5, report_matches=True)
    numbers = {
        "objects": score.n_pred,
        "found": score.tp,
        "not_found": score.fn,
        "false": score.fp,
        "agreement": score.accuracy,
        "agreement_at_70": matching(truth, labels, thresh=0.7).accuracy,
    }
    return {score.matched_pairs[i][0] for i in score.matched_tps}, numbers


def grown(truth, nuclei):
    """Nuclei, grown by the width that agrees best with the cells: the number in its favour."""
    by_width = {width: expand_labels(nuclei, width) for width in range(1, 16)}
    best = max(by_width, key=lambda width: agreement(truth, by_width[width])[1]["agreement"])
    return agreement(truth, by_width[best])[1] | {"by": best}


def star_ious(labels):
    """How well a star of 32 rays covers each object, if every ray had its true length."""
    values = {}
    for value in np.unique(labels)[1:]:
        rows, columns = np.nonzero(labels == value)
        window = np.pad(labels[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1], 2)
        mask = (window == value).astype(np.int32)
        values[int(value)] = iou(polygons_of(mask, grid=(1, 1)) > 0, mask > 0)
    return values


def whole(labels):
    """The label image without the objects that its border cuts."""
    border = np.concatenate([labels[[0, -1]].ravel(), labels[:, [0, -1]].ravel()])
    return np.where(np.isin(labels, border), 0, labels)


def grey(channel):
    """A channel from 0 to 1, in 32 steps: the eye sees no more, and the file is half as large."""
    bright = np.percentile(channel, 99.5) * 1.15
    return np.round(np.clip(channel / bright, 0, 1) * 31) / 31


def paint(figure, theme, image, truth, predicted, quoted):
    grid = figure.subplots(2, 2)
    figure.subplots_adjust(left=0, right=1, bottom=0, top=0.94, wspace=0.04, hspace=0.15)
    outer, inner = (2.5, 1.2) if theme.narrow else (4, 2)
    for axes, (name, title) in zip(grid.flat, TITLES.items(), strict=True):
        shown = grey(image[NUCLEUS if name == "stardist_nucleus" else CELL][CROP])
        if name == "cellpose_both":  # the nuclei are added in blue
            blue = np.clip(shown + 0.7 * grey(image[NUCLEUS][CROP]), 0, 1)
            shown = np.stack([shown, shown, blue], axis=-1)
        picture(axes, shown, f"{title}: {quoted[name]['agreement']:.2f}", vmin=0, vmax=1)
        for labels, colour, width in ((truth, TRUTH, outer), (predicted[name], PREDICTED, inner)):
            inside = np.unique(labels[CROP])[1:]
            lines = list(shapes(labels[CROP], inside, coarse=0.3))
            axes.add_collection(PolyCollection(lines, fc="none", ec=colour, lw=width))


def main():
    image, truth = data.cells()
    diameter = diameters(truth)[0]
    predicted = segment(image, diameter)
    hits, quoted = {}, {}
    for name, labels in predicted.items():
        hits[name], quoted[name] = agreement(truth, labels)
    drawn = image, truth, predicted, quoted
    draw(HERE / "whole_cells", paint, *drawn, width=560, height=628, narrow=386)
    round_cells = list(star_ious(whole(truth)).values())
    long_cells = list(star_ious(whole(bent_cells()[1])).values())
    one, both = hits["cellpose_cell"], hits["cellpose_both"]
    write(
        HERE,
        quoted
        | {
            "grown_nuclei": grown(truth, predicted["stardist_nucleus"]),
            "cells": truth.max(),
            "diameter": diameter,
            "only_with_both": len(both - one),
            "only_with_one": len(one - both),
            "star_iou": {"round": np.mean(round_cells), "round_worst": min(round_cells),
                         "long": np.mean(long_cells), "long_worst": min(long_cells)},
        },
    )  # fmt: skip


if __name__ == "__main__":
    main()
