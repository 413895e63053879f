"""What a score says about the biology: the annotation spoilt on purpose, scored and measured.

No model is needed: "predictions" are made from the nuclei image's annotation. Its AP by IoU shows
what the two ends of the curve mean, and its areas what 5 % of merged nuclei do to a result.
"""

import json
from pathlib import Path

import numpy as np
from scipy.ndimage import distance_transform_edt, gaussian_filter
from scipy.spatial import cKDTree
from skimage.measure import regionprops
from skimage.segmentation import expand_labels
from stardist.matching import matching

from bioimage_course import data
from bioimage_course.mistakes import IOU_THRESHOLDS
from figures._shared.files import write
from figures._shared.style import PINK, draw

HERE = Path(__file__).parent

SCORES = HERE.parents[1] / "training" / "results" / "scores.json"
IOUS = np.arange(0.5, 0.96, 0.05).round(2)
SHARE = 0.05  # of the nuclei: merged, split or missed
DRAWS = 200
TREMOR, REACH = 1.0, 6  # px: how far a second hand strays from the first, and over what length
LARGE = 1.5  # medians: a nucleus counts as large above this area


def touching_pairs(labels):
    """Pairs of labels with no more than two pixels between them."""
    grown, pairs = expand_labels(labels, distance=1), set()
    for near, far in ((grown[:-1], grown[1:]), (grown[:, :-1], grown[:, 1:])):
        border = (near != far) & (near > 0) & (far > 0)
        pairs |= {tuple(sorted(pair)) for pair in zip(near[border], far[border], strict=True)}
    return sorted((int(first), int(second)) for first, second in pairs)


def merge(labels, count, random):
    """Give both nuclei of `count` touching pairs one number; no nucleus is used twice."""
    merged, used, pairs = labels.copy(), set(), touching_pairs(labels)
    for index in random.permutation(len(pairs)):
        if len(used) == 2 * count:
            break
        if not used & set(pairs[index]):
            used |= set(pairs[index])
            merged[merged == pairs[index][1]] = pairs[index][0]
    return merged


def miss_dimmest(labels, image, count):
    regions = sorted(regionprops(labels, image), key=lambda region: region.intensity_mean)
    return np.where(np.isin(labels, [region.label for region in regions[:count]]), 0, labels)


def split(labels, count, random):
    """Cut `count` nuclei in two, across their longer side."""
    cut, regions = labels.copy(), regionprops(labels)
    for number, index in enumerate(random.permutation(len(regions))[:count], start=1):
        region = regions[index]
        axis = int(np.argmax(np.subtract(region.bbox[2:], region.bbox[:2])))
        beyond = region.coords[region.coords[:, axis] >= region.centroid[axis]]
        cut[tuple(beyond.T)] = labels.max() + number
    return cut


def second_hand(labels, random):
    """Every outline as another person might draw it: pushed in and out, smoothly, by about 1 px."""
    offset = gaussian_filter(random.normal(size=labels.shape), REACH)
    offset *= TREMOR / offset.std()
    redrawn = np.zeros_like(labels)
    for number in range(1, labels.max() + 1):
        mask = labels == number
        signed = distance_transform_edt(mask) - distance_transform_edt(~mask)
        # Between two pixels lies the outline: half a pixel beyond the last one inside.
        redrawn[(signed - np.sign(signed) / 2 > offset) & (redrawn == 0)] = number
    return redrawn


def measure(labels, large_area):
    """What an experiment may ask for: count, areas, share of large nuclei, neighbours."""
    regions = regionprops(labels)
    areas = np.array([region.area for region in regions])
    middles = np.array([region.centroid for region in regions])
    distances = cKDTree(middles).query(middles, k=2)[0][:, 1]
    return {
        "count": len(areas),
        "mean_area": areas.mean(),
        "median_area": np.median(areas),
        "large": 100 * np.mean(areas > large_area),
        "large_count": np.sum(areas > large_area),
        "neighbour": np.median(distances),
    }


def percent(value, reference):
    """A change in words that stand in a table: '+5.0 %', '−4.8 %', '0'."""
    change = 100 * (value / reference - 1)
    return "0" if abs(change) < 0.05 else f"{change:+.1f} %".replace("-", "−")


