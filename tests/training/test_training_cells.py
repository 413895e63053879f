"""Which whole cells are learned from, and which never."""

import shutil

import numpy as np
import pytest
from tifffile import imread, imwrite

from bioimage_course import data
from training import train_cellpose_cells, training_cells


@pytest.fixture
def read(cell_sets, tiny_cellpose):
    """What `training_cells.read` returns: samples to learn from, and samples kept aside."""
    return lambda: training_cells.read(train_cellpose_cells.SETTINGS)


def test_fields_of_the_test_split_are_never_learned_from(read):
    used, known = read()
    assert list(used) == list(training_cells.SETS)
    assert [sample.name for sample in used["usiigaci_t98g"]] == ["usiigaci_t98g/train_0"]
    assert [sample.name for sample in known["usiigaci_t98g"]] == ["usiigaci_t98g/val_0"]
    assert [sample.name for sample in used["kc167_actin_dna"]] == ["kc167_actin_dna/train_0"]
    assert not any("test" in sample.name for group in used.values() for sample in group)


def test_what_is_compared_on_jump_lies_60_px_from_what_is_learned_from(cell_sets):
    whole = imread(cell_sets / "jump_cellpainting" / "images" / "show_0.tif")
    [left, other] = training_cells.jump_to_learn_from()
    [right] = training_cells.jump_to_compare()
    assert np.array_equal(left.image, whole[:, :, :480]) and left.labels.shape[1] == 480
    assert np.array_equal(right.image, whole[:, :, 540:]) and right.labels.shape[1] == 540
    # Another stain of the same cells, beside the same nuclei.
    assert not np.array_equal(other.image[0], left.image[0])
    assert np.array_equal(other.image[1], left.image[1])
    assert np.array_equal(other.labels, left.labels)


def test_channels_are_normalised_one_by_one_and_a_missing_one_stays_empty(read):
    used, _ = read()
    phase, [stained] = used["usiigaci_t98g"][0].image, used["kc167_actin_dna"]
    assert phase.shape[-1] == 2 and not phase[..., 1].any()
    for channel in (phase[..., 0], stained.image[..., 0], stained.image[..., 1]):
        assert np.percentile(channel, [1, 99]) == pytest.approx([0, 1], abs=1e-3)


def test_every_image_is_zoomed_to_the_networks_diameter(read):
    used, _ = read()
    for group in used.values():
        for sample in group:
            areas = np.bincount(sample.labels.ravel())[1:]
            median = 2 * np.sqrt(np.median(areas[areas > 0]) / np.pi)
            assert median * sample.zoom == pytest.approx(30)


def test_a_set_that_cannot_be_had_is_named_and_the_others_are_learned_from(
    read, cell_sets, capsys, tmp_path, monkeypatch
):
    monkeypatch.setenv("BIOIMAGE_COURSE_CACHE", str(tmp_path / "cache"))
    shutil.rmtree(cell_sets / "embl_membranes")
    used, _ = read()
    assert "embl_membranes" not in used and len(used) == 3
    assert "Training without embl_membranes" in capsys.readouterr().out


def test_a_mask_of_another_size_is_named(cell_sets):
    path = cell_sets / "kc167_actin_dna" / "masks" / "train_0.tif"
    imwrite(path, np.ones((8, 8), np.uint16))
    with pytest.raises(data.DataError, match=r"train_0\.tif.*\(8, 8\)"):
        training_cells.fields("kc167_actin_dna", "train")
