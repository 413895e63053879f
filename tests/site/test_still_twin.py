"""Half of a class reads two figures still: by address or by code, and never without being asked."""

import pytest
from playwright.sync_api import expect

from course_build.learning import items
from course_build.learning.halves import HALVES, half
from tests.docs.prose import words
from tests.site.checks import PATIENCE, axe_faults, overflow_faults

PAGES = {"convolution": "concepts/convolutions/", "cellpose_dynamics": "tools/cellpose/"}
CONTROLS = "button:not(.md-code__button), input, select, [tabindex='0']:not(code)"
CODES = {
    name: next(c for c in ("ha17", "be3", "mo9", "su22") if half(c) == name) for name in HALVES
}


@pytest.fixture(params=PAGES)
def name(request):
    return request.param


def shown(page, name):
    """The figure, and whether it stands still; waits until one of the two is sure."""
    figure = page.locator(f"figure[data-figure={name}]")
    sure = figure.locator(f":is({CONTROLS})").first.or_(
        page.locator(f"figure[data-figure={name}][data-failed]")
    )
    expect(sure.first).to_be_visible(timeout=PATIENCE)
    return figure, figure.get_attribute("data-failed") is not None


def test_the_pages_are_those_that_the_report_compares():
    assert {f"{page.rstrip('/')}.md" for page in PAGES.values()} == set(items.STILL)


def test_an_ordinary_visit_shows_the_moving_figure_and_keeps_nothing(name, open_page):
    page = open_page(PAGES[name])
    figure, still = shown(page, name)
    assert not still and figure.get_by_text("Try first").is_visible()
    assert page.evaluate("sessionStorage.length") == 0


@pytest.mark.parametrize("width", [1280, 390])
def test_the_still_twin_is_a_picture_and_the_same_words_without_controls(name, width, open_page):
    page = open_page(f"{PAGES[name]}?still=1", width=width)
    figure, still = shown(page, name)
    assert still and figure.locator(f":is({CONTROLS})").count() == 0
    picture = figure.locator("img:visible").first
    picture.scroll_into_view_if_needed()
    assert len(words(picture.get_attribute("alt"))) > 20
    assert picture.evaluate("p => p.decode().then(() => p.naturalWidth > 100)")
    moving = open_page(PAGES[name], width=width)
    caption = shown(moving, name)[0].locator("figcaption").inner_text()
    assert figure.locator("figcaption").inner_text() == caption
    assert not figure.get_by_text("Try first").is_visible(), "nothing can be tried"
    gap = figure.evaluate("""f => f.querySelector("figcaption").getBoundingClientRect().top
      - Math.max(...[...f.querySelectorAll("img, p")].filter(e => e.checkVisibility()
        && !e.closest("figcaption")).map(e => e.getBoundingClientRect().bottom))""")
    assert gap < 60, "no empty room is left under the picture"
    assert axe_faults(page, f"[data-figure={name}]") + overflow_faults(page) == []


@pytest.mark.parametrize("kind", HALVES)
def test_a_code_in_the_address_leads_to_its_half_on_all_pages_of_the_tab(kind, open_page):
    page = open_page(f"{PAGES['convolution']}?half={CODES[kind].upper()}")
    assert shown(page, "convolution")[1] == (kind == "still")
    root = page.url.split(PAGES["convolution"])[0]
    page.goto(root + PAGES["cellpose_dynamics"])
    assert shown(page, "cellpose_dynamics")[1] == (kind == "still")
    page.goto(f"{root}{PAGES['cellpose_dynamics']}?still=0")  # the trainer looks
    assert not shown(page, "cellpose_dynamics")[1]


def test_other_figures_move_in_every_half(open_page):
    page = open_page(f"{PAGES['convolution']}?half={CODES['still']}&still=1")
    assert not shown(page, "receptive_field_layers")[1]


@pytest.mark.parametrize("kind", HALVES)
def test_a_code_that_is_typed_is_sent_nowhere_and_does_not_tell_its_half(kind, open_page):
    page = open_page("teach/your-code/")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_label("Your code").fill(CODES[kind])
    page.keyboard.press("Enter")
    says = page.get_by_role("status")
    assert says.inner_text() == f"Your code in this tab: {CODES[kind]}"
    assert "?" not in page.url and asked == []
    page.get_by_role("link", name="Convolutions and CNNs").last.click()
    assert shown(page, "convolution")[1] == (kind == "still")
    assert not any(CODES[kind] in address for address in asked)


def test_something_that_is_no_code_is_not_taken(open_page):
    page = open_page("teach/your-code/")
    page.get_by_label("Your code").fill("--")
    page.get_by_role("button", name="Use this code").click()
    assert page.get_by_role("status").inner_text().startswith("Type a code of letters and digits.")
    page.goto(page.url.replace("teach/your-code/", PAGES["convolution"]))
    assert not shown(page, "convolution")[1]


def test_where_the_browser_keeps_nothing_the_address_still_counts(open_page):
    page = open_page("404.html")
    page.add_init_script(
        "Object.defineProperty(window, 'sessionStorage', { get() { throw new Error('off'); } })"
    )
    root = page.url.removesuffix("404.html")
    page.goto(f"{root}{PAGES['convolution']}?half={CODES['still']}")
    assert shown(page, "convolution")[1]
    page.goto(root + PAGES["convolution"])
    assert not shown(page, "convolution")[1]
