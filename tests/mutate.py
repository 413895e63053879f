"""Plant faults, one after the other, in copies of the repository: each must turn a test red.

    python -m tests.mutate                all of them (half an hour on two cores)
    python -m tests.mutate contrast dead  those whose names contain one of these words

A test that stays green with its fault planted cannot fail, and this program ends with status 1. It
does so, too, when a test is red before anything is planted, and when a fault no longer fits the
file that it was written for. There are as many copies as processor cores.
"""

import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from queue import SimpleQueue

from tqdm import tqdm

from course_build import ROOT
from tests.faults import FAULTS

COPIES = ROOT / "build" / "mutate"
CORES = os.cpu_count() or 1
NO_TEST_RAN, FAILED = 5, 1


def prepare(copies=COPIES, count=CORES):
    """Copy what git knows or would take, so many times; link what is installed."""
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split("\0")  # fmt: skip
    shutil.rmtree(copies, ignore_errors=True)
    made = [copies / str(number) for number in range(count)]
    for copy in made:
        for name in filter(None, names):
            if (ROOT / name).is_file():
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, copy / name)
        for name in (".venv", "node_modules"):
            (copy / name).symlink_to(ROOT / name)
        # Tests that ask git what the project holds need a repository around them.
        subprocess.run(["git", "init", "--quiet"], cwd=copy, check=True)
    return made


def pytest(copy, tests, *options):
    """Run tests in a copy; return their exit status and their last lines."""
    variables = {"PYTHONPATH": os.pathsep.join([str(copy / "src"), str(copy)])}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-m", "", *options, *tests.split()],
        cwd=copy, env=os.environ | variables, capture_output=True, text=True,
    )  # fmt: skip
    return done.returncode, "\n".join((done.stdout + done.stderr).splitlines()[-15:])


def plant(fault, copy):
    """Spoil a file, run the tests, and put the file right; return what is wrong, or None."""
    path = copy / fault.file
    text = path.read_text(encoding="utf-8")
    if text.count(fault.old) != 1:
        return f"{fault.file} holds {fault.old!r} {text.count(fault.old)} times: mend the fault"
    path.write_text(text.replace(fault.old, fault.new), encoding="utf-8")
    try:
        status, words = pytest(copy, fault.tests, "-x")
    finally:
        path.write_text(text, encoding="utf-8")
    if status == FAILED:
        return None
    what = {0: "the tests stay green", NO_TEST_RAN: "no test ran"}
    return f"{what.get(status, f'pytest ended with status {status}')}:\n{words}"


def plant_all(faults, copies):
    """Plant faults, one in each copy at a time; yield (fault, what is wrong or None, seconds)."""
    free = SimpleQueue()
    for copy in copies:
        free.put(copy)

    def in_a_free_copy(fault):
        copy, started = free.get(), time.monotonic()
        try:
            return fault, plant(fault, copy), time.monotonic() - started
        finally:
            free.put(copy)

    with ThreadPoolExecutor(len(copies)) as workers:
        tasks = [workers.submit(in_a_free_copy, fault) for fault in faults]
        try:
            yield from (task.result() for task in as_completed(tasks))
        finally:  # at Ctrl-C, those that have not begun
            workers.shutdown(wait=False, cancel_futures=True)


def main(words):
    """Plant the faults; the exit status says whether each was noticed."""
    chosen = [fault for fault in FAULTS if not words or any(word in fault.name for word in words)]
    copies = prepare()
    tests = dict.fromkeys(test for fault in chosen for test in fault.tests.split())
    print(f"Without any fault: {len(tests)} tests", flush=True)
    status, words = pytest(copies[0], " ".join(tests), "-n", str(CORES), "--dist", "worksteal")
    if status:
        print(words)
        return 1
    missed = {}
    bar = tqdm(plant_all(chosen, copies), total=len(chosen), unit="fault", disable=None)
    for fault, problem, seconds in bar:
        missed |= {fault.name: problem} if problem else {}
        bar.write(f"{'MISSED' if problem else 'caught'} {seconds:4.0f} s  {fault.name}")
    for name, problem in missed.items():
        print(f"\n{name}: {problem}")
    print(f"{len(chosen) - len(missed)} of {len(chosen)} faults caught")
    return 1 if missed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
