"""Make the run sheets: one sheet of A4 for each schedule, from what the schedule's page says.

`make slides` runs this. Nothing is typed twice: times, links, goals and what to leave out stand in
docs/teach/half-day.md and its like, what to have ready in docs/teach/checklists.md. On the site a
sheet asks when the day begins, and tells the time by the clock; on paper it begins at nine.
"""

import json
import re
from posixpath import dirname, join, normpath, relpath

import markdown

from course_build import ROOT, Stop
from course_build.pages import links
from course_build.print import OUT, SCHEDULES, own, pdf, slides

TEACH = ROOT / "docs" / "teach"
BEGINS = 9 * 60  # minutes after midnight, until a trainer says otherwise

PERIOD = re.compile(r"^#{2,3} (\d+):(\d\d)–(\d+):(\d\d) (.+?) \{ #([\w-]+) \}$", re.M)
SHARED = re.compile(r'^--8<-- "(\S+):([\w-]+)"$', re.M)
TERM = re.compile(r"^([A-Z][\w ]+)\n(?=:   )", re.M)
MINUTES = re.compile(r"(\d+) ([^·]+)")
COMMENT = re.compile(r"<!--.*?-->", re.S)


def sheets():
    """Return the run sheets: {name of the schedule: HTML}."""
    return {name: sheet((TEACH / f"{name}.md").read_text("utf-8"), name) for name in SCHEDULES}


def sheet(text, name):
    """Return the run sheet of one schedule, given as Markdown, as an HTML page."""
    title = re.search(r"^# (.+)$", text, re.M)[1]
    # The second of two days has a sheet of its own; the first is that of one day.
    if day := re.search(r"^## (Day 2)\b", text, re.M):
        title = f"{title}, day 2"
        text = text[day.start() :]
    periods = list(read(text))
    if not periods:
        raise Stop(f"docs/teach/{name}.md has no times: see run_sheets.PERIOD")
    rows = "\n".join(_row(period) for period in periods)
    return PAGE.format(
        title=f"{title}: run sheet",
        style=own("run_sheet.css"),
        script=SCRIPT,
        begins=f"{BEGINS // 60:02}:{BEGINS % 60:02}",
        schedule=_html(f"[the schedule]({name}.md)"),
        ready=_html(ready(periods)),
        rows=rows,
        points=8 if len(periods) > 12 else 9.2,  # as large as one sheet allows
    )


def read(text):
    """Yield what has a time: dict of start and end in minutes, title, and what stands below it.

    before : the words before the first term
    said : what is said by term, such as Goal; {} for a break
    """
    found = list(PERIOD.finditer(text))
    ends = [*(match.start() for match in found[1:]), len(text)]
    for match, end in zip(found, ends, strict=False):
        content = text[match.end() : end]
        content = COMMENT.sub("", SHARED.sub(_shared, content))
        before, *terms = TERM.split(content)
        said = {
            term: words.removeprefix(":   ").strip()
            for term, words in zip(terms[::2], terms[1::2], strict=True)
        }
        yield {
            "start": 60 * int(match[1]) + int(match[2]),
            "end": 60 * int(match[3]) + int(match[4]),
            "title": match[5],
            "before": before.strip(),
            "said": said,
        }


def _shared(match):
    """The block that a schedule takes from another one."""
    source = (ROOT / match[1]).read_text(encoding="utf-8")
    start, end = (f"<!-- --8<-- [{mark}:{match[2]}] -->\n" for mark in ("start", "end"))
    return source.split(start)[1].split(end)[0]


def ready(periods):
    """Return, as Markdown, what must be printed, installed and done before the day begins."""
    worksheets = {target: words for period in periods for words, target in _links(period["before"])
                  if target.startswith("worksheets/")}  # fmt: skip
    named = " · ".join(f"[{words}]({target})" for target, words in worksheets.items())
    printed = f"**Printed, one for each person:** {named}. " if named else ""
    return f"{printed}**An hour before:** {_checklist('one-hour')}"


def _checklist(anchor):
    """The first sentences of a list in checklists.md, to be ticked."""
    text = (TEACH / "checklists.md").read_text(encoding="utf-8")
    part = re.search(rf"\{{ #{anchor} \}}\n(.+?)(?=^## )", text, re.M | re.S)[1]
    points = [" ".join(point.split()) for point in re.split(r"^- ", part, flags=re.M)[1:]]
    return " ".join(f"☐&nbsp;{re.match(r'.+?[.](?= |$)', point)[0]}" for point in points)


def _links(text):
    return [(match[2], match[3]) for match in links.LINK.finditer(text)]


def _title(page):
    """The title of a page or notebook, given as seen from docs/teach/."""
    path = TEACH / page
    if path.suffix == ".ipynb":
        path = ROOT / "notebooks" / path.name
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        text = "\n".join("".join(cell["source"]) for cell in cells[:1])
    else:
        text = path.read_text(encoding="utf-8")
    return re.search(r"^# (.+?)(?: \{.*\})?$", text, re.M)[1]


