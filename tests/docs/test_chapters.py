"""Every chapter keeps its promises: form, length, language, sources, and where it leads."""

import re
import subprocess
import sys
from collections import Counter

import nbformat
import pytest
import yaml

from course_build.pages.quizzes import as_shown
from tests.docs import prose

CHAPTERS = prose.chapters()
MINUTES = "**{{ page.minutes }} minutes**"  # counted, not typed
# A number that somebody counted or measured; what we measured stands in {{ }}.
COUNTED = re.compile(
    r"\b(?:\d{1,3}(?:,\d{3})+|\d+(?:\.\d+)? (?:million|billion))\b(?:[ -]\w+){0,2}[ -]"
    r"(?:images|cells|nuclei|objects|regions|annotators|laboratories|labs|experts|parameters)\b"
)


@pytest.fixture(params=CHAPTERS)
def chapter(request):
    return request.param


@pytest.fixture
def text(chapter):
    return prose.read(chapter)


def quiz(path):
    return yaml.safe_load(prose.read(path.replace(".md", ".quiz.yml")))


def test_there_are_all_chapters_of_the_four_parts():
    assert len(CHAPTERS) >= 18
    assert {path.split("/")[0] for path in CHAPTERS} == set(prose.TEACHING)


def test_it_opens_with_what_the_reader_will_be_able_to_do_in_how_much_time(text):
    promise = re.search(
        r'</?h1>|^# .+\n\n<div class="promise" markdown>\n(.*?)</div>', text, re.M | re.S
    )
    assert promise, "the promise box follows the title"
    abilities, costs = promise[1].strip().split("\n\n")
    assert abilities.startswith("**You will be able to** ") and 1 <= abilities.count(" · ") <= 3
    assert costs.startswith(MINUTES)


def test_it_shows_a_figure_with_a_caption_that_says_something(chapter, text):
    if chapter == "start/set-up.md":  # commands to copy
        return
    figures = re.findall(r"<figure\b.*?</figure>", text, re.S)
    assert figures
    for figure in figures:
        if "data-figure" in figure:  # an interactive one brings text instead
            continue
        caption = re.search(r"<figcaption[^>]*>(.*?)</figcaption>", figure, re.S)
        assert caption and len(prose.words(caption[1])) >= 4, figure[:200]


def test_it_ends_with_three_sentences_a_quiz_and_a_notebook(chapter, text):
    remember = re.search(r'!!! note "Remember"\n((?: {4}.*\n|\n)+)', text)
    assert remember
    sentences = prose.sentences(prose.plain(remember[1]).replace(";", ",").replace(":", ","))
    assert len(sentences) == 3, sentences
    places = [text.index(mark) for mark in ('"Remember"', "## Check yourself", "<!-- quiz -->")]
    assert places == sorted(places)
    end = text[places[-1] :]
    assert re.search(r"\*\*Try it:\*\*.*notebooks/\d\d_\w+\.ipynb", end, re.S)
    assert "[Next" not in end, "the foot of the page leads on, and nothing else"


def test_boxes_are_of_two_kinds():
    kinds = {
        (path.name, kind)
        for path in prose.DOCS.rglob("*.md")
        for kind in re.findall(r"^ *!!! *(\S+)", path.read_text(encoding="utf-8"), re.M)
    }
    assert {kind for _, kind in kinds} == {"note", "warning"}, kinds


def test_its_quiz_asks_three_to_six_questions(chapter):
    assert 3 <= len(quiz(chapter)) <= 6


def test_the_longest_option_is_not_always_the_right_one():
    options = [q["options"] for path in CHAPTERS for q in quiz(path) if "options" in q]
    single = [o for o in options if sum(option.get("right", False) for option in o) == 1]
    longest = [
        max(o, key=lambda option: len(str(option["text"]))).get("right", False) for o in single
    ]
    assert sum(longest) < 0.6 * len(single)


def test_no_place_among_the_options_is_the_right_one_more_often_than_another():
    shown = [as_shown(q) for path in CHAPTERS for q in quiz(path) if "options" in q]
    places = Counter(
        next(place for place, option in enumerate(options) if option.get("right"))
        for options in shown
        if len(options) == 3 and sum(option.get("right", False) for option in options) == 1
    )
    assert set(places) == {0, 1, 2}
    assert all(0.2 < count / places.total() < 0.47 for count in places.values()), places


