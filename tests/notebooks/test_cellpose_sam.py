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
PAGE = (ROOT / "docs" / "tools" / "cellpose-versions.md").read_text(encoding="utf-8")
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
        (1, 160, 160, 1), (1, 160, 160, 1),  # a warm-up, then timed; no GPU is here
        (1, 128, 128, 1),  # the place for your own image
    ]  # fmt: skip
    for call in run["seen"]:
        one, *size = call["image"][:3]
        assert call["flow"] == [2, one, *size] and call["logit"] == [one, *size]
        assert call["dtypes"] == ["float32", "float32"] and call["style"] == [256]
        assert call["finite"] and call["varies"] and call["style is empty"]


def test_with_a_perfect_answer_the_nuclei_come_out_whole(run):
    found = re.search(r"Cellpose-SAM +hits (\d+), not found (\d+)", run["printed"]["compare-score"])
    assert int(found[1]) >= 120 and int(found[2]) <= 5


def test_the_courses_model_runs_in_a_second_python_with_cellpose_3(run):
    line = run["printed"]["compare-run"]
    version, nuclei = re.search(r"Cellpose ([\d.]+): (\d+) nuclei in", line).groups()
    assert version == "3.1.1.3" and 80 < int(nuclei) < 170


@pytest.mark.parametrize(
    "cell", ["eval-check", "compare-check", "size-check", "tissue-check", "proof-check"]
)
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
    assert not run["claims"]["rescale changes"] and not run["claims"]["rescale is logged"]


def test_one_two_and_more_channels_are_read_in_any_place(run):
    assert run["claims"]["channels"] == [[2, 64, 64]] * 3


def test_it_has_about_300_million_parameters_which_take_1_2_gigabytes(run):
    claims = run["claims"]
    assert 295e6 < claims["parameters"] < 310e6
    assert round(claims["parameters"] * claims["bytes of a weight"] / 1e9, 1) == 1.2


def test_its_network_is_the_encoder_of_sam_and_no_u_net(run):
    assert run["claims"]["encoder"] == "segment_anything.modeling.image_encoder.ImageEncoderViT"


def test_the_log_is_shown_after_logger_setup_alone(run):
    claims = run["claims"]
    assert not claims["shown"]
    assert "cyto3 not found, using default" in claims["shown after logger_setup"]


def test_its_models_and_defaults_are_those_of_the_page(run):
    claims = run["claims"]
    assert claims["names"] == ["cpsam_v2", "cpdino", "cpdino-vitb", "cpsam"]
    assert claims["defaults"] == {"pretrained_model": "cpsam_v2", "gpu": False, "batch_size": 8}


def test_where_dinov3_is_missing_cpdino_fails_with_the_words_of_the_page(run):
    errors = run["claims"]["cpdino"]
    assert [kind for kind, _ in errors] == ["NameError", "NameError"]
    for _, words in errors:
        assert f"`{words}`" in PAGE


def test_only_the_first_three_channels_are_read_and_a_stack_is_taken_for_channels(run):
    claims = run["claims"]
    assert claims["a stack becomes"] == [[64, 64, 3], [0, 1, 2], [64, 64]]
    assert "only segmenting on first 3 channels" in claims["a stack is logged"]
    assert claims["two channels"] == [3, 2]


def test_a_stack_in_the_form_is_shown_by_its_middle_plane(run):
    *plane, title = run["claims"]["a stack in the form"]
    assert plane == [[64, 64], 10, [64, 64]]
    assert title.endswith(" objects in the stack; plane 10")


def test_without_a_gpu_the_proof_names_the_processor_alone(run):
    rows = run["printed"]["proof-run"].splitlines()
    assert [row.partition(":")[0] for row in rows] == ["cpu, warm-up", "cpu, timed"]


def test_z_axis_alone_stops(run):
    kind, words = run["claims"]["z_axis alone"]
    assert kind == "ValueError" and "z_axis is not None" in words
    assert not run["claims"]["z_axis and stitching"]


def test_tiles_have_256_px_and_those_of_cpdino_384(run):
    assert run["claims"]["side of a tile"] == [256, 384]


def test_a_smaller_batch_gives_the_same_result(run):
    assert run["claims"]["batch_size changes"] < 0.05


def test_without_bfloat16_a_weight_takes_twice_the_memory(run):
    assert run["claims"]["bytes"] == [2, 4]


def test_on_apples_processors_the_last_step_in_3d_runs_without_the_gpu(run):
    assert run["claims"]["last step in 3D on a Mac"] == "cpu"


def test_train_seg_has_the_defaults_of_the_table(run):
    training = run["claims"]["training"]
    assert training["defaults"] == {
        "learning_rate": 1e-5, "weight_decay": 0.1, "batch_size": 1, "n_epochs": 100,
        "rescale": False, "min_train_masks": 5,
    }  # fmt: skip
    kind, words = training["channels"]
    assert kind == "TypeError" and "channels" in words


def test_training_ignores_sgd_and_leaves_out_images_with_fewer_than_five_objects(run):
    learned, enough, few = run["claims"]["training"]["diameter"]
    assert learned == pytest.approx(enough, rel=0.01)  # stored in 16 bits
    assert few > 2 * enough


def test_training_cuts_patches_of_256_px_and_of_384_for_cpdino(run):
    patches = run["claims"]["training"]["patches"]
    assert patches == [[[1, 3, 256, 256]], [[1, 3, 384, 384]]]


def test_training_scores_the_test_images_only_now_and_then(run):
    assert run["claims"]["training"]["scored in epochs"] == [0, 5]


def test_it_learns_in_32_bits_and_answers_in_16(run):
    training = run["claims"]["training"]
    assert training["learns in"] == ["torch.float32"]
    assert training["afterwards"] == "torch.bfloat16"


def test_its_readme_says_what_the_page_says():
    (readme,) = Path(setup_env.SAM).glob(f"cellpose-{PINS['cellpose']}.dist-info/METADATA")
    text = readme.read_text(encoding="utf-8")
    assert "\nLicense: BSD\n" in text
    assert "All Cellpose models are trained on data that is licensed under **CC-BY-NC**" in text
    news = text.partition("v4.2+ update")[2].partition("###")[0]
    assert "new Cellpose models based on [DINOv3]" in news and "`cpsam_v2`" in news


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
