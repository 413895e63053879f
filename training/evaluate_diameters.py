"""Score both Cellpose models with diameters that are measured, a little wrong, or not given.

    python training/evaluate_diameters.py                        # both
    python training/evaluate_diameters.py --only cellpose_cells  # this one; the other's rows stay

Writes training/results/diameters.json. The measured diameter is the median of the annotated
objects of the image, which is what you get when you measure a few of them. Whole cells are scored
with the cell channel alone and, where there is one, with the nucleus channel too. Only the fields
of phase contrast were outlined by hand: against masks that a program drew, the number is an
agreement, not an accuracy.
"""

import argparse
import json

import numpy as np
from tqdm import tqdm

from bioimage_course import data
from training import methods, scoring, training_cells, training_images
from training.export import RESULTS, write_json
from training.training_images import Sample

# Times the measured diameter; None: no diameter, so the image is used at the size it has.
FACTORS = {"measured": 1.0, "none": None, "0.7": 0.7, "0.75": 0.75, "1.25": 1.25, "1.4": 1.4}


def nuclei():
    return {"dsb2018_test": training_images.read("dsb2018", "test")}


def cells():
    """Sets of whole cells by name; those that cannot be had are named and left out."""
    image, truth = data.cells()
    sets = {"course_cells": [Sample("cells", image, truth)]}
    for name, read in (
        ("usiigaci_test", lambda: training_cells.fields("usiigaci_t98g", "test")),
        ("kc167_pos002", lambda: training_cells.fields("kc167_actin_dna", "test")),
        ("jump_right", training_cells.jump_to_compare),
    ):
        try:
            sets[name] = read()
        except data.DataError as error:
            print(f"Not scored on {name}. {error}")
    return sets


MODELS = {
    "cellpose_nuclei": (methods.cellpose_nuclei, nuclei),
    "cellpose_cells": (methods.cellpose_cells, cells),
}


def channels_of(samples):
    """What of the images a model is shown: {name: function of an image}."""
    if samples[0].image.shape[0] == 2 and samples[0].image.ndim == 3:
        return {"both": lambda image: image, "one": lambda image: image[0]}
    return {"one": lambda image: image}


def score(segment, samples, description):
    """Scores at every diameter and with every choice of channels, a dict for JSON."""
    truth = [sample.labels for sample in samples]
    table = {}
    for channels, choose in channels_of(samples).items():
        for name, factor in FACTORS.items():
            predicted = []
            for sample in tqdm(samples, desc=f"{description}, {channels}, diameter {name}"):
                measured = scoring.describe(sample.labels)[0]
                diameter = factor * measured if factor and measured else None
                labels = segment(choose(sample.image), diameter=diameter)
                predicted.append(labels.astype(np.int32))
            scored = scoring.scores_of(truth, predicted)
            table.setdefault(channels, {})[name] = {
                key: scored[key] for key in ("images", "objects", "predicted", "ap")
            } | {"uncertainty": scoring.uncertainty_of_parts(truth, predicted)}
            print(f"{description}, {channels}, diameter {name}: AP {scored['ap']}")
    return table


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=MODELS, help="score this model, keep the other's rows")
    only = parser.parse_args().only
    path = RESULTS / "diameters.json"
    tables = json.loads(path.read_text()) if path.exists() else {}
    for model, (build, read) in MODELS.items():
        if only in (None, model):
            segment = build()
            tables[model] = {
                name: score(segment, samples, f"{model} on {name}")
                for name, samples in read().items()
            }
            write_json(path, tables)


if __name__ == "__main__":
    main()
