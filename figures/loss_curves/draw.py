"""Loss curves of the course's own trainings, with the learning rate that drove them."""

import json
from pathlib import Path

import numpy as np

from figures._shared.files import write
from figures._shared.style import GREEN, draw

HERE = Path(__file__).parent

TRAINING = HERE.parents[1] / "training"
MODELS = {"stardist_nuclei": "StarDist", "cellpose_nuclei": "Cellpose"}


def read(name):
    return json.loads((TRAINING / "results" / f"history_{name}.json").read_text())


def series(history, key):
    """Steps and losses, where this loss was measured."""
    rows = [row for row in history["steps"] if key in row]
    return np.array([row["step"] for row in rows]), np.array([row[key] for row in rows])


def stage_ends(history):
    """Step after which each stage ends."""
    return np.cumsum([stage["steps"] for stage in history["settings"]["stages"]])


def rates(stages):
    """Learning rate of every step: it rises, then falls along half a cosine, in each stage."""
    parts = []
    for stage in stages:
        step, up = np.arange(stage["steps"]), stage["warm_up"]
        fall = 0.5 * (1 + np.cos(np.pi * (step - up) / (stage["steps"] - up)))
        parts.append(stage["top_rate"] * np.where(step < up, (step + 1) / max(up, 1), fall))
    return np.concatenate(parts)


def compute():
    histories = {name: read(name) for name in MODELS}
    numbers = {}
    for name, history in histories.items():
        _, training = series(history, "loss")
        _, known = series(history, "loss_known")
        _, families = series(history, "loss_families")
        stages = history["settings"]["stages"]
        numbers[name.split("_")[0]] = {
            "stages": len(stages),
            "steps": history["steps"][-1]["step"],
            "hours": history["steps"][-1]["hours"],
            "top_rate": max(stage["top_rate"] for stage in stages),
            "first": training[0],
            "last": training[-1],
            "known": known[-1],
            # At the last step before the network learns from these families, too.
            "families": families[-1],
            "known_then": known[len(families) - 1],
        }
    return histories, numbers


def paint(figure, theme, histories):
    panels = figure.subplots(2, 1)
    left = 0.18 if theme.narrow else 0.11
    figure.subplots_adjust(left=left, right=0.985, top=0.94, bottom=0.11, hspace=0.36)
    for axes, (name, history) in zip(panels, histories.items(), strict=True):
        top = 1.25 * np.percentile(series(history, "loss_families")[1], 90)
        rate = rates(history["settings"]["stages"])
        drawn = np.unique(np.r_[: len(rate) : 50, stage_ends(history) - 1])  # enough for the eye
        thousands = drawn / 1000
        height = 0.25 * top * rate[drawn] / rate.max()  # only the shape matters: no axis
        axes.fill_between(thousands, height, color=theme.muted, alpha=0.35, linewidth=0)
        for end in stage_ends(history)[:-1]:
            axes.axvline(end / 1000, color=theme.muted, linewidth=1, linestyle=":")
        for key, label, colour, line, lift in (
            ("loss_families", "another kind", theme.error, "-.", 20),
            ("loss", "learned from", theme.muted, "--", 12),
            ("loss_known", "same kind, unseen", GREEN, "-", -22),
        ):
            steps, losses = series(history, key)
            axes.plot(steps / 1000, losses, line, color=colour, linewidth=2)
            if axes is panels[0]:
                place = 4, np.interp(4000, steps, losses)
                look = {"ha": "center", "color": theme.text if colour == GREEN else colour}
                axes.annotate(label, place, (0, lift), textcoords="offset points", **look)
        axes.set(xlim=(0, len(rate) / 1000), ylim=(0, top), ylabel="loss")
        axes.set(xticks=np.arange(0, len(rate) / 1000, 2), yticks=np.arange(0, top, 0.5))
        axes.set_title(MODELS[name], loc="left")
    panels[0].text(0.01, 0.03, "learning rate", transform=panels[0].transAxes)
    panels[1].set_xlabel("thousand steps")


def main():
    histories, numbers = compute()
    draw(HERE / "loss_curves", paint, histories, width=560, height=540, narrow=600)
    write(HERE, numbers)


if __name__ == "__main__":
    main()
