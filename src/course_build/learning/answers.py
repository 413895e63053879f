"""Read a class's answers from a CSV file, and say what to mend where something is wrong.

Wide, a line for each sheet:   code,when,form,1,2, … 12
Long, a line for each answer:  code,when,item,answer

`when` is before or after; an answer is a, b, c, d or empty for "I don't know".
"""

import csv
import io
from dataclasses import dataclass

from course_build import Stop
from course_build.learning.halves import plain
from course_build.learning.items import LETTERS, PLACES

TIMES = ("before", "after")
WIDE = ("code", "when", "form", *map(str, PLACES))
LONG = ("code", "when", "item", "answer")
PERSONAL = (
    "name", "mail", "phone", "birth", "age", "sex", "gender", "address", "institut", "matric", "id",
)  # fmt: skip
FEWEST = 6  # people: fewer can be told apart, and an interval says nothing


@dataclass(frozen=True)
class Sheet:
    """What one person answered at one time: the form, and a letter or "" by item."""

    form: str
    answers: dict[str, str]


def read(path, items):
    """Read a file of answers.

    Parameters
    ----------
    path : pathlib.Path
    items : dict of str to Item

    Returns
    -------
    dict of str to dict of str to Sheet
        The sheets of each code by time: {"ha17": {"before": …, "after": …}}.

    Raises
    ------
    Stop
        With the line, what is wrong in it, and what to do.
    """
    return parse(_text(path), items, path.name)


def parse(text, items, name="answers.csv"):
    """Read answers from the text of a file; see read()."""
    lines = text.splitlines()
    header = next((line for line in lines if line.strip()), "")
    if not header:
        raise Stop(f"{name} is empty: fill in the template, and save it as CSV.")
    # Where the decimal mark is a comma, spreadsheets write semicolons; a copied table holds tabs.
    separator = max(",;\t", key=header.count)
    rows = csv.DictReader(io.StringIO("\n".join(lines)), delimiter=separator)
    rows.fieldnames = [str(column).strip().lower() for column in rows.fieldnames]
    wide = _is_wide(rows.fieldnames, name)
    answers = {}
    for row in rows:
        where = f"{name}, line {rows.line_num}"
        if None in row or None in row.values():
            raise Stop(
                f"{where}: too {'many' if None in row else 'few'} cells, the header has "
                f"{len(rows.fieldnames)}: {', '.join(rows.fieldnames)}. An empty answer needs its "
                "comma, too."
            )
        row = {column: cell.strip() for column, cell in row.items()}
        if any(row.values()):
            given = _of_sheet(row, where) if wide else [(row["item"].upper(), row["answer"])]
            _add(answers, row, given, items, where)
    return {code: _sheets(code, times, name) for code, times in answers.items()}


def _text(path):
    """The text of a file, without the mark that Excel puts at its beginning."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Stop(f"{path} cannot be read ({error.strerror}): is the name right?") from error
    except UnicodeDecodeError as error:
        raise Stop(
            f"{path.name} is no CSV in UTF-8: in the spreadsheet, save it as “CSV UTF-8”."
        ) from error


def _is_wide(columns, name):
    """Whether there is a line for each sheet; stops at columns that do not belong here."""
    for column in columns:
        if column not in (*WIDE, *LONG) and any(
            column == word or (len(word) > 3 and word in column) for word in PERSONAL
        ):
            raise Stop(
                f"{name}: the column “{column}” looks like personal data. A code is all that is "
                "needed: delete the column, in every copy of the file."
            )
    wanted = LONG if "item" in columns or "answer" in columns else WIDE
    if missing := [column for column in wanted if column not in columns]:
        raise Stop(
            f"{name}: missing columns: {', '.join(missing)}. The first line has to be "
            f"{','.join(wanted)}"
        )
    if unknown := [column or "(without a name)" for column in columns if column not in wanted]:
        raise Stop(f"{name}: unknown columns: {', '.join(unknown)}. Delete them.")
    if len(columns) != len(set(columns)):
        raise Stop(f"{name}: a column stands twice in the first line. Delete one of them.")
    return wanted is WIDE


def _of_sheet(row, where):
    """The answers of one sheet: [(item, answer)]."""
    form = row["form"].upper()
    if form not in ("A", "B"):
        raise Stop(f"{where}: “{row['form']}” is no form: write A or B.")
    return [(f"{form}{place}", row[str(place)]) for place in PLACES]


def _add(answers, row, given, items, where):
    """Put the answers of one line to those of its code and time."""
    code, when = plain(row["code"]), row["when"].lower()
    if "@" in row["code"] or len(row["code"].split()) > 1:
        raise Stop(f"{where}: “{row['code']}” looks like a name or an address: put a code there.")
    if not code:
        raise Stop(f"{where}: the code is missing: write the one on the sheet, or delete the line.")
    if when not in TIMES:
        raise Stop(f"{where}: “{row['when']}” is no time: write before or after.")
    sheet = answers.setdefault(code, {}).setdefault(when, {})
    for item, answer in given:
        if item not in items:
            raise Stop(f"{where}: there is no item “{item}”: items are A1 to A12 and B1 to B12.")
        if answer.lower() not in ("", *LETTERS):
            raise Stop(
                f"{where}, item {item}: “{answer}” is no answer: write a, b, c or d, and leave "
                "“I don't know” empty."
            )
        if item in sheet or any(other[0] != item[0] for other in sheet):
            raise Stop(
                f"{where}: the code {code} is there a second time {when} the workshop. If two "
                "people share it, add a letter to one of them, in both of its sheets; if a sheet "
                "was typed twice, delete one."
            )
        sheet[item] = answer.lower()


def _sheets(code, times, name):
    """The sheets of one code: {time: Sheet}."""
    sheets = {}
    for when, given in times.items():
        form = next(iter(given))[0]
        if missing := [f"{form}{place}" for place in PLACES if f"{form}{place}" not in given]:
            raise Stop(
                f"{name}: {when} the workshop, {code} has no line for {', '.join(missing)}: add "
                "one, with an empty answer for “I don't know”."
            )
        sheets[when] = Sheet(form, given)
    return sheets


def pairs(sheets):
    """Return who can be compared with themselves, and who is left out.

    Returns
    -------
    dict of str to dict of str to Sheet
        Those with a different form at both times.
    dict of str to str
        Why the other codes are left out.

    Raises
    ------
    Stop
        If all sheets are of one time, or fewer than six people can be compared.
    """
    if not sheets:
        raise Stop("There is no sheet below the first line: type the answers in, a line for each.")
    seen = {when for times in sheets.values() for when in times}
    if len(seen) < 2:
        raise Stop(
            f"All sheets are from {' '.join(seen)}: a gain needs answers before and "
            "after. Put both into one file."
        )
    left_out = {}
    for code, times in sheets.items():
        if len(times) < 2:
            left_out[code] = f"answered only {next(iter(times))}"
        elif len({sheet.form for sheet in times.values()}) < 2:
            left_out[code] = f"had form {times['before'].form} both times"
    paired = {code: times for code, times in sheets.items() if code not in left_out}
    if len(paired) < FEWEST:
        reasons = "".join(f"\n- {code} {why}" for code, why in left_out.items())
        raise Stop(
            f"Too few people can be compared with themselves, {len(paired)} where it takes "
            f"{FEWEST}: with fewer, an interval says nothing, and people can be told from their "
            "answers."
            f"{reasons and f' Left out, look for slips in the codes:{reasons}'}"
        )
    return paired, left_out
