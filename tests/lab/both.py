"""The same image through the lab's engine and through the Python library, to be compared."""

import gzip
import json
import lzma
from dataclasses import dataclass, field

import numpy as np
from skimage import data as scikit_image
from skimage.filters import gaussian
from stardist.matching import matching

from bioimage_course import WEIGHTS, data
from course_build import ROOT
from course_build.lab import PROGRAM
from course_build.programs import node, run

SEGMENT = ROOT / "tests" / "lab" / "segment.mjs"
LAB_WEIGHTS = ROOT / "lab" / "weights"
MODELS = {
    "stardist": "stardist_nuclei",
    "cellpose-nuclei": "cellpose_nuclei",
    "cellpose-cells": "cellpose_cells",
}
# The engine's names for settings → the libraries'.
THEIRS = {
    "probThreshold": "prob_thresh", "nmsThreshold": "nms_thresh", "scale": "scale",
    "diameter": "diameter", "cellprobThreshold": "cellprob_threshold",
    "flowThreshold": "flow_threshold", "minSize": "min_size",
}  # fmt: skip


@dataclass
class Case:
    """An image, shape (Y, X) or (2, Y, X), and how to segment it."""

    name: str
    tool: str
    image: np.ndarray
    settings: dict = field(default_factory=dict)


def small():
    """A crop for each network: seconds."""
    nuclei, cells = data.nuclei()[0][:150, :201], data.cells()[0][:, 20:180, 30:233]
    return [
        Case("nuclei, 16 bit", "stardist", nuclei),
        Case("nuclei, thresholds", "stardist", nuclei, {"probThreshold": 0.7, "nmsThreshold": 0.1}),
        Case("nuclei, smaller", "stardist", nuclei, {"scale": 0.7}),
        Case("nuclei", "cellpose-nuclei", nuclei),
        Case("nuclei, a diameter", "cellpose-nuclei", nuclei, {"diameter": 21.5}),
        # 150 times 0.84: a whole number, unless one computes in 32 bits, as Cellpose does.
        Case("nuclei, rounded down", "cellpose-nuclei", nuclei, {"diameter": 25}),
        Case("nuclei, thresholds", "cellpose-nuclei", nuclei,
             {"cellprobThreshold": -1, "flowThreshold": 0.2, "minSize": 80}),
        Case("cells and nuclei", "cellpose-cells", cells),
        Case("cells alone", "cellpose-cells", cells[0], {"diameter": 40}),
    ]  # fmt: skip


def ten():
    """Ten images as readers bring them: 8 and 16 bit, tissue, two channels, odd sizes, large."""
    nuclei, cells, packed = data.nuclei()[0], data.cells()[0], data.packed_cells()
    tissue = data.tissue()
    grey = 255 - tissue.mean(-1).astype(np.uint8)  # nuclei are the bright part
    return [
        Case("nuclei, 16 bit", "stardist", nuclei),
        Case("nuclei, 8 bit, 333 × 201", "stardist", nuclei[100:301, 150:483].astype(np.uint8)),
        Case("nuclei, float, blurred", "stardist", gaussian(nuclei / 255, 2).astype(np.float32)),
        Case("tissue (H&E)", "stardist", grey),
        Case("nuclei, 2048²", "stardist", large_nuclei()),
        Case("nuclei, 16 bit", "cellpose-nuclei", nuclei * 257),
        Case("tissue (H&E), 25 px", "cellpose-nuclei", grey, {"diameter": 25}),
        Case("cells and nuclei", "cellpose-cells", cells),
        Case("cells and nuclei, 16 bit, odd", "cellpose-cells",
             packed[:, :171, :190].astype(np.uint16) * 257),
        Case("a cell, 8 bit, 660 × 550", "cellpose-cells", scikit_image.cell(), {"diameter": 90}),
    ]  # fmt: skip


def large_nuclei():
    """Return 16 times the nuclei of the course, darker on one side, grainy: uint16, 2048 × 2048."""
    image = np.tile(data.nuclei()[0], (4, 4)) * np.linspace(0.7, 1.3, 2048)
    image += np.random.default_rng(0).normal(0, 3, image.shape)
    return image.clip(0).astype(np.uint16)


def by_engine(cases, folder, *, move=False, own=None, most=None):
    """Segment cases of one tool with the lab's modules, in Node.

    move : whether the sliders are moved, too, and timed
    own : zip of a reader's own model, which takes the place of the tool's
    most : pixels that StarDist's network takes at once along a side; None: as on the page

    Returns
    -------
    (list of int32 arrays, list of {"count", "network", "objects", "sliders", "held"}, int)
        Labels; objects and seconds of processor time, for sliders by threshold, and bytes of memory
        after each piece that the network took; bytes of memory at most.
    """
    [tool] = {case.tool for case in cases}
    model = MODELS[tool]
    listed = json.loads((LAB_WEIGHTS / "weights.json").read_text())[model]
    weights = LAB_WEIGHTS / listed["file"]
    unpack = {".gz": gzip.decompress, ".xz": lzma.decompress}[weights.suffix]
    (folder / weights.stem).write_bytes(unpack(weights.read_bytes()))
    images = []
    for number, case in enumerate(cases):
        channels = case.image if case.image.ndim == 3 else case.image[None]
        files = []
        for channel, values in enumerate(channels):
            files.append(str(folder / f"{tool}-{number}-{channel}.raw"))
            values.astype(np.float32).tofile(files[-1])
        height, width = channels.shape[1:]
        images.append({
            "height": height, "width": width, "channels": files, "settings": case.settings,
            "out": str(folder / f"{tool}-{number}.labels"),
        })  # fmt: skip
    task = {
        "tool": tool, "model": listed["settings"], "images": images,
        "runtime": str(ROOT / "node_modules" / PROGRAM),
        "weights": str(folder / weights.stem), "move": move, "own": own and str(own),
        **({"most": most} if most else {}),
    }  # fmt: skip
    problem = f"the lab does not segment with {tool}"
    told = json.loads(run([node(), SEGMENT], problem, text_in=json.dumps(task)))
    labels = [
        np.fromfile(image["out"], np.int32).reshape(image["height"], image["width"])
        for image in images
    ]
    return labels, told["images"], told["memory"]


def by_library(tool, folder=None):
    """Return a function that segments a case of a tool with the Python library.

    folder : of another model than the course's
    """
    folder = folder or WEIGHTS / MODELS[tool]
    if tool == "stardist":
        from csbdeep.utils import normalize
        from stardist.models import StarDist2D

        model = StarDist2D(None, name=folder.name, basedir=str(folder.parent))

        def segment(case):
            image = normalize(case.image, 1, 99.8)
            return model.predict_instances(image, **_theirs(case))[0].astype(np.int32)
    else:
        from cellpose.models import CellposeModel

        model = CellposeModel(gpu=False, pretrained_model=str(folder / "model"))

        def segment(case):
            two = case.image.ndim == 3
            how = {"channels": [1, 2], "channel_axis": 0} if two else {"channels": [0, 0]}
            return model.eval(case.image, **how, **_theirs(case))[0].astype(np.int32)

    return segment


def _theirs(case):
    return {THEIRS[name]: value for name, value in case.settings.items()}


def agreement(ours, theirs):
    """AP at IoU 0.9 of one label image against the other; 1.0 where both are empty."""
    if not ours.any() and not theirs.any():
        return 1.0
    return float(matching(theirs, ours, thresh=0.9).accuracy)
