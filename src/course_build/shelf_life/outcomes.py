"""A plugin for pytest: run only the tests that are asked for, and keep how each of them ended.

COURSE_OUTCOMES names a folder. Its wanted.json lists tests, outcomes.json is written there at the
end: {"status": how pytest ended, "tests": {case: problem or ""}, "files": {file that could not be
collected: problem}}. Without that file, the run was cut off.
"""

import json
import os
import re
from pathlib import Path

import pytest

import setup_env

VARIABLE = "COURSE_OUTCOMES"
LONGEST = 300  # characters of a problem


def covers(test, case):
    """Return whether a test that is asked for, a file or file::test, has this case."""
    return case == test or case.startswith((f"{test}::", f"{test}["))


def last_words(report):
    """Return in one line what a failed test, a notebook or a file said."""
    if isinstance(report.longrepr, tuple):  # a test that was skipped: file, line, reason
        return report.longrepr[2]
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(report.longrepr))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    full = [line for line in lines if re.search(setup_env.NO_SPACE, line)]
    errors = [line[1:].strip() for line in lines if re.match(r"E\s", line)]
    changed = []
    if "+++ obtained" in lines:  # a notebook that prints something else
        for signs in ("-<", "+>"):
            changed += [line for line in lines if re.match(rf"[{signs}](?![-+])", line)][:1]
    said = full[:1] or errors[:1] or [" ".join(changed) or (lines or ["failed without a word"])[-1]]
    return said[0][:LONGEST]


class Outcomes:
    """What the process collects that started the others."""

    def __init__(self, folder):
        self.folder, self.tests, self.files = folder, {}, {}

    def pytest_collectreport(self, report):
        """Keep why a file could not be collected."""
        if report.failed:
            self.files[report.nodeid] = last_words(report)

    def pytest_runtest_logreport(self, report):
        """Keep the first problem of a case: before, in or after it. To be skipped is one."""
        problem = "" if report.passed else last_words(report)
        self.tests[report.nodeid] = self.tests.get(report.nodeid) or problem

    def pytest_sessionfinish(self, exitstatus):
        """Write all of it."""
        found = {"status": int(exitstatus), "tests": self.tests, "files": self.files}
        (self.folder / "outcomes.json").write_text(json.dumps(found), encoding="utf-8")


def pytest_configure(config):
    """Collect in one process only, however many run tests."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Outcomes(Path(os.environ[VARIABLE])), "outcomes")


@pytest.hookimpl(wrapper=True)  # before conftest.py shares the tests out
def pytest_collection_modifyitems(config, items):
    """Leave out what nobody asked for."""
    wanted = json.loads((Path(os.environ[VARIABLE]) / "wanted.json").read_text(encoding="utf-8"))
    chosen = [item for item in items if any(covers(test, item.nodeid) for test in wanted)]
    left_out = [item for item in items if item not in chosen]
    config.hook.pytest_deselected(items=left_out)
    items[:] = chosen
    return (yield)
