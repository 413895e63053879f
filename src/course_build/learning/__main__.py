"""Turn the answers of a class into a report: see the package's own words."""

import argparse
import sys
from pathlib import Path

from course_build import ROOT, Stop
from course_build.learning import answers, items, report
from course_build.learning.result import evaluate

OUT = ROOT / "build" / "learning"
REPORT, PICTURE = "report.md", "gains.svg"


def main(arguments=None):
    """Run from the command line; the exit status says whether there is a report."""
    parser = argparse.ArgumentParser(
        prog="python -m course_build.learning", description="Report what a class learned."
    )
    parser.add_argument("answers", type=Path, help="the CSV file with the answers")
    parser.add_argument(
        "--halves", action="store_true", help="half of the class, by its codes, read figures still"
    )
    options = parser.parse_args(arguments)
    try:
        asked = items.read()
        result = evaluate(answers.read(options.answers, asked), asked, halves=options.halves)
        _write(result, asked)
    except Stop as stop:
        print(stop, file=sys.stderr)
        return 1
    print("\n".join(report.summary(result)))
    if options.halves and not result.halves:
        print("The halves are not compared: one of them has fewer than two people.")
    print(f"The report: {OUT / REPORT}")
    return 0


def _write(result, asked):
    """Write the report and its picture."""
    # These take a second, and only a report needs them.
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    from figures._shared.style import THEMES, letters

    try:
        OUT.mkdir(parents=True, exist_ok=True)
        look = {"font.family": letters(), "font.size": 16}
        with rc_context(look | {"axes.spines.top": False, "axes.spines.right": False}):
            figure = Figure(figsize=(report.WIDTH / 72, report.height(result) / 72))
            report.paint(figure, THEMES["light"], result)
            figure.savefig(OUT / PICTURE)
        text = report.markdown(result, asked, PICTURE)
        (OUT / REPORT).write_text(text, encoding="utf-8")
    except OSError as error:
        raise Stop(f"{OUT} cannot be written ({error.strerror}): is the disk full?") from error


if __name__ == "__main__":
    sys.exit(main())
