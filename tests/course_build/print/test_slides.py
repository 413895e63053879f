"""The slides are what their sources give now, and keep the times of the schedules."""

import json
import re

import pytest

from course_build.print import pdf as paper
from course_build.print import slides
from tests.course_build.print import pdf
from tests.docs import prose

NAMES = sorted(path.stem for path in slides.SLIDES.glob("*.md"))
# What the trainer says or does while a slide is shown: part of the block, minutes, words.
NOTE = re.compile(r"<!-- (?!_class)(.+?) (\d+) min · (.+?) -->", re.S)
PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)#\s]+)")


@pytest.fixture(scope="module")
def made():
    """What Marp makes of the sources now: {name: HTML}."""
    return slides.decks()


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


@pytest.fixture
def parts(name):
    """The slides of one deck as Markdown, without the header."""
    text = (slides.SLIDES / f"{name}.md").read_text(encoding="utf-8")
    return re.split(r"^---$", prose.HEADER.sub("", text), flags=re.M)


def title(part):
    return re.search(r"^##? (.+)$", part, re.M)[1]


def blocks():
    """Each block's parts and minutes, as the schedules say: {name: {part: minutes}}."""
    found = {}
    for page in ("half-day", "one-day", "two-days"):
        text = prose.read(f"teach/{page}.md")
        sections = re.split(r"^#{2,3} .+\{ #([\w-]+) \}$", text, flags=re.M)
        for block, section in zip(sections[1::2], sections[2::2], strict=True):
            if said := re.search(r"^Minutes\n:   (.+)$", section, re.M):
                times = re.findall(r"(\d+) ([^·]+)", said[1])
                found[block] = {part.strip(): int(minutes) for minutes, part in times}
    return found


def test_every_block_has_slides():
    assert [name for name in blocks() if name.removesuffix("-2") not in NAMES] == []
    assert set(NAMES) <= set(blocks())


def test_the_html_is_what_the_sources_give_now(name, made):
    kept = (slides.SLIDES / f"{name}.html").read_text(encoding="utf-8")
    assert kept == made[name], "run `make slides`"


def test_the_pdf_was_printed_from_the_slides_and_figures_as_they_are_now(name, made):
    printed = json.loads(paper.PRINTED.read_text(encoding="utf-8"))
    assert printed[f"slides/{name}.pdf"] == paper.fingerprint(made[name], slides.SLIDES), (
        "run `make slides`"
    )


def test_the_pdf_has_one_page_for_each_slide_with_its_title(name, parts):
    printed = (slides.SLIDES / f"{name}.pdf").read_bytes()
    assert pdf.pages(printed) == len(parts)
    titles = [pdf.squeezed(title(part)) for part in parts]
    assert [pdf.squeezed(mark) for mark in pdf.bookmarks(printed)] == titles
    assert b"/Lang (en-GB)" in printed and b"/StructTreeRoot" in printed  # for screen readers
    assert b"+SourceSans3" in printed, "the course's own font"


def test_a_changed_picture_asks_for_a_new_pdf(tmp_path):
    (tmp_path / "a.svg").write_text("<svg/>")
    html = '<img src="a.svg#svgView(viewBox(0,0,1,1))" alt="one picture">'
    before = paper.fingerprint(html, tmp_path)
    (tmp_path / "a.svg").write_text("<svg></svg>")
    assert paper.fingerprint(html, tmp_path) != before


def test_the_minutes_of_the_notes_are_those_of_the_block(name, parts):
    spent = {}
    for part, minutes, _ in (note for slide in parts for note in NOTE.findall(slide)):
        spent[part] = spent.get(part, 0) + int(minutes)
    assert spent == blocks()[name]


def test_every_slide_has_a_title_and_a_sentence_to_say(parts):
    for slide in parts:
        notes = NOTE.findall(slide)
        assert len(re.findall(r"^##? ", slide, re.M)) == 1
        assert notes and slide.count("<!--") == len(notes) + slide.count("_class:")
        assert all("“" in words and "”" in words for part, _, words in notes if part == "talk")


