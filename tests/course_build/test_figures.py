"""A figure is stale as soon as anything changed that it was made from, and not before."""

import json
import shutil
import subprocess
import sys

import pytest

from course_build import ROOT, figures

DRAW = '''"""Draws."""

import json
from pathlib import Path

from figures._shared.scale import SCALE

HERE = Path(__file__).parent


def main():
    """Write the numbers."""
    rays = int((HERE.parents[1] / "training" / "rays.txt").read_text())
    (HERE / "data.json").write_text(json.dumps({"rays": SCALE * rays}))
'''


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A repository with one figure, made as `make figures` makes it."""
    root = tmp_path_factory.mktemp("repository")
    (root / "figures" / "toy").mkdir(parents=True)
    (root / "figures" / "_shared").mkdir()
    (root / "training").mkdir()
    (root / "figures" / "toy" / "draw.py").write_text(DRAW)
    (root / "figures" / "_shared" / "scale.py").write_text("import numpy\n\nSCALE = 2\n")
    (root / "training" / "rays.txt").write_text("16")
    (root / "requirements.txt").write_text("numpy==2.0.2\nmatplotlib==3.11.0\n")
    (root / "src").mkdir()
    shutil.copytree(ROOT / "src" / "course_build", root / "src" / "course_build")
    subprocess.run(
        [sys.executable, "-m", "course_build.figures", "--inside", "toy"],
        cwd=root,
        env={"PYTHONPATH": f"{root / 'src'}:{root}"},
        check=True,
    )
    return root


@pytest.fixture
def root(made, tmp_path):
    """A copy of that repository, to spoil."""
    return shutil.copytree(made, tmp_path / "repository")


def change(root, path, old, new):
    text = (root / path).read_text()
    assert old in text
    (root / path).write_text(text.replace(old, new))


def reasons(root):
    return figures.stale("toy", root)


def test_a_figure_that_was_just_made_is_not_stale(root):
    assert reasons(root) == []
    assert json.loads((root / "figures" / "toy" / "data.json").read_text()) == {"rays": 32}


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("figures/toy/draw.py", "SCALE * rays", "SCALE + rays"),
        ("figures/_shared/scale.py", "2", "3"),
        ("training/rays.txt", "16", "32"),
    ],
    ids=["script", "shared", "read"],
)
def test_a_change_of_what_it_was_made_from_is_named_with_the_command_that_mends_it(
    root, path, old, new
):
    change(root, path, old, new)
    assert reasons(root) == [
        f"figures/toy was made before {path} changed: run `make figures ONLY=toy`"
    ]


def test_a_file_that_it_read_and_that_is_gone_makes_it_stale(root):
    (root / "training" / "rays.txt").unlink()
    assert "before training/rays.txt changed" in reasons(root)[0]


def test_what_was_changed_by_hand_is_named(root):
    change(root, "figures/toy/data.json", "32", "33")
    assert reasons(root)[0].startswith("figures/toy/data.json is not what its script wrote")


def test_a_file_that_no_script_wrote_is_named_and_one_that_is_missing(root):
    (root / "figures" / "toy" / "data.json").rename(root / "figures" / "toy" / "old.svg")
    assert [reason.split(" is not")[0] for reason in reasons(root)] == [
        "figures/toy/data.json",
        "figures/toy/old.svg",
    ]


def test_another_version_of_a_package_that_it_loads_makes_it_stale_and_of_others_not(root):
    change(root, "requirements.txt", "matplotlib==3.11.0", "matplotlib==3.12.0")
    assert reasons(root) == []
    change(root, "requirements.txt", "numpy==2.0.2", "numpy==2.1.0")
    assert "was made with numpy 2.0.2" in reasons(root)[0]


def test_words_about_a_script_and_line_breaks_change_nothing(root):
    change(root, "figures/toy/draw.py", '"""Write the numbers."""', '"""Write them."""  # all')
    change(root, "figures/toy/draw.py", '"""Draws."""\n', '"""Draws the rays."""\n\n')
    assert reasons(root) == []


def test_a_figure_that_was_never_made_is_stale(root):
    (root / "figures" / "toy" / "stamp.json").unlink()
    assert reasons(root) == ["figures/toy has no stamp.json: run `make figures ONLY=toy`"]


# Comparing


@pytest.fixture
def unlike(tmp_path):
    """A function that compares two texts as files of one kind."""

    def unlike(stored, fresh, kind=".json"):
        paths = [tmp_path / f"{name}{kind}" for name in ("stored", "fresh")]
        for path, text in zip(paths, (stored, fresh), strict=True):
            path.write_text(text)
        return figures.unlike(*paths)

    return unlike


@pytest.mark.parametrize(
    ("stored", "fresh", "difference"),
    [
        ('{"a": [1, 2.0]}', '{"a": [1, 2.001]}', None),
        ('{"a": [1, 2.0]}', '{"a": [1, 2.1]}', ".a[1] is 2.1, not 2.0"),
        ('{"a": 1}', '{"b": 1}', "it has other names: ['a', 'b']"),
        ('{"a": [1]}', '{"a": [1, 2]}', ".a has 2 entries, not 1"),
        ('{"a": "fine"}', '{"a": "good"}', ".a is 'good', not 'fine'"),
    ],
)
def test_numbers_may_differ_as_processors_do_and_no_more(unlike, stored, fresh, difference):
    assert unlike(stored, fresh) == difference


def test_drawings_are_compared_by_their_words_and_their_strokes(unlike):
    drawing = '<svg><path d="M0 0"/><text>32 rays</text></svg>'
    assert unlike(drawing, drawing.replace("M0 0", "M0 1"), ".svg") is None
    assert unlike(drawing, drawing.replace("32", "33"), ".svg").startswith("its words differ")
    assert unlike(drawing, drawing.replace("<text>", "<path/><text>"), ".svg").startswith(
        "its strokes differ: 3 stored, 4 now"
    )


def test_an_unknown_figure_is_named(capsys):
    assert figures.main(["no_such_figure"]) == 1
    assert "no figure is called no_such_figure" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ('def f(a):\n    """Words."""\n    return a  # why\n', "def f(a):\n    return a\n", True),
        ("f(a, b)\n", "f(\n    a,\n    b,\n)\n", True),
        ("x = f\"{d['a']}\"\n", "x = f\"{d['b']}\"\n", False),
        ("for i in x:\n    f(i)\n    g()\n", "for i in x:\n    f(i)\ng()\n", False),
        ("x = 'a b'\n", "x = 'ab'\n", False),
        ("x = '# no comment'\n", "x = '# another'\n", False),
        ("def f():\n    'ä'; return 1\n", "def f():\n    return 1\n", False),
    ],
)
def test_a_script_counts_by_what_it_does_not_by_its_comments_and_line_breaks(one, other, same):
    assert (figures.bare(one) == figures.bare(other)) is same


def test_a_script_counts_the_same_on_every_python():
    """What ast writes differs: a stamp made on Python 3.11 would look stale on 3.13."""
    source = "def f(d):\n    'Words.'\n    return f\"{d['a']} {{}}\"  # why\n"
    assert figures.bare(source) == "def f(d): → return f\"{d['a']} {{}}\" ←"
