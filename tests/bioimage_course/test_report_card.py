"""The card from Python is the card that the form on the page writes."""

import json

import pytest

from bioimage_course.report_card import card
from course_build import ROOT
from course_build.programs import node, run

FORM = ROOT / "figures" / "report" / "figure.js"
FULL = {
    "objects": "nuclei", "images": "widefield", "count": 48, "pixelSize": 0.325,
    "tool": "StarDist", "version": "0.9.2", "reference": "Schmidt et al. 2018",
    "toolLicence": "BSD-3-Clause", "weights": "own", "sha256": "a" * 64, "source": "here",
    "weightsLicence": "CC0", "low": 1, "high": 99.8, "smallest": 30, "border": "removed",
    "parameters": {"prob_thresh": 0.5, "nms_thresh": 0.3}, "testImages": 4, "testObjects": 312,
    "score": 0.91, "hardware": "2 cores", "data": "doi", "dataLicence": "CC0-1.0", "code": "doi",
}  # fmt: skip
CASES = {
    "full": FULL,
    "nothing": {},
    "no parameters set": {**FULL, "parameters": {}},
    "trained": {**FULL, "origin": "own", "trainingImages": 12},
    "tuned on unknown": {**FULL, "origin": "tuned"},
    "not normalised": {**FULL, "normalisation": "none"},
    "half": {name: FULL[name] for name in ("tool", "version", "weights", "parameters", "count")},
}


def typed(fields):
    """The fields as somebody types them into the form."""
    settings = fields.get("parameters")
    lines = "\n".join(f"{name} = {value}" for name, value in (settings or {}).items())
    words = {name: str(value) for name, value in fields.items() if name != "parameters"}
    return words if settings is None else words | {"parameters": lines or "none"}


def in_the_form(fields):
    """The card that the form makes of these fields, as text: its module, run in Node."""
    script = (
        f"import {{ card }} from {json.dumps(FORM.as_uri())};"
        f"console.log(JSON.stringify(card({json.dumps(fields)})));"
    )
    return run([node(), "--input-type=module", "--eval", script], "the form does not run")


@pytest.mark.parametrize("case", CASES)
def test_it_is_the_card_of_the_form(case):
    form = json.loads(in_the_form(typed(CASES[case])))
    assert card(CASES[case]) == form
    assert list(card(CASES[case])) == list(form)


def test_a_name_that_the_form_does_not_know_is_refused():
    with pytest.raises(ValueError, match="no pixel_size"):
        card({"pixel_size": 0.5})
