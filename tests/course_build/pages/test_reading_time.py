"""The minutes that a chapter takes are counted from what a reader meets in it."""

import pytest

from course_build.pages.reading_time import minutes

WORDS = "word " * 1300  # ten minutes


@pytest.mark.parametrize(
    ("markdown", "questions", "expected"),
    [
        (WORDS, 0, 10),
        ("A line.", 0, 5),
        (WORDS + "<figure>x</figure>" * 5, 0, 25),
        (WORDS, 5, 15),
        (WORDS + "\n\n```python\n" + "x = 1\n" * 60 + "```\n", 0, 15),
        ("---\ndescription: " + WORDS + "\n---\n\nA line.", 0, 5),
        ("A line.\n\n??? note \"Folded\"\n    " + WORDS + "\n\nAnother.", 0, 5),
        ("![" + WORDS + "](picture.svg)", 0, 5),
    ],
    ids=["words", "at least five", "figures", "questions", "code", "description", "folded",
         "alternative text"],
)  # fmt: skip
def test_words_figures_questions_and_code_take_their_time(markdown, questions, expected):
    assert minutes(markdown, questions) == expected


def test_a_chapter_says_the_minutes_that_were_counted(project):
    text = "# Chapter\n\n**{{ page.minutes }} minutes**\n\n<!-- quiz -->\n\n" + WORDS
    questions = "".join(
        f"- question: Which {number}?\n  options:\n    - {{text: this, right: true, why: So.}}\n"
        "    - {text: that, why: Not so.}\n"
        for number in range(5)
    )
    project.write("docs/tools/chapter.md", text)
    project.write("docs/tools/chapter.quiz.yml", questions)
    assert "<strong>15 minutes</strong>" in project.page("tools/chapter")
