"""The trainers' kit keeps its promises: the minutes add up, and whatever it names is there."""

import csv
import re
from datetime import timedelta
from html import unescape
from itertools import pairwise
from posixpath import normpath
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest
import tifffile
import yaml
from jinja2 import DictLoader, Environment
from markdown.extensions.toc import slugify

from course_build.pages import numbers
from tests.docs import prose

TEACH = prose.DOCS / "teach"
PAGES = sorted(path.name for path in TEACH.glob("*.md"))
TERMS = ["Goal", "Minutes", "You say", "You show", "They do", "Questions", "If time runs out"]
HALF_DAY = {"decide", "first-success", "stardist", "cellpose", "fails"}
ONE_DAY = HALF_DAY | {"images", "networks", "evaluate", "measure"}
SECOND_DAY = {"annotate", "train", "own-data", "large", "report"}
PAUSES = re.compile(r"(welcome|break|lunch|close)(-\d)?")

HEADING = re.compile(r"^#{2,3} (\d+:\d\d)–(\d+:\d\d) (.+?) \{ #([\w-]+) \}$", re.M)
ROW = re.compile(r"^\| (\d+:\d\d)–(\d+:\d\d) \| \[(.+?)\]\((?:[\w-]+\.md)?#([\w-]+)\) \|$", re.M)
INCLUDE = re.compile(r'^--8<-- "(\S+):([\w-]+)"$', re.M)
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)\s]+)\)")


