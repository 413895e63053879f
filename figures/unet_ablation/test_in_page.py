"""The U-Net figure: a walk by mouse and by keyboard, skip connections cut, and text instead."""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.site.checks import PATIENCE
from tests.site.places import ROOT

PAGE = "concepts/unet/"
STORED = json.loads((ROOT / "figures/unet_ablation/page.json").read_text(encoding="utf-8"))
QUOTED = json.loads((ROOT / "figures/unet_ablation/data.json").read_text(encoding="utf-8"))
STAGES = STORED["stages"]


def mounted(page):
    figure = page.locator("[data-figure=unet_ablation]")
    expect(figure.locator("svg")).to_be_visible(timeout=PATIENCE)
    figure.scroll_into_view_if_needed()
    return figure


@pytest.fixture
def figure(open_page):
    return mounted(open_page(PAGE))


def expect_stage(figure, index):
    """The panel tells the shape and the parameters of a stage, and shows its maps."""
    stage = STAGES[index]
    words = figure.locator(".unet-words")
    expect(words).to_contain_text(" × ".join(map(str, stage["shape"])))
    expect(words).to_contain_text(f"{stage['parameters']:,} parameter")
    maps = figure.locator(".unet-maps img")
    expect(maps).to_have_count(len(stage["maps"]))
    assert maps.evaluate_all(
        "images => Promise.all(images.map(i => i.decode().then(() => i.naturalWidth)))"
    ) == [stage["shape"][1]] * len(stage["maps"])
    expect(figure.locator("[aria-current=step]")).to_have_count(1)
    size = "×".join(map(str, stage["shape"]))
    expect(figure.locator("[aria-current=step]")).to_contain_text(size)
    expect(figure.locator(".unet-place")).to_have_text(f"{index + 1} of {len(STAGES)}")


def expect_output(figure, cut):
    """Table, picture and U are those of the cut levels."""
    output = next(one for one in STORED["outputs"] if one["cut"] == sorted(cut))
    shown = figure.locator(".unet-numbers td:nth-child(2)")
    expect(shown).to_have_text([
        str(output["objects"]), f"{output['matched']} of {STORED['nuclei']}",
        f"{output['iou']:.2f}", f"{output['highest']:.2f}", f"{output['sharpness']} %",
    ])  # fmt: skip
    expect(figure.locator("polygon.unet-predicted")).to_have_count(output["objects"])
    expect(figure.locator("polygon.unet-truth")).to_have_count(len(STORED["truth"]))
    expect(figure.locator(".unet-cut")).to_have_count(len(cut))
    probability = figure.locator(".unet-outcome img")
    assert probability.get_attribute("src").endswith(output["probability"])
    return output


def test_it_starts_at_the_input_with_nothing_cut(figure):
    expect_stage(figure, 0)
    expect_output(figure, [])
    expect(figure.get_by_role("checkbox", checked=True)).to_have_count(len(STORED["skips"]))
    expect(figure.locator(".unet-verdict")).to_contain_text("Nothing is cut")
    expect(figure.get_by_role("button", name="Previous")).to_have_attribute("aria-disabled", "true")


def test_the_mouse_chooses_every_stage(figure):
    stages = figure.locator(".unet-u button")
    expect(stages).to_have_count(len(STAGES))
    seen = set()
    for button in stages.all():
        button.click()
        expect(button).to_have_attribute("aria-current", "step")
        index = int(figure.locator(".unet-place").text_content().split()[0]) - 1
        expect_stage(figure, index)
        seen.add(index)
    assert seen == set(range(len(STAGES)))


def test_next_walks_through_the_network_and_stops_at_its_end(figure):
    following = figure.get_by_role("button", name="Next")
    for index in range(len(STAGES)):
        expect_stage(figure, index)
        following.click(force=True)  # it says that it is disabled at the end
    expect_stage(figure, len(STAGES) - 1)
    figure.get_by_role("button", name="Previous").click()
    expect_stage(figure, len(STAGES) - 2)


