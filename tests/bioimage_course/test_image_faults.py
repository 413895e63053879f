"""Each fault of an image is named with its number, its cure and its place; sound images are not."""

import re

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, zoom

from bioimage_course import data, image_cures
from bioimage_course.image_faults import FIRST, RULES, faults, measured, named
from course_build import ROOT

IMAGE, TRUTH = data.nuclei()
FIELD = IMAGE.astype(float)
ROWS, COLUMNS = np.indices(IMAGE.shape)


def with_grain(photons):
    rng = np.random.default_rng(4)
    return rng.poisson(FIELD / 200 * photons) + rng.normal(0, 1, FIELD.shape)


SPOILT = {
    "inverted": 250 - FIELD,
    "speck": FIELD[330:410, 20:130] + 8000 * (np.hypot(ROWS - 6, COLUMNS - 104) < 4)[:80, :110],
    "uneven": FIELD * 0.02 ** (COLUMNS / 512),
    "empty": gaussian_filter(np.random.default_rng(8).normal(50, 9, (256, 256)), 1),
    "noisy": with_grain(2),
    "large": zoom(FIELD[:256, :256], 4, order=1),
    "small": zoom(FIELD, 0.25, order=1),
    "clipped": np.minimum(IMAGE, 40),
    "blurred": gaussian_filter(FIELD, 7),
    "dark": IMAGE // 60,
}


@pytest.mark.parametrize("name", [name for name in SPOILT if name != "speck"])
def test_a_fault_is_named_with_its_number_and_its_cure(name):
    found = {fault.name: fault for fault in faults(SPOILT[name])}
    assert name in found
    assert found[name].cure == RULES["faults"][name]["cure"]
    assert re.search(r"\d", found[name].sentence)
    assert not re.search(r"[{}]|None|nan", found[name].sentence)


def test_the_course_s_image_is_sound_for_every_tool():
    for tool in RULES["tools"]:
        assert faults(IMAGE, TRUTH, tool=tool) == []


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.int32, np.float32, np.float64])
def test_the_kind_of_numbers_changes_nothing(kind):
    part = IMAGE[:200, :200]
    np.testing.assert_equal(measured(part.astype(kind)), measured(part))


def test_a_scale_and_an_offset_of_the_numbers_change_no_verdict():
    for name in ("inverted", "noisy", "small", "clipped", "blurred"):
        usual = [fault.name for fault in faults(SPOILT[name])]
        assert [fault.name for fault in faults(SPOILT[name] * 257.0)] == usual
    assert faults(IMAGE * 257.0) == []


@pytest.mark.parametrize("radius", [120, 200])
def test_nuclei_on_bright_ground_are_measured_and_not_the_ground(radius):
    ground = 80 * np.exp(-((np.hypot(ROWS - 200, COLUMNS - 200) / radius) ** 4))
    assert measured(FIELD + ground)["width"] == pytest.approx(measured(FIELD)["width"], rel=0.1)
    assert "large" not in {fault.name for fault in faults(FIELD + ground)}


def test_a_few_bright_nuclei_are_not_taken_for_all():
    assert measured(IMAGE[:192, 200:392])["width"] == pytest.approx(24, abs=1)


def test_chosen_settings_are_judged_with_the_image():
    assert faults(SPOILT["large"], settings={"scale": 0.25}) == []
    strict = faults(IMAGE, settings={"prob_thresh": 0.9})
    assert [fault.name for fault in strict] == ["strict"]


def test_a_diameter_that_is_not_the_objects_is_named_with_theirs():
    assert faults(IMAGE, tool="cellpose-nuclei", settings={"diameter": 20}) == []
    wrong = faults(IMAGE, tool="cellpose-nuclei", settings={"diameter": 6})
    assert [(fault.name, fault.cure) for fault in wrong] == [("diameter", "measure")]
    assert wrong[0].amount == {"diameter": pytest.approx(24, abs=4)}
    assert faults(IMAGE, tool="cellpose-nuclei", settings={"diameter": 24}) == []


