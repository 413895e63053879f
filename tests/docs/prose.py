"""Read the chapters as a reader does: without code, formulas, addresses and alternative texts."""

import re
from functools import cache
from pathlib import Path

import yaml

from course_build.pages import figures, glossary
from course_build.pages.reading_time import FENCE, HEADER, plain, words  # noqa: F401

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
TEACHING = ("start", "concepts", "tools", "practice")  # folders of chapters


class _Loader(yaml.SafeLoader):
    """mkdocs.yml names functions and variables; what they are does not matter here."""


_Loader.add_multi_constructor("!", lambda loader, suffix, node: None)
_Loader.add_multi_constructor("tag:yaml.org,2002:python/", lambda loader, suffix, node: None)


def navigation():
    """Every page of the navigation in order: [(title, path)]; links to other sites are left out."""
    config = yaml.load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"), _Loader)
    parts = [next(iter(part.values())) for part in config["nav"]]
    pages = [next(iter(page.items())) for part in parts if isinstance(part, list) for page in part]
    return [(title, path) for title, path in pages if "://" not in path]


def chapters():
    """The chapters in order: paths below docs/."""
    return [path for _, path in navigation() if path.split("/")[0] in TEACHING]


def read(path):
    """A page as its reader gets it: with the text of the figures that it names."""
    text = (DOCS / path).read_text(encoding="utf-8")
    return figures.expand(text, path, ROOT) if path.endswith(".md") else text


@cache
def known_words():
    """The abbreviations that the glossary explains, and those of everyday use."""
    entries = glossary.load(DOCS / "reference" / "glossary.yml").values()
    known = {form for entry in entries for form in glossary.forms(entry)}
    known |= {word for form in known for word in form.split()}
    return known | set((ROOT / "tests/docs/everyday.txt").read_text(encoding="utf-8").split())


def unexplained(text):
    """The abbreviations in a text that neither the glossary nor everyday use explains."""
    used = re.findall(r"\b[A-Z][A-Z&]+s?\b", plain(text))
    return {word for word in used if not {word, word.removesuffix("s")} & known_words()}


def paragraphs(markdown):
    """Running text in paragraphs: no headings, tables, lists of links or titles of boxes."""
    blocks = re.split(r"\n\s*\n|\n(?=\s*(?:[-*]|\d+\.) )", plain(markdown))
    blocks = [" ".join(line.strip() for line in block.splitlines()) for block in blocks]
    return [
        b for b in blocks if b.strip() and b.lstrip()[0] not in "#|" and not b.startswith("!!!")
    ]


def sentences(text):
    return [s for s in re.split(r"(?<=[.!?:;])\s+", " ".join(text.split())) if words(s)]


def reading_grade(text):
    """Flesch and Kincaid's school grade of a text; syllables are groups of vowels.

    Source: Kincaid et al. 1975, Derivation of New Readability Formulas.
    """
    found = words(text)
    syllables = sum(max(1, len(re.findall(r"[aeiouy]+", _silent(word)))) for word in found)
    return 0.39 * len(found) / len(sentences(text)) + 11.8 * syllables / len(found) - 15.59


def _silent(word):
    return re.sub(r"(?<=[^aeiouyl])e$", "", word.lower())
