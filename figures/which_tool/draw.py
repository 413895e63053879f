"""StarDist and Cellpose on the same image: outlines of the crop, and who misses what."""

from pathlib import Path

import numpy as np
from cellpose import models
from csbdeep.utils import normalize
from matplotlib.collections import PolyCollection
from skimage.measure import approximate_polygon, find_contours
from stardist.matching import matching

from bioimage_course import WEIGHTS, data
from figures._shared.files import write
from figures._shared.style import PREDICTED, TRUTH, draw, picture
from figures.stardist_network.compute import course_model

HERE = Path(__file__).parent

NAMES = {"stardist": "StarDist", "cellpose": "Cellpose"}
STRICT = (0.5, 0.7, 0.9)
DIAMETER = 24  # px: the typical nucleus, as measured in the notebooks


def segment():
    """The image, its annotation, and the label images of the course's two models for nuclei."""
    image, truth = data.nuclei()
    stardist, _ = course_model().predict_instances(normalize(image, 1, 99.8))
    path = str(WEIGHTS / "cellpose_nuclei" / "model")
    model = models.CellposeModel(gpu=False, pretrained_model=path)
    cellpose, _, _ = model.eval(image, channels=[0, 0], diameter=DIAMETER)
    return image, truth, {"stardist": stardist, "cellpose": cellpose.astype(np.int32)}


def matches(truth, labels):
    """{annotated nucleus: (object that matches it, IoU)} at an IoU of 0.5."""
    score = matching(truth, labels, thresh=0.5, report_matches=True)
    return {
        score.matched_pairs[i][0]: (score.matched_pairs[i][1], score.matched_scores[i])
        for i in score.matched_tps
    }


def compare(truth, predicted):
    """Scores of each tool, and which nuclei both, one or none of them finds."""
    hits = {tool: matches(truth, labels) for tool, labels in predicted.items()}
    first, second = (set(hits[tool]) for tool in NAMES)
    numbers = {
        "annotated": truth.max(),
        "both": len(first & second),
        "only_stardist": len(first - second),
        "only_cellpose": len(second - first),
        "neither": truth.max() - len(first | second),
        "f1_between": matching(predicted["stardist"], predicted["cellpose"], thresh=0.5).f1,
    }
    area = np.bincount(truth.ravel())
    common = sorted(first & second)
    for tool, labels in predicted.items():
        areas = np.bincount(labels.ravel())
        scores = matching(truth, labels, thresh=STRICT)
        numbers[tool] = {
            "objects": scores[0].n_pred,
            "not_found": scores[0].fn,
            "false": scores[0].fp,
            "ap": {f"iou{100 * s.thresh:.0f}": s.accuracy for s in scores},
            "f1": scores[0].f1,
            "mean_iou_of_common": np.mean([hits[tool][nucleus][1] for nucleus in common]),
            "area_percent_of_common": 100
            * np.median([areas[hits[tool][nucleus][0]] / area[nucleus] for nucleus in common]),
        }
    return hits, numbers


def shapes(labels, values, coarse=1.0):
    """Borders of some objects of a label image, as polygons of x and y."""
    padded = np.pad(labels, 1)
    for value in values:
        rows, columns = np.nonzero(padded == value)
        corner = np.array([rows.min() - 1, columns.min() - 1])
        window = padded[corner[0] : rows.max() + 2, corner[1] : columns.max() + 2] == value
        border = max(find_contours(window, 0.5), key=len)
        yield (approximate_polygon(border, coarse) + corner - 1)[:, ::-1]


#: Of the crops and of the maps of all nuclei: left, top and side, in pixels.
PLACES = {
    "wide": (((0, 26, 276), (284, 26, 276)), ((0, 340, 276), (284, 340, 276))),
    "narrow": (((0, 24, 168), (176, 24, 168)), ((0, 204, 230), (0, 442, 230))),
}


def paint(figure, theme, image, truth, predicted, hits):
    form = PLACES["narrow" if theme.narrow else "wide"]
    crops, maps = ([square(figure, *place) for place in places] for places in form)
    for tool, labels, crop, every in zip(NAMES, predicted.values(), crops, maps, strict=True):
        paint_crop(crop, image, truth, labels)
        crop.set_title(NAMES[tool])
        paint_all(every, theme, truth, labels, hits[tool])
        key = {"handlelength": 1.1, "handletextpad": 0.4, "borderpad": 0.2}
        if theme.narrow:
            key |= {"loc": "center left", "bbox_to_anchor": (1, 0.5), "title": NAMES[tool]}
        else:
            key |= {"loc": "lower center", "bbox_to_anchor": (0.5, 1), "ncols": 2}
        every.legend(**key, alignment="left")


def square(figure, left, top, side):
    width, height = figure.get_size_inches() * 72
    return figure.add_axes((left / width, 1 - (top + side) / height, side / width, side / height))


def paint_crop(axes, image, truth, labels):
    crop = image[data.TOUCHING]
    picture(axes, crop, vmin=0, vmax=np.percentile(crop, 99.9) * 1.15)
    for which, colour, width in ((truth, TRUTH, 4), (labels, PREDICTED, 2)):
        inside = np.unique(which[data.TOUCHING])[1:]
        lines = shapes(which[data.TOUCHING], inside, coarse=0)
        axes.add_collection(PolyCollection(list(lines), fc="none", ec=colour, lw=width))


def paint_all(axes, theme, truth, labels, hits):
    """All nuclei as shapes, and the key to those that are not found or false."""
    others = [nucleus for nucleus in range(1, truth.max() + 1) if nucleus not in hits]
    matched = {label for label, _ in hits.values()}
    false = [label for label in np.unique(labels)[1:] if label not in matched]
    missing = {"fc": theme.error, "ec": theme.error, "lw": 1}
    extra = {"fc": "none", "ec": theme.predicted, "lw": 3}
    for nuclei, which, style in (
        (list(hits), truth, {"fc": theme.panel, "ec": theme.muted, "lw": 1}),
        (others, truth, missing | {"label": f"{len(others)} not found"}),
        (false, labels, extra | {"label": f"{len(false)} false"}),
    ):
        axes.add_collection(PolyCollection(list(shapes(which, nuclei)), **style))
    axes.set(xlim=(0, 511), ylim=(511, 0), xticks=[], yticks=[], aspect="equal")
    axes.spines[:].set(visible=True, color=theme.muted, linewidth=1)


def main():
    image, truth, predicted = segment()
    hits, numbers = compare(truth, predicted)
    numbers["diameter"] = DIAMETER
    drawn = image, truth, predicted, hits
    draw(HERE / "which_tool", paint, *drawn, width=560, height=618, narrow=673)
    write(HERE, numbers)


if __name__ == "__main__":
    main()
