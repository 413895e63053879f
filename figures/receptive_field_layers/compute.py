"""Layers of the course's networks, and how far they see, for the receptive-field figure.

A layer is a short word: c3 is a convolution with a 3×3 kernel, c3d2 one whose weights stand two
pixels apart, p2 a pooling by two, u2 an upsampling by two.
"""

import math
import re
from pathlib import Path

import numpy as np

from bioimage_course import WEIGHTS, data
from figures._shared.course_network import course_network
from figures._shared.files import packed, store
from figures.cellpose_dynamics.compute import DIAMETER
from figures.receptive_field import draw as receptive_field

HERE = Path(__file__).parent

SHARE = 0.9  # of the gradient that the effective field holds
NUCLEI = 8  # in which the effective field is measured
AROUND = 128  # px: on each side of such a nucleus
TILE = 224  # px: Cellpose cuts the image into such tiles
PASSES = {"InputLayer", "BatchNormalization", "Activation", "Concatenate", "Dropout"}

STACKS = {
    "One 3×3": ["c3"],
    "Five 3×3": ["c3"] * 5,
    "Five 3×3, two poolings": ["c3", "c3", "p2", "c3", "c3", "p2", "c3"],
}


# How far a stack sees


def interval(layers, place):
    """First and last pixel of the image that can change one output, in one direction."""
    first = last = place
    for layer in reversed(layers):
        kind, size, apart = re.fullmatch(r"([cpu])(\d)(?:d(\d))?", layer).groups()
        size = int(size)
        if kind == "c":
            far = size // 2 * int(apart or 1)
            first, last = first - far, last + far
        elif kind == "p":
            first, last = first * size, last * size + size - 1
        else:
            first, last = first // size, last // size
    return first, last


def side(layers):
    """Side of the field; where it differs from place to place, the smallest."""
    places = 2 ** sum(layer == "u2" for layer in layers)
    ends = (interval(layers, place) for place in range(places))
    return min(last - first + 1 for first, last in ends)


def step(layers):
    """Pixels of the image from one output to the next."""
    return 2.0 ** sum({"p2": 1, "u2": -1}.get(layer, 0) for layer in layers)


# What the networks are made of


def word(kernel, strides=(1, 1), dilation=(1, 1)):
    (side, other), (apart, _) = kernel, dilation
    if side != other or side % 2 == 0 or tuple(strides) != (1, 1) or apart != dilation[1]:
        raise ValueError(f"The figure has no layer with kernel {kernel} and strides {strides}.")
    return f"c{side}" + (f"d{apart}" if apart > 1 else "")


def stardist_layers(model):
    """Layers on the widest way from the image to the probability, read from a Keras model."""
    ways = {}
    for layer in model.layers:  # each comes after those that it reads
        sources = layer.input if isinstance(layer.input, list) else [layer.input]
        way = max((ways.get(id(source), []) for source in sources), key=side, default=[])
        name = type(layer).__name__
        if name == "Conv2D":
            way = [*way, word(layer.kernel_size, layer.strides, layer.dilation_rate)]
        elif name == "MaxPooling2D" and tuple(layer.pool_size) == tuple(layer.strides) == (2, 2):
            way = [*way, "p2"]
        elif name == "UpSampling2D" and tuple(layer.size) == (2, 2):
            way = [*way, "u2"]
        elif name not in PASSES:
            raise ValueError(f"The figure has no layer like {layer.name}, a {name}.")
        ways[id(layer.output)] = way
    return ways[id(model.outputs[0])]


def cellpose_network():
    """The course's Cellpose network, and the diameter to which it shrinks nuclei."""
    from cellpose import models

    path = str(WEIGHTS / "cellpose_nuclei" / "model")
    model = models.CellposeModel(gpu=False, pretrained_model=path)
    model.net.mkldnn = False  # it knows no gradients
    return model.net.eval(), float(model.diam_labels)


