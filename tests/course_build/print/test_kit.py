"""The zip of the kit: everything to print and to change, once, and only when it changed."""

import zipfile

import pytest

from course_build.print import addresses, kit


@pytest.fixture
def made(tmp_path):
    """Sources of a deck and a worksheet, and what was printed of them: (out, docs)."""
    out, docs = tmp_path / "out", tmp_path / "docs"
    for name in ("slides/a.md", "worksheets/b.md", "half-day.md"):
        (docs / "teach" / name).parent.mkdir(parents=True, exist_ok=True)
        (docs / "teach" / name).touch()
    for name in addresses(docs):
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        if not name.endswith(".zip"):
            (out / name).write_text(name)
    return out, docs


def test_it_holds_what_is_printed_the_template_and_the_licence(made):
    [path] = kit.make(*made)
    with zipfile.ZipFile(path) as packed:
        assert {name.removeprefix("trainers-kit/") for name in packed.namelist()} == {
            "slides/a.pdf", "slides/a.pptx", "worksheets/b.pdf", "run-sheets/half-day.pdf",
            "learning-template.csv", "LICENSE.txt",
        }  # fmt: skip
        assert packed.read("trainers-kit/slides/a.pdf") == b"teach/slides/a.pdf"


def test_it_is_packed_again_only_when_something_changed(made):
    out, docs = made
    assert len(kit.make(out, docs)) == 1 and kit.make(out, docs) == []
    (out / "teach" / "slides" / "a.pdf").write_text("other")
    assert len(kit.make(out, docs)) == 1