def test_every_set_of_cut_connections_shows_its_own_output(figure):
    boxes = figure.get_by_role("checkbox")
    verdicts = set()
    for number in range(2 ** len(STORED["skips"])):
        cut = [level for level in range(len(STORED["skips"])) if number >> level & 1]
        for level, box in enumerate(boxes.all()):
            box.set_checked(level not in cut)
        output = expect_output(figure, cut)
        verdict = figure.locator(".unet-verdict").text_content()
        assert ("Nothing is found" in verdict) == (output["highest"] <= STORED["threshold"])
        verdicts.add(verdict)
    assert len(verdicts) > 2
    figure.get_by_role("button", name="Start again").click()
    expect_output(figure, [])
    expect_stage(figure, 0)


def test_the_keyboard_alone_walks_cuts_and_resets(figure):
    press = figure.page.keyboard.press
    stages = figure.locator(".unet-u button")
    stages.first.focus()
    press("Tab")
    expect(stages.nth(1)).to_be_focused()
    assert stages.nth(1).evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
    press("Enter")
    expect_stage(figure, 1)
    for _ in range(len(STAGES)):  # the other stages, Previous, Next
        press("Tab")
    expect(figure.get_by_role("button", name="Next")).to_be_focused()
    press("Space")
    expect_stage(figure, 2)
    press("Tab")
    expect(figure.get_by_role("checkbox").first).to_be_focused()
    press("Space")
    expect_output(figure, [0])
    for _ in STORED["skips"]:
        press("Tab")
    expect(figure.get_by_role("button", name="Start again")).to_be_focused()
    press("Enter")
    expect_output(figure, [])
    expect_stage(figure, 0)


@pytest.mark.parametrize("width", [1280, 390])
def test_whatever_is_chosen_or_cut_fits_into_its_place(open_page, width):
    figure = mounted(open_page(PAGE, width=width))
    before = figure.bounding_box()["height"]
    parts = [figure.locator(f".unet-{part}") for part in (
        "words", "chosen", "outcome", "verdict", "walk", "told")]  # fmt: skip
    for button in figure.locator(".unet-u button").all():
        button.click()
        for part in parts:
            assert part.evaluate("e => e.scrollHeight <= e.clientHeight"), part
    for box in figure.get_by_role("checkbox").all():
        box.uncheck()
        for part in parts:
            assert part.evaluate("e => e.scrollHeight <= e.clientHeight"), part
    bottom = "e => e.getBoundingClientRect().bottom"
    reset = figure.get_by_role("button", name="Start again")
    assert reset.evaluate(bottom) <= figure.locator(".unet-view").evaluate(bottom)
    assert figure.bounding_box()["height"] == pytest.approx(before, abs=1)


def test_a_tap_cuts_and_chooses(browser, root):
    context = browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True)
    page = context.new_page()
    page.goto(root + PAGE)
    figure = mounted(page)
    figure.locator(".unet-u button").nth(1).tap()
    expect_stage(figure, 1)
    figure.get_by_role("checkbox").last.tap()
    expect_output(figure, [len(STORED["skips"]) - 1])
    for control in figure.locator("button").all():
        assert min(control.bounding_box()[side] for side in ("width", "height")) >= 24
    context.close()


def test_without_script_or_data_the_text_tells_the_same(browser, root):
    for script in (False, True):
        context = browser.new_context(java_script_enabled=script)
        page = context.new_page()
        page.route("**/figures/unet_ablation/page.json", lambda route: route.abort())
        page.goto(root + PAGE)
        figure = page.locator("[data-figure=unet_ablation]")
        expect(figure.locator("table")).to_be_visible()
        expect(figure.locator("img:visible")).to_have_count(1)
        assert not figure.locator("button, input").count()
        rows = [re.findall(r"[\d.]+", row) for row in figure.locator("tr").all_text_contents()]
        expected = [
            [str(QUOTED[name]["objects"]), str(QUOTED[name]["matched"]), str(QUOTED["nuclei"]),
             f"{QUOTED[name]['highest']:.2f}", str(QUOTED[name]["sharpness"])]
            for name in ("all", "finest", "deepest", "none")
        ]  # fmt: skip
        assert [row[-5:] for row in rows if row] == expected
        context.close()
