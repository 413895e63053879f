"""Train the notebooks' networks again and again, and keep how far their checks are from failing.

    python -m course_build.notebooks.seeds                      what is missing, then the summary
    python -m course_build.notebooks.seeds 03 --seeds 10 --threads 1

A notebook that trains says things that hang on chance: "more than 90 % are right". Here each is run
with other seeds and numbers of threads, in a fresh process, and every comparison that it asserts or
prints is kept with its two sides: each run in build/seeds/, what they say together in
src/course_build/measured/seeds.json. Seed 0 is the notebook as it is stored.
"""

import argparse
import ast
import hashlib
import json
import operator
import subprocess
import sys
import time

import nbformat
import numpy as np

from course_build import ROOT
from course_build.notebooks.run import NOTEBOOKS, find, settings

RUNS = ROOT / "build" / "seeds"
KEPT = ROOT / "src" / "course_build" / "measured" / "seeds.json"

#: Notebooks that train, each with the cells that are not run: they need no training and take long.
TRAINS = {
    "03_convolutions_by_hand": (),
    "04_train_a_unet": (),
    "07_compare_and_evaluate": (),
    "09_train_stardist": (),
    "10_finetune_cellpose": ("cures-run",),
    "11_nuclei_in_3d": (
        "sections-run", "planes-run", "planes-check", "planes-look", "flow-look", "compare-look",
    ),
    "18_train_on_your_images": (),
}  # fmt: skip
#: Cells in which chance makes an image, or draws an interval: it stays as it is.
DATA_CELLS = {"relief-run", "stain-run", "carry-run", "better-run"}
#: Parts of a notebook that say nothing about the training in it.
SKIPPED = ("exercise-", "solution-", "own-", "folder-")

OPERATORS = {
    ast.Lt: ("<", operator.lt),
    ast.LtE: ("<=", operator.le),
    ast.Gt: (">", operator.gt),
    ast.GtE: (">=", operator.ge),
    ast.Eq: ("==", operator.eq),
    ast.NotEq: ("!=", operator.ne),
}


# --- One cell: its checks, and their two sides ----------------------------------------------------
class _Watch(ast.NodeTransformer):
    """Let what a cell asserts, prints or stores as a comparison be noted while the cell runs."""

    def __init__(self):
        self.inside, self.claims = False, []

    def visit_Assert(self, node):
        text = ast.unparse(node.test)
        self.claims.append(text)
        self._watched(node)
        return ast.copy_location(ast.Expr(_call("_asserted", ast.Constant(text), node.test)), node)

    def visit_Expr(self, node):
        is_print = isinstance(node.value, ast.Call) and ast.unparse(node.value.func) == "print"
        return self._watched(node) if is_print else self.generic_visit(node)

    def visit_Assign(self, node):
        is_comparison = isinstance(node.value, ast.Compare)
        return self._watched(node) if is_comparison else self.generic_visit(node)

    def _watched(self, node):
        before, self.inside = self.inside, True
        self.generic_visit(node)
        self.inside = before
        return node

    def visit_Compare(self, node):
        sides = [node.left, *node.comparators]
        signs = [OPERATORS.get(type(sign)) for sign in node.ops]
        texts, whole = [ast.unparse(side) for side in sides], ast.unparse(node)
        self.generic_visit(node)
        if not self.inside or None in signs:
            return node
        self.claims.append(whole)
        names = ast.Constant(tuple(texts)), ast.Constant(tuple(sign for sign, _ in signs))
        return ast.copy_location(_call("_compared", *names, *sides), node)


def _call(name, *arguments):
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])


class Checks:
    """What the checks of one run found: `found` holds dicts with cell, claim, holds, sides."""

    def __init__(self):
        self.found, self.cell = [], None

    def run(self, source, cell, names):
        """Execute a cell in the namespace `names`; a check that fails does not stop it."""
        self.cell = cell
        names |= {"_asserted": self._asserted, "_compared": self._compared}
        tree = ast.fix_missing_locations(_Watch().visit(ast.parse(source)))
        exec(compile(tree, cell, "exec"), names)

    def _asserted(self, text, value):
        self._note(text, bool(value))

    def _compared(self, texts, signs, *sides):
        answers = []
        for number, sign in enumerate(signs):
            left, right = sides[number : number + 2]
            compare = next(function for name, function in OPERATORS.values() if name == sign)
            answers.append(compare(left, right))
            if np.ndim(answers[-1]) == 0:
                claim = f"{texts[number]} {sign} {texts[number + 1]}"
                self._note(claim, bool(answers[-1]), [_plain(left), _plain(right)])
        return answers[0] if len(answers) == 1 else all(answers)

    def _note(self, claim, holds, sides=None):
        self.found.append({"cell": self.cell, "claim": claim, "holds": holds, "sides": sides})


