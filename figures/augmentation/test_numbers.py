import numpy as np
import pytest

from figures.augmentation import draw as augmentation


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
    # `augment.cut` draws the zoom first.
    zooms = [
        np.exp(np.random.default_rng(seed).normal(0, augmentation.augment.ZOOM_SPREAD))
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
