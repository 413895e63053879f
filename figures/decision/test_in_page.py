"""The decision tree: every way through it works by mouse and by keyboard, and without script."""

import re

import pytest
from playwright.sync_api import expect

from tests.site.checks import PATIENCE

PAGE = "start/is-deep-learning-right/"
PARTS = ("Why", "First step", "Cost", "Licence")


def options(figure):
    """The buttons with the answers to the open question."""
    return figure.locator(".decision-options button")


@pytest.fixture
def figure(open_page):
    page = open_page(PAGE)
    figure = page.locator("[data-figure=decision]")
    expect(options(figure).first).to_be_visible(timeout=PATIENCE)
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


def chips(figure):
    return figure.get_by_role("list", name="Your answers").get_by_role("button")


def choose(figure, *choices):
    for choice in choices:
        options(figure).nth(choice).click()


def asked(figure):
    return figure.locator(".decision-ask").inner_text()


def focused(page):
    return page.evaluate("document.activeElement.textContent")


def first_ways(questions, leaves):
    """One way to each leaf: {leaf: choices}."""
    reached = {}
    for choices, leaf in ways(questions, leaves):
        reached.setdefault(leaf, choices)
    assert set(reached) == set(leaves)
    return reached


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


def test_one_question_is_asked_at_a_time_and_each_answer_becomes_a_chip(figure):
    questions, _ = tree(figure)
    titles = [re.match(r"\d+ · (.+\?)", q["title"])[1] for q in questions.values()]
    assert titles[0] in asked(figure) and not chips(figure).count()
    choose(figure, 0, 1)
    assert titles[3] in asked(figure)
    assert [title for title in titles if title in figure.inner_text()] == [titles[3]]
    assert chips(figure).all_inner_texts() == ["single objects ×", "touch / faint / texture ×"]
    name = chips(figure).nth(1).get_attribute("aria-label")
    assert name.startswith(titles[1]) and name.endswith("Answer again.")


def test_every_leaf_is_reached_by_mouse(figure):
    questions, leaves = tree(figure)
    again = figure.get_by_role("button", name="Start again")
    for leaf, choices in first_ways(questions, leaves).items():
        if again.is_visible():
            again.click()
        choose(figure, *choices)
        expect(status(figure)).to_have_text(f"Your answer: {leaves[leaf]}.")
        result = figure.locator(".decision-result")
        assert all(f"{part}:" in result.inner_text() for part in PARTS)
        assert figure.locator("[data-state=answer]").all_text_contents() == [leaves[leaf]]
        assert figure.locator("[data-state=out]").count() == len(leaves) - 1
        expect(result.locator("a").first).to_have_attribute("href", f"#{leaf}")
        assert not options(figure).count() and chips(figure).count() == len(choices)


def test_every_leaf_is_reached_by_keyboard_alone(figure):
    questions, leaves = tree(figure)
    press = figure.page.keyboard.press
    figure.locator(".decision-title").focus()
    for leaf, choices in first_ways(questions, leaves).items():
        for choice in choices:
            assert focused(figure.page).startswith("Question ")  # read out, answers come next
            for _ in range(choice + 1):
                press("Tab")
            press("Enter")
        expect(status(figure)).to_have_text(f"Your answer: {leaves[leaf]}.")
        assert focused(figure.page) == f"Your answer: {leaves[leaf]}"
        for _ in range(20):
            if focused(figure.page) == "Start again":
                break
            press("Shift+Tab")
        press("Enter")
        expect(chips(figure)).to_have_count(0)


@pytest.mark.parametrize("width", [1280, 390])
def test_the_ends_stay_in_view_and_the_result_scrolls_into_it(open_page, width):
    page = open_page(PAGE, width=width)
    page.set_viewport_size({"width": width, "height": 800})
    figure = page.locator("[data-figure=decision]")
    expect(options(figure).first).to_be_visible(timeout=PATIENCE)
    ends = figure.locator(".decision-leaves li")
    for choice in (0, 1, 2, 0, 0, 1):
        ends.last.scroll_into_view_if_needed()
        for part in (
            figure.locator(".decision-title"),
            options(figure).last,
            ends.first,
            ends.last,
        ):
            expect(part).to_be_in_viewport(ratio=1)  # all of it on one screen
        choose(figure, choice)
    choose(figure, 0)
    expect(figure.locator(".decision-result .decision-title")).to_be_in_viewport(ratio=1)
    expect(figure.locator("[data-state=answer]")).to_be_in_viewport(ratio=1)


def test_it_stands_on_the_first_screen(open_page):
    page = open_page(PAGE)
    page.set_viewport_size({"width": 1440, "height": 900})
    figure = page.locator("[data-figure=decision]")
    expect(options(figure)).to_have_count(3, timeout=PATIENCE)
    expect(options(figure).last).to_be_in_viewport(ratio=1)
    expect(figure.locator(".decision-leaves")).to_be_in_viewport(ratio=1)


def test_each_answer_rules_out_leaves_that_no_further_answer_reaches(figure):
    questions, leaves = tree(figure)
    expect(status(figure)).to_have_text("9 of 9 answers are still possible.")
    choose(figure, 1)  # an area
    left = {leaf for choices, leaf in ways(questions, leaves) if choices[0] == 1}
    possible = figure.locator("[data-state=possible]")
    assert set(possible.all_text_contents()) == {leaves[leaf] for leaf in left}
    expect(status(figure)).to_have_text(f"{len(left)} of 9 answers are still possible.")
    out = figure.locator("[data-state=out] a").first
    assert out.get_attribute("aria-label") == f"{out.text_content()}, ruled out"


def test_a_chip_asks_its_question_again_and_drops_what_came_after(figure):
    choose(figure, 0, 1)
    second = asked(figure)
    choose(figure, 2, 0)
    chips(figure).nth(2).click()
    assert asked(figure) == second and chips(figure).count() == 2
    assert focused(figure.page) == figure.locator(".decision-title").text_content()
    choose(figure, 0)  # by hand
    expect(figure.locator(".decision-result")).to_be_visible()
    chips(figure).first.click()
    expect(figure.locator(".decision-result")).to_be_hidden()
    expect(status(figure)).to_have_text("9 of 9 answers are still possible.")


def test_one_button_starts_again(figure):
    again = figure.get_by_role("button", name="Start again")
    expect(again).to_be_hidden()
    first = asked(figure)
    choose(figure, 0, 1, 2)
    again.click()
    assert asked(figure) == first and not chips(figure).count()
    assert focused(figure.page) == figure.locator(".decision-title").text_content()


def test_on_paper_it_is_a_tree_with_every_question_and_leaf(figure):
    questions, leaves = tree(figure)
    figure.page.emulate_media(media="print")
    printed = figure.locator(".decision-tree")
    expect(printed).to_be_visible()
    expect(options(figure).first).to_be_hidden()
    ends = printed.locator("strong").all_text_contents()
    assert set(ends) == set(leaves.values())
    for question in questions.values():
        title = re.match(r"\d+ · (.+\?)", question["title"])[1]
        assert printed.locator("p", has_text=title).first.is_visible()
        for answer in question["answers"]:
            assert answer["text"] in printed.inner_text()
    deepest = printed.evaluate(
        """root => Math.max(...[...root.querySelectorAll("li")].map(item => {
            let depth = 0;
            for (let e = item; e !== root; e = e.parentElement) depth += e.tagName === "LI";
            return depth;
        }))"""
    )
    assert deepest == max(len(choices) for choices, _ in ways(questions, leaves))


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