def compute():
    image, truth = data.nuclei()
    count = round(SHARE * truth.max())
    right = measure(truth, np.inf)
    large_area = LARGE * right["median_area"]
    right = measure(truth, large_area)

    spoilt = {
        "merged": [merge(truth, count, np.random.default_rng(seed)) for seed in range(DRAWS)],
        "split": [split(truth, count, np.random.default_rng(seed)) for seed in range(DRAWS)],
        "missed": [miss_dimmest(truth, image, count)],
        "wide": [expand_labels(truth, distance=1)],
    }
    table = {
        "changed": count,
        "nuclei": truth.max(),
        "draws": DRAWS,
        "large_area": large_area,
        "right": right,
        "pairs": len(touching_pairs(truth)),
    }
    edge = np.concatenate([truth[0], truth[-1], truth[:, 0], truth[:, -1]])
    table["at_border"] = len(np.unique(edge[edge > 0]))
    for name, images in spoilt.items():
        measured = [measure(labels, large_area) for labels in images]
        median = {key: np.median([one[key] for one in measured]) for key in right}
        changes = {key: percent(median[key], right[key]) for key in right if "large" not in key}
        table[name] = changes | {
            "ap": np.median([matching(truth, labels, thresh=0.5).accuracy for labels in images]),
            "large_share": median["large"],
        }
        if name == "merged":  # the picture shows the draw that lies nearest to these medians
            apart = [
                sum(abs(one[key] / median[key] - 1) for key in ("median_area", "large"))
                for one in measured
            ]
            nearest = int(np.argmin(apart))
            drawn, table[name]["drawn"] = images[nearest], measured[nearest]

    hand = second_hand(truth, np.random.default_rng(0))
    fifth = np.random.default_rng(0).permutation(truth.max())[: truth.max() // 5] + 1
    curves = {
        "missed": np.where(np.isin(truth, fifth), 0, truth),
        "wide": spoilt["wide"][0],
        "hand": hand,
    }
    table["curves"] = {
        name: {f"iou{100 * iou:.0f}": matching(truth, labels, thresh=iou).accuracy for iou in IOUS}
        for name, labels in curves.items()
    }
    table["tremor"] = TREMOR
    return table, truth, drawn


def paint_curves(figure, theme, curves, model):
    axes = figure.add_axes((0.16, 0.15, 0.83, 0.84) if theme.narrow else (0.11, 0.16, 0.88, 0.82))
    looks = {
        "missed": (theme.muted, "--", "^", None),
        "hand": (theme.truth, "-", "s", "second annotator\n(simulated)"),
        "wide": (theme.error, ":", "D", "all found,\n1 px too wide"),
    }
    for name, (colour, line, marker, label) in looks.items():
        axes.plot(IOUS, list(curves[name].values()), line, marker=marker, color=colour, label=label)
    axes.text(0.5, 0.77, "a fifth missed,\noutlines perfect", color=theme.muted, va="top")
    rings = {"color": theme.predicted, "ms": 10, "fillstyle": "none", "markeredgewidth": 2.5}
    axes.plot(IOU_THRESHOLDS, model, "o", **rings, label="StarDist, this image")
    axes.legend(loc="lower left", handlelength=2, borderaxespad=0.1)
    axes.set(
        xlabel="IoU asked for",
        ylabel="AP",
        ylim=(0, 1.03),
        xlim=(0.49, 0.96),
        xticks=IOU_THRESHOLDS,
        yticks=(0, 0.2, 0.4, 0.6, 0.8, 1),
    )


def paint_areas(figure, theme, table, truth, merged):
    axes = figure.add_axes((0.15, 0.14, 0.84, 0.85) if theme.narrow else (0.1, 0.18, 0.89, 0.8))
    area = {region.label: region.area for region in regionprops(merged)}
    alone = {region.label: region.area for region in regionprops(truth)}
    joined = [value for label, value in area.items() if value != alone[label]]
    kept = [value for label, value in area.items() if value == alone[label]]
    bins = np.arange(0, 1301, 50)
    axes.hist(
        [kept, joined],
        bins,
        stacked=True,
        color=[theme.muted, PINK],
        label=["one nucleus", "two merged"],
        edgecolor=theme.panel,
    )
    for bars in axes.containers[1:]:
        for bar in bars:
            bar.set_hatch("//")
    for key in ("mean_area", "median_area"):
        before, after = table["right"][key], table["merged"]["drawn"][key]
        word = key.split("_")[0]
        axes.plot([], [], " ", label=f"{word}: {before:.0f} → {after:.0f} px")
    before, after = table["right"]["large_count"], table["merged"]["drawn"]["large_count"]
    axes.vlines(table["large_area"], 0, 8, color=theme.error, linewidth=2, linestyle="--")
    axes.text(table["large_area"] + 15, 5.6, f"“large”:\n{before} → {after} nuclei")
    axes.legend(loc="upper right", borderaxespad=0)
    axes.set(xlabel="area (px)", ylabel="nuclei", xlim=(0, 1250))
    axes.set(xticks=(0, 400, 800, 1200), yticks=(0, 5, 10, 15))
    if theme.narrow:  # the key has no room beside the bars
        axes.set_ylim(0, 29)


def main():
    table, truth, merged = compute()
    model = json.loads(SCORES.read_text())["stardist_nuclei"]["course_image"]["ap"]
    points = [model[f"iou{100 * iou:.0f}"] for iou in IOU_THRESHOLDS]
    draw(
        HERE / "ap_curve", paint_curves, table["curves"], points, width=560, height=380, narrow=360
    )
    draw(
        HERE / "merged_areas", paint_areas, table, truth, merged, width=560, height=330, narrow=400
    )
    write(HERE, table)


if __name__ == "__main__":
    main()
