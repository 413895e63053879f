"""Compare label images with annotations: scores, their uncertainty, and which errors were made.

AP is the 2018 Data Science Bowl's TP / (TP + FP + FN) at one IoU, which `stardist.matching` calls
`accuracy`: not the area under a precision–recall curve.
"""

import numpy as np
from scipy import ndimage
from stardist.matching import matching, matching_dataset

from bioimage_course.mistakes import HARDLY, IOU_THRESHOLDS, KINDS, mistakes

KEYS = [f"iou{round(100 * threshold)}" for threshold in IOU_THRESHOLDS]
# Our names for what `stardist.matching` returns.
MEASURES = {
    "ap": "accuracy", "precision": "precision", "recall": "recall", "f1": "f1",
    "pq": "panoptic_quality",
}  # fmt: skip
RESAMPLED = 2000  # times, for the intervals
PARTS = 4  # of a side of an image, for the intervals of few images


def scores_of(truth, predicted):
    """Scores of label images, objects of all images pooled.

    Parameters
    ----------
    truth, predicted : lists of integer arrays, shape (Y, X)

    Returns
    -------
    dict for JSON
        Counts, and for each measure a number per IoU: {"ap": {"iou50": …, "mean": …}, "f1": …}.
    """
    rows = matching_dataset(truth, predicted, thresh=IOU_THRESHOLDS, show_progress=False)
    table = {ours: _by_iou(getattr(row, theirs) for row in rows)
             for ours, theirs in MEASURES.items()}  # fmt: skip
    table["ap"]["mean"] = rounded(np.mean([row.accuracy for row in rows]))
    counts = {"images": len(truth), "objects": rows[0].n_true, "predicted": rows[0].n_pred}
    return counts | table


def uncertainty_of(truth, predicted, seed=0):
    """How much the AP depends on which images happen to be in the set.

    The images are drawn again, with replacement, `RESAMPLED` times (a bootstrap).

    Returns
    -------
    dict for JSON
        "pooled" and "over_images" (the mean of every image's AP): for each IoU, and for the mean
        over them, {"value": …, "low": …, "high": …}, the last two the bounds of the middle 95 %.
    """
    counts = counts_of(truth, predicted)
    drawn = np.random.default_rng(seed).integers(len(counts), size=(RESAMPLED, len(counts)))
    return {
        "pooled": _interval(_ap(counts.sum(0)), _ap(counts[drawn].sum(1))),
        "over_images": _interval(_ap(counts).mean(0), _ap(counts)[drawn].mean(1)),
    }


def counts_of(truth, predicted):
    """TP, FP and FN of every image: integer array, shape (images, IoU thresholds, 3)."""
    return np.array([
        [(row.tp, row.fp, row.fn) for row in matching(one, other, thresh=IOU_THRESHOLDS)]
        for one, other in zip(truth, predicted, strict=True)
    ])  # fmt: skip


def uncertainty_of_parts(truth, predicted, seed=0):
    """How much the AP depends on which parts of the images happen to be there.

    As `uncertainty_of`, pooled; but every image is divided into `PARTS` × `PARTS`, and the parts
    are drawn again: a single image has an interval, too.
    """
    counts = np.concatenate([
        _counts_of_parts(*pair) for pair in zip(truth, predicted, strict=True)
    ])  # fmt: skip
    drawn = np.random.default_rng(seed).integers(len(counts), size=(RESAMPLED, len(counts)))
    return _interval(_ap(counts.sum(0)), _ap(counts[drawn].sum(1)))


def _counts_of_parts(truth, predicted):
    """TP, FP and FN of every part: integer array, shape (parts, IoU thresholds, 3).

    An object belongs to the part in which its middle lies.
    """
    shape = truth.shape
    counts = np.zeros((PARTS * PARTS, len(IOU_THRESHOLDS), 3), int)
    parts = [
        {
            number: int(y * PARTS / shape[0]) * PARTS + int(x * PARTS / shape[1])
            for number, (y, x) in zip(numbers, middles, strict=True)
        }
        for labels in (truth, predicted)
        for numbers in [np.unique(labels[labels > 0])]
        for middles in [ndimage.center_of_mass(labels > 0, labels, numbers)]
    ]
    for i, threshold in enumerate(IOU_THRESHOLDS):
        row = matching(truth, predicted, thresh=threshold, report_matches=True)
        hits = [row.matched_pairs[k] for k in row.matched_tps]
        found, right = ({pair[side] for pair in hits} for side in (0, 1))
        for number, part in parts[0].items():
            counts[part, i, 0 if number in found else 2] += 1
        for number, part in parts[1].items():
            counts[part, i, 1] += number not in right
    return counts


