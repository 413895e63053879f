"""A notebook has one name with its number: in the navigation, as its title, and in every link."""

import re

import nbformat
import pytest

from course_build import ROOT
from tests.docs.prose import navigation

NAMES = {path.split("/")[1]: title for title, path in navigation() if path.endswith(".ipynb")}
LINK = re.compile(r"\[([^\]]+)\]\((?:[./\w-]*/)?(\d\d_\w+\.ipynb)[^)\s]*\)")
SOURCES = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "docs").rglob("*.yml")]


def other_names(text):
    """The links that call a notebook by a name, but not by its own."""
    bare = {name.partition(" · ")[2] for name in NAMES.values()}
    wrong = []
    for words, file in LINK.findall(text):
        words = " ".join(words.split())
        if (re.match(r"\d\d · ", words) or words in bare) and words != NAMES[file]:
            wrong.append(f"{words} for {NAMES[file]}")
    return wrong


@pytest.mark.parametrize("file", sorted(path.name for path in ROOT.glob("notebooks/*.ipynb")))
def test_a_notebook_begins_with_the_name_that_the_navigation_has(file):
    cells = nbformat.read(ROOT / "notebooks" / file, as_version=4).cells
    assert cells[0].source.partition("\n")[0] == f"# {NAMES[file]}"
    assert NAMES[file].startswith(f"{file[:2]} · ")
    texts = [cell.source for cell in cells if cell.cell_type == "markdown"]
    assert [name for text in texts for name in other_names(text)] == []


def test_pages_and_slides_call_notebooks_by_their_names():
    wrong = {str(path): other_names(path.read_text(encoding="utf-8")) for path in SOURCES}
    assert {name: names for name, names in wrong.items() if names} == {}


@pytest.mark.parametrize("words", ["Nuclei with StarDist", "05 · StarDist", "06 · Nuclei in 3D"])
def test_another_name_is_noticed(words):
    assert other_names(f"see [{words}](../notebooks/05_stardist_nuclei.ipynb#title)")
