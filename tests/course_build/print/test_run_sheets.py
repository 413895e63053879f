"""A run sheet says what the schedule says, by the clock."""

import re
from html import unescape

import pytest

from course_build import Stop
from course_build.print import SCHEDULES, run_sheets
from tests.docs import prose

BLOCK = """
# A morning

## 0:00–0:10 Welcome { #welcome }

Say who you are.

> “Predict before you run.”

## 0:10–0:40 Rays { #rays }

[Slides: Rays](slides/stardist.html) · worksheet: [Trace the rays](worksheets/trace-the-rays.md)

Goal
:   Bring one image of one's own, and say
    what a ray is.

Minutes
:   8 talk · 15 notebook · 7 questions

You show
:   The figure *[Ask every pixel](../tools/stardist.md#the-two-thresholds)*, then
    [thresholds](../tools/stardist.md#thresholds).

They do
:   1. In pairs: look at the rays. Then change.
    2. [05 · Nuclei with StarDist](../notebooks/05_stardist_nuclei.ipynb), its
       [exercise](../notebooks/05_stardist_nuclei.ipynb#exercise).
    3. Early finishers: [the card](../start/first-success.md#card).

If time runs out
:   Skip the exercise.
"""


def words(html):
    """The words of HTML as they are read, each row of a table on a line."""
    body = re.sub(r"<(script|style).*?</\1>|\n", " ", html, flags=re.S).replace("</tr>", "\n")
    lines = re.sub(r"<[^>]+>", " ", unescape(body).replace("\xa0", " ")).splitlines()
    return [re.sub(r"\s+([;:.,])", r"\1", " ".join(line.split())) for line in lines]


@pytest.fixture(scope="module")
def made():
    """The run sheets as they are made now: {name: HTML}."""
    return run_sheets.sheets()


@pytest.fixture(params=SCHEDULES)
def name(request):
    return request.param


def test_a_block_is_one_row_with_the_clock_the_places_the_goal_and_plan_b():
    _, welcome, rays, *_ = words(run_sheets.sheet(BLOCK, "morning"))
    assert welcome == "9:00 – 9:10 Welcome. Say who you are. “Predict before you run.”"
    assert rays == (
        "9:10 – 9:40 Rays · slides 9:10 talk · 9:18 notebook · 9:33 questions "
        "Show StarDist: Ask every pixel · thresholds "
        "They do In pairs; 05 · Nuclei with StarDist · exercise; early: First success: the card "
        "“Now you can bring one image of your own, and say what a ray is.” Skip the exercise."
    )


def test_what_is_printed_and_what_is_checked_an_hour_before_stands_at_the_top():
    first = words(run_sheets.sheet(BLOCK, "morning"))[0]
    assert "Printed, one for each person: Trace the rays." in first
    points = prose.read("teach/checklists.md").split("{ #one-hour }")[1].split("\n## ")[0]
    assert first.count("☐") == len(re.findall(r"^- ", points, re.M)) > 5


def test_minutes_that_do_not_add_up_stop_the_build():
    with pytest.raises(Stop, match="Rays: its parts end at 39 minutes, its heading says 40"):
        run_sheets.sheet(BLOCK.replace("7 questions", "6 questions"), "morning")


def test_a_page_without_times_stops_the_build():
    with pytest.raises(Stop, match=r"docs/teach/morning\.md has no times"):
        run_sheets.sheet("# A morning\n", "morning")


def test_every_time_of_the_schedule_is_on_its_sheet(name, made):
    text = prose.read(f"teach/{name}.md").split("## Day 2")[-1]
    times = re.findall(r"^#{2,3} (\d+:\d\d)–(\d+:\d\d)", text, re.M)
    shown = re.findall(
        r"<th><time data-minutes=\"(\d+)\">[^<]+</time>–<time data-minutes=\"(\d+)\">", made[name]
    )
    assert [tuple(f"{int(m) // 60}:{int(m) % 60:02}" for m in pair) for pair in shown] == times
    assert len(times) > 6


def test_nothing_is_left_to_fill_in_and_no_other_host_is_asked(name, made):
    assert "{{" not in made[name] and "--8<--" not in made[name] and "++" not in words(made[name])
    assert re.findall(r"(?:src=\"|url\([\"']?)(?:https?:)?//", made[name]) == []
