"""A visit of the page *Try your own image*, with the real networks, as a reader makes it."""

import json
import os
import re
import subprocess
import sys
from urllib.parse import urlsplit

import nbformat
import numpy as np
import pytest
import roifile
import tifffile
from PIL import Image
from playwright.sync_api import expect
from stardist.matching import matching

from bioimage_course import data
from tests.site.checks import PATIENCE, axe_faults, overflow_faults
from tests.site.lab import choose, failures, problem, run, saved
from tests.site.places import ROOT
from tests.site.server import gzipped


def test_a_whole_visit_from_the_file_to_the_score(visit, files, nuclei):
    _, truth = nuclei
    page, seen = visit("?tool=stardist")
    choose(page, files / "nuclei.tif")
    expect(page.get_by_text("nuclei.tif: 240 × 200 pixels, 16-bit").first).to_be_visible()
    assert page.get_by_label("Size of a pixel").input_value() == "0.25"
    count = run(page)
    assert 0.85 * truth.max() < count < 1.15 * truth.max()

    labels = saved(page, "labels", files)
    with tifffile.TiffFile(labels) as file:
        assert file.asarray().max() == count and file.asarray().shape == truth.shape
        assert file.imagej_metadata["unit"] == "micron"
    assert len(roifile.roiread(saved(page, "rois", files))) == count
    features = json.loads(saved(page, "geojson", files).read_text())["features"]
    assert len(features) == count
    assert len(saved(page, "csv", files).read_text().splitlines()) == count + 1
    with Image.open(saved(page, "picture", files)) as picture:
        assert picture.size == (480, 400)

    page.locator("#lab-annotation").set_input_files(files / "drawn.tif")
    expect(page.locator(".lab-scores")).to_be_visible()
    f1 = float(page.locator(".lab-scores dd").first.inner_text())
    assert f1 > 0.85
    assert f"{truth.max()} annotated objects" in page.locator(".lab-score").inner_text()
    card = json.loads(saved(page, "card", files).read_text())
    assert card["check"]["annotated_objects"] == truth.max() and card["check"]["value"] > 0.85
    assert card["run"]["objects_found"] == count and len(card["run"]["image"]["sha256"]) == 64

    slider = page.get_by_role("slider", name="Probability threshold")
    slider.fill("0.8")
    expect(page.locator("[data-lab=count]")).not_to_have_text(str(count))
    assert int(page.locator("[data-lab=count]").inner_text()) < count
    page.get_by_role("button", name="Back to the start").click()
    expect(page.locator("[data-lab=count]")).to_have_text(str(count))

    assert seen.faults["foreign"] == [] and seen.faults["errors"] == []
    assert failures(seen) == []


def test_before_an_image_is_chosen_the_page_loads_forty_kilobytes_of_script(visit, site):
    _, seen = visit()
    own = [urlsplit(address).path for address in seen.everything if "/lab/" in address]
    scripts = [site / path.lstrip("/") for path in own if path.endswith(".js")]
    assert scripts and not any(path.endswith((".gz", ".xz", ".tif")) for path in own)
    assert sum(len(gzipped(script)) for script in scripts) <= 40_000


def test_runtime_and_network_are_loaded_while_the_reader_looks_at_the_image(visit, files):
    page, _ = visit("?tool=stardist")
    with page.expect_response(re.compile("weights/stardist_nuclei")):
        choose(page, files / "nuclei.tif")
    expect(page.locator("[data-lab=run]")).to_be_enabled()
    later = []
    page.on("request", lambda request: later.append(request.url))
    assert run(page) > 5
    assert not [url for url in later if "weights" in url or "runtime" in url]


def test_what_cannot_be_loaded_is_told_at_the_run_and_not_before(visit, files):
    page, _ = visit("?tool=stardist")
    page.route("**/weights/stardist_nuclei*", lambda route: route.abort())
    with page.expect_event("requestfailed"):
        choose(page, files / "nuclei.tif")
    expect(page.locator("[data-lab=run]")).to_be_enabled()
    expect(page.get_by_role("alert").filter(has_text=".")).to_have_count(0)
    page.locator("[data-lab=run]").click()
    assert "could not be loaded" in problem(page)


