"""The lab scores and names mistakes as `bioimage_course.mistakes` and StarDist's matching do."""

import json

import numpy as np
import pytest
from scipy.ndimage import shift
from stardist.matching import matching

from bioimage_course import data
from bioimage_course.mistakes import mistakes
from course_build import ROOT
from course_build.programs import node, run


def spoilt(truth, seed):
    """A prediction with every kind of mistake: moved, merged, split, lost and invented objects."""
    random = np.random.default_rng(seed)
    labels = shift(truth, random.integers(-5, 6, 2), order=0)
    numbers = np.unique(labels[labels > 0])
    for number in random.choice(numbers, 12, replace=False):
        labels[labels == number] = random.choice(numbers)
    for number in random.choice(numbers, 12, replace=False):
        rows, columns = np.nonzero(labels == number)
        left = columns < np.median(columns) if len(columns) else columns
        labels[rows[left], columns[left]] = labels.max() + 1
    labels[np.isin(labels, random.choice(numbers, 6))] = 0
    for _ in range(5):
        y, x = random.integers(0, 480, 2)
        labels[y : y + 9, x : x + 9] = labels.max() + 1
    return labels


def hand_made():
    """Two halves of one object, exactly alike; the same objects; none at all on one side."""
    truth = np.zeros((20, 24), int)
    truth[2:6, 2:10] = 3
    halves = np.zeros_like(truth)
    halves[2:6, 2:6], halves[2:6, 6:10] = 7, 5
    nothing = np.zeros_like(truth)
    return [(truth, halves), (halves, truth), (truth, truth), (truth, nothing), (nothing, truth)]


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    """Pairs of label images, and what the page says of each."""
    _, truth = data.nuclei()
    cases = [(truth, spoilt(truth, seed)) for seed in range(4)] + hand_made()
    folders = []
    for pair in cases:
        folders.append(tmp_path_factory.mktemp("pair"))
        for name, labels in zip(("truth", "predicted"), pair, strict=True):
            labels.astype(np.int32).tofile(folders[-1] / f"{name}.raw")
    script = ROOT / "tests" / "lab" / "score_files.mjs"
    printed = run([node(), script, *folders], "nothing is scored").splitlines()
    return list(zip(cases, map(json.loads, printed), strict=True))


def test_every_object_bears_the_name_that_the_course_gives_it(scored):
    for (truth, predicted), page in scored:
        course = mistakes(truth, predicted)
        assert page["counts"] == course.counts
        assert dict(page["annotated"]) == course.annotated
        names, ours = dict(page["predicted"]), course.predicted
        if len(ours) == 2:  # two halves that fit equally well: either may be the one
            assert sorted(names.values()) == sorted(ours.values())
        else:
            assert names == ours


def test_the_spoilt_images_hold_every_kind_of_mistake(scored):
    for kind in ("found", "merged", "split", "missed", "badly outlined", "ghost"):
        assert any(page["counts"][kind] > 0 for _, page in scored[:4]), kind


def test_the_scores_are_those_of_stardist(scored):
    for (truth, predicted), page in scored:
        for iou, value in page["scores"]["AP"].items():
            expected = matching(truth, predicted, thresh=float(iou)).accuracy
            assert value == pytest.approx(expected), iou
        at_half = matching(truth, predicted, thresh=0.5)
        assert page["scores"]["F1"] == pytest.approx(at_half.f1)
        assert page["scores"]["PQ"] == pytest.approx(at_half.panoptic_quality)
