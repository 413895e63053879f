"""Make slides, run sheets, worksheets and the zip of all (`make slides`), in build/print/."""

import sys

from course_build import ROOT, Stop
from course_build.print import OUT, kit, run_sheets, slides, worksheets

if __name__ == "__main__":
    try:
        changed = slides.make() + run_sheets.make() + worksheets.make() + kit.make()
    except Stop as stop:
        sys.exit(str(stop))
    for path in changed:
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} kB")
    print(f"{OUT.relative_to(ROOT)} is as the sources say.")
