"""Pages on paper: words and pictures alone, dark on white, whatever the screen shows."""

import pytest

# A schedule, a worksheet, a chapter with an interactive figure, a notebook.
PAGES = [
    "teach/half-day/",
    "teach/worksheets/iou-by-hand/",
    "practice/evaluating/",
    "notebooks/05_stardist_nuclei/",
]
FRAME = ".md-header, .md-tabs, .md-sidebar, .md-footer, .md-content__button"
BUTTONS = "button:not(.term), .md-button"  # a term is a button, too: its word stays
# Nearly black, and nothing grey between: luminance of the colours of running text.
BRIGHTEST = """() => Math.max(...[...document.querySelectorAll(
  ".md-content :is(h1, p, li, td, dd, a)")].filter(e => e.checkVisibility()).map(e => {
    const [r, g, b] = getComputedStyle(e).color.match(/[\\d.]+/g).map(Number);
    return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
  }))"""


@pytest.fixture(params=PAGES)
def paper(request, open_page):
    """A page as a reader whose screen is dark prints it."""
    page = open_page(request.param, scheme="dark")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    return page


def test_nothing_that_only_a_screen_can_use_is_printed(paper):
    shown = [e for e in paper.locator(f"{FRAME}, {BUTTONS}").all() if e.is_visible()]
    assert [e.evaluate("e => e.outerHTML.slice(0, 90)") for e in shown] == []
    assert paper.locator("main h1").is_visible()


def test_it_is_dark_on_white_and_the_screen_is_dark_again_afterwards(paper):
    assert paper.evaluate(BRIGHTEST) < 0.4
    dark = paper.locator("img[src$='#only-dark']")
    assert not any(picture.is_visible() for picture in dark.all())
    paper.emulate_media(media="screen")
    paper.evaluate("dispatchEvent(new Event('afterprint'))")
    assert paper.evaluate("document.body.dataset.mdColorScheme") == "slate"


def test_paper_says_where_a_link_to_another_site_leads(open_page):
    page = open_page("practice/evaluating/")
    after = "link => getComputedStyle(link, '::after').content"
    link = page.locator("main p a[href^='https://github.com/']").first
    assert link.evaluate(after) == "none"
    page.emulate_media(media="print")
    assert link.get_attribute("href") in link.evaluate(after).replace('" "', "")


def test_the_answers_of_a_worksheet_stand_on_a_sheet_of_their_own(open_page):
    page = open_page("teach/worksheets/iou-by-hand/")
    page.emulate_media(media="print")
    answers = page.locator("details.answers")
    assert answers.evaluate("e => getComputedStyle(e).breakBefore") == "page"
