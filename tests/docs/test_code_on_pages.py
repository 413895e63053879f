"""Code on the pages runs and prints what its comment says."""

import contextlib
import io
import json
import re
import textwrap
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
BLOCK = re.compile(r"^( *)```python\n(.*?)^\1```", re.S | re.M)  # indented: folded away
PAGES = (
    *("concepts/images-as-numbers.md", "concepts/how-a-network-learns.md"),
    *("concepts/convolutions.md", "concepts/unet.md", "tools/stardist.md", "tools/cellpose.md"),
    "tools/cells.md",
    *("practice/annotating.md", "practice/training.md", "practice/evaluating.md"),
    *("practice/large-images.md", "practice/measuring.md", "practice/reporting.md"),
)


@pytest.mark.parametrize("page", PAGES)
def test_code_prints_what_its_comments_say(page):
    names, checked = {}, 0
    for _, indented in BLOCK.findall((DOCS / page).read_text(encoding="utf-8")):
        block = textwrap.dedent(indented)
        promised = re.findall(r"^print\(.*\)\s+# (.+)$", block, re.M)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(block, page, "exec"), names)
        said = printed.getvalue().split()
        # StarDist, too, has its say, before the page's last lines.
        assert said[len(said) - len(promised) :] == promised
        assert len(re.findall(r"^print\(", block, re.M)) == len(promised)
        checked += len(promised)
    assert checked, f"{page} shows no code with a result"


def test_the_memory_of_a_pixel_in_the_code_is_the_measured_one():
    page = (DOCS / "practice" / "large-images.md").read_text(encoding="utf-8")
    measured = json.loads((DOCS.parent / "training" / "results" / "speed.json").read_text())
    typed = int(re.search(r"^BYTES_PER_PIXEL = (\d+)", page, re.M)[1])
    assert typed == measured["stardist_nuclei"]["megabytes_per_megapixel"]
