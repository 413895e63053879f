"""Check the stored notebooks, and tidy the HTML that mkdocs-jupyter makes of them.

mkdocs-jupyter inlines its stylesheets, scripts and pictures into every page: a page of one cell
weighs 600 kB. Here each cell becomes the same few elements that other pages are made of, and each
picture a file. What a reader should never meet (a cell that did not run, an error, a picture
without a description, a dead link) raises Stop with the notebook's and the cell's name.
"""

import base64
import hashlib
import io
import os
import re
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby

import nbformat
from bs4 import BeautifulSoup, Comment
from PIL import Image
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from course_build import Stop
from course_build.notebooks.folds import fold

# A figure as wide as the text is about 1400 pixels wide in the notebook: sharp on dense screens.
PIXELS_PER_CSS_PIXEL = 1.5
# Pictures made of few colours stay exact when that costs little; the others are compressed, those
# with much noise, which hides what is lost, the most.
LOSSLESS_UP_TO_BYTES = 30_000
HEAVY_BYTES = 42_000
QUALITIES = (80, 65, 50, 35)

MATH = re.compile(r"\$\$(?P<block>.+?)\$\$|(?<!\\)\$(?P<inline>[^$\n]+?)\$", re.S)
HEADINGS = ["h1", "h2", "h3", "h4", "h5", "h6"]
SETUP = '<details class="setup"><summary>Set-up cell for Colab</summary></details>'
WRAPPERS = {
    "exercise": '<div class="exercise"></div>',
    "solution": '<details class="solution"><summary>Solution</summary></details>',
}


@dataclass
class Cell:
    """One cell: its kind, its name in errors, how it is wrapped, and the picture it shows.

    is_answer_check : whether its code holds the right answer to an exercise
    fold : what the fold of its code is called, None where that stays open
    """

    kind: str
    where: str
    wrapper: str | None = None
    is_answer_check: bool = False
    fold: str | None = None
    figure: str | None = None
    alt: str = ""
    error: str = ""


@dataclass
class NotebookPage:
    """What the site needs to know about one notebook.

    figures : {name: (Pillow image, the cell it comes from)}
    result : the cell whose picture opens the page, tagged `result`; None if none is
    course : metadata.course, as `make notebooks` wrote it: versions, device, seconds; or, for a
        notebook without outputs, {"runs": "elsewhere", "why": …, "packages": …}, written by hand
    """

    name: str
    cells: list[Cell] = field(default_factory=list)
    figures: dict[str, tuple[Image.Image, str]] = field(default_factory=dict)
    result: Cell | None = None
    course: dict = field(default_factory=dict)

    @property
    def runs_elsewhere(self):
        """Whether it is published without outputs: what it needs is not to be had here."""
        return self.course.get("runs") == "elsewhere"


# --- Before the page is made: read and check --------------------------------------------------


def read(path, name):
    """Read and check the notebook at `path`; errors call it `name`."""
    try:
        notebook = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
        nbformat.validate(notebook)
    except Exception as error:
        raise Stop(f"{name}: cannot be read as a notebook ({error})") from error
    page = NotebookPage(name, course=notebook.metadata.get("course", {}))
    needed, cure = {"python", "packages", "device", "seconds"}, "run `make notebooks`"
    if page.runs_elsewhere:
        needed, cure = {"why", "packages"}, "say why it is not run here, and with what it runs"
    if missing := needed - set(page.course):
        raise Stop(f"{name}: metadata.course lacks {', '.join(sorted(missing))}: {cure}")
    for number, cell in enumerate(notebook.cells, start=1):
        page.cells.append(_check(cell, _where(name, number, cell), page))
    if not page.cells or not re.match(r"# \S", notebook.cells[0].source):
        raise Stop(f"{name}, cell 1: begin with the title, as in '# Images as numbers'")
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if code and not page.runs_elsewhere and not any(cell.outputs for cell in code):
        raise Stop(f"{name}: has no outputs: run `make notebooks`")
    return page


def _where(name, number, cell):
    first_line = next((line for line in cell.source.splitlines() if line.strip()), "empty")
    return f"{name}, cell {number} ({first_line.strip()[:60]!r})"


