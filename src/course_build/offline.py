"""The site that is opened from disk (`OFFLINE=true`): without modules, data files and other hosts.

A browser lets a page from disk load neither JavaScript modules nor data. So all modules and their
JSON become one plain script, with esbuild. Without OFFLINE nothing of this happens.
"""

import re
import tempfile
from pathlib import Path

from course_build import ROOT
from course_build.programs import node, run

SCRIPT = "javascripts/offline.js"
BUNDLER = Path(__file__).with_name("offline.mjs")
PART = re.compile(r"(javascripts/.*|figures/.*\.(js|json)|lab/lab\.js)")
FOLDER_LINK = re.compile(r'href="(\.|\.\.(?:/\.\.)*)/?"')  # without a server, a list of files
FONT_PRELOAD = re.compile(r'<link rel="preload" as="font"[^>]*>')
# No server, no use: they hold addresses from the root, or the time of the build.
FOR_SERVERS = ("404.html", "sitemap.xml", "sitemap.xml.gz")


def is_part(address):
    """Return whether the file at an address of the site goes into the plain script."""
    return bool(PART.fullmatch(address))


def for_disk(page_html):
    """Let links to a folder lead to its index, and leave out what a page from disk may not load."""
    page_html = FOLDER_LINK.sub(r'href="\1/index.html"', page_html)
    return FONT_PRELOAD.sub("", page_html)  # the font itself comes, with the stylesheet


def bundled(texts):
    """Return one plain script with all modules and their JSON.

    Parameters
    ----------
    texts : dict str -> str
        The files by their address on the site; javascripts/site.js starts the others.

    Raises
    ------
    Stop
        With esbuild's own words if a module cannot be read, or if Node.js is missing.
    """
    with tempfile.TemporaryDirectory(dir=ROOT, prefix=".offline-") as place:  # finds node_modules
        for address, text in texts.items():
            file = Path(place) / address
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        problem = "OFFLINE: the figures cannot be bundled"
        return run([node(), BUNDLER, place], problem, NO_COLOR="1")
