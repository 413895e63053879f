"""The page "What changed upstream", and the line on each tool's page: what the last trial found."""

import json

import pytest
from bs4 import BeautifulSoup

from course_build.pages import shelf_life
from tests.course_build.tiny_project import ROOT

PAGE = """# What changed

<!-- newest: packages -->

<!-- newest: notebooks -->

<!-- newest: claims -->
"""
CLAIMS = """
[[claim]]
page = "tools/net.md"
says = "a net has **[33](#x) numbers**"
about = "stardist"
test = "tests/test_net.py::test_numbers"

[[claim]]
page = "tools/net.md"
says = "`a | b` came with {{ rays.count }} rays"
about = "stardist"
test = "tests/test_net.py::test_rays"

[[claim]]
page = "index.md"
says = "Home is <b>home</b>"
about = "numpy"
source = "https://course.test/home"
"""
GOOD = {"about": ["stardist"], "true_since": "2026-12-03",
        "last_seen": {"date": "2027-01-02", "versions": {"stardist": "0.9.3"}},
        "first_broken_by": None}  # fmt: skip
BROKEN = GOOD | {
    "last_seen": {"date": "2027-01-01", "versions": {"stardist": "0.9.2"}},
    "first_broken_by": {"date": "2027-01-02", "message": "32 != 33 | `x`", "packages": {
        "aaa": ["1", "2"], "bbb": [None, "1"], "ccc": ["1", "2"], "numpy": ["2.0.2", "2.4.0"],
        "stardist": ["0.9.2", "0.9.3"]}},
}  # fmt: skip
HISTORY = {
    "run": {"date": "2027-01-02", "python": "3.12.9", "system": "Linux", "machine": "x86_64",
            "packages": {"stardist": "0.9.3", "numpy": "2.0.2", "cellpose": "3.1.1.3"},
            "apart": {"cellpose": "4.3.0"}},
    "notebooks": {"05_nuclei": BROKEN},
    "claims": [
        {"page": "tools/net.md", "says": "a net has **[33](#x) numbers**", "test": "x", **GOOD},
        {"page": "tools/net.md", "says": "`a | b` came with {{ rays.count }} rays", "test": "x",
         **BROKEN},
    ],
}  # fmt: skip


@pytest.fixture
def course(project):
    """A tiny course with two pages, a notebook and a list of claims, before the first trial."""
    project.configure("attr_list,", "attr_list, pymdownx.details,")
    project.write("docs/reference/what-changed.md", PAGE)
    project.write("docs/tools/net.md", "# The net\n\n[{{ checked.stardist }}](../index.md)\n")
    project.write("figures/rays/data.json", '{"count": 32}')
    project.write("tests/test_net.py")
    project.write(f"{shelf_life.CLAIMS}/a.toml", CLAIMS)
    project.notebook("05_nuclei", title="# 05 · Nuclei")
    project.notebook("14_sam", title="# 14 · SAM")
    project.write(
        "pyproject.toml",
        '[project]\nname = "bioimage-course"\nversion = "1.2.3"\n'
        'dependencies = ["numpy>=2.0,<2.1", "stardist==0.9.2", "nowhere"]\n',
    )
    project.write("requirements.txt", "-e .\nnumpy==2.0.2\nstardist==0.9.2\n")
    project.write("requirements-sam.txt", "cellpose==4.2.1.1  # apart\n")
    return project


@pytest.fixture
def tried(course):
    """The same after a trial, in which something broke."""
    course.write("src/course_build/measured/shelf_life.json", json.dumps(HISTORY))
    return course


def read(project):
    """The page: its soup, and the cells of its tables."""
    soup = BeautifulSoup(project.page("reference/what-changed"), "html.parser")
    tables = [
        [[cell.get_text(" ", strip=True) for cell in row.find_all(["th", "td"])]
         for row in table.find_all("tr")] for table in soup.find_all("table")
    ]  # fmt: skip
    return soup, tables


def test_before_the_first_trial_the_page_says_so_and_shows_the_course_s_versions(course):
    soup, (packages, notebooks) = read(course)
    assert soup.get_text().count("It has not run yet") == 2
    assert packages == [
        ["package", "in the course", "newest"],
        ["numpy", "2.0.2", "–"],
        ["stardist", "0.9.2", "–"],
        ["cellpose, for notebook 14", "4.2.1.1", "–"],
    ]
    assert notebooks[1:] == [["05 · Nuclei", "–", "–", "–"], ["14 · SAM", "–", "–", "–"]]
    assert "Not yet checked with the newest versions" in course.page("tools/net")


def test_packages_stand_with_the_courses_version_and_the_newest(tried):
    soup, (packages, _) = read(tried)
    assert packages[0] == ["package", "in the course", "newest, 2 January 2027"]
    assert packages[1:3] == [["numpy", "2.0.2", "2.0.2"], ["stardist", "0.9.2", "0.9.3"]]
    assert packages[3] == ["cellpose, for notebook 14", "4.2.1.1", "4.3.0"]
    assert [bold.text for bold in soup.table.find_all("strong")] == ["0.9.3", "4.3.0"]
    assert "Python 3.12.9 on Linux" in soup.get_text()


