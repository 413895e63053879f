"""Every bad file is named, with the reason, before the first step of a training."""

import numpy as np
import pytest
from tifffile import imwrite

from bioimage_course import data
from training import training_images


def spoil(dataset, kind, pixels):
    """Replace one of the good files by these pixels; returns the file's name."""
    imwrite(dataset / "dsb2018" / "train" / kind / "03.tif", pixels)
    return "03.tif"


def refusal():
    """What `read` says when it stops."""
    with pytest.raises(data.DataError) as error:
        training_images.read("dsb2018")
    return str(error.value)


def test_good_files_are_read_with_their_nuclei(dataset):
    samples = training_images.read("dsb2018")
    assert len(samples) == 10
    assert samples[0].name == "dsb2018/00"
    assert samples[0].labels.dtype == np.int32
    assert len(samples[0].centres) == 4 and samples[0].weights.sum() == pytest.approx(1)


def test_binary_masks_are_refused(dataset):
    mask = np.zeros((64, 64), np.uint8)
    mask[5:15, 5:15] = mask[30:40, 30:40] = 255
    name = spoil(dataset, "masks", mask)
    assert name in refusal() and "Every object needs its own number" in refusal()


def test_masks_of_another_size_are_refused(dataset):
    name = spoil(dataset, "masks", np.ones((64, 32), np.uint16))
    assert name in refusal() and "(64, 32)" in refusal()


def test_float_labels_are_refused(dataset):
    name = spoil(dataset, "masks", np.full((64, 64), 0.5, np.float32))
    assert name in refusal() and "probabilities" in refusal()


@pytest.mark.parametrize(
    "pixels, words",
    [
        (np.full((64, 64), np.nan, np.float32), "not finite"),
        (np.zeros((64, 64, 4), np.uint8), "pass image[..., :3]"),
        (np.zeros((5, 64, 64), np.uint8), "pass one plane"),
    ],
    ids=["NaN", "RGBA", "3D"],
)
def test_images_of_another_kind_are_refused(dataset, pixels, words):
    name = spoil(dataset, "images", pixels)
    assert name in refusal() and words in refusal()


def test_one_truncated_file_among_good_ones_is_named(dataset):
    path = dataset / "dsb2018" / "train" / "images" / "05.tif"
    path.write_bytes(path.read_bytes()[:200])
    assert str(path) in refusal() and "copy it again" in refusal()


def test_a_mask_too_many_is_named(dataset):
    (dataset / "dsb2018" / "train" / "images" / "02.tif").unlink()
    assert "02.tif" in refusal()


def test_an_empty_folder_is_named(dataset):
    for path in (dataset / "dsb2018" / "train" / "images").iterdir():
        path.unlink()
    assert "No .tif files in" in refusal()


def test_masks_without_a_single_object_are_refused(dataset):
    for path in (dataset / "dsb2018" / "train" / "masks").iterdir():
        imwrite(path, np.zeros((64, 64), np.uint16))
    assert "nothing to learn" in refusal()


def test_the_image_that_the_notebooks_score_stays_unseen(dataset):
    for kind in ("images", "masks"):
        folder = dataset / "dsb2018" / "train" / kind
        # In StarDist's archive the names are longer.
        (folder / "00.tif").rename(folder / f"{training_images.LEFT_OUT}c0ffee.tif")
    assert len(training_images.read("dsb2018")) == 9


def sample(shape, name="x"):
    labels = np.zeros(shape, np.int32)
    labels[2:6, 2:6] = 1
    return training_images.Sample(name, labels.astype(float), labels)


def test_families_and_some_of_the_others_are_kept_aside():
    samples = [sample((8, 8), str(i)) for i in range(32)] + [sample((256, 320), "other")]
    used, known, families = training_images.split(samples)
    assert [s.name for s in families] == ["other"]
    assert [s.name for s in known] == ["8", "24"]
    assert len(used) == 30
    assert not {id(s) for s in used} & {id(s) for s in [*known, *families]}


def test_touching_nuclei_are_drawn_twice_as_often():
    labels = np.zeros((20, 30), np.int32)
    labels[5:10, 2:6], labels[5:10, 6:10], labels[5:10, 20:24] = 1, 2, 3
    found = training_images.Sample("x", labels.astype(float), labels)
    assert found.weights == pytest.approx([0.4, 0.4, 0.2])


def test_crowded_images_are_drawn_more_often():
    crowded, sparse = sample((30, 30), "crowded"), sample((30, 30), "sparse")
    crowded.centres = np.zeros((15, 2), int)
    sparse.centres = np.zeros((0, 2), int)
    rng = np.random.default_rng(0)
    drawn = [training_images.draw([crowded, sparse], rng).name for _ in range(500)]
    assert drawn.count("crowded") / 500 == pytest.approx(4 / 5, abs=0.06)
