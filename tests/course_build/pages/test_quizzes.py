"""Quizzes: YAML beside a chapter becomes questions with a folded key."""

import pytest
from bs4 import BeautifulSoup

from course_build.pages.quizzes import as_shown

CHAPTER = "# Chapter\n\nText.\n\n<!-- quiz -->\n\nThe end.\n"
QUIZ = """
- question: What is `IoU` of {{ toy.shapes }} equal shapes?
  options:
    - {text: "1", right: true, why: Every pixel is shared.}
    - {text: "*Nothing*", why: Their union is not empty.}
- question: Which are integers?
  options:
    - {text: labels, right: true, why: They count objects.}
    - {text: masks, right: true, why: They are 0 or 1.}
    - {text: probabilities, why: They lie between 0 and 1.}
- question: In which order?
  order: [first, second, third]
  why: Because.
"""


@pytest.fixture
def quiz(project):
    """The quiz of a built page."""

    def quiz(text=QUIZ, chapter=CHAPTER):
        project.write("figures/toy/data.json", '{"shapes": 2}')
        project.write("docs/chapter.md", chapter)
        project.write("docs/chapter.quiz.yml", text)
        return BeautifulSoup(project.page("chapter"), "html.parser").select_one(".quiz")

    return quiz


def test_a_quiz_stands_where_the_chapter_says(quiz, project):
    text = quiz().parent.get_text()
    assert text.index("Text.") < text.index("What is") < text.index("The end.")


def test_texts_are_markdown_and_numbers_are_filled_in(quiz):
    asked = quiz().select(".asked")[0]
    assert asked.code.get_text() == "IoU" and "2 equal shapes" in asked.get_text()
    assert quiz().select(".options em")[0].get_text() == "Nothing"


def test_one_right_option_several_or_an_order_are_told_apart(quiz):
    questions = quiz().select(".question")
    assert [q["data-kind"] for q in questions] == ["one", "several", "order"]
    assert "More than one is right" in questions[1].get_text()
    rights = [option["data-right"] for option in questions[1].select(".options li")]
    assert sorted(rights) == ["false", "true", "true"]


def test_options_are_shuffled_alike_each_time_and_numbers_in_a_row_are_not():
    def asked(*texts, question="Which?"):
        options = [{"text": text, "why": "Because."} for text in texts]
        return [option["text"] for option in as_shown({"question": question, "options": options})]

    words = ["one", "two", "three", "four"]
    orders = {tuple(asked(*words, question=f"Which, {number}?")) for number in range(20)}
    assert len(orders) > 10 and all(sorted(order) == sorted(words) for order in orders)
    assert asked(*words) == asked(*words)
    for numbers in (["0", "50", "4,500"], ["9×9", "7×7", "3×3"], ["−2", "0", "2"][1:]):
        assert asked(*numbers) == numbers


def test_the_key_is_folded_and_gives_a_reason_for_every_option(quiz):
    for question in quiz().select(".question"):
        key = question.select_one("details.key")
        assert not key.has_attr("open")
        reasons = [why.get_text() for why in key.select(".why")]
        assert all(reasons)
        assert len(reasons) == (
            1 if question["data-kind"] == "order" else len(question.select(".options li"))
        )


def test_an_order_is_never_shown_solved_and_its_key_is_in_order(quiz):
    order = quiz().select(".question")[2]
    places = [int(step["data-place"]) for step in order.select(".options li")]
    assert sorted(places) == [0, 1, 2] and places != [0, 1, 2]
    assert [step.get_text() for step in order.select(".key li")] == ["first", "second", "third"]


def test_markup_in_a_text_is_shown_not_run(quiz):
    hostile = QUIZ.replace("Every pixel is shared.", "'<script>alert(1)</script> a < b'")
    assert not quiz(hostile).select("script")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace("right: true, ", ""), "question 1: no option is right"),
        (lambda text: text.replace(", why: Their union is not empty.", ""), "needs `text` and"),
        (lambda text: text.replace("[first, second, third]", "[first, first, third]"), "different"),
        (lambda text: text.replace("  why: Because.\n", ""), "question 3: needs"),
        (lambda text: "- question: Why?\n", "needs `options` or `order`"),
        (lambda text: "- question: [unclosed\n", "not YAML"),
        (lambda text: "", "a list of questions"),
        (lambda text: text.replace("toy.shapes", "toy.colours"), "names no number"),
    ],
    ids=["none right", "no reason", "same step twice", "no why", "no options", "broken", "empty",
         "unknown number"],
)  # fmt: skip
def test_a_quiz_that_nobody_could_answer_stops_the_build(project, change, message):
    project.write("figures/toy/data.json", '{"shapes": 2}')
    project.write("docs/chapter.md", CHAPTER)
    project.write("docs/chapter.quiz.yml", change(QUIZ))
    assert message in project.why_it_stops()


def test_a_marker_without_a_file_and_a_file_without_a_marker_stop_the_build(project):
    project.write("docs/chapter.md", CHAPTER)
    assert "needs chapter.quiz.yml" in project.why_it_stops()
    project.write("figures/toy/data.json", '{"shapes": 2}')
    project.write("docs/chapter.quiz.yml", QUIZ)
    project.write("docs/chapter.md", "# Chapter\n")
    assert "say once where" in project.why_it_stops()
