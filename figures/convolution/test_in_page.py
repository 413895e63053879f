"""The convolution figure: the sum on the page is right, by mouse, by keyboard, and at any width."""

import json

import pytest
from playwright.sync_api import expect

from tests.site.checks import PATIENCE
from tests.site.places import ROOT

PAGE = "concepts/convolutions/"
SHOWN = json.loads((ROOT / "figures/convolution/page.json").read_text("utf-8"))
CHAPTER = json.loads((ROOT / "figures/convolution/data.json").read_text("utf-8"))
PIXELS, (ROW, COLUMN) = SHOWN["pixels"], SHOWN["start"]
SIDE = len(PIXELS)
KERNELS = {kernel["name"]: kernel for kernel in SHOWN["kernels"]}
EDGES = next(iter(KERNELS))


def said(row, column, kernel=KERNELS[EDGES], name=None):
    """The sentence of the page about a place."""
    window = [
        value for line in PIXELS[row - 1 : row + 2] for value in line[column - 1 : column + 2]
    ]
    total = sum(a * b for a, b in zip(window, kernel["weights"], strict=True))
    result = f"{total / kernel['divisor']:.1f}".removesuffix(".0").replace("-", "−")
    at = f"row {SHOWN['top'] + row}, column {SHOWN['left'] + column}"
    return f"{name or kernel['name']}, {at}: {result}"


def mounted(page):
    figure = page.locator("[data-figure=convolution]")
    expect(figure.locator("output")).to_have_text(said(ROW, COLUMN), timeout=PATIENCE)
    return figure


@pytest.fixture
def figure(open_page):
    return mounted(open_page(PAGE))


def status(figure):
    return figure.locator("output")


def lines(figure):
    return figure.locator(".convolution-sum p").all_text_contents()


def filled(figure):
    return int(figure.locator(".convolution-count").inner_text().split(" of ")[0])


def grey(figure, row, column):
    """Grey value and opacity of one place of the result."""
    return figure.locator("canvas").last.evaluate(
        "(map, [x, y]) => [...map.getContext('2d').getImageData(x, y, 1, 1).data].slice(2)",
        [column, row],
    )


def drag(figure, start, end, steps=3):
    box = figure.locator("canvas").first.bounding_box()
    square = box["width"] / SIDE
    mouse = figure.page.mouse
    for i, (row, column) in enumerate((start, end)):
        mouse.move(
            box["x"] + (column + 0.5) * square,
            box["y"] + (row + 0.5) * square,
            steps=steps if i else 1,
        )
        if not i:
            mouse.down()
    mouse.up()


def test_it_starts_with_the_worked_example_of_the_chapter(figure):
    assert status(figure).inner_text().endswith(f": {CHAPTER['result']}")
    assert lines(figure)[-1].endswith(f"= {CHAPTER['result']}")
    assert f"row {CHAPTER['row']}, column {CHAPTER['column']}" in status(figure).inner_text()
    assert filled(figure) == 1
    numbers = figure.locator(".convolution-lens span").all_text_contents()
    expected = [v for line in PIXELS[ROW - 2 : ROW + 3] for v in line[COLUMN - 2 : COLUMN + 3]]
    assert [int(number) for number in numbers] == expected


def test_dragging_reads_every_pixel_on_the_way_and_fills_in_the_result(figure):
    figure.locator("canvas").first.scroll_into_view_if_needed()
    assert grey(figure, ROW, COLUMN + 5) == [0, 0]  # nothing there yet
    drag(figure, (ROW, COLUMN), (ROW, SIDE - 5))
    expect(status(figure)).to_have_text(said(ROW, SIDE - 5))
    assert filled(figure) == SIDE - 5 - COLUMN + 1
    assert grey(figure, ROW, COLUMN + 5)[1] == 255
    assert grey(figure, ROW, COLUMN)[0] > grey(figure, ROW, SIDE - 8)[0]  # left rim, right rim
    drag(figure, (ROW, COLUMN), (SIDE - 1, SIDE - 1))  # the kernel stops where it would hang over
    expect(status(figure)).to_have_text(said(SIDE - 2, SIDE - 2))


