"""Print HTML as PDF with Chromium, and remember what each PDF was made from.

docs/teach/printed.json holds, for each PDF, a hash of its HTML and of every file that the HTML
shows. So a PDF is printed again only when something in it has changed, and a test can tell.
"""

import hashlib
import json
import re
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

from setup_env import find_chromium

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
FONTS = ROOT / "node_modules" / "@fontsource-variable" / "source-sans-3" / "files"
PRINTED = DOCS / "teach" / "printed.json"
SHOWN = re.compile(r'<img\b[^>]*?\bsrc="([^":#]+)')
# On a screen, a deck's script shows one slide at a time; on paper all are there.
SCRIPT = re.compile(r"<script\b.*?</script>", re.S)
# Paper leads nowhere on the site; links to other hosts stay.
INNER_LINK = re.compile(r'(<a\b[^>]*?) href="(?!https:)[^"]*"')
# The day of printing tells nothing: without it the same pages give the same file.
DATE = re.compile(rb"(/(?:CreationDate|ModDate) \(D:)\d{14}[^)]*")


def fingerprint(html, folder):
    """Return a hash of a page and of the pictures that it shows.

    html : the page; folder : where it lies, from which its pictures are found
    """
    digest = hashlib.sha256(on_paper(html).encode())
    for source in sorted(set(SHOWN.findall(html))):
        digest.update((folder / source).read_bytes())
    return digest.hexdigest()


def print_changed(pages, printed=PRINTED):
    """Print the pages of which something has changed; return the paths of the new PDFs.

    pages : {path of the PDF in docs/: its page as HTML}

    Raises
    ------
    SystemExit, with what to do, if no Chromium starts here.
    """
    known = json.loads(printed.read_text(encoding="utf-8")) if printed.exists() else {}
    now, changed = dict(known), []
    for path, html in pages.items():
        name = path.relative_to(DOCS / "teach").as_posix()
        now[name] = fingerprint(html, path.parent)
        if now[name] != known.get(name) or not path.exists():
            changed.append(path)
    if changed:
        with _chromium() as browser:
            for path in changed:
                path.write_bytes(_print(browser, pages[path], path))
    printed.write_text(json.dumps(dict(sorted(now.items())), indent=2) + "\n", encoding="utf-8")
    return changed


def on_paper(html):
    """Return a page without its scripts, and without links that lead to other pages of the site."""
    return INNER_LINK.sub(r"\1", SCRIPT.sub("", html))


@contextmanager
def _chromium():
    place = find_chromium()
    if place is None:
        raise SystemExit("No Chromium starts here: install one, or name one in COURSE_CHROMIUM")
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=place, args=options)
        yield browser
        browser.close()


def _print(browser, html, path):
    """Return the PDF of a page that belongs beside `path`, with bookmarks and tags."""

    def answer(route):
        """Give the page its files from where the site will have them; it gets no others."""
        address = route.request.url.removeprefix(HOST)
        if address == page_name:
            return route.fulfill(body=on_paper(html), content_type="text/html; charset=utf-8")
        file = DOCS / address
        if address.startswith("assets/fonts/"):
            file = FONTS / file.name
        if not route.request.url.startswith(HOST) or not file.is_file():
            missing.append(route.request.url)
            return route.abort()
        return route.fulfill(path=file)

    page_name = path.with_suffix(".html").relative_to(DOCS).as_posix()
    missing = []
    page = browser.new_page()
    page.route("**/*", answer)
    page.goto(HOST + page_name, wait_until="load")
    page.evaluate("document.fonts.ready.then(() => true)")
    pdf = page.pdf(prefer_css_page_size=True, print_background=True, tagged=True, outline=True)
    page.close()
    missing = [address for address in missing if not address.endswith("/favicon.ico")]
    if missing:
        raise SystemExit(f"{page_name} shows what is not there: {', '.join(missing)}")
    return DATE.sub(rb"\g<1>20000101000000Z", pdf)


HOST = "http://course.invalid/"  # answered here: nothing leaves this machine


__all__ = ["DOCS", "PRINTED", "ROOT", "fingerprint", "print_changed"]
