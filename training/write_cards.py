"""Fill the tables of the model cards and of the models' page from what the last run wrote.

    python training/write_cards.py

A card is src/bioimage_course/weights/NAME/MODEL_CARD.md. What stands between `<!-- scores -->` and
`<!-- /scores -->`, and likewise for the other keys of `BLOCKS`, is replaced; the rest is prose.
"""

import json
import re
from pathlib import Path

from bioimage_course import WEIGHTS_FOLDER as WEIGHTS
from bioimage_course.mistakes import KINDS
from training.export import RESULTS

MODELS_PAGE = Path(__file__).parents[1] / "docs" / "reference" / "models.md"

SETS = {
    "dsb2018_test": "Fluorescence nuclei, `dsb2018/test`",
    "dsb2018_families": "Held-out families, fluorescence",
    "dsb2018_brightfield_test": "Bright-field tissue, `dsb2018_brightfield/test`",
    "course_image": "The image of the notebooks",
}
CELL_SETS = {
    "usiigaci_test": "Phase contrast, outlined by hand",
    "course_cells": "Fly cells of `data.cells()`, reviewed mask",
    "kc167_pos002": "Fly cells, the whole field, watershed",
    "jump_right": "Cell Painting, CellProfiler's outlines",
}
#: In the table of the course's models: what a person outlined first.
OWN_CELLS = {
    "usiigaci_test": "phase contrast, by hand",
    "course_cells": "fly cells, the course's reviewed mask",
    "jump_right": "Cell Painting, CellProfiler's outlines",
}
DIAMETERS = {
    "measured": "measured", "none": "none", "0.7": "× 0.7", "0.75": "× 0.75", "1.25": "× 1.25",
    "1.4": "× 1.4",
}  # fmt: skip
CHANNELS = {"both": "both", "one": "cell alone"}
METHODS = {
    "otsu_watershed": "Otsu + watershed, tuned",
    "stardist_nuclei": "**`stardist_nuclei`**",
    "cellpose_nuclei": "**`cellpose_nuclei`**",
    "versatile_fluo": "`2D_versatile_fluo` (StarDist)",
    "cyto3": "`cyto3` (Cellpose 3)",
    "nuclei": "`nuclei` (Cellpose 1)",
}
GROUPS = {
    "by_nucleus_size": {
        "below_15_px": "nuclei below 15 px", "below_30_px": "nuclei of 15 to 30 px",
        "larger": "nuclei above 30 px",
    },
    "by_density": {
        "below_10_percent": "less than 10 % covered", "below_20_percent": "10 to 20 % covered",
        "denser": "more than 20 % covered",
    },
    "by_image_size": {},
}  # fmt: skip


def results(name):
    return json.loads((RESULTS / f"{name}.json").read_text())


def table(heads, rows):
    """A Markdown table; the first column is text, the others are numbers."""
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def in_words(value):
    """A setting as a reader wants it: a table's entries in a row, yes and no."""
    if isinstance(value, dict):
        given = {key.replace("_", " "): part for key, part in value.items() if part is not None}
        return ", ".join(f"{key} {in_words(part)}" for key, part in given.items())
    if isinstance(value, list):  # limits, or names
        names = all(isinstance(part, str) for part in value)
        return (", " if names else " to ").join(map(in_words, value)) or "none"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def training(name):
    """The settings of a run; what differs between its stages stands in one line per stage."""
    history = results(f"history_{name}")
    settings = history["settings"]
    rows = [[f"stage {k}", in_words(stage)] for k, stage in enumerate(settings["stages"], start=1)]
    rows += [
        [key.replace("_", " "), in_words(value)]
        for key, value in settings.items()
        if key != "stages"
    ]
    rows.append(["hours", f"{history['steps'][-1]['hours']:.1f}"])
    thresholds = WEIGHTS / name / "thresholds.json"
    if thresholds.exists():
        tuned = json.loads(thresholds.read_text())
        rows += [[f"{key}_thresh, tuned", f"{value:.2f}"] for key, value in tuned.items()]
    return table(["setting", "value"], rows)


def scores(name):
    """AP at every IoU; the other measures at IoU 0.5; how sure the AP is."""
    heads = ["images", "AP 0.5", "0.6", "0.7", "0.8", "0.9", "mean", "95 % of mean"]
    more = ["at IoU 0.5", "precision", "recall", "F1", "PQ", "AP, mean of images"]
    rows, more_rows = [], []
    for set_name, scored in results("scores")[name].items():
        label = f"{SETS[set_name]}: {scored['images']} with {scored['objects']} nuclei"
        pooled = scored["uncertainty"]["pooled"]["mean"]
        span = f"{pooled['low']:.2f}–{pooled['high']:.2f}" if scored["images"] > 1 else "–"
        rows.append([label, *(f"{value:.2f}" for value in scored["ap"].values()), span])
        means = [scored[key]["iou50"] for key in ("precision", "recall", "f1", "pq")]
        means.append(scored["uncertainty"]["over_images"]["iou50"]["value"])
        more_rows.append([SETS[set_name], *(f"{value:.2f}" for value in means)])
    return table(heads, rows) + "\n\n" + table(more, more_rows)


