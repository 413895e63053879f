"""Images are spoilt as the names say; limits lie between what costs and what was recorded so."""

import json

import numpy as np
import pytest

from bioimage_course import data, image_faults
from training import measure_image_faults as measure
from training import spoil
from training.export import RESULTS
from training.training_images import Sample

IMAGE, TRUTH = data.nuclei()
SAMPLE = Sample("nuclei", IMAGE[:200, :200], TRUTH[:200, :200])
STORED = json.loads((RESULTS / "image_faults.json").read_text())


@pytest.mark.parametrize("fault", spoil.FAULTS, ids=lambda fault: fault.__name__)
def test_a_fault_spoils_the_same_way_each_time_and_keeps_image_and_annotation_together(fault):
    for strength in spoil.FAULTS[fault]:
        one, other = (spoil.spoil(SAMPLE, fault, strength) for _ in range(2))
        np.testing.assert_array_equal(one.image, other.image)
        assert one.image.shape == one.truth.shape
        changed = one.image.shape != IMAGE[:200, :200].shape or (one.image != SAMPLE.image).any()
        assert changed or one.settings


def test_a_stronger_fault_is_measured_as_stronger():
    for fault in (spoil.large, spoil.noisy, spoil.uneven, spoil.blurred, spoil.clipped, spoil.dark):
        name = fault.__name__
        key = "width" if name == "large" else name
        values = [
            image_faults.measured(spoil.spoil(SAMPLE, fault, strength).image)[key]
            for strength in spoil.FAULTS[fault]
        ]
        falling = image_faults.RULES["faults"][name]["below"]
        assert values == sorted(values, reverse=falling), name


def test_a_limit_lies_between_what_costs_and_what_was_recorded_so():
    assert 0.3 < measure.limit_between([0.5, 0.6], [0.1, 0.2, 0.3], below=False) < 0.5
    assert 5 < measure.limit_between([2, 5], [20, 30], below=True) < 20


def test_where_both_overlap_all_rules_together_call_one_recorded_image_in_twenty_spoilt():
    recorded = np.arange(10_000)
    limit = measure.limit_between([5000, 6000], recorded, below=False)
    rules = len(image_faults.RULES["faults"])
    assert rules * np.mean(recorded > limit) == pytest.approx(0.05, abs=0.002)


def test_an_empty_field_scores_one_only_where_nothing_is_found():
    nothing = np.zeros((9, 9), int)
    assert measure.ap(nothing, nothing) == 1
    assert measure.ap(nothing, np.eye(9, dtype=int)) == 0


def test_labels_are_computed_once_and_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(measure, "KEPT", tmp_path)
    segmented = measure.Segmented("stardist")
    segmented.segment = lambda image, **settings: image
    first = segmented("a/b", "clean", np.eye(3), {})
    segmented.segment = None  # would load the model
    np.testing.assert_array_equal(segmented("a/b", "clean", None, {}), first)


def test_the_stored_counts_are_of_the_rules_that_are_there():
    table = dict(STORED["stardist"])
    limits = image_faults.RULES["tools"]["stardist"]
    del table["any"]
    assert measure.totals({name: table[name] for name in limits if name in table}) == table["all"]
    assert table.keys() - {"all"} == limits.keys() - {"border"}
    assert limits["small"] <= measure.KNOWN[0] and limits["large"] >= measure.KNOWN[1]


def test_nine_costly_faults_in_ten_are_named_four_cures_in_five_help_and_few_alarms_are_false():
    assert STORED["stardist"]["all"]["share_named"] >= 0.9
    assert STORED["stardist"]["all"]["share_raised"] >= 0.8
    assert STORED["stardist"]["any"]["share_false"] <= 0.05
    for name in image_faults.RULES["tools"]["stardist"].keys() - {"border"}:
        assert STORED["stardist"][name]["share_false"] <= 0.05
