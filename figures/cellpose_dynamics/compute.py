"""Pixels that follow a flow, and the masks they make.

Two examples: touching nuclei, with the flow of the course's Cellpose network; and two drawn cells
that bend and touch, with the flow that Cellpose learns from such a drawing, and noise. The figure
walks on page.json and page_cells.json; answers.json is what Cellpose itself makes of the same flow.
The pictures and the numbers are what the chapter shows without script.
"""

import base64
import warnings
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from cellpose import dynamics, metrics
from scipy.ndimage import distance_transform_edt, gaussian_filter
from scipy.ndimage import label as components

from bioimage_course import WEIGHTS, data
from figures._shared import bent_cells
from figures._shared.cellpose_network import cellpose_network
from figures._shared.files import store, write
from figures._shared.grey import lighten
from figures._shared.style import GREEN, PINK, TRUTH, draw, panels, picture
from figures._shared.two_nuclei import outline

HERE = Path(__file__).parent

DIAMETER = 24  # px, as the chapter and the notebook give it
STEPS, MIN_SIZE = 200, 15
FLOW_UNIT, LOGIT_UNIT = 16, 8  # parts of 1 that are kept: powers of 2, so floats hold them exactly
DEFAULT = (0.0, 0.4)  # cell probability, flow error
CELL_PROBABILITIES = (-6, -4, -2, -1, 0, 0, 1, 2, 3, 4, 5.5, -6)
FLOW_ERRORS = (0.4, 0.6, 0.4, 0.2, 0.1, 1.5, 0.05, 0.4, 0.3, 0.2, 0.4, 1.5)
SETTINGS = (DEFAULT, *zip(CELL_PROBABILITIES, FLOW_ERRORS, strict=True))
COLOURS = (TRUTH, PINK, GREEN, "#F0E442")
#: What the page loads at once, and what it loads when a reader chooses it.
PAGES = {"nuclei": HERE / "page.json", "cells": HERE / "page_cells.json"}


def grown(window, margin):
    """A window with a margin, as far as the image reaches."""
    return tuple(slice(max(0, part.start - margin), part.stop + margin) for part in window)


@dataclass(frozen=True)
class Example:
    """One image to follow the flow in.

    Parameters
    ----------
    flow : function
        Makes flow and logit of image, labels and diameter, as a network answers.
    made_by : str
        What made the flow: the hash of the weights, or words.
    diameter : int
        What Cellpose is given, in pixels.
    read : function
        Returns image and annotation.
    shown, walked : pair of slices
        What the figure shows, and where pixels walk, unseen: with the whole of the objects that
        the border of the picture cuts.
    """

    flow: Callable
    made_by: str
    diameter: int
    read: Callable
    shown: tuple
    walked: tuple

    @property
    def view(self):
        """What is shown, counted from the corner of what is walked on."""
        return tuple(
            slice(part.start - whole.start, part.stop - whole.start)
            for part, whole in zip(self.shown, self.walked, strict=True)
        )


def predicted(image, labels, diameter):
    """Flow (down, right; five times the arrow) and logit of the course's network for nuclei."""
    model = cellpose_network("cellpose_nuclei")
    _, flows, _ = model.eval(image, channels=[0, 0], diameter=diameter)
    return flows[1].astype(np.float32), flows[2].astype(np.float32)


def drawn(image, labels, diameter):
    """The flow that Cellpose learns from these labels, with noise; the logit: depth in a cell."""
    noise = gaussian_filter(np.random.default_rng(5).normal(0, 1, (2, *labels.shape)), (0, 2, 2))
    flow = 5 * dynamics.masks_to_flows(labels) + noise / noise.std()
    depth = distance_transform_edt(labels > 0) - distance_transform_edt(labels == 0)
    return flow.astype(np.float32), np.clip(depth, -5, 6).astype(np.float32)


EXAMPLES = {
    "nuclei": Example(
        predicted,
        (WEIGHTS / "cellpose_nuclei" / "SHA256SUMS").read_text(encoding="utf-8").split()[0],
        DIAMETER,
        data.nuclei,
        grown(data.TOUCHING, 16),
        grown(data.TOUCHING, 36),
    ),
    "cells": Example(
        drawn,
        "a drawing",
        bent_cells.DIAMETER,
        bent_cells.bent_cells,
        grown(bent_cells.TOUCHING, 16),
        (slice(0, 160), slice(0, 160)),
    ),
}


def packed(array, unit):
    """Rounded to parts of a unit, one signed byte each."""
    return np.clip(np.round(array * unit), -127, 127).astype(np.int8)


def text(array):
    return base64.b64encode(array.tobytes()).decode("ascii")


def for_the_page(example, flow, logit):
    """What the figure needs: flow and logit where pixels walk, the image where they are shown."""
    image = example.read()[0][example.shown].astype(float)
    low, high = np.percentile(image, [1, 99.8])
    grey = np.round(255 * np.clip((image - low) / (high - low), 0, 1) ** 0.8).astype(np.uint8)
    return {
        "weights": example.made_by,
        "shape": [part.stop - part.start for part in example.walked],
        "view": [[part.start, part.stop] for part in example.view],
        "units": [FLOW_UNIT, LOGIT_UNIT],
        "flow": text(packed(flow[(slice(None), *example.walked)], FLOW_UNIT)),
        "logit": text(packed(logit[example.walked], LOGIT_UNIT)),
        "image": text(grey),
    }


