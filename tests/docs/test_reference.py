"""Glossary, questions and references are complete, and used."""

import json
import re

import pytest
import yaml
from pybtex.database import parse_file

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


def test_numbers_of_pages_are_all_used():
    """A number that no page quotes is measured for nothing."""
    text = "".join(pages().values()) + "".join(p.read_text() for p in prose.DOCS.rglob("*.yml"))
    text += "".join(p.read_text() for p in (prose.ROOT / "tests").rglob("*.py"))
    for file in sorted((prose.DOCS / "data").glob("*.json")):
        json.loads(file.read_text(encoding="utf-8"))
        assert re.search(rf"\b{file.stem}\b", text), f"docs/data/{file.name}"
