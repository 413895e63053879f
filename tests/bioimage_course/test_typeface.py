"""The notebooks' pictures are set in the typeface of the pages, wherever the course runs."""

import subprocess
import sys

import pytest
from fontTools.ttLib import TTFont

from bioimage_course import typeface
from course_build import ROOT

NPM = ROOT / "node_modules" / "@fontsource" / "source-sans-3"
WEIGHTS = {"Regular": 400, "Bold": 700}
DRAWN = """
import logging
logging.basicConfig(format="said: %(message)s")
{imports}
plt.style.use("bioimage_course.course")
figure, axes = plt.subplots()
axes.set_title("µm² × → ≥ é")
axes.set(xscale="log", xlim=(1, 100))
figure.canvas.draw()
from matplotlib import rcParams
from matplotlib.font_manager import FontProperties, findfont
for weight in ("normal", "bold"):
    print(findfont(FontProperties(family=rcParams["font.family"], weight=weight)))
"""


def draw(imports):
    """Draw in a fresh process; return the fonts that were taken and what was said to the reader."""
    code = DRAWN.format(imports=imports)
    done = subprocess.run([sys.executable, "-W", "always", "-c", code], capture_output=True,
                          text=True, env={"MPLBACKEND": "agg"})  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [path.rpartition("/")[2] for path in done.stdout.split()], done.stderr


@pytest.mark.parametrize(
    "imports",
    [
        "import matplotlib.pyplot as plt; from bioimage_course import data",
        "import matplotlib.pyplot as plt",  # the style itself imports the package
        "from bioimage_course import show; import matplotlib.pyplot as plt",
    ],
)
def test_pictures_are_set_in_the_typeface_of_the_pages(imports):
    assert draw(imports) == (["SourceSans3-Regular.ttf", "SourceSans3-Bold.ttf"], "")


def test_where_it_is_not_known_another_takes_its_place_in_silence():
    early = "from bioimage_course import data; import matplotlib.pyplot as plt"
    assert draw(early) == (["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"], "")


@pytest.mark.parametrize("file", typeface.FILES, ids=lambda file: file.stem)
def test_the_files_are_those_of_the_package_that_the_pages_use_unpacked(file):
    weight = WEIGHTS[file.stem.partition("-")[2]]
    packed = TTFont(NPM / "files" / f"source-sans-3-latin-{weight}-normal.woff")
    ours = TTFont(file)
    tables = set(packed.keys()) - {"GlyphOrder", "head"}  # its sum says that the file is another
    assert set(ours.keys()) == set(packed.keys())
    assert [table for table in tables if ours.reader[table] != packed.reader[table]] == []


def test_they_travel_with_their_licence_and_are_small():
    text = (typeface.FILES[0].parent / "OFL.txt").read_text(encoding="utf-8")
    assert text.endswith((NPM / "LICENSE").read_text(encoding="utf-8"))
    for file in typeface.FILES:
        assert text.startswith(TTFont(file)["name"].getDebugName(0))
    assert len(typeface.FILES) == 2
    assert sum(file.stat().st_size for file in typeface.FILES) < 80_000
