"""What is made, and for which address: as mkdocs.yml says."""

import pytest

from course_build import print as printed


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """The mkdocs.yml of a repository of its own."""
    monkeypatch.setattr(printed, "ROOT", tmp_path)
    monkeypatch.delenv("SITE_URL", raising=False)
    return tmp_path / "mkdocs.yml"


@pytest.mark.parametrize(
    ("line", "variable", "address"),
    [
        ('!ENV [SITE_URL, ""]', "", ""),
        ('!ENV [SITE_URL, ""]', "https://a.org/course", "https://a.org/course/"),
        ("https://b.org/", "", "https://b.org/"),
    ],
)
def test_the_address_is_that_of_mkdocs_yml(line, variable, address, settings, monkeypatch):
    settings.write_text(f"theme: !x y\nsite_url: {line}\n")
    if variable:
        monkeypatch.setenv("SITE_URL", variable)
    assert printed.site_address() == address


def test_every_deck_sheet_and_schedule_has_its_files(tmp_path):
    for name in ("slides/a.md", "worksheets/b.md", "half-day.md"):
        (tmp_path / "teach" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "teach" / name).touch()
    assert set(printed.addresses(tmp_path)) >= {
        "teach/slides/a.html", "teach/slides/a.pdf", "teach/worksheets/b.pdf",
        "teach/run-sheets/half-day.html", "teach/run-sheets/half-day.pdf",
    }  # fmt: skip
