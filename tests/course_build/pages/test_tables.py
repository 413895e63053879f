"""Wide tables of words know, for a phone, what each cell is."""

import re

import pytest
from bs4 import BeautifulSoup

from course_build.pages import tables

WORDS = """
| setting | what it is | a sensible first value |
| --- | --- | ---: |
| `epochs` | how long the training goes on | the default, then **look** |
| "patch" & size | how large a piece is | several objects wide |
"""


def table(project, source):
    project.write("docs/index.md", source)
    return BeautifulSoup(project.page(""), "html.parser").table


def test_each_cell_says_the_head_of_its_column(project):
    found = table(project, WORDS)
    heads = ["setting", "what it is", "a sensible first value"]
    assert "data-cards" in found.attrs
    for row in found.select("tbody tr"):
        assert [cell["data-label"] for cell in row.find_all("td")] == heads
    assert [cell.text for cell in found.find_all("td")][3] == '"patch" & size'
    assert found.code.text == "epochs" and found.strong.text == "look"


def test_it_stays_a_table_for_a_screen_reader(project):
    found = table(project, WORDS)
    roles = [(element.name, element["role"]) for element in found.find_all(role=True)]
    assert found["role"] == "table"
    assert roles[:5] == [("thead", "rowgroup"), ("tr", "row"), *[("th", "columnheader")] * 3]
    assert roles[5:] == [("tbody", "rowgroup"), *[("tr", "row"), *[("td", "cell")] * 3] * 2]


def test_signs_of_html_in_a_head_stay_what_they_are(project):
    found = table(project, WORDS.replace("what it is", 'a <b>"large" &amp; wide</b> thing'))
    assert found.td.find_next_sibling("td")["data-label"] == 'a "large" & wide thing'


def rows(*lines):
    """A table's HTML; the first line is its head."""
    return "<table><thead>" + "</thead><tbody>".join(
        "".join(f"<tr>{''.join(f'<{tag}>{cell}</{tag}>' for cell in line)}</tr>" for line in part)
        for tag, part in (("th", lines[:1]), ("td", lines[1:]))
    ) + "</tbody></table>"  # fmt: skip


@pytest.mark.parametrize(
    "lines",
    [
        (["score", "first", "second", "third"], ["AP", "no", "yes", "yes"]),  # fits
        (["what", "it does"], ["a long name of a thing", "a very long description of it"]),
        (["method", *["a measured value"] * 4], ["StarDist for nuclei", *["0.851 (0.8)"] * 4]),
        ([r'<span class="arithmatex">\(w\)</span>', "what it means", "where it stands"],
         *[["a weight of the network", "how much a pixel counts", "in the first of layers"]] * 2),
    ],
    ids=["narrow", "two columns", "numbers", "formulas"],
)  # fmt: skip
def test_other_tables_are_left_alone(lines):
    assert tables.as_cards(rows(*lines)) == rows(*lines)


def test_the_rest_of_a_page_stays_as_it_is(project):
    before = "<p>one</p><pre>| a | b |</pre>"
    wide = rows(*[["a setting of it", "what it is for", "a value to begin with"]] * 2)
    after = tables.as_cards(before + wide + before)
    assert after.startswith(before) and after.endswith(before)
    assert re.sub(r' (role|data-label)="[^"]*"| data-cards', "", after) == before + wide + before