def test_the_notebook_finds_what_the_page_found(visit, files):
    tifffile.imwrite(files / "nuclei.tif", data.nuclei()[0])
    page, _ = visit("?tool=stardist")
    choose(page, files / "nuclei.tif")
    assert run(page) > 100
    labels = tifffile.imread(saved(page, "labels", files))
    notebook = nbformat.read(saved(page, "notebook", files), as_version=4)
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert "prob_thresh=" in code
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=files, capture_output=True, text=True,
        env=os.environ | {"MPLBACKEND": "agg", "PYTHONPATH": f"{ROOT / 'src'}"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "of all pixels are alike" in done.stdout
    again = tifffile.imread(files / "nuclei_labels_python.tif")
    assert matching(again, labels, thresh=0.9).accuracy >= 0.99
    assert np.mean((again > 0) == (labels > 0)) > 0.99


@pytest.mark.parametrize("tool", ["cellpose-nuclei", "cellpose-cells"])
def test_each_tool_that_the_address_names_finds_objects(visit, files, tool):
    page, seen = visit(f"?tool={tool}")
    if tool == "cellpose-cells":
        image = data.cells()[0][:, 100:300, 250:450]
        path = files / "cells.tif"
        tifffile.imwrite(path, image, metadata={"axes": "CYX"}, photometric="minisblack")
        choose(page, path)
        expect(page.get_by_label("Which one shows their nuclei?")).to_have_value("1")
    else:
        choose(page, files / "nuclei.tif")
    expect(page.locator(f"input[value={tool}]")).to_be_checked()
    assert run(page) > 5
    assert seen.faults["errors"] == []


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_the_page_with_a_result_is_accessible_and_fits(visit, files, scheme, width):
    page, _ = visit("?tool=stardist", scheme=scheme, width=width)
    choose(page, files / "nuclei.tif")
    run(page)
    page.locator("#lab-annotation").set_input_files(files / "drawn.tif")
    expect(page.locator(".lab-scores")).to_be_visible()
    page.evaluate("document.querySelectorAll('.lab details').forEach(d => { d.open = true })")
    assert overflow_faults(page) == []
    assert axe_faults(page) == []


def test_the_keyboard_alone_gets_to_a_result(visit, files):
    page, _ = visit()
    choose(page, files / "nuclei.tif")
    page.get_by_role("radio", name="StarDist").focus()
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.lab") == "run":
            break
    page.keyboard.press("Enter")
    done = page.locator(".lab-status").filter(has_text="Done:")
    expect(done).to_be_visible(timeout=PATIENCE)
    page.get_by_role("application").focus()
    before = page.evaluate("document.querySelector('.lab-canvas').toDataURL()")
    page.keyboard.press("+")
    page.wait_for_function(
        "b => document.querySelector('.lab-canvas').toDataURL() !== b", arg=before
    )


def test_a_line_over_an_object_measures_it(visit, files):
    page, _ = visit("?tool=stardist")
    choose(page, files / "nuclei.tif")
    page.get_by_role("button", name="Measure on the image").click()
    told = page.locator(".lab-status").filter(has_text="Draw a line")
    expect(told).to_be_in_viewport()
    assert axe_faults(page) == [], "the button that is pressed, with the mouse over it"
    page.locator(".lab-canvas").scroll_into_view_if_needed()
    box = page.locator(".lab-canvas").bounding_box()
    shown = min(box["width"] / 240, box["height"] / 200)  # window pixels for one of the image
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60 * shown, y + 80 * shown, steps=4)
    page.mouse.up()
    width = page.get_by_label("Width of an object")
    assert float(width.input_value()) == pytest.approx(100, abs=1.5)
    expect(page.locator(".lab-hint")).to_contain_text("25 µm")
    expect(page.locator(".lab-hint")).to_contain_text("0.25 of its size")


def test_cancelling_leaves_what_was_there(visit, files):
    page, _ = visit("?tool=cellpose-nuclei")
    choose(page, files / "nuclei.tif")
    page.locator("[data-lab=run]").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".lab-status")).to_contain_text("Cancelled", timeout=PATIENCE)
    expect(page.locator("[data-lab=run]")).to_be_visible()
    assert run(page) > 5


def test_a_file_that_is_no_image_is_refused_and_the_one_before_stays(visit, files):
    page, _ = visit()
    choose(page, files / "nuclei.tif")
    count = run(page)
    (files / "notes.tif").write_text("These are my notes.")
    choose(page, files / "notes.tif")
    assert "holds text" in problem(page)
    assert page.locator("[data-lab=count]").inner_text() == str(count)
    tifffile.imwrite(files / "constant.tif", np.full((60, 60), 7, np.uint8))
    choose(page, files / "constant.tif")
    assert "Every pixel has the value 7" in problem(page)
    expect(page.locator("[data-lab=run]")).to_be_disabled()


def test_a_photograph_is_turned_as_its_camera_says(visit, tmp_path, nuclei):
    image, _ = nuclei
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(image.astype(np.uint8)).save(tmp_path / "turned.jpg", exif=exif)
    page, _ = visit()
    choose(page, tmp_path / "turned.jpg")
    expect(page.get_by_text("200 × 240 pixels").first).to_be_visible()
    expect(page.get_by_text("turned, as the file asks").first).to_be_visible()


def trust(page):
    """The panel that says what speaks against the result, once it is there."""
    panel = page.locator("[data-lab=trust]")
    expect(panel).to_be_visible(timeout=PATIENCE)
    return panel


