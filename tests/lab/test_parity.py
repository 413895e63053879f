"""The lab's engine gives the objects that the Python libraries give."""

import pytest

from bioimage_course import data
from tests.lab import both

pytestmark = pytest.mark.slow  # networks run

TOOLS = list(both.MODELS)


def compare(cases, folder):
    [tool] = {case.tool for case in cases}
    segment = both.by_library(tool)
    labels, told, _ = both.by_engine(cases, folder)
    for case, ours, image in zip(cases, labels, told, strict=True):
        theirs = segment(case)
        assert theirs.max() > 0, case.name
        assert both.agreement(ours, theirs) >= 0.99, case.name
        assert image["count"] == ours.max() == theirs.max(), case.name


@pytest.mark.parametrize("tool", TOOLS)
def test_small_images_are_segmented_as_the_library_does(tool, tmp_path):
    compare([case for case in both.small() if case.tool == tool], tmp_path)


def test_blocks_give_what_the_image_as_a_whole_gives(tmp_path):
    case = both.Case("nuclei", "stardist", data.nuclei()[0][:160])
    [[whole], [told], _], [[blocks], [in_blocks], _] = (
        both.by_engine([case], tmp_path, most=most) for most in (512, 352)
    )
    assert (len(told["held"]), len(in_blocks["held"])) == (1, 2)
    assert whole.max() > 20 and (whole == blocks).all()


@pytest.mark.long
@pytest.mark.parametrize("tool", TOOLS)
def test_ten_images_are_segmented_as_the_library_does(tool, tmp_path):
    cases = both.ten()
    assert len(cases) == 10
    compare([case for case in cases if case.tool == tool], tmp_path)
