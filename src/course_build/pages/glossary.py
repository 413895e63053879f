"""The glossary: one YAML file becomes a page, and the first use of each term a hint in chapters."""

import re
import unicodedata

import yaml
from bs4 import BeautifulSoup
from markdown import Markdown

from course_build import Stop

MARKER = "<!-- glossary -->"
BEHIND = re.compile(r"[.,;:!?)”’]*")  # stays on the line of its word
# Where a word is not a term in running text.
SKIPPED = ["a", "abbr", "button", "code", "figure", "h1", "h2", "h3", "h4", "label", "pre",
           "script", "style", "summary", "table"]  # fmt: skip
SKIPPED_CLASSES = {"admonition-title", "arithmatex", "md-button", "promise", "quiz"}


def load(path):
    """The terms of a YAML file: {term: entry}; empty where there is no file."""
    if not path.exists():
        return {}
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise Stop(f"{path}: not YAML that can be read ({error})") from error
    terms, taken = {}, {}
    for entry in entries:
        needed = {"term", "definition"}
        if not needed <= set(entry) <= needed | {"also", "see", "hint"}:
            raise Stop(f"{path}: needs term and definition, may have also, see and hint: {entry}")
        for form in forms(entry):
            if form in taken:
                raise Stop(f"{path}: {form!r} belongs to {taken[form]!r} already")
            taken[form] = entry["term"]
        terms[entry["term"]] = entry
    return terms


def forms(entry):
    """Every form in which a term stands in a text."""
    return [entry["term"], *map(str, entry.get("also", []))]


def slug(term):
    plain = unicodedata.normalize("NFKD", str(term)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


def listing(terms, relative):
    """The page: terms by letter, each with its other forms, its definition and where to read on.

    relative : function, from a page of docs/ to its address as seen from the glossary
    """
    lines, letter = [], ""
    for term in sorted(terms, key=lambda term: slug(term)):
        entry = terms[term]
        if (first := slug(term)[0].upper()) != letter:
            letter = first
            lines.append(f"## {letter if letter.isalpha() else '0–9'}\n")
        # Plain plurals are forms too, but nothing to read.
        others = [form for form in forms(entry)[1:] if form.lower() != f"{term}s".lower()]
        also = f" (also: {', '.join(others)})" if others else ""
        see = f" [Read\u00a0on]({relative(entry['see'])})" if entry.get("see") else ""
        lines.append(f"{term}{also} {{: #{slug(term)} }}\n:   {entry['definition'].strip()}{see}\n")
    return "\n".join(lines)


def explain(content, terms, glossary):
    """Give the first use of each term in a chapter a hint on hover, focus and tap.

    A term with `hint: false` gets none: a word that says other things, too.

    glossary : address of the glossary as seen from this page
    """
    hinted = {term: entry for term, entry in terms.items() if entry.get("hint", True)}
    names = {form: term for term, entry in hinted.items() for form in forms(entry)}
    if not names:
        return content
    soup, explained = BeautifulSoup(content, "html.parser"), set()
    pattern = _pattern(names)
    for text in soup.find_all(string=pattern):
        if any(_is_skipped(parent) for parent in text.parents):
            continue
        pieces, end = [], 0
        for match in pattern.finditer(text):
            form = " ".join(match[1].split())
            term = names.get(form) or names.get(form[0].lower() + form[1:])
            if term is None or term in explained:
                continue
            explained.add(term)
            behind = BEHIND.match(text, match.end())[0]
            hint = _hint(match[0], terms[term], glossary, behind)
            pieces += [text[end : match.start()], hint]
            end = match.end() + len(behind)
        if pieces:
            new = BeautifulSoup("", "html.parser")
            for piece in [*pieces, text[end:]]:
                new.append(piece)
            text.replace_with(*list(new.contents))
    return str(soup)


def _pattern(names):
    """Any form as a whole word, the longest first; words may begin a sentence or take an s."""
    ordered = sorted(names, key=len, reverse=True)
    written = "|".join(re.escape(form).replace(r"\ ", r"\s+") for form in ordered)
    first = "|".join(
        re.escape(form[0].upper() + form[1:]).replace(r"\ ", r"\s+")
        for form in ordered
        if form[0].islower()
    )
    return re.compile(rf"(?<![\w-])({written}{'|' + first if first else ''})(?:e?s)?(?![\w-])")


def _is_skipped(element):
    classes = set(element.get("class") or []) if element.name else set()
    return element.name in SKIPPED or bool(classes & SKIPPED_CLASSES)


def _hint(written, entry, glossary, behind):
    name = slug(entry["term"])
    definition = Markdown().convert(entry["definition"].strip())
    definition = definition.removeprefix("<p>").removesuffix("</p>")
    # No script is needed: a button takes the focus on click and tap, CSS shows what follows it.
    return BeautifulSoup(
        f'<span class="defined"><button type="button" class="term" '
        f'aria-describedby="term-{name}">{written}</button>{behind}'
        f'<span class="definition" data-search-exclude><span id="term-{name}">{definition}</span> '
        f'<a href="{glossary}#{name}">Glossary</a></span></span>',
        "html.parser",
    )
