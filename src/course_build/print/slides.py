"""Make the slides: each Markdown file in docs/teach/slides/ becomes HTML and PDF in build/print/.

`make slides` runs this. Numbers, as on the pages, come from the figures and training/results; links
to pages and notebooks are written as there, too. Where the site has an address, the last slide has
the address of the page to open, and its QR code. Marp makes the HTML, and Chromium the PDF.
"""

import re
import tempfile
from pathlib import Path
from posixpath import join, normpath

from course_build import ROOT, Stop
from course_build.pages import links, numbers
from course_build.print import OUT, pdf, pptx, qr, site_address
from course_build.programs import node, run

SLIDES = ROOT / "docs" / "teach" / "slides"
THEME = SLIDES / "course.css"
MARP = ROOT / "node_modules" / "@marp-team" / "marp-cli" / "marp-cli.js"
# Marp names there where to read its script's licence; the site names no such host.
LICENCE = re.compile(r"https://unpkg\.com/(@marp-team/marp-cli)@[\d.]+/lib/")


def filled(markdown, values, where):
    """Return a deck's Markdown with its numbers, and with links that work on the site.

    Raises
    ------
    Stop, naming `where`, if a number is unknown.
    """

    def built(words, target):
        path, hash_sign, anchor = target.partition("#")
        if links.OTHER_HOST.match(path) or not path.endswith((".md", ".ipynb")):
            return None
        return f"[{words}]({links.built_address(path)}index.html{hash_sign}{anchor})"

    return numbers.fill(links.each_link(markdown, built), values, where)


def with_address(markdown, site):
    """Return a deck's Markdown with the address of the page to open on its last slide.

    site : the site's address, "" while it has none
    """
    before, slide = markdown.rsplit("\n---\n", 1)
    pages = [t.partition("#")[0] for t in links.targets(slide) if not links.OTHER_HOST.match(t)]
    if not (site and pages):
        return markdown
    address = site + links.built_address(normpath(join("teach/slides", pages[0])))
    words, *notes = re.split(r"(?=<!-- (?!_class))", slide, maxsplit=1)
    shown = f"![The address as a QR code: {address}]({qr.picture(address)})\n\n<{address}>\n\n"
    return "".join([before, "\n---\n", words.rstrip(), "\n\n", shown, *notes])


def decks(folder=SLIDES):
    """Return the decks as HTML: {name: page}, from the Markdown in `folder`.

    Raises
    ------
    Stop, with what to do, if Marp is missing or fails.
    """
    if not MARP.exists():
        raise Stop(f"{MARP.parent} is missing: run `make slides`, or `npm ci`")
    values, site = numbers.load(), site_address()
    sources = sorted(folder.glob("*.md"))
    with tempfile.TemporaryDirectory() as place:
        for source in sources:
            text = with_address(source.read_text(encoding="utf-8"), site)
            text = filled(text, values, source.name)
            (Path(place) / source.name).write_text(text, encoding="utf-8")
        options = ["--no-config-file", "--input-dir", place, "--theme-set", THEME]
        run([node(), MARP, *options], "Marp cannot make the slides")
        return {
            source.stem: tidy((Path(place) / f"{source.stem}.html").read_text(encoding="utf-8"))
            for source in sources
        }


def tidy(html):
    """Return Marp's page with what it lacks for screen readers, and without another host's name."""
    roles = {
        '<div class="bespoke-marp-osc">': '<div class="bespoke-marp-osc" role="navigation" '
        'aria-label="Slides">',
        '<div id=":$p">': '<div id=":$p" role="main">',
    }
    for plain, named in roles.items():
        if html.count(plain) != 1:
            raise Stop(f"Marp's pages are built anew: {plain} is not there. See tidy()")
        html = html.replace(plain, named)
    return LICENCE.sub(r"node_modules/\1/lib/", html)


def make(out=OUT):
    """Write every deck, and print those that changed; return the paths of what was printed."""
    pages = {f"teach/slides/{name}.html": html for name, html in decks().items()}
    for name, html in pages.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text(html, encoding="utf-8")
    return pdf.print_changed(pages, out, {".pptx": pptx.of_deck, ".webp": pptx.thumbnail})
