"""Each claim about a library names words of a page, and the test or the source that proves them."""

import ast
import functools
import tomllib
from pathlib import Path

import pytest

from course_build import ROOT

FILES = sorted((ROOT / "src" / "course_build" / "shelf_life" / "claims").glob("*.toml"))
KEYS = {"page", "says", "about"}


@functools.cache
def functions(file):
    """The names of the tests in a file."""
    tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def is_there(test, root):
    """Return whether there is such a test, or such a notebook."""
    file, _, name = test.partition("::")
    path = root / file
    if not path.is_file():
        return False
    return name in functions(path) if name else path.suffix == ".ipynb"


def faults(claim, root):
    """Return what is wrong with a claim: nothing, as a rule."""
    given = set(claim)
    if given not in (KEYS | {"test"}, KEYS | {"source"}):
        return [f"has the keys {sorted(given)}"]
    if not all(isinstance(value, str) and value.strip() for value in claim.values()):
        return ["has an empty value"]
    page = root / "docs" / claim["page"]
    if not page.is_file():
        return ["is about a page that does not exist"]
    text = page.read_text(encoding="utf-8")
    found = []
    if "\n" in claim["says"]:
        found.append("goes over more than one line")
    if (times := text.count(claim["says"])) != 1:
        found.append(f"stands {times} times on its page")
    if "test" in claim and not is_there(claim["test"], root):
        found.append(f"is proven by {claim['test']}, which does not exist")
    if "source" in claim and claim["source"] not in text:
        found.append(f"has a source that its page does not link: {claim['source']}")
    return found


def test_there_are_claims():
    assert FILES


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_claim_stands_on_its_page_and_is_proven(file):
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    assert set(content) == {"claim"} and content["claim"]
    wrong = [
        f"{claim.get('page')}: “{claim.get('says')}” {fault}"
        for claim in content["claim"]
        for fault in faults(claim, ROOT)
    ]
    assert not wrong, "\n".join(wrong)


# --- It can fail --------------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path):
    """A page, a test and a notebook."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "page.md").write_text(
        "The default is 3, [says the library](https://example.org/code). Twice. Twice.\n", "utf-8"
    )
    (tmp_path / "test_it.py").write_text("def test_the_default_is_3():\n    assert 3\n", "utf-8")
    (tmp_path / "shown.ipynb").write_text("{}", "utf-8")
    return tmp_path


GOOD = {
    "page": "page.md",
    "says": "The default is 3",
    "about": "library",
    "test": "test_it.py::test_the_default_is_3",
}
BY_SOURCE = {name: GOOD[name] for name in KEYS} | {"source": "https://example.org/code"}


@pytest.mark.parametrize("claim", [GOOD, GOOD | {"test": "shown.ipynb"}, BY_SOURCE])
def test_a_good_claim_has_no_fault(project, claim):
    assert not faults(claim, project)


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        (GOOD | {"says": "The default is 4"}, "stands 0 times"),
        (GOOD | {"says": "Twice."}, "stands 2 times"),
        (GOOD | {"says": "The default\nis 3"}, "more than one line"),
        (GOOD | {"page": "other.md"}, "a page that does not exist"),
        (GOOD | {"about": ""}, "empty"),
        (GOOD | {"test": "test_other.py::test_the_default_is_3"}, "does not exist"),
        (GOOD | {"test": "test_it.py::test_the_default_is_4"}, "does not exist"),
        (GOOD | {"test": "test_it.py"}, "does not exist"),
        (GOOD | {"test": "hidden.ipynb"}, "does not exist"),
        (BY_SOURCE | {"source": "https://example.org/other"}, "does not link"),
        (GOOD | BY_SOURCE, "has the keys"),
        ({name: GOOD[name] for name in KEYS}, "has the keys"),
        (GOOD | {"note": "to do"}, "has the keys"),
    ],
)
def test_a_fault_is_named(project, claim, words):
    assert any(words in fault for fault in faults(claim, project))
