"""The one script of the site from disk: modules and their data in it, and nothing left to load."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from mkdocs.exceptions import PluginError

from course_build import offline
from tests.course_build.tiny_project import ROOT

SITE = "import(`./figures/${globalThis.figure}.js`).then((module) => module.mount());"
FIGURE = """
export async function mount() {
  const answer = await fetch(new URL("./rays.json", import.meta.url));
  const first = await answer.json();
  first.rays = 0;
  const again = await (await fetch(new URL("./rays.json", import.meta.url))).json();
  console.log(answer.ok, again.rays);
}
"""


@pytest.fixture
def docs(tmp_path):
    """A folder with one figure, which loads its data when it is mounted."""
    figures = tmp_path / "javascripts" / "figures"
    figures.mkdir(parents=True)
    (tmp_path / "javascripts" / "site.js").write_text(SITE)
    (figures / "rays.js").write_text(FIGURE)
    (figures / "rays.json").write_text('{"rays": 32}')
    return tmp_path


def run(script):
    """Run a plain script in Node, where a module's import would fail."""
    node = shutil.which("node", path=str(Path(sys.executable).parent)) or shutil.which("node")
    code = f"globalThis.figure = 'rays';\n{script}"
    done = subprocess.run(
        [node, "--input-type=commonjs"], input=code, capture_output=True, text=True
    )
    return done.stdout + done.stderr


def test_a_figure_runs_and_gets_its_data_afresh_out_of_the_script(docs):
    script = offline.bundled(docs)
    shutil.rmtree(docs / "javascripts")
    assert run(script) == "true 32\n"


def test_nothing_is_left_to_load_in_the_courses_own_script():
    script = offline.bundled(ROOT / "docs")
    assert "import(" not in script and "import.meta" not in script
    figures = (ROOT / "docs" / "javascripts" / "figures").glob("*.js")
    missing = [path.stem for path in figures if f"./figures/{path.name}" not in script]
    assert missing == []


def test_a_module_that_cannot_be_read_stops_the_build_and_is_named(docs):
    (docs / "javascripts" / "figures" / "rays.js").write_text("export function mount( {")
    with pytest.raises(PluginError, match=r"cannot be bundled:(.|\n)*figures/rays\.js:1:"):
        offline.bundled(docs)


def test_a_figure_without_data_of_its_own_needs_none(docs):
    (docs / "javascripts" / "figures" / "rays.js").write_text(
        "export const mount = () => console.log('mounted');"
    )
    assert run(offline.bundled(docs)) == "mounted\n"


@pytest.mark.parametrize(
    ("link", "written"),
    [
        ('href="."', 'href="./index.html"'),
        ('href=".."', 'href="../index.html"'),
        ('href="../../"', 'href="../../index.html"'),
        ('href="../tools/stardist.html"', 'href="../tools/stardist.html"'),
        ('href="...html"', 'href="...html"'),
    ],
)
def test_a_link_to_a_folder_leads_to_its_index(link, written):
    assert offline.FOLDER_LINK.sub(r'href="\1/index.html"', link) == written
