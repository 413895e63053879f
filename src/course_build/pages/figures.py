"""What a page says of a figure in one line, and what the site needs of the figure's folder.

Addresses are written as on the site, where figures/ lies beside the pages: a page's text from the
page, a figure's text from its folder.
"""

import posixpath
import re

from course_build import Stop
from course_build.pages.links import outside_code

#: A line that puts a figure's own text into a page.
LINE = re.compile(r'^--8<-- "(figures/([\w-]+)/figure\.md)"$', re.M)
IMAGE = re.compile(r"!\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^)\s#]+)(#[^)\s]*)?\)(\{[^}\n]*\})?")
#: The target of a link or picture, up to its anchor, unless it is an address or in the page.
RELATIVE = re.compile(r"\]\(([^)\s#:]+)(?=[)\s#])")
DATA_FIGURE = re.compile(r'<figure\b[^>]*\bdata-figure="([\w-]+)"')
#: What figures that answer have in common, before what is their own.
FRAME = "figures/_shared/frame.css"
#: What of a folder is published.
PUBLISHED = ("figure.js", "figure.css", "page*.json", "*.svg", "*.webp", "*.tif")


def published(root):
    """Return the files of figures/ that belong to the site, as paths relative to `root`."""
    folders = sorted(path for path in (root / "figures").glob("*") if path.is_dir())
    shared = root / "figures" / "_shared"
    files = sorted([*shared.glob("*.js"), *shared.glob("*.css")])
    for folder in folders:
        files += sorted(file for kind in PUBLISHED for file in folder.glob(kind))
    return [file.relative_to(root).as_posix() for file in files]


def expand(markdown, where, root):
    """Put the text of each figure into the page that names it in one line.

    Parameters
    ----------
    markdown : str
    where : str
        The page, as in docs/: concepts/unet.md.
    root : pathlib.Path
        The repository.

    Raises
    ------
    Stop
        If there is no such figure, or `data-figure` names one without a script.
    """

    def text_of(match):
        source, name = root / match[1], match[2]
        if not source.is_file():
            raise Stop(f"{where}: there is no figure {name!r}: {match[1]} is missing")

        def from_page(link):
            target = posixpath.normpath(posixpath.join("figures", name, link[1]))
            return f"]({posixpath.relpath(target, posixpath.dirname(where) or '.')}"

        return RELATIVE.sub(from_page, source.read_text(encoding="utf-8").rstrip("\n"))

    markdown = outside_code(markdown, lambda part: LINE.sub(text_of, part))
    for name in DATA_FIGURE.findall(markdown):
        if not (root / "figures" / name / "figure.js").is_file():
            raise Stop(f"{where}: there is no figure {name!r}: figures/{name}/figure.js is missing")
    return markdown


def light_and_dark(markdown, where, root):
    """Show the dark twin of every picture that has one, with the same words, in the dark scheme.

    A page writes `![what is to be seen](../figures/seam/seam-light.svg)` once.
    """

    def pair(match):
        picture = match[1]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(where), picture))
        dark = path.replace("-light.svg", "-dark.svg")
        if dark == path or match[2] or not (root / dark).is_file():
            return match[0]
        light, twin = picture, picture.replace("-light.svg", "-dark.svg")
        return match[0].replace(f"]({light})", f"]({light}#only-light)") + match[0].replace(
            f"]({light})", f"]({twin}#only-dark)"
        )

    return outside_code(markdown, lambda part: IMAGE.sub(pair, part))
