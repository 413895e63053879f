"""Photograph the pages at three widths, light and dark, on one sheet (`make contact-sheet`).

    python -m tests.site.contact_sheet                     every page of site/
    python -m tests.site.contact_sheet tools/stardist/     only this one, from top to bottom

Writes build/contact-sheet/index.html and its pictures. What an earlier run left there comes beside
them as "before".
"""

import argparse
import html
import shutil

from playwright.sync_api import sync_playwright
from tqdm import tqdm

from setup_env import find_chromium
from tests.site.checks import CHROMIUM_FLAGS
from tests.site.places import PAGES, ROOT
from tests.site.server import serve

OUT = ROOT / "build" / "contact-sheet"
WIDTHS = (1440, 1024, 390)  # px: a desk, a tablet, a phone
SCHEMES = ("light", "dark")
SCREENS = 2  # how much of a page is shown, in screens
RESTING = 700  # milliseconds until figures have drawn


def height(width):
    """Return the height of a screen that wide."""
    return 844 if width < 600 else round(width * 0.625)


def name(page, width, scheme):
    """Return the name of a picture."""
    return f"{page.strip('/').replace('/', '_') or 'home'}-{width}-{scheme}.jpg"


def photograph(browser, root, pages, *, whole):
    """Write a picture of each page at each width and in each scheme.

    whole : from top to bottom, else `SCREENS` screens
    """
    for page in tqdm(pages, unit="page"):
        for width in WIDTHS:
            screen = height(width)
            size = {"width": width, "height": screen if whole else SCREENS * screen}
            context = browser.new_context(viewport=size, reduced_motion="reduce")
            tab = context.new_page()
            for scheme in SCHEMES:
                tab.emulate_media(color_scheme=scheme)
                tab.goto(root + page)
                if whole:  # pictures further down load when they are seen
                    tab.evaluate(
                        "async step => { for (let y = 0; y < document.body.scrollHeight; y += step)"
                        " { scrollTo(0, y); await new Promise(next => setTimeout(next, 60)); }"
                        " scrollTo(0, 0); }",
                        screen,
                    )
                tab.wait_for_timeout(RESTING)
                picture = OUT / name(page, width, scheme)
                tab.screenshot(path=picture, full_page=whole, type="jpeg", quality=80)
            context.close()


def sheet(pages, folder):
    """Return the page that shows all pictures in rows, an earlier one before the new one."""
    rows = []
    for page in pages:
        for state in ("before", "now"):
            cells = []
            for picture in (name(page, width, scheme) for width in WIDTHS for scheme in SCHEMES):
                address = f"before/{picture}" if state == "before" else picture
                if (folder / address).is_file():
                    cells.append(f'<a href="{address}"><img src="{address}" alt="{picture}"></a>')
            if cells:
                title = f"{html.escape(page or 'home')} ({state})"
                rows.append(f"<h2>{title}</h2><div>{''.join(cells)}</div>")
    style = (
        "body { font-family: sans-serif; background: #777 } div { display: flex; gap: 8px }"
        "img { height: 420px; width: auto; object-fit: cover; object-position: top }"
    )
    return f"<!doctype html><title>Contact sheet</title><style>{style}</style>{''.join(rows)}"


def main(arguments=None):
    """Photograph what the command line names."""
    parser = argparse.ArgumentParser(description="Photograph the pages of site/ on one sheet.")
    parser.add_argument("pages", nargs="*", choices=[*PAGES, []], metavar="page")
    chosen = parser.parse_args(arguments).pages
    pages = chosen or PAGES
    before = OUT / "before"
    if OUT.exists():
        shutil.rmtree(before, ignore_errors=True)
        earlier = list(OUT.glob("*.jpg"))
        before.mkdir()
        for picture in earlier:
            picture.rename(before / picture.name)
    OUT.mkdir(parents=True, exist_ok=True)
    with serve(ROOT / "site") as root, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_FLAGS)
        photograph(browser, root, pages, whole=bool(chosen))
        browser.close()
    (OUT / "index.html").write_text(sheet(pages, OUT), encoding="utf-8")
    print(f"Look at {(OUT / 'index.html').relative_to(ROOT)}")


if __name__ == "__main__":
    main()
