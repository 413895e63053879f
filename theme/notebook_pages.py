"""Turn an executed notebook into the Markdown of a page, and its pictures into files.

The page is ordinary Markdown, so headings, highlighting, math, search and link checks work as on
every other page. What a reader should never meet (a cell that did not run, an error, a picture
without a description) raises PluginError with the notebook's and the cell's name.
"""

import base64
import io
import json
import re
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby
from types import SimpleNamespace

from mkdocs.exceptions import PluginError
from PIL import Image

from repository_links import outside_code

# A figure as wide as the text is about 1400 pixels wide in the notebook: sharp on dense screens.
PIXELS_PER_CSS_PIXEL = 1.5
# Pictures made of few colours stay exact when that costs little; the others are compressed.
LOSSLESS_UP_TO_BYTES = 60_000

CELL = {"metadata": {}, "outputs": [], "execution_count": None}
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
WRAPPERS = {
    "setup": '<details class="setup" markdown>\n<summary>Set-up cell for Colab</summary>',
    "exercise": '<div class="exercise" markdown>',
    "solution": '<details class="solution" markdown>\n<summary>Solution</summary>',
}


@dataclass
class NotebookPage:
    """What the site shows of one notebook.

    figures : {name: (WebP bytes, where it comes from)}
    course : metadata.course, as `make notebooks` wrote it: versions, device, seconds
    """

    markdown: str = ""
    figures: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    course: dict = field(default_factory=dict)


def read(path, name, *, rewrite=lambda text, where: text, show_setup=True):
    """Read the notebook at `path`; errors call it `name`.

    rewrite : function (Markdown, where) -> Markdown that adapts links
    show_setup : show the cell tagged `setup`, folded; leave it out when False
    """
    try:
        # Plain JSON: importing nbformat alone takes longer than building the rest of the site.
        notebook = json.loads(path.read_text(encoding="utf-8"))
        if notebook["nbformat"] != 4:
            raise ValueError(f"nbformat {notebook['nbformat']}, not 4")
        notebook_cells = [
            SimpleNamespace(**CELL | cell | {"source": _text(cell["source"])})
            for cell in notebook["cells"]
        ]
        page = NotebookPage(course=notebook["metadata"].get("course", {}))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise PluginError(f"{name}: cannot be read as a notebook ({error!r})") from error
    if missing := {"python", "packages", "device", "seconds"} - set(page.course):
        raise PluginError(
            f"{name}: metadata.course lacks {', '.join(sorted(missing))}: run `make notebooks`"
        )
    cells = [
        (_wrapper(cell), _where(name, number, cell), cell)
        for number, cell in enumerate(notebook_cells, start=1)
    ]
    if not cells or not re.match(r"# \S", cells[0][2].source):
        raise PluginError(f"{name}, cell 1: begin with the title, as in '# Images as numbers'")
    code = [cell for cell in notebook_cells if cell.cell_type == "code"]
    if code and not any(cell.outputs for cell in code):
        raise PluginError(f"{name}: has no outputs: run `make notebooks`")

    blocks = []
    for wrapper, group in groupby(cells, key=lambda cell: cell[0]):
        inside = [_cell(cell, where, page, rewrite) for _, where, cell in group]
        if wrapper == "setup" and not show_setup:
            continue
        if wrapper:
            closing = "</div>" if WRAPPERS[wrapper].startswith("<div") else "</details>"
            inside = [WRAPPERS[wrapper], *inside, closing]
        blocks += inside
    page.markdown = "\n\n".join(blocks) + "\n"
    return page


def _text(value):
    """A notebook's file holds text whole or as a list of lines."""
    return value if isinstance(value, str) else "".join(value)


def _where(name, number, cell):
    first_line = next((line for line in cell.source.splitlines() if line.strip()), "empty")
    return f"{name}, cell {number} ({first_line.strip()[:60]!r})"


def _wrapper(cell):
    return next((tag for tag in WRAPPERS if tag in cell.metadata.get("tags", [])), None)


def _cell(cell, where, page, rewrite):
    if cell.cell_type != "code":
        return _prose(rewrite(cell.source, where), where)
    if cell.source.strip() and cell.execution_count is None:
        raise PluginError(f"{where}: has not been executed: run `make notebooks`")
    try:
        if sum("image/png" in output.get("data", {}) for output in cell.outputs) > 1:
            raise PluginError(f"{where}: shows two pictures: give each its own cell")
        outputs = [_output(output, cell, where, page) for output in cell.outputs]
    except (KeyError, TypeError, AttributeError) as error:
        raise PluginError(f"{where}: has an output that cannot be read ({error!r})") from error
    if outputs := [output for output in outputs if output]:
        outputs = ['<div class="output" markdown>', *outputs, "</div>"]
    code = [_fence(cell.source, "python")] if cell.source.strip() else []
    return "\n\n".join(['<div class="cell" markdown>', *code, *outputs, "</div>"])


