"""The JavaScript models: each *.test.mjs, beside its figure, in lab/ or in tests/, runs in Node."""

import re
import subprocess

import pytest

from course_build import ROOT
from course_build.programs import node

PLACES = ("figures/*/*.test.mjs", "lab/**/*.test.mjs", "tests/**/*.test.mjs")
FILES = sorted(file for place in PLACES for file in ROOT.glob(place))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_javascript_does_what_its_tests_say(file):
    done = subprocess.run(
        [node(), "--test-reporter=spec", file], capture_output=True, encoding="utf-8", timeout=120
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert re.search(r"tests [1-9]", done.stdout), "the file holds no test"
