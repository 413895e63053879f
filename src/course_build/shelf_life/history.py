"""What held with the newest versions, since when, and what broke it: the file shelf_life.json.

{"run": the last run: date, python, system, machine, packages, apart (notebook 14's Cellpose 4),
 "notebooks": {name: entry}, "claims": [entry with page, says and test]}

An entry has `about`, the packages it depends on; `true_since`, the first of an unbroken row of good
runs; `last_seen`, the last of them, with the versions; `first_broken_by`, null or what ended the
row: the date, the packages that had changed since, [old, new], and what the test said.
"""

import json

from course_build import ROOT, Stop
from course_build.shelf_life.environment import is_apart

NOTE = ROOT / "src" / "course_build" / "measured" / "shelf_life.json"


def versions(run, test=""):
    """Return the packages that a test met in a run: {name: version}."""
    return run["packages"] | (run["apart"] if is_apart(test) else {})


def version(name, packages):
    """Return a package's version, or None; TensorFlow's small build is TensorFlow."""
    return packages.get(name) or packages.get(f"{name}-cpu")


def changes(before, after):
    """Return {name: [old, new]} of the packages that differ; None where one was not there."""
    names = sorted(before.keys() | after.keys())
    return {
        name: [before.get(name), after.get(name)]
        for name in names
        if before.get(name) != after.get(name)
    }


def follow(entry, problem, about, day, before, packages):
    """Return what is known of a notebook or a claim after one more run.

    Parameters
    ----------
    entry : dict or None
        What was known of it; None if it is new.
    problem : str
        What its test said; "" if it passed.
    about : list of str
        The packages it depends on.
    day : str
        The run's date.
    before, packages : dict str -> str
        The packages with which it was good the last time, and those of this run.
    """
    known = {key: (entry or {}).get(key) for key in ("true_since", "last_seen", "first_broken_by")}
    was_good = bool(entry) and not known["first_broken_by"]
    if not problem:
        seen = {name: version(name, packages) for name in about if version(name, packages)}
        known["true_since"] = known["true_since"] if was_good else day
        known["last_seen"] = {"date": day, "versions": seen}
        known["first_broken_by"] = None
    elif not known["first_broken_by"]:
        changed = changes(before, packages)
        known["first_broken_by"] = {"date": day, "packages": changed, "message": problem}
    return {"about": about, **known}


def merge(old, run, notebooks, claims, lock):
    """Return the history after one more run.

    Parameters
    ----------
    old : dict
        The history before it; {} at first.
    run, lock : dict
        This run, and what the course installs: what is new was true there, by `make test`.
    notebooks : dict str -> (list of str, str)
        For each notebook the packages it depends on, and its problem or "".
    claims : list of (Claim, str)
        Each claim that has a test, with its problem or "".

    Returns
    -------
    dict
        With these notebooks and claims alone: what is gone from the course is gone here.
    """
    known = dict(old.get("notebooks", {}))
    known |= {(entry["page"], entry["says"]): entry for entry in old.get("claims", [])}

    def after(key, problem, about, test=""):
        before = versions(old["run"] if key in known else lock, test)
        return follow(known.get(key), problem, about, run["date"], before, versions(run, test))

    return {
        "run": run,
        "notebooks": {
            name: after(name, problem, about) for name, (about, problem) in notebooks.items()
        },
        "claims": [
            {"page": claim.page, "says": claim.says, "test": claim.test}
            | after((claim.page, claim.says), problem, [claim.about], claim.test)
            for claim, problem in claims
        ],
    }


def news(old, new):
    """Return what no longer holds and did the last time, or is new: {name: what it said}."""

    def broken(history):
        entries = dict(history.get("notebooks", {}))
        entries |= {f"{c['page']}: {c['says']}": c for c in history.get("claims", [])}
        return {name: e["first_broken_by"] for name, e in entries.items() if e["first_broken_by"]}

    known = broken(old)
    return {name: why["message"] for name, why in broken(new).items() if name not in known}


def read(path=NOTE):
    """Return the history that is kept; {} if there is none yet."""
    if not path.exists():
        return {}
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise Stop(f"{path}: not JSON that can be read ({error})") from error


def write(history, path=NOTE):
    """Keep the history, in one step, so that the old one is whole until then."""

    def line(value):
        return json.dumps(value, ensure_ascii=False)

    # A line for each entry: that is what a reader of the changes can follow.
    notebooks = ",\n".join(f"{line(k)}: {line(v)}" for k, v in history["notebooks"].items())
    claims = ",\n".join(map(line, history["claims"]))
    text = f'{{"run": {json.dumps(history["run"], indent=1)},\n"notebooks": {{\n{notebooks}\n}},\n'
    text += f'"claims": [\n{claims}\n]}}\n'
    half = path.with_name(path.name + ".part")
    try:
        half.write_text(text, encoding="utf-8")
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)