def _prose(text, where):
    """Adapt Jupyter's Markdown to Python-Markdown's stricter rules on lists and HTML."""
    if "](attachment:" in text:
        raise PluginError(f"{where}: shows an attached picture: make it a file in docs/images")

    def adapt(part):
        if match := re.search(r"^ {1,3}([-*+]|\d+\.) .*", part, re.M):
            raise PluginError(f"{where}: indent the nested list by four spaces: {match[0]!r}")
        # Jupyter lets a list follow a line of text directly; here it needs an empty line between.
        part = re.sub(
            r"^(?! *(?:[-*+]|\d+\.) |    |\s*$)(.+)\n(?=(?:[-*+]|1\.) )",
            r"\1\n\n",
            part,
            flags=re.M,
        )
        return part.replace("<details>", "<details markdown>")

    return outside_code(text, adapt)


def _output(output, cell, where, page):
    if output["output_type"] == "stream":
        return _fence(ANSI.sub("", _text(output["text"])), "{ .text .no-copy }")
    if output["output_type"] == "error":
        if "raises-exception" not in cell.metadata.get("tags", []):
            raise PluginError(f"{where}: stopped with {output['ename']}: {output['evalue']}")
        return _fence(f"{output['ename']}: {ANSI.sub('', output['evalue'])}", "{ .text .no-copy }")
    data = output["data"]
    if "application/vnd.jupyter.widget-view+json" in data:
        raise PluginError(f"{where}: shows a widget, which is empty outside a running notebook")
    if "image/png" in data:
        return _figure(_text(data["image/png"]), cell, where, page)
    if unknown := [kind for kind in data if kind.startswith(("image/", "application/"))]:
        raise PluginError(f"{where}: the site cannot show {unknown[0]}: draw a PNG")
    if "text/html" in data:
        html = re.sub(
            r"<style.*?</style>|<script.*?</script>", "", _text(data["text/html"]), flags=re.S
        )
        html = re.sub(r"<th>\s*</th>", "<td></td>", html)  # a heading that says nothing is none
        # Python-Markdown would end the block at the first empty line.
        return '<div class="output-html">\n' + re.sub(r"\n\s*\n", "\n", html).strip() + "\n</div>"
    if "text/markdown" in data:
        return _prose(_text(data["text/markdown"]), where)
    return _fence(ANSI.sub("", _text(data["text/plain"])), "{ .text .no-copy }")


def _fence(text, language):
    if not text.strip():
        return ""
    ticks = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{ticks} {language}\n{text.strip(chr(10)).rstrip()}\n{ticks}"


def _figure(png, cell, where, page):
    figure = cell.metadata.get("figure", {})
    figure_name, alt = figure.get("name", ""), " ".join(figure.get("alt", "").split())
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", figure_name):
        raise PluginError(
            f"{where}: name the picture in the cell's metadata, with small letters, digits and "
            'hyphens: {"figure": {"name": "nuclei-outlines", "alt": "what is to be seen"}}'
        )
    if not alt:
        raise PluginError(f"{where}: say in metadata.figure.alt what the picture shows")
    if figure_name in page.figures:
        raise PluginError(f"{where}: the figure name {figure_name!r} is already taken")
    try:
        webp, size = to_webp(png)
    except Exception as error:
        raise PluginError(f"{where}: the picture cannot be read ({error})") from error
    page.figures[figure_name] = (webp, where)
    width, height = (round(side / PIXELS_PER_CSS_PIXEL) for side in size)
    alt = re.sub(r"([\[\]\\`*_$<])", r"\\\1", alt)
    return (
        f"![{alt}](figures/{figure_name}.webp)"
        f'{{ width="{width}" height="{height}" loading="lazy" decoding="async" }}'
    )


@lru_cache(maxsize=500)  # `make serve` rebuilds often, and encoding is slow
def to_webp(png):
    """Encode a PNG, given as base64: (WebP bytes, (width, height)).

    Without loss when that is small, else at high quality.
    """
    image = Image.open(io.BytesIO(base64.b64decode(png))).convert("RGBA")
    if image.getextrema()[3] == (255, 255):
        image = image.convert("RGB")
    exact, compressed = io.BytesIO(), io.BytesIO()
    image.save(exact, "WEBP", lossless=True, method=2)
    if exact.tell() <= LOSSLESS_UP_TO_BYTES:
        return exact.getvalue(), image.size
    image.save(compressed, "WEBP", quality=88, method=4)
    return min(exact.getvalue(), compressed.getvalue(), key=len), image.size
