"""What the form on the reporting page knows about tools and weights."""

import html
import json
import re
from pathlib import Path

import pytest

from bioimage_course import WEIGHTS
from figures.report import compute as report_presets

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="module")
def page():
    """The numbers that the page puts in, as a browser reads them."""
    values = json.loads((ROOT / "figures" / "report" / "data.json").read_text(encoding="utf-8"))
    return {key: html.unescape(value) for key, value in values.items()}


def test_hashes_are_those_published_beside_the_weights(page):
    presets = json.loads(page["presets"])
    for preset, model, file in (
        ("course_stardist", "stardist_nuclei", "weights_best.h5"),
        ("course_cellpose", "cellpose_nuclei", "model"),
    ):
        sums = (WEIGHTS / model / "SHA256SUMS").read_text(encoding="utf-8")
        known = presets[preset]["fields"]["sha256"]
        assert re.search(rf"^{known} [ *]{file}$", sums, re.M), (
            "run figures/report_presets.py again"
        )


def test_presets_are_up_to_date_and_fill_fields_that_the_form_has(page):
    presets = json.loads(page["presets"])
    assert presets == report_presets.presets(), "run figures/report_presets.py again"
    names = set(re.findall(r'\{ name: "(\w+)"', report_presets.MODULE.read_text(encoding="utf-8")))
    for preset in presets.values():
        assert set(preset["fields"]) < names


def test_the_thresholds_are_those_that_come_with_the_weights(page):
    known = json.loads(page["presets"])["course_stardist"]["fields"]["parameters"]
    tuned = json.loads((WEIGHTS / "stardist_nuclei" / "thresholds.json").read_text("utf-8"))
    said = dict(line.split(" = ") for line in known.splitlines())
    assert float(said["prob_thresh"]) == pytest.approx(tuned["prob"], rel=1e-5)
    assert float(said["nms_thresh"]) == pytest.approx(tuned["nms"], rel=1e-5)


def test_example_and_template_are_what_the_form_says(page):
    typed = json.loads(page["presets"])["course_stardist"]["fields"] | report_presets.EXAMPLE
    made = report_presets.in_node(typed)
    assert (page["paragraph"], page["card"]) == (made["paragraph"], made["card"])
    assert page["template"] == report_presets.in_node({})["paragraph"]
    assert json.loads(page["card"])["missing"] == []
    assert "[pixel size]" in page["template"]


def test_what_the_page_puts_into_html_cannot_end_an_attribute(page):
    values = json.loads((ROOT / "figures" / "report" / "data.json").read_text(encoding="utf-8"))
    assert not [value for value in values.values() if set(value) & set("\"'<>")]
