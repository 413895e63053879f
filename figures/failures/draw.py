"""Eight ways to fail, each with one fix: the nuclei image spoilt, segmented, mended, segmented.

Draws failure_NAME (before and after), failure_NAME_before (a small one for the page's overview),
and data.json (all scores).
Cellpose makes `diameter`; StarDist makes all others. As in notebook 08, a part of 256×256 px is
scored, and `random` has the same seed.
"""

import base64
import io
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from csbdeep.utils import normalize, normalize_mi_ma
from matplotlib.collections import PolyCollection
from matplotlib.lines import Line2D
from PIL import Image
from scipy.ndimage import distance_transform_edt
from skimage.filters import gaussian, unsharp_mask
from skimage.measure import approximate_polygon, find_contours, regionprops
from skimage.restoration import denoise_nl_means
from skimage.segmentation import relabel_sequential
from skimage.transform import downscale_local_mean, rescale
from stardist.matching import matching

from bioimage_course import WEIGHTS, data
from bioimage_course.mistakes import mistakes
from figures._shared.files import packed, write
from figures._shared.style import ERROR, PREDICTED, TRUTH, draw, panels, picture

HERE = Path(__file__).parent

PART = (slice(256, 512), slice(0, 256))  # scored
SHOWN = {"uneven": (0, 0, 256)}  # top, left, side in pixels of the part: to see both sides …
CROP = (124, 32, 128)  # … and all others
DASHES = (0, (2.2, 1.6))  # of an outline that is not found
TILE, MOST_CROSSES = 64, 20  # px; where more objects are false, their crosses would hide them
SMALLER, LARGER = 4, 4  # how often the nuclei go into their true width, and the other way round
DIAMETER, WRONG_DIAMETERS = 24, (6, 80)  # px: the median nucleus; µm mistaken for px, and a cell


@dataclass
class View:
    """A picture as the network got it, and what it made of it."""

    picture: np.ndarray
    labels: np.ndarray
    zoom: float = 1.0  # pixels of the picture for one pixel of the image
    tiles: bool = False  # show the borders of the tiles


def truth_part():
    return relabel_sequential(data.nuclei()[1][PART])[0]


def truth_at(zoom):
    """The part's annotation at the size of a picture."""
    labels = rescale(truth_part(), zoom, order=0, preserve_range=True, anti_aliasing=False)
    return labels.astype(int)


def score(view):
    """AP of the part and what lies behind it."""
    truth, labels = truth_at(view.zoom), relabel_sequential(view.labels)[0]
    match = matching(truth, labels, thresh=0.5)
    counts = {"ap": match.accuracy, "false": match.fp, "not_found": match.fn}
    return counts | mistakes(truth, labels).counts


def recorded(field):
    """The image as other light, another focus and another camera would have recorded it."""
    random = np.random.default_rng(8)
    y, x = np.mgrid[: field.shape[0], : field.shape[1]]
    lamp = 0.05 + 0.95 * np.exp(-(y**2 + (x - 511) ** 2) / (2 * 200**2))
    return {
        "blurred": random.poisson(gaussian(field, 5)).astype(float),
        "noisy": random.poisson(field / 40) + random.normal(0, 1, field.shape),
        "uneven": np.round(field * lamp),
        "clipped": np.minimum(field, 40),
    }


def empty_field(field, truth):
    """Real background in random order, slightly smoothed: nothing is in it."""
    background = field[distance_transform_edt(truth == 0) > 12]
    return gaussian(np.random.default_rng(8).choice(background, (256, 256)), 1)


def tile_by_tile(predict, picture):
    """Labels of tiles without overlap, put together as they are."""
    labels = np.zeros(picture.shape, int)
    for top in range(0, len(picture), TILE):
        for left in range(0, len(picture), TILE):
            window = slice(top, top + TILE), slice(left, left + TILE)
            tile = predict(picture[window])
            labels[window] = np.where(tile > 0, tile + labels.max(), 0)
    return labels


