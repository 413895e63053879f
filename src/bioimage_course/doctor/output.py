"""What the doctor says: on the screen, as a text to paste for help, and for programs."""

import json

from bioimage_course.doctor.privacy import private


def report(findings, *, notebook=True):
    """Print findings, faults first, and the verdict.

    Parameters
    ----------
    findings : list of Finding
    notebook : bool
        Whether it is read in a notebook, or else in a terminal.

    Returns
    -------
    bool
        True if no fault is among them.
    """
    for finding in _faults_first(findings):
        print(finding)
    faults = sum(finding.stops for finding in findings)
    if faults:
        things = "1 thing" if faults == 1 else f"{faults} things"
        then = "restart the kernel and run this notebook again" if notebook else "run this again"
        print(f"{things} to mend. Then {then}.")
    else:
        print("Everything the course needs is here.")
    return not faults


def print_facts(facts):
    """Print facts, a dict of name to words, as a table of two columns."""
    width = max(11, *(len(name) for name in facts))
    for name, fact in facts.items():
        print(f"{name:<{width}} {fact}", flush=True)


def support_text(examination):
    """Write everything down as a text to paste where you ask for help.

    Parameters
    ----------
    examination : Examination

    Returns
    -------
    str
        It holds no user name, no name of this computer and no path of a home folder.
    """
    facts, packages, findings = examination
    lines = ["Report of bioimage_course.doctor", ""]
    lines += [f"{name}: {fact}" for name, fact in facts.items()]
    lines += ["", "Packages: " + ", ".join(f"{name} {v}" for name, v in packages.items()), ""]
    lines += map(str, _faults_first(findings))
    if not findings:
        lines += ["Everything the course needs is here."]
    return private("\n".join(lines))


def as_json(examination):
    """Write an Examination down for programs, as private as `support_text`."""
    facts, packages, findings = examination
    answer = {
        "ready": not any(finding.stops for finding in findings),
        "facts": {name: private(str(fact)) for name, fact in facts.items()},
        "packages": packages,
        "findings": [
            {
                "what": private(finding.what),
                "why": private(finding.why),
                "fix": private(finding.fix),
                "stops": finding.stops,
            }
            for finding in findings
        ],
    }
    return json.dumps(answer, indent=2, ensure_ascii=True)


def _faults_first(findings):
    return sorted(findings, key=lambda finding: not finding.stops)
