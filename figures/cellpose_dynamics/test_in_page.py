"""The Cellpose figure: pixels walk, masks follow the sliders, by mouse and by keyboard alone."""

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
DATA = json.loads((ROOT / "figures/cellpose_dynamics/page.json").read_text(encoding="utf-8"))
FIXTURE = json.loads((ROOT / "figures/cellpose_dynamics/answers.json").read_text(encoding="utf-8"))
VIEW = tuple(slice(*part) for part in DATA["view"])
#: What Cellpose itself finds in the part that is shown: {(cell probability, flow error): labels}.
FOUND = {
    tuple(case["setting"]): np.frombuffer(
        zlib.decompress(base64.b64decode(case["labels"])), np.uint8
    ).reshape(DATA["shape"])[VIEW]
    for case in FIXTURE["cases"]
}
DEFAULT = (0.0, 0.4)
SIZE = len(FOUND[DEFAULT])


def masks(setting):
    count = len(np.unique(FOUND[setting])) - (0 in FOUND[setting])
    return re.compile(rf"^{count} masks?,")


def either_side():
    """Two pixels, (row, column), of two masks that touch, each a little inside its own."""
    labels = FOUND[DEFAULT].astype(int)
    reach = 3
    for row in range(SIZE // 4, SIZE):  # not at the border of the view
        for column in range(reach, SIZE - reach):
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


def click(figure, row, column):
    canvas = figure.locator("canvas")
    side = canvas.bounding_box()["width"] / SIZE
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
    default = len(np.unique(FOUND[DEFAULT])) - 1
    assert f"make {default} masks" in words and "{{" not in words and "![" not in words
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


@pytest.mark.parametrize("setting", FOUND, ids=str)
def test_the_sliders_show_as_many_masks_as_cellpose_finds(figure, setting):
    set_slider(figure, "Cell-probability", setting[0])
    set_slider(figure, "Flow-error", setting[1])
    expect(count(figure)).to_have_text(masks(setting))


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
    figure.get_by_role("button", name="Reset").click()
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
        last, frames = None, -1
        for _ in range(60):
            page.wait_for_timeout(150)
            last, frames = frames, page.evaluate("window.frames_")
            if last == frames:
                break
        assert last == frames, "it never rests"
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
