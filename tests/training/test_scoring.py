import numpy as np
import pytest

from bioimage_course.mistakes import KINDS
from training import scoring


@pytest.fixture
def two_images():
    """Image one: two nuclei, both found. Image two: two nuclei, merged into one object."""
    truth = np.zeros((40, 40), np.int32)
    truth[5:15, 5:15], truth[5:15, 15:25] = 1, 2
    return [truth, truth], [truth, (truth > 0).astype(np.int32)]


def test_objects_of_all_images_are_pooled(two_images):
    scores = scoring.scores_of(*two_images)
    # Two matches, one false (the merged object's IoU is exactly 0.5, so it matches at 0.5).
    assert (scores["images"], scores["objects"], scores["predicted"]) == (2, 4, 3)
    assert scores["ap"]["iou60"] == pytest.approx(2 / (2 + 1 + 2))
    assert scores["precision"]["iou60"] == pytest.approx(2 / 3, abs=1e-4)
    assert scores["recall"]["iou60"] == pytest.approx(2 / 4)
    assert scores["f1"]["iou60"] == pytest.approx(2 * 2 / (4 + 3), abs=1e-4)


def test_the_mean_is_over_the_five_thresholds(two_images):
    ap = scoring.scores_of(*two_images)["ap"]
    mean = np.mean([ap[f"iou{percent}"] for percent in (50, 60, 70, 80, 90)])
    assert ap["mean"] == pytest.approx(mean, abs=1e-4)


def test_pooled_and_mean_over_images_are_told_apart(two_images):
    uncertainty = scoring.uncertainty_of(*two_images)
    assert uncertainty["pooled"]["iou60"]["value"] == pytest.approx(2 / 5)
    assert uncertainty["over_images"]["iou60"]["value"] == pytest.approx((1 + 0) / 2)


def test_the_interval_holds_the_value_and_narrows_with_more_images(two_images):
    few = scoring.uncertainty_of(*two_images)["pooled"]["iou60"]
    many = scoring.uncertainty_of(*(images * 20 for images in two_images))["pooled"]["iou60"]
    for interval in (few, many):
        assert interval["low"] <= interval["value"] <= interval["high"]
    assert many["high"] - many["low"] < few["high"] - few["low"]


def test_an_image_without_nuclei_in_which_none_are_found_is_right():
    nothing = [np.zeros((8, 8), np.int32)]
    assert scoring.uncertainty_of(nothing, nothing)["over_images"]["iou50"]["value"] == 1


def test_errors_of_all_images_are_added_up(two_images):
    """In the second image the merged object fits one of the two: its IoU is exactly 0.5."""
    errors = scoring.errors_of(*two_images)
    assert errors == dict.fromkeys(KINDS, 0) | {"found": 3, "merged": 1}
    assert errors["found"] / 4 == scoring.scores_of(*two_images)["recall"]["iou50"]


def test_groups_hold_every_image_once(two_images):
    groups = scoring.groups_of(*two_images)
    for found in groups.values():
        assert sum(table["images"] for table in found.values()) == 2
    assert list(groups["by_image_size"]) == ["size_40x40"]
    assert list(groups["by_nucleus_size"]) == ["below_15_px"]
    assert list(groups["by_density"]) == ["below_20_percent"]


def test_examples_are_the_worst_and_the_best_image(two_images):
    images = [labels * 5.0 for labels in two_images[0]]
    examples = scoring.examples_of(*two_images, images)
    assert (examples["best"]["predicted"], examples["best"]["ap_mean"]) == (2, 1)
    assert (examples["worst"]["predicted"], examples["worst"]["nuclei"]) == (1, 2)


def test_the_image_with_most_false_objects_is_described(two_images):
    truth, _ = two_images
    dim = truth[1].copy()
    dim[25:35, 5:15], dim[25:35, 20:30] = 3, 4
    image = np.where(truth[1] > 0, 110.0, 10.0)
    image[dim > 2] = 35
    most = scoring.most_false_of(truth, [truth[0], dim], [image, image])
    assert (most["false"], most["of"], most["nuclei"]) == (2, 2, 2)
    assert most["brightness"] == pytest.approx(25 / 100)
    assert scoring.most_false_of(truth, truth, [image, image])["brightness"] == 0


def test_parts_of_images_add_up_to_the_pooled_score(two_images):
    parts = scoring.uncertainty_of_parts(*two_images)
    assert parts["iou60"]["value"] == scoring.scores_of(*two_images)["ap"]["iou60"]


def test_an_object_counts_in_the_part_in_which_its_middle_lies():
    truth, predicted = np.zeros((2, 80, 80), np.int32)
    truth[2:12, 2:12], truth[62:78, 62:78] = 1, 2  # upper left: hit; lower right: missed
    predicted[2:12, 2:12], predicted[2:12, 62:78] = 5, 9  # upper right: false
    counts = scoring._counts_of_parts(truth, predicted)[:, 0]
    assert counts[0].tolist() == [1, 0, 0]
    assert counts[scoring.PARTS - 1].tolist() == [0, 1, 0]
    assert counts[-1].tolist() == [0, 0, 1]
    assert counts.sum() == 3


def test_a_single_image_has_an_interval_too():
    truth = np.kron(np.arange(1, 65).reshape(8, 8), np.pad(np.ones((6, 6), int), 2))
    predicted = np.where(truth % 5, truth, 0)
    interval = scoring.uncertainty_of_parts([truth], [predicted])["iou50"]
    assert 0.6 < interval["low"] < interval["value"] == pytest.approx(52 / 64, abs=1e-4)
    assert interval["value"] < interval["high"] < 1
