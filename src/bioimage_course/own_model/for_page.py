"""A trained model as one file, which the page “Try your own image” can run.

The page has the two networks of the notebook without their numbers. The file holds the numbers, in
the order of `page_layouts.json`, and what else the page has to know. Nothing has to be installed
for this, and nothing is sent anywhere.
"""

import hashlib
import io
import json
import math
import re
import zipfile
from pathlib import Path

import numpy as np

from bioimage_course.folder import write_whole
from bioimage_course.own_model.take_along import fingerprint

FORMAT = "own model for the page, version 1"
LAYOUTS_FILE = Path(__file__).with_name("page_layouts.json")
#: For each network its tensors, [name, shape], in the order of the file; of StarDist, what decides.
LAYOUTS = json.loads(LAYOUTS_FILE.read_text()) if LAYOUTS_FILE.exists() else {}
#: Entries of StarDist's configuration that decide how its network is built.
DECIDE = (
    "n_dim", "n_channel_in", "n_rays", "grid", "n_classes", "backbone", "unet_n_depth",
    "unet_kernel_size", "unet_n_filter_base", "unet_n_conv_per_depth", "unet_pool",
    "unet_activation", "unet_last_activation", "unet_expansion", "net_conv_after_unet",
)  # fmt: skip
INSTEAD = "Use it in the notebook “Your own images” instead"
NOT_IN_THE_GRAPH = re.compile(r"num_batches_tracked$|^diam_(mean|labels)$")
ONE_DAY = (2026, 1, 1, 0, 0, 0)  # in the zip, so that the same model makes the same file


