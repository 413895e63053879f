"""Keep the memory that the last test run measured, for the pages that name it.

    make test ARGS=notebooks && .venv/bin/python -m course_build.notebooks.costs

Takes build/notebook_costs.json, which tests/costs.py wrote, into
src/course_build/measured/notebook_costs.json, without the seconds: those depend on the machine.
"""

import json
import sys

from course_build import ROOT

MEASURED = ROOT / "build" / "notebook_costs.json"
KEPT = ROOT / "src" / "course_build" / "measured" / "notebook_costs.json"


def main(measured=MEASURED, kept=KEPT):
    """Write the new gigabytes of each notebook that `kept` holds; 1 if one was not measured."""
    if not measured.exists():
        print(f"{measured.name} is missing: run `make test ARGS=notebooks` first.")
        return 1
    new, old = json.loads(measured.read_text()), json.loads(kept.read_text())
    missing = sorted(set(old) - set(new))
    if missing:
        print(f"Not measured: {', '.join(missing)}. Run `make test ARGS=notebooks`, all of them.")
        return 1
    costs = {name: {"gigabytes": new[name]["gigabytes"]} for name in sorted(old)}
    kept.write_text(json.dumps(costs, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
