"""A page is printed when it, or a picture that it shows, has changed; and only then."""

from contextlib import contextmanager

import pytest

from course_build import Stop
from course_build.print import pdf

NAME = "teach/slides/nuclei.html"
PAGE = '<img src="../../figures/nuclei/nuclei.svg#svgView(viewBox(0,0,1,1))" alt="Two nuclei">'


@pytest.fixture
def picture(tmp_path, monkeypatch):
    """The picture that the page shows, in a repository of its own."""
    monkeypatch.setattr(pdf, "ROOT", tmp_path)
    file = tmp_path / "figures" / "nuclei" / "nuclei.svg"
    file.parent.mkdir(parents=True)
    file.write_text("<svg/>")
    return file


@pytest.fixture
def printed(picture, tmp_path, monkeypatch):
    """A function that prints pages without a browser, and returns the names of the new PDFs."""

    @contextmanager
    def no_browser():
        yield None

    monkeypatch.setattr(pdf, "_chromium", no_browser)
    monkeypatch.setattr(
        pdf, "_make", lambda browser, html, name, makers: [html.encode() for _ in makers]
    )

    def printed(pages, more=()):
        paths = pdf.print_changed(pages, tmp_path / "out", more)
        return [path.relative_to(tmp_path / "out").as_posix() for path in paths]

    return printed


def test_only_what_changed_is_printed_again(printed, picture):
    pages = {NAME: PAGE, "teach/slides/other.html": "<p>No picture.</p>"}
    both = ["teach/slides/nuclei.pdf", "teach/slides/other.pdf"]
    assert printed(pages) == both
    assert printed(pages) == []
    picture.write_text("<svg></svg>")
    assert printed(pages) == both[:1]
    assert printed(pages | {"teach/slides/other.html": "<p>Other words.</p>"}) == both[1:]


def test_a_pdf_that_was_deleted_is_printed_again(printed, tmp_path):
    printed({NAME: PAGE})
    (tmp_path / "out" / "teach" / "slides" / "nuclei.pdf").unlink()
    assert printed({NAME: PAGE}) == ["teach/slides/nuclei.pdf"]


def test_what_else_is_made_of_a_page_is_made_again_when_it_is_missing(printed, tmp_path):
    more = {".webp": None}
    both = ["teach/slides/nuclei.pdf", "teach/slides/nuclei.webp"]
    assert printed({NAME: PAGE}, more) == both
    assert printed({NAME: PAGE}, more) == []
    (tmp_path / "out" / "teach" / "slides" / "nuclei.webp").unlink()
    assert printed({NAME: PAGE}, more) == both


def test_a_picture_within_the_page_is_no_file(picture):
    pdf.fingerprint('<img alt="A code" src="data:image/png;base64,iVBO">', NAME)


def test_on_paper_a_page_has_no_script_and_no_link_into_the_site():
    html = '<script>go()</script><a href="../index.html">on</a> <a href="https://a.org">out</a>'
    assert pdf.on_paper(html) == '<a>on</a> <a href="https://a.org">out</a>'


def test_without_chromium_it_says_what_to_do(picture, tmp_path, monkeypatch):
    monkeypatch.setattr(pdf, "find_chromium", lambda: None)
    with pytest.raises(Stop, match="No Chromium starts here: install one"):
        pdf.print_changed({NAME: PAGE}, tmp_path / "out")


def test_a_page_that_shows_what_is_not_there_is_not_printed(picture, tmp_path):
    picture.unlink()
    with pytest.raises(Stop, match=r"nuclei\.html shows what is not there: .*nuclei\.svg"):
        pdf.print_changed({NAME: PAGE}, tmp_path / "out")
