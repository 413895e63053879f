from types import SimpleNamespace

import numpy as np
import pytest

from figures._shared.stored import read
from figures.augmentation import draw as augmentation
from training import augment


@pytest.fixture(scope="module")
def made():
    return list(augmentation.versions(augmentation.sample()))


def test_what_changes_the_recording_leaves_size_and_labels_alone(made):
    for image, labels, recorded in made:
        assert image.shape == labels.shape == recorded.shape == (augmentation.SIZE,) * 2
        assert not np.allclose(image, recorded)


def test_no_new_labels_arise(made):
    known = np.unique(augmentation.sample().labels)
    for _, labels, _ in made:
        assert np.isin(labels, known).all()


def test_one_version_has_larger_and_one_smaller_nuclei():
    # `cut` draws the zoom first.
    zooms = [
        np.exp(np.random.default_rng(seed).normal(0, augment.ZOOM_SPREAD))
        for seed in augmentation.SEEDS
    ]
    assert max(zooms) > 1.2
    assert min(zooms) < 0.85


def test_grain_and_uneven_light_are_as_the_text_alternative_says(made):
    grain = [np.std(np.diff(image[labels == 0])) for image, labels, _ in made]
    grain_after = [np.std(np.diff(recorded[labels == 0])) for _, labels, recorded in made]
    assert grain_after[0] > 2 * grain[0]
    background = made[1][2][made[1][1] == 0]
    assert np.ptp(background) > 2 * np.ptp(made[1][0][made[1][1] == 0])
    _, labels, recorded = made[2]
    assert recorded[labels == 0].mean() > made[2][0][labels == 0].mean()


def test_two_patches_in_three_are_zoomed_as_little_as_the_caption_says():
    quoted, random = read("augmentation"), np.random.default_rng(0)
    ramp = np.tile(np.arange(512.0), (512, 1))  # a pixel of a patch zoomed twice rises by a half
    whole = SimpleNamespace(labels=np.zeros((512, 512), int), centres=np.empty((0, 2)))
    patches = [augment.cut(whole, [ramp], augmentation.SIZE, random)[0][0] for _ in range(1000)]
    zooms = (augmentation.SIZE - 1) / np.ptp(patches, axis=(1, 2))
    share = np.mean((quoted["zoom_low"] < zooms) & (zooms < quoted["zoom_high"]))
    assert share == pytest.approx(2 / 3, abs=0.05)


def test_each_change_of_the_recording_has_the_chance_of_the_caption(monkeypatch):
    blurred = []
    monkeypatch.setattr(
        augment, "gaussian_filter", lambda image, sigma: blurred.append(sigma) or image
    )
    patch, labels = np.zeros((8, 8), np.float32), np.ones((8, 8), int)
    random = np.random.default_rng(0)
    for _ in range(1000):
        augment.record_differently(patch, labels, random)
    percent = read("augmentation")["chance_percent"]
    stain, blur = blurred.count(1), sum(sigma != 1 for sigma in blurred)
    assert [stain / 10, blur / 10] == pytest.approx([percent, percent], abs=5)
