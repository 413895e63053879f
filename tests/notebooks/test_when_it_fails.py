"""The notebook counts failures rightly, and its exercises name the likely mistake."""

import re
from types import SimpleNamespace

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from csbdeep.utils import normalize, normalize_mi_ma
from scipy.ndimage import distance_transform_edt, white_tophat
from skimage.filters import gaussian
from skimage.measure import label
from skimage.segmentation import relabel_sequential
from skimage.transform import rescale
from stardist.matching import matching

from bioimage_course import check, data
from bioimage_course.mistakes import mistakes
from tests.notebooks.lessons import FOLDER, run_ids

STEM = "08_when_it_fails"


@pytest.fixture(scope="module")
def lesson():
    """Return what the exercises need, from cells that need no model: importing one takes long."""
    image, truth = data.nuclei()
    part = (slice(256, 512), slice(0, 256))
    low, high = np.percentile(image, [1, 99.8])
    names = run_ids(
        STEM,
        "names-count",
        "measure-run",
        "exercise-mystery-image",
        "exercise-mystery-check",
        "exercise-half-check",
        "exercise-empty-check",
        np=np,
        plt=plt,
        check=check,
        gaussian=gaussian,
        matching=matching,
        mistakes=mistakes,
        relabel_sequential=relabel_sequential,
        rescale=rescale,
        truth=truth,
        field=image.astype(float),
        part=part,
        truth_part=relabel_sequential(truth[part])[0],
        low=low,
        high=high,
    )
    background = names["field"][distance_transform_edt(truth == 0) > 12]
    empty = np.random.default_rng(8).choice(background, (256, 256))
    names["fields"] = {"smoothed": gaussian(empty, 1)}
    return SimpleNamespace(**names)


# --- Names of failures --------------------------------------------------------------------------


def test_failures_are_all_names_but_found(lesson):
    truth = lesson.truth_part
    blobs = label(truth > 0)
    counts = lesson.failures(truth, blobs)
    assert list(counts) == ["merged", "split", "missed", "badly outlined", "ghost"]
    not_found = sum(counts.values()) - counts["ghost"]
    assert not_found == matching(truth, blobs, thresh=0.5).fn > 0
    assert not any(lesson.failures(truth, truth).values())


def test_each_measure_answers_to_its_own_fault(lesson):
    field = lesson.field
    noise = np.random.default_rng(0).normal(0, 20, field.shape)
    background, contrast, top, grain, unevenness = lesson.measure(field)
    assert lesson.measure(field + 100)[0] == background + 100
    assert lesson.measure(field * 2)[1] == 2 * contrast
    assert lesson.measure(np.minimum(field, 40))[2] > 10 * top
    assert lesson.measure(field + noise)[3] > 3 * grain
    assert lesson.measure(field + np.linspace(0, 300, 512))[4] > 3 * unevenness
    np.testing.assert_allclose(lesson.measure(0.2 * field + 100)[3:], (grain, unevenness))


def test_links_of_the_table_lead_to_places_in_the_notebook():
    cells = nbformat.read(FOLDER / f"{STEM}.ipynb", as_version=4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    targets = set(re.findall(r"\]\(#([\w-]+)\)", text))
    assert len(targets) >= 6
    assert targets <= set(re.findall(r'<a id="([\w-]+)"></a>', text))


# --- 1. The mystery picture ---------------------------------------------------------------------


def even(lesson, sigma=12):
    """Return the mystery picture without its stray light, normalised."""
    treated = lesson.mystery - gaussian(lesson.mystery, sigma)
    return normalize(treated, 1, 99.8)


def mystery_answers(lesson):
    """Return the wrong answers by name: picture, scale and labels."""
    as_it_came = normalize(lesson.mystery, 1, 99.8)
    late = as_it_came - gaussian(as_it_came, 12)
    found, nothing = lesson.mystery_truth, np.zeros_like(lesson.mystery_truth)
    divided = normalize(lesson.mystery / gaussian(lesson.mystery, 12), 1, 99.8)
    blobs = label(lesson.mystery_truth > 0)
    half = np.where(found % 2, found, 0)
    return {
        "unchanged": (as_it_came, 1, found),
        "only enlarged": (as_it_came, 4, found),
        "50 px, as for large nuclei": (even(lesson, 50), 4, found),
        "normalised first": (late, 4, found),
        "shrunk": (even(lesson), 1 / 4, nothing),
        "only evened": (even(lesson), 1, blobs),
        "divided": (divided, 4, half),
        "another size": (even(lesson), 4, np.kron(found, np.ones((4, 4), int))),
        "a mask": (even(lesson), 4, found > 0),
    }


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ("unchanged", "right is still brighter"),
        ("only enlarged", "right is still brighter"),
        ("50 px, as for large nuclei", r"two of \*these\* nuclei"),
        ("normalised first", "Normalise last"),
        ("shrunk", "Wrong direction"),
        ("only evened", "measure a nucleus"),
        ("divided", "subtracted, not divided"),
        ("another size", "must agree"),
        ("a mask", "mask of True and False"),
    ],
)
def test_the_mystery_hint_names_the_mistake(lesson, wrong, hint):
    with pytest.raises((AssertionError, ValueError), match=hint):
        lesson.check_mystery(*mystery_answers(lesson)[wrong])


