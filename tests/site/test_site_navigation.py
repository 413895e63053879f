"""Finding the way: breadcrumbs, contents, progress, one way on, and the two widths of a page."""

import re

import pytest
from bs4 import BeautifulSoup

from tests.site.checks import axe_faults

FAQ = "reference/faq/"
BOX = "e => (({x, y, width, height}) => [x, y, x + width, y + height])(e.getBoundingClientRect())"


def boxes(locator):
    """Left, top, right and bottom of everything that is shown."""
    return [element.evaluate(BOX) for element in locator.all() if element.is_visible()]


def overlap(one, other):
    return min(one[2], other[2]) > max(one[0], other[0]) and min(one[3], other[3]) > max(
        one[1], other[1]
    )


def scroll(page, part):
    """Go down by a part of the page, and let what follows the scrolling settle."""
    page.evaluate("part => scrollTo(0, part * document.documentElement.scrollHeight)", part)
    page.wait_for_timeout(300)


@pytest.mark.parametrize("width", [1280, 390])
def test_breadcrumbs_lead_to_home_and_to_the_part(open_page, root, width):
    page = open_page("tools/cellpose/", width=width)
    links = page.get_by_role("navigation", name="Breadcrumbs").get_by_role("link")
    assert links.all_inner_texts() == ["Home", "Tools"]
    assert links.first.evaluate("link => link.href") == root
    page = open_page("start/set-up/", width=width)  # its part begins with home
    links = page.get_by_role("navigation", name="Breadcrumbs").get_by_role("link")
    assert links.all_inner_texts() == ["Home"]
    assert open_page("", width=width).locator(".md-path").count() == 0


def test_a_page_has_contents_of_its_own_beside_the_list_of_pages(open_page):
    page = open_page("tools/stardist/")
    (pages,) = boxes(page.locator(".md-sidebar--primary"))
    (contents,) = boxes(page.locator(".md-sidebar--secondary"))
    (text,) = boxes(page.locator("article"))
    assert pages[2] <= text[0] and text[2] <= contents[0]
    assert not page.locator(".md-sidebar--primary [href='#use-it']").is_visible()
    assert page.locator(".md-sidebar--secondary [href='#use-it']").is_visible()


def test_the_many_questions_are_listed_for_the_part_that_is_read(open_page):
    page = open_page(FAQ)
    entries = page.locator(".md-sidebar--secondary .md-nav__link")
    shown = [entry for entry in entries.all() if entry.is_visible()]
    assert len(shown) < 30 < entries.count()
    scroll(page, 0.5)
    active = page.locator(".md-sidebar--secondary .md-nav__link--active").last
    assert active.is_visible()


def test_a_thin_bar_shows_how_far_one_has_read(open_page):
    page = open_page("tools/stardist/")

    def share():
        style = "getComputedStyle(document.querySelector('.md-header'), '::after').transform"
        return float(re.search(r"[\d.]+", page.evaluate(style))[0])

    assert share() < 0.05
    scroll(page, 0.5)
    assert 0.4 < share() < 0.6
    scroll(page, 1)
    assert share() > 0.95


@pytest.mark.parametrize("width", [1280, 1024, 390])
@pytest.mark.parametrize("path", ["tools/stardist/", FAQ, "notebooks/17_whole_cells/"])
def test_back_to_top_covers_nothing(open_page, path, width):
    page = open_page(path, width=width)
    link = page.get_by_role("link", name="Back to top")
    for part in (0.5, 1):
        scroll(page, part)
        (here,) = boxes(link)
        others = boxes(page.locator("article > *:not(.to-top), footer, .md-header"))
        # Entries below its lower edge are cut off.
        foot = page.locator(".md-sidebar--secondary .md-sidebar__scrollwrap").evaluate(
            "list => list.getBoundingClientRect().top + list.clientHeight"
        )
        entries = boxes(page.locator(".md-sidebar--secondary .md-nav__link"))
        others += [[left, top, right, min(bottom, foot)] for left, top, right, bottom in entries]
        assert not [other for other in others if overlap(here, other)], part
        assert width == 390 or here[1] < 800  # in the window, without going to the end
    link.click()
    page.wait_for_function("scrollY === 0")


