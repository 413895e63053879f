"""Render formulas while the site is built: a page with math needs a stylesheet, but no script."""

import html
import json
import re
from pathlib import Path

from course_build import Stop
from course_build.programs import node, run

# What pymdownx.arithmatex writes with `generic: true`.
FORMULA = re.compile(r'<(span|div) class="arithmatex">\\[(\[](.*?)\\[)\]]</\1>', re.S)
SCRIPT = Path(__file__).with_name("formulas.mjs")
_rendered = {}  # kept while `make serve` rebuilds


def render(page_html, where, katex):
    """Return `page_html` with its formulas rendered, and whether it has any.

    katex : pathlib.Path of KaTeX's dist folder
    """
    formulas = [
        (tag == "div", html.unescape(tex).strip()) for tag, tex in FORMULA.findall(page_html)
    ]
    if not formulas:
        return page_html, False
    if new := [formula for formula in dict.fromkeys(formulas) if formula not in _rendered]:
        _rendered.update(zip(new, _run_katex(new, where, katex), strict=True))
    in_order = iter(formulas)
    return FORMULA.sub(lambda match: _rendered[next(in_order)], page_html), True


def _run_katex(formulas, where, katex):
    if not (katex / "katex.mjs").exists():
        raise Stop(f"{where}: rendering math needs KaTeX in node_modules: run `npm ci`")
    jobs = [{"display": display, "tex": tex} for display, tex in formulas]
    command = [node(), SCRIPT, (katex / "katex.mjs").resolve().as_uri()]
    results = json.loads(run(command, f"{where}: KaTeX did not run", text_in=json.dumps(jobs)))
    for (_, tex), result in zip(formulas, results, strict=True):
        if "error" in result:
            raise Stop(f"{where}: the formula {tex!r} does not compile: {result['error']}")
    return [result["html"] for result in results]


def stylesheet(katex):
    """KaTeX's stylesheet, reduced to the one font format that every browser in use reads."""
    css = (katex / "katex.min.css").read_text(encoding="utf-8")
    return re.sub(r',url\([^)]*\.(?:woff|ttf)\) format\("[a-z]+"\)', "", css)