def cellpose_layers(net):
    """Layers in the order in which they run, without the 1×1 ones that run beside (`proj`)."""
    import torch

    way, hooks = [], []
    for name, module in net.named_modules():
        if isinstance(module, torch.nn.Conv2d) and ".proj." not in name:
            kind = word(module.kernel_size, module.stride, module.dilation)
        elif isinstance(module, torch.nn.MaxPool2d) and module.kernel_size == module.stride == 2:
            kind = "p2"
        elif isinstance(module, torch.nn.Upsample) and module.scale_factor == 2:
            kind = "u2"
        else:
            continue
        hooks.append(module.register_forward_hook(lambda *_, kind=kind: way.append(kind)))
    with torch.no_grad():
        net(torch.zeros(1, 2, 64, 64))
    for hook in hooks:
        hook.remove()
    return way


# What the networks weigh


def stardist_gradient(model, image, row, column):
    """How strongly each pixel changes the probability at one, as absolute values."""
    import tensorflow as tf

    pixels = tf.constant(image[None, ..., None], tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(pixels)
        probability = model(pixels, training=False)[0]
        grid = image.shape[0] // probability.shape[1]
        answer = probability[0, row // grid, column // grid, 0]
    return np.abs(tape.gradient(answer, pixels).numpy()[0, ..., 0]).astype(float)


def cellpose_gradient(net, image, row, column):
    """The same for Cellpose's network, by the way of its convolutions: the style is held."""
    import torch

    pixels = torch.zeros(1, 2, *image.shape)
    pixels[0, 0] = torch.from_numpy(image.astype(np.float32))
    pixels.requires_grad_(True)
    hook = net.make_style.register_forward_hook(lambda module, given, style: style.detach())
    answer = net(pixels)[0][0, 2, row, column]
    hook.remove()
    return np.abs(torch.autograd.grad(answer, pixels)[0][0, 0].numpy()).astype(float)


def width(gradient, row, column, share=SHARE):
    """Side of the square around a pixel that holds a share of the gradient."""
    rows, columns = np.indices(gradient.shape)
    distance = np.maximum(abs(rows - row), abs(columns - column))
    held = np.cumsum(np.bincount(distance.ravel(), gradient.ravel()))
    return 2 * int(np.searchsorted(held, share * held[-1])) + 1


def effective(gradient_at, image, centres, around=AROUND):
    """Median width in windows around some pixels of an image."""
    widths = []
    for row, column in centres:
        top, left = row - around, column - around
        window = image[top : row + around, left : column + around]
        widths.append(width(gradient_at(window, around, around), around, around))
    return float(np.median(widths))


def inner_centres(truth, count=NUCLEI, around=AROUND):
    """Centres of some nuclei that lie well inside the image."""
    from skimage.measure import regionprops

    centres = [tuple(round(value) for value in region.centroid) for region in regionprops(truth)]
    inside = [c for c in centres if min(c) >= around and max(c) + around <= min(truth.shape)]
    return inside[:: max(1, len(inside) // count)][:count]


# What the page loads


def typical(truth, median, around=AROUND):
    """Label and centre of the roundest nucleus of median size that lies well inside the image."""
    from skimage.measure import regionprops

    def inside(region):
        return min(region.centroid) >= around and max(region.centroid) + around <= len(truth)

    near = [r for r in regionprops(truth) if abs(r.equivalent_diameter_area - median) < 1]
    best = min(filter(inside, near), key=lambda region: region.eccentricity)
    return best.label, [round(value) for value in best.centroid]


def outline(mask):
    """Outline of a mask as [column, row] of its corners, in pixels of the image."""
    from skimage.measure import find_contours

    (contour,) = find_contours(np.pad(mask, 1).astype(float), 0.5)
    return np.round(contour[:-1, ::-1] - 0.5, 1).tolist()  # middle of pixel 0 is 0.5


def networks():
    """The course's two networks as presets."""
    from csbdeep.utils import normalize
    from scipy.ndimage import zoom

    image, truth = data.nuclei()
    stardist, bright = course_network().keras_model, normalize(image, 1, 99.8)
    centres = inner_centres(truth)
    side_seen = effective(lambda *at: stardist_gradient(stardist, *at), bright, centres)
    yield {
        "name": "StarDist of this course",
        "layers": stardist_layers(stardist),
        "scale": 1,
        "effective": round(side_seen),
        "note": "Read from the layers of the network, the whole way down and up. Its skip "
        "connections are shorter ways and see less.",
    }

    net, learned = cellpose_network()
    shrink = learned / DIAMETER
    small = zoom(normalize(image, 1, 99), shrink, order=1)
    inside = inner_centres(truth, around=math.ceil(TILE / 2 / shrink) + 1)  # by whole tiles
    centres = [tuple(round(value * shrink) for value in centre) for centre in inside]
    side_seen = effective(lambda *at: cellpose_gradient(net, *at), small, centres, TILE // 2)
    yield {
        "name": "Cellpose of this course",
        "layers": cellpose_layers(net),
        "scale": round(1 / shrink, 4),
        "effective": round(side_seen / shrink),
        "note": f"Nuclei are shrunk from {DIAMETER} to {learned:.0f} px first. Drawn and "
        "measured: the way through the convolutions. A style vector also averages over the "
        f"whole tile ({TILE / shrink:.0f} px of the image), and nothing beyond it is seen.",
    }


def compute():
    image, truth = data.nuclei()
    median = receptive_field.compute(course_network().config)[2]["median_diameter"]
    nucleus, (row, column) = typical(truth, median)
    low, high = np.percentile(image, [1, 99.8])
    grey = np.round(255 * np.clip((image - low) / (high - low), 0, 1) ** 0.8).astype(np.uint8)
    stacks = [{"name": name, "layers": layers} for name, layers in STACKS.items()]
    return {
        "size": len(image),
        "start": [row, column],
        "median": round(median, 1),
        "outline": outline(truth == nucleus),
        "presets": [*stacks, *networks()],
        "image": packed(grey, quality=60, method=6),
    }


# What the tests of the page's own arithmetic are measured against


def followed(layers, length=1024):
    """Side after each layer, found by following which pixels of a row reach each value."""
    reached = np.eye(length, dtype=bool)  # value × input
    sides = []
    for layer in layers:
        if layer == "p2":
            reached = reached[::2] | reached[1::2]
        elif layer == "u2":
            reached = np.repeat(reached, 2, axis=0)
        else:
            size, apart = int(layer[1]), int(layer[3:] or 1)
            places = [(i - size // 2) * apart for i in range(size)]
            # A gap within a dilated kernel lies inside the field, too.
            reached = np.any([np.roll(reached, place, axis=0) for place in places], axis=0)
        middle = reached[len(reached) // 3 : 2 * len(reached) // 3]
        last = length - 1 - middle[:, ::-1].argmax(axis=1)
        sides.append(int((last - middle.argmax(axis=1)).min()) + 1)
    return sides


def fixture(presets):
    """Presets, and stacks without any plan, with the side after each layer."""
    random = np.random.default_rng(6)
    stacks = [preset["layers"] for preset in presets]
    for _ in range(12):
        kinds = random.choice(["c1", "c3", "c5", "c7", "c3d2"], 9).tolist()
        for place, kind in zip(
            sorted(random.choice(9, 4, replace=False)), ("p2", "p2", "u2", "u2"), strict=True
        ):
            kinds[place] = kind
        stacks.append(kinds)
    return [
        {"layers": layers, "sides": followed(layers), "step": step(layers)} for layers in stacks
    ]


def main():
    stored = compute()
    store(HERE / "page.json", stored)
    store(HERE / "answers.json", fixture(stored["presets"]))


if __name__ == "__main__":
    main()
