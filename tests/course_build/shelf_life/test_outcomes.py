"""The plugin runs what is asked for and keeps how each test ended, in several processes as well."""

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from course_build import ROOT
from course_build.shelf_life import outcomes

TESTS = """
import pytest

def test_good(): pass

def test_bad():
    got = 32
    assert got == 33, "rays"

@pytest.mark.parametrize("number", [1, 2])
def test_each(number): assert number == 1

@pytest.mark.skip(reason="no time")
def test_skipped(): pass

@pytest.fixture
def broken(): raise ValueError("no image")

def test_before(broken): pass

def test_bad_unasked(): raise AssertionError
"""
DIFF = """pytest_notebook.nb_regression.NBRegressionError:
--- expected
+++ obtained
## modified /cells/0/outputs/0/text:
@@ -1,3 +1,3 @@
   a line
-  125 nuclei
-  more
+  124 nuclei
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What is written after a run of two files, one of which cannot be collected."""
    folder = tmp_path_factory.mktemp("outcomes")
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "test_a.py").write_text(TESTS)
    (folder / "test_b.py").write_text("import a_library_that_is_gone\n\ndef test_b(): pass\n")
    names = ("good", "bad", "each", "skipped", "before", "gone")
    wanted = [f"test_a.py::test_{name}" for name in names] + ["test_b.py::test_b"]
    (folder / "wanted.json").write_text(json.dumps(wanted))
    plugins = ("-p", "xdist", "-p", outcomes.__name__, "-p", "no:cacheprovider")
    options = ("-n", "2", "--tb", "short", "--continue-on-collection-errors")
    subprocess.run(
        [sys.executable, "-m", "pytest", *plugins, *options, "test_a.py", "test_b.py"],
        cwd=folder,
        env={**os.environ, outcomes.VARIABLE: str(folder),
             "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # they take seconds to start
             "PYTHONPATH": os.pathsep.join(map(str, (ROOT / "src", ROOT)))},
        capture_output=True,
    )  # fmt: skip
    return json.loads((folder / "outcomes.json").read_text())


def test_only_what_is_asked_for_runs_each_case_of_it(found):
    assert sorted(case.partition("::")[2] for case in found["tests"]) == [
        "test_bad", "test_before", "test_each[1]", "test_each[2]", "test_good", "test_skipped",
    ]  # fmt: skip
    assert found["status"] == 1


def test_each_case_has_its_problem_or_none(found):
    said = {case.partition("::test_")[2]: problem for case, problem in found["tests"].items()}
    assert said["good"] == said["each[1]"] == ""
    assert said["bad"] == "AssertionError: rays"
    assert said["each[2]"] == "assert 2 == 1"
    assert said["skipped"] == "Skipped: no time"
    assert said["before"] == "ValueError: no image"


def test_a_file_that_cannot_be_collected_is_kept_with_its_reason(found):
    assert found["files"] == {
        "test_b.py": "ModuleNotFoundError: No module named 'a_library_that_is_gone'"
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (DIFF, "-  125 nuclei +  124 nuclei"),
        ("CellExecutionError: cell\n------\n\x1b[31mValueError\x1b[0m: no image\n", "no image"),
        ("E   Failed\nOSError: [Errno 28] No space left on device\nlast", "No space left"),
        ("worker 'gw0' crashed while running 'x'", "crashed while running"),
        ("", "failed without a word"),
    ],
)
def test_of_long_reports_the_telling_line_is_kept(text, said):
    kept = outcomes.last_words(SimpleNamespace(longrepr=text))
    assert said in kept and "\n" not in kept and "\x1b" not in kept


def test_a_test_covers_its_cases_and_no_other_that_begins_like_it():
    assert outcomes.covers("tests/a.py::test_a", "tests/a.py::test_a[1]")
    assert outcomes.covers("notebooks/05.ipynb", "notebooks/05.ipynb::")
    assert not outcomes.covers("tests/a.py::test_a", "tests/a.py::test_ab")
