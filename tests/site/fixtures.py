"""Build the site once, serve it, and open it in Chromium; write down what was measured.

All tests here stay on one process (`SiteTogether` in tests/conftest.py), so that the site is built
once and one report is written.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from course_build import publish
from setup_env import find_chromium

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # pytest's importlib mode does not; the tests import from here too

from course_build.site_check import page_address, page_files  # noqa: E402
from tests.site.checks import CHROMIUM_FLAGS, PATIENCE, visit  # noqa: E402
from tests.site.places import REPO_URL, ROOT, SITE_URL  # noqa: E402
from tests.site.report import Report  # noqa: E402
from tests.site.server import serve  # noqa: E402


def build(folder: Path, **addresses: str) -> tuple[float, float]:
    """Build the site into `folder` as `make site` does.

    Return the seconds on the clock and the seconds of processor time, which other programs that
    run meanwhile hardly change.
    """
    env = {k: v for k, v in os.environ.items() if k not in ("SITE_URL", "REPO_URL")}
    before = _clocks()
    run = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder],
        cwd=ROOT,
        env=env | addresses,
        capture_output=True,
        text=True,
    )
    if run.returncode:
        pytest.fail(f"the site does not build:\n{run.stdout}{run.stderr}", pytrace=False)
    return tuple(after - start for after, start in zip(_clocks(), before, strict=True))


def _clocks():
    now = os.times()
    return now.elapsed, now.children_user + now.children_system


@pytest.fixture(scope="session")
def report():
    """What the tests measure; written to build/site-report.{json,md} at the end."""
    report = Report()
    yield report
    report.write(ROOT / "build")


@pytest.fixture(scope="session")
def site(tmp_path_factory, report):
    """The folder with the built site, without any address set."""
    folder = tmp_path_factory.mktemp("site")
    report.build_seconds, report.build_processor_seconds = build(folder)
    report.pages = {page_address(name): {} for name in page_files(folder)}
    return folder


@pytest.fixture(scope="session")
def published(tmp_path_factory):
    """The folder that the publishing workflow pushes: both addresses set, the wheel inside."""
    folder = tmp_path_factory.mktemp("published")
    try:
        publish.build(folder, SITE_URL, REPO_URL)
    except publish.Stop as stop:
        pytest.fail(str(stop), pytrace=False)
    return folder


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
    found = {name: page for name in names for page in pages if name in page.split("/")}
    assert names and list(found) == names, f"no page for {set(names) - set(found)}"
    return found


@pytest.fixture(scope="session")
def chromium():
    """The path of the browser, found as `make test` finds it."""
    path = find_chromium()
    if not path:
        pytest.fail("no Chromium starts here: `make test` installs one", pytrace=False)
    return path


@pytest.fixture(scope="session")
def browser(chromium):
    """One browser for all tests; each visit opens a context of its own."""
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
def visits(browser, root, pages, report):
    """All pages in one variant, each opened once per test run: visits("dark-390")."""
    done = {}

    def visits(variant):
        if variant not in done:
            done[variant] = visit(browser, root, pages, variant)
            report.add_visits(done[variant])
        return done[variant]

    return visits