def write_for_page(model_folder):
    """Write a model of the notebook “Train on your images” for the page “Try your own image”.

    Parameters
    ----------
    model_folder : path
        As the notebook leaves it, with card.json.

    Returns
    -------
    pathlib.Path
        A zip in the model's folder: 5 MB for StarDist, 25 MB for Cellpose.

    Raises
    ------
    ValueError
        If the page cannot run this model; the message says why, and what to do instead.
    OSError
        If the file cannot be written. No half file is left.
    """
    model_folder = Path(model_folder).resolve()
    card = _card(model_folder)
    read = {"StarDist": _stardist, "Cellpose": _cellpose}[card["tool"]]
    kind = card["tool"].lower()
    tensors, settings = read(model_folder, card)
    weights = _in_order(kind, tensors, model_folder.name)
    model = {
        "format": FORMAT,
        "tool": card["tool"],
        "name": model_folder.name,
        "objects": card["objects"],
        "layout": LAYOUTS[kind]["id"],
        "sha256": hashlib.sha256(weights).hexdigest(),  # of weights.bin
        "settings": settings,
        "trained": {
            "weights": card["weights"],
            "sha256": card["sha256"],
            "start": card["start"],
            "images": card["data"]["training"]["images"],
            "objects": card["data"]["training"]["objects"],
            "diameter": card["settings"].get("diameter"),
            "channel": card["settings"].get("channel"),
        },
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (
            ("model.json", json.dumps(model, indent=1, ensure_ascii=False).encode()),
            ("weights.bin", weights),
        ):
            entry = zipfile.ZipInfo(name, ONE_DAY)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    path = model_folder / f"{model_folder.name}_for_the_page.zip"
    write_whole(path, content.getvalue())
    return path


def _card(model_folder):
    """The card of a model, compared with the weights that lie there."""
    try:
        card = json.loads((model_folder / "card.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise ValueError(
            f"{model_folder} has no card.json that can be read: run the cell with write_card first."
        ) from None
    if card.get("tool") not in ("StarDist", "Cellpose"):
        raise ValueError(
            f"The page runs StarDist and Cellpose models, and {model_folder.name} says it is from "
            f"{card.get('tool')}. {INSTEAD}."
        )
    weights = model_folder / card["weights"]
    if not weights.is_file():
        raise ValueError(f"{weights} is missing: was the folder copied as a whole?")
    if fingerprint(weights) != card["sha256"]:
        raise ValueError(
            f"{weights.name} is not the file of which card.json speaks: it was trained further, or "
            "is damaged. Run the cell with write_card again, or copy the folder again."
        )
    return card


def _in_order(kind, tensors, name):
    """The numbers of a model, float32, one tensor after the other, in the order of the layout."""
    parts = []
    for key, shape in LAYOUTS[kind]["tensors"]:
        if key not in tensors:
            raise ValueError(f"{name} has no layer {key}: {_other_network()}")
        values = np.asarray(tensors[key], "<f4")
        if list(values.shape) != shape:
            raise ValueError(
                f"{name} has the shape {values.shape} in {key}, and the page's network "
                f"{tuple(shape)}: {_other_network()}"
            )
        if not np.isfinite(values).all():
            raise ValueError(
                f"{name} holds numbers that are not finite (in {key}): the training went astray. "
                "Train again from the start, with a tenth of the learning rate."
            )
        parts.append(values.tobytes())
    more = sorted(set(tensors) - {key for key, _ in LAYOUTS[kind]["tensors"]})
    if more:
        raise ValueError(f"{name} has a layer {more[0]} more: {_other_network()}")
    return b"".join(parts)


def _other_network():
    return f"it is another network than the course's, and the page runs that one only. {INSTEAD}."


# --- StarDist ------------------------------------------------------------------------------------


def _stardist(model_folder, card):
    """A StarDist model's tensors, and the settings that the page uses."""
    from stardist.models import StarDist2D

    config = json.loads((model_folder / "config.json").read_text())
    expected = LAYOUTS["stardist"]["config"]
    for key in DECIDE:
        found = config.get(key, expected[key])  # older versions have not written all
        if found != expected[key]:
            raise ValueError(
                f"{model_folder.name} has {key} = {found}, and the page runs StarDist models with "
                f"{key} = {expected[key]} only. {INSTEAD}."
            )
    model = StarDist2D(None, name=model_folder.name, basedir=str(model_folder.parent))
    settings = {
        "probThreshold": float(model.thresholds.prob),
        "nmsThreshold": float(model.thresholds.nms),
    }
    return stardist_tensors(model.keras_model), settings


def stardist_tensors(network):
    """The numbers of StarDist's convolutions, with the batch normalisation after them, if any.

    Parameters
    ----------
    network : keras.Model

    Returns
    -------
    dict of str to float32 array
        "….kernel", shape (filters, channels, Y, X), and "….bias", shape (filters,), in their order.
    """
    after = {}  # id of a tensor → the normalisation that takes it
    for layer in network.layers:
        if type(layer).__name__ == "BatchNormalization":
            after[id(layer.input)] = layer
    tensors = {}
    for layer in network.layers:
        if type(layer).__name__ != "Conv2D":
            continue
        kernel, bias = (values.astype(float) for values in layer.get_weights())
        norm = after.get(id(layer.output))
        if norm is not None:
            gamma, beta, mean, variance = (values.astype(float) for values in norm.get_weights())
            factor = gamma / np.sqrt(variance + norm.epsilon)
            kernel, bias = kernel * factor, (bias - mean) * factor + beta
        name = own_name(network, layer)
        tensors[f"{name}.kernel"] = kernel.transpose(3, 2, 0, 1).astype(np.float32)
        tensors[f"{name}.bias"] = bias.astype(np.float32)
    return tensors


def own_name(network, layer):
    """A name that does not hang on what else was built: Keras counts nameless convolutions."""
    if not re.fullmatch(r"conv2d(_\d+)?", layer.name):
        return layer.name
    nameless = [each for each in network.layers if re.fullmatch(r"conv2d(_\d+)?", each.name)]
    return f"first_{nameless.index(layer)}"


# --- Cellpose ------------------------------------------------------------------------------------


def _cellpose(model_folder, card):
    """A Cellpose model's tensors, and the settings that the page uses."""
    tensors = cellpose_tensors(model_folder / card["weights"])
    if any(name == "W2" or name.startswith("encoder.") for name in tensors):
        raise ValueError(
            f"{model_folder.name} is a model of Cellpose 4 (Cellpose-SAM), with 1 GB too large for "
            "a page. Use it in Cellpose itself, or train Cellpose 3 in the notebook."
        )
    try:
        diameters = {"diameter": tensors["diam_mean"], "own": tensors["diam_labels"]}
        settings = {name: float(values.reshape(-1)[0]) for name, values in diameters.items()}
    except KeyError as error:
        raise ValueError(f"{model_folder.name} has no {error}: {_other_network()}") from None
    if not all(math.isfinite(size) and size > 0 for size in settings.values()):
        raise ValueError(
            f"{model_folder.name} has a diameter of {settings['own']} px: the training went "
            "astray. Train again from the start, with labels that have objects."
        )
    return {n: v for n, v in tensors.items() if not NOT_IN_THE_GRAPH.search(n)}, settings


def cellpose_tensors(path):
    """The numbers in a file of Cellpose 3 or 4, {name: float32 array}.

    Raises
    ------
    ValueError
        If it is none.
    """
    import torch

    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        return {name: values.float().numpy() for name, values in state.items()}
    except Exception as error:  # torch raises anything here
        raise ValueError(
            f"{path} cannot be read as a Cellpose model ({type(error).__name__}): is it damaged?"
        ) from None