def test_dark_nuclei_are_named_and_inverted_and_the_cure_can_be_undone(visit, tmp_path, nuclei):
    image, _ = nuclei
    tifffile.imwrite(tmp_path / "dark.tif", (255 - image).astype(np.uint8))
    page, seen = visit("?tool=stardist")
    choose(page, tmp_path / "dark.tif")
    before = run(page)
    fault = trust(page).locator("[data-fault=inverted]")
    expect(fault).to_contain_text(re.compile(r"brighter than the objects.*\d %"))
    assert fault.locator("a").get_attribute("href").endswith("#three-more-without-a-picture")

    fault.get_by_role("button", name="Invert").press("Enter")  # by keyboard, as by mouse
    changed = trust(page).get_by_text(re.compile(rf"Inverted: {before} → \d+ nuclei"))
    expect(changed).to_be_visible(timeout=PATIENCE)
    after = int(page.locator("[data-lab=count]").inner_text())
    assert after > before + 10
    expect(page.locator(".lab-status")).to_have_text(
        f"Inverted: {before} nuclei before, {after} after."
    )
    assert axe_faults(page) == []
    labels = tifffile.imread(saved(page, "labels", tmp_path))
    notebook = nbformat.read(saved(page, "notebook", tmp_path), as_version=4)
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True,
        env=os.environ | {"MPLBACKEND": "agg", "PYTHONPATH": f"{ROOT / 'src'}"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    again = tifffile.imread(tmp_path / "dark_labels_python.tif")
    assert matching(again, labels, thresh=0.9).accuracy >= 0.95

    page.get_by_role("button", name="Undo").click()
    expect(page.locator("[data-lab=count]")).to_have_text(str(before), timeout=PATIENCE)
    expect(trust(page).get_by_role("button", name="Invert")).to_be_visible(timeout=PATIENCE)
    assert seen.faults["errors"] == []


def test_nuclei_that_are_too_large_are_shrunk_and_a_sound_image_is_left_alone(visit, files):
    page, _ = visit("?tool=stardist")
    choose(page, files / "nuclei.tif")
    run(page)
    expect(trust(page)).to_contain_text("only annotations tell")
    expect(trust(page).get_by_role("button")).to_have_count(0)
    page.locator(".lab-examples button").filter(
        has=page.get_by_text("Nuclei, and it fails", exact=True)
    ).click()
    expect(page.locator(".lab-name")).to_contain_text("too_large", timeout=PATIENCE)
    expect(page.locator("[data-lab=trust]")).to_be_hidden()
    run(page)
    trust(page).get_by_role("button", name="Shrink for me").click()
    expect(trust(page)).to_contain_text("Shrunk for the network", timeout=PATIENCE)
    expect(page.locator(".lab-methods")).to_contain_text(re.compile(r"scale = 0\.\d"))


def test_light_that_is_missing_stays_missing_after_a_cure(visit, tmp_path, nuclei):
    image, _ = nuclei
    photons = np.random.default_rng(0).poisson(image / image.max() * 6) + 100
    tifffile.imwrite(tmp_path / "dim.tif", photons.astype(np.uint16))
    page, _ = visit("?tool=stardist")
    choose(page, tmp_path / "dim.tif")
    run(page)
    expect(page.locator(".lab-status")).to_contain_text("speak against it")
    levels = trust(page).locator("[data-fault=dark]")
    said = levels.inner_text()
    trust(page).get_by_role("button", name="Smooth the grain").click()
    expect(trust(page)).to_contain_text("The grain was smoothed", timeout=PATIENCE)
    expect(levels).to_have_text(said)


def test_of_a_stack_the_plane_is_chosen_and_never_silently_the_first(visit, tmp_path, nuclei):
    image, _ = nuclei
    stack = np.stack([image, image * 0, image // 2])
    tifffile.imwrite(tmp_path / "stack.tif", stack, imagej=True, metadata={"axes": "ZYX"})
    page, _ = visit()
    choose(page, tmp_path / "stack.tif")
    expect(page.get_by_text("3 planes that can be segmented").first).to_be_visible()
    assert "Every pixel has the value 0" in problem(page)
    page.get_by_text("plane 1 of 3").last.click()
    expect(page.locator("[data-lab=run]")).to_be_enabled()


def test_without_javascript_the_page_says_what_it_is(browser, root):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{root}lab/")
    assert "needs JavaScript" in page.locator(".lab").inner_text()
    assert page.locator(".lab a").get_attribute("href").endswith("15_your_own_images/")
    context.close()


def test_every_example_opens(visit):
    page, seen = visit()
    for title in ("Nuclei", "Cells, two channels", "Nuclei, and it fails", "Tissue (H&E)"):
        page.locator(".lab-examples button").filter(has=page.get_by_text(title, exact=True)).click()
        expect(page.locator(".lab-name")).to_be_visible(timeout=PATIENCE)
        expect(page.locator("[data-lab=run]")).to_be_enabled()
        page.wait_for_timeout(200)
    assert failures(seen) == [] and seen.faults["errors"] == []
