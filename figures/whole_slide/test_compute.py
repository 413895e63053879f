"""What a whole slide costs, and what the notebook on large images measured."""

import json

import pytest

from course_build import ROOT
from figures._shared.files import plain
from figures._shared.stored import read
from figures.whole_slide import compute as slide


def test_the_cost_of_a_slide_is_that_of_its_megapixels():
    cost = slide.of_slide({"seconds_per_megapixel": 9, "megabytes_per_megapixel": 500}, side=2000)
    assert cost == pytest.approx({"minutes": 0.6, "gigabytes": 2})


def test_the_slide_is_priced_with_the_newest_measurement():
    numbers = read("whole_slide")
    speed = json.loads((ROOT / "training" / "results" / "speed.json").read_text(encoding="utf-8"))
    for method in slide.METHODS:
        assert numbers[method] == pytest.approx(slide.of_slide(speed[method]), rel=1e-5)


def test_cellpose_needs_more_memory_than_stardist_and_no_slide_fits_a_laptop():
    numbers = read("whole_slide")
    stardist, cellpose = numbers["stardist_nuclei"], numbers["cellpose_nuclei"]
    assert cellpose["gigabytes"] > 1.2 * stardist["gigabytes"] > 50
    assert numbers["megapixels"] == 400


def test_the_findings_on_the_page_are_those_of_the_stored_notebook():
    path = ROOT / "notebooks" / "12_large_images.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    findings = slide.findings(notebook["metadata"]["numbers"])
    assert read("whole_slide")["notebook"] == plain(findings)

    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
    printed = "\n".join("".join(output.get("text", [])) for output in outputs)
    cut, merged = findings["cut"], findings["merged"]
    assert f"{cut['objects']} objects for {cut['nuclei']} nuclei: +{cut['percent']:.1f}%" in printed
    own = f"{merged['distinct']} of {merged['nuclei']} nuclei have a number of their own"
    assert own in printed
