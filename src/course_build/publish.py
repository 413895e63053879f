"""Build the site as it is published, and check what Colab will find there (`make publish-check`).

    python -m course_build.publish --site-url https://… --repo-url https://github.com/…
    python -m course_build.publish --check FOLDER --site-url … --repo-url …   look only

The addresses may also stand in the variables SITE_URL and REPO_URL. The folder (build/publish) then
holds the site with these addresses, the course's wheel with its weights, and the notebooks that
install it. Every fault is named with file and cell, and ends the run with status 1.
"""

import argparse
import html
import io
import json
import os
import re
import shutil
import sys
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from course_build import ROOT, Stop, site_check
from course_build.pages import links
from course_build.programs import run

OUT = ROOT / "build" / "publish"
COLAB = "https://colab.research.google.com/"
WHEEL = re.compile(r"[^\s\"']*\.whl\b")
# A name in capitals that the hook replaces, a number or address that was never filled in.
PLACEHOLDER = re.compile(r"\bCOURSE_WHEEL\b|\{\{.*?\}\}")


def build(out, site_url, repo_url, branch="gh-pages"):
    """Build the site with these addresses into the folder `out`, and the course's wheel beside it.

    branch : where the site will lie in the repository; Colab opens the notebooks from there

    Raises
    ------
    Stop if the site or the wheel cannot be built; the message holds the builder's own words.
    """
    addresses = {"SITE_URL": site_url, "REPO_URL": repo_url, "COLAB_BRANCH": branch}
    mkdocs = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", out]
    run([sys.executable, "-m", "course_build.print"], "the slides cannot be made", **addresses)
    run(mkdocs, "the site does not build", **addresses)
    # With the builder that is installed, so that nothing is downloaded.
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    wheel = [sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", out / "wheels", ROOT]
    run(wheel, "the course's wheel cannot be built")


def faults(site, site_url, repo_url, branch="gh-pages"):
    """Return what is wrong with a published site, one sentence for each fault; [] if nothing is.

    site : folder with the built site
    site_url, repo_url : its address, which ends in a slash, and its repository's
    branch : the branch of the repository that will hold `site`
    """
    site = Path(site)
    problems = []
    offered = set()  # what Colab can open, as paths in the site
    for where in site_check.html_files(site):
        page = site_check.read(site / where)
        for reference in page.references:
            if not reference.address:
                words = f"<{reference.tag}> has an empty address"
                problems.append(f"{where}: line {reference.line}: {words}")
            if reference.tag == "a" and reference.address.startswith(COLAB):
                path, problem = _colab(reference.address, site, repo_url, branch)
                offered.add(path)
                problems += [f"{where}: {problem}"] if problem else []
        text = (site / where).read_text(encoding="utf-8")
        problems += [f"{where}: {problem}" for problem in _placeholders(text)]
    problems += site_check.dead_links(site, site_url)
    notebooks = {
        path.relative_to(site).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(site.rglob("*.ipynb"))
    }
    if urlsplit(repo_url).netloc == "github.com":  # Colab opens public notebooks from nowhere else
        # Those for students have no page: Colab opens them by address.
        pages = {name for name in notebooks if name.count("/") < 2}
        problems += [f"{name}: no page links to it on Colab" for name in sorted(pages - offered)]
    if not notebooks:
        problems.append("there is no notebook: was the site built without an address?")
    for archive in sorted(site.rglob("*.zip")):
        notebooks |= _unpacked(archive, archive.relative_to(site).as_posix())
    for where, text in notebooks.items():
        problems += [f"{where}, {fault}" for fault in _notebook_faults(text, site, site_url)]
    return problems


class _Placeholders(HTMLParser):
    """Collect the placeholders in a page's text and attributes; code may show them."""

    def __init__(self):
        super().__init__()
        self.problems, self.code = [], 0

    def handle_starttag(self, tag, attrs):
        self.code += tag in ("code", "script", "style")
        for _, value in attrs:
            self.look(value or "")

    def handle_endtag(self, tag):
        self.code -= tag in ("code", "script", "style")

    def handle_data(self, data):
        if not self.code:
            self.look(data)

    def look(self, text):
        for placeholder in PLACEHOLDER.findall(text):
            line = self.getpos()[0]
            self.problems.append(f"line {line}: the placeholder {placeholder} was not filled in")


def _placeholders(text):
    """Return a sentence for each placeholder that is left in a page."""
    reader = _Placeholders()
    reader.feed(text)
    if "COURSE_WHEEL" in html.unescape(text) and not reader.problems:
        reader.problems.append("the placeholder COURSE_WHEEL was not filled in, in code")
    return reader.problems


def _colab(link, site, repo_url, branch):
    """Return (path in the site that a link to Colab opens, what is wrong with it or None)."""
    repository = urlsplit(repo_url).path.strip("/").removesuffix(".git")
    start = f"{COLAB}github/{repository}/blob/{branch}/"
    if not link.startswith(start):
        return None, f"the Colab link {link} does not begin with {start}"
    path = unquote(urlsplit(link.removeprefix(start)).path)
    if not path.endswith(".ipynb") or not (site / path).is_file():
        return path, f"the Colab link {link} opens {path}, which is no notebook of the site"
    return path, None


def _unpacked(archive, where):
    """Return {name: text} of the notebooks in a zip."""
    with zipfile.ZipFile(archive) as packed:
        return {
            f"{where}/{name}": packed.read(name).decode("utf-8")
            for name in packed.namelist()
            if name.endswith(".ipynb")
        }


def _notebook_faults(text, site, site_url):
    """Yield what is wrong with a notebook, each fault with its cell."""
    installs = 0
    for number, cell in enumerate(json.loads(text)["cells"], start=1):
        source = "".join(cell["source"])
        where = f"cell {number}"
        if "COURSE_WHEEL" in source:
            yield f"{where}: the placeholder COURSE_WHEEL was not filled in"
        if cell["cell_type"] == "markdown":
            outside = [link for link in links.targets(source) if link.startswith(".")]
            for link in outside:
                yield f"{where}: the link to {link} leads out of the folder, to nothing on Colab"
        if "setup" in cell["metadata"].get("tags", []):
            wheels = WHEEL.findall(source)
            installs += len(wheels)
            for wheel in wheels:
                if problem := _wheel_fault(wheel, site, site_url):
                    yield f"{where}: {problem}"
    if not installs:
        yield "no cell tagged setup installs the course's wheel"


def _wheel_fault(wheel, site, site_url):
    """Say what is wrong with the address of a wheel; None where Colab can install it."""
    if not wheel.startswith(site_url):
        return f"the set-up installs {wheel}, which is not on {site_url}"
    path = site / unquote(wheel.removeprefix(site_url))
    if not path.is_file():
        return f"the set-up installs {wheel}, which is not there"
    try:
        names = zipfile.ZipFile(io.BytesIO(path.read_bytes())).namelist()
    except zipfile.BadZipFile:
        return f"the set-up installs {wheel}, which is no wheel"
    if not any(name.startswith("bioimage_course/weights/") for name in names):
        return f"the set-up installs {wheel}, which holds no weights"
    return None


def address(text, name):
    """Return a web address with its final slash, or stop and say how to give one."""
    parts = urlsplit(text or "")
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise Stop(f"{name} is {text!r}: give an address, such as {name}=https://…")
    return text.rstrip("/") + "/"


def main(arguments=None):
    """Build and check from the command line; the exit status says whether it may be published."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--site-url", default=os.environ.get("SITE_URL"))
    parser.add_argument("--repo-url", default=os.environ.get("REPO_URL"))
    parser.add_argument("--branch", default=os.environ.get("COLAB_BRANCH", "gh-pages"))
    parser.add_argument("--out", type=Path, default=OUT, help="the folder that is published")
    parser.add_argument("--check", type=Path, metavar="FOLDER", help="check it; build nothing")
    options = parser.parse_args(arguments)
    out = (options.check or options.out).resolve()
    try:
        site_url = address(options.site_url, "SITE_URL")
        repo_url = address(options.repo_url, "REPO_URL").rstrip("/")
        if not options.check:
            print("· building wheel, site and notebooks (a minute or two)", flush=True)
            shutil.rmtree(out, ignore_errors=True)
            build(out, site_url, repo_url, options.branch)
    except Stop as stop:
        print(stop, file=sys.stderr)
        return 1
    print("· checking every page and notebook", flush=True)
    problems = faults(out, site_url, repo_url, options.branch)
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        print(f"{len(problems)} faults: not to be published", file=sys.stderr)
        return 1
    files = [path.stat().st_size for path in out.rglob("*") if path.is_file()]
    print(f"{out}: {len(files)} files, {sum(files) / 1e6:.0f} MB, ready to be published")
    return 0


if __name__ == "__main__":
    sys.exit(main())
