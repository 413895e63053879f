"""Tiny projects in a temporary folder, built with the course's own hooks."""

import base64
import io
import json
import os
from pathlib import Path

from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort, PluginError
from PIL import Image

ROOT = Path(__file__).parents[2]
HOOKS = ROOT / "src" / "course_build" / "mkdocs_hooks.py"
COURSE = {"python": "3.11.7", "packages": {"stardist": "0.9.2"}, "device": "CPU", "seconds": 31}
CONFIG = """
site_name: Tiny
site_url: !ENV [SITE_URL, ""]
repo_url: !ENV [REPO_URL, ""]
theme: {{name: null, custom_dir: overrides}}
markdown_extensions: [attr_list, def_list, md_in_html, tables, pymdownx.superfences,
  pymdownx.arithmatex: {{generic: true}}]
plugins: [mkdocs-jupyter: {{include: ['*.ipynb'], execute: false, cache: false}}]
exclude_docs: |
  *.yml
  *.bib
hooks: ["{hooks}"]
validation: {{anchors: warn, unrecognized_links: warn}}
"""
PAGE = "<head></head><body>{{ page.edit_url }}<main>{{ page.content }}</main></body>"


def png(width=300, height=150):
    """A picture as a notebook stores it."""
    file = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def markdown(source, *tags):
    return {"cell_type": "markdown", "source": source, "metadata": {"tags": list(tags)}}


def code(source, *outputs, tags=(), count=1, figure=None):
    metadata = {"tags": list(tags)} | ({"figure": figure} if figure else {})
    return {
        "cell_type": "code",
        "source": source,
        "metadata": metadata,
        "outputs": list(outputs),
        "execution_count": count,
    }


def printed(text):
    return {"output_type": "stream", "name": "stdout", "text": text}


def shown(**data):
    """An output with data by kind: shown(text_html="…") or shown(image_png="…")."""
    kinds = {kind.replace("_", "/", 1): value for kind, value in data.items()}
    return {"output_type": "display_data", "metadata": {}, "data": kinds}


class Project:
    """A project with one page; add files, then build it."""

    def __init__(self, root):
        self.root = root
        self.write("mkdocs.yml", CONFIG.format(hooks=HOOKS.as_posix()))
        self.write("overrides/main.html", PAGE)
        self.write("docs/index.md", "# Home")
        self.write("pyproject.toml", '[project]\nname = "bioimage-course"\nversion = "1.2.3"\n')
        self.write(
            "node_modules/@fontsource-variable/source-sans-3/files/a-latin-wght-normal.woff2"
        )

    def write(self, path, content=""):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            file.write_bytes(content)
        else:
            file.write_text(content, encoding="utf-8")
        return file

    def configure(self, old, new):
        """Put `new` in the place of `old` in mkdocs.yml."""
        text = (self.root / "mkdocs.yml").read_text(encoding="utf-8")
        assert old in text
        self.write("mkdocs.yml", text.replace(old, new))

    def notebook(self, name, *cells, course=COURSE, title="# Title"):
        """Write notebooks/NAME.ipynb: a title, then `cells`."""
        content = {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": {"course": course} if course else {},
            "cells": [
                {"id": f"cell-{number}", **cell}
                for number, cell in enumerate([markdown(title), *cells])
            ],
        }
        return self.write(f"notebooks/{name}.ipynb", json.dumps(content))

    def with_katex(self):
        # Looked for when a test needs it, so that a missing library is a failure with a name.
        katex = ROOT / "node_modules" / "katex"
        assert katex.exists(), "node_modules lacks KaTeX: run `npm ci`"
        os.symlink(katex, self.root / "node_modules" / "katex")

    def build(self, command="build"):
        """Build the site as `mkdocs build --strict` or `mkdocs serve` does; return its folder."""
        site, strict = self.root / "site", command == "build"
        config = load_config(str(self.root / "mkdocs.yml"), site_dir=str(site), strict=strict)
        config.plugins.on_startup(command=command, dirty=False)
        build(config)
        return site

    def why_it_stops(self):
        """Build the site, which must not succeed, and return the message it stops with."""
        try:
            self.build()
        except PluginError as error:
            return str(error)
        except Abort as error:  # MkDocs has printed the reason
            return str(error.__context__ or error)
        raise AssertionError("the site was built")

    def page(self, path):
        """Build the site and return one page's HTML."""
        return (self.build() / path / "index.html").read_text(encoding="utf-8")
