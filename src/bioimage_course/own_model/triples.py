"""What people drew and what a method found, put together by the names of the files, to be scored.

Nothing is left out in silence: a field without a partner, or with a mask for labels, says so.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bioimage_course import check, folder, label_faults
from bioimage_course.own_model.label_files import OUTLINES, read_labels
from bioimage_course.own_model.pairs import bare_name
from bioimage_course.reading.refusal import short


@dataclass
class Triple:
    """One field; `what` says why it cannot be scored, or nothing."""

    name: str
    truth: np.ndarray | None = None  # (Y, X): what people drew, numbered from 1 without gaps
    found: np.ndarray | None = None  # (Y, X): what the method found, numbered likewise
    image: np.ndarray | None = None  # (Y, X); None where no folder of images was given
    what: str = ""


def read_triples(drawn, found, images=None, *, own_pickles=False):
    """Every field of two folders of label files, ready to be scored.

    Mind the order: exchanged, precision and recall change places without a word.

    Parameters
    ----------
    drawn, found : path
        Folders with label images, zips of ROIs or GeoJSON: what people drew, what a method found.
        Files belong together by their names; endings such as _masks do not count.
    images : path, optional
        Folder of the images, which a score does not need and a picture does. Outlines need it, too,
        unless the other side is a label image.
    own_pickles : bool
        As in `read_labels`.

    Returns
    -------
    list of Triple
        Sorted by name. Fields without any object are among them.

    Raises
    ------
    ValueError
        If a folder is missing or empty, or both are the same one.
    """
    if Path(drawn).resolve() == Path(found).resolve():
        raise ValueError(
            f"Both folders are {drawn}: give the one with what people drew, then the results."
        )
    sides = [_by_name(place) for place in (drawn, found)]
    shown = _by_name(images) if images else {}
    triples = []
    for name in sorted(sides[0].keys() | sides[1].keys()):
        triple = Triple(name)
        paths = [side.get(name) for side in sides]
        if None in paths:
            place = (drawn, found)[paths.index(None)]
            triple.what = f"No file of this name lies in {Path(place).name}."
        else:
            _fill(triple, paths, shown.get(name), own_pickles)
        triples.append(triple)
    return triples


def _by_name(place):
    """{name without endings: path} of the files in a folder that may be images or outlines."""
    place = Path(place)
    try:
        paths = folder.find(place)
    except ValueError:
        if not place.is_dir():
            raise
        paths = []
    more = (path for path in place.rglob("*") if path.name.lower().endswith((*OUTLINES, ".npy")))
    paths = sorted({*paths, *(path for path in more if path.is_file())})
    if not paths:
        raise ValueError(f"No label file lies in {place}: give the folder in which they lie.")
    return {bare_name(path.relative_to(place)): path for path in paths}


def _fill(triple, paths, image_path, own_pickles):
    """Read what belongs to a field, or say what keeps it from being scored."""
    try:
        if image_path is not None:
            triple.image, _ = folder.read(image_path, 0)
        shape = None if triple.image is None else triple.image.shape
        # Label images first: they tell outlines how large the field is.
        order = sorted((0, 1), key=lambda side: paths[side].name.lower().endswith(OUTLINES))
        labels = {}
        for side in order:
            labels[side] = _checked(paths[side], shape, ("The annotation", "The result")[side],
                                    own_pickles)  # fmt: skip
            shape = labels[side].shape
        triple.truth, triple.found = labels[0], labels[1]
    except (ValueError, OSError, MemoryError) as problem:
        triple.what = str(problem) or short(problem, paths[0])


def _checked(path, shape, whose, own_pickles):
    """A label image, numbered from 1 without gaps, as every count of objects takes it."""
    from skimage.segmentation import relabel_sequential

    if shape is None and path.name.lower().endswith(OUTLINES):
        raise ValueError("Outlines do not say how large the field is: give the folder of images.")
    labels = np.asarray(read_labels(path, shape, own_pickles=own_pickles))
    labels = check.label_image(labels, shape, name=whose)
    fault = label_faults.first_fault(labels) if labels.any() else None
    if fault:
        raise ValueError(f"{whose}: {fault.what}. {fault.mend}.")
    return relabel_sequential(labels.astype(np.int64))[0]
