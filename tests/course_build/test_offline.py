"""The one script of the site from disk: modules and their data in it, and nothing left to load."""

import subprocess

import pytest

from course_build import ROOT, Stop, lab, offline
from course_build.pages import figures
from course_build.programs import node

SITE = "import(`../figures/${globalThis.figure}/figure.js`).then((module) => module.mount());"
FIGURE = """
export async function mount() {
  const answer = await fetch(new URL("./page.json", import.meta.url));
  const first = await answer.json();
  first.rays = 0;
  const again = await (await fetch(new URL("./page.json", import.meta.url))).json();
  console.log(answer.ok, again.rays);
}
"""
#: A site with one figure, which loads its data when it is mounted.
TEXTS = {
    "javascripts/site.js": SITE,
    "figures/rays/figure.js": FIGURE,
    "figures/rays/page.json": '{"rays": 32}',
}


def run(script):
    """Run a plain script in Node, where a module's import would fail."""
    done = subprocess.run(
        [node(), "--input-type=commonjs"],
        input=f"globalThis.figure = 'rays';\n{script}",
        capture_output=True,
        text=True,
    )
    return done.stdout + done.stderr


def test_a_figure_runs_and_gets_its_data_afresh_out_of_the_script():
    assert run(offline.bundled(TEXTS)) == "true 32\n"


def test_nothing_is_left_to_load_in_the_courses_own_script():
    places = {path.relative_to(ROOT / "theme").as_posix(): path
              for path in (ROOT / "theme" / "javascripts").glob("*.js")}  # fmt: skip
    places |= {name: ROOT / name for name in figures.published(ROOT) if offline.is_part(name)}
    texts = {name: path.read_text(encoding="utf-8") for name, path in places.items()}
    made = lab.made(ROOT, on_disk=True, entry="engine.js")
    texts |= {"lab/lab.js": made["lab.js"].decode()}
    assert all(offline.is_part(name) for name in texts)
    script = offline.bundled(texts)
    assert "import.meta" not in script
    assert script.count("import(") == 1 and "served.js" in script  # only where the site is served
    modules = [name for name in places if name.endswith("/figure.js")]
    assert len(modules) > 10
    assert [name for name in modules if name not in script] == []


def test_a_module_that_cannot_be_read_stops_the_build_and_is_named():
    broken = TEXTS | {"figures/rays/figure.js": "export function mount( {"}
    with pytest.raises(Stop, match=r"cannot be bundled:(.|\n)*figures/rays/figure\.js:1:"):
        offline.bundled(broken)


def test_a_figure_without_data_of_its_own_needs_none():
    alone = "export const mount = () => console.log('mounted');"
    texts = {"javascripts/site.js": SITE, "figures/rays/figure.js": alone}
    assert run(offline.bundled(texts)) == "mounted\n"


@pytest.mark.parametrize(
    ("address", "is_part"),
    [
        ("javascripts/site.js", True),
        ("figures/rays/figure.js", True),
        ("figures/rays/page.json", True),
        ("figures/_shared/elements.js", True),
        ("figures/rays/figure.css", False),
        ("figures/rays/rays-light.svg", False),
        ("assets/javascripts/bundle.js", False),
    ],
)
def test_only_modules_and_their_data_go_into_the_script(address, is_part):
    assert offline.is_part(address) is is_part


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
    assert offline.for_disk(f"<a {link}>") == f"<a {written}>"


def test_the_labs_module_is_part_of_the_script_and_knows_that_it_is_on_disk():
    site = "import('../lab/lab.js').then(({ place }) => console.log(place));"
    texts = TEXTS | {
        "javascripts/site.js": site,
        "lab/lab.js": "export const place = new URL('.', import.meta.url).href;",
    }
    assert run(offline.bundled(texts)) == "disk:/lab/\n"
