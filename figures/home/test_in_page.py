"""The home figure grows once, answers to mouse, touch and keyboard, and stands without script."""

import json

import pytest
from playwright.sync_api import expect

from tests.site.checks import PATIENCE
from tests.site.places import ROOT

DATA = json.loads((ROOT / "figures/home/page.json").read_text("utf-8"))
NUCLEI, CELLS = DATA["nuclei"], DATA["cells"]


def mounted(page):
    figure = page.locator("[data-figure=home]")
    expect(figure.get_by_role("option")).to_have_count(len(NUCLEI), timeout=PATIENCE)
    return figure


@pytest.fixture
def figure(open_page):
    return mounted(open_page())  # a reader who wants no motion


def label(figure):
    return figure.locator(".home-label")


def expect_reading(figure, nucleus):
    expect(label(figure)).to_contain_text(f"{nucleus[2]} pixels")
    expect(label(figure)).to_contain_text(f"Its annotation: {nucleus[3]} pixels.")


def centre(figure, nucleus):
    box = figure.locator(".hero__stack").bounding_box()
    return [box[side] + nucleus[i] / 1024 * box["width"] for i, side in enumerate("xy")]


def test_without_motion_all_outlines_stand_at_once(figure):
    outlines = figure.get_by_role("option").evaluate_all("all => all.map(o => o.getAttribute('d'))")
    assert all(outline.endswith("Z") for outline in outlines)
    expect(label(figure)).to_be_hidden()
    expect(figure.locator("img:visible")).to_have_count(1)  # the still outlines have gone


def test_with_motion_they_grow_once_and_then_stand_still(browser, root):
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.goto(root)
    figure = mounted(page)
    last = figure.get_by_role("option").last
    assert not (last.get_attribute("d") or "").endswith("Z")
    expect(figure.locator("[data-grown]")).to_have_count(1, timeout=PATIENCE)
    assert last.get_attribute("d").endswith("Z")
    assert figure.locator(".home-rays").get_attribute("d") == ""
    page.context.close()


def test_the_mouse_reads_any_nucleus(figure):
    for nucleus in (NUCLEI[3], NUCLEI[-8]):
        figure.page.mouse.move(*centre(figure, nucleus))
        expect_reading(figure, nucleus)
    figure.page.mouse.move(5, 5)
    expect(label(figure)).to_be_hidden()


def test_a_tap_reads_a_nucleus_on_a_phone(browser, root):
    context = browser.new_context(
        viewport={"width": 390, "height": 800}, has_touch=True, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(root)
    figure = mounted(page)
    figure.scroll_into_view_if_needed()
    page.touchscreen.tap(*centre(figure, NUCLEI[-8]))
    expect_reading(figure, NUCLEI[-8])
    box = label(figure).bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    context.close()


def test_the_keyboard_alone_reads_every_nucleus(figure):
    press = figure.page.keyboard.press
    options = figure.get_by_role("listbox")
    options.focus()
    expect_reading(figure, NUCLEI[0])
    press("End")
    expect_reading(figure, NUCLEI[-1])
    press("ArrowLeft")
    chosen = figure.locator("[aria-selected=true]")
    name = chosen.get_attribute("aria-label")
    assert chosen.get_attribute("id") == options.get_attribute("aria-activedescendant")
    assert label(figure).text_content().split(" pixels")[0] == name.split(" pixels")[0]
    assert NUCLEI[int(chosen.get_attribute("id").split("-")[1])][0] < NUCLEI[-1][0]
    press("Home")
    expect_reading(figure, NUCLEI[0])
    press("Escape")
    expect(label(figure)).to_be_hidden()
    press("ArrowRight")
    expect(label(figure)).to_be_visible()
    press("Tab")
    expect(label(figure)).to_be_hidden()


def test_the_switch_shows_cells_and_goes_back(open_page):
    page, asked = open_page(), []
    figure = mounted(page)
    page.on("request", lambda request: asked.append(request.url))
    cells = figure.get_by_role("button", name="Cells · Cellpose")
    cells.focus()
    page.keyboard.press("Enter")
    expect(figure.get_by_role("option")).to_have_count(len(CELLS), timeout=PATIENCE)
    expect(cells).to_have_attribute("aria-pressed", "true")
    expect(figure.get_by_alt_text("Whole cells in two stains")).to_be_visible()
    expect(figure.locator("[data-caption=nuclei]")).to_be_hidden()
    figure.get_by_role("listbox").focus()
    expect_reading(figure, CELLS[0])
    assert [url.rsplit("/", 1)[1] for url in asked] == ["cells.webp"]
    figure.get_by_role("button", name="Nuclei · StarDist").click()
    expect(figure.get_by_role("option")).to_have_count(len(NUCLEI))
    expect(figure.get_by_alt_text("Whole cells in two stains")).to_be_hidden()


def test_no_label_leaves_the_picture(figure):
    figure.get_by_role("listbox").focus()
    stack = figure.locator(".hero__stack").bounding_box()
    for key in ("Home", "End", "ArrowUp", "ArrowUp", "ArrowLeft", "ArrowLeft"):
        figure.page.keyboard.press(key)
        box = label(figure).bounding_box()
        assert box["x"] >= stack["x"] - 1
        assert box["x"] + box["width"] <= stack["x"] + stack["width"] + 1


def test_without_script_the_outlines_lie_over_the_image(browser, root):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(root)
    figure = page.locator("[data-figure=home]")
    expect(figure.locator("img:visible")).to_have_count(2)
    expect(figure.get_by_role("button")).to_have_count(0)
    expect(figure.get_by_alt_text("The outline of every nucleus")).to_be_visible()
    expect(figure.get_by_text("Point at a nucleus")).to_be_hidden()
    context.close()


def test_if_the_figure_does_not_load_the_outlines_show_themselves(browser, root):
    page = browser.new_context().new_page()
    page.route("**/figures/home/page.json", lambda route: route.abort())
    page.goto(root)
    still = page.get_by_alt_text("The outline of every nucleus")
    expect(still).to_have_css("visibility", "hidden")
    expect(still).to_have_css("visibility", "visible", timeout=PATIENCE)
    page.context.close()
