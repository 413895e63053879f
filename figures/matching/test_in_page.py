"""The matching figure: the numbers on the page follow the objects, by mouse and by keyboard."""

import json

import pytest
from playwright.sync_api import expect

from tests.site.checks import PATIENCE
from tests.site.places import ROOT

PAGE = "practice/evaluating/"
STATES = json.loads((ROOT / "figures/matching/data.json").read_text(encoding="utf-8"))
COLUMNS = 19
NAMES = ("tp", "fp", "fn", "precision", "recall", "f1", "ap", "pq")


def mounted(page):
    figure = page.locator("[data-figure=matching]")
    expect(figure.locator(".matching-picture")).to_be_visible(timeout=PATIENCE)
    return figure


@pytest.fixture
def figure(open_page):
    return mounted(open_page(PAGE))


def shown(figure):
    """The scores as they stand in the table."""
    cells = figure.locator("[data-score]").all()
    return {cell.get_attribute("data-score"): cell.text_content() for cell in cells}


def expected(state):
    scores = STATES[state]
    return {n: str(scores[n]) if n in ("tp", "fp", "fn") else f"{scores[n]:.2f}" for n in NAMES}


def object_(figure, name):
    return figure.locator(f".matching-object[aria-label^='Object {name},']")


def letters(figure):
    return "".join(figure.locator(".matching-object text").all_text_contents())


def press(figure, *keys):
    for key in keys:
        figure.page.keyboard.press(key)


def button(figure, name):
    return figure.get_by_role("button", name=name, exact=True)


def drag(figure, name, right, down=0):
    """Drag an object by whole pixels of the image, with the mouse."""
    picture = figure.locator(".matching-picture")
    picture.scroll_into_view_if_needed()
    picture.evaluate("e => scrollBy(0, e.getBoundingClientRect().top - 150)")
    pixel = picture.bounding_box()["width"] / COLUMNS
    box = object_(figure, name).locator(".matching-shape").bounding_box()
    x, y = box["x"] + box["width"] / 2 + 3, box["y"] + box["height"] / 2 + 3
    mouse = figure.page.mouse
    mouse.move(x, y)
    mouse.down()
    mouse.move(x + right * pixel / 2, y + down * pixel / 2)
    mouse.move(x + right * pixel, y + down * pixel)
    mouse.up()


def test_it_starts_with_the_numbers_of_the_text(figure):
    assert shown(figure) == expected("start")
    matches = figure.locator(".matching-matrix .hit").all_text_contents()
    assert matches == ["1.00 ✓", "0.60 ✓", "0.75 ✓"]
    verdicts = figure.locator(".matching-matrix tfoot").inner_text().split()
    assert verdicts == ["TP", "TP", "FP", "TP", "FP"]
    expect(figure.get_by_role("status")).to_contain_text("12 shared / 20 covered = 0.60, a match.")
    assert button(figure, "Move left").is_visible()


def test_dragging_moves_an_object_by_whole_pixels_and_the_scores_follow(figure):
    drag(figure, "B", -1)
    assert shown(figure) == expected("exact_b")
    expect(figure.get_by_role("status")).to_contain_text("16 shared / 16 covered = 1.00")
    assert "0.25 at 0.95" in figure.locator(".matching-curve").get_attribute("aria-label")
    button(figure, "Start again").click()
    drag(figure, "E", -2)
    assert shown(figure) == expected("right_e")
    expect(object_(figure, "E")).to_have_attribute("data-state", "match")
    drag(figure, "E", -30, -30)  # beyond the border: it stops there
    expect(object_(figure, "E").locator("text")).to_have_attribute("x", "40")


def test_buttons_split_merge_delete_add_and_reset(figure):
    for name, action, state in (
        ("D", "Split", "split_d"), ("A", "Merge", "merged_ad"), ("C", "Delete", "no_c"),
        ("A", "Add", "one_more"), ("A", "Wider", "wide_a"), ("B", "Merge", "merged_bc"),
    ):  # fmt: skip
        object_(figure, name).click()
        button(figure, action).click()
        assert shown(figure) == expected(state), state
        button(figure, "Start again").click()
        assert shown(figure) == expected("start")
        assert letters(figure) == "ABCDE"


def test_every_object_is_put_right_by_keyboard_alone(figure):
    figure.page.locator("body").press("Home")
    figure.locator(".matching-object").first.focus()
    press(figure, "Tab", "ArrowLeft")  # B
    assert shown(figure) == expected("exact_b")
    press(figure, "Tab", "Shift+ArrowLeft", "Shift+ArrowLeft")  # C becomes small …
    press(figure, *["ArrowDown"] * 6, *["ArrowLeft"] * 7)
    press(figure, "Tab", "Shift+ArrowLeft", "Shift+ArrowLeft")  # … where D ends now
    press(figure, "Tab", "ArrowLeft", "ArrowLeft")  # E
    press(figure, "Shift+Tab", "Shift+Tab", "ArrowUp", "ArrowDown")
    expect(object_(figure, "C")).to_be_focused()
    assert shown(figure) == expected("all_right")
    for _ in "ABCDE":
        press(figure, "Delete")
    assert shown(figure) == expected("nothing")
    expect(figure.get_by_role("status")).to_contain_text("No object is left")
    button(figure, "Start again").focus()
    press(figure, "Enter")
    assert shown(figure) == expected("start")


def test_the_slider_asks_for_more_overlap(figure):
    slider = figure.get_by_role("slider")
    slider.focus()
    press(figure, *["ArrowRight"] * 4)
    expect(figure.locator(".matching-ask b")).to_have_text("0.70")
    assert (shown(figure)["tp"], shown(figure)["ap"]) == ("2", "0.25")  # as the text says
    press(figure, *["ArrowRight"] * 4)
    assert shown(figure)["ap"] == "0.11"
    press(figure, "End")
    expect(slider).to_have_attribute("aria-valuetext", "IoU 0.95")


def test_what_cannot_be_done_is_said(figure):
    for _ in range(3):
        button(figure, "Add").click()
    expect(figure.get_by_role("status")).to_contain_text("No free place")
    button(figure, "Split").click()
    button(figure, "Split").click()
    expect(figure.get_by_role("status")).to_contain_text("room for 8 objects")
    assert letters(figure) == "ABCDEFGH"


def test_without_script_a_table_says_what_changes_do(browser, root):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(root + PAGE)
    figure = page.locator("[data-figure=matching]")
    rows = [row.locator("td").all_text_contents() for row in figure.locator("tbody tr").all()]
    states = ("start", "exact_b", "right_e", "no_c", "split_d", "merged_ad")
    kept = ("tp", "fp", "fn", "f1", "ap", "pq")
    assert [row[1:] for row in rows] == [[expected(s)[name] for name in kept] for s in states]
    assert figure.locator("figcaption").is_visible()
    assert not figure.locator("button, input").count()
    context.close()
