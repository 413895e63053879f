"""Colab, download and edit links: none without an address, all of them with one."""

import json
import re
import tomllib
import zipfile

import pytest

from course_build import publish
from course_build.site_check import html_files, read
from tests.site.places import REPO_URL, ROOT, SITE_URL

NOTEBOOKS = [file.stem for file in sorted((ROOT / "notebooks").glob("*.ipynb"))]


def links(site, page):
    return [ref.address for ref in read(site / page / "index.html").references if ref.tag == "a"]


def test_without_an_address_no_page_offers_colab_download_or_edit(site, notebook_pages):
    for page in notebook_pages.values():
        assert not [a for a in links(site, page) if "colab.research" in a or a.endswith(".ipynb")]
    for name in html_files(site):
        text = (site / name).read_text(encoding="utf-8")
        assert "/edit/" not in text and 'rel="edit"' not in text, name
        assert "COURSE_WHEEL" not in text, name
    assert not list(site.rglob("*.ipynb"))


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_published_notebook_has_colab_download_and_edit_links(name, published, notebook_pages):
    page = notebook_pages[name]
    found = links(published, page)
    colab = REPO_URL.replace("https://github.com/", "https://colab.research.google.com/github/")
    file = f"notebooks/{name}.ipynb"
    assert [a for a in found if a.startswith(f"{colab}/blob/") and a.endswith(f"/{file}")]
    assert [a for a in found if not a.startswith("http") and a.endswith(f"{name}.ipynb")]
    assert f"{REPO_URL}/edit/main/notebooks/{name}.ipynb" in found


def test_every_published_page_of_the_docs_can_be_edited(published):
    no_pages = {"slides", ".ipynb_checkpoints"}  # sources of slides, and what JupyterLab leaves
    for file in (ROOT / "docs").rglob("*.md"):
        if not no_pages.isdisjoint(file.parts):
            continue
        source = file.relative_to(ROOT).as_posix()
        page = re.sub(r"(index)?\.md$", "", source.removeprefix("docs/"))
        if page:  # home has a layout of its own
            assert f"{REPO_URL}/edit/main/{source}" in links(published, page), source


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_published_notebook_installs_the_courses_wheel_from_the_site(name, published):
    text = (published / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wheel = f"{project['name'].replace('-', '_')}-{project['version']}-py3-none-any.whl"
    setup = [
        "".join(cell["source"])
        for cell in json.loads(text)["cells"]
        if "setup" in cell["metadata"].get("tags", [])
    ]
    assert len(setup) == 1 and f'"{SITE_URL}wheels/{wheel}"' in setup[0]
    assert "COURSE_WHEEL" not in text


def test_a_published_notebook_keeps_its_outputs(published):
    for name in NOTEBOOKS:
        stored = json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))
        copy = json.loads((published / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))
        lesson = [cell for cell in copy["cells"] if "setup" not in cell["metadata"].get("tags", [])]
        outputs = [cell.get("outputs") for cell in stored["cells"]]
        assert [cell.get("outputs") for cell in lesson] == outputs


def test_what_is_published_has_no_fault(published):
    assert publish.faults(published, SITE_URL, REPO_URL) == []
    wheels = [path.name for path in (published / "wheels").iterdir()]
    assert len(wheels) == 1, wheels


def test_the_notebooks_for_students_are_published_singly_and_as_one_zip(published, site):
    singly = {path.name: path.read_bytes() for path in published.glob("notebooks/student/*")}
    assert sorted(singly) == [f"{name}.ipynb" for name in NOTEBOOKS]
    with zipfile.ZipFile(published / "teach" / "student-notebooks.zip") as archive:
        packed = {name.split("/")[-1]: archive.read(name) for name in archive.namelist()}
    assert packed == singly
    assert (site / "teach" / "student-notebooks.zip").is_file()  # offered without an address, too


def test_a_published_notebook_leads_to_the_pages_of_the_site(published):
    leads = set()
    for path in published.glob("notebooks/**/*.ipynb"):
        text = path.read_text(encoding="utf-8")
        assert "](../docs/" not in text, path.name
        leads |= set(re.findall(rf"\]\({re.escape(SITE_URL)}([^)#]*)", text))
    assert len(leads) > 3
    assert [page for page in leads if not (published / page / "index.html").is_file()] == []
