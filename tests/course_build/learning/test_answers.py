"""A class's file: what is read, and what is refused with the line that mends it."""

import re

import pytest

from course_build import Stop
from course_build.learning import answers
from tests.docs import prose

HEADER = "code,when,form,1,2,3,4,5,6,7,8,9,10,11,12"
LINE = "ha17,before,A,b,,a,c,b,d,a,b,,a,c,c"


def test_the_template_is_as_the_page_shows_it_and_can_be_read(asked):
    template = prose.DOCS / "teach" / "learning-template.csv"
    page = prose.read("teach/measure-learning.md")
    assert f"```text\n{template.read_text(encoding='utf-8')}```" in page
    sheets = answers.read(template, asked)
    assert sheets["ha17"]["before"].answers["A1"] == "b"
    assert sheets["ha17"]["after"].form == "B" and sheets["ha17"]["before"].answers["A2"] == ""


@pytest.mark.parametrize("separator", [";", "\t"])
def test_semicolons_and_tabs_do_as_well(asked, table, six, separator):
    text = table(six)
    assert answers.parse(text.replace(",", separator), asked) == answers.parse(text, asked)


def test_the_mark_that_excel_puts_first_does_no_harm(tmp_path, asked, table, six):
    (tmp_path / "answers.csv").write_text(table(six), encoding="utf-8-sig", newline="\r\n")
    assert len(answers.read(tmp_path / "answers.csv", asked)) == 6


def test_a_line_for_each_answer_gives_the_same_as_a_line_for_each_sheet(asked, table, six):
    wide = answers.parse(table(six), asked)
    lines = [
        f"{code},{when},{item},{letter}"
        for code, times in wide.items()
        for when, sheet in times.items()
        for item, letter in sheet.answers.items()
    ]
    assert answers.parse("\n".join(["code,when,item,answer", *lines]), asked) == wide


def test_codes_and_letters_may_be_large_and_have_dashes(asked):
    line = LINE.replace("ha17", "HA-17").replace("before", "Before").replace(",A,b", ",a,B")
    assert answers.parse(f"{HEADER}\n{line}\n\n,,,,,,,,,,,,,,\n", asked) == answers.parse(
        f"{HEADER}\n{LINE}", asked
    )


BAD = {
    "empty": ("", "is empty: fill in the template"),
    "blank": ("\n \n", "is empty"),
    "missing columns": ("code,form,1,2\nx,A,a,b", r"missing columns: when, 3, 4, .*first line has"),
    "missing column, long": ("code,item,answer\nx,A1,a", "missing columns: when"),
    "a column too many": (f"{HEADER},13\n{LINE},a", "unknown columns: 13. Delete"),
    "a column without a name": (f"{HEADER},\n{LINE},", r"unknown columns: \(without a name\)"),
    "a column twice": (f"{HEADER},12\n{LINE},a", "stands twice"),
    "name": (f"Name,{HEADER}\nJo,{LINE}", "“name” looks like personal data.*delete the column"),
    "e-mail": (f"E-mail,{HEADER}\nj@x.test,{LINE}", "“e-mail” looks like personal data"),
    "date of birth": (f"Date of birth,{HEADER}\n1,{LINE}", "looks like personal data"),
    "an address as code": (f"{HEADER}\n{LINE.replace('ha17', 'jo@lab.test')}", "line 2.*a name or"),
    "a name as code": (f"{HEADER}\n{LINE.replace('ha17', 'Jo Doe')}", "line 2.*looks like a name"),
    "no code": (f"{HEADER}\n{LINE.replace('ha17', '')}", "line 2: the code is missing"),
    "another time": (f"{HEADER}\n{LINE.replace('before', 'Monday')}", "“Monday” is no time"),
    "another form": (f"{HEADER}\n{LINE.replace(',A,', ',C,')}", "“C” is no form: write A or B"),
    "an answer e": (f"{HEADER}\n{LINE[:-1]}e", "line 2, item A12: “e” is no answer.*leave"),
    "an unknown item": ("code,when,item,answer\nx,before,A13,a", "no item “A13”: items are A1 to"),
    "a code twice": (f"{HEADER}\n{LINE}\n{LINE}", "line 3: the code ha17.*second time before"),
    "both forms at once": (
        "code,when,item,answer\nx,before,A1,a\nx,before,B2,a", "second time before",
    ),
    "half a sheet": ("code,when,item,answer\nx,before,A1,a", "x has no line for A2, A3"),
    "a cell too many": (f"{HEADER}\n{LINE},a", "line 2: too many cells, the header has 15"),
    "a cell too few": (f"{HEADER}\n{LINE[:-2]}", "line 2: too few cells, the header has 15"),
}  # fmt: skip


@pytest.mark.parametrize("fault", BAD)
def test_a_file_with_a_fault_is_refused_with_what_to_do(asked, fault):
    text, says = BAD[fault]
    with pytest.raises(Stop, match=re.compile(says, re.S)):
        answers.parse(text, asked)


def test_a_file_that_is_none_is_named(tmp_path, asked):
    with pytest.raises(Stop, match=r"cannot be read .*is the name right"):
        answers.read(tmp_path / "gone.csv", asked)
    (tmp_path / "answers.csv").write_bytes(b"PK\x03\x04\xff\xfe")
    with pytest.raises(Stop, match="save it as “CSV UTF-8”"):
        answers.read(tmp_path / "answers.csv", asked)


def test_sheets_of_one_time_alone_make_no_gain(asked, sheet):
    text = "\n".join([HEADER, *(sheet(f"c{n}", "before", "A", 3) for n in range(8))])
    with pytest.raises(Stop, match="All sheets are from before: a gain needs"):
        answers.pairs(answers.parse(text, asked))


def test_a_header_alone_is_told_from_a_class_that_was_asked_once(asked):
    with pytest.raises(Stop, match="no sheet below the first line"):
        answers.pairs(answers.parse(HEADER, asked))


def test_five_people_are_too_few_and_slips_in_their_codes_are_listed(asked, table, sheet, six):
    del six["c5"]
    text = table(six) + sheet("c55", "before", "A", 3)
    with pytest.raises(
        Stop, match=r"Too few people .* 5 where it takes 6(.|\n)*- c55 answered only before"
    ):
        answers.pairs(answers.parse(text, asked))


def test_who_cannot_be_compared_with_themselves_is_left_out_and_named(asked, table, sheet, six):
    more = [
        sheet("once", "after", "B", 3),
        sheet("same", "before", "A", 3), sheet("same", "after", "A", 9),
    ]  # fmt: skip
    paired, left_out = answers.pairs(answers.parse(table(six) + "\n".join(more), asked))
    assert list(paired) == list(six)
    assert left_out == {
        "once": "answered only after",
        "same": "had form A both times",
    }


def test_who_knew_nothing_before_is_not_left_out(asked, table, six):
    paired, left_out = answers.pairs(answers.parse(table(six | {"c0": (0, 7)}), asked))
    assert len(paired) == 6 and not left_out
