"""Try the course with the newest versions of what it rests on (`make newest`).

    python -m course_build.shelf_life.run           make the environment, test, keep what is found
    python -m course_build.shelf_life.run --again   test in the environment that lies there

All notebooks run and are compared with what they show, as in `make test`, and so do the tests of
what the pages claim. What is found goes into measured/shelf_life.json, for the pages, when all is
done: a run that is cut off leaves that file as it was. It ends with 1 if something broke that held
the last time. Needs the network and 8 GB of disk, and takes about half an hour.
"""

import argparse
import json
import os
import re
import sys
from datetime import date
from pathlib import Path

import nbformat

import setup_env
from course_build import ROOT, Stop
from course_build.notebooks import run as run_notebooks
from course_build.shelf_life import claims, environment, history
from course_build.shelf_life.outcomes import VARIABLE, covers

DOCTOR = "00_check_your_setup"
# They need programs beside Python: an environment with windows, ImageJ.
BESIDE = ("tests/course_build/test_screenshots.py", "tests/docs/claims/test_imagej.py")
CUT_OFF = "The tests did not come to their end (pytest ended with {}): what they print says why."


def notebooks():
    """Return {file in the repository: packages it depends on} of the notebooks that run here.

    But for the one that looks whether the packages are those of the lock.
    """
    found = {}
    for path in run_notebooks.find([]):
        course = nbformat.read(path, as_version=4).metadata.course
        if course.get("runs") != "elsewhere" and path.stem != DOCTOR:
            found[path.relative_to(ROOT).as_posix()] = sorted(course["packages"])
    return found


def ask(python, tests, folder):
    """Run tests with an environment's Python; their progress shows. `folder` keeps what is found.

    Returns
    -------
    dict
        What outcomes.py writes.

    Raises
    ------
    Stop
        If they did not come to their end, or the disk is full.
    """
    (folder / "wanted.json").write_text(json.dumps(tests), encoding="utf-8")
    written = folder / "outcomes.json"
    written.unlink(missing_ok=True)
    files = sorted({test.partition("::")[0] for test in tests})
    files = [name for name in files if (ROOT / name).is_file()]
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    variables["PATH"] = str(python.parent) + os.pathsep + variables.get("PATH", "")
    variables[VARIABLE] = str(folder)
    options = ["-v", "-n", "auto", "--dist", "worksteal", "--tb", "short", "-m", ""]
    options += ["-p", "no:cacheprovider", "--continue-on-collection-errors"]
    command = [python, "-m", "pytest", "-p", "course_build.shelf_life.outcomes", *options, *files]
    status, _ = environment.start(command, variables)
    found = json.loads(written.read_text(encoding="utf-8")) if written.exists() else {}
    if found.get("status") not in (0, 1) or status not in (0, 1):
        raise Stop(CUT_OFF.format(status))
    for said in found["tests"].values():
        if re.search(setup_env.NO_SPACE, said):
            raise Stop(environment.explain("A test", said))
    return found


def can_age(claim, packages):
    """Return whether a claim is about a package that pip installs here: not Fiji, not a window."""
    if claim.test.startswith(BESIDE):
        return False
    return environment.is_apart(claim.test) or bool(history.version(claim.about, packages))


def problem(test, found):
    """Return what went wrong with a test; "" if each of its cases passed, and there is one."""
    cases = {case: said for case, said in found["tests"].items() if covers(test, case)}
    if cases:
        return next(filter(None, map(without_folders, cases.values())), "")
    path = test.partition("::")[0]
    for place, said in found["files"].items():
        if path == place or path.startswith(f"{place}/"):
            return f"cannot be collected: {without_folders(said)}"
    return "there is no such test"


def without_folders(text):
    """Return a text without the names of this machine's folders."""
    for name in run_notebooks.machine_paths():
        text = re.sub(run_notebooks.folder_pattern(name), "…", text)
    return text


def check(folder, note, again=False):
    """Do all of it; return what broke that held the last time, as history.news does.

    folder : where the environment is made
    note : the file with the history
    again : test in the environment that lies there
    """
    old, listed, lessons = history.read(note), claims.load(), notebooks()
    python = environment.python_of(folder)
    if not again:
        environment.make(folder)
    elif not python.exists():
        raise Stop("build/newest holds no environment: run `make newest`.")
    run = environment.describe(folder, date.today().isoformat())
    tested = [claim for claim in listed if claim.test and can_age(claim, run["packages"])]
    tests = list(dict.fromkeys([*lessons, *(claim.test for claim in tested)]))
    environment.say(f"{len(lessons)} notebooks and the tests of {len(tested)} claims: 20 minutes")
    found = ask(python, tests, folder)
    new = history.merge(
        old,
        run,
        {Path(path).stem: (about, problem(path, found)) for path, about in lessons.items()},
        [(claim, problem(claim.test, found)) for claim in tested],
        environment.locked(run),
    )
    history.write(new, note)
    return history.news(old, new)


def main(arguments=None):
    """Run from the command line; the exit status says whether anything broke anew."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--again", action="store_true", help="test in the environment there is")
    again = parser.parse_args(arguments).again
    as_it_was = f"{history.NOTE.name} is as it was."
    try:
        broken = check(environment.FOLDER, history.NOTE, again)
    except Stop as stop:
        print(f"{stop} {as_it_was}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{environment.explain('make newest', str(error))} {as_it_was}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\nInterrupted: {as_it_was}", file=sys.stderr)
        return 130
    for name, said in broken.items():
        print(f"no longer holds: {name}\n    {said}")
    print(f"{len(broken)} broke anew; all of it is kept in {history.NOTE.name}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