def groups(name):
    """AP by the size of nuclei and images and by density, fluorescence test images."""
    scored, rows = results("scores")[name]["dsb2018_test"], []
    for kind, names in GROUPS.items():
        for group, part in scored[kind].items():
            label = names.get(group) or group.removeprefix("size_").replace("x", "×") + " pixels"
            counts = [part["images"], part["objects"]]
            rows.append([label, *counts, *(f"{part['ap'][key]:.2f}" for key in ("iou50", "mean"))])
    return table(["images with", "images", "nuclei", "AP 0.5", "AP mean"], rows)


def errors(name):
    rows = [
        [SETS[set_name], *(scored["errors"][kind] for kind in KINDS)]
        for set_name, scored in results("scores")[name].items()
        if scored["images"] > 1
    ]
    return table(["images", *KINDS], rows)


def examples(name):
    """The best, the median and the worst test image, in numbers."""
    rows = []
    for kind, image in results("scores")[name]["dsb2018_test"]["examples"].items():
        rows.append([
            kind, f"{image['rows']}×{image['columns']}", image["nuclei"], image["predicted"],
            f"{image['diameter']:.0f}", f"{100 * image['density']:.0f}",
            f"{image['contrast']:.0f}", f"{image['ap50']:.2f}", f"{image['ap_mean']:.2f}",
        ])  # fmt: skip
    heads = ["image", "pixels", "nuclei", "predicted", "diameter (px)", "covered (%)", "contrast",
             "AP 0.5", "AP mean"]  # fmt: skip
    return table(heads, rows)


def false_objects(name):
    """Whether the false objects come from everywhere or from one image."""
    most = results("scores")[name]["dsb2018_test"]["most_false"]
    brightness = f"{100 * most['brightness']:.0f} %"
    return (
        f"{most['false']} of the {most['of']} objects that match no nucleus at IoU 0.5 stand in a "
        f"single fluorescence test image ({most['rows']}×{most['columns']} pixels, "
        f"{most['nuclei']} annotated nuclei). They have {brightness} of the brightness "
        "of its annotated nuclei (medians)."
    )


def cost(name):
    measured = results("speed")
    threads, gpu = measured["threads"], measured["gpu"]
    cores = "one processor core" if threads == 1 else f"{threads} processor cores"
    where = f"a GPU ({gpu})" if gpu != "none" else f"{cores}, no GPU"
    return (
        f"One megapixel takes {measured[name]['seconds_per_megapixel']:.1f} s and "
        f"{measured[name]['megabytes_per_megapixel']} MB of memory besides the libraries and the "
        f"weights, on {where}."
    )


def spread(scored, key="iou50"):
    """A score with its interval."""
    values = scored["uncertainty"][key]
    return f"{values['value']:.2f} ({values['low']:.2f}–{values['high']:.2f})"


def cell_scores(name):
    """AP or agreement with the measured diameter, at every IoU, with an interval at 0.5."""
    rows = []
    for set_name, by_channels in results("diameters")[name].items():
        for channels, scored in by_channels.items():
            at = scored["measured"]
            label = f"{CELL_SETS[set_name]}: {at['images']} with {at['objects']} cells"
            values = [f"{at['ap'][key]:.2f}" for key in ("iou60", "iou70", "iou80", "mean")]
            rows.append([label, CHANNELS[channels], spread(at), *values])
    return table(["fields", "channels", "0.5 (95 %)", "0.6", "0.7", "0.8", "mean 0.5–0.9"], rows)


def diameters(name):
    """AP or agreement at IoU 0.5 by the diameter that was given."""
    rows = []
    for set_name, by_channels in results("diameters")[name].items():
        for channels, scored in by_channels.items():
            label = [SETS.get(set_name) or CELL_SETS[set_name]]
            if set_name in CELL_SETS:
                label = [f"{label[0]}; {CHANNELS[channels]}"]
            rows.append([*label, *(f"{scored[key]['ap']['iou50']:.2f}" for key in DIAMETERS)])
    return table(["diameter", *DIAMETERS.values()], rows)


def hashes(name):
    return "```text\n" + (WEIGHTS / name / "SHA256SUMS").read_text() + "```"


