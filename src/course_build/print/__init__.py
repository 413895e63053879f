"""Slides, run sheets and worksheets, as HTML, as PDF and for PowerPoint."""

import json
import re
from pathlib import Path

import yaml
import yaml_env_tag

from course_build import ROOT

SCHEDULES = ("half-day", "one-day", "two-days")


def setting(name):
    """Return what mkdocs.yml says in one line: the rest of that file holds MkDocs' own tags."""
    settings = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    return yaml.load(re.search(rf"^{name}:.*$", settings, re.M)[0], _Loader)[name]


class _Loader(yaml.SafeLoader):
    """mkdocs.yml, where !ENV names a variable."""


yaml_env_tag.add_env_tag(_Loader)


def site_address():
    """Return the site's address with its final slash; nothing while none is set."""
    address = setting("site_url") or ""
    return f"{address.rstrip('/')}/" if address else ""


# What is made here lies as on the site: build/print/teach/slides/evaluate.html. Slides of a site
# with an address name it, so they lie elsewhere.
OUT = ROOT / "build" / ("print-with-address" if site_address() else "print")


def own(stylesheet):
    """Return a style sheet that lies here, with the site's name for the foot of the paper."""
    in_quotes = json.dumps(setting("site_name"), ensure_ascii=False)[1:-1]
    text = Path(__file__).with_name(stylesheet).read_text(encoding="utf-8")
    return text.replace("{COURSE}", in_quotes)


def addresses(docs):
    """Yield what is made of the sources in docs/, as addresses on the site, made yet or not."""
    for source in sorted(docs.glob("teach/slides/*.md")):
        for kind in ("html", "pdf", "pptx", "webp"):
            yield f"teach/slides/{source.stem}.{kind}"
    for source in sorted(docs.glob("teach/worksheets/*.md")):
        yield f"teach/worksheets/{source.stem}.pdf"
    for name in SCHEDULES:
        if (docs / "teach" / f"{name}.md").exists():
            yield f"teach/run-sheets/{name}.html"
            yield f"teach/run-sheets/{name}.pdf"
    yield "teach/kit.zip"
