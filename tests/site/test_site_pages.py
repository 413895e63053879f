"""Every page of the built site in a real browser: light and dark, wide and narrow."""

import re
from urllib.parse import urldefrag, urljoin

import pytest
import yaml

from course_build.site_check import dead_links, outside_problems, page_address, page_files, read
from tests.site.checks import ASPECTS, DIAGONAL, VARIANTS, visit
from tests.site.places import FOLDER, PAGES, ROOT, SITE_URL
from tests.site.server import serve


def faults_of(seen):
    """Everything that is wrong with a visited page, in words."""
    lines = (f"{ASPECTS[aspect]}: {fault}" for aspect in ASPECTS for fault in seen.faults[aspect])
    return "\n".join(lines)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("variant", DIAGONAL)
def test_nothing_is_wrong_with(page_visit, path, variant):
    faults = faults_of(page_visit(path, variant))
    assert not faults, faults


@pytest.mark.long
@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("variant", sorted(set(VARIANTS) - set(DIAGONAL)))
def test_nothing_is_wrong_in_the_other_variants_with(page_visit, path, variant):
    faults = faults_of(page_visit(path, variant))
    assert not faults, faults


def test_the_pages_that_are_visited_are_those_that_are_built(pages):
    assert sorted(pages) == sorted(PAGES)


def test_the_built_site_has_all_kinds_of_pages(pages, notebook_pages):
    assert "" in pages and "404.html" in pages
    assert set(notebook_pages.values()) < set(pages)


def test_home_bears_the_name_of_the_site_and_other_pages_theirs_before_it(open_page):
    settings = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    name = yaml.safe_load(re.search(r"^site_name:.*$", settings, re.M)[0])["site_name"]
    assert open_page("").title() == name
    assert open_page("tools/stardist/").title() == f"StarDist - {name}"


def test_no_link_or_anchor_is_dead(site):
    dead = dead_links(site)
    assert not dead, "\n".join(dead)


def test_links_to_other_hosts_are_plain_https_and_nothing_is_fetched_from_them(site):
    problems = outside_problems(site)
    assert not problems, "\n".join(problems)


def test_every_page_can_be_reached_from_home(site, root):
    reached, waiting = set(), [""]
    while waiting:
        here = waiting.pop()
        file = site / here / "index.html"
        if here in reached or not file.exists():
            continue
        reached.add(here)
        links = [ref.address for ref in read(file).references if ref.tag == "a"]
        targets = [urldefrag(urljoin(root + here, address))[0] for address in links]
        waiting += [t.removeprefix(root) for t in targets if t.startswith(root)]
    assert reached == {page_address(name) for name in page_files(site)} - {"404.html"}


def test_the_published_site_has_living_links_in_its_folder(published):
    dead = dead_links(published, SITE_URL) + outside_problems(published, SITE_URL)
    assert not dead, "\n".join(dead)


def test_the_published_site_asks_no_other_host(browser, published, notebook_pages):
    with serve(published, FOLDER) as root:
        paths = ["", notebook_pages["05_stardist_nuclei"]]
        for seen in visit(browser, root, paths, "light-1280"):
            assert (seen.faults["foreign"], seen.faults["errors"]) == ([], [])
