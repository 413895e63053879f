"""Plant faults, one after the other, in a copy of the repository: each must turn a test red.

    python -m tests.mutate                all of them (an hour on two cores)
    python -m tests.mutate contrast dead  those whose names contain one of these words

A test that stays green with its fault planted cannot fail, and this program ends with status 1. It
does so, too, when a test is red before anything is planted, and when a fault no longer fits the
file that it was written for.
"""

import os
import shutil
import subprocess
import sys
import time

from tqdm import tqdm

from course_build import ROOT
from tests.faults import FAULTS

COPY = ROOT / "build" / "mutate"
NO_TEST_RAN, FAILED = 5, 1


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


def pytest(tests, *options):
    """Run tests in the copy; return their exit status and their last lines."""
    variables = {"PYTHONPATH": os.pathsep.join([str(COPY / "src"), str(COPY)])}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-m", "", *options, *tests.split()],
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
        status, words = pytest(fault.tests, "-x")
    finally:
        path.write_text(text, encoding="utf-8")
    if status == FAILED:
        return None
    what = {0: "the tests stay green", NO_TEST_RAN: "no test ran"}
    return f"{what.get(status, f'pytest ended with status {status}')}:\n{words}"


def main(words):
    """Plant the faults; the exit status says whether each was noticed."""
    chosen = [fault for fault in FAULTS if not words or any(word in fault.name for word in words)]
    prepare()
    tests = dict.fromkeys(test for fault in chosen for test in fault.tests.split())
    print(f"Without any fault: {len(tests)} tests", flush=True)
    status, words = pytest(" ".join(tests))
    if status:
        print(words)
        return 1
    missed = {}
    for fault in (bar := tqdm(chosen, unit="fault", disable=None)):
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
