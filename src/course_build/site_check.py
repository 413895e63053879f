"""Where every link of the built site leads, read from its HTML files, without a browser."""

import re
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from course_build.pages import search_index

# Where the site pretends to stand while links are resolved.
LOCAL = "http://site.invalid/"
ADDRESS_ATTRIBUTES = {"href", "src", "poster", "data"}
# A <link> with one of these makes the browser ask another host; canonical or license do not.
FETCHING_RELS = {"stylesheet", "icon", "preload", "modulepreload", "manifest", "preconnect",
                 "dns-prefetch", "prefetch"}  # fmt: skip
FETCHING_TAGS = {"script", "img", "source", "iframe", "object", "embed", "video", "audio"}


@dataclass
class Reference:
    """One address in a page: the tag it stands in, and the line."""

    tag: str
    rel: str
    address: str
    line: int


@dataclass
class Page:
    """What a page offers (ids) and what it asks for (references)."""

    ids: list[str] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.page = Page()

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if attributes.get("id"):
            self.page.ids.append(attributes["id"])
        if tag == "a" and attributes.get("name"):
            self.page.ids.append(attributes["name"])
        addresses = [v for k, v in attrs if k in ADDRESS_ATTRIBUTES and v is not None]
        for choice in (attributes.get("srcset") or "").split(","):
            addresses += choice.split()[:1]
        rel = attributes.get("rel") or ""
        line = self.getpos()[0]
        self.page.references += [Reference(tag, rel, a.strip(), line) for a in addresses]


def html_files(site: Path) -> list[str]:
    """Every page of the site, as paths relative to it."""
    return sorted(f.relative_to(site).as_posix() for f in site.rglob("*.html"))


def page_files(site: Path) -> list[str]:
    """The pages that MkDocs makes; slides and run sheets have a look of their own."""
    return [name for name in html_files(site)
            if not name.startswith(("teach/slides/", "teach/run-sheets/"))
            or name.endswith("/index.html")]  # fmt: skip


def page_address(name: str) -> str:
    """The address a reader sees for a page's file: folders end in a slash."""
    return name.removesuffix("index.html") if name.split("/")[-1] == "index.html" else name


@cache
def read(file: Path) -> Page:
    """Parse one HTML file."""
    reader = _Reader()
    reader.feed(file.read_text(encoding="utf-8"))
    return reader.page


def dead_links(site: Path, site_url: str = LOCAL, *, from_disk: bool = False) -> list[str]:
    """Internal addresses that lead nowhere: pages, anchors, pictures, search results, CSS urls.

    from_disk : without a server, a link to a folder shows a list of files
    """
    site_url = site_url or LOCAL
    dead = []
    for name in html_files(site):
        here = urljoin(site_url, page_address(name))
        for ref in read(site / name).references:
            problem = _dead(site, site_url, here, ref.address, anchors=ref.tag == "a")
            if not problem and from_disk and _is_folder(site / name, ref.address):
                problem = "a folder"
            if problem:
                dead.append(f"{name}:{ref.line}: <{ref.tag}> {ref.address}: {problem}")
    index = site / search_index.SCRIPT
    if index.exists():
        for page in search_index.read_script(index.read_text(encoding="utf-8"))["pages"]:
            for anchor, *_ in page["sections"]:
                address = f"{page['url']}#{anchor}"
                if problem := _dead(site, site_url, site_url, address, anchors=True):
                    dead.append(f"search index: {address}: {problem}")
    for css in sorted(site.rglob("*.css")):
        here = urljoin(site_url, css.relative_to(site).as_posix())
        text = css.read_text(encoding="utf-8")
        for address in re.findall(r"url\(\s*['\"]?([^'\")]+)", text):
            if problem := _dead(site, site_url, here, address, anchors=False):
                dead.append(f"{css.relative_to(site)}: url({address}): {problem}")
    return sorted(set(dead))


def _dead(site, site_url, here, address, *, anchors):
    """Say what is wrong with one address; None when it works or leads outside."""
    if address.startswith(("data:", "mailto:", "blob:")):
        return None
    target, anchor = urldefrag(urljoin(here, address))
    root = urlsplit(site_url)
    parts = urlsplit(target)
    if parts.netloc != root.netloc:
        return None
    if not parts.path.startswith(root.path):
        return "outside the site's folder"
    file = site / unquote(parts.path.removeprefix(root.path))
    if file.is_dir() and (parts.path.endswith("/") or file == site):
        file /= "index.html"
    if not file.is_file():
        return "no such file"
    if anchors and anchor and file.suffix == ".html":
        count = read(file).ids.count(unquote(anchor))
        if count != 1:
            return "no such anchor" if count == 0 else f"{count} elements have this id"
    return None


def _is_folder(page, address):
    """Whether an address in a page, as a file beside it, is a folder."""
    parts = urlsplit(address)
    path = unquote(parts.path)
    return bool(path) and not (parts.scheme or parts.netloc) and (page.parent / path).is_dir()


def outside_problems(site: Path, site_url: str = LOCAL) -> list[str]:
    """Links to other hosts that are not plain https, and anything fetched from another host."""
    own = urlsplit(site_url or LOCAL).netloc
    problems = []
    for name in html_files(site):
        for ref in read(site / name).references:
            where = f"{name}:{ref.line}: <{ref.tag}> {ref.address}"
            try:
                parts = urlsplit(ref.address)
            except ValueError:
                problems.append(f"{where}: not an address")
                continue
            if parts.scheme in ("data", "mailto") or not (parts.scheme or parts.netloc):
                continue
            if parts.netloc == own:
                continue
            if parts.scheme != "https":
                problems.append(f"{where}: not https")
            elif "." not in (parts.hostname or "") or re.search(r"[\s<>\"{}|\\^`]", ref.address):
                problems.append(f"{where}: not a well-formed address")
            elif parts.hostname.removeprefix("www.") in ("example.com", "example.org"):
                problems.append(f"{where}: a placeholder")
            if ref.tag in FETCHING_TAGS or FETCHING_RELS & set(ref.rel.split()):
                problems.append(f"{where}: fetched from another host")
    return problems
