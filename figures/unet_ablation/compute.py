"""U-Net figure: a tile's way through the course's StarDist network, and its skip connections cut.

A cut replaces each skipped map by its own mean over the tile, where it is stacked: a constant says
nothing about *where*, and the layers after it still get the level they were trained with. Zeros
would take that level away too, and so harm by more than the lost places.
"""

import base64
import io
import itertools
from pathlib import Path

import numpy as np
from csbdeep.utils import normalize
from PIL import Image
from skimage.measure import approximate_polygon, find_contours
from skimage.segmentation import clear_border
from stardist.geometry import dist_to_coord, polygons_to_label
from stardist.nms import non_maximum_suppression

from bioimage_course import data
from figures._shared.course_network import course_network, halvings
from figures._shared.files import packed, plain, store, write
from figures._shared.style import NARROW, draw, picture

HERE = Path(__file__).parent


#: The tile, in pixels of the image: the touching nuclei in its middle. 128 divides by 16 and 32.
TILE = (slice(104, 232), slice(2, 130))
MAPS = 6  # pictures of a stage
GREYS = 16  # shades of a feature map
STEP = 0.5  # one unit of an outline, in pixels
MIN_IOU = 0.5  # a match needs more


def tile():
    """The tile as the network gets it, as grey values, and its annotation."""
    image, truth = data.nuclei()
    return normalize(image, 1, 99.8)[TILE], image[TILE], truth[TILE]


def forward(network, pixels, cut=(), replace=np.mean):
    """What every layer answers: {name: array (Y, X, channels)}.

    cut : levels of the U whose skipped maps become constant, 0 is the finest.
    replace : what they become; a function like np.mean.
    """
    answers, level = {}, network.config.unet_n_depth
    for layer in network.keras_model.layers:
        kind = type(layer).__name__
        if kind == "InputLayer":
            answers[layer.name] = np.float32(pixels)[None, ..., None]
            continue
        tensors = layer.input if isinstance(layer.input, list) else [layer.input]
        given = [answers[source(tensor).name] for tensor in tensors]
        if kind == "Concatenate":
            level -= 1
            if level in cut:
                given = [
                    maps
                    if type(source(tensor)).__name__ == "UpSampling2D"
                    else np.zeros_like(maps) + replace(maps, axis=(1, 2), keepdims=True)
                    for tensor, maps in zip(tensors, given, strict=True)
                ]
        answers[layer.name] = np.asarray(layer(given if len(given) > 1 else given[0]))
    return {name: maps[0] for name, maps in answers.items()}


def source(tensor):
    """The layer that a tensor comes from."""
    return tensor._keras_history.operation


def stages(network):
    """The network in the pieces between poolings and upsamplings, in the order of the walk.

    Returns
    -------
    list of {kind, level, layers}
        kind : "input", "full" (before the U, at a finer grid), "down", "bottom", "up", "output".
        level : of the U, 0 is the finest; None outside.
    """
    depth, before = network.config.unet_n_depth, halvings(network.config)
    before -= depth  # poolings before the U
    pieces = [{"kind": "input", "level": None, "layers": []}]

    def start(kind, level=None):
        pieces.append({"kind": kind, "level": level, "layers": []})

    def down(pooled):
        level = pooled - before
        if level < 0:
            start("full")
        else:
            start(*(("bottom",) if level == depth else ("down", level)))

    pooled = 0
    for layer in network.keras_model.layers:
        kind = type(layer).__name__
        if kind == "MaxPooling2D":
            pooled += 1
            down(pooled)
        elif kind == "UpSampling2D":
            start("up", (pieces[-1]["level"] or depth) - 1)
        elif layer.name in ("features", "prob") and pieces[-1]["kind"] != "output":
            start("output")
        pieces[-1]["layers"].append(layer)
        if kind == "InputLayer":
            down(0)
    return pieces


def different(maps, count=MAPS):
    """Indices of the maps that show most and resemble one another least, the strongest first."""
    flat = maps.reshape(-1, maps.shape[-1]).astype(float)
    flat = flat - flat.mean(axis=0)
    spread = np.sqrt((flat**2).mean(axis=0))
    flat /= np.where(spread > 1e-9, spread, np.inf)
    likeness, chosen = np.zeros(len(spread)), []
    while len(chosen) < min(count, np.sum(spread > 1e-9)):
        merit = np.round(spread * (1 - likeness), 6)
        merit[spread <= 1e-9] = merit[chosen] = -1
        chosen.append(int(merit.argmax()))
        likeness = np.maximum(likeness, np.abs(flat.T @ flat[:, chosen[-1]]) / len(flat))
    return chosen


