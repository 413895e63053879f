"""StarDist: what its two thresholds cost, in nuclei not found and false ones, whole image."""

from pathlib import Path

import numpy as np
from csbdeep.utils import normalize
from stardist.geometry import polygons_to_label
from stardist.matching import matching
from stardist.nms import non_maximum_suppression

from bioimage_course import data
from figures._shared.files import write
from figures._shared.style import draw, panels
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
    margins = {"left": 0.12, "right": 0.96, "bottom": 0.22, "top": 0.9, "wspace": 0.16}
    if theme.narrow:
        margins = {"left": 0.16, "right": 0.95, "bottom": 0.12, "top": 0.95, "hspace": 0.5}
    # Each curve's name stands where the other one does not run: its right end and its height.
    sweeps = (
        ("prob", PROB, "prob_thresh", {"not_found": (0.74, 35), "false": (1, 5)}),
        ("nms", NMS, "nms_thresh", {"not_found": (0.7, 13), "false": (0.87, 35)}),
    )
    looks = {"not_found": (theme.error, "-"), "false": (theme.predicted, (0, (3, 1)))}
    both = panels(figure, theme, 2, **margins)
    for axes, (key, thresholds, xlabel, places) in zip(both, sweeps, strict=True):
        for name, (colour, dashes) in looks.items():
            counts = [row[name] for row in numbers[key].values()]
            axes.plot(thresholds, counts, color=colour, ls=dashes)
            words = {"color": colour, "weight": "bold", "ha": "right", "va": "center"}
            axes.text(*places[name], name.replace("_", " "), **words)
        axes.axvline(numbers["tuned"][key], color=theme.muted, lw=1.5, ls=(0, (1, 1)))
        axes.set(xlabel=xlabel, xlim=(0, 1), ylim=(0, 60), yticks=[0, 20, 40, 60])
        axes.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
        axes.text(numbers["tuned"][key], 61, "tuned", color=theme.muted, ha="center", va="bottom")
        if axes is both[0] or theme.narrow:
            axes.set_ylabel("nuclei")
        else:
            axes.set_yticklabels([])


def main():
    numbers = compute()
    draw(HERE / "stardist_thresholds", paint, numbers, width=560, height=290, narrow=500)
    write(HERE, numbers)


if __name__ == "__main__":
    main()
