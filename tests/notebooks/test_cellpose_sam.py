"""Notebook 14, which needs a GPU and a download, runs here against Cellpose 4 without weights.

In one separate process: cellpose_sam.py says how.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

import setup_env
from course_build.notebooks.setup_cell import setup_cell

ROOT = Path(__file__).parents[2]
NOTEBOOK = "14_cellpose_sam"
LOCK = (ROOT / setup_env.SAM_LOCK).read_text(encoding="utf-8")
PINS = dict(re.findall(r"^([\w-]+)==([\d.]+)", LOCK, re.MULTILINE))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """What the process with Cellpose 4 reports; it runs for about half a minute."""
    apart = Path(sys.prefix, Path(setup_env.SAM).name)  # `make newest` has another .venv
    assert apart.is_dir(), "Cellpose 4 is missing: run python3 setup_env.py --test"
    places = (apart, ROOT / "tests" / "offline", ROOT / "src", ROOT)  # not the installed course
    path = os.pathsep.join(map(str, places))
    answer = subprocess.run(
        [sys.executable, Path(__file__).with_name("cellpose_sam.py")],
        env={**os.environ, "PYTHONPATH": path, "TQDM_DISABLE": "1"},
        cwd=tmp_path_factory.mktemp("cellpose_sam"),
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stderr[-3000:]
    return json.loads(answer.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def installing():
    path = ROOT / "notebooks" / f"{NOTEBOOK}.ipynb"
    return setup_cell(nbformat.read(path, as_version=4).metadata.course, "COURSE_WHEEL")


def test_the_notebook_runs_with_the_pinned_version_to_its_last_cell(run):
    assert run["printed"]["gpu"].startswith(f"Cellpose {PINS['cellpose']}, ")
    assert run["printed"]["summary-run"].startswith("People drew 125 nuclei, Cellpose-SAM found ")


def test_the_network_of_the_library_answers_for_every_image_of_the_notebook(run):
    images = [tuple(call["image"]) for call in run["seen"]]
    assert images == [
        (1, 512, 512, 1),  # nuclei
        (1, 80, 80, 1), (1, 160, 160, 1), (1, 320, 320, 1),  # shrunk, as it is, enlarged
        (1, 200, 300, 3),  # tissue, in colour
        (1, 128, 128, 1),  # the place for your own image
    ]  # fmt: skip
    for call in run["seen"]:
        one, *size = call["image"][:3]
        assert call["flow"] == [2, one, *size] and call["logit"] == [one, *size]
        assert call["dtypes"] == ["float32", "float32"] and call["style"] == [256]
        assert call["finite"] and call["varies"]


def test_with_a_perfect_answer_the_nuclei_come_out_whole(run):
    found = re.search(r"Cellpose-SAM +hits (\d+), not found (\d+)", run["printed"]["compare-score"])
    assert int(found[1]) >= 120 and int(found[2]) <= 5


def test_the_courses_model_runs_in_a_second_python_with_cellpose_3(run):
    line = run["printed"]["compare-run"]
    version, nuclei = re.search(r"Cellpose ([\d.]+): (\d+) nuclei in", line).groups()
    assert version == "3.1.1.3" and 80 < int(nuclei) < 170


@pytest.mark.parametrize("cell", ["eval-check", "compare-check", "size-check", "tissue-check"])
def test_a_check_stops_at_a_wrong_result(run, cell):
    assert run["refused"][cell]


def test_exercises_start_wrong_and_their_solutions_are_right(run):
    printed = run["printed"]
    for exercise in ("exercise-call-check", "exercise-factor-check"):
        assert printed[exercise].startswith("Not yet. ")
    assert "still understood" in printed["solution-call"]


def test_asked_for_a_model_of_version_3_it_takes_its_own_and_only_logs_it(run):
    claims = run["claims"]
    assert claims["cyto3 becomes"] == "cpsam_v2"
    assert claims["shown"] == "", "the page says that a notebook shows nothing"
    for words in ("cyto3 not found, using default", "model_type argument is not used",
                  "channels argument is deprecated"):  # fmt: skip
        assert words in claims["logged"]


def test_weights_files_of_version_3_are_refused(run):
    assert "CP3 models are not compatible with CP4" in run["claims"]["weights of version 3"]


def test_what_the_page_says_is_gone_is_gone(run):
    claims = run["claims"]
    assert not claims["class Cellpose"]
    assert not {"invert", "interp"} & set(claims["arguments"])
    assert {"diameter", "rescale", "channels", "niter"} <= set(claims["arguments"])
    assert claims["returned"] == [3, 3] and claims["mask"] == [[64, 64], "uint16"]


def test_a_diameter_resizes_to_30_px_and_none_leaves_the_image_as_it_is(run):
    assert run["claims"]["resized by"] == [1.0, 0.75]
    assert not run["claims"]["rescale changes"]


def test_one_two_and_more_channels_are_read_in_any_place(run):
    assert run["claims"]["channels"] == [[2, 64, 64]] * 3


def test_it_has_about_300_million_parameters(run):
    assert 295e6 < run["claims"]["parameters"] < 310e6


def test_the_set_up_cell_installs_the_pinned_versions(installing):
    for name in ("cellpose", "segment-anything"):
        assert f"{name}=={PINS[name]}" in installing
    assert "--target cellpose3 cellpose==3.1.1.3" in installing
    assert '"COURSE_WHEEL"' in installing
    common = setup_cell({}, "COURSE_WHEEL")
    needed = {"fastremap", "fill-voids", "imagecodecs", "roifile", "natsort", "pooch"}
    assert needed <= set(common.split()) & set(installing.split())


def test_its_torchvision_is_the_one_made_for_the_courses_torch():
    locked = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    major, minor = map(int, re.search(r"^torch==(\d+)\.(\d+)", locked, re.MULTILINE).groups())
    assert PINS["torchvision"].startswith(f"0.{minor + 15}.")  # 0.15 came with 2.0
    assert major == 2
