"""What goes along with a model: a card, the split, and the lines that load it in notebook 15."""

import hashlib
import json
import platform
from importlib.metadata import version
from pathlib import Path

from bioimage_course.folder import write_whole

LIBRARIES = {
    "StarDist": ("stardist", "csbdeep", "tensorflow", "keras", "numpy"),
    "Cellpose": ("cellpose", "torch", "numpy"),
}
LOADING = {
    "StarDist": """\
model_folder = Path({folder!r})
model = StarDist2D(None, name=model_folder.name, basedir=str(model_folder.parent))
settings |= {{"weights": model_folder.name, "sha256": {sha256!r},
             "parameters": {{"prob_thresh": float(model.thresholds.prob),
                            "nms_thresh": float(model.thresholds.nms)}}}}
about |= {{"origin": {origin!r}, "trainingImages": {images}, "source": None,
          "weightsLicence": None}}  # say yours
""",
    "Cellpose": """\
weights = Path({folder!r}) / {weights!r}
cellpose = models.CellposeModel(gpu=core.use_gpu(), pretrained_model=str(weights))
cellpose_settings |= {{"weights": weights.parent.name, "sha256": {sha256!r},
                      "parameters": {{"diameter": {diameter:.1f}, "flow_threshold": 0.4,
                                     "cellprob_threshold": 0.0}}}}
segment, settings = segment_with_cellpose, cellpose_settings
about |= {{"origin": {origin!r}, "trainingImages": {images}, "source": None,
          "weightsLicence": None,  # say yours
          "reference": "Stringer et al. 2021", "low": 1, "high": 99}}
""",
}


def fingerprint(path):
    """The SHA-256 of a file's bytes."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def versions(tool):
    """What a model of this tool was made with: {name: version}."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES[tool]:
        for distribution in (name, f"{name}-cpu"):
            try:
                found[name] = version(distribution)
                break
            except ImportError:  # PackageNotFoundError: the other one is installed
                continue
    return found


def write_card(model_folder, card, parts, progress):
    """Write card.json, MODEL_CARD.md and split.json beside a model.

    Parameters
    ----------
    model_folder : path
    card : dict
        tool, weights (a file's name in the folder), start, objects, settings, scores, channel.
    parts : dict of str to list of Pair
        As `split` returns it.
    progress : Progress

    Returns
    -------
    dict
        The card, with what was added: hash, versions, data, epochs.

    Raises
    ------
    OSError
        If it cannot be written. No half file is left.
    """
    model_folder = Path(model_folder)
    lists = {part: [pair.name for pair in pairs] for part, pairs in parts.items()}
    card = card | {
        "card": "own model, version 1",
        "name": model_folder.name,
        "sha256": fingerprint(model_folder / card["weights"]),
        "versions": versions(card["tool"]),
        "data": {
            part: {"images": len(pairs), "objects": sum(pair.objects for pair in pairs)}
            for part, pairs in parts.items()
        },
        "epochs": progress.done,
    }
    for name, content in (
        ("split.json", json.dumps(lists, indent=1, ensure_ascii=False)),
        ("card.json", json.dumps(card, indent=1, ensure_ascii=False)),
        ("MODEL_CARD.md", as_text(card)),
    ):
        write_whole(model_folder / name, content.encode())
    return card


def as_text(card):
    """A card as a page of Markdown; what only a person knows is asked for."""
    data = "".join(
        f"- {part}: {numbers['images']} images, {numbers['objects']} objects\n"
        for part, numbers in card["data"].items()
    )
    scores = "".join(f"- {part}: {text}\n" for part, text in card["scores"].items())
    settings = "".join(f"- {name}: {value}\n" for name, value in card["settings"].items())
    made_with = ", ".join(f"{name} {number}" for name, number in card["versions"].items())
    return f"""# Model card: {card["name"]}

{card["tool"]}, trained for {card["objects"] or "(say which objects, in which stain)"}, \
starting from {card["start"]}.

## What it is for

(Say it: objects, stain, microscope, magnification, pixel size. Where does it fail?)

## Data and licence

{data}
Which files these are stands in split.json. (Say where they come from, and under which licence. What
the model started from has a licence, too.)

## Settings

{settings}- epochs: {card["epochs"]}

## Scores

AP is TP / (TP + FP + FN) at one IoU, objects of all images pooled.

{scores}
## Made with

{made_with}

{card["weights"]}: sha256 {card["sha256"]}
"""


def lines_for_notebook_15(model_folder, card):
    """The cell that puts a model into the notebook “Your own images”.

    Parameters
    ----------
    model_folder : path
    card : dict
        As `write_card` returns it.

    Returns
    -------
    str
    """
    channel = card["settings"].get("channel")
    lines = LOADING[card["tool"]].format(
        folder=str(model_folder),
        weights=card["weights"],
        sha256=card["sha256"],
        diameter=card["settings"].get("diameter", 0),
        images=card["data"]["training"]["images"],
        origin="tuned" if card["start"] != "nothing" else "own",
    )
    if channel is not None:
        lines += f"# In the next cell, set my_channel = {channel}: it learned from that one.\n"
    return lines


def once(model_folder, score):
    """Score the test images, and keep the result: a second time it is only told again.

    Parameters
    ----------
    model_folder : path
    score : function without arguments
        Returns a sentence.

    Returns
    -------
    str
    """
    file = Path(model_folder) / "test.txt"
    if file.is_file():
        return file.read_text(encoding="utf-8") + " (scored before; it is not scored again)"
    result = str(score())
    write_whole(file, result.encode())
    return result
