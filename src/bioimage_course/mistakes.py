"""The course's names for mistakes: what became of every annotated and of every predicted object.

An annotated object is found, merged, split, missed or badly outlined; a predicted one with hardly
anything below it is a ghost. (Cut, straight edges where tiles meet, is seen and not computed.)
StarDist's own matching decides what is found, so the counts add up to its TP, FP and FN.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from skimage.segmentation import relabel_sequential
from stardist.matching import label_overlap, matching

IOU_THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9)  # where the course asks for more than one
KINDS = ("found", "merged", "split", "missed", "badly outlined", "ghost")
MOST = 0.5  # more than this part of an object lies in another: it lies mostly in it
HARDLY = 0.25  # less than this part: it hardly lies in it


@dataclass(frozen=True)
class Mistakes:
    """Names by the objects' numbers in the two label images, and the pairs that fit."""

    annotated: dict  # {number: "found", "merged", "split", "missed" or "badly outlined"}
    predicted: dict  # {number: "found", "ghost", "merged", "split" or "badly outlined"}
    pairs: dict  # {annotated number: predicted number} of those that are found

    @property
    def counts(self):
        """How many annotated objects bear each name, and how many predicted ones are ghosts."""
        names = Counter(self.annotated.values())
        names["ghost"] = list(self.predicted.values()).count("ghost")
        return {kind: names[kind] for kind in KINDS}

    def annotated_as(self, *kinds):
        """Numbers of the annotated objects with one of these names."""
        return [number for number, kind in self.annotated.items() if kind in kinds]

    def predicted_as(self, *kinds):
        """Numbers of the predicted objects with one of these names."""
        return [number for number, kind in self.predicted.items() if kind in kinds]


def mistakes(truth, predicted, *, min_iou=0.5):
    """Name what became of every object. Of several names that fit, the first one counts.

    found
        An annotated and a predicted object fit: their IoU is at least `min_iou`.
    ghost
        Less than a quarter of a predicted object lies on annotated ones.
    merged
        More than half of an annotated object lies in a predicted one, and so does more than half
        of another.
    split
        Several predicted objects lie in an annotated one, each with more than half of itself.
    missed
        Less than a quarter of an annotated object is covered.
    badly outlined
        None of these.

    Parameters
    ----------
    truth, predicted : integer arrays of the same shape
        Label images; 0 is background. Numbers may have gaps.
    min_iou : float in (0, 1]
        As `thresh` of `stardist.matching.matching`, which chooses the pairs.

    Returns
    -------
    Mistakes

    Raises
    ------
    ValueError
        If the shapes differ, or these are no label images.
    """
    score = matching(truth, predicted, thresh=min_iou, report_matches=True)
    pairs = dict(score.matched_pairs[index] for index in score.matched_tps)

    rows, _, of_row = relabel_sequential(truth)  # numbers without gaps
    columns, _, of_column = relabel_sequential(predicted)
    overlap = label_overlap(rows, columns).astype(float)
    part_of_annotated = (overlap[1:] / overlap[1:].sum(axis=1, keepdims=True))[:, 1:]
    part_of_predicted = (overlap[:, 1:] / overlap[:, 1:].sum(axis=0, keepdims=True))[1:]
    annotated = of_row[np.arange(1, len(overlap))]
    objects = of_column[np.arange(1, overlap.shape[1])]

    held = part_of_annotated > MOST
    holds_several = held.sum(axis=0) > 1
    pieces = part_of_predicted > MOST
    in_pieces = pieces.sum(axis=1) > 1
    names = np.select(
        [
            np.isin(annotated, list(pairs)),
            (held & holds_several).any(axis=1),
            in_pieces,
            part_of_annotated.sum(axis=1) < HARDLY,
        ],
        ["found", "merged", "split", "missed"],
        "badly outlined",
    )
    names_of_predicted = np.select(
        [
            np.isin(objects, list(pairs.values())),
            part_of_predicted.sum(axis=0) < HARDLY,
            holds_several,
            (pieces & in_pieces[:, None]).any(axis=0),
        ],
        ["found", "ghost", "merged", "split"],
        "badly outlined",
    )
    return Mistakes(
        dict(zip(annotated.tolist(), names.tolist(), strict=True)),
        dict(zip(objects.tolist(), names_of_predicted.tolist(), strict=True)),
        pairs,
    )
