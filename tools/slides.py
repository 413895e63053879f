"""Make the slides: each Markdown file in docs/teach/slides/ becomes HTML and PDF beside it.

`make slides` runs this. Numbers, as on the pages, come from docs/data and training/results; links
to pages and notebooks are written as there, too. Marp makes the HTML, and Chromium the PDF.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import paper

sys.path.append(str(paper.ROOT / "theme"))
import measured_numbers

SLIDES = paper.DOCS / "teach" / "slides"
THEME = SLIDES / "course.css"
MARP = paper.ROOT / "node_modules" / "@marp-team" / "marp-cli" / "marp-cli.js"
LINK = re.compile(r"\]\((\.\./[\w./-]+)\.(?:md|ipynb)(#[\w-]+)?\)")
# Marp names there where to read its script's licence; the site names no such host.
LICENCE = re.compile(r"https://unpkg\.com/(@marp-team/marp-cli)@[\d.]+/lib/")


def numbers():
    """Return the numbers that pages and slides may quote."""
    return measured_numbers.load([paper.DOCS / "data", paper.ROOT / "training" / "results"])


def filled(markdown, values, where):
    """Return a deck's Markdown with its numbers, and with links that work on the site.

    Raises
    ------
    PluginError, naming `where`, if a number is unknown.
    """

    def built(match):
        return f"]({match[1].removesuffix('/index')}/index.html{match[2] or ''})"

    markdown = LINK.sub(built, markdown)
    return measured_numbers.fill(markdown, values, where)


def decks(folder=SLIDES):
    """Return the decks as HTML: {name: page}, from the Markdown in `folder`.

    Raises
    ------
    SystemExit, with what to do, if Marp is missing or fails.
    """
    if not MARP.exists():
        raise SystemExit(f"{MARP.parent} is missing: run `make test ARGS=tests/docs`, or `npm ci`")
    values = numbers()
    sources = sorted(folder.glob("*.md"))
    with tempfile.TemporaryDirectory() as place:
        for source in sources:
            text = filled(source.read_text(encoding="utf-8"), values, source.name)
            (Path(place) / source.name).write_text(text, encoding="utf-8")
        scripts = Path(sys.executable).parent  # where setup_env.py puts node
        path = os.pathsep.join([str(scripts), os.environ.get("PATH", "")])
        options = ["--no-config-file", "--input-dir", place, "--theme-set", THEME]
        run = subprocess.run(
            ["node", MARP, *options],
            env={**os.environ, "PATH": path},
            stdin=subprocess.DEVNULL,  # or Marp waits for Markdown from there
            capture_output=True,
            text=True,
        )
        if run.returncode:
            raise SystemExit(f"Marp cannot make the slides:\n{run.stderr}")
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
            raise SystemExit(f"Marp's pages are built anew: {plain} is not there. See tidy()")
        html = html.replace(plain, named)
    return LICENCE.sub(r"node_modules/\1/lib/", html)


def make():
    """Write every deck's HTML, and the PDFs of those that changed; return the changed PDFs."""
    made = decks()
    for name, html in made.items():
        (SLIDES / f"{name}.html").write_text(html, encoding="utf-8")
    return paper.print_changed({SLIDES / f"{name}.pdf": html for name, html in made.items()})


if __name__ == "__main__":
    changed = make()
    print(f"The slides in {SLIDES.relative_to(paper.ROOT)} are as their sources say.")
    for pdf in changed:
        print(f"{pdf.relative_to(paper.ROOT)}: {pdf.stat().st_size / 1000:.0f} kB")