def test_quizzes_ask_in_all_three_ways():
    questions = [question for path in CHAPTERS for question in quiz(path)]
    rights = [sum(o.get("right", False) for o in q.get("options", [])) for q in questions]
    assert rights.count(0) >= 3 and rights.count(1) >= 3 and sum(r > 1 for r in rights) >= 3


def test_no_paragraph_is_longer_than_a_reader_can_hold(text):
    long = [p[:60] for p in prose.paragraphs(text) if len(prose.words(p)) > 120]
    assert long == []


def test_a_number_that_somebody_counted_comes_with_its_source(text):
    text = prose.FENCE.sub("", text)
    blocks = re.split(r"\n\s*\n|\n(?=\s*(?:[-*]|\d+\.) )", text)
    unsourced = [
        match.group()
        for block in blocks
        if not re.search(r"\]\(|\[@", block)
        for match in COUNTED.finditer(re.sub(r"\{\{.*?\}\}|`[^`]*`|!\[[^\]]*\]", "", block))
    ]
    assert unsourced == [], "link the source in the same paragraph"


def test_abbreviations_are_in_the_glossary(text):
    assert prose.unexplained(text) == set()


def test_an_abbreviation_that_nobody_explains_is_found():
    assert prose.unexplained("CNNs and a QZX, in `ABC`.") == {"QZX"}


def misspelt(texts, tmp_path):
    """What codespell and the list of American forms find: lines of `file:line: wrong ==> right`."""
    for name, text in texts.items():
        text = re.sub(r"\[[^\]]*\]\(https?:[^)]*\)", "", text)  # titles of papers
        text = re.sub(r"\*[A-Z][^*\n]*\*|\b[Tt]o and fro\b", "", text)  # menus of programs
        text = re.sub(r"^ {8}.*|^ +also:.*", "", text, flags=re.M)  # code; other forms of a term
        file = tmp_path / name.replace("/", "-")
        file.write_text(prose.plain(text), encoding="utf-8")
    command = [sys.executable, "-m", "codespell_lib", "--dictionary=-"]
    command += [f"--dictionary={prose.ROOT / 'tests/docs/american.txt'}", str(tmp_path)]
    return subprocess.run(command, capture_output=True, text=True).stdout


def test_pages_and_notebooks_are_in_british_spelling(tmp_path):
    texts = {path: prose.read(path) for _, path in prose.navigation()
             if path.endswith(".md") and (prose.DOCS / path).exists()}  # fmt: skip
    texts |= {
        path.name: "\n\n".join(
            cell.source for cell in nbformat.read(path, as_version=4).cells
            if cell.cell_type == "markdown")
        for path in sorted((prose.ROOT / "notebooks").glob("*.ipynb"))
    }  # fmt: skip
    texts |= {path.name: path.read_text(encoding="utf-8") for path in prose.DOCS.rglob("*.yml")
              if path.name != "synonyms.yml"}  # fmt: skip  # there, both spellings stand on purpose
    assert misspelt(texts, tmp_path) == ""


def test_american_spelling_and_slips_are_found(tmp_path):
    slips = misspelt({"page.md": "The color of the neighbour is seperate."}, tmp_path)
    assert "color ==> colour" in slips and "seperate ==> separate" in slips
    assert "neighbour" not in slips


def test_chapters_read_easily_and_a_report_says_how(report_folder):
    rows = []
    for path in CHAPTERS:
        text = "\n".join(prose.paragraphs(prose.read(path)))
        longest = max(len(prose.words(p)) for p in prose.paragraphs(prose.read(path)))
        rows.append((path, len(prose.words(text)), prose.reading_grade(text), longest))
    lines = [
        "| chapter | words | reading grade | longest paragraph |",
        "| --- | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {path} | {words} | {grade:.1f} | {longest} |" for path, words, grade, longest in rows
    ]
    (report_folder / "reading-report.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert {path: grade for path, _, grade, _ in rows if grade > 9} == {}


def test_the_reading_grade_rises_with_long_words_and_sentences():
    easy = "The cat sat. It saw a cell. The cell was round."
    hard = "Notwithstanding considerable methodological heterogeneity, segmentation generalises."
    assert prose.reading_grade(easy) < 3 < 15 < prose.reading_grade(hard)


@pytest.fixture(scope="session")
def report_folder():
    folder = prose.ROOT / "build"
    folder.mkdir(exist_ok=True)
    return folder
