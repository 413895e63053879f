"""The report of a class: the numbers add up, and it says plainly what it does not show."""

import re

import pytest

from course_build.learning import __main__ as command
from course_build.learning import answers, report
from course_build.learning.halves import half
from course_build.learning.result import evaluate


@pytest.fixture
def result(asked, table):
    """Evaluate a class {code: (right before, right after)}."""

    def result(people, **options):
        return evaluate(answers.parse(table(people), asked), asked, **options)

    return result


def codes(name, count):
    """Codes of one half."""
    return [code for code in (f"k{n}" for n in range(200)) if half(code) == name][:count]


def test_recall_and_transfer_are_told_apart(result, six):
    found = result(six)  # right are the first 2, then the first 5 items: all are of recall
    recall, transfer = found.kinds["recall"], found.kinds["transfer"]
    assert (recall.before, recall.after) == pytest.approx((2 / 6, 5 / 6))
    assert recall.gain.value == pytest.approx(0.5) and not recall.gain.holds_zero
    assert (transfer.before, transfer.after, transfer.gain.value) == (0, 0, 0)


def test_each_person_is_compared_with_themselves(result):
    # All gain one item, though they know very different amounts: no doubt about the gain.
    found = result({f"c{n}": (n, n + 1) for n in range(6)}).kinds["recall"].gain
    assert [found.value, found.low, found.high] == pytest.approx([1 / 6] * 3)


def test_items_are_counted_by_form_and_by_time(result, six):
    found = result(six)
    assert found.shares["A3"] == {"before": 0, "after": 1} == found.shares["B3"]
    assert found.shares["A1"] == {"before": 1, "after": 1}
    assert found.places[3].gain.value == 1 and found.places[1].gain.value == 0
    assert found.first == {"A": 3, "B": 3}


def test_a_gain_and_no_gain_are_said_in_a_sentence(result, six):
    rose, nothing = report.summary(result(six))
    assert "33 % right before, 83 % after, a gain of +50 points" in rose
    assert rose.endswith("The interval does not hold 0: recall rose.")
    assert nothing.endswith("The interval holds 0: this class does not show a change in transfer.")
    fell, _ = report.summary(result({code: (5, 2) for code in six}))
    assert "−50 points (95 %: −50 to −50)" in fell and fell.endswith("recall fell.")


def test_halves_are_compared_on_the_chapters_with_a_still_twin_only(result):
    people = {code: (1, 4) for code in codes("moving", 4)}  # items 2 and 4 among them: both won
    people |= {code: (1, 2) for code in codes("still", 4)}  # item 2 alone
    found = result(people, halves=True)
    assert {name: part.gain.value for name, part in found.halves["recall"].items()} == {
        "moving": 1, "still": 0.5,
    }  # fmt: skip
    assert found.differences["recall"].value == 0.5 and not found.differences["recall"].holds_zero
    sentences = report.summary(found)
    assert sentences[2].endswith("those with moving figures gained more.")
    assert sentences[3].endswith("this class does not tell the two apart.")
    assert result(people).halves == {}, "only where it is asked for"


def test_a_half_with_nobody_in_it_is_not_compared(result):
    assert result({code: (1, 4) for code in codes("still", 7)}, halves=True).halves == {}


def test_the_report_shows_every_item_and_who_is_left_out(asked, table, sheet, six):
    text = table(six) + sheet("once", "after", "B", 3)
    found = evaluate(answers.parse(text, asked), asked)
    page = report.markdown(found, asked, "gains.svg")
    assert len(re.findall(r"^\| \d+ \| (?:recall|transfer) \| \w+", page, re.M)) == 12
    assert "- once answered only after" in page and "](gains.svg)" in page
    assert "| 3 | recall | StarDist | 0 % | 100 % | 0 % | 100 % | +100 | +100 to +100 |" in page
    assert "not handed out evenly" not in page and "Still and moving" not in page


def test_forms_that_were_not_handed_out_evenly_are_noted(asked, sheet):
    lines = ["code,when,form,1,2,3,4,5,6,7,8,9,10,11,12"]
    for n in range(6):
        lines += [sheet(f"c{n}", "before", "A", 2), sheet(f"c{n}", "after", "B", 4)]
    page = report.markdown(evaluate(answers.parse("\n".join(lines), asked), asked), asked, "x.svg")
    assert "The forms were not handed out evenly." in page
    assert "| – |" in page, "nobody had form B before"


@pytest.mark.parametrize(("gain", "said"), [(0.237, "+24"), (-0.05, "−5"), (0, "0"), (-0.001, "0")])
def test_points_have_a_sign_and_a_true_minus(gain, said):
    assert report.points(gain) == said


def test_the_command_writes_report_and_picture(tmp_path, monkeypatch, capsys, table):
    monkeypatch.setattr(command, "OUT", tmp_path / "out")
    people = {code: (1, 4) for code in codes("moving", 3) + codes("still", 3)}
    (tmp_path / "answers.csv").write_text(table(people), encoding="utf-8")
    assert command.main([str(tmp_path / "answers.csv"), "--halves"]) == 0
    said = capsys.readouterr().out
    assert said.count("The interval") == 4 and "report.md" in said
    page = (tmp_path / "out" / "report.md").read_text(encoding="utf-8")
    assert "## Still and moving figures" in page
    assert (tmp_path / "out" / re.search(r"\]\((.+\.svg)\)", page)[1]).stat().st_size > 1000


def test_the_command_says_what_is_wrong_in_one_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(command, "OUT", tmp_path / "out")
    assert command.main([str(tmp_path / "gone.csv")]) == 1
    assert capsys.readouterr().err.count("\n") == 1 and not (tmp_path / "out").exists()
