"""Execute the notebooks in place and store what they print (`make notebooks`).

    python -m course_build.notebooks.run                     those of which something changed
    python -m course_build.notebooks.run 05 06_cellpose_cells   only these, changed or not

Each notebook runs in a fresh kernel with the settings that pytest compares with (pyproject.toml),
so what is stored here is what `make test` finds again. A notebook that fails stays as it was.
What can change is its cells, the package with its weights, and the lock. One whose metadata says
`course: {"runs": "elsewhere"}` needs what is not to be had here, and is left alone. Where pages
quote a number that a notebook found, its metadata names it: `numbers: {"naive_count": 17609}`. The
run puts the values in.
"""

import argparse
import base64
import hashlib
import io
import json
import os
import re
import sys
import tempfile
import time
import tomllib
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from PIL import Image
from pytest_notebook.post_processors import coalesce_streams

from course_build import ROOT, Stop
from course_build.notebooks import folds

NOTEBOOKS = ROOT / "notebooks"
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}

# Asked in the notebook's own kernel after its last cell: what it really loaded, and where it ran.
PROBE = """
import json as _json, platform as _platform, sys as _sys
_names = {"stardist": "stardist", "tensorflow": "tensorflow", "cellpose": "cellpose",
          "torch": "torch", "numpy": "numpy", "skimage": "scikit-image"}
def _version(_module):
    if hasattr(_module, "__version__"):
        return _module.__version__.split("+")[0]
    from importlib.metadata import version as _of
    return _of(_names[_module.__name__])
_device = "CPU"
if "torch" in _sys.modules:
    import torch as _torch
    if _torch.cuda.is_available():
        _device = "GPU (" + _torch.cuda.get_device_name(0) + ")"
    elif _torch.backends.mps.is_available():
        _device = "GPU (Apple)"
if _device == "CPU" and "tensorflow" in _sys.modules:
    import tensorflow as _tf
    if _tf.config.list_physical_devices("GPU"):
        _device = "GPU"
_packages = {_names[_n]: _version(_sys.modules[_n]) for _n in _names if _n in _sys.modules}
_numbers = {_n: eval(_n) for _n in NUMBERS}
print(_json.dumps({"python": _platform.python_version(), "packages": _packages,
                   "device": _device, "numbers": _numbers}))
"""


def settings():
    """Return (environment of the kernel, seconds a cell may take), as pytest-notebook has them."""
    options = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    options = options["tool"]["pytest"]["ini_options"]
    variables = dict(line.split("=", 1) for line in options["nb_exec_env"])
    # As under pytest, ipykernel leaves to the terminal what a library in C writes there.
    variables["PYTEST_CURRENT_TEST"] = "make notebooks"
    return {**os.environ, **variables}, int(options["nb_exec_timeout"])


def machine_paths():
    """Return the folders of this machine that no stored output may show, longest first."""
    folders = {ROOT, Path(sys.prefix), Path.home(), Path(tempfile.gettempdir())}
    names = {str(folder.resolve()) for folder in folders} | {str(folder) for folder in folders}
    return sorted((name for name in names if len(name) > 3), key=len, reverse=True)


def texts(output):
    """Yield (container, key) for each piece of text in an output, to read or to replace."""
    if output.output_type == "stream":
        yield output, "text"
    elif output.output_type == "error":
        yield output, "evalue"
        for index in range(len(output.traceback)):
            yield output.traceback, index
    else:
        for mime in output.get("data", {}):
            if mime.startswith("text/") or mime == "image/svg+xml":
                yield output.data, mime


def folder_pattern(name):
    """Return the pattern of a folder's path that is not part of a longer word."""
    return r"(?<![\w.])" + re.escape(name) + r"(?![\w.-])"


def leaks(text):
    """Return what in `text` differs from machine to machine: a folder, an address, a rate."""
    shown = [name for name in machine_paths() if re.search(folder_pattern(name), text)]
    shown += re.findall(r"(?<![\w.])/(?:home|root|Users|tmp|work|content)/[\w./-]+", text)
    shown += re.findall(r"\b[A-Za-z]:\\Users\\[\w\\.-]+", text)
    shown += re.findall(r"\bat 0x[0-9a-fA-F]{6,}", text)
    shown += re.findall(r"\d+(?:\.\d+)? ?(?:it/s|s/it|ms/step)", text)
    return shown


def is_compared(cell):
    """Return whether pytest compares the outputs of this cell."""
    return "/outputs" not in cell.metadata.get("nbreg", {}).get("diff_ignore", [])


def tidy(notebook):
    """Take out of an executed notebook, in place, what belongs to this machine and this run.

    And fold in it what its page folds.
    """
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type != "code":
            continue
        cell.metadata.pop("execution", None)
        for output in cell.outputs:
            for container, key in texts(output):
                # A traceback shows paths by nature, and pytest does not compare it.
                if is_compared(cell) and output.output_type != "error":
                    for leak in leaks(container[key]):
                        raise Stop(
                            f"cell {number} prints {leak!r}, which differs on every machine or run:"
                            " print something that stays the same (a file's name, a rounded number)"
                        )
                for name in machine_paths():
                    container[key] = re.sub(folder_pattern(name), "…", container[key])
            if "image/png" in output.get("data", {}):
                output.data["image/png"] = with_palette(output.data["image/png"])
    folds.hide(notebook)
    notebook.metadata["kernelspec"] = KERNEL
    notebook.metadata.get("language_info", {}).pop("version", None)
    notebook.metadata.pop("widgets", None)


