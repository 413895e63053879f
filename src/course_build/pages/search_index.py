"""What the search knows: every section of every page, with its words in the order of their weight.

A page from disk may load a script but no data, so the index is a script: one file serves the site
on a server and the site from disk. theme/javascripts/search.js loads it when search is opened.
"""

import json
import re
from dataclasses import astuple, dataclass
from html.parser import HTMLParser

import yaml

from course_build import Stop

SCRIPT = "search/index.js"  # where the site has it
VARIABLE = "searchIndex"
# Chapters explain a thing, notebooks do it; the rest mentions it. The first that fits counts.
WEIGHTS = {"reference/faq": 0.9, "reference/": 0.5, "notebooks/": 0.8, "teach/": 0.5}

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
# Nobody looks for these words, or types a formula's LaTeX; a quiz would show its answers.
LEFT_OUT_TAGS = {"script", "style", "svg", "template"}
LEFT_OUT_CLASSES = {"headerlink", "arithmatex", "freshness", "notebook-links", "quiz"}
WITHIN_A_LINE = {"a", "abbr", "b", "code", "em", "i", "kbd", "mark", "small", "span", "strong",
                 "sub", "sup"}  # fmt: skip
WITHOUT_END = {"area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source",
               "track", "wbr"}  # fmt: skip
CODE_WORD = re.compile(r"[^\W\d_]\w{2,}")


@dataclass
class Section:
    """A heading and what stands below it, up to the next heading.

    anchor : the heading's id; empty for the top of the page
    level : 1 to 6, as in <h1> to <h6>
    """

    anchor: str
    level: int
    heading: str = ""
    text: str = ""
    code: str = ""


def page_entry(url, title, page_html, *, part="", description=""):
    """Return what the index holds of a page.

    Parameters
    ----------
    url : str
        Its address, relative to the site's root.
    title : str
        Its name in the navigation.
    page_html : str
        Its content. Elements with `data-search-exclude` are left out.
    part : str
        The part of the navigation that holds it.
    description : str
        One sentence on what it is about; a word in it weighs more than one in the text.
    """
    weight = next((w for start, w in WEIGHTS.items() if url.startswith(start)), 1)
    return {
        "url": url,
        "title": title,
        "part": part,
        "description": description,
        "weight": weight,
        "sections": [astuple(section) for section in sections(page_html)],
    }


def read_synonyms(text):
    """Return the groups of words that mean the same.

    Raises
    ------
    Stop if a line is not a list of two or more words or phrases, or if one stands in two.
    """
    groups, where = yaml.safe_load(text) or [], {}
    for group in groups:
        if not isinstance(group, list) or len(group) < 2:
            raise Stop(f"{group!r}: name two or more words for the same thing")
        for words in group:
            if not isinstance(words, str):
                raise Stop(f"{words!r} in {group!r}: put it in quotation marks")
            if words.lower() in where:
                raise Stop(f"{words!r} stands in {where[words.lower()]} and in {group}")
            where[words.lower()] = group
    return groups


def script(pages, synonyms):
    """Return the script that brings the index.

    pages : list of what `page_entry` returned
    synonyms : list of lists, from `read_synonyms`
    """
    index = {"pages": pages, "synonyms": synonyms}
    data = json.dumps(index, ensure_ascii=False, separators=(",", ":"))
    return f"globalThis.{VARIABLE}={data};\n"


def read_script(text):
    """Return what `script` was given: {"pages": …, "synonyms": …}."""
    return json.loads(text.removeprefix(f"globalThis.{VARIABLE}=").rstrip(";\n"))


def without_marks(page_html):
    """Return the page without the marks that only the index reads."""
    return re.sub(r"\s?data-search-exclude(=\"[^\"]*\")?", "", page_html)


def sections(page_html):
    """Return the sections of a page, as a list of Section.

    `code` holds each word of the code that the text does not have, once, in alphabetical order.
    """
    reader = _Reader()
    reader.feed(page_html)
    for section in reader.sections:
        section.heading, section.text = _line(section.heading), _line(section.text)
        known = set(CODE_WORD.findall(section.text))
        section.code = " ".join(sorted(set(CODE_WORD.findall(section.code)) - known))
    return [section for section in reader.sections if section.heading or section.text]


def _line(text):
    line = re.sub(r" ([.,;:!?)])", r"\1", " ".join(text.split()))
    return re.sub(r"(· )+(?=·)", "", line).strip("· ")


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.sections = [Section("", 1)]
        self.open = []  # (tag, what is inside: "heading", "code", "left out" or None)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag not in WITHIN_A_LINE:
            self.handle_data(" ")
        if tag in WITHOUT_END:
            return
        classes = set((attributes.get("class") or "").split())
        part = None
        excluded = "data-search-exclude" in attributes
        if tag in LEFT_OUT_TAGS or classes & LEFT_OUT_CLASSES or excluded:
            part = "left out"
        elif tag in HEADINGS and attributes.get("id"):
            part = "heading"
            if tag != "h1":
                self.sections.append(Section(attributes["id"], int(tag[1])))
        elif tag == "pre":
            part = "code"
        self.open.append((tag, part))

    def handle_endtag(self, tag):
        while self.open and any(name == tag for name, _ in self.open):
            if self.open.pop()[0] == tag:
                break
        if tag not in WITHIN_A_LINE:
            self.handle_data(" · " if tag in ("td", "th") else " ")

    def handle_data(self, data):
        parts = [part for _, part in self.open if part]
        if "left out" in parts:
            return
        kind = next((part for part in ("heading", "code") if part in parts), "text")
        section = self.sections[-1]
        setattr(section, kind, getattr(section, kind) + data)
