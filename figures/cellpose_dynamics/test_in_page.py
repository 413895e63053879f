"""The Cellpose figure: pixels walk, masks follow the sliders, by mouse and by keyboard alone.

Both examples go through the sliders; the rest is tried on the first, the nuclei.
"""

import base64
import json
import re
import zlib

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.site.checks import PATIENCE
from tests.site.places import ROOT

PAGE = "tools/cellpose/"
DATA = {
    name: json.loads((ROOT / "figures/cellpose_dynamics" / file).read_text(encoding="utf-8"))
    for name, file in (("nuclei", "page.json"), ("cells", "page_cells.json"))
}
FIXTURE = json.loads((ROOT / "figures/cellpose_dynamics/answers.json").read_text(encoding="utf-8"))
EXAMPLES = {"nuclei": "Round nuclei", "cells": "Bent cells"}


def masks_of_cellpose(name):
    """What Cellpose finds in the part that is shown: {(cell probability, flow error): labels}."""
    view = tuple(slice(*part) for part in DATA[name]["view"])
    return {
        tuple(case["setting"]): np.frombuffer(
            zlib.decompress(base64.b64decode(case["labels"])), np.uint8
        ).reshape(DATA[name]["shape"])[view]
        for case in FIXTURE[name]["cases"]
    }


BY_EXAMPLE = {name: masks_of_cellpose(name) for name in EXAMPLES}
FOUND = BY_EXAMPLE["nuclei"]
DEFAULT = (0.0, 0.4)
SIZE = len(FOUND[DEFAULT])


def masks(setting, found=FOUND):
    count = len(np.unique(found[setting])) - (0 in found[setting])
    return re.compile(rf"^{count} masks?,")