def _plain(value):
    """A side of a comparison as JSON knows it: a number, or else its text."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return str(value)


def claims_hash(notebook):
    """Return a short hash of a notebook's checks as they are written, outside its exercises."""
    watch = _Watch()
    for cell in claiming_cells(notebook):
        watch.visit(ast.parse(cell.source))
    return hashlib.sha256("\n".join(watch.claims).encode()).hexdigest()[:16]


def claiming_cells(notebook):
    """Return the code cells in which a notebook trains and says what came of it."""
    return [
        cell
        for cell in notebook.cells
        if cell.cell_type == "code" and not cell.id.startswith(SKIPPED)
    ]


# --- One run, in a process of its own -------------------------------------------------------------
def shift_seeds(shift, is_data):
    """Add to every seed that is set from now on, unless `is_data()`.

    Also to those that Cellpose and StarDist set while they train. Call it again when a library may
    have been imported: what is shifted already stays so.
    """
    modules = [(np.random, "seed"), (np.random, "default_rng")]
    for name, function in (("torch", "manual_seed"), ("keras.utils", "set_random_seed")):
        if name in sys.modules:
            modules.append((sys.modules[name], function))
    for module, name in modules:
        if not hasattr(getattr(module, name), "unshifted"):
            setattr(module, name, _shifted(getattr(module, name), shift, is_data))


def _shifted(function, shift, is_data):
    def shifted(seed=None, *rest):
        if isinstance(seed, int) and not is_data():
            seed += 1000 * shift  # not 1: Cellpose takes the number of each epoch as a seed
        return function(seed, *rest)

    shifted.unshifted = function
    return shifted


def run_once(path, shift):
    """Run one notebook in this process.

    Parameters
    ----------
    path : pathlib.Path of the notebook
    shift : int, which training: 0 is the notebook's own

    Returns
    -------
    dict with notebook, seed, claims, checks and error (None if all cells ran)
    """
    import matplotlib.pyplot as plt

    notebook = nbformat.read(path, as_version=4)
    checks, error, seconds = Checks(), None, {}
    names = {"__name__": "__main__"}
    for cell in claiming_cells(notebook):
        if cell.id in TRAINS.get(path.stem, ()):
            continue
        shift_seeds(shift, lambda: checks.cell in DATA_CELLS)
        began = time.process_time()
        try:
            checks.run(cell.source, cell.id, names)
        except Exception as problem:  # whatever a cell raises belongs to what came out
            error = f"{cell.id}: {type(problem).__name__}: {problem}"
            break
        plt.close("all")
        seconds[cell.id] = round(time.process_time() - began, 1)
    return {
        "notebook": path.stem, "seed": shift, "claims": claims_hash(notebook),
        "checks": checks.found, "error": error, "cpu_seconds": seconds,
    }  # fmt: skip


def start(path, seed, threads, target):
    """Run one notebook in a fresh process and write what it found; the seconds it took."""
    environment, _ = settings()
    numbers = ("OMP", "MKL", "OPENBLAS", "NUMBA", "TF_INTRAOP", "TF_INTEROP")
    environment |= {
        f"{'TF_NUM_' + name[3:] if name[:3] == 'TF_' else name + '_NUM'}_THREADS": str(threads)
        for name in numbers
    }
    environment |= {"MPLBACKEND": "Agg", "OMP_WAIT_POLICY": "PASSIVE"}
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", __spec__.name, str(path), "--once", str(seed)],
        env=environment, cwd=NOTEBOOKS, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        print(done.stderr[-2000:], file=sys.stderr)
        return None
    result = json.loads(done.stdout.splitlines()[-1])
    result |= {"threads": threads, "seconds": round(time.perf_counter() - began)}
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return result


def stored(file):
    """Return a stored run, or None if there is none of the checks that its notebook has now."""
    if not file.exists():
        return None
    run = json.loads(file.read_text(encoding="utf-8"))
    now = claims_hash(nbformat.read(NOTEBOOKS / f"{run['notebook']}.ipynb", as_version=4))
    return run if run["claims"] == now else None


