"""The figure that breaks a picture: scores, outlines and fixes, by mouse and by keyboard."""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.site.checks import PATIENCE
from tests.site.places import ROOT

PAGE = "practice/when-it-fails/"
SCORES = json.loads((ROOT / "figures/break_it/data.json").read_text(encoding="utf-8"))
DATA = json.loads((ROOT / "figures/break_it/page.json").read_text(encoding="utf-8"))


def mounted(page):
    figure = page.locator("[data-figure=break_it]")
    expect(figure.locator(".break-stage.mounted")).to_be_visible(timeout=PATIENCE)
    return figure


@pytest.fixture
def figure(open_page):
    return mounted(open_page(PAGE))


def counts(figure):
    return figure.locator(".break-counts")


def told(figure):
    return figure.locator(".break-told")


def choose(figure, group, name):
    rows = figure.get_by_role("group", name=re.compile(f"^{group}"))
    rows.get_by_role("radio", name=name, exact=True).check()


def press(figure, name):
    figure.get_by_role("button", name=name, exact=True).click()


def slide(figure, step):
    figure.get_by_role("slider").fill(str(step))


def ap(name, method="stardist", fix="none"):
    return f"{SCORES[name][method][fix]:.2f}"


def curve(figure):
    return figure.locator(".break-curve").get_attribute("aria-label")


def picture(figure):
    return figure.locator(".break-picture")


def test_it_starts_with_the_picture_as_recorded(figure):
    expect(counts(figure)).to_contain_text(f"StarDist: AP {ap('recorded')}")
    expect(figure.locator(".break-strength b")).to_have_text("as recorded")
    expect(picture(figure)).to_have_attribute("aria-label", re.compile("As recorded. StarDist"))
    assert curve(figure).count(",") == 0  # one value each: what comes is not given away
    values = picture(figure).evaluate("""canvas => new Set(
        canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data).size""")
    assert values > 50  # a picture, not an empty ground


def test_each_fault_at_each_step_shows_its_scores_and_outlines(figure):
    names = {"blur": "Blur", "noise": "Noise", "size": "Scale", "contrast": "Contrast",
             "crop": "Crop normalisation"}  # fmt: skip
    for fault, name in names.items():
        choose(figure, "Break it", name)
        for step in (3, 5):
            slide(figure, step)
            for place, (method, title) in enumerate(
                (("stardist", "StarDist"), ("cellpose", "Cellpose"))
            ):
                choose(figure, "Model", title)
                found, wrong, not_found, lines, unseen = DATA["results"][f"{fault}{step}"]["none"][
                    1 + place
                ]
                expect(counts(figure)).to_have_text(
                    f"{title}: AP {ap(f'{fault}{step}', method)} · {found} found, {wrong} false, "
                    f"{not_found} not found, of {DATA['nuclei']} nuclei"
                )
                drawn = [line[0] == "!" for line in lines.split()]
                expect(picture(figure)).to_have_attribute(
                    "aria-label",
                    re.compile(
                        f"{drawn.count(False)} outlines found, {drawn.count(True)} false, "
                        f"{len(unseen)} nuclei not found"
                    ),
                )
        assert f"{ap(f'{fault}5')}" in curve(figure)


def test_fixes_tell_whether_they_help_in_words_and_numbers(figure):
    choose(figure, "Break it", "Contrast")
    slide(figure, 4)
    press(figure, "Renormalise")
    after = ap("contrast4", fix="renormalise")
    expect(told(figure)).to_contain_text(f"StarDist: AP {ap('contrast4')} → {after}")
    expect(counts(figure)).to_contain_text(f"AP {after}")
    expect(picture(figure)).to_have_attribute("aria-label", re.compile("then renormalise"))
    assert f"after the fix, StarDist {after}" in curve(figure)
    press(figure, "Rescale")
    expect(told(figure)).to_contain_text("Changes nothing.")
    expect(counts(figure)).to_contain_text(f"AP {ap('contrast4')}")
    press(figure, "Rescale")  # once more: taken out again
    expect(told(figure)).to_contain_text("choose one")
    choose(figure, "Break it", "Noise")
    slide(figure, 4)
    press(figure, "Denoise")
    expect(told(figure)).to_contain_text(f"{ap('noise4')} → {ap('noise4', fix='denoise')}")
    choose(figure, "Model", "Cellpose")
    numbers = f"{ap('noise4', 'cellpose')} → {ap('noise4', 'cellpose', 'denoise')}"
    expect(told(figure)).to_contain_text(numbers)
    slide(figure, 5)
    expect(figure.locator("button[aria-pressed=true]")).to_have_count(0)  # a new step, no fix


