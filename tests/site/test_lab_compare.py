"""Both tools on one image, on the page *Try your own image*."""

import re

import pytest
from playwright.sync_api import expect

from tests.site.checks import PATIENCE, axe_faults, overflow_faults
from tests.site.lab import choose, run


def compare(page):
    """Run the other tool; return how many objects both found, and how many places differ."""
    page.locator("[data-lab=compare]").click()
    done = page.locator(".lab-status").filter(has_text="agree on")
    expect(done).to_be_visible(timeout=PATIENCE)
    return [int(number) for number in re.findall(r"\d+", done.inner_text())]


def counted(page, kind):
    return int(page.locator(f".lab-agreed [data-kind={kind}] b").inner_text())


def test_what_both_found_and_where_they_differ_is_counted_listed_and_shown(visit, files):
    page, seen = visit("?tool=stardist")
    choose(page, files / "nuclei.tif")
    count = run(page)
    both, places = compare(page)
    assert 0.8 * count < both <= count
    alone = counted(page, "first") + counted(page, "second")
    assert counted(page, "both") == both
    assert alone + counted(page, "divided") + counted(page, "outlined") == places
    said = page.locator(".lab-comparing").inner_text()
    assert "Agreement (F1)" in said and "both be wrong" in said
    assert "accuracy" not in said.lower()
    expect(page.get_by_role("radio", name="Both tools")).to_be_checked()
    # Other thresholds are compared with the other tool's result as it stands.
    page.get_by_role("slider", name="Probability threshold").fill("0.8")
    expect(page.locator(".lab-agreed [data-kind=both] b")).not_to_have_text(str(both))
    fewer = int(page.locator("[data-lab=count]").inner_text())
    assert counted(page, "both") <= fewer < count
    page.locator(".lab-comparing summary").click()
    page.get_by_role("button", name="All").click()
    page.wait_for_timeout(100)
    before = page.evaluate("document.querySelector('.lab-canvas').toDataURL()")
    page.locator(".lab-jump").first.click()
    page.wait_for_function(
        "b => document.querySelector('.lab-canvas').toDataURL() !== b", arg=before
    )
    assert seen.faults["errors"] == [] and seen.faults["foreign"] == []


@pytest.mark.long  # three networks run
def test_another_tool_or_image_begins_anew(visit, files):
    page, _ = visit("?tool=stardist")
    choose(page, files / "nuclei.tif")
    run(page)
    compare(page)
    page.locator("input[value=cellpose-nuclei]").check()
    run(page)
    expect(page.get_by_role("radio", name="Both tools")).to_be_hidden()
    expect(page.locator(".lab-agreed")).to_be_hidden()
    expect(page.locator("[data-lab=compare]")).to_have_text("Compare with StarDist")
    page.locator("input[value=cellpose-cells]").check()
    run(page)
    expect(page.locator("[data-lab=compare]")).to_be_hidden()


@pytest.mark.parametrize(
    ("scheme", "width"), [pytest.param("light", 1280, marks=pytest.mark.long), ("dark", 390)]
)
def test_the_comparison_is_accessible_and_fits(visit, files, scheme, width):
    page, _ = visit("?tool=cellpose-nuclei", scheme=scheme, width=width)
    choose(page, files / "nuclei.tif")
    run(page)
    compare(page)
    page.evaluate("document.querySelectorAll('.lab details').forEach(d => { d.open = true })")
    assert overflow_faults(page) == []
    assert axe_faults(page) == []
