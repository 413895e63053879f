"""The run sheets: one sheet on paper; on the site, a page that tells the time by the clock."""

import re

import pytest

from course_build.print import SCHEDULES
from tests.course_build.print import pdf_reader
from tests.site.checks import axe_faults


@pytest.fixture(params=SCHEDULES)
def name(request):
    return request.param


def test_it_fits_on_one_sheet_of_a4(name, site):
    pdf = (site / "teach" / "run-sheets" / f"{name}.pdf").read_bytes()
    assert pdf_reader.pages(pdf) == 1
    width, height = re.search(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", pdf).groups()
    assert abs(float(width) - 842) < 1 and abs(float(height) - 595) < 1
    assert b"/Lang (en-GB)" in pdf and b"+SourceSans3" in pdf


@pytest.mark.parametrize("width", [1280, 390])
def test_it_is_accessible_and_as_wide_as_the_window(name, width, open_page):
    page = open_page(f"teach/run-sheets/{name}.html", width=width)
    assert axe_faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_its_times_follow_when_the_day_begins(open_page):
    page = open_page("teach/run-sheets/half-day.html")
    row = page.get_by_role("row").filter(has_text="First success").first
    assert row.get_by_role("rowheader").inner_text() == "9:35–10:05"
    page.get_by_label("The day begins at").fill("13:30")
    assert row.get_by_role("rowheader").inner_text() == "14:05–14:35"
    page.emulate_media(media="print")
    assert not page.get_by_label("The day begins at").is_visible()


def test_a_schedule_leads_to_its_run_sheet(open_page):
    page = open_page("teach/half-day/")
    page.get_by_role("link", name="run sheet").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Half a day: run sheet"
