"""The page *Try your own image* without a network: what has run once runs again."""

import os
import shutil

import pytest
from playwright.sync_api import expect

from tests.site.checks import PATIENCE, Visit, watch
from tests.site.lab import choose, run
from tests.site.places import FOLDER
from tests.site.server import gzipped, serve

KEPT = """async () => {
  const kept = {};
  for (const name of await caches.keys()) {
    kept[name] = (await (await caches.open(name)).keys()).map(({ url }) => url);
  }
  return kept;
}"""


@pytest.fixture
def reader(browser):
    """A browser that keeps what service workers keep, for one test."""
    context = browser.new_context(reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


def opened(reader, address):
    page = reader.new_page()
    page.goto(f"{address}lab/?tool=stardist")
    expect(page.locator(".lab[data-ready]")).to_be_visible(timeout=PATIENCE)
    return page


def kept(page, wanted):
    """Wait until there is one cache of which this holds; return {cache: addresses}."""
    for _ in range(PATIENCE // 200):
        caches = page.evaluate(KEPT)
        if len(caches) == 1 and all(wanted(*item) for item in caches.items()):
            return caches
        page.wait_for_timeout(200)
    pytest.fail(f"kept are {caches}")


def has_network(name, addresses):
    return any("weights/stardist_nuclei" in url for url in addresses)


def test_what_ran_once_runs_without_a_network(reader, site, files):
    with serve(site, FOLDER) as address:
        page = opened(reader, address)
        assert page.evaluate(KEPT) == {}  # who only looks in loads nothing more
        choose(page, files / "nuclei.tif")
        count = run(page)
        [addresses] = kept(page, has_network).values()
        own = [url for url in addresses if url.startswith(f"{address}lab/")]
        others = [url.removeprefix(address) for url in addresses if url not in own]
        assert {other.split("/")[0] for other in others} <= {
            "assets", "images", "javascripts", "stylesheets"
        }  # fmt: skip
        assert not [url for url in own if "cellpose" in url]
        page.close()
    page = opened(reader, address)  # nobody answers at this address any more
    seen = Visit("lab/", "")
    watch(page, address, seen)
    choose(page, files / "nuclei.tif")
    assert run(page) == count
    assert page.evaluate("document.fonts.check('16px \"Source Sans 3 Variable\"')")
    page.locator("input[value=cellpose-nuclei]").check()
    page.locator("[data-lab=run]").click()
    refused = page.get_by_role("alert").filter(has_text="could not be loaded")
    expect(refused).to_contain_text("Check the connection")
    expect(page.locator("[data-lab=count]")).to_have_text(str(count))
    assert seen.faults["foreign"] == []


def test_a_new_version_takes_the_place_of_the_old_one(reader, site, tmp_path, files):
    copy = tmp_path / "site"
    shutil.copytree(site, copy, copy_function=os.link)

    def change(name, old, new):
        text = (copy / name).read_text(encoding="utf-8")
        assert old in text
        (copy / name).unlink()  # it is a link: the built site stays as it is
        (copy / name).write_text(text.replace(old, new), encoding="utf-8")
        gzipped.cache_clear()

    with serve(copy, FOLDER) as address:
        page = opened(reader, address)
        choose(page, files / "nuclei.tif")
        run(page)
        [before] = kept(page, has_network)
        change("lab/lab.js", "Find objects", "Find all objects")
        change("lab/index.html", "<h1", "<h1 data-newer")
        change("lab/offline_worker.js", before.split()[-1], "0123456789abcdef")
        page.reload()
        expect(page.locator("h1[data-newer]")).to_be_visible()
        expect(page.locator("[data-lab=run]")).to_have_text("Find all objects")
        [addresses] = kept(page, lambda name, _: name.endswith(" 0123456789abcdef")).values()
        assert has_network(None, addresses)  # it did not change, and is not loaded again
        page.close()
    page = opened(reader, address)
    expect(page.locator("h1[data-newer]")).to_be_visible()
    expect(page.locator("[data-lab=run]")).to_have_text("Find all objects")
