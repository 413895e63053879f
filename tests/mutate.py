"""Plant faults, one after the other, in a copy of the repository: each must turn a test red.

    python -m tests.mutate                all of them (an hour on two cores)
    python -m tests.mutate contrast dead  those whose names contain one of these words

A test that stays green with its fault planted cannot fail, and this program ends with status 1. It
does so, too, when a fault no longer fits the file that it was written for.
"""

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass

from tqdm import tqdm

from course_build import ROOT

COPY = ROOT / "build" / "mutate"
NO_TEST_RAN, FAILED = 5, 1


@dataclass(frozen=True)
class Fault:
    """What is planted, and which tests should notice.

    file : the file to spoil, in the repository
    old, new : what stands there, and what the fault makes of it; `old` stands there once
    tests : arguments for pytest
    """

    name: str
    file: str
    old: str
    new: str
    tests: str


def page(address, variant="light-1280"):
    """Return the test that opens one page of the site."""
    return f"tests/site/test_site_pages.py::test_nothing_is_wrong_with[{variant}-{address}]"


FAULTS = ()  # see below


def prepare():
    """Copy what git knows or would take; link what is installed."""
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split("\0")  # fmt: skip
    shutil.rmtree(COPY, ignore_errors=True)
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (COPY / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, COPY / name)
    for name in (".venv", "node_modules"):
        (COPY / name).symlink_to(ROOT / name)
    # Tests that ask git what the project holds need a repository around them.
    subprocess.run(["git", "init", "--quiet"], cwd=COPY, check=True)


def pytest(arguments):
    """Run tests in the copy; return their exit status and their last lines."""
    variables = {"PYTHONPATH": os.pathsep.join([str(COPY / "src"), str(COPY)])}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-m", "", *arguments.split()],
        cwd=COPY, env=os.environ | variables, capture_output=True, text=True,
    )  # fmt: skip
    return done.returncode, "\n".join((done.stdout + done.stderr).splitlines()[-15:])


def plant(fault):
    """Spoil a file, run the tests, and put the file right; return what is wrong, or None."""
    path = COPY / fault.file
    text = path.read_text(encoding="utf-8")
    if text.count(fault.old) != 1:
        return f"{fault.file} holds {fault.old!r} {text.count(fault.old)} times: mend the fault"
    path.write_text(text.replace(fault.old, fault.new), encoding="utf-8")
    try:
        status, words = pytest(fault.tests)
    finally:
        path.write_text(text, encoding="utf-8")
    if status == FAILED:
        return None
    return f"no test ran: {words}" if status == NO_TEST_RAN else f"the tests stay green:\n{words}"


def main(words):
    """Plant the faults; the exit status says whether each was noticed."""
    chosen = [fault for fault in FAULTS if not words or any(word in fault.name for word in words)]
    prepare()
    missed = {}
    for fault in (bar := tqdm(chosen, unit="fault")):
        bar.set_description(fault.name)
        started = time.monotonic()
        problem = plant(fault)
        missed |= {fault.name: problem} if problem else {}
        took = f"{time.monotonic() - started:4.0f} s"
        bar.write(f"{'MISSED' if problem else 'caught'} {took}  {fault.name}")
    for name, problem in missed.items():
        print(f"\n{name}: {problem}")
    print(f"{len(chosen) - len(missed)} of {len(chosen)} faults caught")
    return 1 if missed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
