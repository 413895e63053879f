"""The decision tree: every way through it works by mouse and by keyboard, and without script."""

import re

import pytest
from playwright.sync_api import expect

from tests.site.checks import PATIENCE

PAGE = "start/is-deep-learning-right/"
PARTS = ("Why", "First step", "Cost", "Licence")


@pytest.fixture
def figure(open_page):
    page = open_page(PAGE)
    figure = page.locator("[data-figure=decision]")
    expect(figure.locator("fieldset").first).to_be_visible(timeout=PATIENCE)
    return figure


@pytest.fixture
def plain(browser, root):
    """The page without script."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(root + PAGE)
    yield page
    context.close()


READ = """figure => {
  const target = item => item.querySelector("a").hash.slice(1);
  const answers = question => [...question.querySelectorAll("li")].map(item => ({
    text: item.textContent.split("→")[0].trim(), says: item.querySelector("a").textContent,
    target: target(item)}));
  return [
    [...figure.querySelectorAll(".decision-question")].map(question => [question.id, {
      title: question.textContent.trim(), answers: answers(question)}]),
    [...figure.querySelectorAll(".decision-leaves li")].map(i => [target(i), i.textContent]),
  ];
}"""


def tree(figure):
    """The questions, {id: its title and answers}, the first one first, and {leaf: its name}."""
    questions, leaves = figure.evaluate(READ)
    return dict(questions), dict(leaves)


def ways(questions, leaves):
    """Every way through the tree: [(choices, leaf), …]."""

    def follow(node, choices):
        if node in leaves:
            return [(choices, node)]
        targets = [answer["target"] for answer in questions[node]["answers"]]
        return [way for i, target in enumerate(targets) for way in follow(target, [*choices, i])]

    return follow(next(iter(questions)), [])


def status(figure):
    return figure.get_by_role("status")


def press(figure, key):
    figure.page.keyboard.press(key)


def focused(figure):
    """The legend around the focused element, and the element's value."""
    return figure.page.evaluate(
        """() => [document.activeElement.closest("fieldset")?.querySelector("legend").textContent,
                  document.activeElement.value]"""
    )


def test_without_script_every_question_answer_and_leaf_can_be_read_and_followed(plain):
    figure = plain.locator("[data-figure=decision]")
    questions, leaves = tree(figure)
    assert len(questions) == 10 and len(leaves) == 9
    expect(figure.locator(".decision-question").last).to_be_visible()
    assert not figure.locator("button, input").count()
    numbers = {name: f"question {i}" for i, name in enumerate(questions, 1)}
    for i, question in enumerate(questions.values(), 1):
        assert question["title"].startswith(f"{i} · ")
        for answer in question["answers"]:  # what a link says is where it leads
            says = numbers.get(answer["target"]) or leaves[answer["target"]]
            assert answer["text"] and answer["says"].lower() == says.lower()
    for leaf, name in leaves.items():
        assert name in plain.locator(f"h3#{leaf}").text_content()
        text = plain.locator(f"h3#{leaf} + ul").inner_text()
        assert re.findall(r"^(\w[\w ]+):", text, re.M) == list(PARTS)


def test_every_leaf_is_reached_by_mouse(figure):
    questions, leaves = tree(figure)
    reached = set()
    for choices, leaf in ways(questions, leaves):
        if leaf in reached:
            continue
        reached.add(leaf)
        again = figure.get_by_role("button", name="Start again")
        if again.is_enabled():
            again.click()
        for i, choice in enumerate(choices):
            figure.locator("fieldset").nth(i).locator("label").nth(choice).click()
        expect(status(figure)).to_have_text(f"Your answer: {leaves[leaf]}.")
        answer = figure.locator(".decision-answer")
        assert all(f"{part}:" in answer.inner_text() for part in PARTS)
        assert figure.locator("[data-state=answer]").all_text_contents() == [leaves[leaf]]
        assert figure.locator("[data-state=out]").count() == len(leaves) - 1
        expect(answer.locator("a").first).to_have_attribute("href", f"#{leaf}")
    assert reached == set(leaves)


def test_every_leaf_is_reached_by_keyboard_alone(figure):
    questions, leaves = tree(figure)
    figure.locator("input").first.focus()
    reached = {}
    for choices, leaf in ways(questions, leaves):
        reached.setdefault(leaf, choices)
    for leaf, choices in reached.items():
        for choice in choices:
            press(figure, "Space")  # chooses the first answer; arrows choose the others
            for _ in range(choice):
                press(figure, "ArrowDown")
            press(figure, "Tab")  # to the next question, to a link of the answer at the end
        expect(status(figure)).to_have_text(f"Your answer: {leaves[leaf]}.")
        for _ in range(20):
            if figure.page.evaluate("document.activeElement.textContent") == "Start again":
                break
            press(figure, "Tab")
        press(figure, "Enter")
        expect(figure.locator("fieldset")).to_have_count(1)
    assert set(reached) == set(leaves)


def test_each_answer_rules_out_leaves_that_no_further_answer_reaches(figure):
    questions, leaves = tree(figure)
    expect(status(figure)).to_have_text("9 of 9 answers are still possible.")
    figure.locator("label").nth(1).click()  # an area
    left = {leaf for choices, leaf in ways(questions, leaves) if choices[0] == 1}
    possible = figure.locator("[data-state=possible]")
    assert set(possible.all_text_contents()) == {leaves[leaf] for leaf in left}
    expect(status(figure)).to_have_text(f"{len(left)} of 9 answers are still possible.")
    out = figure.locator("[data-state=out] a").first
    assert out.get_attribute("aria-label") == f"{out.text_content()}, ruled out"


def test_back_takes_one_answer_back_and_reset_takes_all(figure):
    back = figure.get_by_role("button", name="Back")
    again = figure.get_by_role("button", name="Start again")
    expect(back).to_be_disabled()
    for i, choice in enumerate((0, 1, 2)):
        figure.locator("fieldset").nth(i).locator("label").nth(choice).click()
    legends = figure.locator("legend").all_text_contents()
    assert len(legends) == 4
    back.click()
    assert figure.locator("legend").all_text_contents() == legends[:3]
    assert not figure.locator("fieldset").last.locator(":checked").count()
    assert figure.locator("fieldset").nth(1).locator(":checked").get_attribute("value") == "1"
    assert focused(figure) == [legends[2], "0"]
    again.click()
    assert figure.locator("legend").all_text_contents() == legends[:1]
    assert not figure.locator(":checked").count()
    assert focused(figure) == [legends[0], "0"]
    expect(again).to_be_disabled()


def test_another_answer_to_an_earlier_question_drops_what_came_after(figure):
    for i, choice in enumerate((0, 1, 0)):
        figure.locator("fieldset").nth(i).locator("label").nth(choice).click()
    expect(figure.locator(".decision-answer")).to_be_visible()
    figure.locator("fieldset").first.locator("label").nth(1).click()
    assert figure.locator("fieldset").count() == 2
    expect(figure.locator(".decision-answer")).to_be_hidden()


def test_a_tree_with_a_dead_end_or_a_circle_is_refused(figure):
    for questions in ({"a": ["b"], "b": []}, {"a": ["b"], "b": ["a"]}, {"a": ["nowhere"]}):
        refused = figure.page.evaluate(
            """async (questions) => {
                const { longest } = await import(new URL(
                    "../../figures/decision/figure.js", location.href));
                try { longest({ start: "a", questions, leaves: ["leaf"] }); return ""; }
                catch (error) { return error.message; }
            }""",
            questions,
        )
        assert "leads to" in refused