def test_a_tool_that_learned_dark_nuclei_too_is_not_told_of_them():
    names = {fault.name for fault in faults(SPOILT["inverted"], tool="cellpose-nuclei")}
    assert "inverted" not in names


def test_at_most_three_are_named_and_what_hides_the_others_alone():
    everything = np.round(255 - SPOILT["noisy"] * 0.02 ** (COLUMNS / 512))
    found = [fault.name for fault in faults(everything, TRUTH)]
    assert 1 <= len(found) <= 3
    assert set(found) & set(FIRST) and "noisy" not in found


def test_objects_that_the_border_cuts_are_counted():
    labels = np.zeros((60, 60), int)
    for number in range(6):
        labels[10 * number : 10 * number + 6, 0:8] = number + 1
    assert measured(IMAGE[:60, :60], labels)["border"] == 1
    assert measured(IMAGE[:60, :60], np.where(labels < 4, labels, 0))["border"] is None


@pytest.mark.parametrize("image", [
    np.zeros((20, 20)), np.full((300, 20), 7), np.eye(2), np.arange(9).reshape(3, 3) > 4,
    np.full((5, 5), -3.0), np.pad(np.ones((1, 1)), 9),
])  # fmt: skip
def test_images_with_hardly_anything_in_them_are_judged_without_a_warning(image):
    with np.errstate(all="raise"):
        for fault in faults(image, np.zeros(image.shape, int)):
            assert fault.sentence


@pytest.mark.parametrize("image", [
    np.zeros((4, 4, 3)), np.zeros((0, 4)), np.zeros((1, 1)), np.full((9, 9), np.nan),
    np.array(["a"]),
])  # fmt: skip
def test_what_is_no_plane_of_grey_values_is_refused(image):
    with pytest.raises(ValueError, match="Give "):
        measured(image)


def test_of_a_large_image_the_middle_is_measured_and_all_of_its_light():
    large = np.tile(IMAGE, (1, 5))
    lamp = np.linspace(1, 0.01, large.shape[1])
    found = measured(large * lamp)
    assert found["uneven"] > 2 and found["dark_side"] == "right"
    middle = measured(large)
    assert middle["width"] == measured(large[:, 768:1792])["width"]


# --- Cures ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["inverted", "uneven"])
def test_after_its_cure_a_fault_is_gone(name):
    spoilt = SPOILT[name]
    cured = image_cures.CURES[RULES["faults"][name]["cure"]](spoilt)
    assert cured.dtype == np.float32 and cured.shape == spoilt.shape
    assert name not in {fault.name for fault in faults(cured)}


def test_a_capped_speck_no_longer_sets_the_limits():
    fault, *_ = faults(SPOILT["speck"])
    assert fault.name == "speck" and fault.cure == "cap"
    assert faults(image_cures.capped(SPOILT["speck"], fault.amount)) == []


def test_the_negative_of_a_negative_is_the_image():
    np.testing.assert_array_equal(image_cures.inverted(image_cures.inverted(IMAGE)), IMAGE)


def test_numbers_below_zero_and_nothing_but_zeros_can_be_evened():
    assert np.isfinite(image_cures.evened(FIELD - 100)).all()
    assert (image_cures.evened(np.zeros((8, 8))) == 0).all()


# --- Rules and page -------------------------------------------------------------------------------


def test_every_rule_has_a_place_on_the_page():
    text = (ROOT / "docs" / "practice" / "when-it-fails.md").read_text(encoding="utf-8")
    for name, rule in RULES["faults"].items():
        anchor = rule["anchor"].removeprefix("#")
        words = anchor.replace("-", " ").capitalize()
        assert f"{{ #{anchor} }}" in text or f"## {words}\n" in text.replace(",", ""), name
        assert rule["cure"] is None or rule["cure"] in {
            *image_cures.CURES, "shrink", "enlarge", "measure", "lenient"
        }  # fmt: skip


def test_limits_are_those_of_known_faults():
    for limits in RULES["tools"].values():
        assert set(limits) <= set(RULES["faults"])
    assert named(measured(IMAGE)) == []