def _row(period):
    start, end = period["start"], period["end"]
    when = f"{_clock(start)}–{_clock(end)}"
    if not period["said"]:
        words = " ".join(period["before"].replace("\n>", "\n").split())
        words = _html(f"**{period['title']}.** {words}")
        return f'<tr class="pause"><th>{when}</th><td colspan="4">{words}</td></tr>'
    said, at, parts = period["said"], start, []
    for minutes, part in MINUTES.findall(said["Minutes"]):
        parts.append(f"{_clock(at)}&nbsp;{part.strip()}")
        at += int(minutes)
    if at != end:
        raise Stop(f"{period['title']}: its parts end at {at} minutes, its heading says {end}")
    decks = [target for _, target in _links(period["before"]) if target.endswith(".html")]
    block = f"**{period['title']}**" + "".join(f" · [slides]({deck})" for deck in decks)
    goal = (said["Goal"][0].lower() + said["Goal"][1:]).replace("one's own", "your own")
    show, do = (_grouped(said[term], period["title"]) for term in ("You show", "They do"))
    cells = [
        f"{_html(block)}<p>{' · '.join(parts)}</p>",
        _html(f"**Show** {show}\n\n**They do** {do}"),
        _html(f"“Now you can {goal}”"),
        _html(said["If time runs out"]),
    ]
    return f"<tr><th>{when}</th>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _grouped(text, block):
    """What a text leads to, as Markdown: page: place · place; a step without a link in its words.

    block : the block's title, which need not be said again where a page has the same
    """
    listed, last = [], None
    for step in re.split(r"^ *\d\. ", text, flags=re.M):
        found = [link for link in _links(step) if not link[1].startswith("https:")]
        step, is_early = re.subn(r"^Early finishers:? ", "", " ".join(step.split()))
        early = "early: " if is_early else ""
        if step and not found:
            listed.append(early + re.match(r"[^.?:]+", step)[0])
            last = None
        for words, target in found:
            page = target.partition("#")[0]
            title = _title(page)
            if page.startswith("worksheets/"):
                words = title = f"worksheet {title}"
            place = f"[{words}]({target})"
            if page == last:
                listed[-1] += f" · {early}{place}"
            elif title in (words, block):
                listed.append(f"{early}{place}")
            else:
                listed.append(f"{early}{title}: {place}")
            last, early = page, ""
    return "; ".join(listed)


def _clock(minutes):
    """A time by the clock, which the sheet's script moves when the day begins at another time."""
    shown = BEGINS + minutes
    return f'<time data-minutes="{minutes}">{shown // 60}:{shown % 60:02}</time>'


def _html(text):
    """Markdown of docs/teach/ as HTML of a page in teach/run-sheets/."""

    def moved(words, target):
        if links.OTHER_HOST.match(target):
            return None
        return f"[{words}]({relpath(normpath(join('teach', target)), dirname(ADDRESS))})"

    moved_text = links.each_link(text, moved)
    keys = re.sub(r"\+\+([\w+]+?)\+\+", lambda key: key[1].replace("+", " + "), moved_text)
    return markdown.markdown(slides.filled(keys, {}, "the run sheet"), extensions=["md_in_html"])


ADDRESS = "teach/run-sheets/{}.html"
# One that has no script, paper, begins at nine.
SCRIPT = """
const begins = document.querySelector("input");
begins.addEventListener("input", () => {
  const [hours, minutes] = begins.value.split(":").map(Number);
  if (Number.isNaN(hours)) return;
  for (const time of document.querySelectorAll("time")) {
    const now = 60 * hours + minutes + Number(time.dataset.minutes);
    time.textContent = `${Math.floor(now / 60) % 24}:${String(now % 60).padStart(2, "0")}`;
  }
});
document.querySelector("button").addEventListener("click", () => print());
"""
PAGE = """<!doctype html>
<html lang="en-GB"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width">
<style>
{style}</style></head>
<body style="--points: {points}pt"><main>
<header><h1>{title}</h1>
<form>{schedule}<label>The day begins at <input type="time" value="{begins}" required></label>
<button type="button">Print</button></form></header>
<div class="ready">{ready}</div>
<table>
<thead><tr><th scope="col">time</th><th scope="col">block, slides, minutes</th>
<th scope="col">on the screen, and what they work on</th>
<th scope="col">say at the end</th><th scope="col">if time runs out</th></tr></thead>
<tbody>
{rows}
</tbody></table>
</main><script>{script}</script></body></html>
"""


def make(out=OUT):
    """Write every sheet's HTML, and the PDFs of those that changed; return the changed PDFs."""
    pages = {ADDRESS.format(name): html for name, html in sheets().items()}
    for name, html in pages.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text(html, encoding="utf-8")
    return pdf.print_changed(pages, out)
