"""Which half a code belongs to: the same for the page and for the report."""

import json
import string

import pytest

from course_build import ROOT
from course_build.learning.halves import half, plain
from course_build.programs import node, run

CODES = [f"{a}{b}{day}" for a in string.ascii_lowercase for b in "aeiou" for day in range(1, 32)]
ODD = ["HA-17", " ha 17 ", "Ä1", "straße9", "ŁÓ30", "é5", "１２ab", "", "--", "名前3"]


def test_the_page_puts_every_code_into_the_half_that_the_report_does():
    script = (
        f'import {{ half }} from "{(ROOT / "theme/javascripts/still.js").as_uri()}";'
        f"console.log(JSON.stringify({json.dumps(CODES + ODD)}.map(half)));"
    )
    theirs = json.loads(run([node(), "--input-type=module", "-e", script], "it does not run"))
    assert theirs == [half(code) for code in CODES + ODD]


def test_over_many_codes_the_halves_are_even():
    share = sum(half(code) == "still" for code in CODES) / len(CODES)
    assert 0.48 < share < 0.52
    for day in range(1, 32):  # and people born on one day are spread, too
        born = [half(code) for code in CODES if code[2:] == str(day)]
        assert 0.35 < born.count("still") / len(born) < 0.65, day


@pytest.mark.parametrize("typed", ["ha17", "HA17", " Ha-17 ", "h.a.17"])
def test_how_a_code_is_typed_makes_no_difference(typed):
    assert plain(typed) == "ha17" and half(typed) == half("ha17")
