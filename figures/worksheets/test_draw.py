"""The answers of the worksheets, computed in another way than the script computes them."""

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
from shapely import Point, Polygon
from stardist.matching import matching

from bioimage_course import data
from figures.worksheets import draw

HERE = Path(__file__).parent
NUMBERS = json.loads((HERE / "data.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["example", "one", "further", "large", "small"])
def test_overlaps_are_right(name):
    masks = {
        "example": (draw.EXAMPLE, (0, 1)),
        "one": (draw.ROUND, (1, 1)),
        "further": (draw.ROUND, (2, 1)),
    }
    if name in masks:
        mask, (down, right) = masks[name]
        annotated = {(y, x) for y, x in np.argwhere(mask).tolist()}
        dashed = {(y + down, x + right) for y, x in annotated}
    else:
        large, small = (
            {tuple(p) for p in np.argwhere(m).tolist()} for m in (draw.LARGE, draw.SMALL)
        )
        assert not large & small, "two nuclei share no pixel"
        annotated, dashed = {"large": large, "small": small}[name], large | small
    answer = NUMBERS["iou"][name]
    assert answer["annotated"] == len(annotated) and answer["found"] == len(dashed)
    shared, union = len(annotated & dashed), len(annotated | dashed)
    assert answer["shared"] == shared and answer["union"] == union
    assert answer["iou"] == pytest.approx(shared / union, abs=1e-6)


def test_no_shape_lies_on_the_edge_of_the_paper():
    further = draw.moved(draw.ROUND, 2, 1)  # what question 5 asks for
    for mask in (draw.EXAMPLE, draw.ROUND, draw.LARGE, draw.SMALL, further):
        assert mask[1:-1, 1:-1].sum() == mask.sum()


def test_the_count_is_the_one_of_stardists_matching():
    first, second = np.zeros((2, 30, 12), int)
    first[:10], second[:10] = draw.ROUND, draw.moved(draw.ROUND, 1, 1)
    first[10:20] = 2 * draw.LARGE + 3 * draw.SMALL
    second[10:20] = 2 * (draw.LARGE | draw.SMALL)
    score, answer = matching(first, second, thresh=0.5), NUMBERS["iou"]["count"]
    assert (answer["tp"], answer["fp"], answer["fn"]) == (score.tp, score.fp, score.fn)
    assert answer["ap"] == pytest.approx(score.accuracy, abs=1e-6)
    assert answer["f1"] == pytest.approx(score.f1, abs=1e-6)


def test_what_the_answers_say_in_words_is_so():
    iou = NUMBERS["iou"]
    assert iou["one"]["iou"] > 0.5 > iou["further"]["iou"]
    assert iou["large"]["iou"] > 0.5 > iou["small"]["iou"]
    rays = NUMBERS["rays"]
    differ = [abs(rays["p"][f"r{i}"] - rays["q"][f"r{i}"]) > 0.25 for i in range(8)]
    assert all(differ), "both numbers differ in each direction"
    assert rays["p"]["iou"] > rays["q"]["iou"] > 0.8


def test_rays_end_on_the_outline():
    outline = draw.nucleus()
    for name, (x, y) in draw.PLACES.items():
        answer = NUMBERS["rays"][name.lower()]
        corners = []
        for ray in range(8):
            angle = ray * np.pi / 4
            step = np.array([np.cos(angle), np.sin(angle)])
            end = np.array([x, y]) + answer[f"r{ray}"] * step
            assert outline.exterior.distance(Point(end)) < 1e-3
            # All of it lies inside: no shorter ray would have met the outline.
            assert all(
                outline.contains(Point([x, y] + t * answer[f"r{ray}"] * step))
                for t in np.linspace(0, 0.99, 50)
            )
            corners.append(end)
        drawn = Polygon(corners)
        iou = drawn.intersection(outline).area / drawn.union(outline).area
        assert answer["iou"] == pytest.approx(iou, abs=1e-3)


def test_the_ten_nuclei_are_whole_and_the_file_for_fiji_shows_them():
    answer = NUMBERS["annotate"]
    rows, columns = (slice(answer[side], answer[side] + answer["side"]) for side in ("top", "left"))
    image, truth = (np.asarray(array)[rows, columns] for array in data.nuclei())
    file = tifffile.imread(HERE / "ten-nuclei.tif")
    assert file.dtype == image.dtype and (file == image).all()
    cut = {*truth[[0, -1]].ravel(), *truth[:, [0, -1]].ravel()}
    whole = [(truth == label).sum() for label in np.unique(truth) if label and label not in cut]
    assert sorted(answer["areas"].values()) == sorted(whole) and len(whole) == 10