# --- What all runs say together -------------------------------------------------------------------
def summary(runs):
    """Put the runs of one notebook together.

    Parameters
    ----------
    runs : list of dicts of `run_once`, with threads; what is printed should say in all what it says
        in the first

    Returns
    -------
    dict with claims (hash), runs (list of [seed, threads]), failed (how many trainings had a check
    that said something else) and checks, each with cell, claim, says, failed, and, if its sides are
    numbers, limit, lowest, median, highest and values, one for each run. If both sides vary, values
    are left / right and the limit is 1, or, if not all are positive, left - right and 0. A check
    that never varies hangs on no training and is left out; of a single run nobody can tell, and all
    are kept.
    """
    tables = [_by_claim(run["checks"]) for run in runs]
    checks, failed = [], [False] * len(runs)
    for key, first in tables[0].items():
        says = first["asserted"] or first["holds"]
        rows = [table.get(key) for table in tables]
        wrong = [row is None or row["holds"] != says for row in rows]
        failed = [one or other for one, other in zip(failed, wrong, strict=True)]
        sides = [row["sides"] for row in rows if row]
        if len(runs) == 1 or any(wrong) or any(pair != sides[0] for pair in sides):
            check = {"cell": first["cell"], "claim": key[0], "says": says}
            checks.append(check | {"failed": sum(wrong)} | _spread(sides))
    return {
        "claims": runs[0]["claims"],
        "runs": [[run["seed"], run["threads"]] for run in runs],
        "failed": sum(bool(run["error"]) or one for run, one in zip(runs, failed, strict=True)),
        "checks": checks,
    }


def _by_claim(checks):
    """{(claim, how often it was asked before in its cell): check}; where it stands first."""
    table, counts, last = {}, {}, None
    for check in checks:
        place = check["cell"], check["claim"]
        asserted = check["sides"] is None
        if asserted and place == last:  # its comparison has just been noted, with its sides
            table[place[1], counts[place]]["asserted"] = True
            continue
        counts[place] = counts.get(place, -1) + 1
        table.setdefault((place[1], counts[place]), check | {"asserted": asserted})
        last = place
    return table


def _spread(sides):
    """Lowest, median and highest value of a check, and its limit."""
    if any(pair is None or isinstance(side, str) for pair in sides for side in pair or [""]):
        return {}
    left, right = np.array(sides).T
    if np.ptp(right) == 0:
        values, limit = left, right[0]
    elif np.ptp(left) == 0:
        values, limit = right, left[0]
    elif min(left.min(), right.min()) > 0:
        values, limit = left / right, 1.0
    else:
        values, limit = left - right, 0.0
    values = [float(f"{value:.4g}") for value in values]
    return {
        "limit": float(f"{limit:.4g}"),
        "lowest": min(values), "median": float(f"{np.median(values):.4g}"), "highest": max(values),
        "values": values,
    }  # fmt: skip


def close(check):
    """Return whether a check comes closer to its limit than its values lie apart."""
    if "values" not in check:
        return False
    apart = check["highest"] - check["lowest"]
    return min(abs(value - check["limit"]) for value in check["values"]) < apart


def keep(runs=RUNS, kept=KEPT):
    """Write what all stored runs say together, and print the checks that are not safe."""
    notebooks = {}
    for name in TRAINS:
        several = [stored(file) for file in runs.glob(f"{name}-*.json")]
        several = sorted(filter(None, several), key=lambda run: (run["threads"], run["seed"]))
        if several:
            notebooks[name] = summary(several)
    for name, row in notebooks.items():
        print(f"{name}: {len(row['runs'])} trainings, {row['failed']} with a check that failed")
        for check in row["checks"]:
            if check["failed"] or close(check):
                print("  ", {key: value for key, value in check.items() if key != "values"})
    total = sum(len(row["runs"]) for row in notebooks.values())
    result = {"trainings": total, "notebooks": notebooks}
    kept.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def main(arguments=None):
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Train the notebooks' networks again and again.")
    parser.add_argument("names", nargs="*", help="03, 04 …; default: all that train")
    parser.add_argument("--seeds", type=int, default=10, help="trainings of each")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--once", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    paths = find(options.names or list(TRAINS))
    if options.once is not None:
        result = run_once(paths[0], options.once)
        print(json.dumps(result))
        return 0
    for seed in range(options.seeds):
        for path in paths:
            target = RUNS / f"{path.stem}-{seed}-{options.threads}.json"
            if not stored(target) and (result := start(path, seed, options.threads, target)):
                print(target.stem, f"{result['seconds']} s", result["error"] or "", flush=True)
    keep()
    return 0


if __name__ == "__main__":
    sys.exit(main())
