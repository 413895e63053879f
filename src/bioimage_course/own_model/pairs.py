"""Image and labels belong together by their names; what is wrong with a pair is said, with a mend.

Nothing is left out in silence: every file has a row in the table.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bioimage_course import check, folder, label_faults
from bioimage_course.contrast import scaled
from bioimage_course.own_model.label_files import OUTLINES, read_labels
from bioimage_course.reading.kinds import ENDINGS
from bioimage_course.reading.refusal import short

#: What programs add to the name of an image for its labels, after _ or - or a space.
ADDED = re.compile(
    r"[ _.-]+(cp[_-]?masks?|masks?|labels?|lbl|seg|rois?|roiset|annotations?|truth|gt)$", re.I
)
#: What checks advise to hand over; in the form it is a line for my_mend.
AS_ARGUMENT = re.compile(r"pass (labels\S*( 0\])?|skimage\.measure\.label)(\(mask\))?\.?$")
BEFORE = re.compile(r"^roiset[ _.-]+", re.I)
IMAGE_FOLDERS, LABEL_FOLDERS = ("images", "image"), ("labels", "label", "masks", "mask", "rois")
MODELS = "models"  # in the reader's folder: there the new models lie
NO_LABELS = ("No labels have its name", "annotate it, or save its labels as NAME_masks.tif")
NO_IMAGE = ("No image has its name", "put the image beside it, under the same name")


@dataclass
class Pair:
    """An image and its labels; `what` is wrong with them, and what to `do`, or nothing."""

    name: str
    image_path: Path | None
    labels_path: Path | None
    image: np.ndarray | None = None
    labels: np.ndarray | None = None
    what: str = ""
    do: str = ""
    notes: list[str] = field(default_factory=list)

    @property
    def objects(self):
        """How many objects are annotated."""
        return np.unique(self.labels[self.labels > 0]).size

    def refuse(self, what, do):
        """Leave this pair out, and say why."""
        self.what, self.do = what.rstrip("."), do.rstrip(".")


# --- Find ---------------------------------------------------------------------------------------


def find_pairs(place):
    """All images and label files of a folder, put together by their names.

    Labels lie in a folder of their own, called labels or masks, under the images' names; or beside
    the images, with _masks, -labels, _cp_masks, _seg.npy or the like added to the name; or they are
    a zip of ROIs, or GeoJSON.

    Parameters
    ----------
    place : path

    Returns
    -------
    list of Pair
        Sorted by name; nothing has been read yet. One without a partner says so.

    Raises
    ------
    ValueError
        If there is no such folder, or no image in it.
    """
    place = Path(place)
    images, labels = {}, {}
    for path in sorted({*folder.find(place, place / MODELS), *_outlines(place)}):
        is_labels, key = _key(path.relative_to(place))
        (labels if is_labels else images).setdefault(key, []).append(path)
    pairs, beside = [], _beside(place)
    for key in sorted(images.keys() | labels.keys()):
        of_image, of_labels = images.get(key, []), labels.get(key, [])
        first = (of_image or of_labels)[0]
        name = folder.as_text(first.relative_to(place))
        name = re.sub(f"^({'|'.join(IMAGE_FOLDERS)})/", "", name)
        pair = Pair(name, *((several or [None])[0] for several in (of_image, of_labels)))
        for several, kind in ((of_image, "images"), (of_labels, "label files")):
            if len(several) > 1:
                names = ", ".join(path.name for path in several)
                pair.refuse(f"{len(several)} {kind} have this name: {names}", "keep one of them")
        if not of_labels or not of_image:
            pair.refuse(*(NO_IMAGE if of_labels else NO_LABELS))
        if not of_labels and key in beside:
            pair.what += f"; {beside[key]} is of a kind that is not read here"
        pairs.append(pair)
    return pairs


def _beside(place):
    """{name shared with an image: file} of what may hold labels in a way that nobody reads here."""
    read = {*ENDINGS, *OUTLINES}
    return {
        _key(path.relative_to(place).with_suffix(""))[1]: path.name
        for path in sorted(place.rglob("*"))
        if path.suffix and path.suffix.lower() not in read and path.is_file()
        if not any(part.startswith(".") for part in path.relative_to(place).parts)
    }


def _outlines(place):
    """Label files that are no images."""
    for path in place.rglob("*"):
        apart = any(
            part.startswith(".") or part == MODELS for part in path.relative_to(place).parts
        )
        kind = path.suffix.lower() in OUTLINES or path.name.endswith("_seg.npy")
        if kind and path.is_file() and not apart:
            yield path


def bare_name(relative):
    """The name that label files share with their image, without folders and what programs add."""
    return _key(Path(relative.name))[1]


def _key(relative):
    """Whether a file holds labels, and the name that it shares with its image."""
    parts = [part.lower() for part in relative.parts[:-1]]
    in_labels = any(part in LABEL_FOLDERS for part in parts)
    kept = [part for part in parts if part not in (*IMAGE_FOLDERS, *LABEL_FOLDERS)]
    name, is_outline = relative.name, relative.suffix.lower() in (*OUTLINES, ".npy")
    while Path(name).suffix.lower() in (*ENDINGS, *OUTLINES, ".ome"):
        name = Path(name).stem
    bare = BEFORE.sub("", ADDED.sub("", name)) if not in_labels else ADDED.sub("", name)
    is_labels = in_labels or is_outline or bare != name
    return is_labels, "/".join([*kept, bare if is_labels else name])


# --- Read and look ------------------------------------------------------------------------------


def read_pairs(pairs, *, channel=None, own_pickles=False, mend=None, smallest=64):
    """Read every pair and look for faults; what is found is noted in the pair.

    Parameters
    ----------
    pairs : list of Pair
        As `find_pairs` returns it.
    channel : int, optional
        For images that have several, counted from 0.
    own_pickles : bool
        As in `read_labels`.
    mend : function (name, labels) -> labels, optional
        The reader's own lines, which mend label images before anything looks at them.
    smallest : int
        Pixels a side that an image must have.

    Returns
    -------
    list of Pair
        Those that can be trained with.
    """
    from tqdm import tqdm

    for pair in tqdm([pair for pair in pairs if not pair.what], unit="pair"):
        try:
            pair.image, _ = folder.read(pair.image_path, channel)
            pair.labels = read_labels(pair.labels_path, pair.image.shape, own_pickles=own_pickles)
            if mend is not None:
                pair.labels = np.asarray(mend(pair.name, pair.labels))
            _look(pair, smallest)
        except folder.Unreadable as problem:
            pair.refuse(problem.what, problem.do)
        except MemoryError:
            pair.refuse("It does not fit in memory", "cut crops out of it, and annotate those")
        except OSError as problem:
            pair.refuse(f"It cannot be read ({short(problem, pair.image_path)})", "copy it again")
    _look_for_mix_ups(pairs)
    return [pair for pair in pairs if not pair.what]


def _look(pair, smallest):
    """Look at one pair on its own."""
    try:
        check.labels(pair.labels, pair.image, tool="StarDist")
        scaled(pair.image)
    except folder.Unreadable:
        raise
    except ValueError as problem:
        what, _, do = str(problem).partition(". ")
        if ": " in what and not do:
            what, _, do = what.partition(": ")
        do = AS_ARGUMENT.sub(_as_a_line, do)
        pair.refuse(what, do or "look at it in Fiji")
        return
    if min(pair.image.shape) < smallest:
        rows, columns = pair.image.shape
        pair.refuse(
            f"It has {columns} × {rows} px, less than {smallest} px a side",
            "annotate a larger crop; training cuts squares out of it",
        )
    pair.notes = label_faults.notes(pair.labels)
    if pair.labels.min() < 0:
        pair.notes.insert(0, "−1 for “not annotated”: for StarDist only")
    pair.labels = label_faults.in_a_row(pair.labels)


def _as_a_line(found):
    return f"labels = {found[1].rstrip('.')}{'(labels)' if found[3] else ''}"


def _look_for_mix_ups(pairs):
    """Image and labels in each other's place; labels of another image of the folder."""
    read = [pair for pair in pairs if pair.image is not None and np.ndim(pair.labels) == 2]
    for pair in [pair for pair in read if pair.what]:
        if pair.labels.shape == pair.image.shape and _are_labels(pair.image):
            pair.refuse(
                "Image and labels are swapped: the numbers of objects stand in the image",
                "exchange the names of the two files",
            )
    for same in _of_one_shape(read):
        fits = _agreements([pair.labels for pair in same], [pair.image for pair in same])
        for pair, row, own in zip(same, fits, fits.diagonal(), strict=True):
            enough = max(2 * label_faults.FITS, own + label_faults.GAINS)
            if own < label_faults.FITS and row.max() > enough:
                best = same[int(row.argmax())].name
                pair.refuse(f"These labels fit another image: {best}", "give each its own name")


