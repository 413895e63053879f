"""What is wrong with an image, before a network is blamed: rules with measured thresholds.

The page *Try your own image* has the same rules in lab/image_faults.js. Limits and sentences of
both stand in image_faults.json; training/measure_image_faults.py found the limits, and how often
the rules are right stands in *When it fails*. Names, in code: those of figures/failures.
"""

import json
from collections import namedtuple
from itertools import pairwise
from pathlib import Path

import numpy as np

RULES = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
PAGE = "practice/when-it-fails/"

#: One thing that is wrong: its name in code and in words, the measured number, a sentence with it,
#: the cure's name and a grey value or settings that it needs (None where there is none), and the
#: address of its place.
Fault = namedtuple("Fault", ["name", "title", "value", "sentence", "cure", "amount", "address"])

#: What must be cured first: while it is there, the other measurements mean nothing.
FIRST = ("inverted", "speck", "uneven")
#: What a fault brings with it, so that it is not named as well.
HIDDEN = {
    "noisy": ("blurred", "small"),
    "empty": ("blurred", "small", "large"),
}
#: Said of any image, whatever else is wrong.
ALWAYS = ("strict", "diameter", "clipped", "dark", "border")
SIDE = 1024  # px: of a larger image the middle is measured, which takes a moment
BINS = 64
ENOUGH = 11  # px: small objects are enlarged to this width; more blurs what is hardly there
TILES = 4  # a side, in which the light is compared
SEPARATE = 0.66  # share of the variance between two groups; one bell-shaped heap has 0.64
STEEPEST = 97  # percentile of the slopes at edges: objects in focus, bright ones, decide
WIDENED = 6  # px: what smoothing and the microscope add to a width, as squares add
WIDE = 50  # px: what is narrower is hardly bright ground, but a few nuclei brighter than the rest
HAZE = 3  # times as wide as what is bright in it: bright ground, not objects. Nuclei: up to twice
DIGITS = {"whole": 0, "one": 1, "edge": 1, "two": 2}  # behind the point
LEAST_LIGHT = 0.003  # of a bright object: less is taken for this much


def faults(image, labels=None, *, tool="stardist", settings=None):
    """What makes a tool fail on an image: the strongest reasons first, at most three.

    Parameters
    ----------
    image : array of numbers, shape (Y, X)
        As it was recorded, or as a cure left it.
    labels : integer array, shape (Y, X), optional
        What was found, to tell how many objects the border cuts.
    tool : "stardist", "cellpose-nuclei" or "cellpose-cells"
    settings : dict, optional
        What of the tool's settings was chosen: "diameter", "scale", "prob_thresh".

    Returns
    -------
    list of Fault
    """
    values = measured(image, labels)
    return named(values, tool=tool, settings=settings)[:3]


def named(values, *, tool="stardist", settings=None):
    """The faults that measured values (of `measured`) speak of, the most urgent first."""
    limits = RULES["tools"][tool]
    found = {}
    for name, value in (values | _chosen(values, tool, settings or {})).items():
        if name in limits and value is not None and _is_fault(name, value, limits[name]):
            found[name] = value
    if any(name in found for name in FIRST):
        found = {name: found[name] for name in found if name in FIRST + ALWAYS}
    for name, hidden in HIDDEN.items():
        if name in found:
            found = {other: found[other] for other in found if other not in hidden}
    return [_fault(name, found[name], values, tool) for name in RULES["faults"] if name in found]


def _is_fault(name, value, limit):
    return value < limit if RULES["faults"][name]["below"] else value > limit


def _chosen(values, tool, settings):
    """How far chosen settings lie from the objects, and from the model's own."""
    width, soft, scale = values["width"], values["blurred"], settings.get("scale") or 1
    seen = width and width * scale  # by the network
    found = {"small": seen, "large": seen, "blurred": soft and soft * np.sqrt(scale)}
    if tool != "stardist":
        diameter = settings.get("diameter")
        if diameter:
            del found["small"], found["large"]
            found["diameter"] = max(diameter / width, width / diameter) if width else None
    own = RULES["own"][tool].get("prob_thresh")
    if own is not None and settings.get("prob_thresh") is not None:
        found["strict"] = settings["prob_thresh"] - own
    return found


def _fault(name, value, values, tool):
    rule = RULES["faults"][name]
    amount = values["cap"] if rule["cure"] == "cap" else _size(rule["cure"], values["width"], tool)
    sentence = rule["sentence"].format(
        value=_told(rule["told"], value, values), side=values["dark_side"],
        width=round(values["width"] or 0), own=RULES["own"][tool]["width"],
    )  # fmt: skip
    place = PAGE + rule["anchor"]
    return Fault(name, rule["title"], value, sentence, rule["cure"], amount, place)


