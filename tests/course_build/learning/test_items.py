"""The test of the trainers' kit: two forms that ask for the same, with an even key."""

import re
from collections import Counter

import pytest

from course_build import Stop
from course_build.learning import items
from course_build.pages.figures import LINE
from tests.docs import prose

QUESTION = re.compile(r"^\*\*(\d+)\.\*\* (.+)\n\n((?:- \*\*[a-d]\*\* .+\n)+)", re.M)
ROWS = re.compile(r"^\| ([AB]\d+) \|.*\]\((\S+)\) \| (.+) \|$", re.M)


@pytest.fixture(params=["A", "B"])
def form(request):
    return request.param


@pytest.fixture
def text(form):
    return items.FORMS[form].read_text(encoding="utf-8")


def options(text):
    """The answers to choose from: {place: {letter: text}}."""
    return {
        int(number): dict(re.findall(r"^- \*\*([a-d])\*\* (.+)$", answers, re.M))
        for number, _, answers in QUESTION.findall(text)
    }


def test_there_are_twelve_items_of_recall_and_twelve_of_transfer_six_in_each_form(asked):
    kinds = Counter((item.form, item.kind) for item in asked.values())
    assert kinds == {(form, kind): 6 for form in "AB" for kind in items.KINDS}


def test_a_chapter_is_asked_once_for_recall_and_once_for_transfer_in_each_form(asked):
    places = Counter((item.form, item.kind, item.chapter) for item in asked.values())
    assert set(places.values()) == {1} and len({item.chapter for item in asked.values()}) == 6


def test_every_item_has_four_different_answers_to_choose_from(text):
    found = options(text)
    assert list(found) == list(items.PLACES)
    assert all(list(answers) == list("abcd") for answers in found.values())
    assert all(len(set(answers.values())) == 4 for answers in found.values())


def test_each_letter_is_right_three_times_in_each_form_and_in_both_kinds(asked, form):
    mine = [item for item in asked.values() if item.form == form]
    assert Counter(item.right for item in mine) == dict.fromkeys("abcd", 3)
    for kind in items.KINDS:
        assert {item.right for item in mine if item.kind == kind} == set("abcd")


def test_the_longest_answer_is_seldom_the_right_one(asked, form, text):
    longest = [
        max(answers, key=lambda letter: len(answers[letter])) == asked[f"{form}{place}"].right
        for place, answers in options(text).items()
    ]
    assert sum(longest) <= 5


def test_the_key_says_why_and_leads_to_a_section_of_the_chapter(form, text):
    questions, key = text.split('<details class="answers" markdown>')
    rows = ROWS.findall(key)
    assert [name for name, *_ in rows] == [f"{form}{place}" for place in items.PLACES]
    for name, address, why in rows:
        chapter, anchor = address.removeprefix("../../").split("#")
        assert chapter in prose.chapters() and anchor, name
        assert len(prose.words(why)) >= 6, name
    assert "](" not in questions.split("\n# ")[1], "the sheet leads to no answer"


def test_the_arithmetic_of_the_items_is_right(asked):
    def right(name):
        text = items.FORMS[name[0]].read_text(encoding="utf-8")
        return options(text)[int(name[1:])][asked[name].right]

    assert float(right("A11")) == round(10 * 1 / (20 + 20 - 10 * 1), 2)
    assert float(right("B11")) == 40 / 100
    assert right("A12") == f"{1000 * 0.5 * 0.5 * 2:.0f} µm³"
    assert right("B12") == f"{200 * (2 * 0.3) ** 2:.0f} µm²"
    assert float(right("B8")) == 8 * 100 - 8 * 100


def test_no_item_repeats_one_of_the_ten_questions():
    ten = set(
        re.findall(r"^- \*\*[a-d]\*\* (.{20,})$", prose.read("teach/questionnaires.md"), re.M)
    )
    ours = {a for path in items.FORMS.values() for o in options(path.read_text("utf-8")).values()
            for a in o.values()}  # fmt: skip
    assert len(ten) > 20 and not ten & ours


def test_the_chapters_that_are_compared_are_those_with_a_still_twin():
    shown = {
        path
        for path in prose.chapters()
        for source, _ in LINE.findall((prose.DOCS / path).read_text(encoding="utf-8"))
        if " data-still " in (prose.ROOT / source).read_text(encoding="utf-8")
    }
    assert shown == set(items.STILL)


def test_a_key_with_a_missing_line_is_refused(tmp_path):
    text = items.FORMS["A"].read_text(encoding="utf-8")
    (tmp_path / "a.md").write_text(re.sub(r"^\| A7 .*\n", "", text, flags=re.M), encoding="utf-8")
    with pytest.raises(Stop, match=r"a\.md: the key needs a line for each of A1 to A12"):
        items.read(items.FORMS | {"A": tmp_path / "a.md"})


def test_forms_that_do_not_ask_for_the_same_are_refused(tmp_path):
    text = items.FORMS["B"].read_text(encoding="utf-8")
    (tmp_path / "b.md").write_text(text.replace("| B3 | recall |", "| B3 | transfer |"), "utf-8")
    with pytest.raises(Stop, match="A3 and B3 must be of one kind"):
        items.read(items.FORMS | {"B": tmp_path / "b.md"})
