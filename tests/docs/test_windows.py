"""Who works on Windows finds each command of the README and of *Set up* for PowerShell, too."""

import re

import pytest

from course_build import ROOT

#: What these pages say to make, and what does the same in PowerShell.
WITHOUT_MAKE = {
    "serve": r"py setup_env\.py\b[\s\S]*\.venv\\Scripts\\python -m mkdocs serve",
    "serve YES": r"--yes",
    "serve PORT": r"\.venv\\Scripts\\python -m mkdocs serve --dev-addr 127\.0\.0\.1:8001",
    "test": r"py setup_env\.py --test[\s\S]*\.venv\\Scripts\\python -m pytest",
    "publish-check": r"\.venv\\Scripts\\python -m course_build\.publish --site-url",
    "bundle": r"\.venv\\Scripts\\python -m course_build\.bundle\.make",
    "help": r"For any other target, the lines below its name in the `Makefile`",
}
TARGET = re.compile(rf"\bmake ({'|'.join(sorted(WITHOUT_MAKE, reverse=True))})\b")
ONLY_ELSEWHERE = {"pip"}  # exchanges TensorFlow for the one with a GPU, which Windows has not


@pytest.fixture(params=["README.md", "docs/start/set-up.md"])
def text(request):
    return (ROOT / request.param).read_text(encoding="utf-8")


def test_each_target_of_make_is_there_without_make(text):
    named = set(TARGET.findall(text))
    assert {"serve", "serve YES", "test"} <= named
    assert [target for target in named if not re.search(WITHOUT_MAKE[target], text)] == []


def test_each_module_that_is_run_is_run_in_the_way_of_windows(text):
    elsewhere = set(re.findall(r"\.venv/bin/python -m ([\w.]+)", text)) - ONLY_ELSEWHERE
    windows = set(re.findall(r"\.venv\\Scripts\\python -m ([\w.]+)", text))
    assert elsewhere and elsewhere <= windows