def _size(cure, width, tool):
    """The setting that shows a tool objects of a size that it knows; None if that is no cure."""
    if cure not in ("shrink", "enlarge", "measure"):
        return None
    if tool != "stardist":
        return {"diameter": float(f"{width:.3g}")}
    wanted = ENOUGH if cure == "enlarge" else RULES["own"][tool]["width"]
    return {"scale": float(f"{wanted / width:.2g}")}


def _told(how, value, values):
    """A measured number as the sentence shows it."""
    if how == "width":
        return f"{values['width']:.0f}"
    if how == "percent":
        return f"{100 * value:.2g}" if value < 0.1 else f"{100 * value:.0f}"
    if how == "fall":  # natural logarithm → what is left of the light
        return f"{100 * np.exp(-value):.0f}"
    if how == "edge":
        value = values["blurred"] * np.sqrt(values["width"])
    return f"{value:.{DIGITS[how]}f}"


# --- Measure ------------------------------------------------------------------------------------


def measured(image, labels=None):
    """Numbers that say how an image is, as the rules use them: dict.

    Keys are names of faults where the number decides about one alone; "width" (px) of typical
    objects, "cap" (grey value), "dark_side" ("left" …) besides. Where there is nothing to measure,
    a number is None.
    """
    image = np.asarray(image)
    if image.ndim != 2 or image.dtype.kind not in "buif":
        raise ValueError(
            f"Give one plane of grey values, shape (Y, X), not {image.shape} {image.dtype}."
        )
    if min(image.shape) < 2 or not np.isfinite(image).all():
        raise ValueError(
            "Give an image of at least 2 × 2 pixels, without NaN (not a number) in it."
        )
    fall, side = _fall_of_light(image)
    part = _middle(image).astype(float)
    low, high = np.percentile(part, [1, 99.8])
    values = {
        "clipped": float(np.mean(part == part.max())) if part.max() > part.min() else None,
        "dark": int(np.unique(part[(part >= low) & (part <= high)]).size),
        "uneven": fall, "dark_side": side, "border": _cut(labels),
    }  # fmt: skip
    smooth = _smooth(part, 1)
    black, white = np.percentile(smooth, [1, 99.8])
    ground = float((np.median(smooth) - black) / (white - black)) if white > black else 0.0
    values["inverted"] = ground
    if ground > 0.5:  # dark objects: everything else is measured on the negative
        part, smooth = -part, -smooth
    values["speck"], values["cap"] = (0.0, None) if ground > 0.5 else _speck(smooth)
    return values | _objects(part, smooth)


def _middle(image):
    top, left = (max(0, (side - SIDE) // 2) for side in image.shape)
    return image[top : top + SIDE, left : left + SIDE]


def _smooth(image, sigma):
    from scipy.ndimage import gaussian_filter

    return gaussian_filter(image, sigma, mode="nearest")


def _divide(values, low, high, bins=BINS):
    """Which values are bright: Otsu's threshold between two limits.

    Returns
    -------
    bool array, difference of both means, share of the variance that lies between them
    """
    clipped = np.clip(values, low, high)
    if not high > low:
        return np.zeros(values.shape, bool), 0.0, 0.0
    number = np.minimum(((clipped - low) / (high - low) * bins).astype(int), bins - 1)
    counts = np.bincount(number.ravel(), minlength=bins).astype(float)
    below = np.cumsum(counts)[:-1]
    above = counts.sum() - below
    sums = np.cumsum(counts * np.arange(bins))
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (sums[:-1] / below - (sums[-1] - sums[:-1]) / above) ** 2
    bright = number > np.nanargmax(between)
    difference = clipped[bright].mean() - clipped[~bright].mean()
    share = bright.mean() * (1 - bright.mean()) * difference**2 / clipped.var()
    return bright, float(difference), float(share)


def _objects(image, smooth):
    """How wide bright objects are, how grainy and how soft; whether there are any."""
    from scipy.ndimage import binary_erosion, convolve

    bright, contrast, width = _bright_objects(smooth)
    values = {"empty": _one_heap(_smooth(image, 3)), "noisy": None, "blurred": None, "width": None}
    if width is None:
        return values
    values["width"] = width
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], float)
    grain = np.abs(convolve(image, kernel, mode="nearest"))[1:-1, 1:-1]
    if grain.size:  # Immerkær's estimate of a grain that adds to each pixel, by the median
        values["noisy"] = float(np.median(grain) / (6 * 0.6745) / contrast)
    down, across = np.gradient(smooth)
    edge = bright & ~binary_erosion(bright, border_value=1)
    if edge.any():
        steep = np.percentile(np.hypot(down, across)[edge], STEEPEST)
        if steep > 0:
            values["blurred"] = float(contrast / steep / np.sqrt(width))
    return values


