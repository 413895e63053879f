"""Print HTML as PDF with Chromium, and remember what each PDF was made from.

build/print/printed.json holds, for each page, a hash of its HTML, of every file that the HTML
shows, and of the code that prints. So a page is printed again only when one of them changed.
"""

import hashlib
import json
import re
from contextlib import contextmanager
from pathlib import Path
from posixpath import dirname, join, normpath

from playwright.sync_api import sync_playwright

from course_build import ROOT, Stop
from course_build.print import OUT
from setup_env import find_chromium

DOCS = ROOT / "docs"
FONTS = ROOT / "node_modules" / "@fontsource-variable" / "source-sans-3" / "files"
SHOWN = re.compile(r'<img\b[^>]*?\bsrc="(?!data:)([^":#]+)')
# On a screen, a deck's script shows one slide at a time; on paper all are there.
SCRIPT = re.compile(r"<script\b.*?</script>", re.S)
SHARPER = 2  # pixels of a photograph for one of the page
# Paper leads nowhere on the site; links to other hosts stay.
INNER_LINK = re.compile(r'(<a\b[^>]*?) href="(?!https:)[^"]*"')
# The day of printing tells nothing: without it the same pages give the same file.
DATE = re.compile(rb"(/(?:CreationDate|ModDate) \(D:)\d{14}[^)]*")


def file_of(address):
    """Return the file that will be at an address of the site: figures/seam/seam-light.svg."""
    if address.startswith("assets/fonts/"):
        return FONTS / Path(address).name
    return (ROOT if address.startswith("figures/") else DOCS) / address


def fingerprint(html, name):
    """Return a hash of a page and of the pictures that it shows.

    Parameters
    ----------
    html : str
        The page.
    name : str
        Its address on the site, from which its pictures are found.

    Raises
    ------
    Stop
        If a picture is not there.
    """
    digest = hashlib.sha256(on_paper(html).encode())
    for code in sorted(Path(__file__).parent.glob("*.*")):
        digest.update(code.read_bytes())
    for source in sorted(set(SHOWN.findall(html))):
        picture = file_of(normpath(join(dirname(name), source)))
        if not picture.is_file():
            raise Stop(f"{name} shows what is not there: {source}")
        digest.update(picture.read_bytes())
    return digest.hexdigest()


def print_changed(pages, out=OUT, more=()):
    """Print the pages of which something has changed; return the paths of the new files.

    Parameters
    ----------
    pages : dict str -> str
        The HTML of each page by its address on the site: teach/slides/evaluate.html.
    out : pathlib.Path
        The folder for the PDFs, which keeps in printed.json what each was made from.
    more : dict str -> function
        What else is made of an open page: {".webp": a function from the browser's page to bytes}.

    Raises
    ------
    Stop
        With what to do, if no Chromium starts here or a page shows what is not there.
    """
    kept = out / "printed.json"
    known = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    now = known | {name: fingerprint(html, name) for name, html in pages.items()}
    makers = {".pdf": _pdf, **dict(more)}
    files = {name: [(out / name).with_suffix(kind) for kind in makers] for name in pages}
    changed = [
        name for name in pages
        if now[name] != known.get(name) or not all(file.exists() for file in files[name])
    ]  # fmt: skip
    if changed:
        with _chromium() as browser:
            for name in changed:
                made = _make(browser, pages[name], name, makers.values())
                for path, content in zip(files[name], made, strict=True):
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(content)
        kept.write_text(json.dumps(dict(sorted(now.items())), indent=2) + "\n", encoding="utf-8")
    return [path for name in changed for path in files[name]]


def on_paper(html):
    """Return a page without its scripts, and without links that lead to other pages of the site."""
    return INNER_LINK.sub(r"\1", SCRIPT.sub("", html))


@contextmanager
def _chromium():
    place = find_chromium()
    if place is None:
        raise Stop("No Chromium starts here: install one, or name one in COURSE_CHROMIUM")
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=place, args=options)
        yield browser
        browser.close()


def _make(browser, html, name, makers):
    """Return what each of the makers makes of the page at the address `name`."""

    def answer(route):
        """Give the page its files from where the site will have them; it gets no others."""
        address = route.request.url.removeprefix(HOST)
        if address == name:
            return route.fulfill(body=on_paper(html), content_type="text/html; charset=utf-8")
        file = file_of(address)
        if not route.request.url.startswith(HOST) or not file.is_file():
            missing.append(route.request.url)
            return route.abort()
        return route.fulfill(path=file)

    missing = []
    page = browser.new_page(device_scale_factor=SHARPER)
    page.route("**/*", answer)
    page.goto(HOST + name, wait_until="load")
    page.evaluate("document.fonts.ready.then(() => true)")
    made = [maker(page) for maker in makers]
    page.close()
    missing = [address for address in missing if not address.endswith("/favicon.ico")]
    if missing:
        raise Stop(f"{name} shows what is not there: {', '.join(missing)}")
    return made


def _pdf(page):
    """Return an open page as PDF, with bookmarks and tags."""
    pdf = page.pdf(prefer_css_page_size=True, print_background=True, tagged=True, outline=True)
    return DATE.sub(rb"\g<1>20000101000000Z", pdf)


HOST = "http://course.invalid/"  # answered here: nothing leaves this machine
