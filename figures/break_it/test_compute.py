"""The figure that breaks a picture: what the models find in it, and the faults of the chapter."""

import numpy as np
import pytest

from figures._shared.stored import read
from figures.break_it import compute as spoilt
from figures.break_it.compute import FIXES, STEPS, Setting
from figures.failures.draw import CROP, truth_part

GALLERY, SCORES = read("failures"), read("break_it")


def test_where_the_gallery_has_the_same_fault_it_has_the_same_score():
    """If not: `make figures ONLY="failures break_it"`, with the same weights."""
    pairs = {
        "recorded": ("original", None),
        "blur5": ("blurred", None),
        "noise4": ("noisy", "denoise"),
        "size4": ("small", "rescale"),
    }
    for name, (gallery, fix) in pairs.items():
        values, stardist = GALLERY[gallery], SCORES[name]["stardist"]
        assert stardist["none"] == values.get("before", values)["ap"], name
        if fix:
            assert stardist[fix] == values["after"]["ap"], name
    assert SCORES["recorded"]["cellpose"]["none"] == GALLERY["diameter"]["after"]["ap"]


def test_the_caption_says_what_the_numbers_say():
    def lost(name, method):
        return SCORES["recorded"][method]["none"] - SCORES[name][method]["none"]

    assert lost("contrast4", "cellpose") < 0.1 < 0.5 < lost("contrast4", "stardist")
    assert lost("size4", "cellpose") > lost("size4", "stardist") + 0.05
    for name, fix in (("noise4", "denoise"), ("size4", "rescale"), ("crop5", "renormalise")):
        for scores in SCORES[name].values():
            assert scores[fix] > scores["none"] + 0.1


def test_only_fixes_that_do_something_are_computed():
    everything = spoilt.settings()
    assert len(everything) == len(set(everything)) == 26 + 26 + 5 + 10
    for setting in everything:
        if setting.fix == "rescale":
            assert setting.fault == "size" and setting.step
        if setting.fix == "renormalise":
            assert setting.fault in ("contrast", "crop") and setting.step
    assert {setting.fix for setting in everything} == {None, *FIXES}


def test_faults_and_fixes_do_what_their_names_say():
    recorded = spoilt.spoil(Setting("noise", 0)).picture
    assert recorded.shape == (256, 256)
    crops = spoilt.spoil(Setting("crop", 3)).picture
    assert np.percentile(crops[:64, :64], 1) == pytest.approx(0, abs=1e-3)
    assert np.percentile(crops[64:128, :64], 99.8) == pytest.approx(1, abs=1e-3)
    mended = spoilt.spoil(Setting("crop", 5, "renormalise")).picture
    np.testing.assert_array_equal(mended, recorded)
    half = spoilt.spoil(Setting("size", 2, "rescale"))
    assert half.picture.shape == (128, 128) and half.scale == 1 / half.zoom == 2
    dim = spoilt.spoil(Setting("contrast", 4)).picture
    again = spoilt.spoil(Setting("contrast", 4, "renormalise")).picture
    assert np.ptp(dim) < 0.25 * np.ptp(recorded)
    assert np.abs(again - recorded).mean() < 0.02  # but for rounding
    assert not set(STEPS) - {setting.fault for setting in spoilt.settings()}


def test_a_path_keeps_its_corners_to_a_quarter_of_a_pixel():
    corners = np.array([[-10.2, 3.1], [120.4, 4.0], [118.9, 100.6], [2.3, 90.2]])
    back = spoilt.unwritten(spoilt.written(corners)) / spoilt.HALF
    for corner in corners:
        assert np.abs(back - corner).max(axis=1).min() <= 0.25 + 1e-9
    assert len(back) > len(corners)  # long ways take several steps


def test_outlines_lie_around_their_objects():
    top, left, side = CROP
    shown = truth_part()[top - 1 : top + side + 1, left - 1 : left + side + 1]
    for label, text in spoilt.paths(truth_part(), 1).items():
        x, y = spoilt.unwritten(text).T / spoilt.HALF
        rows, columns = np.nonzero(shown == label)
        for values, pixels in ((x, columns - 1), (y, rows - 1)):
            assert abs(values.min() - pixels.min()) <= 1.6
            assert abs(values.max() - pixels.max() - 1) <= 1.6
