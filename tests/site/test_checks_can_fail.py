"""Each check meets a page that is wrong on purpose, and must say so."""

import pytest

from course_build.pages.search_index import SCRIPT, page_entry, script
from course_build.site_check import dead_links, outside_problems
from tests.site.checks import ASPECTS, alt_problem, visit
from tests.site.server import gzipped, serve

GOOD = """<!doctype html><html lang="en"><head><title>Good page</title>
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<style>@media (prefers-color-scheme: dark) { body { background: #111; color: #eee } }
p { overflow-wrap: anywhere }</style>
</head><body><main><h1 id="top-line">Nuclei</h1><p>A page without faults. <code>$x$</code></p>
<img src="nuclei.svg" alt="Two nuclei that touch" width="40" height="40"></main></body></html>"""

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><circle r="9"/></svg>'

# What to add to the good page, and the words its fault must contain.
BAD = {
    "console error": ("errors", "<script>console.error('broken')</script>", "broken"),
    "exception": ("errors", "<script>throw new Error('unexpected')</script>", "unexpected"),
    "missing script": ("failed", "<script src='gone.js'></script>", "gone.js: 404"),
    "other host": ("foreign", "<script src='https://cdn.test/x.js'></script>", "cdn.test"),
    "no alt": ("images", "<img src='nuclei.svg'>", "no alt text"),
    "empty alt": ("images", "<img src='nuclei.svg' alt=''>", "no data-decorative reason"),
    "file name as alt": ("images", "<img src='nuclei.svg' alt='nuclei.svg'>", "file name"),
    "lost picture": ("images", "<img src='gone.webp' alt='A lost cell'>", "does not load"),
    "lost lazy picture": (
        "images",
        "<p style='height:9000px'></p><img loading=lazy src='gone.webp' alt='A lost cell'>",
        "does not load",
    ),
    "wide element": ("overflow", "<div class=wide style='width:1400px'>x</div>", "div.wide"),
    "wide when opened": (
        "overflow",
        "<details><summary>More</summary><div style='width:1400px'>x</div></details>",
        "px wide in a window",
    ),
    "low contrast": ("axe", "<p style='color:#aaa;background:#fff'>pale</p>", "color-contrast"),
    "low contrast in a fold": (
        "axe",
        "<details><summary>More</summary><p style='color:#aaa;background:#fff'>pale</p></details>",
        "color-contrast",
    ),
    "formula as source": ("raw", "<p>with $x^2$ pixels</p>", "$x^2$"),
    "broken formula": ("raw", "<span class=katex-error title='ParseError'>x</span>", "ParseError"),
    "template variable": ("raw", "<p>an AP of {{ scores.ap }}</p>", "scores.ap"),
    "admonition": ("raw", "<p>!!! note</p>", "!!! note"),
    "markdown in raw HTML": ("raw", "<p>the `prob_thresh`</p>", "`prob_thresh`"),
    "always light": ("scheme", "<style>body { background: #fff !important }</style>", "dark"),
}


@pytest.fixture
def page_faults(tmp_path, browser):
    """Serve a page with an addition, visit it, and return its faults."""

    def page_faults(addition="", variant="dark-1280"):
        (tmp_path / "nuclei.svg").write_text(SVG)
        (tmp_path / "favicon.ico").write_text("")
        (tmp_path / "page.html").write_text(GOOD.replace("</main>", addition + "</main>"))
        gzipped.cache_clear()
        with serve(tmp_path) as root:
            (seen,) = visit(browser, root, ["page.html"], variant)
            return seen.faults

    return page_faults


@pytest.mark.parametrize("variant", ["light-1280", "dark-390"])
def test_a_good_page_has_no_faults(page_faults, variant):
    assert page_faults(variant=variant) == {aspect: [] for aspect in ASPECTS}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_page_is_reported(page_faults, name):
    aspect, addition, words = BAD[name]
    assert any(words in fault for fault in page_faults(addition)[aspect])


