"""Open a page in a real browser and list what is wrong with it.

Every check answers with a list of sentences, empty when all is well, so that one run names every
fault. `test_checks_can_fail.py` shows each of them a page that is wrong on purpose.
"""

import re
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from axe_playwright_python.sync_playwright import Axe

# From the browser's own list: nothing in the background, no other host even by accident.
CHROMIUM_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-quic",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]  # fmt: skip

PATIENCE = 90_000  # milliseconds, for a machine that is busy with other tests

VARIANTS = {
    f"{scheme}-{width}": (scheme, width) for scheme in ("light", "dark") for width in (1280, 390)
}
#: Both schemes and both widths in half the visits; the other half runs nightly.
DIAGONAL = ("light-1280", "dark-390")
ASPECTS = {
    "errors": "console errors and uncaught exceptions",
    "failed": "requests that failed",
    "foreign": "requests to other hosts",
    "axe": "accessibility rules broken",
    "overflow": "wider than the window",
    "images": "pictures that do not load or do not say what they show",
    "raw": "math or markup shown as source",
    "scheme": "light or dark not applied",
}


@dataclass
class Visit:
    """One page in one variant: its faults by aspect, what it loaded, how many formulas it has."""

    path: str
    variant: str
    faults: dict[str, list[str]] = field(default_factory=lambda: {a: [] for a in ASPECTS})
    first_view: dict[str, str] = field(default_factory=dict)
    everything: dict[str, str] = field(default_factory=dict)
    formulas: int = 0


def summary(visits, aspect: str) -> list[str]:
    """Each fault of one aspect once, with the pages and variants that have it."""
    where = {}
    for seen in visits:
        for fault in seen.faults[aspect]:
            where.setdefault(fault, {}).setdefault(f"/{seen.path}", set()).add(seen.variant)
    lines = []
    for fault, pages in where.items():
        variants = ", ".join(sorted(set.union(*pages.values())))
        more = f" and {len(pages) - 4} more" if len(pages) > 4 else ""
        lines.append(f"{fault} [{', '.join(list(pages)[:4])}{more}; {variants}]")
    return lines


def visit(browser, root: str, paths: list[str], variant: str) -> list[Visit]:
    """Load each `root + path` in one window and run every check on it.

    The server forbids caching, so each page loads everything that its first reader loads.
    """
    scheme, width = VARIANTS[variant]
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, reduced_motion="reduce"
    )
    visits = [Visit(path, variant) for path in paths]
    try:
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        for seen in visits:
            forget = watch(page, root, seen)
            page.goto(root + seen.path, wait_until="load")
            settle(page, seen)
            seen.first_view = dict(seen.everything)
            check(page, seen, scheme)
            forget()
    finally:
        context.close()
    return visits


def check(page, seen: Visit, scheme: str) -> None:
    """Run every check that looks at the loaded page."""
    faults = seen.faults
    faults["scheme"] = scheme_faults(page, scheme)
    faults["images"] = image_faults(page)
    faults["overflow"] = overflow_faults(page)
    # Folded answers and solutions are read too: open them before the other checks.
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    faults["overflow"] += overflow_faults(page)
    faults["raw"] = raw_faults(page)
    seen.formulas = page.locator(".katex").count()
    page.evaluate(THIN_OUT)
    faults["axe"] = axe_faults(page)


def watch(page, root: str, seen: Visit):
    """Record errors and requests of `page` in `seen`, until the returned function is called."""
    own = urlsplit(root).netloc
    faults = seen.faults

    def requested(request):
        if request.url.startswith(("data:", "blob:")):
            return
        seen.everything[request.url] = request.resource_type
        if urlsplit(request.url).netloc != own:
            faults["foreign"].append(request.url)

    def said(message):
        if message.type == "error":
            faults["errors"].append(f"{message.text} ({message.location.get('url', '')})")

    def failed(request):
        faults["failed"].append(f"{request.url}: {request.failure}")

    def answered(response):
        if response.status >= 400:
            faults["failed"].append(f"{response.url}: {response.status}")

    def thrown(error):
        faults["errors"].append(f"uncaught: {error}")

    listeners = {
        "request": requested,
        "console": said,
        "pageerror": thrown,
        "requestfailed": failed,
        "response": answered,
    }
    for event, listener in listeners.items():
        page.on(event, listener)

    def forget():
        for event, listener in listeners.items():
            page.remove_listener(event, listener)

    return forget


def settle(page, seen: Visit) -> None:
    """Wait until fonts are in and no new request has come for a moment."""
    page.evaluate("document.fonts.ready.then(() => true)")
    before = -1
    while len(seen.everything) != before:
        before = len(seen.everything)
        page.wait_for_timeout(120)


