"""The first result: a part of the nuclei image, its labels and outlines; a stricter threshold.

And whole cells in the same way. It runs the code of docs/start/first-success.md. Labels and
outlines are drawn as polygons, for nuclei StarDist's own: lines stay sharp and the files small.
"""

from pathlib import Path

import numpy as np
from cellpose import models
from csbdeep.utils import normalize
from matplotlib.collections import PolyCollection
from stardist.matching import matching
from stardist.models import StarDist2D

from bioimage_course import WEIGHTS, data
from figures._shared.files import write
from figures._shared.style import ERROR, PREDICTED, draw, panels, picture
from figures.which_tool.draw import shapes
from figures.whole_cells.draw import CROP

HERE = Path(__file__).parent

STRICT = 0.8  # the prob_thresh that the reader tries
GREYS = 14
WINDOW = (slice(336, 480), slice(8, 152))  # rows and columns, where nuclei are crowded
CELLS_WINDOW = CROP
CELLS_DIAMETER = 31  # px, as the page gives it
COLOURS = ("#56B4E9", "#CC79A7", "#009E73", "#F0B429", "#D55E00")  # categories, nothing more


def same_outline(labels, others):
    """For each object of `labels`: is there one in `others` with nearly the same pixels?"""
    pairs = matching(labels, others, thresh=0.95, report_matches=True)
    same = {
        pair[0]
        for pair, score in zip(pairs.matched_pairs, pairs.matched_scores, strict=True)
        if score >= 0.95
    }
    return [label in same for label in range(1, labels.max() + 1)]


def compute():
    image, truth = data.nuclei()
    model = StarDist2D(None, name="stardist_nuclei", basedir=str(WEIGHTS))
    labels, details = model.predict_instances(normalize(image, 1, 99.8))
    strict, _ = model.predict_instances(normalize(image, 1, 99.8), prob_thresh=STRICT)
    score, kept = matching(truth, labels, thresh=0.5), same_outline(labels, strict)
    numbers = {
        "annotated": truth.max(),
        "objects": labels.max(),
        "found": score.tp,
        "not_found": score.fn,
        "false": score.fp,
        "side": WINDOW[0].stop - WINDOW[0].start,
        "prob_thresh": model.thresholds.prob,
        "strict": STRICT,
        "strict_found": strict.max(),
        "strict_gone": labels.max() - strict.max(),
        "strict_same_outline": sum(kept),
    }
    corners = np.moveaxis(details["coord"], 1, -1)[..., ::-1]  # (objects, rays, x and y)
    return image, corners, np.array(kept), numbers


def compute_cells():
    """Actin, polygons of the cells, and how many there are."""
    image, _ = data.cells()
    path = str(WEIGHTS / "cellpose_cells" / "model")
    model = models.CellposeModel(gpu=False, pretrained_model=path)
    labels, _, _ = model.eval(image, channels=[1, 2], channel_axis=0, diameter=CELLS_DIAMETER)
    seen = np.unique(labels[CELLS_WINDOW])[1:]
    # Dim cells brightened, to look at: as dark as they are, a page hardly shows them.
    return image[0] ** 0.5, list(shapes(labels, seen, coarse=0.5)), labels.max()


def panel(axes, image, title, window=WINDOW):
    rows, columns = window
    extent = (columns.start - 0.5, columns.stop - 0.5, rows.stop - 0.5, rows.start - 0.5)
    brightest = np.percentile(image, 99.8)
    # Fewer greys than the image has: nobody sees it, and the file is half as large.
    greys = np.round(np.clip(image[window] / brightest, 0, 1) * GREYS) / GREYS
    picture(axes, greys, title, extent=extent, vmin=0, vmax=1)


def lines(axes, corners, colour, **options):
    axes.add_collection(
        PolyCollection(corners, facecolors="none", edgecolors=colour, **options), autolim=False
    )


def inside(corners):
    """The polygons that reach into the window: the others would only make the file large."""
    low, high = corners.min(axis=1), corners.max(axis=1)
    rows, columns = WINDOW
    return (
        (high[:, 0] > columns.start)
        & (low[:, 0] < columns.stop)
        & (high[:, 1] > rows.start)
        & (low[:, 1] < rows.stop)
    )


def far_apart(corners):
    """A colour for each polygon that no close neighbour has."""
    centres, colours = np.array([polygon.mean(axis=0) for polygon in corners]), []
    for i, centre in enumerate(centres):
        distances = np.linalg.norm(centres[:i] - centre, axis=1)
        near = {colours[j] for j in np.argsort(distances)[: len(COLOURS) - 1] if distances[j] < 50}
        colours.append(next(colour for colour in COLOURS if colour not in near))
    return colours


def paint(figure, theme, image, corners, window=WINDOW):
    places = {"right": 0.63, "hspace": 0.03} if theme.narrow else {"top": 0.87, "wspace": 0.03}
    axes_of_all = panels(figure, theme, 3, **{"top": 1, **places})
    for axes, title in zip(axes_of_all, ("image", "labels", "outlines"), strict=True):
        if theme.narrow:
            panel(axes, image, None, window)
            axes.text(1.06, 0.5, title, transform=axes.transAxes, va="center")
        else:
            panel(axes, image, title, window)
    _, labels, outlines = axes_of_all
    labels.images[0].set_data(np.zeros((1, 1)))  # background is 0
    labels.add_collection(
        PolyCollection(corners, facecolors=far_apart(corners), edgecolors="black", linewidths=1),
        autolim=False,
    )
    lines(outlines, corners, PREDICTED, linewidths=1.8)


def paint_strict(figure, theme, image, corners, kept, numbers):
    above = 28 / (650 if theme.narrow else 305)
    own, strict = panels(figure, theme, 2, top=1 - above, wspace=0.03, hspace=0.1)
    panel(own, image, f"prob_thresh={numbers['prob_thresh']:.2f}")
    lines(own, corners, PREDICTED, linewidths=2)
    panel(strict, image, f"prob_thresh={STRICT}")
    lines(strict, corners[kept], PREDICTED, linewidths=2)
    lines(strict, corners[~kept], ERROR, linewidths=2, linestyles=[(0, (2, 1.6))])


def main():
    image, corners, kept, numbers = compute()
    near = inside(corners)
    corners, kept = corners[near], kept[near]
    numbers |= {"window_found": near.sum(), "window_gone": (~kept).sum()}
    draw(HERE / "first_success", paint, image, corners, width=560, height=212, narrow=660)
    drawn = image, corners, kept, numbers
    draw(HERE / "first_success_strict", paint_strict, *drawn, width=560, height=305, narrow=650)
    actin, cells, found = compute_cells()
    drawn = actin, cells, CELLS_WINDOW
    draw(HERE / "first_success_cells", paint, *drawn, width=560, height=212, narrow=660)
    write(HERE, numbers | {"cells": found})


if __name__ == "__main__":
    main()
