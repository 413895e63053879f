"""The JavaScript models: each *.test.mjs, beside its figure, in lab or in tests/, runs in Node."""

import re
import subprocess

import pytest

from course_build import ROOT
from course_build.programs import node

FOLDERS = ("figures/*", "lab", "tests/**")
FILES = sorted(path for folder in FOLDERS for path in ROOT.glob(f"{folder}/*.test.mjs"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_javascript_does_what_its_tests_say(file):
    done = subprocess.run(
        [node(), "--test-reporter=spec", file], capture_output=True, encoding="utf-8", timeout=120
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert re.search(r"tests [1-9]", done.stdout), "the file holds no test"
