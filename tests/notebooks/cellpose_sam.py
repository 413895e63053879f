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
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import matplotlib
import numpy as np
import tifffile
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
        torch.ops.load_library(next(Path(apart, "torchvision").glob("_C*")))
    except OSError:
        for name in ("nms", "qnms"):
            arguments = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
            torch.library.define(f"torchvision::{name}", arguments)


let_torchvision_start()

import segment_anything  # noqa: E402
from cellpose import dynamics, models, train, transforms, utils, vit  # noqa: E402
from cellpose import io as cellpose_io  # noqa: E402
from segment_anything.modeling import ImageEncoderViT  # noqa: E402
from skimage.filters import threshold_otsu  # noqa: E402
from skimage.measure import label  # noqa: E402
from skimage.segmentation import relabel_sequential  # noqa: E402
from skimage.transform import resize  # noqa: E402

from bioimage_course import WEIGHTS, data, show  # noqa: E402
from tests.notebooks import lessons  # noqa: E402


class Small:
    """What the library takes a transformer from, with 2 layers of 64 numbers for 24 of 1024."""

    def __init__(self, checkpoint=None):
        self.image_encoder = ImageEncoderViT(
            img_size=1024, depth=2, embed_dim=64, num_heads=2, use_rel_pos=True, window_size=14
        )


def full_size():
    """What the real network is, made without its numbers."""
    with torch.device("meta"):
        network = vit.CPSAM()
    return {
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "encoder": f"{type(network.encoder).__module__}.{type(network.encoder).__name__}",
        "bytes of a weight": network.out.weight.element_size(),
    }


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
                "style is empty": not style.any(),
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


@contextmanager
def listening():
    """Collect what Cellpose logs meanwhile."""
    logged = io.StringIO()
    handler = logging.StreamHandler(logged)
    logging.getLogger("cellpose").addHandler(handler)
    yield logged
    logging.getLogger("cellpose").removeHandler(handler)


def message(function, *arguments, **options):
    """Return the type and the text of the error that a call raises; nothing if it raises none."""
    try:
        function(*arguments, **options)
    except Exception as error:
        return [type(error).__name__, str(error)]
    return []


def seen_by(target, name, answer, call):
    """Return the options with which a function was called meanwhile; it answers as told."""
    calls = []
    with mock.patch.object(target, name, lambda *_, **options: calls.append(options) or answer):
        call()
    return calls


def default(function, *names):
    options = inspect.signature(function).parameters
    return {name: options[name].default for name in names}


def claims(network):
    """What the page about Cellpose says of version 4, tried."""
    image = data.nuclei()[0][:64, :64]
    shown = io.StringIO()
    with redirect_stderr(shown):
        model = models.CellposeModel(pretrained_model="cyto3")
    with listening() as logged:
        models.CellposeModel(pretrained_model="cyto3", model_type="nuclei", diam_mean=17)
        model.eval(image, channels=[2, 3], compute_masks=False)
    refusal = message(
        models.CellposeModel, pretrained_model=str(WEIGHTS / "cellpose_nuclei" / "model")
    )
    returned = model.eval(image)
    factors, run_network = [], models.CellposeModel._run_net
    model._run_net = lambda x, **options: (
        factors.append(options["rescale"]) or run_network(model, x, **options)
    )
    for diameter in (None, 40):
        model.eval(image, diameter=diameter, compute_masks=False)
    del model._run_net
    plain = model.eval(image, compute_masks=False)[1][1]
    with listening() as silence:
        rescaled = model.eval(image, rescale=0.5, compute_masks=False)[1][1]
    return {
        "cyto3 becomes": Path(model.pretrained_model).name,
        "shown": shown.getvalue(),
        "shown after logger_setup": shown_after_logger_setup(),
        "logged": logged.getvalue(),
        "weights of version 3": refusal[1],
        "class Cellpose": hasattr(models, "Cellpose"),
        "arguments": list(inspect.signature(model.eval).parameters),
        "returned": [len(returned), len(returned[1])],
        "mask": [returned[0].shape, str(returned[0].dtype)],
        "channels": [
            model.eval(stack, compute_masks=False)[1][1].shape
            for stack in (image, np.stack([image] * 2), np.stack([image] * 5, axis=-1))
        ],
        "rescale changes": not np.array_equal(plain, rescaled),
        "rescale is logged": silence.getvalue(),
        "resized by": factors,
        "names": models.MODEL_NAMES,
        "defaults": default(models.CellposeModel, "pretrained_model", "gpu")
        | default(model.eval, "batch_size"),
        "cpdino": cpdino(),
        **stacks(model, image),
        **tiles(model, image),
        **network,
    }


def shown_after_logger_setup():
    logger, printed = logging.getLogger("cellpose"), io.StringIO()
    with mock.patch.object(Path, "home", lambda: FOLDER), redirect_stdout(printed):
        cellpose_io.logger_setup()
        models.CellposeModel(pretrained_model="cyto3")
    logger.handlers, logger.level = [logging.NullHandler()], logging.NOTSET
    return printed.getvalue()


def cpdino():
    """The errors where DINOv3 is missing, met by files that look like the weights."""
    errors = []
    for name, width in (("cpdino", 1024), ("cpdino-vitb", 768)):
        looks = {
            "encoder.cls_token": torch.zeros(1),
            "encoder.patch_embed.proj.weight": torch.zeros(width, 1),
        }
        torch.save(looks, FOLDER / name)
        errors.append(message(models.CellposeModel, pretrained_model=name))
    return errors