def scheme_faults(page, scheme: str) -> list[str]:
    """Check that the page is painted light or dark, whatever the scheme is called."""
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    numbers = [float(n) for n in re.findall(r"[\d.]+", colour)]
    red, green, blue = [*numbers, 0, 0, 0][:3]
    if len(numbers) == 4 and numbers[3] == 0:
        red = green = blue = 255  # transparent: the browser's white
    brightness = (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255
    if (scheme == "dark") != (brightness < 0.4):
        return [f"background is {colour} in the {scheme} scheme"]
    return []


LOAD_IMAGES = """async () => {
  // Of a pair for light and dark, a browser loads the one that is shown; each has its own visit.
  const images = [...document.images].filter(image => getComputedStyle(image).display !== 'none');
  await Promise.all(images.map(image => {
    image.loading = 'eager';
    return image.complete || new Promise(done => {
      image.addEventListener('load', done);
      image.addEventListener('error', done);
      setTimeout(done, 60000);
    });
  }));
  return images.map(image => ({
    src: image.currentSrc || image.src,
    alt: image.getAttribute('alt'),
    reason: image.dataset.decorative || '',
    loaded: image.complete && image.naturalWidth > 0,
  }));
}"""


def image_faults(page) -> list[str]:
    """Load every picture, those below the fold too, and read its alt text."""
    faults = []
    for image in page.evaluate(LOAD_IMAGES):
        name = unquote(image["src"]).split("/")[-1][:60]
        if not image["loaded"]:
            faults.append(f"{name}: does not load")
        if problem := alt_problem(image["alt"], name, image["reason"]):
            faults.append(f"{name}: {problem}")
    return faults


def alt_problem(alt: str | None, file_name: str, reason: str = "") -> str | None:
    """Say why an alt text tells nothing; None for a real one.

    An empty alt is right for decoration only, and the page says so:
    `data-decorative="why it can be left out"`.
    """
    if alt is None:
        return "no alt text"
    text = alt.strip().lower()
    if not text:
        return None if reason.strip() else "empty alt text and no data-decorative reason"
    if "no description has been provided" in text:
        return "alt text is the notebook converter's placeholder"
    plain = re.sub(r"[\W_]+", " ", text).strip()
    stem = re.sub(r"[\W_]+", " ", file_name.lower().split("#")[0].rsplit(".", 1)[0]).strip()
    if plain == stem or re.fullmatch(r"\S+\.(png|jpe?g|webp|svg|gif|tiff?)", text):
        return f"alt text is a file name: {alt!r}"
    if len(plain.split()) < 2:
        return f"alt text says too little: {alt!r}"
    return None


FIND_WIDE = """() => {
  const width = document.documentElement.clientWidth;
  const widest = Math.max(document.documentElement.scrollWidth, document.body.scrollWidth);
  if (widest <= width) return [];
  const scrolls = e => {
    for (let p = e.parentElement; p && p !== document.body; p = p.parentElement)
      if (getComputedStyle(p).overflowX !== 'visible') return true;
    return false;
  };
  const name = e => e.tagName.toLowerCase() + (e.id ? '#' + e.id : '') +
    [...e.classList].map(c => '.' + c).join('');
  const wide = [...document.body.querySelectorAll('*')]
    .filter(e => e.getBoundingClientRect().right > width + 1 && !scrolls(e))
    .slice(0, 5).map(e => `${name(e)} ends at ${Math.round(e.getBoundingClientRect().right)} px`);
  return [`page is ${widest} px wide in a window of ${width} px: ${wide.join(', ')}`];
}"""


def overflow_faults(page) -> list[str]:
    """Check that the page does not scroll sideways, and name what sticks out."""
    return page.evaluate(FIND_WIDE)


FIND_RAW = r"""() => {
  const skip = 'pre, code, script, style, textarea, kbd, .katex';
  const raw = /\\\(|\\\[|\$\$|\\(frac|sum|mathbf|mathrm|text|cdot|times|left|in)\b|\$[^$\s][^$]*\$|\{\{.+\}\}|^\s*(!!!|\?\?\?) |\]\(\S+\)|\{ ?[.#:][\w-]+|`[^`]+`|\*\*[^*]+\*\*|COURSE_WHEEL/;
  const found = [...document.querySelectorAll('.katex-error')]
    .map(e => `formula does not parse: ${e.title || e.textContent}`);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode())
    if (!node.parentElement.closest(skip) && raw.test(node.data))
      found.push(`shown as source: ${node.data.trim().slice(0, 80)}`);
  return found;
}"""  # noqa: E501


def raw_faults(page) -> list[str]:
    """Find formulas, template variables and Markdown that reached the reader unrendered."""
    return page.evaluate(FIND_RAW)


# axe looks behind every element, and a page has a thousand coloured words of code: one of each
# kind in each kind of block tells as much. So does one formula: its pieces have the text's colour.
THIN_OUT = """() => {
  const seen = new Set();
  for (const word of document.querySelectorAll("pre span[class]")) {
    const kind = [word.className, word.closest("pre").parentElement.className].join(" in ");
    if (seen.has(kind)) word.replaceWith(...word.childNodes);
    seen.add(kind);
  }
  for (const formula of document.querySelectorAll(".katex-html")) {
    const kind = formula.closest(".admonition, details, figure, table, article")?.className;
    if (seen.has(kind)) formula.style.visibility = "hidden";
    seen.add(kind);
  }
}"""


def axe_faults(page, within: str | None = None) -> list[str]:
    """Run every axe rule on the page as it stands now, or on what a selector finds there."""
    faults = []
    only_faults = {"resultTypes": ["violations"]}  # the rest is long, and read by nobody
    for rule in Axe().run(page, context=within, options=only_faults).response["violations"]:
        for node in rule["nodes"]:
            reasons = [c["message"] for c in node["any"] + node["all"] + node["none"]]
            target = " ".join(str(part) for part in node["target"])
            faults.append(f"{rule['id']} ({rule['impact']}): {target}: {'; '.join(reasons)}")
    return faults
