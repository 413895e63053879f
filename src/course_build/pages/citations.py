"""Cite by key: `[@schmidt2018]` becomes a link to the list that is made from one BibTeX file."""

import re

from pybtex.database import parse_file
from pybtex.exceptions import PybtexError

from course_build import Stop
from course_build.pages.links import outside_code

CITATION = re.compile(r"\[@([a-z]+\d{4}[a-z]?)\]")
MARKER = "<!-- references -->"
PAGE = "reference/references.md"


def load(path):
    """The entries of a BibTeX file: {key: entry}; empty where there is no file."""
    if not path.exists():
        return {}
    try:
        entries = parse_file(str(path)).entries
    except PybtexError as error:
        raise Stop(f"{path}: not BibTeX that can be read ({error})") from error
    for key, entry in entries.items():
        missing = {"title", "year"} - set(entry.fields) or (
            {"author"} if "author" not in entry.persons else set()
        )
        if missing:
            raise Stop(f"{path}: {key} has no {' and no '.join(sorted(missing))}")
        if not _address(entry):
            raise Stop(f"{path}: {key} needs a doi, an eprint or a url")
    return dict(entries)


def fill(markdown, entries, where, relative):
    """Put links for citations, and the whole list for its marker.

    relative : function, from a page of docs/ to its address as seen from this page
    """

    def link(match):
        key = match[1]
        if key not in entries:
            raise Stop(f"{where}: no entry {key!r} in references.bib")
        return f"[{short(entries[key])}]({relative(PAGE)}#{key})"

    markdown = outside_code(markdown, lambda part: CITATION.sub(link, part))
    return markdown.replace(MARKER, listing(entries))


def short(entry):
    """Schmidt et al. 2018, as a text cites it."""
    names = [_family(person) for person in entry.persons["author"]]
    if len(names) == 2 and "others" not in names:
        author = " and ".join(names)
    else:
        author = names[0] + (" et al." if len(names) > 1 else "")
    return f"{author} {entry.fields['year']}"


def listing(entries):
    """Every entry as a paragraph with its key as anchor, by first author and year."""
    ordered = sorted(entries.items(), key=lambda pair: (short(pair[1]).lower(), pair[0]))
    return "\n\n".join(f"{_full(entry)}\n{{: #{key} .reference }}" for key, entry in ordered)


def _full(entry):
    fields = {name: re.sub(r"[{}]", "", value) for name, value in entry.fields.items()}
    names = ["et al." if _family(p) == "others" else _name(p) for p in entry.persons["author"]]
    if len(names) > 8:
        names = [*names[:6], "et al."]
    where = fields.get("journal") or fields.get("booktitle") or fields.get("publisher") or ""
    numbers = ", ".join(
        part.replace("--", "–")
        for part in (fields.get("volume", ""), fields.get("pages", ""))
        if part
    )
    place = " ".join(part for part in (f"*{where}*" if where else "", numbers) if part)
    text, address = _address(entry)
    sentences = [f"{', '.join(names)} ({fields['year']}).", f"{fields['title'].rstrip('.')}."]
    sentences += [f"{place}."] if place else []
    return " ".join([*sentences, f"[{text}]({address})"])


def _address(entry):
    fields = entry.fields
    if "doi" in fields:
        return f"doi:{fields['doi']}", f"https://doi.org/{fields['doi']}"
    if "eprint" in fields:
        return f"arXiv:{fields['eprint']}", f"https://arxiv.org/abs/{fields['eprint']}"
    return (fields["url"], fields["url"]) if "url" in fields else None


def _family(person):
    return re.sub(r"[{}]", "", " ".join([*person.prelast_names, *person.last_names]))


def _name(person):
    initials = "".join(name[0] for name in [*person.first_names, *person.middle_names])
    return f"{_family(person)} {initials}".strip()
