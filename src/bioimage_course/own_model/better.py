"""Is the new model better? Both are scored on the same images, with an interval and a verdict.

AP is TP / (TP + FP + FN) at one IoU, objects of all images pooled. Images are drawn again with
replacement, the same ones for both models, and the difference is looked at. Of fewer than six
images, quarters are drawn: an object belongs to the one in which its middle lies.
"""

from dataclasses import dataclass

import numpy as np

RESAMPLED = 2000
FEW = 6  # images: of fewer, parts are drawn
HALVES = 2  # parts along a side
VERDICTS = ("worse", "no difference", "better")


@dataclass(frozen=True)
class Verdict:
    """What came out; AP at `min_iou`, and the middle 95 % of the redrawn differences."""

    before: float
    after: float
    low: float
    high: float
    min_iou: float
    images: int
    objects: int

    @property
    def verdict(self):
        """“better” or “worse” only if the whole interval lies on one side of 0."""
        return VERDICTS[1 + (self.low > 0) - (self.high < 0)]

    def __str__(self):
        return (
            f"AP at IoU {self.min_iou:g}: {self.before:.2f} before, {self.after:.2f} after; "
            f"difference {self.after - self.before:+.2f} (95 %: {self.low:+.2f} to "
            f"{self.high:+.2f}), {self.objects} objects in {self.images} images: {self.verdict}"
        )


def compare(truths, before, after, *, min_iou=0.5, seed=0):
    """Score two models on the same images.

    Parameters
    ----------
    truths, before, after : lists of integer arrays, shape (Y, X)
        Annotations, and what the two models found. Below 0 is not annotated: left out.
    min_iou : float
    seed : int

    Returns
    -------
    Verdict

    Raises
    ------
    ValueError
        If there is no image, or no annotated object.
    """
    objects = sum(np.unique(labels[labels > 0]).size for labels in truths)
    if not objects:
        raise ValueError("No object is annotated here, so nothing can be scored: annotate some.")
    halves = HALVES if len(truths) < FEW else 1
    counts = [
        np.concatenate([
            _counts(truth, found, min_iou, halves)
            for truth, found in zip(truths, several, strict=True)
        ])
        for several in (before, after)
    ]  # fmt: skip
    drawn = np.random.default_rng(seed).integers(len(counts[0]), size=(RESAMPLED, len(counts[0])))
    differences = _ap(counts[1][drawn].sum(1)) - _ap(counts[0][drawn].sum(1))
    low, high = np.percentile(differences, [2.5, 97.5])
    first, second = (float(_ap(several.sum(0))) for several in counts)
    return Verdict(first, second, float(low), float(high), min_iou, len(truths), int(objects))


def _counts(truth, found, min_iou, halves):
    """TP, FP and FN of every part: integer array, shape (parts, 3)."""
    from scipy.ndimage import center_of_mass
    from stardist.matching import matching

    truth, found = _annotated(truth, found)
    row = matching(truth, found, thresh=min_iou, report_matches=True)
    hits = [row.matched_pairs[index] for index in row.matched_tps]
    counts = np.zeros((halves * halves, 3), int)
    for side, (labels, miss) in enumerate(((truth, 2), (found, 1))):
        right = {pair[side] for pair in hits}
        numbers = np.unique(labels[labels > 0])
        for number, (y, x) in zip(
            numbers, center_of_mass(labels > 0, labels, numbers), strict=True
        ):
            part = int(y * halves / truth.shape[0]) * halves + int(x * halves / truth.shape[1])
            if number not in right:
                counts[part, miss] += 1
            elif side == 0:
                counts[part, 0] += 1
    return counts


def _annotated(truth, found):
    """Both without what lies mostly where nobody annotated."""
    unknown = truth < 0
    if not unknown.any():
        return truth, found
    numbers, sizes = np.unique(found[found > 0], return_counts=True)
    there, hidden = np.unique(found[unknown & (found > 0)], return_counts=True)
    mostly = [n for n, h in zip(there, hidden, strict=True) if h > sizes[numbers == n][0] / 2]
    return np.maximum(truth, 0), np.where(np.isin(found, mostly), 0, found)


def _ap(counts):
    """AP from (…, 3) counts; 1 where nothing is."""
    everything = counts.sum(-1)
    return np.where(everything > 0, counts[..., 0] / np.maximum(everything, 1), 1.0)


# --- The objects that changed most --------------------------------------------------------------


def most_changed(truths, before, after, most=3):
    """The annotated objects whose IoU with what was found changed most.

    Returns
    -------
    list of (int, int, float, float)
        Which image, which number, IoU before and after; the largest change first.
    """
    changes = []
    for index, (truth, one, other) in enumerate(zip(truths, before, after, strict=True)):
        first, second = best_ious(truth, one), best_ious(truth, other)
        changes += [(index, number, first[number], second[number]) for number in first]
    changes.sort(key=lambda change: (-abs(change[3] - change[2]), change[:2]))
    return changes[:most]


def best_ious(truth, found):
    """{number: the largest IoU of an annotated object with any found one}."""
    ious = {}
    for number in np.unique(truth[truth > 0]).tolist():
        mine = truth == number
        touched = np.unique(found[mine & (found > 0)])
        ious[number] = max(
            (float((mine & (found == n)).sum() / (mine | (found == n)).sum()) for n in touched),
            default=0.0,
        )
    return ious


def window(truth, number, margin=12, least=48):
    """The slices around an object, with a margin; in pixels, and inside of the image."""
    slices = []
    for places, side in zip(np.nonzero(truth == number), truth.shape, strict=True):
        low, high = int(places.min()) - margin, int(places.max()) + margin + 1
        wanted = min(max(high - low, least), side)
        low = min(max(0, (low + high - wanted) // 2), side - wanted)
        slices.append(slice(low, low + wanted))
    return tuple(slices)
