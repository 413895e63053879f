"""One vocabulary for mistakes: glossary, *When it fails*, slides and code say the same words."""

import re

import yaml

from bioimage_course.mistakes import KINDS
from tests.docs import prose

SEVEN = (*KINDS, "cut")
GLOSSARY = {
    entry["term"]: entry["definition"].strip()
    for entry in yaml.safe_load(prose.read("reference/glossary.yml"))
}
# What the course said before it had one vocabulary; a network may still "invent" a pixel.
OLD = re.compile(r"\b(invented|inventions?)\b", re.I)


def rows(text, column):
    """The cells beside a name in bold, in a Markdown table: {name: cell}."""
    table = re.findall(r"^\| (.+?) \| (.+?) \|$", text, re.M)
    return {
        row[1 - column].strip("*"): row[column] for row in table if row[1 - column].startswith("**")
    }


def test_the_page_says_word_for_word_what_the_glossary_says():
    names = rows(prose.read("practice/when-it-fails.md"), 1)
    assert list(names) == list(SEVEN)
    assert names == {name: GLOSSARY[name] for name in SEVEN}


def test_the_slide_names_the_same_mistakes_in_the_same_order():
    names = list(rows(prose.read("teach/slides/fails.md"), 0))
    assert names == [name for name in SEVEN if name != "found"]


def test_whoever_lists_the_names_lists_them_in_this_order():
    listed = r"merged,\s+split,\s+missed,\s+badly\s+outlined,\s+ghost,\s+(?:or\s+)?cut"
    for page in ("teach/half-day.md", "teach/slides/fails.md", "teach/slides/own-data.md"):
        assert re.search(listed, prose.read(page)), page


def test_no_page_notebook_or_script_says_invented():
    files = [
        *prose.DOCS.rglob("*.md"), *prose.DOCS.rglob("*.yml"),
        *(prose.ROOT / "notebooks").glob("*.ipynb"), *(prose.ROOT / "figures").rglob("*.py"),
        *(prose.ROOT / "figures").rglob("*.js"), *(prose.ROOT / "figures").rglob("figure.md"),
        *(prose.ROOT / "src").rglob("*.py"), *(prose.ROOT / "src").rglob("MODEL_CARD.md"),
        *(prose.ROOT / "training").glob("*.py"),
    ]  # fmt: skip
    assert len(files) > 100
    used = {path.as_posix(): OLD.findall(path.read_text(encoding="utf-8")) for path in files}
    assert {name: words for name, words in used.items() if words} == {}
