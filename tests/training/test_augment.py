import numpy as np
import pytest

from training import augment, training_images


@pytest.fixture
def sample():
    labels = np.zeros((80, 60), np.int32)
    labels[10:25, 8:20], labels[40:70, 30:50] = 1, 2
    return training_images.Sample("x", labels.astype(np.float32) * 10, labels)


def patches(sample, size=32, count=60):
    for seed in range(count):
        rng = np.random.default_rng(seed)
        (image, labels), _ = augment.cut(sample, [sample.image, sample.labels], size, rng)
        yield image, labels


def test_image_and_labels_are_cut_turned_and_zoomed_alike(sample):
    for image, labels in patches(sample):
        assert image.shape == labels.shape == (32, 32)
        # Away from edges, where the image is interpolated, image and labels still correspond.
        assert np.mean(np.round(image / 10) == labels) > 0.9


def test_zooming_makes_no_new_labels(sample):
    assert {number for _, labels in patches(sample) for number in np.unique(labels)} <= {0, 1, 2}


def test_most_patches_show_a_nucleus(sample):
    assert np.mean([labels.any() for _, labels in patches(sample)]) > 0.85


def test_an_image_smaller_than_the_patch_is_enlarged(sample):
    for image, labels in patches(sample, size=100, count=5):
        assert image.shape == labels.shape == (100, 100)


@pytest.mark.parametrize("shape", [(1, 1), (16, 16)], ids=["one pixel", "nothing in it"])
def test_images_without_nuclei_can_be_cut_too(shape):
    labels = np.zeros(shape, np.int32)
    empty = training_images.Sample("x", labels.astype(np.float32), labels)
    assert all(image.shape == (32, 32) for image, _ in patches(empty, count=3))


def test_the_same_seed_gives_the_same_patch(sample):
    first, again = (next(patches(sample)) for _ in range(2))
    assert np.array_equal(first[0], again[0]) and np.array_equal(first[1], again[1])


def test_given_limits_every_zoom_between_them_is_as_likely(sample):
    def zoom(seed):
        x = np.arange(600.0)[None] * np.ones((600, 1))
        (patch,), _ = augment.cut(
            training_images.Sample("x", x, np.zeros(x.shape, np.int32)), [x], 64,
            np.random.default_rng(seed), (0.25, 4),
        )  # fmt: skip
        return 63 / np.ptp(patch)

    zooms = np.log2([zoom(seed) for seed in range(200)])
    assert zooms.min() == pytest.approx(-2, abs=0.2) and zooms.max() == pytest.approx(2, abs=0.2)
    assert np.mean(np.abs(zooms) > 1) == pytest.approx(0.5, abs=0.1)


def warped(sample, zoom, size=64, count=40):
    for seed in range(count):
        rng = np.random.default_rng(seed)
        (image, labels), turn = augment.warp(sample, [sample.image, sample.labels], size, zoom, rng)
        yield image, labels, turn


def test_a_warped_patch_keeps_its_zoom_and_invents_no_labels(sample):
    for image, labels, _ in warped(sample, 0.8):
        assert image.shape == labels.shape == (64, 64)
        assert set(np.unique(labels)) <= {0, 1, 2}
        assert np.mean(np.round(image / 10) == labels) > 0.9
    whole = [np.sum(labels > 0) for _, labels, _ in warped(sample, 0.3)]
    area = 0.3**2 * np.sum(sample.labels > 0)
    assert max(whole) == pytest.approx(area, rel=0.15)


def test_warped_patches_are_turned_by_any_angle_and_half_of_them_mirrored(sample):
    turns = np.array([turn for *_, turn in warped(sample, 1)])
    assert np.allclose(turns @ turns.transpose(0, 2, 1), np.eye(2))
    assert 0.25 < np.mean(np.linalg.det(turns) < 0) < 0.75
    assert len(np.unique(turns[:, 1, 0].round(3))) > 30


def test_a_patch_recorded_differently_differs_and_keeps_its_nuclei(sample):
    changed = [
        augment.record_differently(sample.image / 20, sample.labels, np.random.default_rng(seed))
        for seed in range(30)
    ]
    assert all(np.isfinite(image).all() and image.dtype == np.float32 for image in changed)
    assert len({image.tobytes() for image in changed}) == 30
    inside, outside = sample.labels == 2, sample.labels == 0
    brighter = [image[inside].mean() > image[outside].mean() for image in changed]
    assert np.mean(brighter) > 0.9
