"""Fill the tables of the model cards from what training and evaluation wrote.

    python training/write_cards.py

A card is src/bioimage_course/weights/NAME/MODEL_CARD.md. What stands between `<!-- training -->`,
`<!-- scores -->` or `<!-- hashes -->` and the closing marker is replaced; the rest is prose.
"""

import json
import re

from bioimage_course import WEIGHTS
from export import RESULTS

TEST_SET_NAMES = {
    "dsb2018_test": "Fluorescence nuclei, `dsb2018/test`",
    "dsb2018_brightfield_test": "Bright-field tissue, `dsb2018_brightfield/test`",
}


def training_table(name):
    history = json.loads((RESULTS / f"history_{name}.json").read_text())
    lines = ["| setting | value |", "| --- | --- |"]
    for key, value in history["settings"].items():
        value = " + ".join(map(str, value)) if isinstance(value, list) else value
        lines.append(f"| {key.replace('_', ' ')} | {value} |")
    return "\n".join([*lines, f"| hours | {hours(history):.1f} |"])


def hours(history):
    """How long training took: StarDist's history counts seconds an epoch, Cellpose's hours."""
    if "epochs" in history:
        return sum(row["seconds"] for row in history["epochs"]) / 3600
    return history["steps"][-1]["hours"]


def scores_table(name):
    scores = json.loads((RESULTS / "scores.json").read_text())[name]
    ious = [key for key in next(iter(scores.values()))["f1"]]
    lines = [
        "| test images | " + " | ".join(f"IoU 0.{iou[3]}" for iou in ious) + " | mean |",
        "| --- |" + " --- |" * (len(ious) + 1),
    ]
    for test_set, table in scores.items():
        label = f"{TEST_SET_NAMES[test_set]}: {table['images']} images, {table['objects']} nuclei"
        cells = [f"{table['ap'][key]:.2f}" for key in [*ious, "mean"]]
        lines.append(f"| {label} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def hashes_block(name):
    return "```text\n" + (WEIGHTS / name / "SHA256SUMS").read_text() + "```"


BLOCKS = {"training": training_table, "scores": scores_table, "hashes": hashes_block}


def filled(card, name):
    """Return the text of `card` with every block made anew. Raises ValueError if one is missing."""
    for block, make in BLOCKS.items():
        pattern = re.compile(rf"(<!-- {block} -->\n).*?(\n<!-- /{block} -->)", re.DOTALL)
        if len(pattern.findall(card)) != 1:
            raise ValueError(f"{name}/MODEL_CARD.md needs exactly one <!-- {block} --> block.")
        table = make(name)
        card = pattern.sub(lambda match: match[1] + table + match[2], card)  # noqa: B023
    return card


def main():
    for path in sorted(WEIGHTS.glob("*/MODEL_CARD.md")):
        path.write_text(filled(path.read_text(), path.parent.name))
        print(f"Wrote {path.parent.name}/MODEL_CARD.md")


if __name__ == "__main__":
    main()
