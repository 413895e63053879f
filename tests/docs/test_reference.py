"""Glossary, questions and references are complete, and used."""

import re

import pytest
import yaml
from pybtex.database import parse_file

from course_build import Stop
from course_build.pages import numbers, shelf_life
from tests.docs import prose

BIB = parse_file(str(prose.DOCS / "reference" / "references.bib")).entries
CITED = re.compile(r"\[@(\w+)\]")
GLOSSARY = yaml.safe_load(prose.read("reference/glossary.yml"))
FAQ = prose.read("reference/faq.md")


def notebooks():
    return "".join(
        p.read_text(encoding="utf-8") for p in (prose.ROOT / "notebooks").glob("*.ipynb")
    )


def pages():
    cards = (prose.ROOT / "src").rglob("MODEL_CARD.md")
    files = [*prose.DOCS.rglob("*.md"), *cards]
    return {path: path.read_text(encoding="utf-8") for path in files}


def test_every_reference_is_cited_by_a_page_or_a_notebook():
    cited = {key for text in pages().values() for key in CITED.findall(text)}
    linked = notebooks() + "".join(pages().values())
    unused = [
        key
        for key, entry in BIB.items()
        if key not in cited and (entry.fields.get("doi") or entry.fields["eprint"]) not in linked
    ]
    assert unused == []


def test_every_key_that_is_cited_exists():
    cited = {key for text in pages().values() for key in CITED.findall(text)}
    assert cited <= set(BIB)
    assert cited, "no page cites anything"


def test_every_paper_that_a_notebook_links_is_in_the_list():
    links = re.findall(r"doi\.org/(10\.(?:[^\s()\"\\]|\([^\s()]*\))+)", notebooks())
    dois = {doi.lower() for doi in links}
    known = {entry.fields.get("doi", "").lower() for entry in BIB.values()}
    known |= {f"10.48550/arxiv.{entry.fields.get('eprint', '')}" for entry in BIB.values()}
    assert dois <= known


def test_no_paper_is_listed_twice():
    titles = [re.sub(r"\W", "", entry.fields["title"]).lower() for entry in BIB.values()]
    dois = [entry.fields["doi"].lower() for entry in BIB.values() if "doi" in entry.fields]
    assert len(set(titles)) == len(titles) and len(set(dois)) == len(dois)


def test_the_glossary_explains_eighty_terms_in_a_sentence_or_two():
    assert len(GLOSSARY) >= 80
    for entry in GLOSSARY:
        said = prose.sentences(prose.plain(entry["definition"]))
        assert len(prose.words(entry["definition"])) <= 60, entry["term"]
        assert 1 <= len(said) <= 4, entry["term"]
        assert (prose.DOCS / entry["see"]).exists() or (prose.ROOT / entry["see"]).exists()


def answers():
    parts = re.split(r"^### ", FAQ, flags=re.M)[1:]
    return {part.splitlines()[0]: part.partition("\n")[2].split("\n## ")[0] for part in parts}


def test_forty_questions_in_fourteen_groups_are_answered():
    assert len(answers()) >= 40
    assert len(re.findall(r"^## ", FAQ, re.M)) >= 14


@pytest.mark.parametrize("question", answers())
def test_an_answer_is_short_and_leads_on(question):
    answer = answers()[question]
    assert 10 <= len(prose.words(prose.plain(answer))) < 120
    assert re.search(r"\]\(|\[@", answer), "an answer links to a page, a notebook or its source"


def quoting():
    """Everything in which numbers are filled in, by its name: pages, quizzes, cards and decks."""
    names = [path.relative_to(prose.DOCS).as_posix() for path in prose.DOCS.rglob("*.md")]
    names += [path.relative_to(prose.DOCS).as_posix() for path in prose.DOCS.rglob("*.quiz.yml")]
    cards = (prose.ROOT / "src").rglob("MODEL_CARD.md")
    texts = {path.parent.name: path.read_text(encoding="utf-8") for path in cards}
    return texts | {name: prose.read(name) for name in names}


@pytest.fixture(scope="module")
def measured():
    found = numbers.load()
    return found | {"checked": shelf_life.checked(found.get("shelf_life"))}


def test_every_number_that_is_quoted_was_measured(measured):
    counted = {"page": {"minutes": 5}}  # by reading_time, for each page
    for where, text in quoting().items():
        numbers.fill(text, measured | counted, where)  # stops at an unknown one


def test_every_figures_numbers_are_quoted_somewhere(measured):
    """What no page quotes is computed for nothing: page.json holds what the figure itself loads."""
    quoted = set()
    for text in quoting().values():
        written = numbers.NUMBER.findall(prose.FENCE.sub("", text))
        quoted |= {
            match[1] for number in written if (match := numbers.EXPRESSION.fullmatch(number))
        }
    assert len(quoted) > 20
    figures = {path.parent.name for path in prose.ROOT.glob("figures/*/data.json")}
    assert sorted(figures - quoted) == []


def test_a_name_that_nothing_measured_is_found_out(measured):
    with pytest.raises(Stop, match="names no number"):
        numbers.fill("{{ stardist_rays.no_such_number }}", measured, "page.md")