def either_side(found=FOUND):
    """Two pixels, (row, column), of two masks that touch, each a little inside its own."""
    labels = found[DEFAULT].astype(int)
    reach, size = 3, len(labels)
    for row in range(size // 4, size):  # not at the border of the view
        for column in range(reach, size - reach):
            first, second = labels[row, column - reach], labels[row, column + reach]
            if first and second and first != second:
                return (row, column - reach), (row, column + reach)
    raise AssertionError("no two masks touch")


@pytest.fixture
def figure(open_page):
    return ready(open_page(PAGE))


def ready(page):
    figure = page.locator("[data-figure=cellpose_dynamics]")
    expect(figure.locator("canvas")).to_be_visible(timeout=PATIENCE)
    return figure


def count(figure):
    return figure.locator(".cellpose-count")


def status(figure):
    return figure.locator(".cellpose-status")


def click(figure, row, column, size=SIZE):
    canvas = figure.locator("canvas")
    side = canvas.bounding_box()["width"] / size
    canvas.click(position={"x": (column + 0.5) * side, "y": (row + 0.5) * side})


def place(figure):
    return int(re.search(r"to place (\d+)\.", status(figure).inner_text())[1])


def picture(figure):
    return figure.locator("canvas").evaluate("canvas => canvas.toDataURL()")


def set_slider(figure, name, value):
    figure.get_by_role("slider", name=name).fill(str(value))


def test_without_script_picture_words_and_numbers_say_the_same(browser, root):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(root + PAGE)
    figure = page.locator("[data-figure=cellpose_dynamics]")
    expect(figure.locator("img").first).to_be_visible(timeout=PATIENCE)
    words = figure.inner_text()
    for found in BY_EXAMPLE.values():
        assert f"make {len(np.unique(found[DEFAULT])) - 1} masks" in words
    assert "{{" not in words and "![" not in words
    assert figure.locator("img:visible").count() == len(EXAMPLES)
    assert not figure.locator("button, input, canvas").count()
    context.close()


def test_pixels_on_either_side_of_a_border_end_in_different_places(figure):
    first, second = either_side()
    click(figure, *first)
    expect(status(figure)).to_contain_text(f"Pixel in row {first[0]}, column {first[1]}:")
    one = place(figure)
    click(figure, *second)
    expect(status(figure)).to_contain_text(f"Pixel in row {second[0]}, column {second[1]}:")
    assert place(figure) != one
    assert int(re.search(r"(\d+) steps? ", status(figure).inner_text())[1]) > 1


def test_a_pixel_below_the_threshold_stays(figure):
    set_slider(figure, "Cell-probability", 6)
    row, column = np.argwhere(FOUND[DEFAULT] == 0)[SIZE]
    click(figure, row, column)
    expect(status(figure)).to_contain_text("it stays")


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_sliders_show_as_many_masks_as_cellpose_finds(figure, name):
    figure.get_by_role("radio", name=EXAMPLES[name]).check()
    for setting in BY_EXAMPLE[name]:
        set_slider(figure, "Cell-probability", setting[0])
        set_slider(figure, "Flow-error", setting[1])
        expect(count(figure)).to_have_text(masks(setting, BY_EXAMPLE[name]))


def test_another_image_starts_afresh_and_its_touching_cells_part_too(figure):
    first = picture(figure)
    click(figure, *either_side()[0])
    set_slider(figure, "Cell-probability", 2)
    group = figure.get_by_role("group", name="Image")
    group.get_by_role("radio", name=EXAMPLES["nuclei"]).focus()
    figure.page.keyboard.press("ArrowDown")
    found = BY_EXAMPLE["cells"]
    expect(group.get_by_role("radio", name=EXAMPLES["cells"])).to_be_checked()
    expect(status(figure)).to_have_text("No pixel dropped yet.")
    expect(count(figure)).to_have_text(masks(DEFAULT, found))
    expect(figure.locator("canvas")).to_have_accessible_name(re.compile("^Bent cells, "))
    places = set()
    for pixel in either_side(found):
        click(figure, *pixel, size=len(found[DEFAULT]))
        expect(status(figure)).to_contain_text(f"row {pixel[0]}, column {pixel[1]}:")
        places.add(place(figure))
    assert len(places) == 2
    figure.page.keyboard.press("Tab")
    group.get_by_role("radio", name=EXAMPLES["nuclei"]).check()
    expect(count(figure)).to_have_text(masks(DEFAULT))
    figure.locator(".cellpose-count").click()  # off the canvas: no cross, as at first
    assert picture(figure) == first


def test_a_grid_fills_the_view_and_reset_clears_it(figure):
    expect(status(figure)).to_have_text("No pixel dropped yet.")
    empty = picture(figure)
    figure.get_by_role("button", name="Drop a grid").click()
    pixels, places = map(int, re.findall(r"\d+", status(figure).inner_text()))
    assert pixels > 20 and places >= len(np.unique(FOUND[DEFAULT])) - 1
    assert picture(figure) != empty
    figure.get_by_role("checkbox", name="arrows").check()
    set_slider(figure, "Cell-probability", -6)
    expect(count(figure)).to_have_text(masks((-6, 0.4)))
    figure.get_by_role("button", name="Start again").click()
    expect(status(figure)).to_have_text("No pixel dropped yet.")
    expect(count(figure)).to_have_text(masks(DEFAULT))
    expect(figure.get_by_role("checkbox")).not_to_be_checked()
    assert picture(figure) == empty


def test_all_of_it_works_by_keyboard_alone(figure):
    press = figure.page.keyboard.press
    figure.locator("canvas").focus()
    row, column = either_side()[0]
    middle = SIZE // 2
    for keys, way in ((("ArrowUp", "ArrowDown"), row - middle),
                      (("ArrowLeft", "ArrowRight"), column - middle)):  # fmt: skip
        far, near = divmod(abs(way), 8)
        for key in [f"Shift+{keys[way > 0]}"] * far + [keys[way > 0]] * near:
            press(key)
    expect(status(figure)).to_have_text(f"Cross at row {row}, column {column}.")
    press("Enter")
    expect(status(figure)).to_contain_text(f"Pixel in row {row}, column {column}:")
    assert place(figure)
    press("Tab")  # the image
    press("Tab")  # cell probability
    for _ in range(4):
        press("ArrowRight")
    expect(count(figure)).to_have_text(masks((2, 0.4)))
    press("Tab")  # flow error
    press("Tab")  # arrows
    before = picture(figure)
    press("Space")
    assert picture(figure) != before
    press("Tab")
    press("Enter")
    expect(status(figure)).to_contain_text("pixels end in")
    press("Tab")
    press("Enter")
    expect(status(figure)).to_have_text("No pixel dropped yet.")
    expect(count(figure)).to_have_text(masks(DEFAULT))


def test_pixels_move_and_come_to_rest_and_with_reduced_motion_are_there_at_once(browser, root):
    stills = {}
    for motion in ("reduce", "no-preference"):
        context = browser.new_context(reduced_motion=motion)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(root + PAGE)
        figure = ready(page)
        page.evaluate("""() => { const asked = requestAnimationFrame; window.frames_ = 0;
            window.requestAnimationFrame = (f) => { window.frames_++; return asked(f); }; }""")
        click(figure, *either_side()[0])
        counted = []
        for _ in range(80):
            page.wait_for_timeout(150)
            counted.append(frames := page.evaluate("window.frames_"))
            if counted[-5:] == 5 * [frames]:  # once alike may be a busy machine
                break
        else:
            pytest.fail("it never rests")
        stills[motion] = frames, picture(figure)
        context.close()
    # The theme asks for a frame now and then, too.
    assert stills["reduce"][0] <= 2 < 5 < stills["no-preference"][0]
    assert stills["reduce"][1] == stills["no-preference"][1]


@pytest.mark.parametrize("width", [1280, 390])
def test_its_parts_fit_into_their_place(open_page, width):
    figure = ready(open_page(PAGE, width=width))
    spare = figure.locator(".cellpose-stage").evaluate(
        "stage => stage.getBoundingClientRect().bottom - Math.max(...[...stage.children].map("
        "child => child.getBoundingClientRect().bottom))"
    )
    assert spare >= -1
