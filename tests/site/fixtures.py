"""Build the site once for all processes, serve it, and open it in Chromium.

What is built and measured lies in build/site-tests/ until another run begins: the first process
that needs something makes it, behind a lock, and the others read it.
"""

import json
import os
import shutil
import subprocess
import sys

import psutil
import pytest
from filelock import FileLock
from playwright.sync_api import sync_playwright

from course_build import Stop, publish
from course_build.bundle import make as bundle
from course_build.site_check import page_address, page_files
from setup_env import find_chromium
from tests.site.checks import CHROMIUM_FLAGS, PATIENCE, Visit, visit
from tests.site.places import REPO_URL, ROOT, SITE_URL
from tests.site.report import write_report
from tests.site.server import serve

# Each run has a folder of its own, called as the process that began it: others get its number.
RUN = os.environ.setdefault("COURSE_TEST_RUN", str(os.getpid()))
SHARED = ROOT / "build" / "site-tests" / RUN


def pytest_sessionstart(session):
    """Make the folder, and take away those of runs that have ended; in one process only."""
    if not hasattr(session.config, "workerinput"):
        SHARED.mkdir(parents=True, exist_ok=True)
        for folder in SHARED.parent.iterdir():
            if not psutil.pid_exists(int(folder.name)):
                shutil.rmtree(folder, ignore_errors=True)


def pytest_terminal_summary(config):
    """Write down what all processes measured, in build/site-report.md."""
    if not hasattr(config, "workerinput"):
        write_report(SHARED, ROOT / "build")


def once(name, make):
    """Return what `make()` gave as JSON, in whichever process of this run called it first."""
    kept = SHARED / f"{name}.json"
    kept.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(kept.with_suffix(".lock")):
        if not kept.exists():
            kept.write_text(json.dumps(make()), encoding="utf-8")
    return json.loads(kept.read_text(encoding="utf-8"))


def build(folder, **addresses):
    """Build the site into `folder` as `make site` does.

    Return the seconds on the clock and the seconds of processor time, which other programs that
    run meanwhile hardly change.
    """
    env = {k: v for k, v in os.environ.items() if k not in ("SITE_URL", "REPO_URL")}
    before = _clocks()
    for command in (["course_build.print"], ["mkdocs", "build", "--strict", "--site-dir", folder]):
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=ROOT, env=env | addresses, capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode:
            pytest.fail(f"the site does not build:\n{done.stdout}{done.stderr}", pytrace=False)
        before = _clocks() if command[0] == "course_build.print" else before
    return [after - start for after, start in zip(_clocks(), before, strict=True)]


def _clocks():
    now = os.times()
    return now.elapsed, now.children_user + now.children_system


@pytest.fixture(scope="session")
def site():
    """The folder with the built site, without any address set."""
    once("build", lambda: build(SHARED / "site"))
    return SHARED / "site"


@pytest.fixture(scope="session")
def published():
    """The folder that the publishing workflow pushes: both addresses set, the wheel inside."""

    def make():
        try:
            publish.build(SHARED / "published", SITE_URL, REPO_URL)
        except Stop as stop:
            pytest.fail(str(stop), pytrace=False)

    once("publish", make)
    return SHARED / "published"


@pytest.fixture(scope="session")
def disk():
    """The folder with the site as the bundle holds it, to be opened without a server."""
    once("disk", lambda: bundle.add_site(SHARED / "offline"))
    return SHARED / "offline" / "site"


@pytest.fixture(scope="session")
def root(site):
    """The address of the served site; ends in a slash."""
    with serve(site) as address:
        yield address


@pytest.fixture(scope="session")
def pages(site):
    """The addresses of all pages, relative to the root: '', 'tools/stardist/', …"""
    return [page_address(name) for name in page_files(site)]


@pytest.fixture(scope="session")
def notebook_pages(pages):
    """The address of each notebook's page, by the notebook's name."""
    names = [file.stem for file in sorted((ROOT / "notebooks").glob("*.ipynb"))]
    addresses = {name: page for name in names for page in pages if name in page.split("/")}
    assert names and list(addresses) == names, f"no page for {set(names) - set(addresses)}"
    return addresses


@pytest.fixture(scope="session")
def chromium():
    """The path of the browser, found as `make test` finds it."""
    path = find_chromium()
    if not path:
        pytest.fail("no Chromium starts here: `make test` installs one", pytrace=False)
    return path


@pytest.fixture(scope="session")
def browser(chromium):
    """One browser for all tests of a process; each visit opens a context of its own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser, root):
    """Open a page of the site, and close it after the test."""
    contexts = []

    def open_page(path="", *, scheme="light", width=1280, address=root):
        context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, reduced_motion="reduce"
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(address + path, wait_until="load")
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def page_visit(browser, root):
    """One page in one variant, opened once in a run: page_visit("tools/stardist/", "dark-390")."""

    def page_visit(path, variant):
        name = path.strip("/").replace("/", "--") or "home"
        made = once(
            f"visits/{variant}/{name}", lambda: vars(visit(browser, root, [path], variant)[0])
        )
        return Visit(**made)

    return page_visit


@pytest.fixture(scope="session")
def visits(page_visit, pages):
    """All pages in one variant: visits("dark-390")."""
    return lambda variant: [page_visit(path, variant) for path in pages]
