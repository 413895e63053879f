"""The pages *With clicks* keep what they promise: few steps, each with its source, both ways."""

import re

import pytest

from tests.docs import prose

PAGES = [path for _, path in prose.navigation() if path.startswith("clicks/")]
RUN_HERE = ("clicks/napari.md", "clicks/cellpose-window.md")
READ_ON = re.compile(r"as read on \d{1,2} \w+ 20\d\d\b")
STEP = re.compile(r"^\d+\. (.+)$", re.M)
ROUTES = "## Without code: which program?"


@pytest.fixture(params=PAGES)
def page(request):
    return request.param


@pytest.fixture
def text(page):
    return prose.read(page)


def lists(text):
    """The numbered lists of a page, each a list of its items."""
    found = []
    for match in STEP.finditer(text):
        if match.group().startswith("1. "):
            found.append([])
        found[-1].append(match[1])
    return found


def test_there_is_a_page_for_each_program():
    assert len(PAGES) == 5


def test_it_says_first_what_one_gets_and_what_one_needs(text):
    assert re.search(
        r'^# With clicks: .+\n\n<div class="promise" markdown>\n\*\*You get\*\* .+\n\n'
        r"\*\*You need\*\* .+\n</div>$",
        text,
        re.M,
    )


def test_it_goes_from_a_file_to_numbers_in_at_most_twelve_steps(text):
    assert lists(text)
    assert max(len(steps) for steps in lists(text)) <= 12


def test_it_says_what_settings_mean_three_traps_and_both_ways(text):
    plain = prose.plain(text)
    for words in ("hat the settings mean", "hree traps", "There and back"):
        assert words in plain, words
    assert len(re.findall(r"^\*\*[123]\. |^[123]\. \*\*", text, re.M)) >= 3


def test_what_was_not_run_here_names_a_source_for_each_step_and_a_date(page, text):
    if page in RUN_HERE:
        assert "Done for this page, by a script" in text
        assert not READ_ON.search(text)
        return
    assert READ_ON.search(text)
    steps = [step for steps in lists(text) if len(steps) > 3 for step in steps]
    bare = [step for step in steps if "](" not in step]
    # A step may rest on a link that the step before it, or the page's next paragraph, names.
    assert len(bare) <= len(steps) / 3, bare


def test_it_links_a_notebook_and_the_steps_of_measuring(text):
    assert re.search(r"\]\(\.\./notebooks/\d\d_\w+\.ipynb", text)
    assert "](../practice/measuring.md" in text


def test_it_is_as_short_as_a_page_beside_a_program_may_be(text):
    assert 600 <= len(prose.words(prose.plain(text))) <= 1000


def test_it_reads_as_easily_as_a_chapter(text):
    assert prose.reading_grade("\n".join(prose.paragraphs(text))) <= 9


def test_the_table_of_routes_has_a_source_in_each_cell():
    text = prose.read("tools/which-tool.md")
    table = text.split(ROUTES)[1].split("\n## ")[0]
    rows = [row.strip("|").split(" | ") for row in re.findall(r"^\|.+\|$", table, re.M)]
    head, _, *rows = rows
    assert len(head) == 6 and len(rows) >= 8
    unsourced = [cell for row in rows for cell in row[1:] if "](" not in cell]
    assert unsourced == []
    assert all(len(row) == len(head) for row in rows)


@pytest.mark.parametrize("answer", ["By hand", "A pretrained StarDist", "A pretrained Cellpose"])
def test_an_answer_of_the_decision_figure_leads_to_clicks_before_notebooks(answer):
    text = prose.read("start/is-deep-learning-right.md")
    card = text.split(f"### {answer} {{")[1].split("\n### ")[0]
    first = re.search(r"\*\*First step:\*\* (.+)", card)[1]
    assert "](../clicks/" in first
    assert first.index("](../clicks/") < (first + "](../notebooks/").index("](../notebooks/")