def unpack(page):
    """Flow and logit as the page walks on them."""
    rows, columns = page["shape"]
    flow, logit = (np.frombuffer(base64.b64decode(page[k]), np.int8) for k in ("flow", "logit"))
    return (
        flow.reshape(2, rows, columns).astype(np.float32) / FLOW_UNIT,
        logit.reshape(rows, columns).astype(np.float32) / LOGIT_UNIT,
    )


def masks_of(flow, logit, cellprob, flow_threshold):
    """Label image, by Cellpose's own last stage."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about sparse tensors
        return dynamics.compute_masks(
            flow.copy(),
            logit,
            niter=STEPS,
            cellprob_threshold=cellprob,
            flow_threshold=flow_threshold,
            min_size=MIN_SIZE,
        )


def walk(flow, logit, starts, steps=STEPS, cellprob=DEFAULT[0]):
    """Where pixels are after some steps: shape (2, N)."""
    return dynamics.follow_flows(flow * (logit > cellprob) / 5.0, starts, niter=steps)


def some_starts(logit):
    """Every 211th pixel that walks."""
    rows, columns = np.nonzero(logit > DEFAULT[0])
    return rows[::211], columns[::211]


def for_the_tests(page):
    """What Cellpose makes of the page's flow: masks at some settings, ends, flow errors."""
    flow, logit = unpack(page)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        raw = dynamics.compute_masks(flow.copy(), logit, niter=STEPS, flow_threshold=None)
    errors, _ = metrics.flow_error(raw, flow, torch.device("cpu"))
    starts = some_starts(logit)
    cases = []
    for setting in SETTINGS:
        labels = masks_of(flow, logit, *setting)
        assert labels.max() < 256
        data_ = zlib.compress(labels.astype(np.uint8).tobytes(), 9)
        cases.append({"setting": setting, "labels": base64.b64encode(data_).decode("ascii")})
    return {
        "weights": page["weights"],
        "starts": np.array(starts).T.tolist(),
        "ends": np.round(walk(flow, logit, starts).T.astype(float), 4).tolist(),
        "errors": np.round(errors, 5).tolist(),
        "cases": cases,
    }


def shown(labels, view):
    """Masks of which any pixel is shown."""
    return [int(value) for value in np.unique(labels[view]) if value]


def paint(figure, theme, example, flow, logit, labels):
    image, view = example.read()[0][example.shown], example.view
    above = 28 / (650 if theme.narrow else 305)
    first, second = panels(figure, theme, 2, top=1 - above, wspace=0.03, hspace=0.1)
    for axes in (first, second):
        picture(axes, image, vmax=np.percentile(image, 99.8) * 1.3)
    first.set_title("pixels walk")
    second.set_title("same end, same mask")
    top, left = (part.start for part in view)
    every = round(example.diameter / 4)
    inside = np.mgrid[top + 2 : top + len(image) : every, left + 2 : left + len(image) : every]
    grid = inside.reshape(2, -1)
    grid = grid[:, (labels[tuple(grid)] > 0)]
    ways = np.stack(
        [
            grid,
            *(
                walk(flow, logit, grid, steps)
                for steps in range(2, round(1.3 * example.diameter), 2)
            ),
        ]
    )
    colour = {value: COLOURS[i % len(COLOURS)] for i, value in enumerate(shown(labels, view))}
    for way, value in zip(np.moveaxis(ways, 2, 0), labels[tuple(grid)], strict=True):
        if value in colour:
            first.plot(way[:, 1] - left, way[:, 0] - top, color=colour[value], lw=1.5)
    for value in colour:
        mask = labels == value
        end = walk(flow, logit, np.nonzero(mask)).mean(axis=1)
        first.plot(end[1] - left, end[0] - top, "o", color="white", ms=5.5, mec="black")
        outline(second, np.pad(mask[view], 1)[1:-1, 1:-1], colour[value])
    for axes in (first, second):
        axes.set(xlim=(-0.5, image.shape[1] - 0.5), ylim=(image.shape[0] - 0.5, -0.5))


def numbers(flow, logit, view):
    """What the chapter quotes: masks shown at three thresholds, and regions without the flow."""
    count = {
        name: len(shown(masks_of(flow, logit, cellprob, DEFAULT[1]), view))
        for name, cellprob in (("minus6", -6), ("zero", 0), ("plus4", 4))
    }
    regions, _ = components(logit > 0)
    loose = len(shown(masks_of(flow, logit, -6, 1.5), view))
    return {"masks": count, "unchecked": loose, "regions": len(shown(regions, view))}


def main():
    pages, answers, quoted = {}, {}, {}
    for name, example in EXAMPLES.items():
        pages[name] = for_the_page(example, *example.flow(*example.read(), example.diameter))
        answers[name] = for_the_tests(pages[name])
        flow, logit = unpack(pages[name])
        labels = masks_of(flow, logit, *DEFAULT)
        picture_of = HERE / f"cellpose_dynamics_{name}"
        draw(picture_of, paint, example, flow, logit, labels, width=560, height=305, narrow=650)
        lighten(picture_of.parent.glob(f"{picture_of.name}-*.svg"))
        quoted[name] = numbers(flow, logit, example.view)
    for name, page in pages.items():
        store(PAGES[name], page)
    store(HERE / "answers.json", answers)
    write(HERE, quoted)


if __name__ == "__main__":
    main()
