"""Two shapes and five objects small enough to count: IoU, matches, and two scores called AP."""

from pathlib import Path

import numpy as np
from matplotlib.patches import Rectangle
from stardist.matching import matching

from figures._shared.files import write
from figures._shared.style import CENTRED, draw, panels

HERE = Path(__file__).parent

# One nucleus of 5×4 pixels, and the same shape one pixel aside, or one aside and one down.
NUCLEUS = (1, 1, 4, 5)  # top, left, rows, columns
SHIFTS = {"aside": (0, 1), "diagonal": (1, 1)}

# Five nuclei and five objects, each sure to a degree: (top, left, rows, columns).
NUCLEI = [(1, 1, 4, 4), (1, 8, 4, 4), (7, 1, 4, 6), (7, 7, 4, 2), (7, 11, 4, 4)]
OBJECTS = {
    "A": ((1, 1, 4, 4), 0.95, "exact"),
    "B": ((1, 9, 4, 4), 0.90, "shifted by 1"),
    "C": ((1, 14, 4, 4), 0.80, "ghost"),
    "D": ((7, 1, 4, 8), 0.70, "merged"),
    "E": ((7, 13, 4, 4), 0.60, "shifted by 2"),
}
ROWS, COLUMNS = 12, 19


def labels(boxes, shape):
    image = np.zeros(shape, int)
    for number, (top, left, rows, columns) in enumerate(boxes, start=1):
        image[top : top + rows, left : left + columns] = number
    return image


def two_shapes(shift):
    """Masks of the nucleus and of the shifted object."""
    top, left, rows, columns = NUCLEUS
    moved = (top + shift[0], left + shift[1], rows, columns)
    return labels([NUCLEUS], (7, 8)) > 0, labels([moved], (7, 8)) > 0


def box(mask):
    """Corner, width and height of a rectangular mask."""
    rows, columns = np.nonzero(mask)
    return (columns.min(), rows.min()), np.ptp(columns) + 1, np.ptp(rows) + 1


def five_objects():
    """Label images of nuclei and objects; objects 1 to 5 are A to E."""
    truth = labels(NUCLEI, (ROWS, COLUMNS))
    return truth, labels([box for box, *_ in OBJECTS.values()], (ROWS, COLUMNS))


def coco_ap(is_hit, n_nuclei):
    """Area under the precision-recall curve as COCO takes it, at one IoU.

    is_hit : for each object, the surest first, whether it is matched.

    Precision at a recall is the best one reached at this recall or a higher one; the area is the
    mean over the recalls 0, 0.01 … 1. Returns that, and precision and recall after each object.
    """
    hits = np.cumsum(is_hit)
    recall, precision = hits / n_nuclei, hits / np.arange(1, len(hits) + 1)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    at = np.searchsorted(recall, np.linspace(0, 1, 101), side="left")
    return np.append(best, 0)[at].mean(), precision, recall


def compute():
    truth, predicted = five_objects()
    result = matching(truth, predicted, thresh=0.5, report_matches=True)
    hit_objects = {result.matched_pairs[index][1] for index in result.matched_tps}
    is_hit = [number in hit_objects for number in range(1, len(OBJECTS) + 1)]
    area, precision, recall = coco_ap(is_hit, len(NUCLEI))
    debris_first = [is_hit[2], *is_hit[:2], *is_hit[3:]]
    more = is_hit + [False] * 10  # ten more objects that are wrong, and least sure
    numbers = {
        "tp": result.tp,
        "fp": result.fp,
        "fn": result.fn,
        "ap": result.accuracy,
        "f1": result.f1,
        "pq": result.panoptic_quality,
        "precision": result.precision,
        "recall": result.recall,
        "mean_iou": result.mean_matched_score,
        "ap70": matching(truth, predicted, thresh=0.7).accuracy,
        "ap90": matching(truth, predicted, thresh=0.9).accuracy,
        "coco": area,
        "coco_debris_first": coco_ap(debris_first, len(NUCLEI))[0],
        "coco_ten_more": coco_ap(more, len(NUCLEI))[0],
        "ap_ten_more": result.tp / (result.tp + result.fp + 10 + result.fn),
    }
    for name, shift in SHIFTS.items():
        first, second = two_shapes(shift)
        numbers[name] = {"shared": (first & second).sum(), "union": (first | second).sum()}
        numbers[name]["iou"] = numbers[name]["shared"] / numbers[name]["union"]
    return numbers, precision, recall