def limit(name):
    """How good StarDist could be with perfect distances, beside how good it is."""
    best, real = results("polygon_limit")["ap"], results("scores")[name]["dsb2018_test"]["ap"]
    return (
        f"With the true distances, 32 rays on every second pixel would reach an AP of "
        f"{best['iou90']:.2f} at IoU 0.9 on the fluorescence test images; the model reaches "
        f"{real['iou90']:.2f}."
    )


def comparison(_):
    """Every method on the test sets, published models too where somebody ran them."""
    scored, rows = results("scores"), []
    for name, label in METHODS.items():
        if name not in scored:
            rows.append([label, "not run here", *[""] * 6])
            continue
        test, tissue = (
            scored[name].get(f"{kind}_test") for kind in ("dsb2018", "dsb2018_brightfield")
        )
        cells = [f"{test['ap'][key]:.2f}" for key in ("iou50", "iou70", "iou90", "mean")]
        cells += [f"{test['f1']['iou50']:.2f}", f"{test['pq']['iou50']:.2f}"]
        rows.append([label, *cells, f"{tissue['ap']['iou50']:.2f}" if tissue else "–"])
    heads = ["method", "AP 0.5", "AP 0.7", "AP 0.9", "mean 0.5–0.9", "F1 0.5", "PQ 0.5",
             "tissue: AP 0.5"]  # fmt: skip
    return table(heads, rows)


def worse_of(scored):
    """AP at IoU 0.5 with a diameter that is a quarter too small or too large: the worse of both."""
    return min(scored[factor]["ap"]["iou50"] for factor in ("0.75", "1.25"))


def own_models(_):
    """The course's models in the numbers that matter, one line for each kind of image."""
    scored, measured = results("scores"), results("diameters")
    keys = ("iou50", "iou70", "mean")
    rows = []
    for name in ("stardist_nuclei", "cellpose_nuclei"):
        test = scored[name]["dsb2018_test"]
        quarter = "–"
        if name in measured:
            by_diameter = measured[name]["dsb2018_test"]["one"]
            test, quarter = by_diameter["measured"], f"{worse_of(by_diameter):.2f}"
        images = f"fluorescence: {test['images']} with {test['objects']} nuclei, by hand"
        rows.append([METHODS[name], images, *(f"{test['ap'][key]:.2f}" for key in keys), quarter])
    for set_name, label in OWN_CELLS.items():
        for channels, by_diameter in measured["cellpose_cells"][set_name].items():
            test = by_diameter["measured"]
            images = f"{label}: {test['images']} with {test['objects']} cells"
            if channels == "both" or len(measured["cellpose_cells"][set_name]) > 1:
                images += f"; {CHANNELS[channels]}"
            values = [*(f"{test['ap'][key]:.2f}" for key in keys), f"{worse_of(by_diameter):.2f}"]
            if set_name != "usiigaci_test":  # agreement, not accuracy
                values = [f"*{value}*" for value in values]
            rows.append(["**`cellpose_cells`**", images, *values])
    heads = ["model", "images", "AP 0.5", "AP 0.7", "mean 0.5–0.9", "AP 0.5, diameter ± 25 %"]
    made = table(heads, rows)
    return made.replace("| --- | ---: |", "| --- | --- |", 1)


PAGE_BLOCKS = {"own_models": own_models, "comparison": comparison}
BLOCKS = {
    "training": training, "scores": scores, "groups": groups, "errors": errors,
    "false_objects": false_objects, "examples": examples, "cost": cost, "hashes": hashes,
}  # fmt: skip
MORE_BLOCKS = {"stardist_nuclei": {"limit": limit}}
CELL_BLOCKS = {
    "training": training, "cell_scores": cell_scores, "diameters": diameters, "cost": cost,
    "hashes": hashes,
}  # fmt: skip


def filled(text, name, blocks=None):
    """Return `text` with every block made anew. Raises ValueError if one is missing."""
    if blocks is None:
        blocks = CELL_BLOCKS if name == "cellpose_cells" else BLOCKS | MORE_BLOCKS.get(name, {})
    for block, make in blocks.items():
        pattern = re.compile(rf"(<!-- {block} -->\n).*?(\n<!-- /{block} -->)", re.DOTALL)
        if len(pattern.findall(text)) != 1:
            raise ValueError(f"{name} needs exactly one <!-- {block} --> block.")
        made = make(name)
        text = pattern.sub(lambda match: match[1] + made + match[2], text)  # noqa: B023
    return text


def main():
    for path in sorted(WEIGHTS.glob("*/MODEL_CARD.md")):
        path.write_text(filled(path.read_text(), path.parent.name))
    page = MODELS_PAGE.read_text()
    MODELS_PAGE.write_text(filled(page, "models.md", PAGE_BLOCKS))
    print("Wrote the model cards and the models' page.")


if __name__ == "__main__":
    main()