def test_a_notebook_stands_with_what_broke_it_its_own_packages_first(tried):
    soup, (_, (_, broken, elsewhere)) = read(tried)
    assert broken == [
        "05 · Nuclei",
        "3 December 2026",
        "1 January 2027 with stardist 0.9.2",
        "2 January 2027: stardist 0.9.2 → 0.9.3, numpy 2.0.2 → 2.4.0, aaa 1 → 2, bbb none → 1, "
        "1 more. It said: 32 != 33 | 'x'",
    ]
    assert elsewhere == ["14 · SAM", "–", "not run here", "–"]
    assert soup.find("a", string="05 · Nuclei")["href"] == "../../notebooks/05_nuclei/"


def test_claims_are_counted_and_stand_by_page_open_where_one_broke(tried):
    soup, _ = read(tried)
    text = " ".join(soup.get_text().split())
    assert "3 claims on 2 pages: 2 proved by a test, 1 by a source, 0 by neither." in text
    net, home = soup.find_all("details")
    assert net.has_attr("open") and not home.has_attr("open")
    assert net.summary.text == (
        "The net: 2 proved by a test, 0 by a source, 0 by neither; 1 no longer holds"
    )
    assert net.a["href"] == "../../tools/net/"
    good, broken = (" ".join(item.get_text().split()) for item in net.find_all("li"))
    assert good == "“a net has 33 numbers” (test_net.py::test_numbers) true since 3 December 2026"
    assert broken.startswith("“a | b came with 32 rays” (test_net.py::test_rays) no longer holds")
    assert "first broken by 2 January 2027: stardist 0.9.2 → 0.9.3" in broken
    (claim,) = home.find_all("li")
    assert claim.get_text() == "“Home is home” (source)"
    assert claim.a["href"] == "https://course.test/home"


def test_a_claim_of_a_glossary_or_a_quiz_stands_under_the_page_that_shows_it(course):
    course.write("docs/tools/net.yml")
    listed = CLAIMS.replace("tools/net.md", "tools/net.yml")
    course.write(f"{shelf_life.CLAIMS}/a.toml", listed)
    soup, _ = read(course)
    net = soup.details
    assert net.summary.text.startswith("The net: 2 proved by a test")
    assert net.a["href"] == "../../tools/net/"
    course.write("docs/tools/net.quiz.yml")
    assert shelf_life._page_title(course.root, "tools/net.quiz.yml") == "The net, quiz"


def test_a_test_is_linked_where_the_repository_has_an_address(tried, addresses):
    soup, _ = read(tried)
    address = "https://github.com/facility/course/blob/main/tests/test_net.py"
    assert len(soup.find_all("a", href=address)) == 2


def test_a_claim_whose_page_or_test_is_gone_stops_the_build(course):
    (course.root / "tests" / "test_net.py").unlink()
    assert "tests/test_net.py' leads nowhere" in course.why_it_stops()
    course.write("tests/test_net.py")
    course.write(f"{shelf_life.CLAIMS}/b.toml", CLAIMS.replace("index.md", "gone.md")
                 .replace("says = \"", "says = \"And "))  # fmt: skip
    assert "a claim stands on gone.md, which is not there" in course.why_it_stops()


def test_the_line_of_a_tool_tells_its_versions_and_that_something_broke():
    lines = shelf_life.checked(HISTORY)
    assert lines["stardist"] == (
        "Checked on 2 January 2027 with StarDist 0.9.3: something no longer holds"
    )
    assert lines["cellpose"] == "Checked on 2 January 2027 with Cellpose 3.1.1.3"
    assert lines["cellpose_3_and_4"].endswith("with Cellpose 3.1.1.3 and Cellpose 4.3.0")
    assert shelf_life.checked(None).keys() == lines.keys()


@pytest.mark.parametrize(
    ("says", "words"),
    [
        ("two\n  lines", "two lines"),
        ("![alt](a.png){ loading=lazy } and [a **b**](c.md#d)", "alt and a b"),
        ("`[x](y)` stays, {{ a.b | .2f }} too", "`[x](y)` stays, {{ a.b | .2f }} too"),
        ("- an item with a note[^1]", "an item with a note"),
        ("it [guesses], as [@smith2020]; `[2, 3]`", "it guesses, as [@smith2020]; `[2, 3]`"),
        ("(a.md), but it [warns", "but it warns"),
        ("none below 2.1](a.md#b), so", "none below 2.1, so"),
        ("| `resample` | {{ a.b | .2f }} |", "`resample` · {{ a.b | .2f }}"),
        ("IoU < 0.5 and > 0.1, `<b>`", "IoU < 0.5 and > 0.1, `<b>`"),
    ],
)
def test_a_claim_is_shown_in_the_words_of_its_page(says, words):
    assert shelf_life.words(says) == words


def test_the_courses_own_pages_have_the_tables_and_the_lines():
    docs = ROOT / "docs"
    page = (docs / "reference" / "what-changed.md").read_text(encoding="utf-8")
    assert shelf_life.MARKER.findall(page) == ["packages", "notebooks", "claims"]
    for name in ("tools/stardist", "tools/cellpose", "tools/cellpose-versions", "tools/cells",
                 "clicks/napari", "clicks/cellpose-window"):  # fmt: skip
        text = (docs / f"{name}.md").read_text(encoding="utf-8")
        assert text.count("{{ checked.") == 1 and "](../reference/what-changed.md)" in text, name
