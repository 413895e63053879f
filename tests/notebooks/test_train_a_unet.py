"""The U-Net has the shapes the lesson says, its parts share no nucleus, and hints name mistakes."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from skimage.measure import label
from skimage.morphology import disk, erosion
from skimage.segmentation import find_boundaries
from stardist.matching import matching

from bioimage_course import data
from tests.notebooks.lessons import code_cells, run_ids, tags

STEM = "04_train_a_unet"
IMPORTS = ("imports", "imports-course")
NETWORK = ("network-block", "network-down-code", "network-up-code", "network-whole")
DATA = ("load-image", "parts-define", "normalise-run")


@pytest.fixture(scope="module")
def lesson():
    """Return what exists before training: data, network with random weights, tiles."""
    return run_ids(STEM, *IMPORTS, *DATA, *NETWORK, "tiles-define")


# --- Network and data ----------------------------------------------------------------------------


def test_the_network_is_small(lesson):
    assert sum(weights.numel() for weights in lesson["network"].parameters()) <= 500_000


def test_the_network_is_about_forty_lines():
    cells = [cell for cell in code_cells(STEM) if cell.id in NETWORK]
    lines = [line for cell in cells for line in cell.source.splitlines() if line.strip()]
    assert len(lines) <= 48


@pytest.mark.parametrize("shape", [(64, 64), (24, 40), (512, 224)])
def test_there_is_one_answer_for_every_pixel(lesson, shape):
    with torch.no_grad():
        assert lesson["network"](torch.zeros(1, 1, *shape)).shape == (1, 1, *shape)


def test_the_way_down_halves_three_times_and_keeps_every_level(lesson):
    maps = lesson["network"].down(torch.zeros(2, 1, 64, 64))
    assert [tuple(x.shape[1:]) for x in maps] == [
        (8, 64, 64),
        (16, 32, 32),
        (32, 16, 16),
        (64, 8, 8),
    ]


def test_every_skip_connection_reaches_the_output(lesson):
    network = lesson["network"].eval()
    with torch.no_grad():
        maps = network.down(torch.randn(1, 1, 64, 64, generator=torch.Generator().manual_seed(1)))
        answer = network.up(maps)
        for level in range(4):
            cut = [torch.zeros_like(x) if n == level else x for n, x in enumerate(maps)]
            assert not torch.equal(network.up(cut), answer), level


def test_the_parts_are_a_gap_apart(lesson):
    covered = np.zeros((512, 512), int)
    for part in lesson["parts"].values():
        covered[part] += 1
    assert covered.max() == 1
    rows, columns = (slice(part.start, part.stop) for part in lesson["training"])
    assert columns.start - lesson["test"][1].stop == 32
    assert rows.start - lesson["validation"][0].stop == 32
    touching_rows, touching_columns = data.TOUCHING  # the running example is held out
    assert touching_rows.stop <= lesson["test"][0].stop
    assert touching_columns.stop <= lesson["test"][1].stop


def test_tiles_are_turned_together_with_their_masks():
    names = run_ids(STEM, *IMPORTS, *DATA, "tiles-define")
    picture, mask = names["picture_and_mask"]
    picture[:] = mask  # a picture that is its own mask shows whether both are turned alike
    pictures, masks = names["random_tiles"](20)
    assert pictures.shape == masks.shape == (20, 1, 64, 64)
    assert pictures.dtype == masks.dtype == torch.float32
    assert torch.equal(pictures, masks)
    assert len({tile.numpy().tobytes() for tile in masks}) == 20


def test_f1_is_hits_by_the_mean_of_objects_and_nuclei(lesson):
    truth, found = lesson["truth"][lesson["test"]], label(lesson["mask"][lesson["test"]])
    score = matching(truth, found, thresh=0.5)
    assert score.f1 == pytest.approx(score.tp / ((score.n_true + score.n_pred) / 2))


def test_the_split_is_the_watershed_of_notebook_02():
    image, _ = data.nuclei()
    cells = code_cells("02_classical_baseline")
    method = [cell.id for cell in cells if cell.id == "imports" or "method" in tags(cell)]
    classical = run_ids("02_classical_baseline", *method, image=image)
    names = run_ids(STEM, *IMPORTS, "objects-define", "helps-define")
    np.testing.assert_array_equal(names["split"](classical["bright"]), classical["labels"])


def test_the_split_uses_the_tuned_settings():
    tuned = Path(__file__).parents[2] / "training/results/otsu_watershed.json"
    settings = json.loads(tuned.read_text())
    names = run_ids(STEM, *IMPORTS, "objects-define", "helps-define")
    assert names["split"].__defaults__ == (settings["seed_blur"], settings["seed_distance"])


# --- Exercises ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def dice():
    """Return the Dice exercise with a mask that Otsu made instead of the network."""
    image, truth = data.nuclei()
    test = (slice(0, 512), slice(0, 224))
    return run_ids(
        STEM, *IMPORTS, "exercise-dice-check", truth=truth, test=test, predicted=image[test] > 30
    )


def answer(names, text):
    """Return what a learner's expression gives."""
    return eval(text, dict(names))


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ("np.mean(predicted == (truth[test] > 0))", "pixel accuracy"),
        (
            "np.sum(predicted & (truth[test] > 0)) / (predicted.sum() + (truth[test] > 0).sum())",
            "counts twice",
        ),
        (
            "np.sum(predicted & (truth[test] > 0)) / np.sum(predicted | (truth[test] > 0))",
            "This is the IoU",
        ),
        (
            "2 * np.sum(predicted & (truth[test] > 0)) / (predicted.sum() + truth[test].sum())",
            "adds the numbers",
        ),
        ("2 * np.sum(predicted * truth[test]) / predicted.sum()", "between 0 and 1"),
        ("0.5", "Not the Dice"),
    ],
    ids=["accuracy", "no factor 2", "IoU", "label numbers", "product of numbers", "guess"],
)
def test_the_dice_hint_names_the_mistake(dice, wrong, hint):
    with pytest.raises(AssertionError, match=hint):
        dice["check_dice"](answer(dice, wrong))


