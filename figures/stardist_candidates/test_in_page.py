"""The StarDist figure: rays and suppression answer to mouse and keyboard, and text replaces it."""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.site.checks import PATIENCE
from tests.site.places import ROOT

PAGE = "tools/stardist/"
QUOTED = json.loads((ROOT / "figures/stardist_candidates/data.json").read_text(encoding="utf-8"))
STORED = json.loads((ROOT / "figures/stardist_candidates/page.json").read_text(encoding="utf-8"))


def mounted(page):
    figure = page.locator("[data-figure=stardist_candidates]")
    expect(figure.locator("canvas")).to_be_visible(timeout=PATIENCE)
    figure.scroll_into_view_if_needed()
    return figure


@pytest.fixture
def figure(open_page):
    return mounted(open_page(PAGE))


def counts(name):
    """What the page says at one of the quoted settings."""
    row = QUOTED[name]
    return f"{row['candidates']} candidates → {row['objects']} objects"


def pixel_text(name):
    row = QUOTED[name]
    return (
        f"Pixel ({row['row']}, {row['column']}): probability {row['probability']:.2f}, "
        f"{STORED['rays']} rays of {row['shortest']:.1f} to {row['longest']:.1f} px."
    )


def status(figure):
    return figure.get_by_role("status")


def pixel(figure):
    return figure.locator(".stardist-pixel")


def hover(figure, row, column):
    """Move the mouse to the centre of a pixel of the image."""
    box = figure.locator("canvas").bounding_box()
    height, width = (size * STORED["grid"] for size in STORED["shape"])
    top, left = STORED["origin"]
    figure.page.mouse.move(
        box["x"] + (column - left + 0.5) / width * box["width"],
        box["y"] + (row - top + 0.5) / height * box["height"],
    )


def drawn(figure):
    """The canvas's pixels as one text."""
    return figure.locator("canvas").evaluate("canvas => canvas.toDataURL()")


def test_it_starts_with_the_tuned_thresholds_beside_the_best_pixel(figure):
    expect(status(figure)).to_have_text(counts("tuned"))
    expect(pixel(figure)).to_contain_text(pixel_text("beside"))
    expect(pixel(figure)).to_contain_text("Suppressed: it overlaps the better candidate")
    middle = QUOTED["middle"]
    expect(pixel(figure)).to_contain_text(f"({middle['row']}, {middle['column']}) by")
    expect(figure.locator("table")).to_have_count(0)


def test_the_mouse_asks_any_pixel(figure):
    before = drawn(figure)
    hover(figure, QUOTED["middle"]["row"], QUOTED["middle"]["column"])
    expect(pixel(figure)).to_contain_text(pixel_text("middle"))
    expect(pixel(figure)).to_contain_text(": kept.")
    assert drawn(figure) != before
    hover(figure, 150, 50)
    expect(pixel(figure)).to_contain_text("Pixel (150, 50)")
    expect(pixel(figure)).to_contain_text("it proposes nothing")


def test_a_tap_asks_a_pixel_too(browser, root):
    context = browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True)
    page = context.new_page()
    page.goto(root + PAGE)
    figure = mounted(page)
    canvas = figure.locator("canvas")
    canvas.scroll_into_view_if_needed()
    before = pixel(figure).text_content()
    canvas.tap(position={"x": 20, "y": 150})
    expect(pixel(figure)).not_to_have_text(before)
    context.close()


@pytest.mark.parametrize("name", ["high", "strict", "low"])
def test_the_sliders_run_the_suppression(figure, name):
    before = drawn(figure)
    for slider, key in zip(figure.get_by_role("slider").all(), ("prob", "nms"), strict=True):
        slider.fill(str(QUOTED[name][key]))
    expect(status(figure)).to_have_text(counts(name))
    assert figure.locator(".stardist-value").all_text_contents() == [
        f"{QUOTED[name][key]:.2f}" for key in ("prob", "nms")
    ]
    assert drawn(figure) != before
    figure.get_by_role("button", name="Start again").click()
    expect(status(figure)).to_have_text(counts("tuned"))


