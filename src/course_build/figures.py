"""Run the figures' scripts, and tell which figure is stale (`make figures`).

    python -m course_build.figures                  those of which something changed
    python -m course_build.figures seam touching    only these, changed or not
    python -m course_build.figures --check          run all elsewhere, and compare (nightly)

Each folder's scripts run in a process of their own, compute.py before draw.py. What the process
read, and what it wrote, goes with its hashes into the folder's stamp.json: `stale` compares those
in an instant.
"""

import argparse
import ast
import hashlib
import io
import json
import re
import shutil
import sys
import tempfile
import tokenize
from importlib import import_module
from pathlib import Path

from course_build import ROOT, Stop
from course_build.programs import run

FIGURES = ROOT / "figures"
SCRIPTS = ("compute", "draw")
STAMP = "stamp.json"
MADE = (".json", ".svg", ".webp", ".tif")
#: In src/, what computes and draws. The images come in wheels, by version.
HELPERS = re.compile(
    r"bioimage_course/(show|mistakes|report_card)\.py|course_build/learning/\w+\.py"
)
#: A newer version of one of these may change a figure that loads it.
PACKAGES = {
    "cellpose": "cellpose", "csbdeep": "csbdeep", "matplotlib": "matplotlib", "numpy": "numpy",
    "scipy": "scipy", "skimage": "scikit-image", "stardist": "stardist", "torch": "torch",
}  # fmt: skip


def names(folder=FIGURES):
    """Return the figures that a script makes, in order."""
    return sorted({path.parent.name for name in SCRIPTS for path in folder.glob(f"*/{name}.py")})


def stale(name, root=ROOT):
    """Say why what a figure's scripts wrote is no longer what they would write now.

    Parameters
    ----------
    name : str
        The figure's folder.
    root : pathlib.Path
        The repository.

    Returns
    -------
    list of str
        One sentence for each reason, with the command that mends it; [] if there is none.
    """
    folder = root / "figures" / name
    cure = f"run `make figures ONLY={name}`"
    if not (folder / STAMP).exists():
        return [f"figures/{name} has no {STAMP}: {cure}"]
    stamp = json.loads((folder / STAMP).read_text(encoding="utf-8"))
    reasons = []
    for path, digest in stamp["read"].items():
        now = fingerprint(root / path) if (root / path).is_file() else None
        if now != digest:
            reasons.append(f"figures/{name} was made before {path} changed: {cure}")
    for package, version in stamp["packages"].items():
        if locked(package, root) != version:
            reasons.append(f"figures/{name} was made with {package} {version}: {cure}")
    written = {path.name: fingerprint(path) for path in made(folder)}
    for file in sorted(written.keys() | stamp["wrote"].keys()):
        if written.get(file) != stamp["wrote"].get(file):
            reasons.append(f"figures/{name}/{file} is not what its script wrote: {cure}")
    return reasons


def made(folder):
    """Return the files that a figure's scripts wrote."""
    return sorted(path for path in folder.iterdir() if path.suffix in MADE and path.name != STAMP)


def fingerprint(path):
    """Return a short hash of a file; of Python, without comments, docstrings and line breaks.

    It is the same on every version of Python, unlike what `ast` writes.
    """
    content = path.read_bytes()
    if path.suffix == ".py":
        content = bare(content.decode()).encode()
    return hashlib.sha256(content).hexdigest()[:16]


