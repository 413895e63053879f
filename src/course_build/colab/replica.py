"""Build a copy of a Colab machine and run notebooks in it (`make colab-replica`).

    python -m course_build.colab.replica              notebooks 00, 05 and 06
    python -m course_build.colab.replica 12 --keep    these; leave the copy for the next time
    python -m course_build.colab.replica --note       also note for the pages what was measured

The copy is an environment with Colab's Python and Colab's versions of what the notebooks build on,
out of packages/. In it the notebooks run as on Colab, from their set-up cell on, in an empty
folder; of a notebook that needs a GPU, the set-up cell alone. It fails if a set-up cell replaces
one of Colab's packages, prints anything, takes too long or leaves missing what the course needs,
and if a notebook stops. It is no Colab: another machine, no GPU, other packages around.

Needs the network, 8 GB of disk and, the first time, about ten minutes.
"""

import argparse
import difflib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import setup_env
from course_build import ROOT, Stop
from course_build.notebooks import run as run_notebooks
from course_build.notebooks.setup_cell import setup_cell, with_setup_cell

LISTS = Path(__file__).with_name("packages")
FOLDER = ROOT / "build" / "colab-replica"
NOTE = ROOT / "src" / "course_build" / "measured" / "colab.json"
NOTEBOOKS = ("00", "05", "06")
SECONDS = 90  # what a reader may wait for the set-up cell
KERNEL = "colab-replica"

# What the notebooks import and Colab has. What their set-up cells build on comes on top.
IMPORTED = (
    "numpy", "scipy", "scikit-image", "matplotlib", "pandas", "tensorflow", "keras", "torch",
    "numba", "dask", "tifffile", "tqdm", "psutil", "pydantic", "requests", "ipykernel", "ipython",
)  # fmt: skip
CORE = ("numpy", "tensorflow", "keras", "torch")
# torch pins the GPU libraries that fit it, and these differ from build to build.
LEFT_TO_TORCH = re.compile(r"nvidia|triton|cuda")


# Colours, and what pip says where its settings name a folder of wheels that lacks a package: that
# is of the machine on which this runs, not of Colab.
THIS_MACHINE = re.compile(r"\x1b\[[0-9;]*m|WARNING: Location 'file:.*' is ignored: .*")


# --- Building -----------------------------------------------------------------------------------


def find_python(version):
    """Return the command of an interpreter of this version, such as (3, 13), or None."""
    name = "{}.{}".format(*version)
    places = (shutil.which(f"python{name}"), sys.executable)
    for place in filter(None, places):
        if (setup_env.probe([place]) or ("",))[0] == name:
            return place
    return None


def newest_list(folder=LISTS):
    """Return ((3, 13), path of packages-py313.txt): the newest Python of Colab's, and its list."""
    versions = {}
    for path in folder.glob("packages-py*.txt"):
        digits = re.search(r"py(\d)(\d+)", path.name)
        versions[int(digits[1]), int(digits[2])] = path
    return max(versions.items())


def preinstalled(path):
    """Return {name: Version, or None where the list tells none} from one of Colab's lists."""
    packages = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, _, version = line.partition("==")
            packages[canonicalize_name(name)] = Version(version) if version else None
    return packages


def pins(path):
    """Return {name: NAME==VERSION} of one of Colab's lists, as pip can be told to install it.

    A local version such as torch 2.11.0+cpu becomes 2.11.0: which build comes is up to pip.
    """
    return {
        name: f"{name}=={number.public}"
        for name, number in preinstalled(path).items()
        if number and not LEFT_TO_TORCH.match(name)
    }


def installs(source):
    """Return what follows `pip install` in the commands of a set-up cell, as lists of words."""
    lines = [line.strip()[1:] for line in source.splitlines() if line.strip().startswith("!")]
    commands = [
        shlex.split(command, comments=True) for line in lines for command in line.split(" && ")
    ]
    return [words[2:] for words in commands if words[:2] == ["pip", "install"]]


def builds_on(python, source, constraints):
    """Return the names of what a set-up cell's packages need and the copy does not have yet.

    pip itself is asked, without installing anything: what it would bring along, and, for packages
    that come without what they need (--no-deps), what they say that they need.
    """
    names = set()
    for words in installs(source):
        if "--target" in words:  # into a folder of its own, beside what is there
            continue
        words = [str(constraints) if word == "has.txt" else word for word in words]
        report = run(python, "-m", "pip", "install", "--dry-run", "--report", "-", *words)
        for item in json.loads(report)["install"]:
            needs = map(Requirement, item["metadata"].get("requires_dist", []))
            names |= {canonicalize_name(n.name) for n in needs if "extra" not in str(n.marker)}
            names.add(canonicalize_name(item["metadata"]["name"]))
    return names