def _check(cell, where, page):
    tags = cell.metadata.get("tags", [])
    wrapper = next((tag for tag in WRAPPERS if tag in tags), None)
    checked = Cell(
        cell.cell_type, where, wrapper, is_answer_check="answer-check" in tags, fold=fold(cell)
    )
    if cell.cell_type != "code":
        if "](attachment:" in cell.source:
            raise Stop(f"{where}: shows an attached picture: make it a figure in figures/")
        return checked
    if page.runs_elsewhere:
        if cell.outputs or cell.execution_count is not None:
            raise Stop(f"{where}: has outputs, but metadata.course says it runs elsewhere")
    elif cell.source.strip() and cell.execution_count is None:
        raise Stop(f"{where}: has not been executed: run `make notebooks`")
    pictures = []
    for output in cell.outputs:
        if output.output_type == "error":
            checked.error = f"{output.ename}: {output.evalue}"
            if "raises-exception" not in tags:
                raise Stop(f"{where}: stopped with {checked.error}")
        data = output.get("data", {})
        if "application/vnd.jupyter.widget-view+json" in data:
            raise Stop(f"{where}: shows a widget, which is empty outside a running notebook")
        if "image/png" in data:
            pictures.append(data["image/png"])
        elif other := [kind for kind in data if kind.startswith(("image/", "application/"))]:
            raise Stop(f"{where}: the site cannot show {other[0]}: draw a PNG")
    if len(pictures) > 1:
        raise Stop(f"{where}: shows two pictures: give each its own cell")
    if pictures:
        checked.figure, checked.alt = _named(cell.metadata.get("figure", {}), where, page)
        page.figures[checked.figure] = _picture(pictures[0], where), where
    if "result" in tags:
        if not pictures or page.result:
            raise Stop(f"{where}: one cell with a picture is tagged `result`, and no other")
        page.result = checked
    return checked


def _named(figure, where, page):
    """The picture's name and description, from the cell's metadata."""
    name, alt = figure.get("name", ""), " ".join(figure.get("alt", "").split())
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
        raise Stop(
            f"{where}: name the picture in the cell's metadata, with small letters, digits and "
            'hyphens: {"figure": {"name": "nuclei-outlines", "alt": "what is to be seen"}}'
        )
    if not alt:
        raise Stop(f"{where}: say in metadata.figure.alt what the picture shows")
    if name in page.figures:
        raise Stop(f"{where}: the figure name {name!r} is already taken")
    return name, alt


def _picture(png, where):
    try:
        return Image.open(io.BytesIO(base64.b64decode(png))).convert("RGBA")
    except Exception as error:
        raise Stop(f"{where}: the picture cannot be read ({error})") from error


def to_webp(image, kept=None):
    """Encode a Pillow image: without loss when that is small, else at the quality it can afford.

    kept : folder in which it is looked up, as encoding takes a third of a build's time
    """
    if kept:
        settings = f"{image.mode}{image.size}{LOSSLESS_UP_TO_BYTES}{HEAVY_BYTES}{QUALITIES}"
        name = hashlib.sha256(settings.encode() + image.tobytes()).hexdigest()[:32]
        file = kept / f"{name}.webp"
        if not file.exists():
            kept.mkdir(parents=True, exist_ok=True)
            half = file.with_suffix(f".{os.getpid()}.part")  # another build may write it, too
            half.write_bytes(to_webp(image))
            half.replace(file)
        return file.read_bytes()
    if image.mode == "RGBA" and image.getextrema()[3] == (255, 255):
        image = image.convert("RGB")
    encoded = [_encode(image, lossless=True, method=2)]
    if len(encoded[0]) > LOSSLESS_UP_TO_BYTES:
        for quality in QUALITIES:
            encoded.append(_encode(image, quality=quality, method=4))
            if len(encoded[-1]) <= HEAVY_BYTES:
                break
    return min(encoded, key=len)


def _encode(image, **options):
    file = io.BytesIO()
    image.save(file, "WEBP", **options)
    return file.getvalue()


# --- After mkdocs-jupyter made the page: tidy it ----------------------------------------------


