"""Print the worksheets: each page in docs/teach/worksheets/ becomes a PDF in build/print/.

`make slides` runs this. The site shows the same pages; on paper, the answers stand on a page of
their own at the end. `figures/worksheets/` draws them and computes the answers.
"""

import re

import markdown

from course_build import ROOT
from course_build.pages import numbers
from course_build.print import OUT, own, pdf, slides

WORKSHEETS = ROOT / "docs" / "teach" / "worksheets"
EXTENSIONS = ["attr_list", "md_in_html", "tables"]
HEADER = re.compile(r"\A---\n.*?\n---\n", re.S)


def sheets(folder=WORKSHEETS):
    """Return the worksheets as they are printed: {name: HTML}.

    Raises
    ------
    Stop, naming the sheet, if a number is unknown.
    """
    values = numbers.load()
    return {
        source.stem: sheet(slides.filled(source.read_text(encoding="utf-8"), values, source.name))
        for source in sorted(folder.glob("*.md"))
    }


def sheet(text):
    """Return one worksheet's Markdown as an HTML page, its answers unfolded."""
    body = markdown.markdown(HEADER.sub("", text), extensions=EXTENSIONS)
    title = re.search(r"<h1>(.+?)</h1>", body)[1]
    # A heading, so that the PDF has a bookmark there, too.
    body = re.sub(r"<summary>(.+?)</summary>", r"<summary><h2>\1</h2></summary>", body)
    body = body.replace("<details", "<details open")
    # A test bears a code in its own first line, never a name.
    named = "" if 'class="name"' in body else '<p class="name">Name:</p>\n'
    return (
        f'<!doctype html>\n<html lang="en-GB"><head><meta charset="utf-8"><title>{title}</title>\n'
        f"<style>\n{own('worksheet.css')}</style></head>\n"
        f"<body><main>\n{named}{body}\n</main></body></html>\n"
    )


def make(out=OUT):
    """Print the sheets of which something changed; return the paths of the new PDFs."""
    pages = {f"teach/worksheets/{name}.html": html for name, html in sheets().items()}
    return pdf.print_changed(pages, out)