def test_only_the_foot_of_a_page_leads_on(site, notebook_pages):
    repeated = []
    for file in site.rglob("index.html"):
        soup = BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser")
        following = soup.select_one(".md-footer__link--next")
        if not following or not soup.article:
            continue
        for words in soup.article.find_all(string=re.compile(r"^Next:")):
            link = words.parent if words.parent.name == "a" else words.find_next("a")
            if link and link["href"] == following["href"]:
                repeated.append(str(file.relative_to(site)))
    assert not repeated


def test_a_notebook_names_no_other_next_page_than_its_foot(site, notebook_pages):
    other = []
    for page in notebook_pages.values():
        soup = BeautifulSoup(
            (site / page / "index.html").read_text(encoding="utf-8"), "html.parser"
        )
        if soup.article.find("strong", string="Next:"):
            other.append(page)
    assert not other


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_drawer_shows_all_parts_and_opens_them_by_keyboard(open_page, scheme):
    page = open_page("tools/stardist/", scheme=scheme, width=390)
    page.locator("label.md-header__button[for='__drawer']").click()
    page.wait_for_timeout(400)
    drawer = page.locator(".md-nav--primary")
    tabs = page.locator(".md-tabs__link").all_text_contents()
    for name in tabs:
        part = drawer.locator("label.md-nav__link", has_text=name.strip()).first
        part.click(trial=True)  # nothing lies over it
    assert drawer.get_by_role("link", name="Which tool?").is_visible()  # its own part is open
    deep = drawer.get_by_role("link", name="Further reading")
    assert not deep.is_visible()
    drawer.locator("label.md-nav__link[tabindex='0']", has_text="Reference").focus()
    page.keyboard.press("Enter")
    assert deep.is_visible()
    assert axe_faults(page) == []


@pytest.mark.parametrize("width", [1280, 390])
def test_the_button_to_copy_code_lies_beside_it(open_page, width):
    page = open_page("start/set-up/", width=width)
    page.locator(".md-code__nav").first.wait_for()
    places = page.evaluate(
        """() => [...document.querySelectorAll(".md-code__nav")].map((button) => {
          const pre = button.parentElement;
          const [inner, code, outer] = [button, pre.querySelector("code"), pre].map(
            (e) => e.getBoundingClientRect());
          return Math.min(inner.left - code.right, outer.right - inner.right);
        })"""
    )
    assert places
    assert min(places) >= -0.5


TEXT_AND_FULL = """() => [...document.querySelectorAll(
  "article > :is(p:not(.to-top), .highlight, figure, .admonition, .promise, .quiz)," +
  "article > .md-typeset__scrollwrap table"
)].map((e) => Math.round(e.getBoundingClientRect().width / 20)).filter(Boolean)"""


def test_text_has_one_width_and_all_else_that_or_the_full_one(open_page):
    for path in ("tools/stardist/", "practice/large-images/", "practice/evaluating/"):
        page = open_page(path, width=1440)
        page.locator(".md-typeset__scrollwrap").first.wait_for()
        assert set(page.evaluate(TEXT_AND_FULL)) == {28, 38}, path


def test_an_answer_is_marked_by_more_than_its_colour(open_page):
    page = open_page("tools/stardist/")
    question = page.locator(".question[data-kind='one']").first
    for right in ("false", "true"):
        question.locator(f"li[data-right='{right}'] input").first.check()
        question.get_by_role("button", name="Check").click()
        icon = question.locator("[data-mark] label").evaluate(
            "label => getComputedStyle(label, '::after').maskImage"
        )
        assert icon.startswith("url(")
        assert ("Not right:" if right == "false" else "Right:") in question.inner_text()


def test_boxes_are_told_apart_without_colour(open_page):
    def look(page, selector):
        return page.locator(selector).first.evaluate(
            """box => [getComputedStyle(box.querySelector(".admonition-title") || box, "::before")
              .maskImage, getComputedStyle(box).borderLeftStyle]"""
        )

    page = open_page("tools/cellpose/")
    kinds = [look(page, kind) for kind in (".promise", ".admonition.note", ".admonition.warning")]
    icons = [icon for icon, _ in kinds]
    assert len(set(icons)) == 3 and all(icon.startswith("url(") for icon in icons)
    assert [line for _, line in kinds] == ["solid", "solid", "dashed"]