def compute(stardist, cellpose):
    """All views by name, before and after; `stardist(picture, …)` and `cellpose` give labels."""
    image, truth = data.nuclei()
    field = image.astype(float)
    limits = np.percentile(image, [1, 99.8])

    def part(picture):
        return normalize(picture, 1, 99.8)[PART]

    def pair(before, after):
        return tuple(View(picture, stardist(picture)) for picture in (before, after))

    original = part(field)
    small = rescale(original, 1 / SMALLER, anti_aliasing=True)
    large = rescale(original, LARGER, order=1)
    spoilt = recorded(field)
    whole = View(original, stardist(original))
    mended = {
        "noisy": denoise_nl_means(
            spoilt["noisy"], h=0.8 * spoilt["noisy"].std(), patch_size=5, patch_distance=5
        ),
        "uneven": spoilt["uneven"] / gaussian(spoilt["uneven"], 50),
        "blurred": unsharp_mask(spoilt["blurred"], radius=5, amount=3, preserve_range=True),
    }
    empty = empty_field(field, truth)
    by_diameter = {
        diameter: View(original, cellpose(original, diameter))
        for diameter in (*WRONG_DIAMETERS, DIAMETER, None)
    }
    views = {
        "small": (
            View(small, stardist(small), 1 / SMALLER),
            View(small, stardist(small, scale=SMALLER), 1 / SMALLER),
        ),
        "large": (
            View(large, stardist(large), LARGER),
            View(large, stardist(large, scale=1 / LARGER), LARGER),
        ),
        "diameter": (by_diameter[WRONG_DIAMETERS[0]], by_diameter[DIAMETER]),
        **{name: pair(part(spoilt[name]), part(mended[name])) for name in mended},
        "tiles": (
            View(original, tile_by_tile(stardist, original), tiles=True),
            View(original, stardist(original, n_tiles=(4, 4)), tiles=True),
        ),
        "empty": pair(normalize(empty, 1, 99.8), normalize_mi_ma(empty, *limits)),
    }
    clipped = part(spoilt["clipped"])
    others = {
        "inverted": (View(1 - original, stardist(1 - original)), whole),
        "strict": (View(original, stardist(original, prob_thresh=0.8)), whole),
        "clipped": pair(clipped, part(gaussian(spoilt["clipped"], 1))),
        "clipped_lenient": (
            View(clipped, stardist(clipped)),
            View(clipped, stardist(clipped, prob_thresh=0.3)),
        ),
        "diameter_cell": (by_diameter[WRONG_DIAMETERS[1]], by_diameter[DIAMETER]),
        "diameter_none": (by_diameter[DIAMETER], by_diameter[None]),
    }
    return whole, views, others


def numbers(whole, views, others):
    table = {"nuclei": truth_part().max(), "original": score(whole)}
    for name, (before, after) in (views | others).items():
        if name == "empty":
            table[name] = {
                "before": {"ghost": len(regionprops(before.labels))},
                "after": {"ghost": len(regionprops(after.labels))},
            }
        else:
            table[name] = {"before": score(before), "after": score(after)}
    return table


