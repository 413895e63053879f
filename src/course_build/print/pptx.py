"""Make a deck for PowerPoint: from its page in the browser, words as words, pictures with alt text.

Chromium says where everything stands, pptx_file.py writes it. Drawings become pictures: PowerPoint
shows no part of an SVG. The small picture of a deck, for the page that lists all, comes from here.
"""

import io

from PIL import Image

from course_build.print import pptx_file, site_address

COLOURS = 128  # as many as the drawings need; photographs are grey
THUMBNAIL = (320, 180)

#: What stands on each slide, as pptx_file.py wants it; the pictures are filled in here.
READ = """site => {
  const hex = colour => colour.match(/[\\d.]+/g).slice(0, 3)
    .map(n => Math.round(n).toString(16).padStart(2, "0")).join("").toUpperCase();
  const within = (element, section) => {
    const a = element.getBoundingClientRect(), b = section.getBoundingClientRect();
    return [a.x - b.x, a.y - b.y, a.width, a.height];
  };
  const address = a => {
    const to = a?.getAttribute("href");
    if (!to || /^https?:/.test(to)) return to;
    return site && site + to.replace(/^(\\.\\.\\/)+/, "").replace(/index\\.html/, "");
  };
  const runsOf = block => {
    const runs = [], walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
    const pre = block.closest("pre");
    for (let node; (node = walker.nextNode());) {
      const own = node.parentElement, style = getComputedStyle(own);
      const words = pre ? node.data : node.data.replace(/\\s+/g, " ");
      if (words) runs.push({
        words, bold: style.fontWeight >= 600, italic: style.fontStyle === "italic",
        mono: !!own.closest("code"), colour: hex(style.color),
        href: address(own.closest("a")) || "",
      });
    }
    return runs;
  };
  // A line of code is a paragraph.
  const lines = pre => {
    const all = [{ runs: [] }];
    for (const run of runsOf(pre.querySelector("code"))) {
      run.words.replace(/\\n$/, "").split("\\n").forEach((words, n) => {
        if (n) all.push({ runs: [] });
        all.at(-1).runs.push({ ...run, words: words || " " });
      });
    }
    return all;
  };
  const size = element => parseFloat(getComputedStyle(element).fontSize);
  const item = (block, section) => {
    const box = within(block, section), tag = block.localName;
    if (/^h[12]$/.test(tag)) {
      const sign = getComputedStyle(block, "::before").content.includes("▸") ? "▸ " : "";
      return { kind: "title", box, size: size(block), colour: hex(getComputedStyle(block).color),
        words: sign + block.innerText };
    }
    const picture = block.querySelector("img");
    if (picture) return { kind: "picture", box: within(picture, section), alt: picture.alt };
    if (tag === "table") return {
      kind: "table", box, size: size(block),
      rows: [...block.rows].map(row => [...row.cells].map(cell => ({
        align: getComputedStyle(cell).textAlign.replace("start", "left"),
        paragraphs: [{ runs: runsOf(cell) }],
      }))),
      widths: [...block.rows[0].cells].map(cell => cell.offsetWidth),
      heights: [...block.rows].map(row => row.offsetHeight),
    };
    const paragraphs = tag === "pre" ? lines(block)
      : /^[uo]l$/.test(tag) ? [...block.children].map(li => ({ bullet: tag, runs: runsOf(li) }))
      : [{ runs: runsOf(block) }];
    return { kind: "words", box, size: size(tag === "pre" ? block.querySelector("code") : block),
      paragraphs, fill: tag === "pre" ? hex(getComputedStyle(block).backgroundColor) : "" };
  };
  return {
    title: document.title,
    slides: [...document.querySelectorAll("section")].map((section, number) => ({
      background: hex(getComputedStyle(section).backgroundColor),
      bar: hex(getComputedStyle(section).borderTopColor),
      numbers: hex(getComputedStyle(section, "::after").color),
      items: [...section.children].map(block => item(block, section)),
      notes: [...document.querySelectorAll(`.bespoke-marp-note[data-index="${number}"] > *`)]
        .map(note => note.innerText),
    })),
  };
}"""


def of_deck(page):
    """Return a deck, open in the browser without its script, as the bytes of a PPTX file."""
    page.set_viewport_size({"width": 1280, "height": 720})
    deck = page.evaluate(READ, site_address())
    for number, slide in enumerate(deck["slides"]):
        pictures = page.locator("section").nth(number).locator("img")
        shown = [item for item in slide["items"] if item["kind"] == "picture"]
        for item, picture in zip(shown, pictures.all(), strict=True):
            item["png"] = _png(picture.screenshot())
    return pptx_file.written(deck)


def thumbnail(page):
    """Return the first slide that has a picture, or else the first, small, as a WebP."""
    page.set_viewport_size({"width": 1280, "height": 720})
    pictured = page.locator("section:has(img):not(.now)")
    slide = (pictured if pictured.count() else page.locator("section")).first
    image = Image.open(io.BytesIO(slide.screenshot())).convert("RGB")
    file = io.BytesIO()
    image.resize(THUMBNAIL, Image.Resampling.LANCZOS).save(file, "WEBP", quality=80, method=6)
    return file.getvalue()


def _png(shot):
    """A photograph as a small PNG."""
    file = io.BytesIO()
    image = Image.open(io.BytesIO(shot)).convert("RGB")
    image.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=0).save(
        file, "PNG", optimize=True
    )
    return file.getvalue()