def bare(source):
    """Return Python's text without comments, docstrings, line breaks and commas at an end.

    What belongs into a block stands between → and ←.
    """
    lines = io.StringIO(source).readlines()
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))

    def place(row, column):  # of a character
        return starts[row - 1] + column

    changes = []  # (from, to, what comes there)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            changes.append((place(*token.start), place(*token.end), ""))
        elif token.type == tokenize.INDENT:
            changes.append((place(*token.end), place(*token.end), " → "))
        elif token.type == tokenize.DEDENT:
            changes.append((place(*token.start), place(*token.start), " ← "))
    for node in ast.walk(ast.parse(source)):
        kinds = ast.Module | ast.FunctionDef | ast.ClassDef
        if isinstance(node, kinds) and ast.get_docstring(node, clean=False) is not None:
            words = node.body[0].value
            first, last = lines[words.lineno - 1], lines[words.end_lineno - 1]  # ast counts bytes
            begin = len(first.encode()[: words.col_offset].decode())
            end = len(last.encode()[: words.end_col_offset].decode())
            changes.append((place(words.lineno, begin), place(words.end_lineno, end), ""))
    for begin, end, instead in sorted(changes, reverse=True):
        source = source[:begin] + instead + source[end:]
    source = re.sub(r"(?<=[(\[{]) | (?=[)\]}])", "", re.sub(r"\s+", " ", source).strip())
    return re.sub(r",(?=[)\]}])", "", source)


def locked(package, root=ROOT):
    """Return the version of a package in the lock."""
    lock = (root / "requirements.txt").read_text(encoding="utf-8")
    version = re.search(rf"^{package}==([\w.]+)", lock, re.M)
    return version[1] if version else None


# --- Running ----------------------------------------------------------------------------------


def make(name):
    """Run a figure's scripts in a fresh process, and stamp what they wrote.

    Raises
    ------
    Stop
        With Python's own words, if a script fails.
    """
    run(
        [sys.executable, "-m", "course_build.figures", "--inside", name],
        f"figures/{name} cannot be made",
    )


def _make_inside(name):
    """Run the scripts in this process, watch which files they read, and write the stamp."""
    opened = set()

    def watch(event, arguments):
        if event == "open" and isinstance(arguments[0], str) and "w" not in str(arguments[1]):
            opened.add(arguments[0])

    sys.addaudithook(watch)
    folder = None
    for script in SCRIPTS:
        if (FIGURES / name / f"{script}.py").exists():
            module = import_module(f"figures.{name}.{script}")
            folder = Path(module.__file__).parent
            module.main()
    root = folder.parents[1]
    modules = {module.__file__ for module in list(sys.modules.values()) if _file(module)}
    read = {path for file in opened | modules if (path := _belongs(file, root, folder))}
    stamp = {
        "read": {path: fingerprint(root / path) for path in sorted(_used(read, root))},
        "packages": {
            package: locked(package)
            for module, package in PACKAGES.items()
            if module in sys.modules
        },
        "wrote": {path.name: fingerprint(path) for path in made(folder)},
    }
    (folder / STAMP).write_text(json.dumps(stamp, indent=1) + "\n", encoding="utf-8")


def _file(module):
    return getattr(module, "__file__", None)


def _belongs(file, root, folder):
    """Return a file's path in the repository if a figure may depend on it, else None."""
    path = Path(file).absolute()
    for place in (root, ROOT):
        if path.is_relative_to(place):
            path = path.relative_to(place)
            break
    else:
        return None
    top, *_ = path.parts
    if path.suffix == ".pyc" or top.startswith(".") or top in ("build", "node_modules"):
        return None
    if path.suffix in MADE and path.is_relative_to(Path("figures") / folder.name):
        return None  # it has just been written
    if path.suffix == ".py":
        if top == "src" and not HELPERS.fullmatch("/".join(path.parts[1:])):
            return None
        return path.as_posix() if top in ("src", "figures", "training") else None
    return path.as_posix() if (root / path).is_file() else None


def _used(paths, root):
    """Leave out the weights of models that no script names: all are looked at when one is used."""
    code = "".join(
        (root / path).read_text(encoding="utf-8") for path in paths if path.endswith(".py")
    )
    for path in paths:
        model = re.search(r"/weights/([\w-]+)/", path)
        if not model or model[1] in code:
            yield path


# --- Comparing --------------------------------------------------------------------------------


