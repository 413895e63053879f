"""The course's models: AP over the IoU that is asked for, and how their losses fell."""

import json
from pathlib import Path

import numpy as np

from bioimage_course.mistakes import IOU_THRESHOLDS
from figures._shared.style import GREEN, draw

HERE = Path(__file__).parent

RESULTS = HERE.parents[1] / "training" / "results"
IOUS = {f"iou{100 * iou:.0f}": iou for iou in IOU_THRESHOLDS}
METHODS = {"cellpose_nuclei": "Cellpose", "stardist_nuclei": "StarDist", "otsu_watershed": "Otsu"}
SETS = {"dsb2018_test": "fluorescence", "dsb2018_brightfield_test": "bright-field tissue"}


def read(name):
    return json.loads((RESULTS / f"{name}.json").read_text())


def looks(theme):
    """Colour, line and marker of each method: they differ without colour, too."""
    return {
        "cellpose_nuclei": (theme.predicted, "-", "o"),
        "stardist_nuclei": (theme.truth, "-", "s"),
        "otsu_watershed": (theme.muted, "--", "^"),
    }


def paint_scores(figure, theme, scores):
    left, right = figure.subplots(1, 2, sharey=True)
    figure.subplots_adjust(left=0.12, right=0.985, bottom=0.17, top=0.9, wspace=0.1)
    for axes, (set_name, title) in zip((left, right), SETS.items(), strict=True):
        for name, (colour, line, marker) in looks(theme).items():
            pooled = scores[name][set_name]["uncertainty"]["pooled"]
            value, low, high = (
                [pooled[key][bound] for key in IOUS] for bound in ("value", "low", "high")
            )
            x = list(IOUS.values())
            axes.fill_between(x, low, high, color=colour, alpha=0.18, linewidth=0)
            axes.plot(x, value, line, color=colour, marker=marker, label=METHODS[name])
        axes.set(ylim=(0, 1), xticks=x, xlabel="IoU asked for", title=title)
    left.set_ylabel("AP")
    left.legend(loc="lower left", handlelength=1.6, borderaxespad=0.2)


def paint_training(figure, theme, histories):
    panels = figure.subplots(1, 2)
    figure.subplots_adjust(left=0.1, right=0.985, bottom=0.17, top=0.9, wspace=0.22)
    for axes, (name, history) in zip(panels, histories.items(), strict=True):
        rows = history["steps"]
        for key, label, colour, line in (
            ("loss_families", "other families", theme.error, "-"),
            ("loss", "learned from", theme.muted, "--"),
            ("loss_known", "of a known kind", GREEN, "-"),
        ):
            known = [
                row for row in rows if key in row
            ]  # other families: until they are learned from
            steps = np.array([row["step"] for row in known]) / 1000
            axes.plot(steps, [row[key] for row in known], line, color=colour, label=label)
        highest = max(row.get("loss_families", row["loss"]) for row in rows[len(rows) // 8 :])
        axes.set(ylim=(0, 1.15 * highest), xlabel="thousand steps", title=METHODS[name])
    panels[0].set_ylabel("loss")
    panels[0].legend(loc="lower left", handlelength=1.4, borderaxespad=0.2)


def main():
    scores = read("scores")
    draw(HERE / "model_scores", paint_scores, scores, width=620, height=320)
    histories = {name: read(f"history_{name}") for name in ("stardist_nuclei", "cellpose_nuclei")}
    draw(HERE / "model_training", paint_training, histories, width=620, height=320)


if __name__ == "__main__":
    main()
