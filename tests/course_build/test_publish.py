"""The check before publishing finds each planted fault, and says where it is.

That the course itself passes is tested on a real build: tests/site/test_site_addresses.py.
"""

import io
import json
import zipfile
from functools import partial

import pytest

from course_build import programs, publish

SITE_URL = "https://facility.test/course/"
REPO_URL = "https://github.com/facility/course"
COLAB = "https://colab.research.google.com/github/facility/course/blob/gh-pages/"
WHEEL = "wheels/bioimage_course-1.2.3-py3-none-any.whl"
NOTEBOOK = "notebooks/05_nuclei.ipynb"
PAGE = "notebooks/05_nuclei/index.html"


def notebook(*cells):
    """The text of a notebook of (kind, source, tag)."""
    return json.dumps(
        {
            "cells": [
                {"cell_type": kind, "source": [source], "metadata": {"tags": [tag]}}
                for kind, source, tag in cells
            ]
        }
    )


def wheel(name="bioimage_course/weights/net/weights.h5"):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, "weights")
    return packed.getvalue()


GOOD = notebook(
    ("markdown", "# Nuclei\n[Text](https://facility.test/course/tools/) [next](06.ipynb)", "head"),
    ("code", f'!pip install -q --no-deps cellpose==3.1.1.3 "{SITE_URL}{WHEEL}"', "setup"),
)


@pytest.fixture
def site(tmp_path):
    """A site of one page, one notebook and one wheel, in which nothing is wrong."""
    write(tmp_path, PAGE, f'<a href="{COLAB}{NOTEBOOK}">Open</a> <code>{{{{ name.key }}}}</code>')
    write(tmp_path, NOTEBOOK, GOOD)
    write(tmp_path, "notebooks/student/05_nuclei.ipynb", GOOD)
    write(tmp_path, WHEEL, wheel())
    return tmp_path


def write(site, path, content):
    file = site / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content if isinstance(content, bytes) else content.encode())


def faults(site, repo_url=REPO_URL):
    return publish.faults(site, SITE_URL, repo_url)


def test_nothing_is_found_where_nothing_is_wrong(site):
    assert faults(site) == []


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (f'<a href="{COLAB}notebooks/06.ipynb">', "opens notebooks/06.ipynb, which is no notebook"),
        (f'<a href="{COLAB}{PAGE}">', "which is no notebook of the site"),
        (f'<a href="{COLAB.replace("facility", "other")}{NOTEBOOK}">', "does not begin with"),
        (f'<a href="{COLAB.replace("gh-pages", "main")}{NOTEBOOK}">', "does not begin with"),
        ('<p>\n<a href="">', "line 2: <a> has an empty address"),
        ('<img src="">', "line 1: <img> has an empty address"),
        ("<p>{{ scores.ap }}</p>", "line 1: the placeholder {{ scores.ap }} was not filled in"),
        ('<a href="gone/">', "1: <a> gone/: no such file"),
        ('<p title="{{ scores.ap }}">', "the placeholder {{ scores.ap }} was not filled in"),
        ("<code>pip install COURSE_WHEEL</code>", "the placeholder COURSE_WHEEL was not filled in"),
    ],
)
def test_a_fault_of_a_page_is_named_with_its_file(site, page, words):
    write(site, "page/index.html", page)
    [fault] = faults(site)
    assert fault.startswith("page/index.html:") and words in fault


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        (("code", '!pip install "COURSE_WHEEL"', ""), "the placeholder COURSE_WHEEL was not"),
        (("code", f"!pip install {SITE_URL}wheels/gone.whl", "setup"), "which is not there"),
        (("code", f"!pip install http://other.test/{WHEEL}", "setup"), "which is not on https://f"),
        (("code", "!pip install wheels/a.whl", "setup"), "which is not on https://facility.test"),
        (("markdown", "[U-Net](../docs/concepts/unet.md#skip)", ""), "to nothing on Colab"),
    ],
)
def test_a_fault_of_a_notebook_is_named_with_its_cell(site, cell, words):
    write(site, NOTEBOOK, json.dumps({"cells": json.loads(GOOD)["cells"] * 2}))  # cells 1 to 4
    assert faults(site) == []
    cells = json.loads(GOOD)["cells"] + json.loads(notebook(cell))["cells"]
    write(site, NOTEBOOK, json.dumps({"cells": cells}))
    [fault] = faults(site)
    assert fault.startswith(f"{NOTEBOOK}, cell 3: ") and words in fault


