"""Every worksheet is a page to print: the answers at its end, nothing left to fill in."""

import re

import pytest

from course_build import print as print_
from course_build.print import worksheets
from tests.course_build.print import pdf_reader
from tests.docs import prose

NAMES = sorted(path.stem for path in worksheets.WORKSHEETS.glob("*.md"))
FORMS = ("learning-a", "learning-b")


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def made():
    """The worksheets as they are printed: {name: HTML}."""
    return worksheets.sheets()


def test_there_are_the_five_worksheets_and_the_two_forms_of_the_test():
    assert [name for name in NAMES if name not in FORMS] == [
        "choose-the-tool", "find-out-why", "iou-by-hand", "trace-the-rays", "two-people-ten-nuclei"
    ]  # fmt: skip
    assert set(FORMS) < set(NAMES)


def test_a_form_of_the_test_asks_for_a_code_and_never_for_a_name(name, made):
    assert made[name].count('class="name"') == 1
    assert ("Name:" in made[name]) == (name not in FORMS)


def test_the_answers_stand_unfolded_at_the_end(name, made):
    assert made[name].count("<details open") == 1
    assert made[name].split("</details>")[1].strip().startswith("</main>")


def test_nothing_is_left_to_fill_in_and_no_other_host_is_asked(name, made):
    assert "{{" not in made[name]
    assert re.findall(r"(?:src=\"|url\([\"']?)(?:https?:)?//", made[name]) == []


def test_the_foot_bears_the_name_that_mkdocs_yml_gives(tmp_path, monkeypatch):
    (tmp_path / "mkdocs.yml").write_text("theme: x\nsite_name: 'Our \"course\"'\n")
    monkeypatch.setattr(print_, "ROOT", tmp_path)
    assert r'content: "Our \"course\" · CC BY 4.0"' in worksheets.sheet("# A sheet")


def test_every_picture_says_what_it_shows(name, made):
    for alt in re.findall(r'<img alt="([^"]*)"', made[name]):
        assert len(prose.words(alt)) >= 15
    assert made[name].count("<img") == made[name].count('<img alt="')


def test_the_page_lists_every_sheet_with_its_pdf():
    page = prose.read("teach/worksheets.md")
    assert all(f"(worksheets/{name}.md)" in page for name in NAMES)
    assert all(f"(worksheets/{name}.pdf)" in page for name in NAMES)


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """The folder with all worksheets as Chromium prints them."""
    folder = tmp_path_factory.mktemp("print")
    worksheets.make(folder)
    return folder / "teach" / "worksheets"


@pytest.mark.long
def test_the_pdf_is_a4_and_has_a_bookmark_for_every_heading(name, made, printed):
    pdf = (printed / f"{name}.pdf").read_bytes()
    boxes = re.findall(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    assert boxes and all(abs(float(w) - 595) < 1 and abs(float(h) - 842) < 1 for w, h in boxes)
    titles = re.findall(r"<h[12][^>]*>(.+?)</h[12]>", made[name])
    assert [pdf_reader.squeezed(mark) for mark in pdf_reader.bookmarks(pdf)] == [
        pdf_reader.squeezed(title) for title in titles
    ]
    assert b"/Lang (en-GB)" in pdf and b"+SourceSans3" in pdf