def test_the_keyboard_alone_moves_the_pixel_both_thresholds_and_resets(figure):
    press = figure.page.keyboard.press
    figure.locator("canvas").focus()
    press("Shift+Tab")
    expect(figure.locator("canvas")).not_to_be_focused()
    for _ in range(3):  # a term before it, and the link of the term's note
        press("Tab")
        if figure.locator("canvas").evaluate("e => e === document.activeElement"):
            break
    expect(figure.locator("canvas")).to_be_focused()
    outline = figure.locator("canvas").evaluate("e => getComputedStyle(e).outlineStyle")
    assert outline == "solid"
    for _ in range((QUOTED["beside"]["column"] - QUOTED["middle"]["column"]) // STORED["grid"]):
        press("ArrowLeft")
    expect(pixel(figure)).to_contain_text(pixel_text("middle"))
    for _ in range(100):  # it stops at the border
        press("ArrowDown")
    rows = STORED["origin"][0] + (STORED["shape"][0] - 1) * STORED["grid"]
    expect(pixel(figure)).to_contain_text(f"Pixel ({rows}, {QUOTED['middle']['column']})")

    press("Tab")
    press("Home")
    press("Tab")
    press("End")
    expect(status(figure)).to_have_text(counts("low"))
    press("Tab")
    press("Enter")
    expect(status(figure)).to_have_text(counts("tuned"))
    expect(pixel(figure)).to_contain_text(pixel_text("beside"))


def test_suppressed_candidates_fade_unless_motion_is_unwelcome(browser, root):
    frames = {}
    for motion in ("reduce", "no-preference"):
        context = browser.new_context(reduced_motion=motion)
        page = context.new_page()
        page.goto(root + PAGE)
        mounted(page)
        page.wait_for_timeout(1500)
        frames[motion] = page.evaluate(
            """async () => {
                const [canvas, slider] = ["canvas", "input"].map(
                    tag => document.querySelector(`[data-figure=stardist_candidates] ${tag}`));
                slider.value = slider.min;
                slider.dispatchEvent(new Event("input"));
                const first = canvas.toDataURL();
                await new Promise(done => setTimeout(done, 2000));
                const last = canvas.toDataURL();
                await new Promise(done => setTimeout(done, 300));
                return [first !== last, last === canvas.toDataURL()];
            }"""
        )
        context.close()
    assert frames == {"reduce": [False, True], "no-preference": [True, True]}


@pytest.mark.parametrize("width", [1280, 390])
def test_its_words_fit_into_their_place(open_page, width):
    panel = mounted(open_page(PAGE, width=width)).locator(".stardist-panel")
    assert panel.evaluate("e => e.scrollHeight <= e.clientHeight")


def test_without_script_or_data_the_text_tells_the_same(browser, root):
    for script in (False, True):
        context = browser.new_context(java_script_enabled=script)
        page = context.new_page()
        page.route("**/figures/stardist_candidates/page.json", lambda route: route.abort())
        page.goto(root + PAGE)
        figure = page.locator("[data-figure=stardist_candidates]")
        expect(figure.locator("table")).to_be_visible()
        assert not figure.locator("button, input, canvas").count()
        rows = [re.findall(r"[\d.]+", row) for row in figure.locator("tr").all_text_contents()]
        expected = [
            [f"{row['prob']:.2f}", f"{row['nms']:.2f}", str(row["candidates"]), str(row["objects"])]
            for row in (QUOTED[name] for name in ("tuned", "high", "strict", "low"))
        ]
        assert [row for row in rows if row] == expected
        for name in ("middle", "beside"):
            text = f"{QUOTED[name]['shortest']:.1f} to {QUOTED[name]['longest']:.1f} px"
            expect(figure.locator(".stardist-stage")).to_contain_text(text)
        context.close()
