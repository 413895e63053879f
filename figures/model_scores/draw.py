"""The course's models: AP over the IoU that is asked for, and how their losses fell."""

import json
from pathlib import Path

import numpy as np

from bioimage_course.mistakes import IOU_THRESHOLDS
from figures._shared.style import GREEN, draw, panels

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


def two_plots(figure, theme):
    """Two axes with room for names that stand for both."""
    if theme.narrow:
        return panels(figure, theme, 2, left=0.16, right=0.97, top=0.94, bottom=0.11, hspace=0.32)
    return panels(figure, theme, 2, left=0.11, right=0.985, top=0.9, bottom=0.2, wspace=0.2)


def paint_scores(figure, theme, scores):
    for axes, (set_name, title) in zip(two_plots(figure, theme), SETS.items(), strict=True):
        for name, (colour, line, marker) in looks(theme).items():
            pooled = scores[name][set_name]["uncertainty"]["pooled"]
            value, low, high = (
                [pooled[key][bound] for key in IOUS] for bound in ("value", "low", "high")
            )
            x = list(IOUS.values())
            axes.fill_between(x, low, high, color=colour, alpha=0.18, linewidth=0)
            axes.plot(x, value, line, color=colour, marker=marker, label=METHODS[name])
        axes.set(ylim=(0, 1), yticks=(0, 0.5, 1), xticks=x, title=title)
    figure.supxlabel("IoU asked for", size="medium")
    figure.supylabel("AP", size="medium")
    figure.axes[1].legend(loc="upper right", handlelength=1.6, borderaxespad=0.2)


def paint_training(figure, theme, histories):
    for axes, (name, history) in zip(two_plots(figure, theme), histories.items(), strict=True):
        rows = history["steps"]
        for key, label, colour, line in (
            ("loss_families", "other families", theme.error, "-"),
            ("loss", "learned from", theme.muted, "--"),
            ("loss_known", "of a known kind", GREEN, "-"),
        ):
            # The line of other families ends where they are learned from.
            known = [row for row in rows if key in row]
            steps = np.array([row["step"] for row in known]) / 1000
            axes.plot(steps, [row[key] for row in known], line, color=colour, label=label)
        highest = max(row.get("loss_families", row["loss"]) for row in rows[len(rows) // 8 :])
        top = 1.15 * highest
        axes.set(ylim=(0, top), yticks=np.arange(0, top, 0.5), title=METHODS[name])
        axes.set(xticks=np.arange(0, rows[-1]["step"] / 1000, 4))
    figure.supxlabel("thousand steps", size="medium")
    figure.supylabel("loss", size="medium")
    figure.axes[1].legend(loc="upper right", handlelength=1.4, borderaxespad=0.2)


def main():
    scores = read("scores")
    draw(HERE / "model_scores", paint_scores, scores, width=560, height=320, narrow=540)
    histories = {name: read(f"history_{name}") for name in ("stardist_nuclei", "cellpose_nuclei")}
    draw(HERE / "model_training", paint_training, histories, width=560, height=320, narrow=540)


if __name__ == "__main__":
    main()
