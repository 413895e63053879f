"""Score the classical baseline and the course's models, and write training/results/.

    python training/evaluate.py             # the course's own; no network
    python training/evaluate.py --official  # published models as well: downloads them
    python training/evaluate.py --only cellpose_nuclei  # these; the other rows stay

Every method runs with the thresholds it ships with, on images that it never saw: two test sets,
the image of the notebooks, and the families of images that were held out of training. A model
learns from those families last of all, so the one from before is scored on them: training leaves
it in build/.
"""

import argparse
import json
import platform
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from bioimage_course import data
from training import methods, otsu_watershed, scoring, speed, training_images
from training.export import RESULTS, write_json

OFFICIAL = {
    "versatile_fluo": lambda measure: methods.official_stardist("2D_versatile_fluo"),
    "cyto3": lambda measure: methods.official_cellpose("cyto3", measure),
    "nuclei": lambda measure: methods.official_cellpose("nuclei", measure),
}
FAMILIES = "dsb2018_families"
LEARNED_LATER = ("stardist_nuclei", "cellpose_nuclei")  # from the families, in their last stage
TUNE_EVERY = 6  # Otsu + watershed is tuned on every sixth of the images the networks learned from


def read_sets():
    """Images and annotations: those to tune the baseline on, and {set: samples} to score."""
    used, _, families = training_images.split(training_images.read("dsb2018"))
    sets = {"dsb2018_test": training_images.read("dsb2018", "test"), FAMILIES: families}
    try:
        sets["dsb2018_brightfield_test"] = training_images.read("dsb2018_brightfield", "test")
    except data.DataError as error:
        print(f"Not scored on bright-field images. {error}")
    # The image of the notebooks, so that everybody can do at least this score again.
    image, truth = data.nuclei()
    sets["course_image"] = [training_images.Sample("nuclei", image, truth)]
    return used[::TUNE_EVERY], {name: samples for name, samples in sets.items() if samples}


def evaluate(segment, samples, description):
    """Segment every sample and compare with its annotation; returns a dict for JSON."""
    images, truth = [s.image for s in samples], [s.labels for s in samples]
    predicted = [segment(image).astype(np.int32) for image in tqdm(images, desc=description)]
    bright = [methods.nuclei_bright(image) for image in images]
    return scoring.scores_of(truth, predicted) | {
        "uncertainty": scoring.uncertainty_of(truth, predicted),
        "errors": scoring.errors_of(truth, predicted),
        "examples": scoring.examples_of(truth, predicted, bright),
        "most_false": scoring.most_false_of(truth, predicted, bright),
        **scoring.groups_of(truth, predicted),
    }


def withheld(name):
    """Folder with a model from before it saw the held-out families; None if it is not there."""
    folder = Path("build") / "training" / name / "withheld"
    return folder if (folder / name).is_dir() else None


def score(name, build, sets, earlier):
    """Scores of one method on all sets, {set: table}.

    build : function of an optional folder, as in `methods`, or of nothing
    earlier : dict
        What an earlier run found; its row of the held-out families stays where the model that
        never saw them is no longer there.
    """
    segment = build()
    tables = {}
    for set_name, samples in sets.items():
        method = segment
        if set_name == FAMILIES and name in LEARNED_LATER:
            if withheld(name) is None:
                print(f"{name} on {FAMILIES}: the row stays, as only training makes that model.")
                tables |= {FAMILIES: earlier[FAMILIES]} if FAMILIES in earlier else {}
                continue
            method = build(withheld(name))
        tables[set_name] = evaluate(method, samples, f"{name} on {set_name}")
    return tables


def machine():
    """What the times were measured on."""
    return {
        "threads": torch.get_num_threads(),
        "processor": platform.machine(),
        "gpu": torch.cuda.get_device_name(0) if torch.cuda.is_available() else "none",
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--official", action="store_true", help="download published models too")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="score these, keep other rows")
    asked = parser.parse_args()

    tuned_on, sets = read_sets()
    path = RESULTS / "otsu_watershed.json"
    if not asked.only or "otsu_watershed" in asked.only:
        write_json(path, otsu_watershed.tune([(s.image, s.labels) for s in tuned_on]))
    measure = methods.classical(json.loads(path.read_text()))
    builders = {
        "otsu_watershed": lambda: measure,
        "stardist_nuclei": methods.stardist_nuclei,
        "cellpose_nuclei": methods.cellpose_nuclei,
    }
    own = (*builders, "cellpose_cells")  # scored by evaluate_diameters, timed here
    for name, build in OFFICIAL.items() if asked.official else ():
        builders[name] = lambda build=build: build(measure)
    if asked.only:
        builders = {name: build for name, build in builders.items() if name in asked.only}

    path = RESULTS / "scores.json"
    # Rows of published models, and of those not asked for, stay from when they were last run.
    scores = json.loads(path.read_text()) if path.exists() else {}
    for name, build in builders.items():
        try:
            scores[name] = score(name, build, sets, scores.get(name, {}))
        except methods.OfficialModelError as error:
            print(error)
            continue
        write_json(path, scores)
        for set_name, table in scores[name].items():
            print(f"{name} on {set_name}: AP {table['ap']}")
    truth = [sample.labels for sample in sets["dsb2018_test"]]
    limit = scoring.scores_of(truth, [methods.polygons_of(labels) for labels in truth])
    write_json(RESULTS / "polygon_limit.json", limit)
    path = RESULTS / "speed.json"
    measured = json.loads(path.read_text()) if path.exists() else {}
    asked_for = asked.only or own
    measured |= machine() | {name: speed.measure(name) for name in own if name in asked_for}
    write_json(path, measured)


if __name__ == "__main__":
    main()