@pytest.mark.parametrize(
    "right",
    [
        "2 * np.sum(predicted & (truth[test] > 0)) / (predicted.sum() + np.sum(truth[test] > 0))",
        "2 * (predicted * (truth[test] != 0)).sum() / (predicted.sum() + (truth[test] > 0).sum())",
        "float(2 / (2 + np.sum(predicted != (truth[test] > 0)) / "
        "np.sum(predicted & (truth[test] > 0))))",
    ],
    ids=["and", "product", "from the errors"],
)
def test_any_way_to_dice_is_right_but_only_the_right_number(dice, right):
    value = answer(dice, right)
    dice["check_dice"](value)
    with pytest.raises(AssertionError, match="Not the Dice"):
        dice["check_dice"](value + 0.01)


@pytest.fixture(scope="module")
def gap():
    """Return the exercise with the gap."""
    _, truth = data.nuclei()
    return run_ids(STEM, *IMPORTS, "exercise-gap-check", truth=truth)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (lambda truth: truth > 0, "no gap where they touch"),
        (lambda truth: (truth > 0) & ~find_boundaries(truth > 0, mode="inner"), "in the numbers"),
        (lambda truth: erosion(truth > 0, disk(2)), "in the numbers"),
        (lambda truth: find_boundaries(truth, mode="inner"), "only their borders"),
        (lambda truth: ~find_boundaries(truth, mode="inner"), "background is in"),
        (lambda truth: truth, "True and False"),
        (lambda truth: (truth > 0)[:100], "shape"),
    ],
    ids=["mask", "border of the mask", "eroded", "borders", "background", "numbers", "a part"],
)
def test_the_gap_hint_names_the_mistake(gap, wrong, hint):
    with pytest.raises(AssertionError, match=hint):
        gap["check_target"](wrong(gap["truth"]))


@pytest.mark.parametrize("mode", ["inner", "thick", "outer"])
def test_any_gap_between_touching_nuclei_is_right(gap, mode):
    truth = gap["truth"]
    gap["check_target"]((truth > 0) & ~find_boundaries(truth, mode=mode))


def test_nuclei_thinned_one_by_one_are_right(gap):
    truth = gap["truth"]
    alone = np.zeros(truth.shape, bool)
    for number in range(1, truth.max() + 1):
        alone |= erosion(truth == number, disk(1))
    gap["check_target"](alone)


@pytest.fixture(scope="module")
def check_fits():
    """Return the check of the sizes."""
    return run_ids(STEM, "exercise-sizes-check")["check_fits"]


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (lambda height, width: True, "every pooling must halve"),
        (lambda height, width: height % 2 == 0 and width % 2 == 0, "every pooling must halve"),
        (lambda height, width: height % 3 == 0 and width % 3 == 0, "halved twice"),
        (lambda height, width: height % 4 == 0 and width % 4 == 0, "every pooling must halve"),
        (lambda height, width: height % 8 == 0, "width too"),
        (lambda height, width: width % 8 == 0, "height too"),
        (lambda height, width: height % 16 == 0 and width % 16 == 0, "three poolings"),
        (lambda height, width: height % 64 == 0 and width % 64 == 0, "three poolings"),
        (lambda height, width: height == width and height % 8 == 0, "may differ"),
    ],
    ids=["all", "even", "by 3", "by 4", "height only", "width only", "by 16", "by 64", "square"],
)
def test_the_sizes_hint_names_the_mistake(check_fits, wrong, hint):
    with pytest.raises(AssertionError, match=hint):
        check_fits(wrong)


@pytest.mark.parametrize(
    "right",
    [
        lambda height, width: height % 8 == 0 and width % 8 == 0,
        lambda height, width: not (height % 2**3 or width % 2**3),
        lambda height, width: height // 8 * 8 == height and width / 8 == width // 8,
    ],
)
def test_divisible_by_eight_is_right_however_written(check_fits, right):
    check_fits(right)


@pytest.mark.parametrize("size", [24, 36, 64, 100, 104, 500])
def test_the_network_accepts_what_the_solution_says(lesson, size):
    accepted = run_ids(STEM, "exercise-sizes-check", "solution-sizes")["fits"](size, 64)
    try:
        lesson["network"](torch.zeros(1, 1, size, 64))
        ran = True
    except RuntimeError:
        ran = False
    assert ran == accepted