def test_any_way_to_undo_both_faults_is_right(lesson):
    found = lesson.mystery_truth
    tophat = normalize(white_tophat(lesson.mystery, size=13), 1, 99.8)
    ramp = normalize(lesson.mystery - np.median(lesson.mystery, axis=0), 1, 99.8)
    for picture, scale in ((even(lesson), 4), (even(lesson, 6), 3), (tophat, 5), (ramp, 4.0)):
        lesson.check_mystery(picture, scale, found)


# --- 2. Half as good ----------------------------------------------------------------------------


def falling(grey):
    """Return an AP that falls with the noise, as the model's does."""
    return 0.9 / (1 + grey / 20)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (5, "more grey each"),
        (100, "fewer grey levels"),
        (0.45, "looks like an AP"),
        (-3, "One number above 0"),
        ([20, 40], "One number above 0"),
    ],
)
def test_the_half_hint_names_the_mistake(lesson, wrong, hint):
    with pytest.raises(AssertionError, match=hint):
        lesson.check_half(wrong, 0.9, falling)


@pytest.mark.parametrize("grey", [17, 20, 25.5, np.float64(22)])
def test_any_strength_near_the_half_is_right(lesson, grey):
    lesson.check_half(grey, 0.9, falling)


# --- 3. Nothing is nothing ----------------------------------------------------------------------


def thresholded(lesson):
    """Return a stand-in for the model: it finds what is bright, and names it as people did."""

    def predict(picture):
        bright = picture > 0.2
        found = np.where(bright, lesson.truth_part, 0)
        ghosts = label(bright & (lesson.truth_part == 0))
        ghosts[ghosts > 0] += lesson.truth_part.max()
        ghosts[:, :] *= np.ptp(picture) < 0.5  # in the empty field only
        return np.where(ghosts, ghosts, found if np.ptp(picture) > 0.5 else 0)

    return predict


def test_the_empty_hint_names_the_mistake(lesson):
    low, high = lesson.low, lesson.high

    def own(picture):
        bottom, top = np.percentile(picture, [1, 99.8])
        return (picture - bottom) / (top - bottom)

    answers = [
        (own, "stretched"),
        (lambda picture: (picture - picture.min()) / np.ptp(picture), "stretched"),
        (lambda picture: (picture - high) / (low - high), "swapped"),
        (lambda picture: (low, high), "not its limits"),
        (lambda picture: (picture - low) / 60, "is `high` that of bright nuclei"),
        (lambda picture: picture / 65535, "too wide"),
    ]
    for wrong, hint in answers:
        with pytest.raises(AssertionError, match=hint):
            lesson.check_normalise(wrong, thresholded(lesson))


def test_any_fixed_limits_that_fit_are_right(lesson):
    low, high = lesson.low, lesson.high
    predict = thresholded(lesson)
    lesson.check_normalise(lambda picture: (picture - low) / (high - low), predict)
    lesson.check_normalise(lambda picture: (picture - 15) / 110, predict)
    lesson.check_normalise(
        lambda picture: np.clip(normalize_mi_ma(picture, low, high), 0, 1), predict
    )
