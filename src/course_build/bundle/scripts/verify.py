"""Compare every file of this folder with SHA256SUMS, and name those that differ.

    python3 verify.py                  everything (on Windows: py verify.py)
    python3 verify.py wheels site      only these folders

It ends with status 0 if nothing is changed, missing or additional, else with 1. What install makes,
the folder `environment`, is left out. Needs no package and no network, and changes nothing.
"""

import hashlib
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SUMS = "SHA256SUMS"
LEFT_OUT = ("environment",)


def sha256(path):
    """Return the SHA-256 of a file, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for part in iter(lambda: file.read(1 << 20), b""):
            digest.update(part)
    return digest.hexdigest()


def listed(folder):
    """Return {path: SHA-256} as SHA256SUMS says it; paths have forward slashes."""
    with open(os.path.join(folder, SUMS), encoding="utf-8") as file:
        lines = [line.rstrip("\n").split("  ", 1) for line in file]
    return {path: digest for digest, path in lines}


def present(folder):
    """Yield the paths of the files below a folder, without SHA256SUMS itself."""
    for parent, folders, names in os.walk(folder):
        if parent == folder:
            folders[:] = [name for name in folders if name not in LEFT_OUT]
        for name in names:
            path = os.path.relpath(os.path.join(parent, name), folder).replace(os.sep, "/")
            if path != SUMS:
                yield path


def faults(folder=HERE, only=()):
    """Return one line for each file that is changed, missing or additional; [] if none is.

    only : names of folders to look at; all if there are none
    """

    def wanted(paths):
        return {path for path in paths if not only or path.split("/")[0] in only}

    sums = listed(folder)
    expected, present_now = wanted(sums), wanted(present(folder))
    lines = ["missing     " + path for path in expected - present_now]
    lines += ["additional  " + path for path in present_now - expected]
    for path in expected & present_now:
        try:
            if sha256(os.path.join(folder, path)) != sums[path]:
                lines.append("changed     " + path)
        except OSError as error:
            lines.append(f"unreadable  {path} ({error.strerror})")
    return sorted(lines, key=lambda line: line[12:])


def main(only):
    """Print what differs; the exit status says whether anything does."""
    only = [name.strip("/\\") for name in only]
    try:
        unknown = set(only) - {path.split("/")[0] for path in listed(HERE)}
        lines = faults(HERE, only)
    except (OSError, ValueError):
        print(SUMS + " is missing or spoilt: copy the bundle again.")
        return 1
    if unknown:
        print("Not in this bundle: " + ", ".join(sorted(unknown)))
        return 1
    for line in lines:
        print(line)
    added = sum(line.startswith("additional") for line in lines)
    if len(lines) > added:
        print(f"Not as they were made: {len(lines) - added}. Copy those again, except notebooks")
        print("that somebody worked in: those are meant to change.")
    if added:
        print(f"Not of the bundle: {added}. That does no harm, except in wheels/: delete them")
        print("there, since install stops at them.")
    if lines:
        return 1
    print("Every file is as it was made.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
