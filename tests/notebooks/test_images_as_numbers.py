"""The exercises of the first notebook name the likely mistake and accept any right answer."""

import numpy as np
import pytest
from csbdeep.utils import normalize
from skimage.measure import label

from bioimage_course import check, data
from tests.notebooks.lessons import code_cells, run, run_ids

STEM = "01_images_as_numbers"
IMAGE, _ = data.nuclei()
NORMALIZED = normalize(IMAGE, 1, 99.8)
DIM = IMAGE / 2


def check_scale(found):
    """Run the notebook's check of the second exercise."""
    names = run_ids(STEM, "exercise-dim-check", np=np, my_dim=DIM, normalized=NORMALIZED)
    names["check_scale"](found, NORMALIZED)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (DIM, "scale of a camera"),
        (DIM * 2, "scale of a camera"),
        (DIM / DIM.max(), "brightest pixel"),
        (normalize(DIM, 2, 99.5), "same two percentiles"),
        (NORMALIZED.astype(int), "Whole numbers"),
    ],
    ids=["unchanged", "doubled", "by its maximum", "other percentiles", "integers"],
)
def test_the_scale_hint_names_the_mistake(wrong, hint):
    with pytest.raises(AssertionError, match=hint):
        check_scale(wrong)


def test_any_way_to_the_same_scale_is_right():
    check_scale(normalize(DIM, 1, 99.8))
    low, high = np.percentile(DIM, (1, 99.8))
    check_scale((DIM - low) / (high - low))


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (lambda mask: mask, "mask of True and False"),
        (lambda mask: mask.astype(int), "looks like a mask|look like a mask"),
        (lambda mask: label(mask)[::2], "must agree"),
        (lambda mask: label(mask).astype(float), "labels.astype"),
    ],
    ids=["a mask", "a mask of 0 and 1", "another size", "floats"],
)
def test_the_label_hint_names_the_mistake(wrong, hint):
    with pytest.raises(ValueError, match=hint):
        check.labels(wrong(NORMALIZED > 0.15), IMAGE)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("label(mask)", "Right: "),
        ("label(image)", "Not yet. These labels look like an image"),
        ("label(~mask)", "Not yet. Number 1 covers most of the image"),
        ("label(mask[::-1])", "Not yet. These labels fit the image only when they are turned"),
        ("label(mask & (image > 60))", "Not yet. These are not the pixels of `mask`"),
    ],
)
def test_labels_of_something_else_are_not_taken_for_right(answer, said, capsys):
    [cell] = [cell for cell in code_cells(STEM) if cell.id == "exercise-labels-code"]
    cell.source = cell.source.replace("my_labels = mask ", f"my_labels = {answer} ")
    run(
        [cell], {"np": np, "check": check, "label": label, "normalized": NORMALIZED, "image": IMAGE}
    )
    assert capsys.readouterr().out.startswith(said)
