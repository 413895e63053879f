"""The learning figure: the neuron walks as in the chapter, by mouse, by keyboard, at any width."""

import json
import math
import re

import pytest
from playwright.sync_api import expect

from tests.site.checks import PATIENCE
from tests.site.places import ROOT

PAGE = "concepts/how-a-network-learns/"
CHAPTER = json.loads((ROOT / "figures/neuron/data.json").read_text("utf-8"))
WALKS = json.loads((ROOT / "figures/learning/data.json").read_text("utf-8"))
STEPS = CHAPTER["steps"]
WEIGHTS, BIASES = (0, 50), (-16, 4)  # the map's


def mounted(page):
    figure = page.locator("[data-figure=learning]")
    expect(figure.locator(".learning-map")).to_be_visible(timeout=PATIENCE)
    return figure


@pytest.fixture
def figure(open_page):
    return mounted(open_page(PAGE))


def now(figure):
    """Step, loss, weight and bias as the page writes them."""
    text = figure.locator(".learning-now").inner_text().replace("−", "-")
    found = re.fullmatch(r"Step (\d+): loss ([\d.]+), weight ([\d.-]+), bias ([\d.-]+)", text)
    return int(found[1]), *map(float, found.groups()[1:])


def button(figure, name):
    return figure.get_by_role("button", name=name, exact=True)


def status(figure):
    return figure.get_by_role("status")


def use_rate(figure, rate):
    figure.get_by_role("slider").fill(f"{math.log10(rate):.2f}")
    expect(figure.locator(".learning-rate b")).to_have_text(f"{rate:g}")


def start(figure):
    """The numbers in the two boxes."""
    return tuple(float(box.input_value()) for box in figure.get_by_role("spinbutton").all())


def at(figure, weight, bias):
    """Where on the screen a place of the map lies."""
    box = figure.locator(".learning-map canvas").bounding_box()
    across = (weight - WEIGHTS[0]) / (WEIGHTS[1] - WEIGHTS[0])
    down = 1 - (bias - BIASES[0]) / (BIASES[1] - BIASES[0])
    return box["x"] + across * box["width"], box["y"] + down * box["height"]


def test_it_starts_where_the_chapter_starts_and_steps_as_it_does(figure):
    assert now(figure) == (0, round(CHAPTER["loss_first"], 3), 20, 0)
    button(figure, "Step").click()
    assert now(figure)[:2] == (1, round(CHAPTER["loss_second"], 3))
    expect(status(figure)).to_have_text("Downhill: the step lowered the loss.")
    button(figure, "Start again").click()
    button(figure, f"{STEPS} steps").click()
    assert now(figure) == (
        STEPS, round(CHAPTER["loss_last"], 3), 20, round(CHAPTER["bias_last"], 2),
    )  # fmt: skip
    expect(status(figure)).to_contain_text("Arrived")
    picture = figure.get_by_role("img", name="The answer of the neuron")
    assert f"0.5 at grey value {CHAPTER['grey_last']:.1f}" in picture.get_attribute("aria-label")


def test_the_four_pixels_take_the_step_done_by_hand(figure):
    button(figure, "the four of the table").click()
    step = CHAPTER["step"]
    assert now(figure)[1] == round(step["loss_before"], 3)
    button(figure, "Step").click()
    assert now(figure) == (1, round(step["loss_after"], 3), 20, round(step["bias"], 2))
    sums = figure.locator(".learning-sums").inner_text()
    assert f"bias 0.00 − 4 × {step['gradient']:.3f} = −1.79" in sums
    assert figure.locator(".learning-pixel").count() == 4


@pytest.mark.parametrize(("name", "word"), [("small", "creeps"), ("large", "Too large")])
def test_other_rates_do_what_the_chapters_table_says(figure, name, word):
    rate = CHAPTER["rates"][name]
    use_rate(figure, rate["rate"])
    button(figure, "Step").click()
    assert now(figure)[1] == round(rate["loss_first"], 3)
    use_rate(figure, rate["rate"])
    button(figure, f"{STEPS} steps").click()
    assert now(figure)[:2] == (STEPS, round(rate["loss_last"], 3))
    expect(status(figure)).to_contain_text(word)


def test_too_large_a_step_lands_uphill_and_off_the_map(figure):
    use_rate(figure, 100)
    button(figure, "Step").click()
    expect(status(figure)).to_contain_text(f"Off the map, at bias −{-WALKS['large']['bias']:.1f}.")
    expect(status(figure)).to_contain_text("Uphill!")
    mark = figure.locator(".learning-map .learning-here")  # it stays at the map's lower border
    assert float(mark.get_attribute("cy")) == 312


def test_both_parameters_learn_when_the_weight_is_let_go(figure):
    figure.get_by_label("hold the weight").uncheck()
    button(figure, f"{10 * STEPS} steps").click()
    both = WALKS["both"]
    assert now(figure) == (
        300, round(both["loss"], 3), round(both["weight"], 2), round(both["bias"], 2),
    )  # fmt: skip
    sums = figure.locator(".learning-sums").inner_text()
    assert "\nweight 2" in sums and sums.endswith(f" = {both['weight']:.3f}")