def _of_one_shape(pairs):
    """Lists of pairs whose images and labels have one and the same shape."""
    shapes = {}
    for pair in pairs:
        if pair.labels.shape == pair.image.shape:
            shapes.setdefault(pair.image.shape, []).append(pair)
    return shapes.values()


def _agreements(labels, images):
    """How well each label image (rows) fits each image: from 0 to 1, on every few pixels."""
    step = max(1, max(images[0].shape) // 128)
    rows = [
        np.stack([_standard(array[::step, ::step]) for array in several])
        for several in ([one > 0 for one in labels], images)
    ]
    return abs(rows[0] @ rows[1].T) / rows[0].shape[1]


def _standard(array):
    """The numbers of an array with the mean 0 and the spread 1."""
    flat = array.ravel().astype(np.float64)
    flat -= flat.mean()
    return flat / (flat.std() or 1)


def _are_labels(image):
    """Whether an image holds numbers of objects."""
    if image.dtype.kind not in "ui" or not image.any() or np.mean(image == 0) < 0.2:
        return False
    image = image.astype(np.int64)
    return np.unique(image).size > 2 and label_faults.first_fault(image) is None


# --- Show ---------------------------------------------------------------------------------------


def table(pairs):
    """What became of every pair: pandas.DataFrame, one row a pair.

    Columns: image, labels (the file's name), result ("used" or "left out"), objects, what is the
    matter and what to do.
    """
    import pandas as pd

    rows = [
        (
            pair.name,
            pair.labels_path.name if pair.labels_path else "",
            "left out" if pair.what else "used",
            None if pair.what else pair.objects,
            pair.what or "; ".join(pair.notes[:2]) + (" …" if len(pair.notes) > 2 else ""),
            pair.do,
        )
        for pair in pairs
    ]
    columns = ["image", "labels", "result", "objects", "what is the matter", "what to do"]
    return pd.DataFrame(rows, columns=columns).astype({"objects": "Int64"})


def contact_sheet(pairs, columns=4, most=16):
    """Small pictures of the pairs with the outlines of their labels.

    Parameters
    ----------
    pairs : list of Pair
        Those that were read.
    columns : int
    most : int
        More are not drawn.

    Returns
    -------
    matplotlib.figure.Figure
    """
    import matplotlib.pyplot as plt

    from bioimage_course import show

    pairs = pairs[:most]
    rows = -(-len(pairs) // columns)
    figure, panels = plt.subplots(rows, columns, figsize=(8, 2.15 * rows), squeeze=False)
    for panel in panels.flat:
        panel.set_axis_off()
    for panel, pair in zip(panels.flat, pairs, strict=False):
        low, high = np.percentile(pair.image, (1, 99.8))
        panel.imshow(pair.image, cmap="gray", vmin=low, vmax=max(high, low + 1e-9))
        show.outlines(panel, np.maximum(pair.labels, 0), color=show.TRUTH)
        panel.set_title(Path(pair.name).stem[-18:], fontsize=12)
    return figure