def check(name):
    """Run a figure's scripts in a copy of the repository, and compare what they write.

    Returns
    -------
    list of str
        What differs from the stored files; [] if nothing does. Numbers may differ by a thousandth,
        as they do between processors; of drawings their words and the count of their strokes
        count, of pictures their size.
    """
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place)
        for path in ROOT.iterdir():
            if path.name not in ("figures", ".git", "site", "build"):
                (copy / path.name).symlink_to(path)
        shutil.copytree(FIGURES, copy / "figures", ignore=shutil.ignore_patterns("__pycache__"))
        for path in made(copy / "figures" / name):
            path.unlink()
        command = [sys.executable, "-m", "course_build.figures", "--inside", name]
        # The copy comes first, not the folder in which this runs.
        variables = {"PYTHONPATH": str(copy), "PYTHONSAFEPATH": "1"}
        run(command, f"figures/{name} cannot be made", **variables)
        stored, fresh = (
            {path.name: path for path in made(root / "figures" / name)} for root in (ROOT, copy)
        )
        if stored.keys() != fresh.keys():
            return [f"figures/{name}: {sorted(stored.keys() ^ fresh.keys())} is new or missing"]
        return [
            f"figures/{name}/{file}: {difference}"
            for file in stored
            if (difference := unlike(stored[file], fresh[file]))
        ]


def unlike(stored, fresh):
    """Say how two files of one figure differ beyond what processors do; None if they do not."""
    if stored.read_bytes() == fresh.read_bytes():
        return None
    if stored.suffix == ".json":
        return _unlike(*(json.loads(path.read_text(encoding="utf-8")) for path in (stored, fresh)))
    if stored.suffix == ".svg":
        before, now = (path.read_text(encoding="utf-8") for path in (stored, fresh))
        for what, pattern in {"words": r"<!-- .*? -->|<text.*?</text>", "strokes": r"<\w+"}.items():
            one, other = re.findall(pattern, before), re.findall(pattern, now)
            if one != other:
                return f"its {what} differ: {len(one)} stored, {len(other)} now"
        return None
    from PIL import Image

    one, other = Image.open(stored), Image.open(fresh)
    return None if one.size == other.size else f"it is {other.size} large, not {one.size}"


def _unlike(stored, fresh, where=""):
    if isinstance(stored, dict) and isinstance(fresh, dict):
        if stored.keys() != fresh.keys():
            return f"{where or 'it'} has other names: {sorted(stored.keys() ^ fresh.keys())}"
        parts = ((f"{where}.{key}", stored[key], fresh[key]) for key in stored)
    elif isinstance(stored, list) and isinstance(fresh, list):
        if len(stored) != len(fresh):
            return f"{where or 'it'} has {len(fresh)} entries, not {len(stored)}"
        parts = ((f"{where}[{i}]", *pair) for i, pair in enumerate(zip(stored, fresh, strict=True)))
    elif isinstance(stored, int | float) and isinstance(fresh, int | float):
        close = abs(stored - fresh) <= max(1e-3 * abs(stored), 1e-3)
        return None if close else f"{where or 'it'} is {fresh}, not {stored}"
    else:
        same = stored == fresh or (isinstance(stored, str) and len(stored) > 200)  # packed pixels
        return None if same else f"{where or 'it'} is {fresh!r}, not {stored!r}"
    return next((difference for part in parts if (difference := _unlike(*part[1:], part[0]))), None)


def main(arguments=None):
    """Run from the command line; the exit status says whether every figure was made, or is true."""
    parser = argparse.ArgumentParser(description="Make the figures of which something changed.")
    parser.add_argument("names", nargs="*", help="these, changed or not")
    parser.add_argument("--check", action="store_true", help="run elsewhere, and compare")
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.inside:
        _make_inside(options.inside)
        return 0
    unknown = set(options.names) - set(names())
    if unknown:
        print(f"no figure is called {', '.join(sorted(unknown))}", file=sys.stderr)
        return 1
    chosen = options.names or [name for name in names() if options.check or stale(name)]
    faults = []
    for number, name in enumerate(chosen, start=1):
        print(f"[{number}/{len(chosen)}] {name}", flush=True)
        try:
            faults += check(name) if options.check else make(name) or []
        except Stop as stop:
            faults.append(str(stop))
    print(
        "\n".join(faults)
        or f"{len(chosen)} of {len(names())} figures were made; all are as their scripts say."
    )
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
