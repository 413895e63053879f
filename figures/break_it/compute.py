"""One picture spoilt in five ways, step by step: what both models find, and what three fixes mend.

Writes page.json (pictures and outlines for the figure), answers.json for its tests, and data.json
(scores for the page). The faults and fixes are those of the figure failures and notebook 08, and
so is the part that is scored.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from csbdeep.utils import normalize, normalize_mi_ma
from skimage.filters import gaussian
from skimage.measure import approximate_polygon, find_contours, regionprops
from skimage.restoration import denoise_nl_means
from skimage.segmentation import relabel_sequential
from skimage.transform import rescale
from tqdm import tqdm

from bioimage_course import data
from bioimage_course.mistakes import mistakes
from figures._shared.files import packed, plain, store, write
from figures.failures.draw import CROP, DIAMETER, PART, course_models, truth_at, truth_part

HERE = Path(__file__).parent

PAGE = HERE / "page.json"
STEPS = {
    "blur": (1, 2, 3, 4, 5),  # px
    "noise": (5, 10, 20, 40, 80),  # grey levels for one photon
    "size": (3 / 4, 1 / 2, 3 / 8, 1 / 4, 3 / 16),  # of the nuclei
    "contrast": (0.8, 0.6, 0.4, 0.2, 0.1),  # of the light
    "crop": (256, 128, 64, 32, 16),  # px
}
FIXES = ("rescale", "renormalise", "denoise")
METHODS = ("stardist", "cellpose")
HALF, SHIFT = 2, 32  # an outline is kept in half pixels, moved so that none is negative
DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-"
QUALITY = 32  # of the pictures, as WebP


@dataclass(frozen=True)
class Setting:
    """A fault at a step (0: as recorded) and a fix, or none."""

    fault: str
    step: int
    fix: str | None = None

    @property
    def strength(self):
        return STEPS[self.fault][self.step - 1]


@dataclass
class Input:
    """The part as the networks get it, its size, and how they are told to resize it."""

    picture: np.ndarray
    zoom: float = 1.0
    scale: float = 1.0


def changes(setting):
    """Whether a fix does anything at all to this fault: elsewhere size and limits are right."""
    needed = {"rescale": ("size",), "renormalise": ("contrast", "crop")}
    return setting.fix not in needed or (setting.step and setting.fault in needed[setting.fix])


def settings():
    """All that has to be computed. Step 0 is the same for all faults."""
    grid = [Setting("blur", 0)]
    grid += [Setting(fault, step + 1) for fault in STEPS for step in range(len(STEPS[fault]))]
    return [
        one
        for setting in grid
        for one in (setting, *(replace(setting, fix=fix) for fix in FIXES))
        if changes(one)
    ]


def camera():
    """Dice in the state in which failures.py throws them for `noisy`."""
    random = np.random.default_rng(8)
    random.poisson(gaussian(data.nuclei()[0].astype(float), 5))
    return random


def smooth(picture):
    return denoise_nl_means(picture, h=0.8 * picture.std(), patch_size=5, patch_distance=5)


def tiles(field, side):
    """The part, put together from tiles that were each normalised alone."""
    part, starts = field[PART], range(0, 256, side)
    return np.block(
        [[normalize(part[y : y + side, x : x + side], 1, 99.8) for x in starts] for y in starts]
    )


def spoil(setting):
    """The picture with its fault and, if any, its fix."""
    image, _ = data.nuclei()
    field, limits = image.astype(float), np.percentile(image, [1, 99.8])
    fault = setting.fault if setting.step else "none"
    treat = smooth if setting.fix == "denoise" else lambda picture: picture
    again = setting.fix == "renormalise"
    if fault == "blur":
        field = np.random.default_rng(8).poisson(gaussian(field, setting.strength)).astype(float)
    if fault == "noise":
        random = camera()
        field = random.poisson(field / setting.strength) + random.normal(0, 1, field.shape)
    if fault == "contrast":
        dim = setting.strength * field + 125 * (1 - setting.strength)  # 0.2 is the notebook's `dim`
        dim = treat(np.round(dim))
        return Input((normalize(dim, 1, 99.8) if again else normalize_mi_ma(dim, *limits))[PART])
    if fault == "crop" and not again:
        return Input(tiles(treat(field), setting.strength))
    if fault == "size":
        zoom = setting.strength
        small = rescale(normalize(field, 1, 99.8)[PART], zoom, anti_aliasing=True)
        return Input(treat(small), zoom, 1 / zoom if setting.fix == "rescale" else 1)
    return Input(normalize(treat(field), 1, 99.8)[PART])


def predict(models, given):
    """Labels of both methods. Cellpose is told the width of nuclei as recorded."""
    stardist, cellpose = models
    return {
        "stardist": stardist(given.picture, scale=given.scale),
        "cellpose": cellpose(given.picture, DIAMETER / given.scale),
    }


def outline(mask, zoom):
    """Longest outline of an object in the picture as [x, y], in half pixels of the image's crop."""
    lines = find_contours(np.pad(mask, 1).astype(float), 0.5)
    line = approximate_polygon(max(lines, key=len), 0.7 * min(1, zoom))[:-1, ::-1]
    return (line - 0.5) / zoom


