"""Score the course's models on the images they never saw, and write training/results/scores.json.

    python training/evaluate.py

Every model runs with the thresholds it ships with. Objects of all test images are pooled. AP is
the 2018 Data Science Bowl's TP / (TP + FP + FN) at one IoU, which `stardist.matching` calls
`accuracy`: not the area under a precision–recall curve.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import numpy as np
import torch
from cellpose.models import CellposeModel
from csbdeep.utils import normalize
from skimage.io import imread
from stardist.matching import matching_dataset
from stardist.models import StarDist2D
from tqdm import tqdm

from bioimage_course import WEIGHTS, data
from export import RESULTS, write_json
from train_cellpose import nuclei_bright

IOU_THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9)
TEST_SETS = {
    "stardist_nuclei": ["dsb2018"],
    "cellpose_nuclei": ["dsb2018", "dsb2018_brightfield"],
}


def stardist_nuclei():
    model = StarDist2D(None, name="stardist_nuclei", basedir=str(WEIGHTS))
    return lambda image: model.predict_instances(normalize(image, 1, 99.8))[0]


def cellpose_nuclei():
    model = CellposeModel(
        gpu=torch.cuda.is_available(), pretrained_model=str(WEIGHTS / "cellpose_nuclei" / "model")
    )
    return lambda image: model.eval(nuclei_bright(image), channels=[0, 0])[0]


def score(segment, pairs, description):
    """Segment every image of `pairs` (paths) and compare with its mask; returns a dict for JSON."""
    truth, predicted = [], []
    for image_path, mask_path in tqdm(pairs, desc=description):
        truth.append(imread(mask_path).astype(np.int32))
        predicted.append(segment(imread(image_path)).astype(np.int32))
    return scores_of(truth, predicted)


def scores_of(truth, predicted):
    """Pooled scores of label images, a key for each IoU: {"ap": {"iou50": …}, "f1": …, …}."""
    # One row per threshold, objects of all images counted together.
    rows = matching_dataset(truth, predicted, thresh=IOU_THRESHOLDS, show_progress=False)
    per_iou = {f"iou{round(100 * row.thresh)}": row for row in rows}
    names = {
        "ap": "accuracy", "precision": "precision", "recall": "recall", "f1": "f1",
        "pq": "panoptic_quality",
    }  # fmt: skip
    table = {
        ours: {key: round(float(getattr(row, theirs)), 4) for key, row in per_iou.items()}
        for ours, theirs in names.items()
    }
    table["ap"]["mean"] = round(float(np.mean([row.accuracy for row in rows])), 4)
    counts = {"images": len(truth), "objects": rows[0].n_true, "predicted": rows[0].n_pred}
    return counts | table


def main():
    scores = {}
    for name, build in {
        "stardist_nuclei": stardist_nuclei,
        "cellpose_nuclei": cellpose_nuclei,
    }.items():
        if not (WEIGHTS / name / "SHA256SUMS").exists():
            print(f"No weights for {name} yet: run training/train_{name.split('_')[0]}.py first.")
            continue
        segment, scores[name] = build(), {}
        for test_set in TEST_SETS[name]:
            try:
                pairs = data.pairs(data.fetch(test_set), "test")
            except data.DataError as error:
                print(f"{name} is not scored on {test_set}. {error}")
                continue
            table = score(segment, pairs, f"{name} on {test_set}")
            scores[name][f"{test_set}_test"] = table
            print(name, test_set, "AP", table["ap"])
    write_json(RESULTS / "scores.json", scores)


if __name__ == "__main__":
    main()
