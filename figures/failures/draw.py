"""Eight ways to fail, each with one fix: the nuclei image spoilt, segmented, mended, segmented.

Writes failure_NAME.svg (before and after) and data.json (all scores).
Cellpose makes `diameter`; StarDist makes all others. As in notebook 08, a part of 256×256 px is
scored, and `random` has the same seed.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from csbdeep.utils import normalize, normalize_mi_ma
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
from figures._shared.style import ERROR, PREDICTED, TRUTH

HERE = Path(__file__).parent

PART = (slice(256, 512), slice(0, 256))  # scored
SHOWN = {"uneven": (0, 0, 256)}  # top, left, side in pixels of the part: to see both sides …
CROP = (124, 32, 128)  # … and all others
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


def pixels(view, window, limits):
    """The shown window, 128 px wide or less, as WebP, for an address."""
    top, left, side = (round(value * view.zoom) for value in window)
    shown = view.picture[top : top + side, left : left + side]
    if side > 128:
        shown = downscale_local_mean(shown, (side // 128, side // 128))
    low, high = limits or np.percentile(shown, [1, 99])
    grey = np.clip(255 * (shown - low) / (high - low), 0, 255).astype(np.uint8)
    return packed(grey, quality=70, method=6)


def path(labels, zoom, window, unit):
    """SVG path of the outlines in a window, and the middles of these objects."""
    corner, side = np.array(window[:2]), window[2]
    lines, middles = [], []
    for region in regionprops(labels):
        closed = find_contours(np.pad(region.image, 1).astype(float), 0.5)
        outlines = [(line + region.bbox[:2] - 0.5) / zoom - corner for line in closed]
        if not any(((line >= 0) & (line <= side)).all(axis=1).any() for line in outlines):
            continue
        for line in outlines:
            corners = np.round(unit * approximate_polygon(line, 0.35)[:-1, ::-1], 1)
            lines.append("M" + "L".join(f"{x:g} {y:g}" for x, y in corners) + "Z")
        y, x = unit * ((np.array(region.centroid) + 0.5) / zoom - corner)
        middles.append((round(x, 1), round(y, 1)))
    return "".join(lines), middles


def panel_svg(name, view, title, x, width):
    """One picture with its outlines: found, false (crossed), nuclei not found (dashed)."""
    window = SHOWN.get(name, CROP)
    unit = width / window[2]
    truth, labels = truth_at(view.zoom), relabel_sequential(view.labels)[0]
    if name == "empty":
        truth = np.zeros_like(truth)
    pairs = mistakes(truth, labels).pairs
    fits = np.isin(labels, list(pairs.values()))
    not_found = truth_part() * ~np.isin(truth_part(), list(pairs)) * (name != "empty")

    found, _ = path(labels * fits, view.zoom, window, unit)
    false, middles = path(labels * ~fits, view.zoom, window, unit)
    dashed, _ = path(not_found, 1, window, unit)
    if len(middles) <= MOST_CROSSES:
        false += "".join(f"M{x - 5:g} {y - 5:g}l10 10m0-10l-10 10" for x, y in middles)
    tiles = ""
    if view.tiles:
        top, left = window[:2]
        places = [(unit * (at - left), unit * (at - top)) for at in range(0, 257, TILE)]
        tiles = "".join(f"M{x:g} 0V{width}M0 {y:g}H{width}" for x, y in places)
    marks = "".join(
        f'<path {style} d="{lines}"/>\n'
        for lines, style in (
            (tiles, 'stroke="#fff" stroke-opacity=".55"'),
            (dashed, f'stroke="{TRUTH}" stroke-width="2.2" stroke-dasharray="5 4"'),
            (found, f'stroke="{PREDICTED}" stroke-width="2"'),
            (false, f'stroke="{ERROR}" stroke-width="3"'),
        )
        if lines
    )
    limits = {"empty": (0, 1), "uneven": None}.get(name, (0, 0.6))
    return f"""<text x="{x}" y="24">{title}</text>
<svg x="{x}" y="36" width="{width}" height="{width}" fill="none" stroke-linejoin="round">
<image width="{width}" height="{width}" preserveAspectRatio="none" style="image-rendering:pixelated"
href="{pixels(view, window, limits)}"/>
{marks}</svg>
"""


def draw_pair(name, views, values):
    """Write failure_NAME.svg; its ground is dark on the light and the dark page."""
    width, gap = 264, 8
    body = ""
    for column, (word, view) in enumerate(zip(("before", "after"), views, strict=True)):
        value = values[word]
        title = f"AP {value['ap']:.2f}" if "ap" in value else f"{value['ghost']} ghosts"
        body += panel_svg(name, view, f"{word}: {title}", gap + column * (width + gap), width)
    total, foot = 2 * width + 3 * gap, 36 + width + 24
    legend = (
        (gap, PREDICTED, "", "found"),
        (150, ERROR, "", "false ×"),
        (300, TRUTH, "5 4", "not found"),
    )
    for x, colour, dash, word in legend:
        body += (
            f'<path d="M{x} {foot - 5}h32" stroke="{colour}" stroke-width="3" '
            f'stroke-dasharray="{dash}"/><text x="{x + 40}" y="{foot}">{word}</text>\n'
        )
    (HERE / f"failure_{name}.svg").write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total} {foot + 12}" '
        f'font-family="sans-serif" font-size="16" fill="#fff">\n'
        f'<rect width="{total}" height="{foot + 12}" rx="6" fill="#12181f"/>\n{body}</svg>\n',
        encoding="utf-8",
    )


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
        draw_pair(name, pair, table[name])
    write(HERE, table)


if __name__ == "__main__":
    main()