def test_one_idea_a_slide(parts):
    for slide in parts:
        shown = PICTURE.sub("", re.sub(r"<!--.*?-->", "", slide, flags=re.S))
        limit = 75 if "_class: now" in slide else 60
        assert len(prose.words(prose.plain(shown))) <= limit, title(slide)
        assert len(PICTURE.findall(slide)) <= 1


def test_every_picture_is_the_courses_own_and_says_what_it_shows(parts):
    for alt, address in (found for slide in parts for found in PICTURE.findall(slide)):
        assert len(prose.words(alt)) >= 8, address
        assert address.startswith("../../images/") and (slides.SLIDES / address).is_file()


def test_the_last_slide_leads_to_a_page_or_notebook(name, parts):
    assert "_class: now" in parts[-1] and sum("_class: now" in part for part in parts) == 1
    links = re.findall(r"\]\((\.\./\.\./[^)#]+)(?:#([\w-]+))?\)", parts[-1])
    assert links
    for address, _ in links:
        path = (slides.SLIDES / address).resolve()
        if "notebooks" in path.parts:
            path = prose.ROOT / "notebooks" / path.name  # they lie beside docs/
        assert path.is_file(), address


def test_no_measured_number_is_typed_and_none_is_left_to_fill_in(name, parts, made):
    assert "{{" not in made[name].split("</style>")[-1].split("<script>")[0]
    counted = r"\b\d+(?:\.\d+)? (?:%|nuclei|objects|images|pixels)|\bAP 0?\.\d"
    shown = [re.sub(r"<!--.*?-->|\{\{.*?\}\}", "", part, flags=re.S) for part in parts]
    typed = [found for part in shown for found in re.findall(counted, part)]
    assert [found for found in typed if found != "17 pixels"] == []  # 17: the model's own width


def test_slides_ask_no_other_host(name, made):
    body = re.sub(r"<script.*?</script>", "", made[name], flags=re.S)
    assert re.findall(r"(?:src|href)=\"(?:https?:)?//[^\"]*", body) == []
    assert re.findall(r"url\([\"']?(?:https?:)?//[^)]*", body) == []
    assert not re.search(r"unpkg|jsdelivr|googleapis", made[name])


def test_the_colours_are_those_of_the_site():
    site = (prose.DOCS / "stylesheets" / "site.css").read_text(encoding="utf-8")
    own = slides.THEME.read_text(encoding="utf-8")
    for colour in ("ink", "amber", "sky"):
        value = re.search(rf"--{colour}: (#\w+);", site)[1]
        assert f"--{colour}: {value};" in own


def test_the_page_lists_every_deck_with_its_pdf():
    page = prose.read("teach/slides.md")
    row = r"^\| `([\w-]+)` \| \[.+?\]\(slides/\1\.html\) \| .+?\(slides/\1\.pdf\) \|$"
    listed = re.findall(row, page, re.M)
    assert sorted(listed) == NAMES


def test_an_unknown_number_names_the_deck():
    with pytest.raises(Exception, match=r"deck\.md: .*names no number"):
        slides.filled("{{ nothing.here }}", {}, "deck.md")


@pytest.mark.parametrize(
    ("written", "built"),
    [
        ("[a](../../tools/stardist.md#b)", "[a](../../tools/stardist/index.html#b)"),
        ("[a](../../notebooks/05_x.ipynb)", "[a](../../notebooks/05_x/index.html)"),
        ("[a](../index.md)", "[a](../index.html)"),
        ("[a](https://b.org/c.md)", "[a](https://b.org/c.md)"),
    ],
)
def test_links_lead_to_the_built_pages(written, built):
    assert slides.filled(written, {}, "deck.md") == built


def test_pdfs_are_small():
    sizes = {path.name: path.stat().st_size for path in (prose.DOCS / "teach").glob("*/*.pdf")}
    assert {name: size for name, size in sizes.items() if size > 300_000} == {}
    assert sum(sizes.values()) < 4_000_000