def pixels(name, view, window):
    """The shown window, 128 px wide or less, from 0 to 1."""
    top, left, side = (round(value * view.zoom) for value in window)
    shown = view.picture[top : top + side, left : left + side]
    if side > 128:
        shown = downscale_local_mean(shown, (side // 128, side // 128))
    low, high = {"empty": (0, 1), "uneven": np.percentile(shown, [1, 99])}.get(name, (0, 0.6))
    return np.clip((shown - low) / (high - low), 0, 1)


def polygons(labels, zoom, window):
    """Outlines in a window, as corners (x, y) in pixels of it, and the middles of these objects."""
    corner, side = np.array(window[:2]), window[2]
    lines, middles = [], []
    for region in regionprops(labels):
        closed = find_contours(np.pad(region.image, 1).astype(float), 0.5)
        outlines = [(line + region.bbox[:2] - 0.5) / zoom - corner for line in closed]
        if not any(((line >= 0) & (line <= side)).all(axis=1).any() for line in outlines):
            continue
        lines += [approximate_polygon(line, 0.35)[:-1, ::-1] for line in outlines]
        middles.append(((np.array(region.centroid) + 0.5) / zoom - corner)[::-1])
    return lines, np.array(middles).reshape(-1, 2)


def panel(axes, name, view):
    """One picture with its outlines: found, false (crossed), nuclei not found (dashed)."""
    window = top, left, side = SHOWN.get(name, CROP)
    truth, labels = truth_at(view.zoom), relabel_sequential(view.labels)[0]
    if name == "empty":
        truth = np.zeros_like(truth)
    pairs = mistakes(truth, labels).pairs
    fits = np.isin(labels, list(pairs.values()))
    not_found = truth_part() * ~np.isin(truth_part(), list(pairs)) * (name != "empty")

    picture(axes, pixels(name, view, window), extent=(0, side, side, 0), vmin=0, vmax=1)
    if view.tiles:
        for at in range(TILE, 256, TILE):
            for line, start in ((axes.axvline, left), (axes.axhline, top)):
                line(at - start, color="white", alpha=0.55, linewidth=1)
    found, _ = polygons(labels * fits, view.zoom, window)
    false, middles = polygons(labels * ~fits, view.zoom, window)
    dashed, _ = polygons(not_found, 1, window)
    looks = {"facecolors": "none", "joinstyle": "round"}
    for corners, colour, width, style in (
        (dashed, TRUTH, 2.2, DASHES),
        (found, PREDICTED, 2, "-"),
        (false, ERROR, 3, "-"),
    ):
        looks |= {"edgecolors": colour, "linewidths": width, "linestyles": [style]}
        axes.add_collection(PolyCollection(corners, **looks), autolim=False)
    if len(middles) <= MOST_CROSSES:
        axes.plot(*middles.T, "x", color=ERROR, markersize=10, markeredgewidth=3)
    axes.set(xlim=(0, side), ylim=(side, 0))


def paint(figure, theme, name, views, values):
    height = 690 if theme.narrow else 336
    above, below = 28 / height, 34 / height
    both = panels(figure, theme, 2, top=1 - above, bottom=below, wspace=0.03, hspace=0.1)
    for axes, word, view in zip(both, ("before", "after"), views, strict=True):
        panel(axes, name, view)
        value = values[word]
        score = f"AP {value['ap']:.2f}" if "ap" in value else f"{value['ghost']} ghosts"
        axes.set_title(f"{word}: {score}")
    marks = (
        Line2D([], [], color=theme.predicted, label="found"),
        Line2D([], [], color=theme.error, marker="x", ms=10, mew=3, label="false"),
        Line2D([], [], color=theme.truth, linestyle=DASHES, label="not found"),
    )
    figure.legend(handles=marks, loc="lower center", ncols=3, borderpad=0, borderaxespad=0)


def paint_before(figure, theme, name, view):
    """Only the first picture, without words."""
    panel(figure.add_axes((0, 0, 1, 1)), name, view)


def squeeze(file):
    """Make a drawing's pictures WebP, and its numbers four digits long: a third of the bytes."""

    def webp(match):
        grey = Image.open(io.BytesIO(base64.b64decode(match[0].split(",")[1]))).convert("L")
        return packed(np.asarray(grey), quality=70, method=6)

    text = re.sub(r"data:image/png;base64,[^\"]+", webp, file.read_text(encoding="utf-8"))
    text = re.sub(r"-?\d+\.\d{3,}", lambda number: f"{float(number[0]):.4g}", text)
    file.write_text(text, encoding="utf-8")


def course_models():
    """Both models as functions from a picture to labels."""
    from cellpose import models
    from stardist.models import StarDist2D

    stardist = StarDist2D(None, name="stardist_nuclei", basedir=str(WEIGHTS))
    cellpose = models.CellposeModel(
        gpu=False, pretrained_model=str(WEIGHTS / "cellpose_nuclei" / "model")
    )

    def with_stardist(picture, **options):
        return stardist.predict_instances(picture, **options)[0].astype(int)

    def with_cellpose(picture, diameter):
        return cellpose.eval(picture, channels=[0, 0], diameter=diameter)[0].astype(int)

    return with_stardist, with_cellpose


def main():
    whole, views, others = compute(*course_models())
    table = numbers(whole, views, others)
    for name, pair in views.items():
        picture_of, content = HERE / f"failure_{name}", (name, pair, table[name])
        draw(picture_of, paint, *content, width=560, height=336, narrow=690)
        draw(HERE / f"failure_{name}_before", paint_before, name, pair[0], width=200, height=200)
    for file in HERE.glob("failure_*.svg"):
        squeeze(file)
    write(HERE, table)


if __name__ == "__main__":
    main()
