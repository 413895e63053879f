"""The site's JavaScript models: each *.test.js beside this file runs in Node's own test runner."""

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
NODE = Path(sys.executable).with_name("node")


@pytest.mark.parametrize("file", sorted(HERE.glob("*.test.js")), ids=lambda file: file.stem)
def test_model_functions_do_what_their_tests_say(file):
    done = subprocess.run(
        [NODE, "--test", "--test-reporter=spec", file], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert "tests 0" not in done.stdout