def test_a_fault_is_reported_for_its_own_page_only(tmp_path, browser):
    (tmp_path / "nuclei.svg").write_text(SVG)
    (tmp_path / "favicon.ico").write_text("")
    (tmp_path / "bad.html").write_text(GOOD.replace("</main>", "<script>throw 'x'</script></main>"))
    (tmp_path / "good.html").write_text(GOOD)
    with serve(tmp_path) as root:
        bad, good = visit(browser, root, ["bad.html", "good.html"], "light-1280")
    assert bad.faults["errors"] and not good.faults["errors"]
    assert good.first_view.keys() == {root + "good.html", root + "nuclei.svg"}


def test_every_aspect_of_a_visit_is_shown_a_bad_page():
    assert {aspect for aspect, _, _ in BAD.values()} == set(ASPECTS)


@pytest.mark.parametrize(
    ("alt", "name", "reason", "accepted"),
    [
        ("Two touching nuclei, outlined in amber", "stardist-outlines.webp", "", True),
        ("", "dots.svg", "dots behind the title, nothing to read", True),
        ("", "dots.svg", "", False),
        ("No description has been provided for this image", "a.png", "", False),
        ("StarDist outlines", "stardist-outlines.webp", "", False),
        ("figure1.png", "other.png", "", False),
        ("image", "cells.png", "", False),
    ],
)
def test_alt_text_must_say_what_is_to_be_seen(alt, name, reason, accepted):
    assert (alt_problem(alt, name, reason) is None) == accepted


@pytest.fixture
def small_site(tmp_path):
    """Write pages of a small site: small_site({"a/index.html": "<a …>"})."""

    def small_site(files):
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        return tmp_path

    return small_site


def index_with(anchor):
    """The search's index of a page with one section."""
    return script([page_entry("a/", "a", f'<h2 id="{anchor}">Part</h2>')], [])


LIVING = {
    "index.html": '<a href="a/#part">a</a> <a href=".">home</a> <a href="#">top</a>'
    '<link rel="canonical" href="https://site.test/lessons/"><img srcset="x.webp 2x, x.webp">',
    "a/index.html": '<h2 id="part">Part</h2><a href="..">up</a><a href="https://doi.org/1">doi</a>',
    "x.webp": "",
    "style.css": "a { background: url('x.webp') } b { background: url(data:image/png;base64,aa) }",
    SCRIPT: index_with("part"),
}


def test_living_links_are_not_reported(small_site):
    site = small_site(LIVING)
    assert dead_links(site, "https://site.test/lessons/") == []
    assert outside_problems(site, "https://site.test/lessons/") == []


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("b.html", '<a href="c/">c</a>', "b.html:1: <a> c/: no such file"),
        ("b.html", '\n<a href="a/#gone">a</a>', "b.html:2: <a> a/#gone: no such anchor"),
        ("b.html", '<i id="x"></i><i id="x"></i><a href="#x">x</a>', "2 elements have this id"),
        ("b.html", '<a href="a">a</a>', "no such file"),  # a redirect: some hosts do not
        ("b.html", '<img src="y.png">', "<img> y.png: no such file"),
        ("b.html", '<a href="/a/">a</a>', "outside the site's folder"),
        ("b.css", "i { background: url(y.png) }", "url(y.png)"),
        (SCRIPT, index_with("old"), "search index: a/#old: no such anchor"),
    ],
)
def test_a_dead_link_is_reported(small_site, name, text, words):
    site = small_site(LIVING | {name: text})
    (dead,) = dead_links(site, "https://site.test/lessons/")
    assert words in dead


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('<a href="http://stardist.net">s</a>', "not https"),
        ('<a href="https://star dist.net/x">s</a>', "well-formed"),
        ('<a href="https://stardist/x">s</a>', "well-formed"),
        ('<a href="https://example.com/x">s</a>', "placeholder"),
        ('<a href="javascript:alert(1)">s</a>', "not https"),
        ('<link rel="preconnect" href="https://fonts.test">', "another host"),
        ('<img src="https://img.test/x.png">', "another host"),
    ],
)
def test_a_bad_outside_link_is_reported(small_site, text, words):
    (problem,) = outside_problems(small_site(LIVING | {"b.html": text}), "https://site.test/")
    assert words in problem
