"""The helper package's reference is made from its docstrings."""

from bs4 import BeautifulSoup

from course_build.pages import helper_api
from tests.course_build.tiny_project import ROOT

MODULE = '''
"""Named images."""

def nuclei(size=8, *, seed=0):
    """Image of nuclei.

    Raises
    ------
    ValueError
        If `size` is not above 0.
    """

def _hidden():
    """Not for readers."""

def silent():
    return 1
'''


def test_public_functions_are_listed_with_call_and_docstring(project):
    for name in helper_api.MODULES:
        project.write(f"src/bioimage_course/{name}.py", MODULE)
    project.write("docs/helpers.md", "# Helpers\n\n<!-- helpers -->\n")
    page = BeautifulSoup(project.page("helpers"), "html.parser").main
    assert [h.get_text() for h in page.select("h2")] == list(helper_api.MODULES)
    assert page.find(id="data-nuclei").get_text() == "data.nuclei"
    text = page.get_text()
    assert "data.nuclei(size=8, *, seed=0)" in text and "If `size` is not above 0." in text
    assert "_hidden" not in text and "silent" not in text


def test_the_page_lists_what_the_notebooks_use():
    listing = helper_api.listing(ROOT / "src" / "bioimage_course")
    for name in ("data.nuclei", "data.tissue", "data.volume", "data.fetch", "show.segmentation",
                 "show.outlines", "check.setup", "check.labels",
                 "doctor.findings", "doctor.report", "mistakes.mistakes", "folder.read",
                 "report_card.card", "own_model.read_pairs"):  # fmt: skip
        assert f"### `{name}`" in listing