def with_palette(png):
    """Return a picture (base64 PNG) in 256 colours: half the size, and looks the same."""
    small = io.BytesIO()
    picture = Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")
    picture = picture.quantize(256, dither=Image.Dither.NONE)
    picture.save(small, "PNG", optimize=True)
    return base64.b64encode(small.getvalue()).decode()


def inputs_of(notebook):
    """Return a short hash of what a notebook's outputs depend on."""
    digest = hashlib.sha256()
    for cell in notebook.cells:
        digest.update(f"{cell.cell_type}\n{cell.source}\n".encode())
    package = ROOT / "src" / "bioimage_course"
    files = [ROOT / "requirements.txt", *sorted(package.rglob("*"))]
    for path in files:
        if path.is_file() and path.suffix not in (".md", ".pyc"):  # model cards change no output
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def is_up_to_date(path):
    """Return whether a notebook was run with just the inputs it has now."""
    notebook = nbformat.read(path, as_version=4)
    return notebook.metadata.get("course", {}).get("inputs") == inputs_of(notebook)


def runs_elsewhere(path):
    """Return whether a notebook is stored without outputs, since it needs another machine."""
    notebook = nbformat.read(path, as_version=4)
    return notebook.metadata.get("course", {}).get("runs") == "elsewhere"


def execute(path):
    """Execute one notebook and write it back.

    Parameters
    ----------
    path : Path of an .ipynb file; its folder is the working directory, as in Jupyter.

    Returns
    -------
    dict with python, packages, device, seconds and inputs, as stored in `metadata.course`.

    Raises
    ------
    Stop if a cell fails or prints something that only this machine prints. The file
    is then as it was.
    """
    notebook = nbformat.read(path, as_version=4)
    environment, timeout = settings()
    reached = []
    numbers = list(notebook.metadata.get("numbers", {}))  # names, or short expressions
    probe = PROBE.replace("NUMBERS", repr(numbers))
    notebook.cells.append(nbformat.v4.new_code_cell(probe))
    client = NotebookClient(
        notebook,
        kernel_name=KERNEL["name"],
        timeout=timeout,
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
        extra_arguments=["--log-level=ERROR"],
        on_cell_start=lambda cell, cell_index: reached.append(cell_index + 1),
    )
    start = time.perf_counter()
    try:
        client.execute(env=environment)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        message = re.sub(r"\x1b\[[0-9;]*m", "", str(error)).strip()
        raise Stop(f"cell {reached[-1]} failed:\n{message}") from error
    seconds = max(1, round(time.perf_counter() - start))
    course = json.loads(notebook.cells.pop().outputs[0].text)
    if values := course.pop("numbers"):
        notebook.metadata["numbers"] = values

    notebook, _ = coalesce_streams(notebook, {})
    tidy(notebook)
    course |= {"seconds": seconds, "inputs": inputs_of(notebook)}
    notebook.metadata["course"] = course
    nbformat.validate(notebook)
    write(notebook, path)
    return course


def write(notebook, path):
    """Replace the file in one step, so that an interruption leaves the old one whole."""
    half = path.with_name(path.name + ".part")
    try:
        nbformat.write(notebook, half)
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)


def find(names, folder=NOTEBOOKS):
    """Return the notebooks that the names stand for: `05`, `05_stardist_nuclei`, or a path."""
    everything = sorted(folder.glob("*.ipynb"))
    if not names:
        return everything
    chosen = []
    for name in names:
        matches = [path for path in everything if path.stem.startswith(Path(name).stem)]
        if Path(name).is_file():
            matches = [Path(name).resolve()]
        if not matches:
            known = ", ".join(path.stem for path in everything)
            raise Stop(f"no notebook is called {name}; there are: {known}")
        chosen += matches
    return chosen


def main(arguments=None):
    """Run from the command line; the exit status says whether every notebook ran."""
    parser = argparse.ArgumentParser(description="Execute notebooks in place.")
    parser.add_argument("names", nargs="*", help="05, 05_stardist_nuclei or a path; default: all")
    names = parser.parse_args(arguments).names
    try:
        paths = find(names)
    except Stop as problem:
        print(problem, file=sys.stderr)
        return 1
    table = {}
    for number, path in enumerate(paths, start=1):
        print(f"[{number}/{len(paths)}] {path.stem} …", end=" ", flush=True)
        if runs_elsewhere(path):
            table[path.stem] = "runs elsewhere"
        elif not names and is_up_to_date(path):
            table[path.stem] = "unchanged"
        else:
            try:
                course = execute(path)
                table[path.stem] = f"{course['seconds']} s on the {course['device']}"
            except Stop as problem:
                table[path.stem] = "failed"
                print(f"{path.name}, {problem}", file=sys.stderr)
        print(table[path.stem])
    if len(table) > 1:
        print("\n" + "\n".join(f"{name:32} {how}" for name, how in table.items()))
    return 1 if "failed" in table.values() else 0


if __name__ == "__main__":
    sys.exit(main())