def test_a_prediction_is_answered_when_the_last_step_is_reached(figure):
    answer = figure.locator(".break-answer")
    choose(figure, "Break it", "Contrast")
    choose(figure, "Predict", "Cellpose")
    expect(answer).to_contain_text("move the slider to the end")
    slide(figure, 5)
    expect(answer).to_contain_text("StarDist lost more.")
    expect(answer).to_contain_text("You said Cellpose.")
    press(figure, "Start again")
    choose(figure, "Break it", "Contrast")
    choose(figure, "Predict", "StarDist")
    slide(figure, 5)
    expect(answer).to_contain_text("You were right.")
    expect(figure.get_by_role("radio", name="about the same")).to_be_disabled()


def test_everything_works_by_keyboard_alone(figure):
    keyboard = figure.page.keyboard
    figure.get_by_role("radio", name="Blur", exact=True).focus()
    keyboard.press("ArrowRight")  # Noise
    keyboard.press("ArrowRight")  # Scale
    keyboard.press("Tab")
    expect(figure.get_by_role("slider")).to_be_focused()
    for _ in range(4):
        keyboard.press("ArrowRight")
    expect(counts(figure)).to_contain_text(ap("size4"))
    expect(figure.get_by_role("slider")).to_have_attribute(
        "aria-valuetext", "nuclei 6 px wide, not 24"
    )
    keyboard.press("Tab")
    keyboard.press("ArrowRight")
    expect(counts(figure)).to_contain_text(f"Cellpose: AP {ap('size4', 'cellpose')}")
    keyboard.press("Tab")  # the prediction
    keyboard.press("Tab")
    expect(figure.get_by_role("button", name="Rescale")).to_be_focused()
    keyboard.press("Enter")
    expect(counts(figure)).to_contain_text(ap("size4", "cellpose", "rescale"))
    figure.get_by_role("button", name="Start again").focus()
    keyboard.press("Space")
    expect(counts(figure)).to_contain_text(f"StarDist: AP {ap('recorded')}")
    expect(figure.get_by_role("radio", name="Blur", exact=True)).to_be_checked()


@pytest.mark.parametrize("width", [1280, 390])
def test_its_height_stays_when_words_change(open_page, width):
    figure = mounted(open_page(PAGE, width=width))
    before = figure.bounding_box()["height"]
    for name in ("Scale", "Contrast", "Crop normalisation"):
        choose(figure, "Break it", name)
        slide(figure, 5)
        choose(figure, "Model", "Cellpose")
        for fix in ("Rescale", "Renormalise", "Denoise"):
            press(figure, fix)
            assert figure.bounding_box()["height"] == pytest.approx(before, abs=2), (name, fix)


def test_without_script_or_data_a_table_says_what_is_lost_and_mended(browser, root):
    rows = (("blur5", "denoise"), ("noise4", "denoise"), ("size4", "rescale"),
            ("contrast4", "renormalise"), ("crop5", "renormalise"))  # fmt: skip
    expected = [
        [ap(name), ap(name, "cellpose"), ap(name, fix=fix), ap(name, "cellpose", fix)]
        for name, fix in rows
    ]
    for script in (False, True):
        context = browser.new_context(java_script_enabled=script)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.route("**/figures/break_it/page.json", lambda route: route.abort())
        page.goto(root + PAGE)
        figure = page.locator("[data-figure=break_it]")
        expect(figure.locator("table")).to_be_visible()
        found = [row.locator("td").all_text_contents() for row in figure.locator("tbody tr").all()]
        assert [[row[i] for i in (1, 2, 4, 5)] for row in found[1:]] == expected
        assert found[0][1:3] == [ap("recorded"), ap("recorded", "cellpose")]
        assert figure.locator("figcaption").is_visible()
        assert not figure.locator("button, input").count()
        context.close()
