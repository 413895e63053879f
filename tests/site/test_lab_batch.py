"""Several files at once on the page *Try your own image*."""

import csv
import io
import zipfile

import numpy as np
import pytest
import tifffile
from playwright.sync_api import expect

from tests.site.checks import PATIENCE, axe_faults, overflow_faults
from tests.site.lab import choose, run, saved


@pytest.fixture
def fields(files, nuclei):
    """Three images of a kind, and among them one that is none and one with other planes."""
    image, _ = nuclei
    size = {"imagej": True, "resolution": (4, 4), "metadata": {"unit": "um"}}
    paths = [files / name for name in ("one.tif", "notes.txt", "two, too.tif", "pair.tif", "3.tif")]
    tifffile.imwrite(paths[0], image[:120, :160], **size)
    paths[1].write_text("These are my notes.")
    tifffile.imwrite(paths[2], image[50:170, 80:], **size)
    pair = np.stack([image, image])
    tifffile.imwrite(paths[3], pair, imagej=True, metadata={"axes": "CYX"})
    tifffile.imwrite(paths[4], image[-100:, :100])
    return paths


def run_all(page):
    """Run the tool on all files, and return what the page says then."""
    page.locator("[data-lab=run-all]").click()
    done = page.locator(".lab-status").filter(has_text="files, ")
    expect(done).to_be_visible(timeout=PATIENCE)
    return done.inner_text()


def rows_of(path):
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def test_several_files_get_one_table_and_one_zip_and_a_bad_one_stops_nothing(visit, fields, files):
    page, seen = visit("?tool=stardist")
    choose(page, fields)
    expect(page.locator(".lab-name")).to_contain_text("one.tif")
    said = run_all(page)
    assert said.startswith("Done: 5 of 5 files") and "2 could not be segmented" in said
    table = page.get_by_role("region", name="Table of the files")
    assert "holds text, not an image" in table.inner_text()
    assert "holds 2 channels, where one.tif holds one grey plane" in table.inner_text()

    of_files = rows_of(saved(page, "all-files", files))
    assert [row["file"] for row in of_files] == [path.name for path in fields]
    assert [bool(row["problem"]) for row in of_files] == [False, True, False, True, False]
    counts = {row["file"]: int(row["objects"]) for row in of_files if row["objects"]}
    assert f"{sum(counts.values())} nuclei" in said
    of_objects = rows_of(saved(page, "all-objects", files))
    assert {name: [row["file"] for row in of_objects].count(name) for name in counts} == counts
    sizes = {row["file"]: row["area_um2"] for row in of_objects}
    assert sizes["one.tif"] and not sizes["3.tif"]

    with zipfile.ZipFile(saved(page, "all", files)) as packed:
        for name, count in counts.items():
            stem = name.removesuffix(".tif")
            labels = tifffile.imread(io.BytesIO(packed.read(f"labels/{stem}_labels.tif")))
            assert labels.max() == count
            assert f"rois/{stem}_rois.zip" in packed.namelist()

    page.get_by_role("button", name="Show two, too.tif").click()
    expect(page.locator(".lab-name")).to_contain_text("two, too.tif: 160 × 120 pixels")
    expect(page.locator("[data-lab=count]")).to_have_text(str(counts["two, too.tif"]))
    # The engine has seen another image since: thresholds act on this one all the same.
    page.get_by_role("slider", name="Probability threshold").fill("0.8")
    expect(page.locator("[data-lab=count]")).not_to_have_text(str(counts["two, too.tif"]))
    page.get_by_role("button", name="Back to the start").click()
    expect(page.locator("[data-lab=count]")).to_have_text(str(counts["two, too.tif"]))
    page.get_by_role("button", name="Show pair.tif").click()
    expect(page.get_by_role("alert").filter(has_text="holds 2 channels")).to_be_visible()
    assert seen.faults["errors"] == [] and seen.faults["foreign"] == []


def test_all_files_get_the_settings_of_the_one_that_is_shown(visit, fields, files):
    page, _ = visit("?tool=stardist")
    choose(page, [fields[0], fields[2]])
    before = run(page)
    page.get_by_role("slider", name="Probability threshold").fill("0.8")
    shown = page.locator("[data-lab=count]")
    expect(shown).not_to_have_text(str(before))
    page.get_by_label("Size of a pixel").fill("0.5")
    run_all(page)
    first, second = rows_of(saved(page, "all-files", files))
    assert int(first["objects"]) == int(shown.inner_text()) < before
    assert first["pixel_width_um"] == second["pixel_width_um"] == "0.5"


def test_a_cancel_keeps_what_is_done(visit, files, nuclei):
    image, _ = nuclei
    paths = [files / f"{number}.tif" for number in range(20)]
    for path in paths:
        tifffile.imwrite(path, image)
    page, _ = visit("?tool=stardist")
    choose(page, paths)
    page.locator("[data-lab=run-all]").click()
    expect(page.locator(".lab-batch .lab-what")).to_contain_text(" of 20: ", timeout=PATIENCE)
    expect(page.locator(".lab-batch tbody tr").nth(1)).to_be_attached(timeout=PATIENCE)
    page.locator(".lab-batch").get_by_role("button", name="Cancel").click()
    expect(page.locator(".lab-status")).to_contain_text("what is done is kept")
    done = page.locator(".lab-batch tbody tr").count()
    assert 2 <= done < 20
    assert len(rows_of(saved(page, "all-files", files))) == done
    assert run(page) > 0  # one image alone has not to wait any more


@pytest.mark.parametrize(("scheme", "width"), [("dark", 1280), ("light", 390)])
def test_the_table_of_files_is_accessible_and_fits(visit, fields, scheme, width):
    page, _ = visit("?tool=stardist", scheme=scheme, width=width)
    choose(page, fields)
    run_all(page)
    page.get_by_role("button", name="Show 3.tif").click()
    expect(page.locator(".lab-name")).to_contain_text("3.tif")
    expect(page.locator(".lab-results")).to_be_visible()
    assert overflow_faults(page) == []
    assert axe_faults(page) == []
