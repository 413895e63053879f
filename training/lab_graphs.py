"""Networks without weights, for readers' own models in the page "Try your own image".

A model that a reader trained in the notebook "Train on your images" has one of two architectures.
For each, lab/weights/ gets an ONNX file without numbers, a few kB large, and the helper package a
list of the tensors that it takes, in their order: `own_model.write_for_page` writes these into a
file, and the page puts both together. `training.export_lab` writes them (`make lab-weights`).
"""

import hashlib
import json
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from bioimage_course import WEIGHTS
from bioimage_course.own_model import for_page
from training.export import write_json

GRAPHS = ("stardist", "cellpose")
#: The course's model of this architecture, which stands for all of it.
MODEL = {"stardist": "stardist_nuclei", "cellpose": "cellpose_nuclei"}
LIBRARIES = {"stardist": ("stardist", "csbdeep"), "cellpose": ("cellpose",)}
DATA = "weights.bin"  # the name under which a graph asks for its numbers
SAME = ("grid", "rays", "multiple")  # settings that belong to the architecture


def made_from(graph):
    """Return {what a graph is made from: its version or sha256}."""
    sources = {}
    for name in LIBRARIES[graph]:
        try:
            sources[name] = version(name)
        except PackageNotFoundError:
            sources[name] = "none"
    lines = (WEIGHTS / MODEL[graph] / "SHA256SUMS").read_text().splitlines()
    configs = [line.split() for line in lines if line.endswith("config.json")]
    return sources | {file: digest for digest, file in configs}


def stale(graph, folder):
    """Say why a graph's file is not what would be written now; None if it is.

    folder : pathlib.Path of lab/weights/
    """
    cure = f"run `make lab-weights ONLY={graph}`"
    entry = read_list(folder).get(graph)
    if entry is None:
        return f"lab/weights/graphs.json has no {graph}: {cure}"
    if entry["made_from"] != made_from(graph):
        return f"{entry['file']} was made with other versions: {cure}"
    file = folder / entry["file"]
    if not file.exists() or hashlib.sha256(file.read_bytes()).hexdigest() != entry["sha256"]:
        return f"{file.name} is missing or is not what lab/weights/graphs.json lists: {cure}"
    layout = for_page.LAYOUTS.get(graph, {"id": None, "tensors": []})
    if {layout["id"], layout_id(layout["tensors"])} != {entry["layout"]}:
        return f"the helper package lists other tensors than {file.name} takes: {cure}"
    return None


def read_list(folder):
    """Return lab/weights/graphs.json; empty if there is none."""
    listed = folder / "graphs.json"
    return json.loads(listed.read_text()) if listed.exists() else {}


def layout_id(tensors):
    """Return what names a layout: a part of the hash of its tensors' names, shapes and order."""
    return hashlib.sha256(json.dumps(tensors).encode()).hexdigest()[:16]


def stardist(model, opset):
    """Return a StarDist2D model's network as ONNX, with its weights, layer by layer.

    Batch normalisation is part of the convolution before it, as `for_page` writes the numbers: so
    networks with and without it, the course's and the official one, have the same graph.
    Takes and returns what `export_lab.stardist`'s does.
    """
    from onnx import TensorProto, helper, numpy_helper

    nodes, names = [], {}  # names: of what stands for the output of a layer
    weights = for_page.stardist_tensors(model.keras_model)

    def add(kind, inputs, output, **attributes):
        nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    for layer in model.keras_model.layers:
        kind = type(layer).__name__
        name = f"{kind.lower()}_{len(nodes)}"
        inputs = layer.input if isinstance(layer.input, list) else [layer.input]
        taken = [names[id(tensor)] for tensor in inputs if id(tensor) in names]
        if kind == "InputLayer":
            output = add("Transpose", ["image"], "channels_first", perm=[0, 3, 1, 2])
        elif kind == "Conv2D":
            own = for_page.own_name(model.keras_model, layer)
            pads = [side // 2 for side in layer.kernel_size] * 2
            parts = [f"{own}.kernel", f"{own}.bias"]
            output = add("Conv", [*taken, *parts], f"{own}.sum", pads=pads)
            output = activated(add, layer.activation, output, own)
        elif kind == "Activation":
            output = activated(add, layer.activation, *taken, taken[0].removesuffix(".sum"))
        elif kind == "MaxPooling2D":
            sides = list(layer.pool_size)
            output = add("MaxPool", taken, name, kernel_shape=sides, strides=sides)
        elif kind == "UpSampling2D":
            sizes = [1, 1, *layer.size]
            output = add(
                "Resize", [*taken, "", "twice"], name,
                mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor",
            )  # fmt: skip
            twice = numpy_helper.from_array(np.array(sizes, np.float32), "twice")
        elif kind == "Concatenate":
            output = add("Concat", taken, name, axis=1)
        elif kind == "BatchNormalization":
            [output] = taken
        else:
            raise ValueError(f"the graph has nothing for a layer of kind {kind}")
        names[id(layer.output)] = output
    outputs = {"prob": 1, "dist": model.config.n_rays}
    for tensor, name in zip(model.keras_model.outputs, outputs, strict=True):
        add("Transpose", [names[id(tensor)]], name, perm=[0, 2, 3, 1])
    sides = ["height", "width"]
    graph = helper.make_graph(
        nodes,
        "stardist",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, *sides, 1])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, None, None, channels])
            for name, channels in outputs.items()
        ],
        [twice, *(numpy_helper.from_array(values, name) for name, values in weights.items())],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def activated(add, function, taken, name):
    """Add the activation of a layer, unless it is none."""
    if function.__name__ == "linear":
        return taken
    kind = {"relu": "Relu", "sigmoid": "Sigmoid"}[function.__name__]
    return add(kind, [taken], f"{name}.{kind.lower()}")


