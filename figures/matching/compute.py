"""The five objects of the matching figure: where they lie, and what StarDist's scores say of them.

The states in `STATES` are what a reader can make in the figure. Each has the edits that lead there
and, independently, the boxes that must then be in the label image: the figure's own functions are
tested against StarDist's matching with them.
"""

from pathlib import Path

import numpy as np
from stardist.matching import matching

from bioimage_course.mistakes import mistakes
from figures._shared.files import plain, store, write
from figures.matching_by_hand.draw import COLUMNS, NUCLEI, OBJECTS, ROWS, labels

HERE = Path(__file__).parent

THRESHOLDS = [percent / 100 for percent in range(50, 100, 5)]
START = {name: [box] for name, (box, *_) in OBJECTS.items()}
SCORES = {"precision": "precision", "recall": "recall", "f1": "f1", "ap": "accuracy",
          "pq": "panoptic_quality"}  # fmt: skip


def changed(**objects):
    """The five objects with some of them changed, painted last; None removes one."""
    kept = {name: boxes for name, boxes in START.items() if name not in objects}
    return kept | {name: boxes for name, boxes in objects.items() if boxes}


# Edits are [action, object, rows down, columns right]; a state's objects are boxes by letter.
STATES = {
    "start": ([], START),
    "exact_b": ([["move", "B", 0, -1]], changed(B=[(1, 8, 4, 4)])),
    "right_e": ([["move", "E", 0, -2]], changed(E=[(7, 11, 4, 4)])),
    "wide_a": ([["wider", "A"]], changed(A=[(1, 1, 4, 5)])),
    "half_a": ([["narrower", "A"], ["narrower", "A"]], changed(A=[(1, 1, 4, 2)])),
    "low_a": ([["taller", "A"], ["shorter", "A"], ["shorter", "A"]], changed(A=[(1, 1, 3, 4)])),
    "no_c": ([["delete", "C"]], changed(C=None)),
    "split_d": ([["split", "D"]], changed(F=[(7, 5, 4, 4)], D=[(7, 1, 4, 4)])),
    "merged_ad": ([["merge", "A"]], changed(D=None, A=[(1, 1, 4, 4), (7, 1, 4, 8), (5, 3, 2, 1)])),
    "merged_bc": (
        [["merge", "B"]], changed(C=None, B=[(1, 9, 4, 4), (1, 14, 4, 4), (3, 13, 1, 1)]),
    ),
    "one_more": ([["add", None]], START | {"F": [(0, 5, 4, 4)]}),
    "covered": ([["move", "C", 0, -5]], changed(C=[(1, 9, 4, 4)])),
    "at_the_border": ([["move", "C", -9, 9], ["wider", "C"]], changed(C=[(0, 14, 4, 5)])),
    "all_right": (
        [["move", "B", 0, -1], ["move", "E", 0, -2], ["narrower", "D"], ["narrower", "D"],
         ["narrower", "C"], ["narrower", "C"], ["move", "C", 6, -7]],
        {"A": START["A"], "B": [(1, 8, 4, 4)], "E": [(7, 11, 4, 4)], "D": [(7, 1, 4, 6)],
         "C": [(7, 7, 4, 2)]},
    ),
    "nothing": ([["delete", name] for name in OBJECTS], {}),
}  # fmt: skip


def paint(objects):
    """Label image of objects, the last one on top; A is 1."""
    image = np.zeros((ROWS, COLUMNS), int)
    for name, boxes in objects.items():
        for box in boxes:
            image[labels([box], image.shape) > 0] = ord(name) - 64
    return image


def score(truth, found, thresh=0.5):
    result = matching(truth, found, thresh=thresh)
    return {"tp": result.tp, "fp": result.fp, "fn": result.fn} | {
        short: getattr(result, name) for short, name in SCORES.items()
    }


def compute():
    """Scores of every state at IoU 0.5, for the pages."""
    truth = labels(NUCLEI, (ROWS, COLUMNS))
    return {name: score(truth, paint(objects)) for name, (_, objects) in STATES.items()}


def figure_data():
    boxes = {name: list(box) for name, (box, *_) in OBJECTS.items()}
    return {"rows": ROWS, "columns": COLUMNS, "nuclei": list(NUCLEI), "objects": boxes}


def fixture():
    """Label images of the states and random ones; StarDist's scores, and names at IoU 0.5."""
    truth = labels(NUCLEI, (ROWS, COLUMNS))
    random = np.random.default_rng(0)
    pairs = [(edits, truth, paint(objects)) for edits, objects in STATES.values()]
    for _ in range(12):  # boxes anywhere: many more pairs near a threshold
        corners = random.integers(0, (ROWS - 4, COLUMNS - 5), (7, 2))
        boxes = [(top, left, *random.integers(2, 6, 2)) for top, left in corners]
        moved = [(box[0] + random.integers(0, 2), box[1], *box[2:]) for box in boxes]
        pairs.append((None, labels(boxes, truth.shape), labels(moved, truth.shape)))
    twins = labels([(0, 0, 4, 4), (0, 4, 4, 4)], truth.shape)  # one object fits both, at 0.5
    pairs.append((None, twins, (twins > 0).astype(int)))
    three = labels([(0, 0, 4, 4), (0, 4, 4, 4), (6, 0, 4, 4)], truth.shape)
    for objects in ([(0, 0, 2, 8), (6, 3, 4, 4)], [(0, 0, 3, 8), (6, 3, 4, 5)]):
        pairs.append((None, three, labels(objects, truth.shape)))  # half and a quarter, and beyond
    cases = [
        {"edits": edits, "truth": as_text(true), "found": as_text(found),
         "scores": [score(true, found, thresh) for thresh in THRESHOLDS],
         "names": names(true, found)}
        for edits, true, found in pairs
    ]  # fmt: skip
    return {"thresholds": THRESHOLDS, "cases": plain(cases)}


def names(truth, found):
    """What became of each nucleus and of each object, in the order of their numbers."""
    named = mistakes(truth, found)
    return {"nuclei": list(named.annotated.values()), "objects": list(named.predicted.values())}


def as_text(image):
    """One digit a pixel."""
    return "".join(map(str, image.ravel()))


def main():
    write(HERE, compute())
    store(HERE / "page.json", plain(figure_data()))
    store(HERE / "answers.json", fixture())


if __name__ == "__main__":
    main()
