"""Run notebook 14 with Cellpose 4 and no weights; print as JSON what happened.

Started by test_cellpose_sam.py with .venv/cellpose-sam on PYTHONPATH, in an empty folder. The
network is the library's own, made small and filled with random weights: it runs on every image,
and what comes out is recorded. Then a perfect answer takes its place, so that the cells below meet
what they were written for. So this tests calls, shapes and types, and says nothing of accuracy.
"""

import inspect
import io
import json
import logging
import os
import sys
import warnings
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import matplotlib
import numpy as np
import torch

matplotlib.use("agg")
warnings.filterwarnings("ignore")
NOTEBOOK = "14_cellpose_sam"
FOLDER = Path.cwd()
os.environ["CELLPOSE_LOCAL_MODELS_PATH"] = str(FOLDER)  # read when Cellpose is imported


def let_torchvision_start():
    """Declare what torchvision's wheel from PyPI cannot load where torch is a CPU build.

    Nothing here calls these two operators, but torchvision stops at its import without them.
    """
    apart = next(Path(path) for path in sys.path if Path(path, "torchvision").is_dir())
    try:
        torch.ops.load_library(next(Path(apart, "torchvision").glob("_C.*")))
    except OSError:
        for name in ("nms", "qnms"):
            arguments = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
            torch.library.define(f"torchvision::{name}", arguments)


let_torchvision_start()

import segment_anything  # noqa: E402
from cellpose import dynamics, models, vit  # noqa: E402
from segment_anything.modeling import ImageEncoderViT  # noqa: E402
from skimage.filters import threshold_otsu  # noqa: E402
from skimage.measure import label  # noqa: E402
from skimage.segmentation import relabel_sequential  # noqa: E402
from skimage.transform import resize  # noqa: E402

from bioimage_course import WEIGHTS, data  # noqa: E402
from tests.notebooks import lessons  # noqa: E402


class Small:
    """What the library takes a transformer from, with 2 layers of 64 numbers for 24 of 1024."""

    def __init__(self, checkpoint=None):
        self.image_encoder = ImageEncoderViT(
            img_size=1024, depth=2, embed_dim=64, num_heads=2, use_rel_pos=True, window_size=14
        )


def full_size():
    """Parameters of the real network, counted without making its numbers."""
    with torch.device("meta"):
        network = vit.CPSAM()
    return sum(parameter.numel() for parameter in network.parameters())


def answers():
    """Labels that stand for a perfect answer, by the shape of the image."""
    _, truth = data.nuclei()
    grey = data.tissue()[:200, :300].mean(axis=-1)
    part = truth[100:260, 30:190]
    known = [truth, label(grey < threshold_otsu(grey)), truth[300:428, :128], part]
    known += [resize(part, (side, side), order=0, preserve_range=True) for side in (80, 320)]
    in_a_row = [relabel_sequential(labels.astype(int))[0].astype(np.int32) for labels in known]
    return {labels.shape: labels for labels in in_a_row}


def answer_perfectly(known, seen):
    """Let the network run, note what it returned, then return the flow of the known labels."""
    run_network = models.CellposeModel._run_net

    def run(self, x, **options):
        flow, logit, style = run_network(self, x, **options)
        seen.append(
            {
                "image": x.shape,
                "flow": flow.shape,
                "logit": logit.shape,
                "style": style.shape,
                "finite": bool(np.isfinite(flow).all() and np.isfinite(logit).all()),
                "varies": float(logit.std()) > 0,
                "dtypes": [str(flow.dtype), str(logit.dtype)],
            }
        )
        labels = known[x.shape[1:3]]
        perfect = 5 * dynamics.masks_to_flows_gpu(labels)[0][:, None]
        return perfect, np.where(labels > 0, 6.0, -6.0)[None].astype(np.float32), style

    models.CellposeModel._run_net = run


def run_cells():
    """Execute all cells; return what they defined, and what they printed."""
    printed, names = {}, None
    for cell in lessons.code_cells(NOTEBOOK):
        output = io.StringIO()
        with redirect_stdout(output):
            names = lessons.run([cell], names)
        printed[cell.id] = output.getvalue()
        matplotlib.pyplot.close("all")
    return names, printed


def is_refused(id, names, **wrong):
    """Return whether the check in this cell stops at a wrong result."""
    try:
        lessons.run_ids(NOTEBOOK, id, **(names | wrong))
    except AssertionError:
        return True
    return False


def claims(network):
    """What the page about Cellpose says of version 4, tried."""
    image = data.nuclei()[0][:64, :64]
    shown, logged = io.StringIO(), io.StringIO()
    with redirect_stderr(shown):
        model = models.CellposeModel(pretrained_model="cyto3")
    handler = logging.StreamHandler(logged)
    logging.getLogger("cellpose").addHandler(handler)
    models.CellposeModel(pretrained_model="cyto3", model_type="nuclei", diam_mean=17)
    model.eval(image, channels=[2, 3], compute_masks=False)
    logging.getLogger("cellpose").removeHandler(handler)
    try:
        models.CellposeModel(pretrained_model=str(WEIGHTS / "cellpose_nuclei" / "model"))
        refusal = ""
    except ValueError as error:
        refusal = str(error)
    returned = model.eval(image)
    factors, run_network = [], models.CellposeModel._run_net
    model._run_net = lambda x, **options: (
        factors.append(options["rescale"]) or run_network(model, x, **options)
    )
    for diameter in (None, 40):
        model.eval(image, diameter=diameter, compute_masks=False)
    del model._run_net
    return {
        "cyto3 becomes": Path(model.pretrained_model).name,
        "shown": shown.getvalue(),
        "logged": logged.getvalue(),
        "weights of version 3": refusal,
        "class Cellpose": hasattr(models, "Cellpose"),
        "arguments": list(inspect.signature(model.eval).parameters),
        "returned": [len(returned), len(returned[1])],
        "mask": [returned[0].shape, str(returned[0].dtype)],
        "channels": [
            model.eval(stack, compute_masks=False)[1][1].shape
            for stack in (image, np.stack([image] * 2), np.stack([image] * 5, axis=-1))
        ],
        "rescale changes": not np.array_equal(
            model.eval(image, compute_masks=False)[1][1],
            model.eval(image, rescale=0.5, compute_masks=False)[1][1],
        ),
        "resized by": factors,
        "parameters": network,
    }


def main():
    """Run everything, and print one line of JSON."""
    network = full_size()
    segment_anything.sam_model_registry["vit_l"] = Small
    torch.manual_seed(0)
    vit.CPSAM().save_model(FOLDER / "cpsam_v2")
    found = claims(network)

    seen = []
    answer_perfectly(answers(), seen)
    names, printed = run_cells()
    nothing, all_of_it = np.zeros((512, 512), int), np.ones((200, 300), int)
    refused = {
        "eval-check": is_refused("eval-check", names, predicted=nothing),
        "compare-check": is_refused(
            "compare-check", names, average_precision={"Cellpose-SAM": [0.3]}
        ),
        "size-check": is_refused("size-check", names, counts={0.5: 3, 1: 20, 2: 19}),
        "tissue-check": is_refused("tissue-check", names, nuclei_in_tissue=all_of_it),
    }
    print(json.dumps({"claims": found, "seen": seen, "printed": printed, "refused": refused}))


if __name__ == "__main__":
    main()