def png(values, shades=256):
    """A grey picture, 0 to 1, as the text of a PNG file."""
    grey = np.round(np.clip(values, 0, 1) * (shades - 1)) * (255 / (shades - 1))
    text = packed(np.round(grey).astype(np.uint8), "PNG", optimize=True)
    return text.partition(",")[2]


def pixels_of(text):
    """The picture that `png` stored, from 0 to 1."""
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(text)))) / 255


def stretched(values):
    """From the lowest value, 0, to the highest, 1."""
    return (values - values.min()) / max(np.ptp(values), 1e-9)


def bright(image):
    """The tile, its faint nuclei brightened."""
    return (image / image.max()) ** 0.7


def show_stage(stage, answers, image):
    """What the page says and shows of one stage."""
    layers = stage["layers"]
    named = {layer.name: answers[layer.name] for layer in layers}
    last = answers[layers[-1].name]
    rays = answers["dist"].shape[-1]
    if stage["kind"] == "output":
        maps = [{"png": png(answers["prob"][..., 0], GREYS)}]
        for ray in (0, rays // 4, rays // 2, 3 * rays // 4):
            maps.append({"ray": ray, "png": png(stretched(answers["dist"][..., ray]), GREYS)})
    elif stage["kind"] == "input":
        maps = [{"no": 0, "png": png(bright(image), GREYS)}]
    else:
        maps = [{"no": no, "png": png(stretched(last[..., no]), GREYS)} for no in different(last)]
    convolutions = [
        layer
        for layer in layers
        if type(layer).__name__ == "Conv2D" and layer.name not in ("prob", "dist")
    ]
    content = {
        "kind": stage["kind"],
        "level": stage["level"],
        "shape": answers["prob"].shape if stage["kind"] == "output" else last.shape,
        "pooled": any(type(layer).__name__ == "MaxPooling2D" for layer in layers),
        "channels": [named[layer.name].shape[-1] for layer in convolutions],
        "parameters": sum(layer.count_params() for layer in layers),
        "maps": maps,
    }
    for layer in layers:
        if type(layer).__name__ == "Concatenate":
            for tensor in layer.input:
                from_below = type(source(tensor)).__name__ == "UpSampling2D"
                maps = answers[source(tensor).name]
                content["below" if from_below else "across"] = maps.shape[-1]
    return content


def objects(network, answers):
    """Label image of the tile, as StarDist makes it of these answers, and the outlines."""
    probability = answers["prob"][..., 0]
    distances = np.maximum(answers["dist"], 1e-3)  # as StarDist does
    grid, thresholds = network.config.grid, network.thresholds
    shape = tuple(side * step for side, step in zip(probability.shape, grid, strict=True))
    points, scores, distances = non_maximum_suppression(
        distances, probability, grid=grid, prob_thresh=thresholds.prob, nms_thresh=thresholds.nms
    )
    if not len(points):
        return np.zeros(shape, np.int32), []
    outlines = dist_to_coord(distances, points)  # object, row or column, corner
    return polygons_to_label(distances, points, shape, prob=scores), outlines.swapaxes(1, 2)


def best_ious(truth, labels):
    """For each nucleus that lies wholly in the tile, the IoU of the object that fits it best."""
    ious = []
    for value in np.unique(clear_border(truth)):
        if value:
            nucleus = truth == value
            rivals = [labels == other for other in np.unique(labels[nucleus]) if other]
            ious.append(
                max((np.sum(nucleus & it) / np.sum(nucleus | it) for it in rivals), default=0)
            )
    return np.array(ious)


def steepness(probability):
    """Mean step from place to place, for a map whose highest value is 1."""
    steps = [np.abs(np.diff(probability, axis=axis)).mean() for axis in (0, 1)]
    return sum(steps) / 2 / probability.max()


def outline_text(corners):
    """Corners (row, column) as bytes x, y, …: in units of STEP from the tile's upper left."""
    units = np.round((np.asarray(corners)[:, ::-1] + 0.5) / STEP)
    return base64.b64encode(np.clip(units, 0, 255).astype(np.uint8).tobytes()).decode()


def borders(truth):
    """The annotated nuclei as outlines."""
    texts = []
    for value in np.unique(truth[truth > 0]):
        padded = np.pad(truth == value, 1).astype(float)
        corners = max(find_contours(padded, 0.5), key=len) - 1
        texts.append(outline_text(approximate_polygon(corners, 0.3)[:-1]))
    return texts


def combinations(network):
    """Which levels are cut, for every combination; first none, last all."""
    levels = range(network.config.unet_n_depth)
    return [
        cut for count in range(len(levels) + 1) for cut in itertools.combinations(levels, count)
    ]


def ablation(network, pixels, truth):
    """What comes out of the network for every combination of cut skip connections."""
    outputs = []
    for cut in combinations(network):
        answers = forward(network, pixels, cut)
        probability = answers["prob"][..., 0]
        labels, outlines = objects(network, answers)
        ious = best_ious(truth, labels)
        steep = steepness(probability)
        whole = outputs[0]["steepness"] if outputs else steep
        outputs.append(
            {
                "cut": cut,
                "objects": len(outlines),
                "matched": np.sum(ious > MIN_IOU),
                "iou": ious.mean(),
                "highest": probability.max(),
                "steepness": steep,
                "sharpness": round(100 * steep / whole),
                "probability": png(probability, 64),
                "outlines": [outline_text(corners) for corners in outlines],
            }
        )
    return outputs


def compute(network):
    """Everything that the page needs."""
    pixels, image, truth = tile()
    answers = forward(network, pixels)
    shown = [show_stage(stage, answers, image) for stage in stages(network)]
    return {
        "side": len(pixels),
        "step": STEP,
        "grid": network.config.grid[0],
        "rays": answers["dist"].shape[-1],
        "threshold": network.thresholds.prob,
        "nuclei": len(best_ious(truth, truth)),
        "image": png(bright(image), 64),
        "truth": borders(truth),
        "stages": shown,
        "skips": [
            {"level": stage["level"], "side": stage["shape"][0], "maps": stage["across"]}
            for stage in reversed(shown)
            if stage["kind"] == "up"
        ],
        "outputs": ablation(network, pixels, truth),
    }


def quoted(stored):
    """Numbers for the figure's text."""
    numbers = ("objects", "matched", "iou", "highest", "sharpness")
    chosen = {
        "all": [],
        "none": [skip["level"] for skip in stored["skips"]],
        "finest": [0],
        "deepest": [len(stored["skips"]) - 1],
    }
    return {
        "side": stored["side"],
        "nuclei": stored["nuclei"],
        "threshold": stored["threshold"],
        "stages": len(stored["stages"]),
        "skips": len(stored["skips"]),
        # Of the drawn U: one for the input, the rest down to the bottom.
        "rows": sum(
            stage["kind"] in ("input", "full", "down", "bottom") for stage in stored["stages"]
        ),
        "finest_side": stored["skips"][0]["side"],
        "deepest_side": stored["skips"][-1]["side"],
        **{
            name: {number: output[number] for number in numbers}
            for name, cut in chosen.items()
            for output in stored["outputs"]
            if list(output["cut"]) == cut
        },
    }


def fixture(network):
    """For figure.test.mjs: what Keras and StarDist say, without the stored pictures."""
    pixels, _, _ = tile()
    cases = []
    for cut in combinations(network):
        _, outlines = objects(network, forward(network, pixels, cut))
        cases.append(
            {"cut": cut, "outlines": [np.round(corners[:, ::-1] + 0.5, 2) for corners in outlines]}
        )
    return plain(cases)


def paint(figure, theme, stored):
    """A map of each stage and its side, then the probability with connections cut."""
    pictures = [(stage["maps"][0]["png"], str(stage["shape"][0])) for stage in stored["stages"]]
    skips, outputs = stored["skips"], stored["outputs"]
    few = [output for output in outputs if len(output["cut"]) in (0, 1, len(skips))]
    answers = []
    for output in few:
        many = "1 object" if output["objects"] == 1 else f"{output['objects']} objects"
        name = {0: "none cut", len(skips): "all cut"}.get(len(output["cut"]))
        name = name or "cut: {0}×{0}".format(skips[output["cut"][0]]["side"])
        answers.append((output["probability"], f"{name}\n{many}"))
    wide, high = (NARROW, 528) if theme.narrow else (560, 244)
    gap = 6
    top = -gap
    for row, count, words in (
        (pictures, 5 if theme.narrow else len(pictures), 26),
        (answers, 3 if theme.narrow else len(answers), 54),
    ):
        side = (wide + gap) / count - gap
        for i, (text, title) in enumerate(row):
            if i % count == 0:
                top += gap + words + side
            place = (i % count * (side + gap) / wide, 1 - top / high, side / wide, side / high)
            picture(figure.add_axes(place), pixels_of(text), title, vmin=0, vmax=1)


def main():
    network = course_network()
    stored = compute(network)
    store(HERE / "page.json", plain(stored))
    write(HERE, quoted(stored))
    draw(HERE / "unet_ablation", paint, stored, width=560, height=244, narrow=528)
    store(HERE / "answers.json", fixture(network))


if __name__ == "__main__":
    main()
