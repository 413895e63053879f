"""The site that is opened from disk (`OFFLINE=true`): without modules, data files and other hosts.

A browser lets a page from disk load neither JavaScript modules nor data. So all modules and their
JSON become one plain script, with esbuild. Without OFFLINE nothing of this happens.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from mkdocs.exceptions import PluginError
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File

SCRIPT = "javascripts/offline.js"
BUNDLER = Path(__file__).with_name("offline.mjs")
FOLDER_LINK = re.compile(r'href="(\.|\.\.(?:/\.\.)*)/?"')  # without a server, a list of files
FONT_PRELOAD = re.compile(r'<link rel="preload" as="font"[^>]*>')
# No server, no use: they hold addresses from the root, or the time of the build.
FOR_SERVERS = ("404.html", "sitemap.xml", "sitemap.xml.gz")


def is_on(config):
    """Return whether this build is for the disk."""
    return bool(config.extra.get("offline"))


def on_config(config):
    """Name the plain script instead of the modules, and each page by its file."""
    if is_on(config):
        if config.site_url:
            raise PluginError("OFFLINE: a site on disk has no address: leave SITE_URL empty")
        config.use_directory_urls = False
        # At the end of the page, as Material writes it: what it looks for is there.
        config["extra_javascript"] = [SCRIPT]
    return config


@event_priority(-50)  # after theme/hooks.py has added its files
def on_files(files, *, config):
    """Put one plain script in the place of the modules and their data."""
    if is_on(config):
        for file in [file for file in files if file.src_uri.startswith("javascripts/")]:
            files.remove(file)
        files.append(File.generated(config, SCRIPT, content=bundled(Path(config.docs_dir))))
    return files


@event_priority(-50)  # after theme/hooks.py
def on_post_page(output, *, page, config):
    """Let links to a folder lead to its index, and leave out what a page from disk may not load."""
    if is_on(config):
        output = FOLDER_LINK.sub(r'href="\1/index.html"', output)
        output = FONT_PRELOAD.sub("", output)  # the font itself comes, with the stylesheet
    return output


@event_priority(-50)  # after everything has been written
def on_post_build(config):
    """Leave out what only a server reads."""
    if is_on(config):
        for name in FOR_SERVERS:
            (Path(config.site_dir) / name).unlink(missing_ok=True)


def bundled(docs):
    """Return one plain script with all modules and their JSON below docs/javascripts.

    docs : pathlib.Path of the folder with javascripts/site.js, which starts the others

    Raises
    ------
    PluginError with esbuild's own words if a module cannot be read, or if esbuild is missing.
    """
    node = shutil.which("node", path=str(Path(sys.executable).parent)) or shutil.which("node")
    if node is None:
        raise PluginError("OFFLINE: bundling the figures needs Node.js: run `make site`")
    done = subprocess.run(
        [node, str(BUNDLER), str(docs / "javascripts")],
        capture_output=True, text=True, encoding="utf-8", env={**os.environ, "NO_COLOR": "1"},
    )  # fmt: skip
    if done.returncode:
        raise PluginError(f"OFFLINE: the figures cannot be bundled:\n{done.stderr.strip()[-800:]}")
    return done.stdout