def _bright_objects(smooth):
    """Which pixels are objects: (bool array, contrast, width in px or None if there are none).

    Tissue out of focus and stray light are bright, too. Where what is brightest in the bright part
    is much narrower, that is taken for the objects.
    """
    bright, contrast, _ = _divide(smooth, *np.percentile(smooth, [1, 99.8]))
    if not bright.any() or contrast <= 0:
        return bright, contrast, None
    width = _width(bright)
    values = smooth[bright]
    brightest, difference, _ = _divide(values, *np.percentile(values, [1, 99.8]))
    if brightest.any() and difference > 0:
        inner = np.zeros_like(bright)
        inner[bright] = brightest
        narrow = _width(inner)
        if width > max(WIDE, HAZE * narrow):
            return inner, difference, narrow
    return bright, contrast, width


def _width(bright):
    """How wide bright pieces are (px), as if they were discs."""
    from scipy.ndimage import distance_transform_edt

    # In a disc, the mean distance to the border is a sixth of the width; blur has widened it.
    seen = 6 * (distance_transform_edt(bright)[bright].mean() - 0.25)
    return float(np.sqrt(max(1, seen**2 - WIDENED**2)))


def _one_heap(smooth):
    """How far grey values reach to the bright side, if they form one heap; None if they form two.

    Measured in how far they reach to the dark side: noise alone reaches about as far on both.
    """
    least, dark, middle, bright = np.percentile(smooth, [1, 2, 50, 99.8])
    if _divide(smooth, least, bright)[2] >= SEPARATE:
        return None
    if middle > dark:
        return float((bright - middle) / (middle - dark))
    return None if bright > middle else 0.0


def _fall_of_light(image):
    """By how much the background gets darker across the image: (natural logarithm, side).

    A plane through the logarithms of the background in `TILES` × `TILES` parts, from corner to
    corner, times the share of the differences that the plane explains.
    """
    step = tuple(max(1, side // SIDE) for side in image.shape)
    image = image[:: step[0], :: step[1]].astype(float)
    edges = [np.arange(TILES + 1) * side // TILES for side in image.shape]
    if min(image.shape) < TILES:
        return 0.0, "left"
    ground = np.array([
        [np.percentile(image[slice(*rows), slice(*columns)], 20) for columns in pairwise(edges[1])]
        for rows in pairwise(edges[0])
    ])  # fmt: skip
    floor = LEAST_LIGHT * np.percentile(image, 99.8)
    if not floor > 0:
        return 0.0, "left"
    logs = np.log(np.maximum(ground, floor))
    at = (np.arange(TILES) + 0.5) / TILES - 0.5
    weight = TILES * (at**2).sum()
    down, across = (logs * at[:, None]).sum() / weight, (logs * at).sum() / weight
    spread = ((logs - logs.mean()) ** 2).sum()
    explained = weight * (down**2 + across**2) / spread if spread > 0 else 0.0
    upright = abs(down) > abs(across) + 1e-9  # not by a rounding error
    side = ("top" if down > 0 else "bottom") if upright else ("left" if across > 0 else "right")
    return float((abs(down) + abs(across)) * explained), side


def _speck(smooth):
    """How much brighter one or two small pieces are than what else is there, and where to cap them.

    Returns
    -------
    (float, grey value or None)
        0 where the brightest part is many pieces, or large, or where nothing else stands out.
    """
    from scipy.ndimage import binary_dilation, label

    bright, contrast, _ = _divide(smooth, *np.percentile(smooth, [1, 99.9]), bins=256)
    if not 0 < bright.mean() < 0.02 or label(bright)[1] > 2:
        return 0.0, None
    rest = smooth[~binary_dilation(bright, iterations=4)]
    if not rest.size:
        return 0.0, None
    others, difference, share = _divide(rest, *np.percentile(rest, [1, 99.8]))
    if not difference > 0 or share < SEPARATE:
        return 0.0, None
    cap = rest[~others].mean() + 2 * difference
    return contrast / difference, float(cap)


def _cut(labels):
    """Share of the objects that touch the border; None of fewer than five."""
    if labels is None:
        return None
    count = np.unique(labels[labels > 0]).size
    rim = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    return np.unique(rim[rim > 0]).size / count if count >= 5 else None
