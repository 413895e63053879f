"""StarDist: what its two thresholds cost, in nuclei not found and false ones, whole image."""

from pathlib import Path

import numpy as np
from csbdeep.utils import normalize
from stardist.geometry import polygons_to_label
from stardist.matching import matching
from stardist.nms import non_maximum_suppression

from bioimage_course import data
from figures._shared.files import write
from figures._shared.style import draw
from figures.stardist_network.compute import course_model

HERE = Path(__file__).parent

PROB = np.round(np.arange(0.05, 0.96, 0.05), 2)
NMS = np.round(np.r_[0.01, np.arange(0.1, 0.91, 0.1), 0.95], 2)


def count(truth, answer, model, prob_thresh, nms_thresh):
    """Nuclei without an object that fits, and objects without a nucleus (false), at IoU 0.5."""
    probability, distances = answer
    points, scores, rays = non_maximum_suppression(
        distances,
        probability,
        grid=model.config.grid,
        prob_thresh=prob_thresh,
        nms_thresh=nms_thresh,
    )
    labels = polygons_to_label(rays, points, shape=truth.shape, prob=scores)
    score = matching(truth, labels, thresh=0.5)
    return {"not_found": score.fn, "false": score.fp, "objects": score.n_pred}


def compute():
    image, truth = data.nuclei()
    model = course_model()
    answer = model.predict(normalize(image, 1, 99.8))  # once: thresholds come afterwards
    prob, nms = model.thresholds.prob, model.thresholds.nms
    return {
        "tuned": {"prob": prob, "nms": nms, **count(truth, answer, model, prob, nms)},
        "prob": {f"p{100 * t:02.0f}": count(truth, answer, model, t, nms) for t in PROB},
        "nms": {f"n{100 * t:02.0f}": count(truth, answer, model, prob, t) for t in NMS},
    }


def paint(figure, theme, numbers):
    sweeps = (("prob", PROB, "prob_thresh"), ("nms", NMS, "nms_thresh"))
    for i, (key, thresholds, name) in enumerate(sweeps):
        axes = figure.add_axes((0.1 + 0.46 * i, 0.19, 0.4, 0.62))
        rows = numbers[key].values()
        axes.plot(
            thresholds, [row["not_found"] for row in rows], color=theme.error, label="not found"
        )
        axes.plot(
            thresholds,
            [row["false"] for row in rows],
            color=theme.predicted,
            ls=(0, (3, 1)),
            label="false",
        )
        axes.axvline(numbers["tuned"][key], color=theme.muted, lw=1.5, ls=(0, (1, 1)))
        axes.set(xlabel=name, xlim=(0, 1), xticks=[0, 0.5, 1], ylim=(0, 60))
        axes.text(numbers["tuned"][key], 61, "tuned", color=theme.muted, ha="center", va="bottom")
        if i:
            axes.set_yticklabels([])
    figure.axes[0].set_ylabel("nuclei")
    figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="upper center", ncols=2)


def main():
    numbers = compute()
    draw(HERE / "stardist_thresholds", paint, numbers, width=560, height=300)
    write(HERE, numbers)


if __name__ == "__main__":
    main()