def stacks(model, image):
    planes = np.arange(20)[:, None, None] * np.ones(image.shape)
    with listening() as logged:
        first = transforms.convert_image(planes)
    shown = []
    tifffile.imwrite(FOLDER / "stack.tif", planes.astype(np.uint8))
    (form,) = (cell for cell in lessons.code_cells(NOTEBOOK) if cell.id == "own-run")
    filled_in = form.source.replace("my_image_path = None", 'my_image_path = "stack.tif"').replace(
        "my_stack = {}", 'my_stack = {"z_axis": 0, "do_3D": True}'
    )
    note = lambda *given, title: shown.append((*given, title))  # noqa: E731
    with mock.patch.object(show, "segmentation", note):
        exec(filled_in, {"model": model, "np": np, "show": show})
    plane, labels, title = shown[0]
    on_a_mac = SimpleNamespace(device=SimpleNamespace(type="mps"))
    compute = models.CellposeModel._compute_masks
    last_step = seen_by(
        models.dynamics,
        "resize_and_compute_masks",
        None,
        lambda: compute(on_a_mac, (2, 8, 8), np.zeros((3, 2, 8, 8)), None, do_3D=True),
    )
    return {
        "a stack becomes": [first.shape, first[0, 0].tolist(), model.eval(planes)[0].shape],
        "a stack is logged": logged.getvalue(),
        "a stack in the form": [plane.shape, int(plane[0, 0]), labels.shape, title],
        "z_axis alone": message(model.eval, planes, z_axis=0),
        "z_axis and stitching": message(transforms.convert_image, planes, z_axis=0, do_3D=True),
        "two channels": transforms.convert_image(planes[[3, 2]], channel_axis=0)[0, 0].tolist(),
        "last step in 3D on a Mac": last_step[0]["device"].type,
    }


def tiles(model, image):
    x = np.zeros((1, 64, 64, 1))
    answer = (np.zeros((1, 64, 64, 3)), np.zeros((1, 256)))
    sides = []
    for backbone in ("sam_vitl", "dino_vitl"):
        with mock.patch.object(model, "backbone", backbone):
            calls = seen_by(models, "run_net", answer, lambda: model._run_net(x))
        sides.append(calls[0]["bsize"])
    wide = np.tile(image, (5, 5))
    one, eight = (model.eval(wide, batch_size=size, compute_masks=False)[1] for size in (1, 8))
    exact = models.CellposeModel(use_bfloat16=False)
    return {
        "side of a tile": sides,
        "batch_size changes": float(
            max(abs(one[1] - eight[1]).max(), abs(one[2] - eight[2]).max())
        ),
        "bytes": [m.net.out.weight.element_size() for m in (model, exact)],
    }


class Tiny(vit.BaseModel):
    """A network of nine weights that train_seg accepts; it notes what it learns from, and how."""

    def __init__(self, backbone="sam_vitl"):
        super().__init__(dtype=torch.bfloat16)
        self.backbone = backbone
        self.weights = torch.nn.Conv2d(3, 3, 1, dtype=torch.bfloat16)
        self.types, self.patches = set(), set()

    def forward(self, x):
        self.types.add(str(self.weights.weight.dtype))
        self.patches.add(tuple(x.shape))
        return self.weights(x), None


def training():
    """What the page says about train_seg of version 4, tried."""
    image, truth = data.nuclei()
    few = np.kron([[1, 2], [3, 4]], np.ones((64, 64), int))
    learned, labels = [image[:128, :128]] * 2, [truth[:128, :128], few]
    learned = [np.stack([tile] * 3).astype(np.float32) for tile in learned]
    net, other = Tiny(), Tiny("dino_vitl")
    options = {"save_path": FOLDER, "n_epochs": 7}
    with mock.patch.object(torch.optim, "SGD", side_effect=AssertionError("SGD is used")):
        *_, scored = train.train_seg(
            net, train_data=learned, train_labels=[tile.copy() for tile in labels],
            test_data=learned[:1], test_labels=[labels[0].copy()], SGD=True, **options,
        )  # fmt: skip
    train.train_seg(
        other, train_data=learned[:1], train_labels=[labels[0].copy()], save_path=FOLDER, n_epochs=1
    )
    names = (
        "learning_rate",
        "weight_decay",
        "batch_size",
        "n_epochs",
        "rescale",
        "min_train_masks",
    )
    return {
        "defaults": default(train.train_seg, *names),
        "channels": message(train.train_seg, net, channels=[1, 2]),
        "scored in epochs": np.flatnonzero(scored).tolist(),
        "diameter": [net.diam_labels.item(), *(float(utils.diameters(tile)[0]) for tile in labels)],
        "learns in": sorted(net.types),
        "patches": [sorted(network.patches) for network in (net, other)],
        "afterwards": str(net.weights.weight.dtype),
    }


def main():
    """Run everything, and print one line of JSON."""
    network = full_size()
    segment_anything.sam_model_registry["vit_l"] = Small
    torch.manual_seed(0)
    vit.CPSAM().save_model(FOLDER / "cpsam_v2")
    found = claims(network) | {"training": training()}

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
        "proof-check": is_refused("proof-check", names, nuclei={"cpu": 40, "cuda:0": 43}),
        "tissue-check": is_refused("tissue-check", names, nuclei_in_tissue=all_of_it),
    }
    print(json.dumps({"claims": found, "seen": seen, "printed": printed, "refused": refused}))


if __name__ == "__main__":
    main()