def tidy(
    page_html, page, *, anchors, resolve, figures="../figures/", setup_cell="", facts="", after=None
):
    """Return the body of the page, made of what mkdocs-jupyter rendered.

    page : the NotebookPage of the same notebook
    anchors : the headings' ids, in order, as the table of contents names them
    resolve : function (href, where) -> href on the site, or None where the link has to go;
        raises Stop for a dead link
    figures : where the pictures lie, seen from the page
    setup_cell : source of the cell that a copy for Colab begins with; shown folded
    facts : HTML of what is to be known before one starts, below what the notebook promises
    after : where the foot of the page leads on: the text does not say so again
    """
    soup = BeautifulSoup(page_html, "html.parser")
    # Code cells are wrapped twice.
    rendered = [cell for cell in soup.select(".jp-Cell") if not cell.select_one(".jp-Cell")]
    if len(rendered) != len(page.cells):
        raise Stop(
            f"{page.name}: mkdocs-jupyter rendered {len(rendered)} of {len(page.cells)} cells"
        )
    body = soup.new_tag("div")
    pairs = zip(page.cells, rendered, strict=True)
    for wrapper, group in groupby(pairs, key=lambda pair: pair[0].wrapper):
        target = body
        if wrapper:
            target = BeautifulSoup(WRAPPERS[wrapper], "html.parser").contents[0]
            body.append(target)
        for cell, element in group:
            if cell.kind == "code":
                target.append(_code(soup, cell, element, page, figures))
            else:
                target.extend(_text(soup, element, partial(resolve, where=cell.where)))
    if setup_cell:
        _show_setup(soup, body, setup_cell)
    _set_anchors(soup, body, anchors, page.name)
    _make_head(soup, body, page, figures, facts)
    _count_parts(body)
    _leave_next_to_the_foot(body, after)
    return body.decode_contents()


def _show_setup(soup, body, source):
    """Put the set-up cell for Colab, folded, before the first code of the page."""
    rendered = highlight(source, PythonLexer(), HtmlFormatter())  # as Jupyter does it
    code = list(BeautifulSoup(rendered, "html.parser").pre.contents)
    box = soup.new_tag("div", attrs={"class": "cell"})
    box.append(_highlighted(soup, code, ["language-python", "highlight"]))
    fold = BeautifulSoup(SETUP, "html.parser").contents[0]
    fold.append(box)
    first = body.select_one(".cell")
    while first and first.parent is not body:
        first = first.parent
    if first:
        first.insert_before(fold)
    else:
        body.append(fold)


def _make_head(soup, body, page, figures, facts):
    """Below title and lead: what the notebook promises, the facts, and a picture of the result."""
    last = body.h1.find_next_sibling("p") or body.h1
    words = "You will be able to"
    abilities = next((p for p in body.find_all("p", recursive=False) if words in p.text), None)
    if abilities:
        promise = soup.new_tag("div", attrs={"class": "promise"})
        costs = abilities.find_next_sibling("p")
        abilities.insert_before(promise)
        first = abilities.find(string=re.compile(f"^{words}: "))
        if first:
            first.insert_before(BeautifulSoup(f"<strong>{words}</strong> ", "html.parser"))
            first.replace_with(first.removeprefix(f"{words}: "))
        promise.extend([abilities, costs] if costs else [abilities])
        last = promise
    head = list(BeautifulSoup(facts, "html.parser").contents)
    if page.result:
        picture = _figure(soup, page.result, page, figures)
        picture["class"] = "result"
        picture.img.attrs |= {"loading": "eager", "fetchpriority": "high"}
        head.append(picture)
    for element in reversed(head):
        last.insert_after(element)


def _count_parts(body):
    """Let every part say where it stands, outside of its heading's own words."""
    parts = [heading for heading in body.find_all("h2") if not heading.text.startswith("Sources")]
    for number, heading in enumerate(parts, start=1):
        heading["data-part"] = f"Part {number} of {len(parts)}"


def _leave_next_to_the_foot(body, after):
    """Take out the way on that the foot of the page shows; other ways stay."""
    word = body.find("strong", string="Next:")
    link = word and word.find_next_sibling("a")
    if not link or link["href"] != after:
        return
    paragraph = word.parent
    others = "".join(map(str, link.next_siblings)).lstrip(" ,·\n")
    if others:
        paragraph.clear()
        paragraph.append(BeautifulSoup(others[0].upper() + others[1:], "html.parser"))
    else:
        paragraph.decompose()


