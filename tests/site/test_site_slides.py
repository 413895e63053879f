"""The slides of the built site, opened as files: they need no server and no other host."""

import html
import re
import zipfile

import pytest

from tests.site.checks import PATIENCE, Visit, axe_faults, image_faults, watch
from tests.site.places import ROOT, SITE_URL

DECKS = sorted(path.stem for path in (ROOT / "docs" / "teach" / "slides").glob("*.md"))


@pytest.fixture(params=DECKS)
def deck(request, site, browser):
    """One deck opened from the disk: (page, what it asked for, and what went wrong)."""
    context = browser.new_context(viewport={"width": 1280, "height": 720}, reduced_motion="reduce")
    page, seen = context.new_page(), Visit(request.param, "light-1280")
    page.set_default_timeout(PATIENCE)
    watch(page, "file:///", seen)
    page.goto((site / "teach" / "slides" / f"{request.param}.html").as_uri(), wait_until="load")
    page.evaluate("document.fonts.ready.then(() => true)")
    yield page, seen
    context.close()


def test_slides_work_from_disk_with_their_font_and_figures(deck):
    page, seen = deck
    assert [seen.faults[kind] for kind in ("foreign", "errors", "failed")] == [[], [], []]
    assert all(address.startswith("file:///") for address in seen.everything)
    assert any("source-sans-3" in address for address in seen.everything)
    assert page.evaluate("document.fonts.check('40px \"Source Sans 3 Variable\"')")
    assert image_faults(page) == []


def test_every_slide_is_accessible_and_nothing_leaves_it(deck):
    page, _ = deck
    slides = page.locator("section")
    for number in range(1, slides.count() + 1):
        page.wait_for_function(f"location.hash === '#{number}' || {number} === 1")
        assert axe_faults(page) == [], f"slide {number}"
        slide = slides.nth(number - 1)
        assert slide.evaluate("s => s.scrollHeight <= s.clientHeight + 1"), f"slide {number}"
        assert slide.evaluate("s => s.scrollWidth <= s.clientWidth + 1"), f"slide {number}"
        page.keyboard.press("ArrowRight")


def test_words_in_drawings_can_be_read_from_the_back(deck, site):
    page, _ = deck
    pictures = page.locator("section img").evaluate_all(
        "all => all.map(i => [i.getAttribute('src'), i.offsetWidth, i.offsetHeight])"
    )
    for source, width, height in pictures:
        drawing = (site / "teach" / "slides" / source.split("#")[0]).read_text("utf-8")
        box = re.search(r"svgView\(viewBox\((.+?)\)", source) or re.search(
            r'viewBox="(.+?)"', drawing
        )
        _, _, wide, high = map(float, re.split(r"[ ,]+", box[1]))
        # Words are 17 units high in a drawing, and a slide is 720 pixels high.
        assert 17 * min(width / wide, height / high) >= 20, source


def test_for_powerpoint_every_slide_has_its_words_and_pictures(deck, site):
    page, seen = deck
    with zipfile.ZipFile(site / "teach" / "slides" / f"{seen.path}.pptx") as packed:
        slides = [packed.read(f"ppt/slides/slide{number + 1}.xml").decode()
                  for number in range(page.locator("section").count())]  # fmt: skip
        assert f"ppt/slides/slide{len(slides) + 1}.xml" not in packed.namelist()
    for slide, section in zip(slides, page.locator("section").all(), strict=True):
        words = html.unescape("".join(re.findall(r"<a:t>(.*?)</a:t>", slide, re.S)))
        # The number of the slide comes last; a sign stands before some titles.
        words = re.sub(r"\s|▸", "", words).removesuffix(section.get_attribute("id"))
        assert words == re.sub(r"\s", "", section.evaluate("s => s.textContent"))
        alts = section.locator("img").evaluate_all("all => all.map(i => i.alt)")
        assert [html.unescape(alt) for alt in re.findall(r' descr="(.*?)"/>', slide)] == alts


def test_without_an_address_no_slide_shows_one(deck):
    page, _ = deck
    assert page.locator("section.now img").count() == 0


@pytest.mark.parametrize("name", DECKS)
def test_on_a_published_site_the_last_slide_has_the_address_of_a_page(name, published, browser):
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.goto((published / "teach" / "slides" / f"{name}.html").as_uri() + "#99")
    slide = page.locator("section.now")
    address = slide.locator("p:last-child a").get_attribute("href")
    assert (published / address.removeprefix(SITE_URL) / "index.html").is_file()
    assert slide.get_by_role("img").get_attribute("alt").endswith(address)
    assert slide.evaluate("s => s.scrollHeight <= s.clientHeight + 1")
    assert slide.evaluate("s => s.scrollWidth <= s.clientWidth + 1")
    page.close()


@pytest.mark.parametrize("deck", ["decide"], indirect=True)
def test_the_presenters_window_shows_the_sentence_to_say(deck):
    page, _ = deck
    with page.context.expect_page() as opened:
        page.keyboard.press("p")
    note = opened.value.locator(".bespoke-marp-note.active")
    note.filter(has_text="A network is the third thing to try").wait_for()
    opened.value.keyboard.press("ArrowRight")
    note.filter(has_text="Write your own question down").wait_for()
    page.wait_for_function("location.hash === '#2'")  # both windows go on together
