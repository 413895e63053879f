"""The page "What changed upstream", and the line on each tool's page, from the last `make newest`.

In the page, <!-- newest: packages -->, <!-- newest: notebooks --> and <!-- newest: claims --> stand
for its tables. A tool's page has `{{ checked.stardist }}`.
"""

import json
import re
from datetime import date

from course_build import Stop
from course_build.pages.links import CODE, each_link
from course_build.pages.reading_time import HEADER
from course_build.shelf_life import claims as claim_lists
from course_build.shelf_life import environment

LABEL = re.compile(r"\[(?![@^])([^\[\]]*)\]")  # of a link, without its address; not a source
CUT = re.compile(r"\]\([^)\s]*\)|^\([^)\s]*\)[,.;:]? *|\[(?![@^])")  # the half of a link
CELLS = re.compile(r"(\{\{.*?\}\})| *\| *")  # between the cells of a table; not in {{ a | .2f }}
MARKER = re.compile(r"<!-- newest: (\w+) -->")
CLAIMS = "src/course_build/shelf_life/claims"
NAMES = {"stardist": "StarDist", "cellpose": "Cellpose"}
# The names of the lines, and whose versions each tells: the part of the run, and the package.
LINES = {
    "stardist": [("packages", "stardist")],
    "cellpose": [("packages", "cellpose")],
    "cellpose_3_and_4": [("packages", "cellpose"), ("apart", "cellpose")],
    "both": [("packages", "stardist"), ("packages", "cellpose")],
}
UNCHECKED = "Not yet checked with the newest versions"
NEVER = "It has not run yet: `make newest` fills this table."
SHOWN = 4  # so many of the changed packages are named, those that the notebooks import first


def checked(kept):
    """Return the line for each tool's page, from what history.read returned; without its link."""
    if not kept:
        return dict.fromkeys(LINES, UNCHECKED)
    run, lines = kept["run"], {}
    for name, packages in LINES.items():
        told = [f"{NAMES[package]} {run[part].get(package)}" for part, package in packages]
        about = {package for _, package in packages}
        broken = any(entry["first_broken_by"] and about & set(entry["about"])
                     for entry in [*kept["notebooks"].values(), *kept["claims"]])  # fmt: skip
        lines[name] = f"Checked on {day(run['date'])} with {' and '.join(told)}"
        lines[name] += ": something no longer holds" if broken else ""
    return lines


def fill(markdown, kept, root, relative, link):
    """Put the tables into the page for their markers.

    Parameters
    ----------
    markdown : str
    kept : dict
        What history.read returned.
    root : pathlib.Path
        The repository.
    relative : function
        From a page of docs/ to its address as seen from this page.
    link : function
        From a file in the repository to its address as seen from this page, None if there is none.
    """

    def table(match):
        if match[1] == "packages":
            return packages(kept, root)
        if match[1] == "notebooks":
            return notebooks(kept, root, relative)
        if match[1] == "claims":
            return claims(kept, claim_lists.load(root / CLAIMS), root, relative, link)
        raise Stop(f"{match[0]} stands for no table")

    return MARKER.sub(table, markdown)


def packages(kept, root):
    """The table of what the notebooks import: the course's version, and the newest that ran."""
    run = kept.get("run")
    lock, direct = environment.locked(run, root), environment.names(root)
    rows = [("packages", name, name) for name in direct]
    rows += [("apart", name, f"{name}, for notebook 14") for name in lock["apart"]]
    when = f"newest, {day(run['date'])}" if run else "newest"
    lines = [f"| package | in the course | {when} |", "| --- | --- | --- |"]
    for part, name, title in rows:
        old, new = lock[part].get(name), run[part].get(name) if run else None
        if old or new:  # else it belongs to another system
            told = f"**{new}**" if old and new and new != old else new or "–"
            lines.append(f"| {title} | {old or '–'} | {told} |")
    if not run:
        return "\n".join([NEVER, "", *lines])
    where = f"Tried with Python {run['python']} on {run['system']}. In bold: newer than the course."
    return "\n".join([where, "", *lines])


def notebooks(kept, root, relative):
    """The table of notebooks: since when each prints what it shows, and what ended that."""
    known, direct = kept.get("notebooks", {}), environment.names(root)
    lines = ["| notebook | true since | last seen | first broken by |", "| --- | --- | --- | --- |"]
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        title = f"[{_notebook_title(path)}]({relative(f'notebooks/{path.name}')})"
        entry = known.get(path.stem)
        if entry is None:
            lines.append(
                f"| {title} | – | not run here | – |" if kept else f"| {title} | – | – | – |"
            )
            continue
        cells = [day(entry["true_since"]), _last_seen(entry, kept["run"]), _broken(entry, direct)]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join(lines if kept else [NEVER, "", *lines])