def minutes(clock):
    hours, rest = clock.split(":")
    return int(timedelta(hours=int(hours), minutes=int(rest)).total_seconds() // 60)


def page(name):
    """A page as its reader gets it: with the blocks that stand on another one."""

    def shared(match):
        source = (prose.ROOT / match[1]).read_text(encoding="utf-8")
        start, end = (f"<!-- --8<-- [{mark}:{match[2]}] -->\n" for mark in ("start", "end"))
        return source.split(start)[1].split(end)[0]

    return INCLUDE.sub(shared, (TEACH / name).read_text(encoding="utf-8"))


def periods(text):
    """What has a time in its heading: [(start, end, title, name, text)], minutes from the start."""
    found = list(HEADING.finditer(text))
    ends = [match.start() for match in found[1:]] + [len(text)]
    return [
        (minutes(match[1]), minutes(match[2]), match[3], match[4], text[match.end() : end])
        for match, end in zip(found, ends, strict=True)
    ]


def blocks(text):
    """The periods that teach: {name: (minutes, text)}; a second round has a name of its own."""
    return {
        name: (end - start, content)
        for start, end, _, name, content in periods(text)
        if not PAUSES.fullmatch(name)
    }


def terms(block):
    """The definition list of a block: {term: text}."""
    parts = re.split(rf"^({'|'.join(TERMS)})\n(?=:   )", block, flags=re.M)
    return dict(zip(parts[1::2], (part.strip() for part in parts[2::2]), strict=True))


SCHEDULES = {
    name: page(name) for name in ("half-day.md", "one-day.md", "two-days.md") if name in PAGES
}
BLOCKS = [
    pytest.param(length, text, id=f"{schedule}-{name}")
    for schedule in SCHEDULES
    for name, (length, text) in blocks(SCHEDULES[schedule]).items()
]


def faults_of_time(times, promised):
    """What is wrong with [(start, end)] for a promised length in minutes, in words."""
    faults = [f"starts at {times[0][0]}"] if times[0][0] else []
    faults += [f"{end} is followed by {start}" for (_, end), (start, _) in pairwise(times)
               if start != end]  # fmt: skip
    faults += [f"{start} to {end}" for start, end in times if end <= start]
    if times[-1][1] != promised:
        faults.append(f"ends at {times[-1][1]}, promised {promised}")
    return faults


def promised(text):
    """The lengths in the promise box, in minutes: of the whole, or of the days."""
    box = re.search(r'<div class="promise" markdown>\n(.*?)</div>', text, re.S)[1]
    return [int(h) * 60 + int(m or 0) for h, m in re.findall(r"(\d+) h(?: (\d+) min)?", box)]


def test_gaps_overlaps_and_a_wrong_length_are_found():
    assert faults_of_time([(0, 10), (10, 30)], 30) == []
    assert faults_of_time([(0, 10), (12, 30)], 30) == ["10 is followed by 12"]
    assert faults_of_time([(0, 10), (8, 30)], 30) == ["10 is followed by 8"]
    assert faults_of_time([(5, 10), (10, 30)], 40) == ["starts at 5", "ends at 30, promised 40"]


@pytest.mark.parametrize("name", ["half-day.md", "one-day.md"])
def test_the_minutes_of_a_day_add_up_to_what_it_promises(name):
    [length] = promised(SCHEDULES[name])
    times = [(start, end) for start, end, *_ in periods(SCHEDULES[name])]
    assert faults_of_time(times, length) == []


def test_the_minutes_of_two_days_add_up_to_what_they_promise():
    together, first, second = promised(SCHEDULES["two-days.md"])
    assert together == first + second and [first] == promised(SCHEDULES["one-day.md"])
    times = [(start, end) for start, end, *_ in periods(SCHEDULES["two-days.md"])]
    assert faults_of_time(times, second) == []


@pytest.mark.parametrize("name", SCHEDULES)
def test_the_table_at_the_top_says_the_same_as_the_headings(name):
    headings = [match.groups() for match in HEADING.finditer(SCHEDULES[name])]
    if name == "two-days.md":  # its first day is the one-day workshop
        headings = [m.groups() for m in HEADING.finditer(SCHEDULES["one-day.md"])] + headings
    assert [match.groups() for match in ROW.finditer(SCHEDULES[name])] == headings


def test_each_schedule_has_its_blocks_and_each_block_lasts_the_same_everywhere():
    half, one, two = (blocks(text) for text in SCHEDULES.values())
    assert (set(half), set(one)) == (HALF_DAY, ONE_DAY)
    assert {name.removesuffix("-2") for name in two} == SECOND_DAY
    assert {name: one[name][0] for name in half} == {name: half[name][0] for name in half}


@pytest.mark.parametrize("name", SCHEDULES)
def test_nobody_sits_longer_than_two_hours_and_a_half_without_a_break(name):
    sitting = 0
    for start, end, _, part, _ in periods(SCHEDULES[name]):
        sitting = 0 if re.match("break|lunch", part) else sitting + end - start
        assert sitting <= 150, part


@pytest.mark.parametrize(("length", "block"), BLOCKS)
def test_a_block_says_all_seven_things(length, block):
    found = terms(block)
    assert list(found) == TERMS
    assert len(prose.sentences(prose.plain(found["Goal"]))) == 1
    assert len(re.findall(r"“[^”]{20,}”", found["You say"])) >= 2, "real sentences"
    assert LINK.search(found["You show"] + found["They do"]), "a page, a figure or a cell"
    assert len(prose.words(found["If time runs out"])) >= 6
    questions = re.split(r"^:   ", found["Questions"], flags=re.M)[1:]
    assert len(questions) >= 2
    for question in questions:
        asked, answer = re.fullmatch(r"\*\*“(.+)”\*\* (.+)", question.strip(), re.S).groups()
        assert asked[-1] in "?.!" and len(prose.words(answer)) >= 4, question


@pytest.mark.parametrize(("length", "block"), BLOCKS)
def test_the_parts_of_a_block_add_up_to_its_length(length, block):
    parts = [int(number) for number in re.findall(r"\d+", terms(block)["Minutes"])]
    assert sum(parts) == length and min(parts) >= 4


@pytest.mark.parametrize(("length", "block"), BLOCKS)
def test_the_trainer_talks_for_at_most_a_third_of_a_block(length, block):
    [talk] = re.findall(r"(\d+) talk", terms(block)["Minutes"])
    assert int(talk) <= length / 3


def test_a_shared_block_stands_under_its_own_name():
    for name in SCHEDULES:
        text = (TEACH / name).read_text(encoding="utf-8")
        under = [(m[4], INCLUDE.search(text[m.end() :].split("\n## ")[0])) for m in
                 HEADING.finditer(text)]  # fmt: skip
        assert [(part, found[2]) for part, found in under if found and found[2] != part] == []


def test_no_shared_block_holds_a_measured_number():
    """The site fills {{ }} in before it puts shared blocks in: there it would stand as typed."""
    assert [name for name in SCHEDULES if "{{" in SCHEDULES[name]] == []


def headings(path):
    """The titles of a page or notebook by their anchors: {anchor: title}."""
    if path.suffix == ".ipynb":
        cells = nbformat.read(path, as_version=4).cells
        text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    else:
        text = prose.FENCE.sub("", page(path.name) if path.parent == TEACH else path.read_text())
    found = {}
    for title in re.findall(r"^#{1,4} (.+)$", text, re.M):
        own = re.search(r"\{ #([\w-]+) \}$", title)
        title = re.sub(r" \{ #[\w-]+ \}$", "", title)
        found[own[1] if own else slugify(unescape(re.sub("[`*]", "", title)), "-")] = title
    return found


def target(address):
    """Where a link of the kit leads: (path, anchor)."""
    file, _, anchor = address.partition("#")
    return (TEACH / file).resolve() if file else None, anchor


@pytest.mark.parametrize("name", PAGES)
def test_every_page_notebook_section_and_exercise_that_is_named_exists(name):
    missing = []
    for words, address in LINK.findall(prose.FENCE.sub("", page(name))):
        if address.startswith("https://") or address.endswith(".zip"):  # the build's own
            continue
        path, anchor = target(address)
        path = path or TEACH / name
        if "notebooks" in path.parts:
            path = prose.ROOT / "notebooks" / path.name  # they lie beside docs/
        # Made of the Markdown that lies there, or a run sheet.
        if path.suffix in (".html", ".pdf", ".pptx", ".webp"):
            path = path.with_suffix(".md")
            path = TEACH / path.name if path.parent.name == "run-sheets" else path
        if not path.exists() or (anchor and anchor not in headings(path)):
            missing.append(address)
        elif re.match(r"\d\. ", words) and words != headings(path)[anchor]:
            missing.append(f"{words}: the exercise is called {headings(path)[anchor]}")
    assert missing == []


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_figure_that_is_named_stands_on_the_page_under_that_title(name):
    named = re.findall(r"\*\[([^\]]+)\]\((\.\./[^)#]+)#[^)]*\)\*", SCHEDULES[name])
    figure = re.compile(r"<figure[^>]* data-figure=.*?</figure>", re.S)
    shown = {
        address: " ".join(
            " ".join(figure.findall(prose.read(normpath(f"teach/{address}")))).split()
        )
        for _, address in named
    }
    assert [title for title, address in named if title not in shown[address]] == []
    assert named or name == "two-days.md"


# The questionnaire.

QUESTIONNAIRE = (TEACH / "questionnaires.md").read_text(encoding="utf-8")
QUESTIONS = {
    int(number): text
    for number, text in re.findall(
        r"^### (\d+)\. .+ \{ #q\1 \}\n(.+?)(?=^##)", QUESTIONNAIRE, re.M | re.S
    )
}
ANSWERS = {
    int(number): (right, int(objective), why)
    for number, right, objective, why in re.findall(
        r"^\| (\d+) \| ([a-d]) \| (\d+) \| (.+) \|$", QUESTIONNAIRE, re.M
    )
}
OBJECTIVES = {
    int(number): (words, set(re.findall(r"`([\w-]+)`", where)))
    for number, words, where in re.findall(
        r"^\| (\d+) \| (.+?) \| (`.+`) \|$", (TEACH / "index.md").read_text(), re.M
    )
}


def test_there_are_ten_questions_with_four_answers_each():
    assert list(QUESTIONS) == list(ANSWERS) == list(range(1, 11))
    for text in QUESTIONS.values():
        assert re.findall(r"^- \*\*([a-z])\*\* \S", text, re.M) == list("abcd")


def test_each_question_asks_for_one_stated_objective_and_says_why():
    assert [objective for _, objective, _ in ANSWERS.values()] == list(OBJECTIVES)
    assert all(len(prose.words(why)) >= 8 for *_, why in ANSWERS.values())


def test_every_block_serves_an_objective():
    assert set().union(*(names for _, names in OBJECTIVES.values())) == ONE_DAY | SECOND_DAY


def test_the_right_answer_is_not_always_at_the_same_place_nor_the_longest():
    rights = [right for right, *_ in ANSWERS.values()]
    assert all(1 <= rights.count(letter) <= 4 for letter in "abcd")
    longest = 0
    for number, text in QUESTIONS.items():
        options = dict(re.findall(r"^- \*\*([a-d])\*\* (.+)$", text, re.M))
        longest += max(options, key=lambda letter: len(options[letter])) == ANSWERS[number][0]
    assert longest <= 5


@pytest.mark.parametrize(
    ("sentence", "taught"),
    [
        (r"half a day ask ([\d, and]+), for one day", HALF_DAY),
        (r"for one day (\d+ to \d+)\.", ONE_DAY),
    ],
)
def test_a_shorter_workshop_is_asked_only_for_what_it_teaches(sentence, taught):
    said = re.search(sentence, " ".join(QUESTIONNAIRE.split()))[1]
    numbers = [int(number) for number in re.findall(r"\d+", said)]
    if " to " in said:
        numbers = list(range(numbers[0], numbers[1] + 1))
    assert numbers == [number for number, (_, names) in OBJECTIVES.items() if names & taught]


def test_the_arithmetic_of_the_questions_is_right():
    rights = {
        number: re.search(rf"^- \*\*{ANSWERS[number][0]}\*\* (.+)$", text, re.M)[1]
        for number, text in QUESTIONS.items()
    }
    assert float(rights[6]) == 20 / 0.5
    assert rights[7] == f"8 / 12, which is {8 / (8 + 2 + 2):.2f}"
    assert rights[9] == f"{300 * 0.2 * 0.2:.0f} µm²"


def test_the_hours_on_the_certificate_are_those_of_the_schedules_without_breaks():
    hours = [
        sum(end - start for start, end, _, name, _ in periods(text)
            if not re.match("break|lunch", name)) / 60
        for text in SCHEDULES.values()
    ]  # fmt: skip
    hours[2] += hours[1]  # the first of two days
    said = re.search(r"half a day (\S+), one day (\S+), two days (\S+)\.\n", QUESTIONNAIRE)
    assert [float(number) for number in said.groups()] == hours


# The other pages.


def test_a_place_on_a_hub_has_the_memory_that_the_notebooks_took():
    costs = numbers.load()["notebook_costs"]
    checklists = (TEACH / "checklists.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"notebook_costs\.(\w+)\.gigabytes", checklists))
    assert shown == set(costs)
    assert all((prose.ROOT / "notebooks" / f"{name}.ipynb").exists() for name in costs)
    planned = int(re.search(r"On a hub, (\d) GB for each person", checklists)[1])
    assert 0.7 * planned < max(cost["gigabytes"] for cost in costs.values()) <= planned


def test_the_copies_to_bring_hold_pixels_and_pixel_size_and_no_name(tmp_path, monkeypatch):
    [code] = re.findall(r"```python\n(.*?)```", (TEACH / "own-data.md").read_text(), re.S)
    monkeypatch.chdir(tmp_path)
    recorded = tmp_path / "recorded"
    recorded.mkdir()
    ramp = np.arange(64, dtype="uint16").reshape(8, 8)
    pixels = {"Smith_1950.tif": ramp, "Jones_1971.tiff": ramp + 1000}
    for name, image in pixels.items():
        tifffile.imwrite(recorded / name, image, description=f"patient {name}", software="Scope")
    exec(compile(code, "own-data.md", "exec"), {})

    with open(recorded / "key.csv", encoding="utf-8") as file:
        key = dict(list(csv.reader(file))[1:])
    assert key == {"image_001.tif": "Jones_1971.tiff", "image_002.tif": "Smith_1950.tif"}
    assert sorted(p.name for p in (tmp_path / "to_bring").iterdir()) == sorted(key)
    for new, old in key.items():
        path = tmp_path / "to_bring" / new
        letters = path.read_bytes().replace(b"\0", b"")  # ImageJ's notes take two bytes a letter
        assert not re.search(rb"Smith|Jones|19[57]|patient|Scope", letters)
        with tifffile.TiffFile(path) as file:
            assert (file.asarray() == pixels[old]).all()
            dots, length = file.pages[0].tags["XResolution"].value
            assert round(length / dots, 4) == 0.65 and file.imagej_metadata["unit"] == "um"


def test_what_cannot_be_copied_is_named_and_the_others_are_copied(tmp_path, monkeypatch, capsys):
    [code] = re.findall(r"```python\n(.*?)```", (TEACH / "own-data.md").read_text(), re.S)
    monkeypatch.chdir(tmp_path)
    recorded = tmp_path / "recorded"
    recorded.mkdir()
    ramp = np.arange(64, dtype="uint16").reshape(8, 8)
    for name, image in {"a.tif": ramp, "b.TIF": ramp, "c.tif": ramp.astype("int32"),
                        "d.tiff": ramp.astype("uint8")}.items():  # fmt: skip
        tifffile.imwrite(recorded / name, image)
    tifffile.imwrite(recorded / "w.tif", ramp, photometric="miniswhite")
    (recorded / "z.tif").write_bytes((recorded / "a.tif").read_bytes()[:300])
    exec(compile(code, "own-data.md", "exec"), {})
    with open(recorded / "key.csv", encoding="utf-8") as file:
        key = dict(list(csv.reader(file))[1:])
    assert sorted(key.values()) == ["a.tif", "b.TIF", "c.tif", "d.tiff"]
    assert sorted(p.name for p in (tmp_path / "to_bring").iterdir()) == sorted(key)
    said = capsys.readouterr().out
    assert re.findall(r"not copied: (\S+): .", said) == ["w.tif", "z.tif"]
    whole = next(new for new, old in key.items() if old == "c.tif")
    assert (tifffile.imread(tmp_path / "to_bring" / whole) == ramp).all()


def test_what_a_facility_is_told_to_change_is_in_the_one_file():
    table = (TEACH / "index.md").read_text().split("| line in `mkdocs.yml` |")[1]
    named = re.findall(r"^\| .+? \| `([\w: ]+)`|under `(nav)`", table, re.M)
    config = yaml.load((prose.ROOT / "mkdocs.yml").read_text(), prose._Loader)
    assert len(named) >= 4
    for line in map("".join, named):
        value = config
        for key in line.split(": "):
            value = value[key]
        assert value


def test_a_facility_may_put_its_own_link_into_the_navigation(tmp_path, monkeypatch):
    nav = "nav:\n  - Us: https://us.test/\n  - Teach:\n      - Kit: kit.md\n      - Wiki: https://w.test\n"
    (tmp_path / "mkdocs.yml").write_text(nav)
    lost = prose.ROOT / "theme" / "404.html"
    pages = {"main.html": "{% block content %}{% endblock %}", "404.html": lost.read_text()}
    templates = Environment(loader=DictLoader(pages))
    templates.filters["url"] = str
    us = SimpleNamespace(title="Us", url="https://us.test/", children=None)
    page = templates.get_template("404.html").render(nav=SimpleNamespace(items=[us]))
    assert '<a href="https://us.test/">Us</a>' in page
    monkeypatch.setattr(prose, "ROOT", tmp_path)
    assert prose.navigation() == [("Kit", "kit.md")]


def test_name_and_logo_stand_in_the_one_file_only():
    home = (prose.DOCS / "index.md").read_text(encoding="utf-8")
    assert not re.search(r"^title:", home.split("---")[1], re.M)
    logo = prose.ROOT / "theme" / "partials" / "logo.html"
    assert 'alt=""' in logo.read_text(encoding="utf-8")  # what another logo shows, nobody knows


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_the_kit_reads_easily(name):
    text = page(name)
    paragraphs = prose.paragraphs(text)
    assert [p[:60] for p in paragraphs if len(prose.words(p)) > 120] == []
    assert prose.reading_grade("\n".join(paragraphs)) <= 9


@pytest.mark.parametrize("name", PAGES)
def test_abbreviations_of_the_kit_are_in_the_glossary_or_everyday(name):
    assert prose.unexplained(page(name)) == set()
