"""The receptive-field figure: fields counted right, by mouse, by keyboard, and at any width."""

import json

import pytest
from playwright.sync_api import expect

from tests.site.checks import PATIENCE, overflow_faults
from tests.site.places import ROOT

PAGE = "concepts/convolutions/"
SHOWN = json.loads((ROOT / "figures/receptive_field_layers/page.json").read_text("utf-8"))
CHAPTER = json.loads((ROOT / "figures/receptive_field/data.json").read_text("utf-8"))
PRESETS = {preset["name"]: preset for preset in SHOWN["presets"]}
STARDIST, CELLPOSE = "StarDist of this course", "Cellpose of this course"
ROW, COLUMN = SHOWN["start"]
START = list(PRESETS)[1]


def mounted(page):
    figure = page.locator("[data-figure=receptive_field_layers]")
    expect(status(figure)).to_contain_text("11 px", timeout=PATIENCE)
    return figure


@pytest.fixture
def figure(open_page):
    return mounted(open_page(PAGE))


def status(figure):
    return figure.locator(".receptive-status")


def button(figure, name):
    return figure.get_by_role("button", name=name, exact=True)


def column(figure, number):
    return figure.locator(f"tbody td:nth-child({number})").all_text_contents()


def sides(figure):
    return [int(text.split("–")[0]) for text in column(figure, 3)]


def layers(figure):
    return [select.input_value() for select in figure.get_by_role("combobox").all()]


def expect_layers(figure, number):
    expect(figure.get_by_role("combobox")).to_have_count(number)


def box(figure, name):
    """Middle and side of a square, as drawn, in pixels of the image."""
    square = figure.locator(f".receptive-{name}")
    x, y, width = (float(square.get_attribute(key)) for key in ("x", "y", "width"))
    return y + width / 2, x + width / 2, width


def view(figure):
    return [float(v) for v in figure.locator(".receptive-picture").get_attribute("viewBox").split()]


def expect_pixel(figure, row, column):
    expect(figure.locator(".receptive-where")).to_have_text(f"Around row {row}, column {column}")


def test_it_starts_with_five_layers_that_see_a_part_of_a_nucleus(figure):
    assert layers(figure) == PRESETS[START]["layers"]
    assert sides(figure) == [3, 5, 7, 9, 11]
    assert column(figure, 2) == ["2 × 1"] * 5 and column(figure, 4) == ["1"] * 5
    expect(status(figure)).to_have_text(
        f"One output sees 11 px: {11 / SHOWN['median']:.1f} × the median nucleus. "
        "It sees a part of a nucleus, never the whole."
    )
    assert box(figure, "square") == (ROW + 0.5, COLUMN + 0.5, 11)
    assert float(figure.locator("circle").get_attribute("r")) * 2 == SHOWN["median"]
    expect_pixel(figure, ROW, COLUMN)
    expect(button(figure, START)).to_have_attribute("aria-pressed", "true")


def test_the_table_of_the_chapter_can_be_built_by_mouse(figure):
    button(figure, "One 3×3").click()
    for name in ("convolution", "pooling", *["convolution"] * 2, "pooling", *["convolution"] * 2):
        button(figure, f"Add {name}").click()
    assert sides(figure) == [3, 5, 6, 10, 14, 16, 24, 32]
    steps = ["1", "1", "2", "2", "2", "4", "4", "4"]
    assert column(figure, 4) == steps
    assert column(figure, 2)[1:4] == ["2 × 1", "1 × 1", "2 × 2"]
    assert box(figure, "square")[2] == 32 == CHAPTER["sides"]["s2"]
    expect(status(figure)).to_contain_text("32 px")
    expect(status(figure)).to_contain_text("a whole nucleus")
    assert not figure.locator("[aria-pressed=true]").count()
    figure.get_by_label("Layer 3", exact=True).select_option("Convolution 7×7")
    assert sides(figure) == [3, 5, 11, 13, 15, 16, 20, 24]
    button(figure, "Remove layer 6").click()
    assert sides(figure) == [3, 5, 11, 13, 15, 17, 19]
    expect(button(figure, "Remove layer 6")).to_be_focused()
    button(figure, "Start again").click()
    assert sides(figure) == [3, 5, 7, 9, 11]


def test_stardist_sees_what_the_chapter_says_and_weighs_less(figure):
    button(figure, STARDIST).click()
    assert layers(figure) == PRESETS[STARDIST]["layers"]
    assert sides(figure)[-1] == CHAPTER["last"] == box(figure, "square")[2]
    expect(status(figure)).to_contain_text(f"One output sees {CHAPTER['last']} px")
    expect(status(figure)).to_contain_text("neighbours")
    effective = PRESETS[STARDIST]["effective"]
    assert box(figure, "core")[2] == effective
    expect(figure.locator(".receptive-key-core")).to_have_text(
        f"90 % of the influence: {effective} px"
    )
    assert view(figure)[2] == 256  # the picture shows the whole field
    figure.get_by_label("Layer 3", exact=True).select_option("Convolution 1×1")
    expect(figure.locator(".receptive-key-core")).to_be_hidden()  # not measured for this one
    assert box(figure, "core")[2] == 0
    assert sides(figure)[-1] < CHAPTER["last"]


