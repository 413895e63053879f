"""Write the course's networks for the page "Try your own image" (`make lab-weights`).

    python -m training.export_lab                   # those of which the weights changed
    python -m training.export_lab stardist_nuclei   # this one, changed or not

A network becomes an ONNX file in lab/weights/ that is small on its way and computes in 32 bits:
Cellpose's weights are stored in 16 bits, as they already are in the package, StarDist's filters in
9.6 to 14. Nothing else is rounded. What a file was made from stands in weights.json beside it; a
test compares. What readers' own models need, lab_graphs writes.

Needs what requirements-lab.txt lists.
"""

import argparse
import gzip
import hashlib
import json
import lzma
import os
import re
import tempfile
import warnings
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # the same numbers on every processor

import numpy as np

from bioimage_course import WEIGHTS
from course_build.lab import XZ
from training import lab_graphs
from training.export import write_json

LAB = Path(__file__).resolve().parents[1] / "lab" / "weights"
LISTED = LAB / "weights.json"
OPSET = 17
TILE = 224  # pixels: what Cellpose's network sees at once; any other size fits, too
TOLERANCE = 2e-4  # of outputs, where nothing was rounded
NAMES = ("stardist_nuclei", "cellpose_nuclei", "cellpose_cells")
FEW = 60_000  # numbers: in layers with fewer, filters are stored more finely


def made_from(name):
    """Return {file: sha256} of what a network is loaded from, as the package lists it."""
    lines = (WEIGHTS / name / "SHA256SUMS").read_text().splitlines()
    return {file: digest for digest, file in (line.split() for line in lines)}


def stale(name, listed=None):
    """Say why a network's file is not what would be written now; None if it is."""
    entry = (listed if listed is not None else read_list()).get(name)
    cure = f"run `make lab-weights ONLY={name}`"
    if entry is None:
        return f"lab/weights/ has no {name}: {cure}"
    file = LAB / entry["file"]
    if entry["made_from"] != made_from(name):
        return f"lab/weights/{file.name} was made from other weights: {cure}"
    if not file.exists() or hashlib.sha256(file.read_bytes()).hexdigest() != entry["sha256"]:
        return f"{file.name} is missing or is not what lab/weights/weights.json lists: {cure}"
    return None


def read_list():
    """Return lab/weights/weights.json; empty if there is none."""
    return json.loads(LISTED.read_text()) if LISTED.exists() else {}


def stardist(name):
    """Return StarDist's network as ONNX, a function that runs the original, and its settings.

    The network takes float32 (1, Y, X, 1), sides multiples of 16, and returns "prob",
    (1, Y/2, X/2, 1), and "dist", (1, Y/2, X/2, 32).
    """
    import tensorflow
    import tf2onnx
    from stardist.models import StarDist2D

    model = StarDist2D(None, name=name, basedir=str(WEIGHTS))
    any_size = tensorflow.TensorSpec([1, None, None, 1], tensorflow.float32, name="image")

    @tensorflow.function(input_signature=[any_size])
    def network(image):
        prob, dist = model.keras_model(image, training=False)
        return {"prob": prob, "dist": dist}

    exported, _ = tf2onnx.convert.from_function(network, input_signature=[any_size], opset=OPSET)
    [grid] = set(model.config.grid)
    settings = {
        "probThreshold": model.thresholds.prob,
        "nmsThreshold": model.thresholds.nms,
        "grid": grid,
        "rays": model.config.n_rays,
        "multiple": model._axes_div_by("YX")[0],  # of what the sides of an image have to be
    }
    return (
        exported,
        lambda image: {key: value.numpy() for key, value in network(image).items()},
        settings,
    )


