"""The lists of claims are read, and what is wrong with one is named."""

import pytest

from course_build import Stop
from course_build.shelf_life import claims

ONE = """
[[claim]]
page = "tools/stardist.md"
says = "33 numbers"
about = "stardist"
"""


def write(folder, **texts):
    for name, text in texts.items():
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")


def test_claims_come_in_the_order_of_files_and_lines(tmp_path):
    write(tmp_path, b=ONE, a=ONE.replace("33", "one") + ONE.replace("33", "two"))
    says = [claim.says for claim in claims.load(tmp_path)]
    assert says == ["one numbers", "two numbers", "33 numbers"]


@pytest.mark.parametrize(
    ("line", "proof"),
    [
        ('test = "tests/a.py::test_a"', "test"),
        ('source = "https://course.test"', "source"),
        ("", "neither"),
    ],
)
def test_a_test_a_source_or_neither_proves_a_claim(tmp_path, line, proof):
    write(tmp_path, a=ONE + line)
    assert [claim.proof for claim in claims.load(tmp_path)] == [proof]


@pytest.mark.parametrize(
    "text",
    [
        ONE.replace("about", "of"),
        ONE + 'url = "https://course.test"',
        ONE.replace("33 numbers", ""),
    ],
)
def test_an_entry_that_lacks_something_or_has_too_much_is_named(tmp_path, text):
    write(tmp_path, a=ONE.replace("33", "one") + text)
    with pytest.raises(Stop, match=r"^a\.toml, claim 2: needs page, says and about"):
        claims.load(tmp_path)


def test_a_list_that_is_no_toml_is_named(tmp_path):
    write(tmp_path, a="[[claim]")
    with pytest.raises(Stop, match=r"a\.toml: not TOML"):
        claims.load(tmp_path)


def test_what_two_lists_say_is_found(tmp_path):
    write(tmp_path, a=ONE, b=ONE.replace('"stardist"', '"numpy"'))
    with pytest.raises(Stop, match=r"b\.toml, claim 1: a\.toml, claim 1 says the same"):
        claims.load(tmp_path)


def test_without_lists_there_are_no_claims(tmp_path):
    assert claims.load(tmp_path / "gone") == []
