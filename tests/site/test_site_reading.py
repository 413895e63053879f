"""What a reader does: get lost, use the keyboard, unfold a solution, read a formula."""

import html
import json
import re
from urllib.parse import urljoin

import pytest
from bs4 import BeautifulSoup

from tests.site.places import ROOT

NOTEBOOKS = {
    file.stem: json.loads(file.read_text(encoding="utf-8"))
    for file in sorted((ROOT / "notebooks").glob("*.ipynb"))
}


def without_marks(text):
    """Markdown as it is shown: links by their text, no stars, no backticks."""
    return re.sub(r"[*`]", "", re.sub(r"\[([^]]+)\]\([^)]*\)", r"\1", text))


def test_a_lost_reader_gets_a_404_page_that_leads_on(open_page, root):
    page = open_page("tools/no-such-page/")
    assert page.request.get(page.url).status == 404
    content = page.get_by_role("main")
    assert content.get_by_role("heading", level=1).is_visible()
    links = [a.evaluate("link => link.href") for a in content.get_by_role("link").all()]
    inside = {link.split("#")[0] for link in links if link.startswith(root)}
    assert root in inside and len(inside) >= 3
    assert {page.request.get(link).status for link in inside} == {200}
    assert page.evaluate("getComputedStyle(document.body).fontFamily") == open_page().evaluate(
        "getComputedStyle(document.body).fontFamily"
    )


LINES = """() => [...document.querySelectorAll(".md-content__inner > p")].flatMap((p) => {
  const text = p.innerText, lines = p.clientHeight / parseFloat(getComputedStyle(p).lineHeight);
  return lines > 3.5 && text === p.textContent ? [text.length / (Math.round(lines) - 0.5)] : [];
})"""


@pytest.mark.parametrize("width", [1280, 1920])
def test_lines_hold_about_seventy_characters(open_page, width):
    lengths = []
    for address in ("tools/stardist/", "practice/evaluating/", "concepts/unet/"):
        page = open_page(address, width=width)
        lengths += page.evaluate(LINES)
        page.context.close()
    assert len(lengths) > 8
    assert 60 < sorted(lengths)[len(lengths) // 2] < 76


FOCUSED = """() => {
  const e = document.activeElement, style = getComputedStyle(e), box = e.getBoundingClientRect();
  const label = e.labels && e.labels.length ? e.labels[0] : e;
  return {
    tag: e.tagName.toLowerCase(), name: e.name || '', classes: e.className, href: e.href || '',
    where: e.closest('main .md-content') ? 'content' : e.closest('nav') ? 'nav' : '',
    ring: [style, getComputedStyle(label), getComputedStyle(e.nextElementSibling || e)].some(
      s => (s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0) || s.boxShadow !== 'none'),
    inView: box.width > 0 && box.right > 0 && box.bottom > 0 && box.top < innerHeight,
    html: e.outerHTML.slice(0, 120),
  };
}"""


def tab(page, times):
    """Press Tab and say what has the focus, again and again, until it leaves the page."""
    stops = []
    for _ in range(times):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUSED)
        if stop["tag"] == "body":
            break
        stops.append(stop)
    return stops


def test_the_first_tab_offers_to_skip_to_the_content(open_page):
    page = open_page("tools/stardist/")
    (skip,) = tab(page, 1)
    assert "md-skip" in skip["classes"] and skip["inView"]
    page.keyboard.press("Enter")
    (after,) = tab(page, 1)
    assert after["where"] == "content", after["html"]


def test_tab_reaches_search_colours_and_navigation_and_shows_where_it_is(open_page):
    stops = tab(open_page("tools/stardist/"), 60)
    assert any("search-open" in stop["classes"] for stop in stops), "search"
    assert any(stop["name"] == "__palette" for stop in stops), "light and dark"
    assert any(stop["where"] == "nav" and stop["href"] for stop in stops), "navigation"
    unseen = [stop["html"] for stop in stops if not stop["ring"]]
    assert not unseen, "no focus ring on:\n" + "\n".join(unseen)