def cellpose(name, change=lambda net: None):
    """Return Cellpose's network as ONNX, a function that runs the original, and its settings.

    change(net) may change its numbers before. The network takes float32 (N, 2, Y, X), sides
    multiples of 8, and returns "flow", (N, 3, Y, X): down, to the right, and the logit of being in
    a cell.
    """
    import onnx
    import torch
    from cellpose.models import CellposeModel

    model = CellposeModel(gpu=False, pretrained_model=str(WEIGHTS / name / "model"))
    net = model.net.eval()
    net.mkldnn = False
    change(net)

    def style(deepest):  # Cellpose pools with a kernel of the map's size, which ONNX cannot write
        mean = deepest.mean((2, 3))
        return mean / (mean**2).sum(1, keepdim=True) ** 0.5

    net.make_style.forward = style

    class Flow(torch.nn.Module):
        """Leaves out the style, which the network returns as well."""

        def __init__(self):
            super().__init__()
            self.net = net

        def forward(self, image):
            return self.net(image)[0]

    sizes = {0: "tiles", 2: "height", 3: "width"}
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that this exporter is the older one
        file = Path(folder) / "network.onnx"
        torch.onnx.export(
            Flow().eval(),
            torch.zeros(1, 2, TILE, TILE),
            file,
            dynamo=False,
            opset_version=OPSET,
            input_names=["image"],
            output_names=["flow"],
            dynamic_axes={"image": sizes, "flow": sizes},
            # Batch normalisation stays apart: folded into filters it would not fit into 16 bits.
            training=torch.onnx.TrainingMode.PRESERVE,
            do_constant_folding=False,
        )
        exported = onnx.load(file)

    def original(image):
        with torch.no_grad():
            return {"flow": net(torch.from_numpy(image))[0].numpy()}

    settings = {
        "diameter": float(model.diam_mean),  # pixels: what objects are brought to
        "own": float(model.diam_labels),  # pixels: taken for the image's where none is given
    }
    return exported, original, settings


def in_16_bits(exported):
    """Store weights in 16 bits and cast them at the start.

    Raises
    ------
    ValueError
        If one changes by that.
    """
    from onnx import TensorProto, helper, numpy_helper

    graph, casts = exported.graph, []
    for weight in [w for w in graph.initializer if w.data_type == TensorProto.FLOAT]:
        values = numpy_helper.to_array(weight)
        half = values.astype(np.float16)
        if not np.array_equal(half.astype(np.float32), values):
            raise ValueError(f"{weight.name} does not fit into 16 bits")
        stored = f"{weight.name}_16"
        graph.initializer.append(numpy_helper.from_array(half, stored))
        casts.append(helper.make_node("Cast", [stored], [weight.name], to=TensorProto.FLOAT))
        graph.initializer.remove(weight)
    put_first(graph, casts)


def few_bits(values):
    """Store filters as whole numbers.

    Returns
    -------
    step : float32 array, shape (N, 1, 1, 1), one for each filter
    coarse : int8 array, shape (N, C, Y, X), whole steps
    fine : int8 array, shape (N, C, Y, X), parts of steps
    parts : int, so many in a step
    """
    parts = 3 if values.size > FEW else 63
    largest = np.abs(values).max(axis=(1, 2, 3), keepdims=True)
    step = (np.maximum(largest, 1e-12) / 127).astype(np.float32)
    coarse = np.round(values / step)
    fine = np.round(parts * (values / step - coarse))
    return step, coarse.astype(np.int8), fine.astype(np.int8), parts