def test_dragging_on_the_map_moves_the_start(figure):
    figure.locator(".learning-map").scroll_into_view_if_needed()
    mouse = figure.page.mouse
    mouse.move(*at(figure, 10, -10))
    mouse.down()
    assert start(figure) == (10, -10)
    mouse.move(*at(figure, 40, -12), steps=3)
    mouse.up()
    assert start(figure) == (40, -12)
    assert now(figure)[2:] == (40, -12)
    expect(status(figure)).to_have_text("A new start. Press Step.")
    mouse.move(*at(figure, 5, 0))
    assert start(figure) == (40, -12)  # the button is up
    button(figure, "Step").click()
    assert now(figure)[3] > -12  # uphill lies below: the slope is negative here
    button(figure, "Start again").click()
    assert start(figure) == (20, 0)


def test_everything_can_be_done_by_keyboard_alone(figure):
    keyboard = figure.page.keyboard
    figure.locator(".learning-map").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowDown", "ArrowLeft", "ArrowUp"):
        keyboard.press(key)
    assert start(figure) == (21, -0.5)
    keyboard.press("Tab")
    keyboard.press("Enter")  # Step
    assert now(figure)[0] == 1
    keyboard.press("Tab")
    keyboard.press("Space")  # 30 steps
    assert now(figure)[0] == 1 + STEPS
    expect(status(figure)).to_contain_text("Arrived")
    keyboard.press("Tab")
    keyboard.press("Tab")
    expect(figure.get_by_role("slider")).to_be_focused()
    keyboard.press("End")
    expect(figure.locator(".learning-rate b")).to_have_text("100")
    assert now(figure)[0] == 0
    keyboard.press("Home")
    expect(figure.get_by_role("slider")).to_have_attribute("aria-valuetext", "0.1")
    keyboard.press("Tab")
    keyboard.press("ControlOrMeta+A")
    keyboard.type("12.5")
    keyboard.press("Tab")
    keyboard.press("ControlOrMeta+A")
    keyboard.type("-3")
    assert now(figure)[2:] == (12.5, -3)
    keyboard.press("Tab")
    keyboard.press("Space")
    expect(figure.get_by_label("hold the weight")).not_to_be_checked()
    for _ in range(3):
        keyboard.press("Tab")
    expect(button(figure, "Start again")).to_be_focused()
    keyboard.press("Enter")
    assert now(figure) == (0, round(CHAPTER["loss_first"], 3), 20, 0)
    expect(figure.get_by_label("hold the weight")).to_be_checked()


def test_a_start_off_the_map_changes_nothing_and_is_put_right(figure):
    box = figure.get_by_label("bias", exact=True)
    for wrong in ("", "-99"):
        box.fill(wrong)
        expect(box).to_have_attribute("aria-invalid", "true")
        assert now(figure)[2:] == (20, 0)
    box.blur()
    expect(box).to_have_value("0")


def test_the_walk_before_stays_for_comparison(figure):
    assert not figure.locator(".learning-before").count()
    button(figure, f"{STEPS} steps").click()
    use_rate(figure, 0.1)
    assert figure.locator(".learning-before").count() == 1
    button(figure, "Start again").click()
    assert not figure.locator(".learning-before").count()


def test_where_motion_is_welcome_the_neuron_walks_and_stops_by_itself(browser, root):
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(root + PAGE)
    figure = mounted(page)
    button(figure, f"{10 * STEPS} steps").click()
    expect(status(figure)).to_contain_text("Arrived", timeout=PATIENCE)
    assert now(figure)[0] == 10 * STEPS
    button(figure, f"{10 * STEPS} steps").click()
    button(figure, "Start again").click()  # a walk can be stopped
    page.wait_for_timeout(300)
    assert now(figure)[0] == 0
    context.close()


def test_a_finger_chooses_the_start(browser, root):
    context = browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(root + PAGE)
    figure = mounted(page)
    figure.locator(".learning-map").scroll_into_view_if_needed()
    page.touchscreen.tap(*at(figure, 30, -5))
    assert start(figure) == (30, -5)
    assert (
        figure.locator(".learning-map").evaluate("e => getComputedStyle(e).touchAction") == "none"
    )
    context.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_its_height_stays_when_it_speaks(open_page, width):
    figure = mounted(open_page(PAGE, width=width))
    before = figure.bounding_box()["height"]
    use_rate(figure, 100)
    button(figure, f"{STEPS} steps").click()  # the longest sentence
    for _ in range(3):
        button(figure, "Step").click()
        assert figure.bounding_box()["height"] == pytest.approx(before, abs=1)


def test_without_script_a_table_says_what_the_rates_do(browser, root):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(root + PAGE)
    figure = page.locator("[data-figure=learning]")
    rows = [row.locator("td").all_text_contents() for row in figure.locator("tbody tr").all()]
    names, keys = ("small", "fitting", "wide", "large"), ("step1", "step2", "step3", "last")
    assert [[float(cell) for cell in row] for row in rows] == [
        [WALKS[n]["rate"], round(WALKS["start"], 2), *(round(WALKS[n][k], 2) for k in keys)]
        for n in names
    ]
    expect(figure.locator(".figure-try")).to_be_hidden()
    assert figure.locator("figcaption").inner_text()
    assert not figure.locator("button, input").count()
    context.close()