def written(corners):
    """A path as text: first corner in four digits of base 64, then steps in two, -32 to 31."""
    points = np.round(HALF * corners).astype(int) + SHIFT
    points = np.clip(points, 0, 64 * 64 - 1)
    text = "".join(DIGITS[value // 64] + DIGITS[value % 64] for value in points[0])
    for step in np.diff(points, axis=0):
        parts = int(np.ceil(np.abs(step).max() / 31))
        ways = np.round(np.outer(np.arange(parts + 1) / max(parts, 1), step)).astype(int)
        text += "".join(DIGITS[value + 32] for way in np.diff(ways, axis=0) for value in way)
    return text


def paths(labels, zoom):
    """Outlines of all objects of which more than the rim is in the shown crop, by label."""
    top, left, side = (value * zoom for value in CROP)
    window = tuple(
        slice(max(0, int(np.floor(start)) - 1), int(np.ceil(start + side)) + 1)
        for start in (top, left)
    )
    shown = labels[window]
    kept = {}
    for region in regionprops(shown):
        y, x = (region.bbox[axis] + window[axis].start for axis in (0, 1))
        corners = outline(region.image, zoom) + np.array([x, y]) / zoom - np.array(CROP[1::-1])
        if (corners.min(axis=0) < CROP[2] - 1).all() and (corners.max(axis=0) > 1).all():
            kept[region.label] = written(corners)
    return kept


def judged(labels, zoom, nuclei):
    """Counts of the whole part: found, false, not found; outlines in the crop, false ones after
    a !; and the places of the nuclei in the crop that are not found."""
    labels = relabel_sequential(labels)[0]
    named = mistakes(truth_at(zoom), labels)
    found = set(named.pairs.values())
    outlines = [("" if o in found else "!") + path for o, path in paths(labels, zoom).items()]
    not_found = [place for place, number in enumerate(nuclei) if number not in named.pairs]
    counts = [len(found), len(named.predicted) - len(found), len(named.annotated) - len(found)]
    return [*counts, " ".join(outlines), not_found]


def grey(given):
    """What is shown of a picture: its pixels that touch the crop, and where these lie."""
    top, left, side = (value * given.zoom for value in CROP)
    y, x = int(top), int(left)
    pixels = given.picture[y : int(np.ceil(top + side)), x : int(np.ceil(left + side))]
    corner = [(x - left) / given.zoom, (y - top) / given.zoom]
    return np.round(255 * np.clip(pixels, 0, 1) ** 0.7).astype(np.uint8), corner


def sheet(inputs):
    """All pictures on one sheet, and for each: x, y, width, height there; left, top, zoom here."""
    columns, side = 8, 128
    greys = [grey(given) for given in inputs]
    whole = np.zeros((side * -(-len(greys) // columns), side * columns), np.uint8)
    places = []
    for number, ((pixels, corner), given) in enumerate(zip(greys, inputs, strict=True)):
        y, x = side * (number // columns), side * (number % columns)
        height, width = pixels.shape
        whole[y : y + height, x : x + width] = pixels
        places.append([x, y, width, height, *corner, given.zoom])
    return packed(whole, quality=QUALITY, method=6), places


def compute(models, chosen):
    """What the page holds for the chosen settings."""
    nuclei = paths(truth_part(), 1)
    inputs, numbers, results = [], {}, {}
    for setting in tqdm(chosen, desc="Spoiling and segmenting"):
        given = spoil(setting)
        labels = predict(models, given)
        mended = {"crop": Setting("blur", 0), "size": replace(setting, fix=None)}
        same = mended.get(setting.fault) if setting.fix in ("rescale", "renormalise") else None
        if same is None:  # else the picture is one that is there already
            numbers[setting] = len(inputs)
            inputs.append(given)
        picture = numbers[same or setting]
        judgement = [judged(labels[method], given.zoom, list(nuclei)) for method in METHODS]
        results.setdefault(key(setting), {})[setting.fix or "none"] = [picture, *judgement]
    pictures, places = sheet(inputs)
    return {
        "nuclei": int(truth_part().max()),
        "side": CROP[2],
        "steps": STEPS,
        "places": places,
        "truth": list(nuclei.values()),
        "results": results,
        "pictures": pictures,
    }


def key(setting):
    return f"{setting.fault}{setting.step}" if setting.step else "recorded"


def ap(judgement):
    found, false, not_found = judgement[:3]
    return found / (found + false + not_found)


def scores(page):
    """AP by setting, method and fix, for the page."""
    return {
        name: {
            method: {fix: ap(result[1 + place]) for fix, result in fixes.items()}
            for place, method in enumerate(METHODS)
        }
        for name, fixes in page["results"].items()
    }


def unwritten(text):
    """A path's corners, in half pixels: what the page makes of it."""
    values = [DIGITS.index(digit) for digit in text]
    first = [64 * values[0] + values[1] - SHIFT, 64 * values[2] + values[3] - SHIFT]
    steps = np.array(values[4:]).reshape(-1, 2) - 32
    return np.cumsum([first, *steps.tolist()], axis=0)


def fixture(page):
    """What the page's functions have to make of the page's data."""
    paths = [[path, unwritten(path).tolist()] for path in page["truth"]]
    return {"paths": paths, "scores": plain(scores(page))}


def main():
    page = compute(course_models(), settings())
    store(PAGE, page)
    store(HERE / "answers.json", fixture(page))
    write(HERE, scores(page))


if __name__ == "__main__":
    main()