def test_a_notebook_for_students_is_looked_at_as_well_and_one_in_a_zip(site):
    bad = notebook(("code", f"!pip install {SITE_URL}wheels/gone.whl", "setup"))
    write(site, "notebooks/student/05_nuclei.ipynb", bad)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("student-notebooks/05_nuclei.ipynb", bad)
    write(site, "teach/all.zip", packed.getvalue())
    assert [fault.split(", cell 1")[0] for fault in faults(site)] == [
        "notebooks/student/05_nuclei.ipynb",
        "teach/all.zip/student-notebooks/05_nuclei.ipynb",
    ]


def test_a_notebook_without_a_set_up_cell_cannot_run_on_colab(site):
    write(site, NOTEBOOK, notebook(("code", "import stardist", "")))
    assert faults(site) == [f"{NOTEBOOK}, no cell tagged setup installs the course's wheel"]


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"no zip", "which is no wheel"), (wheel("bioimage_course/data.py"), "holds no weights")],
)
def test_a_wheel_that_is_none_or_lacks_the_weights_is_a_fault(site, content, words):
    write(site, WHEEL, content)
    found = faults(site)
    assert len(found) == 2 and all("cell 2" in fault and words in fault for fault in found)


def test_a_notebook_that_no_page_offers_on_colab_is_a_fault_on_github_only(site):
    write(site, PAGE, "<p>Nuclei</p>")
    assert faults(site) == [f"{NOTEBOOK}: no page links to it on Colab"]
    assert faults(site, "https://git.facility.test/course") == []


def test_a_site_that_was_built_without_addresses_is_a_fault(tmp_path):
    write(tmp_path, "index.html", "<p>Home</p>")
    assert faults(tmp_path) == ["there is no notebook: was the site built without an address?"]


@pytest.mark.parametrize("addresses", [{}, {"site": "course.test"}, {"site": SITE_URL}])
def test_without_both_addresses_it_stops_and_says_what_to_give(addresses, capsys, monkeypatch):
    monkeypatch.delenv("SITE_URL", raising=False)
    monkeypatch.delenv("REPO_URL", raising=False)
    assert publish.main([f"--{name}-url={value}" for name, value in addresses.items()]) == 1
    missing = "REPO_URL" if addresses.get("site") == SITE_URL else "SITE_URL"
    assert f"give an address, such as {missing}=https://…" in capsys.readouterr().err


def test_the_command_ends_with_1_and_names_the_fault_or_says_that_all_is_well(site, capsys):
    arguments = ["--check", str(site), f"--site-url={SITE_URL[:-1]}", f"--repo-url={REPO_URL}/"]
    assert publish.main(arguments) == 0
    assert "4 files" in capsys.readouterr().out
    (site / WHEEL).unlink()
    assert publish.main(arguments) == 1
    told = capsys.readouterr().err
    assert f"{NOTEBOOK}, cell 2: the set-up installs {SITE_URL}{WHEEL}, which is not there" in told
    assert "2 faults: not to be published" in told


def test_a_site_that_does_not_build_ends_with_the_builders_words(tmp_path, monkeypatch, capsys):
    elsewhere = partial(programs.run, cwd=tmp_path)  # there is no mkdocs.yml
    monkeypatch.setattr(publish, "run", elsewhere)
    arguments = [f"--site-url={SITE_URL}", f"--repo-url={REPO_URL}", f"--out={tmp_path / 'out'}"]
    assert publish.main(arguments) == 1
    told = capsys.readouterr().err
    assert told.startswith("the site does not build:\n") and "mkdocs.yml" in told
