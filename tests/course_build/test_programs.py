"""Other programs run in the repository, and one that fails is told in its own words."""

import sys

import pytest

from course_build import ROOT, Stop, programs


def python(code, **options):
    return programs.run([sys.executable, "-c", code], "the toy does not run", **options)


def test_what_a_program_prints_comes_back_and_it_runs_in_the_repository():
    assert python("import os; print(os.getcwd())") == f"{ROOT}\n"


def test_it_reads_the_text_and_the_variables_that_it_is_given():
    code = "import os, sys; print(sys.stdin.read(), os.environ['COURSE'])"
    assert python(code, text_in="µm", COURSE="here") == "µm here\n"


def test_a_program_that_fails_is_told_with_what_that_means_and_its_own_words():
    with pytest.raises(Stop) as stop:
        python("import sys; print('half done'); sys.exit('no such image')")
    assert str(stop.value) == "the toy does not run:\nhalf done\nno such image"


def test_its_words_may_be_explained():
    with pytest.raises(Stop, match=r"^the toy does not run:\nMake room"):
        python("raise SystemExit('ENOSPC')", explain=lambda words: words.replace(
            "ENOSPC", "Make room"))  # fmt: skip


def test_without_node_it_says_what_to_run(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name, path=None: None)
    with pytest.raises(Stop, match=r"Node\.js is missing: run `make site`"):
        programs.node()


def test_the_node_beside_python_comes_first(monkeypatch):
    places = {None: "/usr/bin/node", programs.Path(sys.executable).parent: "/course/node"}
    monkeypatch.setattr(
        "shutil.which", lambda name, path=None: places[path and programs.Path(path)]
    )
    assert programs.node() == "/course/node"