def told_apart(net):
    """Change a network's tensors by up to a thousandth, and return them: {name: float32 array}.

    PyTorch writes tensors with the same numbers once, and in the course's models some have them.
    """
    import torch

    generator = torch.Generator().manual_seed(0)
    tensors = {}
    for name, values in net.state_dict().items():
        if not for_page.NOT_IN_THE_GRAPH.search(name):
            values *= 1 + 1e-3 * torch.rand(values.shape, generator=generator)
            values += 1e-5 * torch.rand(values.shape, generator=generator)
            tensors[name] = values.numpy().copy()
    return tensors


def without_numbers(exported, tensors):
    """Let a graph take these tensors from another file, one after the other.

    exported : ONNX model, which is changed
    tensors : {name: float32 array}, in the order of the file

    Raises
    ------
    ValueError
        If the graph does not take exactly these, or has others of more than a few numbers.
    """
    from onnx import TensorProto, numpy_helper

    at, offset = {}, 0
    for name, values in tensors.items():
        at[name] = offset
        offset += values.nbytes
    for weight in exported.graph.initializer:
        values = numpy_helper.to_array(weight)
        if weight.name not in at:
            if values.size > 64:
                raise ValueError(f"{weight.name} is not among the tensors that models have")
            continue
        if not np.array_equal(values, tensors[weight.name]):
            raise ValueError(f"{weight.name} has other numbers in the graph than in the model")
        weight.ClearField("raw_data")
        weight.ClearField("float_data")
        weight.data_location = TensorProto.EXTERNAL
        where = {"location": DATA, "offset": at.pop(weight.name), "length": values.nbytes}
        for key, value in where.items():
            weight.external_data.add(key=key, value=str(value))
    if at:
        raise ValueError(f"the graph takes no {', '.join(at)}")


def write(graph, folder):
    """Write a graph's file, its entry in graphs.json, and the layout in the helper package.

    Raises
    ------
    ValueError
        If the network does not compute what the original does.
    """
    from training import export_lab  # which calls this one

    name = MODEL[graph]
    if graph == "stardist":
        from stardist.models import StarDist2D

        _, original, settings = export_lab.stardist(name)
        model = StarDist2D(None, name=name, basedir=str(WEIGHTS))
        exported, tensors = (
            stardist(model, export_lab.OPSET),
            for_page.stardist_tensors(model.keras_model),
        )
        config = {key: getattr(model.config, key) for key in for_page.DECIDE}
        shape = (1, 96, 160, 1)
    else:
        tensors = {}

        def change(net):
            tensors.update(told_apart(net))

        exported, original, settings = export_lab.cellpose(name, change)
        rename(exported, "net.")
        config, shape = None, (1, 2, 96, 160)
    difference = export_lab.compare(exported, original, shape)
    if difference > export_lab.TOLERANCE:
        raise ValueError(f"{graph}: the graph differs from the original by {difference:.1g}")
    without_numbers(exported, tensors)
    export_lab.without_words(exported)
    data = export_lab.packed(exported.SerializeToString(), "gz")
    file = folder / f"{graph}_graph.onnx.gz"
    file.write_bytes(data)
    layout = [[key, list(values.shape)] for key, values in tensors.items()]
    entry = {
        "file": file.name,
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "made_from": made_from(graph),
        "layout": layout_id(layout),
        "settings": {key: settings[key] for key in SAME if key in settings},
        "numbers": sum(values.size for values in tensors.values()),
        "difference": float(f"{difference:.2g}"),  # of the outputs, with the course's weights
    }
    write_json(folder / "graphs.json", read_list(folder) | {graph: entry})
    written = {"id": entry["layout"]} | ({"config": config} if config else {})
    write_layouts(for_page.LAYOUTS | {graph: written | {"tensors": layout}})
    print(f"{file.name}: {len(data) / 1e3:.1f} kB, differs by {entry['difference']}")


def write_layouts(layouts):
    """Write the helper package's list, a tensor a line."""
    parts = []
    for graph in sorted(layouts, key=GRAPHS.index):
        *head, (_, tensors) = layouts[graph].items()
        lines = [f'  "{key}": {json.dumps(value)},' for key, value in head]
        rows = ",\n".join(f"   {json.dumps(tensor)}" for tensor in tensors)
        parts.append(f' "{graph}": {{\n' + "\n".join(lines) + f'\n  "tensors": [\n{rows}\n  ]\n }}')
    for_page.LAYOUTS_FILE.write_text("{\n" + ",\n".join(parts) + "\n}\n")
    for_page.LAYOUTS.update(layouts)


def rename(exported, prefix):
    """Take a prefix away from the names of a graph's weights."""
    for weight in exported.graph.initializer:
        weight.name = weight.name.removeprefix(prefix)
    for node in exported.graph.node:
        node.input[:] = [name.removeprefix(prefix) for name in node.input]
