"""The site of the offline bundle: opened from disk in a real browser, with no network at all."""

import json
import re
import threading
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import expect

from course_build.bundle import check as bundle_check
from course_build.bundle.check import open_site, search, site_faults
from course_build.bundle.scripts import serve
from course_build.site_check import html_files, read
from tests.site.checks import PATIENCE, Visit, watch
from tests.site.lab import choose, run
from tests.site.places import ROOT

QUOTED = json.loads((ROOT / "figures/stardist_candidates/data.json").read_text(encoding="utf-8"))
ACTIVE = re.compile(r'<figure[^>]* data-figure=|class="quiz"')


@pytest.fixture
def open_file(browser, disk):
    """Open a page from disk; what went wrong on it must be nothing."""
    said, pages = [], []

    def open_file(path):
        page = open_site(browser, disk, said)
        pages.append(page)
        page.goto((disk / path).as_uri(), wait_until="load")
        return page

    yield open_file
    for page in pages:
        page.context.close()
    assert said == []


@pytest.mark.long
def test_no_page_with_a_figure_or_quiz_complains_and_every_figure_starts(browser, disk):
    """`make bundle-check` opens all pages."""
    pages = [disk / name for name in html_files(disk)]
    active = [page for page in pages if ACTIVE.search(page.read_text(encoding="utf-8"))]
    assert len(active) > 10
    assert site_faults(browser, disk, active) == []


@pytest.mark.parametrize(
    ("page", "fault"),
    [
        ('<script type="module" src="a.js"></script>', "CORS"),
        ('<figure data-figure="none">words</figure>', "the figure none does not start"),
        ('<img src="http://192.0.2.1/a.png" alt="">', "asked for http://192.0.2.1/a.png"),
        ("<script>lost()</script>", "uncaught: lost is not defined"),
    ],
)
def test_a_page_that_needs_a_server_is_a_fault(browser, tmp_path, page, fault, monkeypatch):
    monkeypatch.setattr(bundle_check, "STARTS_WITHIN", 0.5)
    (tmp_path / "a.js").write_text("export {}")
    (tmp_path / "index.html").write_text(page)
    assert any(fault in line for line in site_faults(browser, tmp_path))


@pytest.mark.long
def test_every_link_within_the_site_leads_to_a_file(disk):
    lost = set()
    for name in html_files(disk):
        for reference in read(disk / name).references:
            parts = urlsplit(reference.address)
            if not parts.scheme and parts.path:
                target = (disk / name).parent / unquote(parts.path)
                lost |= set() if target.is_file() else {f"{name}: {reference.address}"}
    assert sorted(lost) == []


@pytest.mark.long
def test_search_finds_a_word_in_pages_and_in_notebooks(browser, disk):
    found = [Path(unquote(urlsplit(address).path)) for address in search(browser, disk)]
    names = {path.relative_to(disk).as_posix() for path in found}
    assert "notebooks/02_classical_baseline.html" in names
    assert any(name.startswith(("concepts/", "tools/", "practice/")) for name in names), names
    assert all(path.is_file() for path in found)


@pytest.mark.long
def test_stardists_sliders_run_the_suppression(open_file):
    figure = open_file("tools/stardist.html").locator("[data-figure=stardist_candidates]")
    row = QUOTED["strict"]
    for slider, key in zip(figure.get_by_role("slider").all(), ("prob", "nms"), strict=True):
        slider.fill(str(row[key]))
    words = f"{row['candidates']} candidates → {row['objects']} objects"
    expect(figure.get_by_role("status")).to_have_text(words)


@pytest.mark.long
def test_the_kernel_moves_over_the_image_of_the_convolution(open_file):
    figure = open_file("concepts/convolutions.html").locator("[data-figure=convolution]")
    output = figure.locator("output")
    expect(output).to_contain_text("row")
    before = output.inner_text()
    figure.get_by_role("application").focus()
    figure.page.keyboard.press("ArrowRight")
    expect(output).not_to_have_text(before)


@pytest.mark.long
def test_nothing_lies_there_that_only_a_server_reads(disk):
    assert not list(disk.rglob("*.ipynb")) and not (disk / "404.html").exists()
    assert [path.name for path in disk.glob("javascripts/**/*.js*")] == ["offline.js"]


@pytest.mark.long
def test_from_disk_the_page_for_own_images_says_how_it_can_be_served(open_file):
    shown = open_file("lab.html").locator(".lab")
    expect(shown).to_contain_text("python3 serve.py")
    assert shown.get_by_role("link").get_attribute("href").endswith(".html")


@pytest.mark.long
def test_served_to_this_computer_it_finds_nuclei(browser, disk, files):
    serving = serve.server(0, str(disk))
    threading.Thread(target=serving.serve_forever, daemon=True).start()
    context = browser.new_context()
    page, seen = context.new_page(), Visit("lab.html", "")
    root = f"http://127.0.0.1:{serving.server_port}/"
    watch(page, root, seen)
    page.goto(f"{root}lab.html?tool=stardist")
    expect(page.locator(".lab[data-ready]")).to_be_visible(timeout=PATIENCE)
    choose(page, files / "nuclei.tif")
    assert run(page) > 10
    assert seen.faults["errors"] == seen.faults["foreign"] == []
    context.close()
    serving.shutdown()
