"""What the notebooks' small trainings reach when only chance differs, and what each must reach."""

import json
from pathlib import Path

import numpy as np

from bioimage_course import data
from course_build import ROOT
from figures._shared.files import write
from figures._shared.style import draw

HERE = Path(__file__).parent

MEASURED = ROOT / "src" / "course_build" / "measured" / "seeds.json"
#: The check of each notebook that says most, and what its values are.
SHOWN = {
    "03_convolutions_by_hand": ("mistakes['network'] < 0.1", "patches right"),
    "04_train_a_unet": ("otsu_score.f1 < score.f1", "F1 of the U-Net’s blobs"),
    "07_compare_and_evaluate": (
        "scores['U-Net'].accuracy > scores['Otsu + watershed'].accuracy",
        "AP of the U-Net",
    ),
    "09_train_stardist": ("trained[0].tp > n_test / 2", "share of nuclei that StarDist finds"),
    "10_finetune_cellpose": ("ap_after[0] > 0.5", "AP of Cellpose, fine-tuned"),
    "11_nuclei_in_3d": ("volumes_way.tp > 5", "share of nuclei found in 3D"),
    "18_train_on_your_images": ("verdict.low > 0", "AP gained, at least"),
}


def read():
    """The file of `make seeds`."""
    return json.loads(MEASURED.read_text(encoding="utf-8"))


def find(measured, notebook, claim):
    """One check of a notebook, as the file has it."""
    checks = measured["notebooks"][notebook]["checks"]
    return next(check for check in checks if check["claim"] == claim)


def rows(measured):
    """One row for each notebook: its words, the values of its trainings and their limit."""
    made = []
    for notebook, (claim, words) in SHOWN.items():
        check = find(measured, notebook, claim)
        values, limit = np.array(check["values"]), check["limit"]
        if "mistakes" in claim:
            values, limit = 1 - values, 1 - limit
        if ".tp >" in claim:
            nuclei = 2 * limit if "n_test" in claim else data.volume()[1].max()
            values, limit = values / nuclei, limit / nuclei
        made.append({"number": notebook[:2], "words": words, "values": values, "limit": limit})
    return made


def compute():
    measured = read()
    made = rows(measured)
    numbers = {"trainings": sum(len(row["values"]) for row in made)}
    for row in made:
        low, middle, high = (float(np.quantile(row["values"], part)) for part in (0, 0.5, 1))
        numbers[f"n{row['number']}"] = {
            "trainings": len(row["values"]), "lowest": low, "median": middle, "highest": high,
            "spread": high - low, "limit": row["limit"],
        }  # fmt: skip
    numbers["n04"]["half"] = numbers["n04"]["spread"] / 2
    pixels = find(measured, "04_train_a_unet", "pixel_accuracy(predicted) > 0.94")
    numbers["n04"]["spread_in_pixels"] = pixels["highest"] - pixels["lowest"]
    return made, numbers


def paint(figure, theme, made):
    axes = figure.add_subplot()
    figure.subplots_adjust(left=0.03, right=0.97, top=0.99, bottom=0.13 if theme.narrow else 0.14)
    for place, row in enumerate(made):
        values, limit = row["values"], row["limit"]
        axes.axhline(place, color=theme.muted, linewidth=0.7, zorder=0)
        bar = [place - 0.2, place + 0.2]
        axes.plot([limit, limit], bar, color=theme.text, linewidth=3, clip_on=False)
        # Trainings that reach nearly the same would hide each other.
        places = place + 0.04 * (np.arange(len(values)) - (len(values) - 1) / 2)
        axes.plot(values, places, "o", color=theme.predicted, markersize=6, clip_on=False)
        words = f"{row['number']} · {row['words']}"
        axes.text(0, place - 0.3, words, va="bottom")
    axes.text(made[0]["limit"], -0.3, "asked for", ha="center", va="bottom")
    axes.set(xlim=(0, 1), ylim=(len(made) - 0.55, -0.85), yticks=[], xticks=(0, 0.25, 0.5, 0.75, 1))
    axes.set_xticklabels(["0", "0.25", "0.5", "0.75", "1"])
    axes.set_xlabel("score of one training")
    axes.spines["left"].set_visible(False)


def main():
    made, numbers = compute()
    draw(HERE / "same_training", paint, made, width=560, height=460, narrow=480)
    write(HERE, numbers)


if __name__ == "__main__":
    main()
