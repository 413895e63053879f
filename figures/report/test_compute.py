"""What the form on the reporting page knows about tools and weights."""

import html
import json
import re

import pytest

from bioimage_course import WEIGHTS
from course_build import ROOT
from figures._shared.stored import read

FORM = ROOT / "figures" / "report" / "figure.js"


@pytest.fixture(scope="module")
def page():
    """The numbers that the page puts in, as a browser reads them."""
    return {key: html.unescape(value) for key, value in read("report").items()}


def test_hashes_are_those_published_beside_the_weights(page):
    presets = json.loads(page["presets"])
    for preset, model, file in (
        ("course_stardist", "stardist_nuclei", "weights_best.h5"),
        ("course_cellpose", "cellpose_nuclei", "model"),
    ):
        sums = (WEIGHTS / model / "SHA256SUMS").read_text(encoding="utf-8")
        known = presets[preset]["fields"]["sha256"]
        assert re.search(rf"^{known} [ *]{file}$", sums, re.M)


def test_presets_fill_fields_that_the_form_has(page):
    presets = json.loads(page["presets"])
    names = set(re.findall(r'\{ name: "(\w+)"', FORM.read_text(encoding="utf-8")))
    for preset in presets.values():
        assert set(preset["fields"]) < names


def test_the_thresholds_are_those_that_come_with_the_weights(page):
    known = json.loads(page["presets"])["course_stardist"]["fields"]["parameters"]
    tuned = json.loads((WEIGHTS / "stardist_nuclei" / "thresholds.json").read_text("utf-8"))
    settings = dict(line.split(" = ") for line in known.splitlines())
    assert float(settings["prob_thresh"]) == pytest.approx(tuned["prob"], rel=1e-5)
    assert float(settings["nms_thresh"]) == pytest.approx(tuned["nms"], rel=1e-5)


def test_the_example_is_complete_and_the_template_has_gaps(page):
    assert json.loads(page["card"])["missing"] == []
    assert "[" not in page["paragraph"]
    assert "[pixel size]" in page["template"]


def test_what_the_page_puts_into_html_cannot_end_an_attribute():
    assert not [value for value in read("report").values() if set(value) & set("\"'<>")]
