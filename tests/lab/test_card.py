"""The report card that the page hands over is the card of the page “Reporting”, filled in."""

import hashlib
import html
import json

from bioimage_course.report_card import card
from course_build import ROOT
from course_build.programs import node, run
from tests.lab.test_notebook import CELLPOSE, PLANE, STARDIST

SIZE = {"y": 0.25, "x": 0.5}
SCORE = {"annotated": [[1, "found"], [4, "missed"]], "scores": {"F1": 2 / 3}}
RUN = {
    "tool": "stardist", "fileName": "cells.tif", "cell": PLANE, "nucleus": None, "bytes": "pixels",
    "settings": STARDIST, "count": 125, "pixelSize": SIZE, "score": None,
}  # fmt: skip


def cards(*runs):
    script = ROOT / "tests" / "lab" / "card_files.mjs"
    return json.loads(run([node(), script], "no card is written", text_in=json.dumps(runs)))


def preset(name):
    """What the form on the reporting page knows of the course's models."""
    data = json.loads((ROOT / "figures" / "report" / "data.json").read_text("utf-8"))
    return json.loads(html.unescape(data["presets"]))[name]["fields"]


def test_it_has_the_keys_and_the_facts_of_the_course_s_card():
    [made] = cards(RUN)
    known = preset("course_stardist") | {"low": 1, "high": 99.8}
    own = made.pop("run")
    theirs = card(
        known
        | {"objects": "nuclei", "count": 1, "pixelSize": 0.5, "parameters": made["parameters"]}
    )
    assert known["source"].startswith(made["weights"].pop("source"))
    theirs["weights"].pop("source")
    assert made["images"].pop("pixel_size_um") == SIZE
    theirs["images"].pop("pixel_size_um")
    assert made == theirs
    assert made["parameters"] == {"prob_thresh": 0.5399, "nms_thresh": 0.3, "scale": 1}
    assert own["image"]["sha256"] == hashlib.sha256(b"pixels").hexdigest()
    assert own["objects_found"] == 125 and own["image"]["plane"] == "grey"


def test_cellpose_without_a_diameter_says_none():
    [made] = cards(RUN | {"tool": "cellpose-nuclei", "settings": CELLPOSE, "pixelSize": None})
    assert made["parameters"]["diameter"] is None and made["normalisation"]["high"] == 99
    assert made["weights"]["sha256"] == preset("course_cellpose")["sha256"]
    assert "pixelSize" in made["missing"] and "parameters" not in made["missing"]


def test_a_score_is_the_check_and_an_agreement_of_two_tools_is_not():
    scored, compared = cards(
        RUN | {"score": SCORE, "annotation": "drawn.tif"},
        RUN | {"agreement": {"f1": 0.9}, "other": "cellpose-nuclei"},
    )
    check = {"annotated_images": 1, "annotated_objects": 2, "metric": "F1", "iou_threshold": 0.5}
    assert scored["check"] == check | {"value": 0.66666667}
    assert scored["run"]["score_against"] == "drawn.tif"
    assert scored["run"]["agreement_between_tools"] is None
    assert compared["check"]["value"] is None and "score" in compared["missing"]
    between = compared["run"]["agreement_between_tools"]
    assert between["with"] == "Cellpose" and between["value"] == 0.9
    assert "accuracy" not in json.dumps(compared).lower()


def test_many_files_have_one_card_that_names_those_left_out():
    row = {"name": "a.tif", "plane": "grey", "count": 3, "pixelSize": SIZE, "settings": STARDIST}
    rows = [row, {"name": "b.tif", "problem": "b.tif is empty."}, row | {"name": "c.tif"}]
    same, mixed = cards({"tool": "stardist", "rows": rows}, {
        "tool": "stardist", "rows": [*rows, row | {"name": "d.tif", "pixelSize": None}],
    })  # fmt: skip
    assert same["images"]["count"] == 2 and same["images"]["pixel_size_um"] == SIZE
    assert [image["file"] for image in same["run"]["images"]] == ["a.tif", "c.tif"]
    assert same["run"]["left_out"] == [{"file": "b.tif", "why": "b.tif is empty."}]
    assert mixed["images"]["pixel_size_um"] == {"y": None, "x": None}