def _text(soup, element, resolve):
    """A Markdown cell: its elements, with links that lead on and formulas marked as elsewhere."""
    inside = element.select_one(".jp-RenderedMarkdown")
    for mark in inside.select(".anchor-link"):
        mark.decompose()
    for link in inside.find_all(["a", "img"]):
        attribute = "href" if link.name == "a" else "src"
        if attribute not in link.attrs:
            continue
        if target := resolve(link[attribute]):
            link[attribute] = target
        else:
            link.unwrap()
    for pre in inside.select("pre:not(:has(> code))"):
        pre.replace_with(_preformatted(soup, list(pre.contents)))
    for node in inside.find_all(string=MATH):
        if not isinstance(node, Comment) and not node.find_parent(["pre", "code"]):
            node.replace_with(BeautifulSoup(MATH.sub(_formula, _escaped(node)), "html.parser"))
    return list(inside.contents)


def _escaped(node):
    return str(node).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _formula(match):
    if match["block"]:
        return f'<div class="arithmatex">\\[{match["block"]}\\]</div>'
    return f'<span class="arithmatex">\\({match["inline"]}\\)</span>'


def _code(soup, cell, element, page, figures):
    """A code cell: its source, then what it printed and drew.

    Nobody looks for numbers that a cell printed, nor for the code that checks an answer, and every
    page loads what search can find: both stay out of it.
    """
    box = soup.new_tag("div", attrs={"class": "cell"})
    if source := element.select_one(".highlight-ipynb"):
        code = list(source.pre.contents)
        shown = _highlighted(soup, code, ["language-python", "highlight"])
        if cell.is_answer_check:
            shown["data-search-exclude"] = ""
        box.append(_folded(soup, shown, cell.fold) if cell.fold else shown)
    outputs = soup.new_tag("div", attrs={"class": "output", "data-search-exclude": ""})
    rendered = element.select(".jp-OutputArea-output")
    for output in rendered:
        if output.find("img", src=re.compile("^data:")):
            outputs.append(_figure(soup, cell, page, figures))
        elif "jp-RenderedText" in output["class"]:
            # An expected error: its last line, not the way there.
            text = cell.error if cell.error and output is rendered[-1] else output.get_text()
            outputs.append(_highlighted(soup, [text.strip("\n")], ["no-copy", "highlight"]))
        else:
            html = soup.new_tag("div", attrs={"class": "output-html"})
            for extra in output.find_all(["style", "script"]):
                extra.decompose()
            for header in output.find_all("th"):
                if not header.get_text(strip=True):
                    header.name = "td"  # a screen reader stumbles over a header without a word
            html.extend(list(output.contents))
            outputs.append(html)
    if outputs.contents:
        box.append(outputs)
    return box


def _folded(soup, code, name):
    fold = soup.new_tag("details", attrs={"class": "code"})
    summary = soup.new_tag("summary", attrs={"data-search-exclude": ""})
    summary.string = name
    fold.extend([summary, code])
    return fold


def _preformatted(soup, contents):
    """<pre> as Material expects it: scrollable, and with a button to copy it."""
    pre, code = soup.new_tag("pre"), soup.new_tag("code")
    code.extend(contents)
    pre.append(code)
    return pre


def _highlighted(soup, contents, classes):
    block = soup.new_tag("div", attrs={"class": classes})
    block.append(_preformatted(soup, contents))
    return block


def _figure(soup, cell, page, figures):
    width, height = (
        round(side / PIXELS_PER_CSS_PIXEL) for side in page.figures[cell.figure][0].size
    )
    paragraph = soup.new_tag("p")
    attributes = {"alt": cell.alt, "src": f"{figures}{cell.figure}.webp"}
    size = {"width": str(width), "height": str(height), "loading": "lazy", "decoding": "async"}
    paragraph.append(soup.new_tag("img", attrs=attributes | size))
    return paragraph


def _set_anchors(soup, body, anchors, name):
    headings = body.find_all(HEADINGS)
    if len(headings) != len(anchors):
        raise Stop(
            f"{name}: {len(headings)} headings, but {len(anchors)} in the table of contents: write "
            "headings as # Text, and none in HTML"
        )
    for heading, anchor in zip(headings, anchors, strict=True):
        heading["id"] = anchor
        link = soup.new_tag("a", attrs={"class": "headerlink", "href": f"#{anchor}"})
        link["title"] = "Link to this section"
        link.string = "¶"
        heading.append(link)
