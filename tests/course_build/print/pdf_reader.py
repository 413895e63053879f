"""Read what a test asks of a PDF that Chromium wrote: its pages and its bookmarks."""

import re

PAGE = re.compile(rb"/Type\s*/Page\b")
TITLE = re.compile(rb"/Title\s*(?:\(((?:\\.|[^\\)])*)\)|<([0-9A-Fa-f]+)>)")


def pages(pdf):
    """Return the number of pages of a PDF, given as bytes."""
    return len(PAGE.findall(pdf))


def bookmarks(pdf):
    """Return the titles of a PDF's bookmarks; the document's own title, the last, is left out."""
    titles = []
    for plain, coded in TITLE.findall(pdf):
        if coded:
            raw = bytes.fromhex(coded.decode())
            titles.append(raw.removeprefix(b"\xfe\xff").decode("utf-16-be"))
        else:
            titles.append(re.sub(rb"\\(.)", rb"\1", plain).decode("latin-1"))
    return titles[:-1]


def squeezed(title):
    """Return a title without spaces: Chromium drops the one at which a line was broken."""
    return "".join(title.split())