def test_cellposes_field_is_given_in_pixels_of_the_image(figure):
    button(figure, CELLPOSE).click()
    preset = PRESETS[CELLPOSE]
    seen = sides(figure)[-1]
    wide = seen * preset["scale"]
    expect(status(figure)).to_contain_text(f"{seen} px of the shrunk image, {wide:.0f} px")
    assert box(figure, "square")[2] == pytest.approx(wide)
    expect(figure.locator(".receptive-note")).to_have_text(preset["note"])
    assert "style vector" in preset["note"]


def test_a_click_and_a_drag_choose_the_pixel(figure):
    picture = figure.locator(".receptive-picture")
    picture.scroll_into_view_if_needed()
    left, top, width, _ = view(figure)
    outer = picture.bounding_box()
    square = outer["width"] / width

    def at(row, column):
        return outer["x"] + (column + 0.5) * square, outer["y"] + (row + 0.5) * square

    mouse = figure.page.mouse
    mouse.click(*at(30, 40))
    expect_pixel(figure, int(top) + 30, int(left) + 40)
    mouse.move(*at(20, 20))
    mouse.down()
    mouse.move(*at(25, 60), steps=4)
    expect_pixel(figure, int(top) + 25, int(left) + 60)
    assert view(figure)[0] == left  # still, as long as the button is down
    mouse.up()
    assert left < view(figure)[0] <= left + 60 - width / 2
    assert box(figure, "square")[:2] == (int(top) + 25.5, int(left) + 60.5)
    button(figure, "Start again").click()
    expect_pixel(figure, ROW, COLUMN)
    assert view(figure) == [left, top, width, width]


def test_by_keyboard_alone_layers_and_pixel_change_and_go_back(figure):
    keyboard = figure.page.keyboard
    button(figure, START).focus()
    keyboard.press("Tab")
    keyboard.press("Enter")
    expect(status(figure)).to_contain_text("24 px")
    for _ in range(3):
        keyboard.press("Tab")
    expect(figure.get_by_role("application")).to_be_focused()
    keyboard.press("ArrowRight")
    keyboard.press("Shift+ArrowDown")
    keyboard.press("ArrowUp")
    expect_pixel(figure, ROW + 9, COLUMN + 1)
    assert box(figure, "square") == (ROW + 9.5, COLUMN + 1.5, 24)
    for _ in range(60):
        keyboard.press("Shift+ArrowLeft")
    expect_pixel(figure, ROW + 9, 0)  # the border of the image
    assert view(figure)[0] == 0
    keyboard.press("Tab")
    expect(figure.get_by_role("region", name="The layers")).to_be_focused()
    keyboard.press("Tab")
    expect(figure.get_by_label("Layer 1", exact=True)).to_be_focused()
    keyboard.press("ArrowDown")
    assert layers(figure)[0] == "c5"
    expect(status(figure)).to_contain_text("26 px")
    keyboard.press("Tab")
    keyboard.press("Enter")  # removes it
    expect_layers(figure, 6)
    for _ in range(6):
        keyboard.press("Enter")
    expect_layers(figure, 0)
    expect(status(figure)).to_contain_text("One output sees 1 px")
    expect(button(figure, "Add convolution")).to_be_focused()
    keyboard.press("Space")
    expect(status(figure)).to_contain_text("3 px")
    keyboard.press("Tab")
    keyboard.press("Space")
    assert layers(figure) == ["c3", "p2"]
    keyboard.press("Tab")
    keyboard.press("Enter")
    expect_pixel(figure, ROW, COLUMN)
    expect_layers(figure, 5)


def test_there_is_a_most_and_the_figure_says_so(figure):
    pooling = button(figure, "Add pooling")
    for _ in range(9):
        pooling.press("Enter")
    assert layers(figure).count("p2") == 8
    expect(pooling).to_have_attribute("aria-disabled", "true")
    assert figure.get_by_label("Layer 1", exact=True).locator("option[value=p2]").is_disabled()
    convolution = button(figure, "Add convolution")
    for _ in range(42):
        convolution.press("Enter")
    expect_layers(figure, 48)
    expect(status(figure)).to_contain_text("more than the whole image")
    expect(convolution).to_have_attribute("aria-disabled", "true")
    assert not overflow_faults(figure.page)


@pytest.mark.parametrize("width", [1280, 390])
def test_its_height_stays_with_long_lists_of_layers(open_page, width):
    figure = mounted(open_page(PAGE, width=width))
    before = figure.bounding_box()["height"]
    for name in (STARDIST, CELLPOSE):
        button(figure, name).click()
        assert figure.bounding_box()["height"] == pytest.approx(before, abs=0.5)


def test_a_finger_chooses_the_pixel_and_may_still_scroll(browser, root):
    context = browser.new_context(
        viewport={"width": 390, "height": 800}, has_touch=True, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(root + PAGE)
    figure = mounted(page)
    picture = figure.locator(".receptive-picture")
    picture.scroll_into_view_if_needed()
    left, top, width, _ = view(figure)
    square = picture.bounding_box()["width"] / width
    picture.tap(position={"x": 40.5 * square, "y": 30.5 * square})
    expect_pixel(figure, int(top) + 30, int(left) + 40)
    assert picture.evaluate("e => getComputedStyle(e).touchAction") == "pan-y"
    context.close()