def grid(axes, theme, rows, columns, top=0):
    """Lines around the pixels, above what is filled and below outlines."""
    look = {"color": theme.text, "alpha": 0.18, "linewidth": 1, "zorder": 1.5}
    axes.hlines(range(top, top + rows + 1), 0, columns, **look)
    axes.vlines(range(columns + 1), top, top + rows, **look)


def paint_iou(figure, theme, numbers):
    below = 0.055 if theme.narrow else 0.13  # room for the sums
    both = panels(figure, theme, 2, top=0.995, bottom=below, wspace=0.04, hspace=0.12)
    for axes, (name, shift) in zip(both, SHIFTS.items(), strict=True):
        nucleus, predicted = two_shapes(shift)
        rows, columns = nucleus.shape
        grid(axes, theme, rows, columns)
        for mask, colour, line, hatch in (
            (nucleus, theme.truth, "-", "//"),
            (predicted, theme.predicted, "--", "\\\\"),
        ):
            place = box(mask)
            axes.add_patch(
                Rectangle(*place, fill=False, edgecolor=colour, hatch=hatch, linewidth=0)
            )
            axes.add_patch(
                Rectangle(
                    *place, fill=False, edgecolor=colour, linewidth=3.5, linestyle=line, zorder=3
                )
            )
        axes.add_patch(Rectangle(*box(nucleus & predicted), facecolor=theme.muted, linewidth=0))
        values = numbers[name]
        verdict = "a match" if values["iou"] >= 0.5 else "no match"
        axes.set(xlim=(0, 8), ylim=(7, 0), aspect="equal", xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
        axes.set_xlabel(f"{values['shared']} / {values['union']} = {values['iou']:.2f}: {verdict}")


def paint_five(figure, theme):
    axes = figure.add_axes([0.005, 0.01, 0.99, 0.98])
    axes.set(xlim=(0, COLUMNS), ylim=(ROWS + 0.4, 0.8), aspect="equal", xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    for top in (1, 7):  # no lines behind words
        grid(axes, theme, 4, COLUMNS, top)
    for top, left, rows, columns in NUCLEI:
        look = {"facecolor": theme.panel, "edgecolor": theme.truth, "linewidth": 5}
        axes.add_patch(Rectangle((left, top), columns, rows, **look))
    for name, ((top, left, rows, columns), sure, words) in OBJECTS.items():
        hit = name in "ABD"
        colour, line = (theme.predicted, "-") if hit else (theme.error, (0, (3, 2)))
        look = {"fill": False, "linewidth": 2.5, "edgecolor": colour, "linestyle": line}
        axes.add_patch(Rectangle((left, top), columns, rows, **look))
        middle = left + columns / 2 + {"B": -0.5, "E": 1}.get(name, 0)  # off the lines
        axes.text(middle, top + rows / 2, f"{name}\n{sure:.2f}", color=theme.text, **CENTRED)
        axes.text(left + columns / 2, top + rows + 0.35, words, ha="center", va="top")


def paint_curve(figure, theme, numbers, precision, recall):
    axes = figure.add_axes([0.15, 0.22, 0.81, 0.74])
    best = np.maximum.accumulate(precision[::-1])[::-1]
    steps = np.concatenate([[0], recall])
    axes.stairs(best, steps, fill=True, color=theme.truth, alpha=0.2)
    axes.stairs(best, steps, color=theme.truth, linewidth=2.5)
    axes.plot(recall, precision, "o", color=theme.text)
    beside = {
        "A": (-0.02, -0.14),
        "B": (-0.05, -0.14),
        "C": (0.02, -0.1),
        "D": (0.03, 0.02),
        "E": (0.03, -0.06),
    }
    for name, x, y in zip(OBJECTS, recall, precision, strict=True):
        axes.text(x + beside[name][0], y + beside[name][1], name)
    axes.text(0.2, 0.3, f"area {numbers['coco']:.2f}", ha="left")
    axes.set(
        xlabel="recall",
        ylabel="precision",
        xlim=(0, 1),
        ylim=(0, 1.08),
        xticks=[0, 0.2, 0.4, 0.6, 0.8, 1],
        yticks=[0, 0.5, 1],
    )


def main():
    numbers, precision, recall = compute()
    draw(HERE / "iou_by_hand", paint_iou, numbers, width=560, height=276, narrow=630)
    draw(HERE / "five_objects", paint_five, width=560, height=346, narrow=214)
    draw(HERE / "coco_by_hand", paint_curve, numbers, precision, recall, width=400, height=280)
    write(HERE, numbers)


if __name__ == "__main__":
    main()