def test_every_preset_gives_its_number_and_is_written_into_the_weights(figure):
    for name, kernel in KERNELS.items():
        button = figure.get_by_role("button", name=name)
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
        assert figure.locator("[aria-pressed=true]").count() == 1
        expect(status(figure)).to_have_text(said(ROW, COLUMN, kernel))
        values = [float(box.input_value()) for box in figure.get_by_role("spinbutton").all()]
        assert values == [*kernel["weights"], kernel["divisor"]]
    assert lines(figure)[-1].endswith(f"= {PIXELS[ROW][COLUMN]}")  # identity
    figure.get_by_role("button", name="Blur").click()
    assert lines(figure)[-1].endswith(f"÷ 9 = {CHAPTER['blurred']:.1f}")


def test_by_keyboard_alone_the_kernel_moves_changes_and_goes_back(figure):
    keyboard = figure.page.keyboard
    figure.get_by_role("application").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowUp", "ArrowUp", "ArrowLeft"):
        keyboard.press(key)
    expect(status(figure)).to_have_text(said(ROW - 1, COLUMN + 1))
    assert filled(figure) == 6
    for _ in range(2):
        keyboard.press("Tab")
    keyboard.press("Enter")
    second = list(KERNELS.values())[1]
    expect(status(figure)).to_have_text(said(ROW - 1, COLUMN + 1, second))
    for _ in range(4):
        keyboard.press("Tab")
    expect(figure.get_by_label("Weight in row 1, column 1")).to_be_focused()
    keyboard.press("ControlOrMeta+A")
    keyboard.type("3.5")
    mine = {**second, "weights": [3.5, *second["weights"][1:]]}
    expect(status(figure)).to_have_text(said(ROW - 1, COLUMN + 1, mine, "your kernel"))
    assert " × 3.5 + " in lines(figure)[0]
    assert not figure.locator("[aria-pressed=true]").count()
    for _ in range(10):
        keyboard.press("Tab")
    expect(figure.get_by_role("button", name="Fill in")).to_be_focused()
    keyboard.press("Space")
    assert filled(figure) == (SIDE - 2) ** 2
    keyboard.press("Tab")
    keyboard.press("Enter")
    expect(status(figure)).to_have_text(said(ROW, COLUMN))
    assert filled(figure) == 1


def test_a_weight_that_is_no_number_changes_nothing_and_is_put_right(figure):
    weight = figure.get_by_label("Weight in row 2, column 3")
    for wrong in ("", "1000"):
        weight.fill(wrong)
        expect(weight).to_have_attribute("aria-invalid", "true")
        expect(status(figure)).to_have_text(said(ROW, COLUMN))
    weight.blur()
    expect(weight).to_have_value("2")
    divisor = figure.get_by_label("The sum is divided by")
    divisor.fill("0")
    expect(divisor).to_have_attribute("aria-invalid", "true")
    expect(status(figure)).to_have_text(said(ROW, COLUMN))


def test_nine_zeros_give_an_even_result(figure):
    for weight in figure.get_by_label("Weight in").all():
        weight.fill("0")
    expect(status(figure)).to_contain_text("your kernel")
    assert lines(figure)[-1] == "0 + 0 + 0 = 0"
    expect(figure.locator(".convolution-scale")).to_have_text("Result: 0 everywhere")


def test_where_motion_is_welcome_the_kernel_slides_until_all_is_filled(browser, root):
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(root + PAGE)
    figure = mounted(page)
    figure.get_by_role("button", name="Fill in").click()
    everything = (SIDE - 2) ** 2
    expect(figure.locator(".convolution-count")).to_have_text(
        f"{everything} of {everything}", timeout=PATIENCE
    )
    expect(status(figure)).to_have_text(said(ROW, COLUMN))
    context.close()


def test_a_finger_drags_the_kernel(browser, root):
    context = browser.new_context(
        viewport={"width": 390, "height": 800}, has_touch=True, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(root + PAGE)
    figure = mounted(page)
    image = figure.locator("canvas").first
    image.scroll_into_view_if_needed()
    square = image.bounding_box()["width"] / SIDE
    image.tap(position={"x": 14.5 * square, "y": 10.5 * square})
    expect(status(figure)).to_have_text(said(10, 14))
    assert (
        figure.get_by_role("application").evaluate("e => getComputedStyle(e).touchAction") == "none"
    )
    context.close()