def run(*command, **options):
    """Run a command, silently; raise Stop with its last words if it fails."""
    answer = subprocess.run(command, capture_output=True, text=True, **options)
    if answer.returncode:
        words = (answer.stdout + answer.stderr).strip().splitlines()[-15:]
        raise Stop("\n".join(words) or f"{command[0]} failed")
    return answer.stdout


def versions(python):
    """Return {name: version} of what an environment holds."""
    lines = run(python, "-m", "pip", "list", "--format=json", "--disable-pip-version-check")
    return {item["name"]: item["version"] for item in json.loads(lines)}


def build(folder, path, version, sources):
    """Make the copy in `folder`; return the path of its Python.

    Parameters
    ----------
    folder : pathlib.Path
    path : pathlib.Path
        Colab's list.
    version : (int, int)
        The Python that it is for.
    sources : collection of str
        The set-up cells: what they build on and Colab has must be there before they run.
    """
    command = find_python(version)
    if command is None:
        raise Stop(
            "The copy of Colab needs Python {}.{} on the path: install it beside the other one, "
            "then run this again.".format(*version)
        )
    python = folder / "venv" / "bin" / "python"
    pinned = pins(path)
    constraints = folder / "constraints.txt"
    constraints.write_text("\n".join(sorted(pinned.values())) + "\n", encoding="utf-8")
    if not python.exists():
        run(command, "-m", "venv", folder / "venv")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run(*pip, f"pip=={preinstalled(path)['pip']}")
    run(*pip, "-c", constraints, *(pinned[name] for name in IMPORTED))
    needed = set().union(*(builds_on(python, source, constraints) for source in sources))
    run(*pip, "-c", constraints, *(pinned[name] for name in sorted(needed & pinned.keys())))
    pretend_to_be_colab(python)
    spec = folder / "share" / "kernels" / KERNEL
    spec.mkdir(parents=True, exist_ok=True)
    start = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    text = json.dumps({"argv": start, "display_name": KERNEL, "language": "python"})
    (spec / "kernel.json").write_text(text, encoding="utf-8")
    return python


def pretend_to_be_colab(python):
    """Let every start of this Python import an empty google.colab, as Colab's does."""
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(run(python, "-c", code).strip())
    stub = packages / "google" / "colab"
    stub.mkdir(parents=True, exist_ok=True)
    (stub / "__init__.py").touch()
    (packages / "colab.pth").write_text("import google.colab\n", encoding="utf-8")


def build_wheel(folder):
    """Build the course's wheel; return its path."""
    shutil.rmtree(folder, ignore_errors=True)
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT)
    (wheel,) = folder.glob("*.whl")
    return wheel


# --- Running ------------------------------------------------------------------------------------


def texts(cell):
    """Return what a code cell prints, without pictures."""
    parts = [
        output[key]
        for output in cell.get("outputs", [])
        for output, key in run_notebooks.texts(output)
    ]
    return "".join(parts)


def differences(stored, executed):
    """Return the lines in which the outputs of two runs of a notebook differ, cell by cell.

    The set-up cell, which is not stored, and those that pytest does not compare are left out.
    """
    lines = []
    lesson = [cell for cell in executed.cells if not is_setup(cell)]
    for number, (old, new) in enumerate(zip(stored.cells, lesson, strict=True), start=1):
        if old.cell_type != "code" or not run_notebooks.is_compared(old):
            continue
        before, after = texts(old).splitlines(), texts(new).splitlines()
        changes = list(difflib.unified_diff(before, after, lineterm="", n=0))[2:]
        lines += [f"cell {number} {line}" for line in changes if not line.startswith("@@")]
    return lines


def is_setup(cell):
    """Return whether this is the cell that prepares a Colab machine."""
    return "setup" in cell.metadata.get("tags", [])