def test_colours_switch_with_the_keyboard_and_stay(open_page):
    def background():
        return page.evaluate("getComputedStyle(document.body).backgroundColor")

    page = open_page(scheme="light")
    light = background()
    while tab(page, 1)[0]["name"] != "__palette":
        pass
    for _ in range(3):  # system, light, dark: one of them is dark
        page.keyboard.press("Enter")
        page.wait_for_timeout(100)
        if background() != light:
            break
    dark = background()
    assert dark != light
    page.reload()
    assert background() == dark


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_solutions_are_on_the_page_and_folded(name, site, notebook_pages):
    solutions = [
        without_marks("".join(cell["source"])) if cell["cell_type"] == "markdown"
        else "".join(cell["source"])
        for cell in NOTEBOOKS[name]["cells"]
        if "solution" in cell["metadata"].get("tags", [])
    ]  # fmt: skip
    text = (site / notebook_pages[name] / "index.html").read_text(encoding="utf-8")
    folds = BeautifulSoup(text, "html.parser").select("details.solution")
    shown = " ".join(fold.get_text() for fold in folds)
    for solution in solutions:
        line = max(solution.splitlines(), key=len).strip()
        assert line in shown, line
    assert not [fold for fold in folds if fold.has_attr("open")]


def test_a_solution_unfolds_when_the_reader_asks(open_page, notebook_pages):
    page = open_page(notebook_pages["05_stardist_nuclei"])
    fold = page.locator("details.solution").first
    inside = fold.locator("> :not(summary)").first
    assert not inside.is_visible()
    fold.locator("summary").click()
    assert inside.is_visible()


def test_some_notebook_has_a_solution():
    tags = [c["metadata"].get("tags", []) for n in NOTEBOOKS.values() for c in n["cells"]]
    assert any("solution" in cell_tags for cell_tags in tags)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_line_under_the_title_says_what_a_notebook_ran_on(name, site, notebook_pages):
    text = (site / notebook_pages[name] / "index.html").read_text(encoding="utf-8")
    head = text.split("</h1>")[1].split("<h2")[0]
    line = html.unescape(re.sub(r"<[^>]+>", "", head))
    course = NOTEBOOKS[name]["metadata"]["course"]
    if course.get("runs") == "elsewhere":
        assert f"Not executed here: {course['why']}" in line
        return
    versions = {"Python": course["python"]} | course["packages"]
    for fact in [course["device"], *(f"{key} {value}" for key, value in versions.items())]:
        assert fact in line
    own = line[line.index("Executed on") :].partition("\n")[0]
    assert not re.search(r"\d (min|s)\b", own), "its head says how long it takes, once"


def test_formulas_are_typeset_on_both_kinds_of_page(visits, notebook_pages):
    with_math = {seen.path for seen in visits("light-1280") if seen.formulas}
    notebooks = set(notebook_pages.values())
    assert with_math & notebooks, "no notebook page has a formula"
    assert with_math - notebooks, "no prose page has a formula"


def test_formulas_and_pictures_survive_going_on_coming_back_and_reloading(open_page, visits):
    formulas = {seen.path: seen.formulas for seen in visits("light-1280") if seen.formulas}
    path = max(formulas, key=formulas.get)
    page = open_page(path)
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))

    def typeset():
        fonts = page.evaluate("document.fonts.load('16px KaTeX_Main').then(fonts => fonts.length)")
        heights = page.locator(".katex-html").evaluate_all("all => all.map(e => e.offsetHeight)")
        # A figure takes its picture away once it stands, so those come and go.
        pictures = page.locator("article img:not([data-figure] img)").count()
        return len(heights), fonts > 0, pictures

    first = typeset()
    assert first[0] >= 1 and first[1]
    page.locator(".md-footer__link").last.click()
    page.wait_for_load_state()
    page.go_back()
    page.wait_for_load_state()
    assert typeset() == first
    page.reload()
    assert typeset() == first
    assert errors == []


def test_the_foot_of_each_page_leads_through_the_whole_course(site, root):
    config = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    nav = re.findall(r"^ +- .*: (\S+\.(?:md|ipynb))$", config, flags=re.M)
    here, way = "", [""]
    while True:
        text = (site / here / "index.html").read_text(encoding="utf-8")
        link = re.search(r'<a href="([^"]+)"[^>]*md-footer__link--next', text)
        if not link:
            break
        here = urljoin(root + here, link[1]).removeprefix(root)
        assert here not in way
        way.append(here)
    expected = [re.sub(r"(index)?\.(md|ipynb)$", "/", name).replace("//", "/") for name in nav]
    assert way == ["" if page == "/" else page for page in expected]
