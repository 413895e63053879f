"""Quizzes and hints on terms: by mouse, by keyboard, by touch, and without script."""

import pytest
import yaml
from playwright.sync_api import expect

from course_build.pages.quizzes import as_shown
from tests.site.places import ROOT

QUIZZES = sorted((ROOT / "docs").rglob("*.quiz.yml"))


def address(quiz):
    return f"{quiz.relative_to(ROOT / 'docs').as_posix().removesuffix('.quiz.yml')}/"


def questions(quiz):
    """The questions of a quiz as they are written."""
    return yaml.safe_load(quiz.read_text(encoding="utf-8"))


def first(kind):
    """The first quiz that has a question of this kind, and the question's number."""
    for quiz in QUIZZES:
        for number, question in enumerate(questions(quiz), 1):
            rights = sum(o.get("right", False) for o in question.get("options", []))
            found = "order" if "order" in question else "one" if rights == 1 else "several"
            if found == kind:
                return quiz, number, question
    raise AssertionError(f"no chapter asks a question of the kind {kind!r}")


@pytest.fixture
def ask(open_page):
    """Open the page of the first question of a kind: the page, the question, as it is shown."""

    def ask(kind, **options):
        quiz, number, written = first(kind)
        page = open_page(address(quiz), **options)
        if "options" in written:
            written = written | {"options": as_shown(written)}
        return page, page.locator(f"#question-{number}"), written

    return ask


def test_every_chapter_with_a_quiz_shows_all_its_questions_with_folded_keys(open_page):
    for quiz in QUIZZES:
        page = open_page(address(quiz))
        asked = page.locator(".quiz fieldset legend")
        asked.first.wait_for()
        assert asked.count() == len(questions(quiz))
        assert not any(key.is_visible() for key in page.locator(".quiz .key .why").all())
        page.context.close()


def test_a_wrong_answer_says_why_and_a_right_one_counts_and_is_remembered(ask):
    page, question, written = ask("one")
    rights = [bool(option.get("right")) for option in written["options"]]
    options = question.locator("input[type=radio]")
    options.nth(rights.index(False)).check()
    question.get_by_role("button", name="Check").click()
    expect(question.get_by_role("status")).to_contain_text("Not yet")
    assert question.locator(".reason").inner_text().startswith("Not right:")
    options.nth(rights.index(True)).check()
    assert question.locator(".reason").count() == 0
    question.get_by_role("button", name="Check").click()
    expect(question.get_by_role("status")).to_have_text("Right.")
    assert question.locator(".reason").inner_text().startswith("Right:")
    expect(page.locator(".quiz-status")).to_contain_text("1 of ")
    page.reload()
    page.locator(".question.solved").wait_for()
    expect(page.locator(".quiz-status")).to_contain_text("1 of ")
    page.locator(".quiz").get_by_role("button", name="Start again").click()
    expect(page.locator(".question.solved")).to_have_count(0)
    page.reload()
    expect(page.locator(".quiz-status")).to_contain_text("question")
    expect(page.locator(".quiz-status")).not_to_contain_text("1 of")


def test_nothing_chosen_is_not_an_answer(ask):
    _, question, _ = ask("one")
    question.get_by_role("button", name="Check").click()
    assert question.get_by_role("status").inner_text() == "Choose an answer first."


def test_some_of_several_right_answers_are_not_yet_all(ask):
    _, question, written = ask("several")
    rights = [number for number, option in enumerate(written["options"]) if option.get("right")]
    options = question.locator("input[type=checkbox]")
    options.nth(rights[0]).check()
    question.get_by_role("button", name="Check").click()
    assert "Right so far" in question.get_by_role("status").inner_text()
    for number in rights[1:]:
        options.nth(number).check()
    question.get_by_role("button", name="Check").click()
    assert question.get_by_role("status").inner_text() == "Right."


def test_a_question_is_answered_with_the_keyboard_alone(ask):
    page, question, written = ask("one")
    rights = [bool(option.get("right")) for option in written["options"]]
    question.locator("input").first.focus()
    page.keyboard.press("Space")
    for _ in range(rights.index(True)):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert question.get_by_role("status").inner_text() == "Right."