def environment(folder):
    """Return the variables of the notebooks' kernel: those of the tests, and with the network."""
    variables, _ = run_notebooks.settings()
    variables.pop("PYTHONPATH")
    variables["PATH"] = str(folder / "venv" / "bin") + os.pathsep + variables["PATH"]
    variables["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    variables["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # Colab's old ipykernel warns otherwise
    return variables


def execute(notebook, name, folder):
    """Run a notebook that has its set-up cell in the copy.

    Returns
    -------
    (nbformat node, float)
        The executed notebook, and the seconds that its set-up cell took.

    Raises
    ------
    Stop
        If a cell fails, or the set-up cell prints anything; it calls the notebook `name`.
    """
    clock = {}  # when a cell began, and as -index when it ended
    setup = next(index for index, cell in enumerate(notebook.cells) if is_setup(cell))
    room = folder / "content"
    shutil.rmtree(room, ignore_errors=True)
    room.mkdir()
    _, timeout = run_notebooks.settings()
    client = NotebookClient(
        notebook,
        kernel_name=KERNEL,
        timeout=timeout,
        resources={"metadata": {"path": str(room)}},
        record_timing=False,
        on_cell_execute=lambda cell, cell_index: clock.update({cell_index: time.perf_counter()}),
        on_cell_executed=lambda cell, cell_index, execute_reply: clock.update(
            {-cell_index: time.perf_counter()}
        ),
    )
    try:
        client.execute(env=environment(folder))
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        message = re.sub(r"\x1b\[[0-9;]*m", "", str(error)).strip()
        raise Stop(f"{name} fails on the copy of Colab:\n{message}") from error
    printed = THIS_MACHINE.sub("", texts(notebook.cells[setup])).strip()
    if printed:
        raise Stop(f"the set-up cell of {name} is not quiet:\n{printed}")
    return notebook, clock[-setup] - clock[setup]


def replaced(before, after):
    """Return a sentence for each package of Colab's that is not as it was."""
    return [
        f"{name} {version} became {after.get(name, 'nothing')}"
        for name, version in before.items()
        if after.get(name) != version
    ]


def check(folder, names):
    """Build the copy, run the notebooks, and print what happened.

    Returns
    -------
    dict with Colab's Python, its versions of the largest packages, and the seconds of the set-up
    cell that ran first; it installs, and the others find everything there.

    Raises
    ------
    Stop
    """
    version, path = newest_list()
    os.environ["JUPYTER_PATH"] = str(folder / "share")
    print("Building a copy of Colab, Python {}.{} …".format(*version), flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    wheel = str(build_wheel(folder / "wheels"))
    # Of those that need a GPU, the set-up cell alone, and last: it brings another Cellpose.
    alone = [each for each in run_notebooks.find([]) if run_notebooks.runs_elsewhere(each)]
    stored = {
        each.stem: nbformat.read(each, as_version=4)
        for each in [*run_notebooks.find(names), *alone]
    }
    sources = {setup_cell(each.metadata.course, wheel) for each in stored.values()}
    python = build(folder, path, version, sources)
    before = versions(python)
    facts = {"python": "{}.{}".format(*version)}
    facts |= {name: before[name].partition("+")[0] for name in CORE}
    for name, notebook in stored.items():
        prepared = with_setup_cell(notebook, wheel)
        if notebook.metadata.course.get("runs") == "elsewhere":
            prepared.cells = [cell for cell in prepared.cells if is_setup(cell)]
        executed, seconds = execute(prepared, name, folder)
        facts.setdefault("setup_seconds", round(seconds))
        print(f"{name}: ran; its set-up cell took {seconds:.0f} s", flush=True)
        problems = replaced(before, versions(python))
        if problems:
            raise Stop("the set-up cell replaces packages: " + "; ".join(problems))
        if seconds > SECONDS:
            raise Stop(f"the set-up cell takes {seconds:.0f} s: more than {SECONDS}")
        if len(prepared.cells) > 1:
            lines = differences(notebook, executed)
            print("\n".join(lines) or "  prints what is stored", flush=True)
            doctor = [python, "-m", "bioimage_course.doctor"]  # is everything there?
            run(*doctor, cwd=folder, env=environment(folder))
    print("As they were: " + ", ".join(f"{name} {before[name]}" for name in CORE))
    return facts


def main(arguments=None):
    """Run from the command line; the exit status says whether the notebooks run on the copy."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=NOTEBOOKS, help="notebooks, such as 05")
    parser.add_argument("--keep", action="store_true", help="do not delete the copy at the end")
    parser.add_argument("--note", action="store_true", help=f"write {NOTE.name} for the pages")
    options = parser.parse_args(arguments)
    try:
        facts = check(FOLDER, options.names)
        if options.note:
            NOTE.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    except Stop as problem:
        print(problem, file=sys.stderr)
        return 1
    finally:
        if not options.keep:
            shutil.rmtree(FOLDER, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
