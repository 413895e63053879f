"""A reader's own model on the page *Try your own image*."""

import json
import os
import subprocess
import sys

import nbformat
import pytest
import tifffile
from playwright.sync_api import expect
from stardist.matching import matching

from bioimage_course.own_model import write_for_page
from tests.lab.own_models import own_model
from tests.site.checks import PATIENCE, axe_faults, overflow_faults
from tests.site.lab import choose, failures, problem, run, saved
from tests.site.places import ROOT


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """The folder of a StarDist model of which every number differs from the course's."""
    folder = own_model(tmp_path_factory.mktemp("models"), "StarDist", changed=0.03)
    write_for_page(folder)
    return folder


def for_the_page(folder):
    return folder / f"{folder.name}_for_the_page.zip"


def choose_model(page, path):
    page.locator("#lab-own").set_input_files(path)


def test_a_reader_chooses_a_model_runs_it_and_takes_its_notebook_along(visit, files, model):
    page, seen = visit("?tool=stardist")
    choose(page, files / "nuclei.tif")
    expect(page.locator(".lab-status")).to_contain_text("Image read")
    assert not [url for url in seen.everything if "own_model" in url or "graph" in url]
    choose_model(page, for_the_page(model))
    expect(page.get_by_role("radio", name="my_stardist")).to_be_checked()
    expect(page.locator(".lab-status")).to_contain_text("my_stardist is there, and stays on")
    assert "StarDist model, trained on 2 images" in page.locator(".lab-own").inner_text()
    assert "learned nuclei about 18 px" in page.locator(".lab-sizes").inner_text()
    count = run(page)
    labels = tifffile.imread(saved(page, "labels", files))
    assert labels.max() == count > 5
    page.locator(".lab-results summary", has_text="methods").click()
    methods = page.locator(".lab-methods").inner_text()
    assert "StarDist (Schmidt" in methods and "“my_stardist”, which we trained on 2 im" in methods
    card = json.loads(saved(page, "card", files).read_text())
    own = json.loads((model / "card.json").read_text())
    assert card["weights"]["name"] == "my_stardist/weights_best.h5"
    assert card["weights"]["sha256"] == own["sha256"]
    assert card["weights"]["trained_by"] == "tuned" and card["weights"]["training_images"] == 2
    notebook = nbformat.read(saved(page, "notebook", files), as_version=4)
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    line = 'models_folder = Path("models")'
    assert line in code  # which the reader fills in
    code = code.replace(line, f"models_folder = Path({str(model.parent)!r})")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=files, capture_output=True, text=True,
        env=os.environ | {"MPLBACKEND": "agg", "PYTHONPATH": f"{ROOT / 'src'}"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    again = tifffile.imread(files / "nuclei_labels_python.tif")
    assert matching(again, labels, thresh=0.9).accuracy >= 0.99
    assert seen.faults["foreign"] == [] and seen.faults["errors"] == [] and failures(seen) == []


def test_it_is_compared_with_the_courses_tool_and_the_page_is_accessible(visit, files, model):
    page, _ = visit("?tool=cellpose-nuclei", width=390)
    choose(page, for_the_page(model))  # where images are chosen, it is known as a model
    expect(page.locator(".lab-status")).to_contain_text("Now choose an image")
    choose(page, files / "nuclei.tif")
    expect(page.get_by_role("radio", name="my_stardist")).to_be_checked()
    run(page)
    page.get_by_role("button", name="Compare with StarDist").click()
    said = page.locator(".lab-status").filter(has_text="my_stardist and StarDist agree on")
    expect(said).to_be_visible(timeout=PATIENCE)
    assert overflow_faults(page) == []
    assert axe_faults(page) == []


def test_once_it_has_run_it_is_there_at_the_next_visit_until_it_is_forgotten(visit, files, model):
    page, _ = visit()
    choose(page, files / "nuclei.tif")
    choose_model(page, for_the_page(model))
    count = run(page)
    forget = page.get_by_role("button", name="Forget the model")
    expect(forget).to_be_visible()
    page.reload()
    choose(page, files / "nuclei.tif")
    expect(page.get_by_role("radio", name="my_stardist")).to_be_checked()
    assert run(page) == count
    forget.click()
    expect(forget).to_be_hidden()
    page.reload()
    choose(page, files / "nuclei.tif")
    expect(page.get_by_role("radio", name="StarDist for nuclei")).to_be_checked()
    expect(page.get_by_role("radio", name="my_stardist")).to_have_count(0)


def test_a_file_that_is_no_model_is_refused_and_the_tool_stays(visit, files, model):
    page, _ = visit("?tool=stardist")
    choose(page, files / "nuclei.tif")
    broken = files / "cut.zip"
    broken.write_bytes(for_the_page(model).read_bytes()[:100_000])
    choose_model(page, broken)
    assert "cut.zip is damaged or cut off. Copy it again" in problem(page)
    expect(page.get_by_role("radio", name="StarDist for nuclei")).to_be_checked()
    assert run(page) > 5