def claims(kept, listed, root, relative, link):
    """How many claims a test proves, a source, neither; below, the claims of each page."""
    if not listed:
        return "No claims are listed yet."
    known = {(entry["page"], entry["says"]): entry for entry in kept.get("claims", [])}
    direct = environment.names(root)
    pages = {}
    for claim in listed:
        pages.setdefault(claim.page, []).append(claim)
    parts = [f"**{len(listed)} claims on {len(pages)} pages: {_count(listed)}.**"]
    for page, own in pages.items():
        entries = [known.get((claim.page, claim.says)) for claim in own]
        broken = sum(bool(entry and entry["first_broken_by"]) for entry in entries)
        title = f"{_page_title(root, page)}: {_count(own)}"
        title += f"; {broken} no longer hold{'s' if broken == 1 else ''}" if broken else ""
        lines = [f"[Open the page]({relative(_shown_on(page))})", ""]
        for claim, entry in zip(own, entries, strict=True):
            lines.append(
                f"- “{words(claim.says)}” {_proof(claim, link)}{_held(entry, kept, direct)}"
            )
        fold = "???+" if broken else "???"
        quoted = title.replace('"', "”")
        parts.append("\n".join([f'{fold} note "{quoted}"', "", *(f"    {x}" for x in lines)]))
    # Nobody who searches wants to find a sentence twice.
    return "\n\n".join(["<div data-search-exclude markdown>", *parts, "</div>"])


def words(says):
    """Return a piece of a page's Markdown on one line, as a reader sees it, without its links."""
    text = re.sub(r"!\[([^\]]*)\]\([^)]*\)", r"\1", says)
    text = each_link(" ".join(text.split()), lambda label, target: label)
    kept = []

    def hide(match):
        kept.append(match[0])
        return f"\x02{len(kept) - 1}\x03"

    text = CODE.sub(hide, text)
    text = CUT.sub("", LABEL.sub(r"\1", text))
    text = re.sub(r"<[^>\s][^>]*>|\[\^[\w-]+\]|\{[:.#][^}]*\}|(?<!\{)\{ [^{}]*\}", "", text)
    text = re.sub(r"\*\*|(?<!\w)_|_(?!\w)", "", text)
    text = CELLS.sub(lambda match: match[1] or " · ", text).strip(" #>-·")
    return re.sub("\x02(\\d+)\x03", lambda match: kept[int(match[1])], text)


def day(iso):
    """Return 2026-12-03 as 3 December 2026; – for no date."""
    if not iso:
        return "–"
    when = date.fromisoformat(iso)
    return f"{when.day} {when:%B %Y}"


def _count(listed):
    """A test proves 3, a source 2, nothing 0."""
    proofs = [claim.proof for claim in listed]
    test, source, neither = map(proofs.count, ("test", "source", "neither"))
    return f"{test} proved by a test, {source} by a source, {neither} by neither"


def _proof(claim, link):
    """What proves a claim, with its link where it has one."""
    if claim.test:
        address = link(claim.test.partition("::")[0])
        name = f"`{claim.test.rpartition('/')[2]}`"
        return f"({f'[{name}]({address})' if address else name})"
    return f"([source]({claim.source}))" if claim.source else "(neither test nor source)"


def _held(entry, kept, direct):
    """Since when a tested claim holds, or what ended that."""
    if not entry:
        return ""
    if entry["first_broken_by"]:
        seen = f", last seen {_last_seen(entry, kept['run'])}" if entry["last_seen"] else ""
        return f" **no longer holds**{seen}, first broken by {_broken(entry, direct)}"
    return f" true since {day(entry['true_since'])}"


def _last_seen(entry, run):
    """When it last held; with the versions, if that is not in the table of packages."""
    seen = entry["last_seen"]
    if not seen:
        return "never"
    if seen["date"] == run["date"]:
        return day(seen["date"])
    versions = ", ".join(f"{name} {number}" for name, number in seen["versions"].items())
    return f"{day(seen['date'])} with {versions}" if versions else day(seen["date"])


def _broken(entry, direct):
    """What ended the row of good runs: date, changed packages, and what the test said."""
    broken = entry["first_broken_by"]
    if not broken:
        return "–"
    changed = sorted(broken["packages"].items(), key=lambda item: item[0] not in direct)
    about = [item for item in changed if item[0] in entry["about"]]
    changed = [*about, *(item for item in changed if item not in about)]
    told = [f"{name} {old or 'none'} → {new or 'none'}" for name, (old, new) in changed[:SHOWN]]
    if len(changed) > SHOWN:
        told.append(f"{len(changed) - SHOWN} more")
    what = ", ".join(told) or "no package: the course itself, or chance"
    message = " ".join(broken["message"].replace("`", "'").split())
    return f"{day(broken['date'])}: {what}. It said: `{message}`"


def _notebook_title(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    first = "".join(notebook["cells"][0]["source"]).partition("\n")[0]
    return first.removeprefix("# ").strip()


def _shown_on(page):
    """The page that shows a file of docs/: for a quiz or a glossary, the Markdown beside it."""
    return re.sub(r"(\.quiz)?\.yml$", ".md", page)


def _page_title(root, page):
    """The first heading of the page that shows a file of docs/; a quiz is called so."""
    path = root / "docs" / _shown_on(page)
    if not path.is_file() or not path.with_name(page.rpartition("/")[2]).is_file():
        raise Stop(f"{CLAIMS}: a claim stands on {page}, which is not there")
    text = HEADER.sub("", path.read_text(encoding="utf-8"))
    title = re.search(r"^# (.+?)(?: *\{.*\})?$", text, re.M)
    return (title[1] if title else page) + (", quiz" if page.endswith(".quiz.yml") else "")