def _ap(counts):
    """AP per threshold and their mean, from (…, thresholds, 3) counts; 1 where nothing is."""
    tp, everything = counts[..., 0], counts.sum(-1)
    ap = np.where(everything > 0, tp / np.maximum(everything, 1), 1.0)
    return np.concatenate([ap, ap.mean(-1, keepdims=True)], axis=-1)


def _interval(value, samples):
    low, high = np.percentile(samples, [2.5, 97.5], axis=0)
    return {
        key: {"value": rounded(v), "low": rounded(a), "high": rounded(b)}
        for key, v, a, b in zip([*KEYS, "mean"], value, low, high, strict=True)
    }


def errors_of(truth, predicted):
    """Which errors stand behind the score at IoU 0.5: {"found": …, "merged": …, "ghost": …}."""
    counts = [mistakes(*pair).counts for pair in zip(truth, predicted, strict=True)]
    return {kind: sum(one[kind] for one in counts) for kind in KINDS}


def groups_of(truth, predicted):
    """Scores by image size, by the nuclei's size and by density: {"by_…": {group: scores}}."""
    groups = {"by_image_size": {}, "by_nucleus_size": {}, "by_density": {}}
    for pair in zip(truth, predicted, strict=True):
        rows, columns = pair[0].shape
        diameter, density = describe(pair[0])
        for kind, group in (
            ("by_image_size", f"size_{rows}x{columns}"),
            ("by_nucleus_size", _class_of(diameter, {"below_15_px": 15, "below_30_px": 30},
                                          "larger")),
            ("by_density", _class_of(density, {"below_10_percent": 0.1, "below_20_percent": 0.2},
                                     "denser")),
        ):  # fmt: skip
            groups[kind].setdefault(group, []).append(pair)
    return {
        kind: {group: scores_of(*map(list, zip(*pairs, strict=True)))
               for group, pairs in sorted(found.items())}
        for kind, found in groups.items()
    }  # fmt: skip


def _class_of(value, limits, otherwise):
    return next((name for name, limit in limits.items() if value < limit), otherwise)


def describe(labels):
    """Median diameter of the nuclei in pixels, and the share of the image that they cover."""
    areas = np.bincount(labels.ravel())[1:]
    areas = areas[areas > 0]
    median = np.median(areas) if areas.size else 0
    return float(2 * np.sqrt(median / np.pi)), float(np.mean(labels > 0))


def examples_of(truth, predicted, images):
    """The worst, the median and the best image by AP, in numbers: pictures stay in the data set."""
    ap = _ap(counts_of(truth, predicted))
    order = np.argsort(ap[:, -1], kind="stable")
    chosen = {"worst": order[0], "median": order[len(order) // 2], "best": order[-1]}
    described = {}
    for name, i in chosen.items():
        diameter, density = describe(truth[i])
        nuclei = images[i][truth[i] > 0]
        background = images[i][truth[i] == 0]
        described[name] = {
            "rows": truth[i].shape[0],
            "columns": truth[i].shape[1],
            "nuclei": int(np.unique(truth[i]).size - 1),
            "predicted": int(np.unique(predicted[i]).size - 1),
            "diameter": rounded(diameter),
            "density": rounded(density),
            # How far apart nuclei and background are, in units of the background's spread.
            "contrast": rounded((np.median(nuclei) - np.median(background))
                                / max(np.std(background), 1e-9)),
            "ap50": rounded(ap[i, 0]),
            "ap_mean": rounded(ap[i, -1]),
        }  # fmt: skip
    return described


def most_false_of(truth, predicted, images):
    """The image with the most objects that match no nucleus, and how bright those are there.

    Returns
    -------
    dict for JSON
        false: unmatched objects at IoU 0.5 in this image; of: in all images; brightness: of
        objects that cover hardly any nucleus, relative to annotated nuclei (medians; background
        is 0).
    """
    false = counts_of(truth, predicted)[:, 0, 1]
    i = int(false.argmax())
    background = np.median(images[i][truth[i] == 0])
    known = ndimage.mean(images[i], truth[i], np.unique(truth[i][truth[i] > 0])) - background
    found = np.unique(predicted[i][predicted[i] > 0])
    covered = ndimage.mean(truth[i] > 0, predicted[i], found)
    bright = ndimage.mean(images[i], predicted[i], found)[covered < HARDLY]
    relative = (np.median(bright) - background) / np.median(known) if bright.size else 0
    rows, columns = truth[i].shape
    return {"rows": rows, "columns": columns, "nuclei": known.size, "false": int(false[i]),
            "of": int(false.sum()), "brightness": rounded(relative)}  # fmt: skip


def rounded(value):
    return round(float(value), 4)


def _by_iou(values):
    return {key: rounded(value) for key, value in zip(KEYS, values, strict=True)}
