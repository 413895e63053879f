"""Every deck builds, keeps the times of its schedule, and says what its pictures show."""

import re

import pytest

from course_build import Stop
from course_build.print import qr, slides
from tests.course_build.print import pdf_reader
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
    schedule = {}
    for page in ("half-day", "one-day", "two-days"):
        text = prose.read(f"teach/{page}.md")
        sections = re.split(r"^#{2,3} .+\{ #([\w-]+) \}$", text, flags=re.M)
        for block, section in zip(sections[1::2], sections[2::2], strict=True):
            if line := re.search(r"^Minutes\n:   (.+)$", section, re.M):
                times = re.findall(r"(\d+) ([^·]+)", line[1])
                schedule[block] = {part.strip(): int(minutes) for minutes, part in times}
    return schedule


def test_every_block_has_slides():
    assert [name for name in blocks() if name.removesuffix("-2") not in NAMES] == []
    assert set(NAMES) <= set(blocks())


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
    for alt, address in (picture for slide in parts for picture in PICTURE.findall(slide)):
        assert len(prose.words(alt)) >= 8, address
        # Written as on the site, where figures/ lies beside teach/.
        assert address.startswith("../../figures/")
        assert (prose.ROOT / address.removeprefix("../../")).is_file(), address


def test_the_last_slide_leads_to_a_page_or_notebook(name, parts):
    assert "_class: now" in parts[-1] and sum("_class: now" in part for part in parts) == 1
    links = re.findall(r"\]\((\.\./\.\./[^)#]+)(?:#([\w-]+))?\)", parts[-1])
    assert links
    for address, _ in links:
        path = (slides.SLIDES / address).resolve()
        if "notebooks" in path.parts:
            path = prose.ROOT / "notebooks" / path.name  # they lie beside docs/
        assert path.is_file(), address


def test_the_last_slide_bears_the_address_to_open_if_the_site_has_one(name):
    text = (slides.SLIDES / f"{name}.md").read_text(encoding="utf-8")
    assert slides.with_address(text, "") == text
    before, _, slide = slides.with_address(text, "https://a.org/c/").rpartition("\n---\n")
    assert text.startswith(before)
    address = re.search(r"^<(https.+)>$", slide, re.M)[1]
    page = prose.DOCS / address.removeprefix("https://a.org/c/").rstrip("/")
    notebook = prose.ROOT / "notebooks" / f"{page.name}.ipynb"
    assert page.with_suffix(".md").is_file() or notebook.is_file()
    assert f"![The address as a QR code: {address}]({qr.picture(address)})" in slide
    assert slide.index("<!-- _class") < slide.index(f"<{address}>") < slide.rindex("<!--")


def test_no_measured_number_is_typed_and_none_is_left_to_fill_in(name, parts, made):
    assert "{{" not in made[name].split("</style>")[-1].split("<script>")[0]
    counted = r"\b\d+(?:\.\d+)? (?:%|nuclei|objects|images|pixels)|\bAP 0?\.\d"
    shown = [re.sub(r"<!--.*?-->|\{\{.*?\}\}", "", part, flags=re.S) for part in parts]
    typed = [number for part in shown for number in re.findall(counted, part)]
    assert typed == []


def test_slides_ask_no_other_host(name, made):
    body = re.sub(r"<script.*?</script>", "", made[name], flags=re.S)
    assert re.findall(r"(?:src|href)=\"(?:https?:)?//[^\"]*", body) == []
    assert re.findall(r"url\([\"']?(?:https?:)?//[^)]*", body) == []
    assert not re.search(r"unpkg|jsdelivr|googleapis", made[name])


def test_the_colours_are_those_of_the_site():
    site = (prose.ROOT / "theme" / "stylesheets" / "site.css").read_text(encoding="utf-8")
    own = slides.THEME.read_text(encoding="utf-8")
    for colour in ("ink", "amber", "sky"):
        value = re.search(rf"--{colour}: (#\w+);", site)[1]
        assert f"--{colour}: {value};" in own


def test_the_page_lists_every_deck_with_a_picture_and_its_files():
    page = prose.read("teach/slides.md")
    row = re.compile(
        r'^\| \[!\[Slide: (.+?)\]\(slides/([\w-]+)\.webp\)\{ width="160" \}<br>[^\]]+\]'
        r"\(slides/\2\.html\) \| `\2` \| \[PDF\]\(slides/\2\.pdf\) · "
        r"\[PowerPoint\]\(slides/\2\.pptx\) \|$",
        re.M,
    )
    listed = {name: said for said, name in row.findall(page)}
    assert sorted(listed) == NAMES
    for name, said in listed.items():
        every = (slides.SLIDES / f"{name}.md").read_text(encoding="utf-8").split("\n---\n")[1:]
        pictured = [part for part in every if "![" in part and "_class: now" not in part]
        assert said == title((pictured or every)[0]), name


def test_an_unknown_number_names_the_deck():
    with pytest.raises(Stop, match=r"deck\.md: .*names no number"):
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


def test_marps_page_gets_what_it_lacks_for_screen_readers_and_names_no_other_host():
    page = (
        '<div class="bespoke-marp-osc"></div><div id=":$p"></div>'
        "// https://unpkg.com/@marp-team/marp-cli@4.1.0/lib/bespoke.js.LICENSE.txt"
    )
    tidy = slides.tidy(page)
    assert 'role="navigation" aria-label="Slides"' in tidy and 'role="main"' in tidy
    assert "unpkg" not in tidy
    with pytest.raises(Stop, match="Marp's pages are built anew"):
        slides.tidy("<div></div>")


def test_without_marp_it_says_what_to_run(tmp_path, monkeypatch):
    monkeypatch.setattr(slides, "MARP", tmp_path / "marp-cli.js")
    with pytest.raises(Stop, match="npm ci"):
        slides.decks()


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """The folder with all decks as Chromium prints them."""
    folder = tmp_path_factory.mktemp("print")
    slides.make(folder)
    return folder / "teach" / "slides"


@pytest.mark.long
def test_the_pdf_has_one_page_for_each_slide_with_its_title(name, parts, printed):
    pdf = (printed / f"{name}.pdf").read_bytes()
    assert pdf_reader.pages(pdf) == len(parts)
    titles = [pdf_reader.squeezed(title(part)) for part in parts]
    assert [pdf_reader.squeezed(mark) for mark in pdf_reader.bookmarks(pdf)] == titles
    assert b"/Lang (en-GB)" in pdf and b"/StructTreeRoot" in pdf  # for screen readers
    assert b"+SourceSans3" in pdf, "the course's own font"


@pytest.mark.long
def test_pdfs_are_small(printed):
    sizes = {path.name: path.stat().st_size for path in printed.glob("*.pdf")}
    assert {name: size for name, size in sizes.items() if size > 300_000} == {}
    assert sum(sizes.values()) < 4_000_000


@pytest.mark.long
def test_files_for_powerpoint_and_small_pictures_are_small(printed):
    for kind, limit in (("pptx", 500_000), ("webp", 12_000)):
        sizes = {path.name: path.stat().st_size for path in printed.glob(f"*.{kind}")}
        assert len(sizes) == len(NAMES)
        assert {name: size for name, size in sizes.items() if size > limit} == {}