def test_steps_are_brought_into_order_with_the_keyboard_alone(ask):
    page, question, _ = ask("order")
    question.get_by_role("button", name="Check").click()
    expect(question.get_by_role("status")).to_contain_text("Not yet")

    def order():
        steps = question.locator("fieldset .options > li").all()
        return [int(step.get_attribute("data-place")) for step in steps]

    for place in range(len(order())):
        while (now := order()).index(place) > place:
            up = question.locator("fieldset .options > li").nth(now.index(place)).locator(".up")
            up.focus()
            page.keyboard.press("Enter")
            assert "now step" in question.get_by_role("status").inner_text()
            # The focus stays with the step that moved.
            assert page.evaluate("document.activeElement.closest('li').dataset.place") == str(place)
    question.get_by_role("button", name="Check").focus()
    page.keyboard.press("Enter")
    assert question.get_by_role("status").inner_text().startswith("Right.")


def test_without_script_questions_are_readable_and_the_key_unfolds(browser, root):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    quiz, number, written = first("one")
    page.goto(root + address(quiz))
    question = page.locator(f"#question-{number}")
    assert question.locator(".asked").is_visible()
    assert question.locator(".options > li").count() == len(written["options"])
    question.locator("summary").click()
    assert all(why.is_visible() for why in question.locator(".why").all())
    context.close()


@pytest.fixture
def hint(open_page):
    """A page with hints: the page, its first hinted word, what the hint says."""

    def hint(**options):
        page = open_page("concepts/convolutions/", **options)
        word = page.locator("button.term").first
        return page, word, page.locator(f"#{word.get_attribute('aria-describedby')}")

    return hint


def inside(page, box):
    window = page.evaluate("[document.documentElement.clientWidth, innerHeight]")
    return (
        box["x"] >= 0 and box["y"] >= 0
        and box["x"] + box["width"] <= window[0] and box["y"] + box["height"] <= window[1]
    )  # fmt: skip


@pytest.mark.parametrize("width", [1280, 390])
def test_a_hint_opens_on_hover_beside_its_word_and_inside_the_window(hint, width):
    page, word, says = hint(width=width)
    assert not says.is_visible()
    word.scroll_into_view_if_needed()
    word.hover()
    assert says.is_visible() and len(says.inner_text()) > 20
    box = page.locator(".definition", has=says).bounding_box()
    assert inside(page, box)
    assert abs(box["y"] - word.bounding_box()["y"]) < 250
    page.mouse.move(0, 0)
    assert not says.is_visible()


def test_every_hint_of_a_page_fits_into_a_phone(hint):
    page, _, _ = hint(width=390)
    words = page.locator("button.term")
    assert words.count() >= 3
    # A word in a closed fold takes no focus.
    page.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = true)")
    for word in words.all():
        word.scroll_into_view_if_needed()
        word.focus()
        box = page.locator(".defined:focus-within .definition").bounding_box()
        assert inside(page, box), word.inner_text()


def test_a_hint_opens_on_focus_leads_to_the_glossary_and_escape_closes_it(hint):
    page, word, says = hint()
    word.focus()
    assert says.is_visible()
    page.keyboard.press("Tab")
    assert says.is_visible()  # the link in it has the focus now
    link = page.evaluate("document.activeElement.href")
    assert "/reference/glossary/#" in link
    page.keyboard.press("Escape")
    assert not says.is_visible()
    page.goto(link)
    target = page.locator(f"[id='{link.split('#')[1]}']")
    assert target.is_visible()


def test_a_hint_opens_on_tap(browser, root):
    context = browser.new_context(has_touch=True, viewport={"width": 390, "height": 800})
    page = context.new_page()
    page.goto(f"{root}concepts/convolutions/")
    word = page.locator("button.term").first
    word.tap()
    assert page.locator(f"#{word.get_attribute('aria-describedby')}").is_visible()
    context.close()
