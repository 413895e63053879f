"""The glossary's page, and hints on the first use of each term in a chapter."""

import pytest
from bs4 import BeautifulSoup

TERMS = """
- term: kernel
  also: [filter]
  definition: The weights of a *convolution*.
  see: concepts/chapter.md
- term: receptive field
  definition: What one output sees.
- term: IoU
  definition: Shared area by joint area.
- term: split
  definition: Two outlines in one object.
  hint: false
"""


@pytest.fixture
def chapter(project):
    project.write("docs/reference/glossary.yml", TERMS)
    project.write("docs/reference/glossary.md", "# Glossary\n\n<!-- glossary -->\n")

    def chapter(text, path="concepts/chapter"):
        project.write("docs/concepts/chapter.md", "# Chapter\n")
        project.write(f"docs/{path}.md", f"# Chapter on a kernel\n\n{text}\n")
        return BeautifulSoup(project.page(path), "html.parser").main

    return chapter


def hints(page):
    return [button.get_text() for button in page.select("button.term")]


def test_only_the_first_use_of_a_term_gets_a_hint_in_any_of_its_forms(chapter):
    page = chapter("A filter is small. Kernels slide.\n\nReceptive\nfields grow; IoU does not.")
    assert hints(page) == ["filter", "Receptive\nfields", "IoU"]
    described = page.select_one("button.term")["aria-describedby"]
    assert page.find(id=described).get_text() == "The weights of a convolution."
    assert page.select_one(".definition a")["href"] == "../../reference/glossary/#kernel"


def test_the_text_around_a_hint_stays_as_it_was(chapter):
    page = chapter("Before the kernel, after.")
    for hint in page.select(".definition"):
        hint.decompose()
    assert "Before the kernel, after." in page.get_text()


def test_what_closes_a_sentence_stays_with_its_term(chapter):
    hint = chapter("A line ends with (a kernel). Then").select_one(".defined")
    hint.select_one(".definition").decompose()
    assert hint.get_text() == "kernel)."


@pytest.mark.parametrize(
    "text",
    ["## The kernel", "`kernel`", "[kernel](../index.md)", "    kernel", "| kernel |\n| --- |",
     "a kernelled thing", "multi-kernel", "an iou"],
    ids=["heading", "code", "link", "code block", "table", "part of a word", "compound",
         "other case"],
)  # fmt: skip
def test_no_hint_where_a_word_is_not_a_term_of_running_text(chapter, text):
    assert hints(chapter(text)) == []


def test_a_word_that_says_other_things_too_gets_no_hint(chapter):
    assert hints(chapter("We split the images, then split a kernel.")) == ["kernel"]


def test_pages_that_do_not_teach_get_no_hints(chapter):
    assert hints(chapter("A kernel.", "reference/other")) == []


def test_the_glossary_lists_terms_by_letter_with_anchors_other_forms_and_where_to_read(
    chapter, project
):
    chapter("Text.")
    html = (project.root / "site" / "reference" / "glossary" / "index.html").read_text()
    page = BeautifulSoup(html, "html.parser")
    assert [dt["id"] for dt in page.select("dt")] == ["iou", "kernel", "receptive-field", "split"]
    assert [h.get_text() for h in page.select("h2")] == ["I", "K", "R", "S"]
    assert "(also: filter)" in page.select("dt")[1].get_text()
    assert page.select("dd")[1].a["href"] == "../../concepts/chapter/"


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        (TERMS + "- term: filter\n  definition: Again.\n", "belongs to 'kernel' already"),
        ("- term: kernel\n", "needs term and definition"),
        ("- [\n", "not YAML"),
    ],
    ids=["twice", "no definition", "broken"],
)
def test_a_glossary_that_is_not_right_stops_the_build(project, terms, message):
    project.write("docs/reference/glossary.yml", terms)
    assert message in project.why_it_stops()