def in_few_bits(exported):
    """Store filters as a byte and parts of its steps, with one scale for each filter.

    A byte alone moves an outline now and then (AP at IoU 0.9 down to 0.97 on one image in
    twenty-six), and thirds of its steps, which compress to a fifth of a byte, do so in tissue,
    for which the network was not made. What decides are the small layers at both ends: they get
    finer parts. The runtime puts both together once, at the start: it folds Cast, Mul and Add of
    what is constant, while DequantizeLinear would stay for every run.
    """
    from onnx import TensorProto, helper, numpy_helper

    graph, nodes = exported.graph, []
    for weight in [w for w in graph.initializer if w.data_type == TensorProto.FLOAT]:
        values = numpy_helper.to_array(weight)
        if values.ndim != 4 or values.size < 1000:  # biases, norms: small, and every bit counts
            continue
        step, coarse, fine, parts = few_bits(values)
        summands = []
        for ending, whole, scale in (("bytes", coarse, step), ("parts", fine, step / parts)):
            stored, scales, number, part = (
                f"{weight.name}_{ending}{kind}" for kind in ("", "_step", "_number", "_part")
            )
            graph.initializer.append(numpy_helper.from_array(whole, stored))
            graph.initializer.append(numpy_helper.from_array(scale.astype(np.float32), scales))
            nodes += [
                helper.make_node("Cast", [stored], [number], to=TensorProto.FLOAT),
                helper.make_node("Mul", [number, scales], [part]),
            ]
            summands.append(part)
        nodes.append(helper.make_node("Add", summands, [weight.name]))
        graph.initializer.remove(weight)
    put_first(graph, nodes)


def put_first(graph, nodes):
    """Put nodes before all others of a graph, whose nodes have to stand in order."""
    others = list(graph.node)
    del graph.node[:]
    graph.node.extend([*nodes, *others])


def compare(exported, original, shape):
    """Return the largest difference between the outputs of an ONNX network and the original's."""
    import onnxruntime

    image = np.random.default_rng(0).uniform(0, 1, shape).astype(np.float32)
    session = onnxruntime.InferenceSession(exported.SerializeToString())
    theirs = original(image)
    ours = session.run(list(theirs), {"image": image})
    return max(float(np.abs(a - b).max()) for a, b in zip(ours, theirs.values(), strict=True))


def packed(content, ending):
    """Return bytes packed as "gz" or "xz", the same at every time."""
    if ending == "gz":
        return gzip.compress(content, compresslevel=9, mtime=0)
    return lzma.compress(content, **XZ)


def without_words(exported):
    """Take away what an exporter says of where on this computer the code stands."""
    exported.doc_string = ""
    for node in exported.graph.node:
        node.doc_string = ""


def export(name):
    """Write a network's file and its entry in the list.

    Raises
    ------
    ValueError
        If it does not compute what the original does.
    """
    build, store, shape, ending = (
        (stardist, in_few_bits, (1, 96, 160, 1), "xz")
        if name.startswith("stardist")
        # 16 bits have little to pack, and xz takes its time to unpack it.
        else (cellpose, in_16_bits, (1, 2, 96, 160), "gz")
    )
    exported, original, settings = build(name)
    difference = compare(exported, original, shape)
    if difference > TOLERANCE:
        raise ValueError(f"{name}: ONNX differs from the original by {difference:.1g}")
    store(exported)
    without_words(exported)
    data = packed(exported.SerializeToString(), ending)
    LAB.mkdir(parents=True, exist_ok=True)
    file = LAB / f"{name}.onnx.{ending}"
    file.write_bytes(data)
    entry = {
        "file": file.name,
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "made_from": made_from(name),
        "settings": settings,
        # Of the outputs as they are stored, on noise.
        "difference": float(f"{compare(exported, original, shape):.2g}"),
    }
    listed = read_list() | {name: entry}
    write_json(LISTED, {name: listed[name] for name in NAMES if name in listed})
    print(f"{file.name}: {len(data) / 1e6:.2f} MB, differs by {entry['difference']}")


def main():
    parser = argparse.ArgumentParser(description=re.split(r"[,.]", __doc__)[0])
    choices = [[], *NAMES, *lab_graphs.GRAPHS]
    parser.add_argument("names", nargs="*", choices=choices, help="these, changed or not")
    asked = parser.parse_args().names
    for name in asked or [name for name in NAMES if stale(name)]:
        if name in NAMES:
            export(name)
    for graph in asked or [graph for graph in lab_graphs.GRAPHS if lab_graphs.stale(graph, LAB)]:
        if graph in lab_graphs.GRAPHS:
            lab_graphs.write(graph, LAB)


if __name__ == "__main__":
    main()
