"""The lab's engine gives the objects that the Python libraries give."""

import pytest

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


@pytest.mark.long
@pytest.mark.parametrize("tool", TOOLS)
def test_ten_images_are_segmented_as_the_library_does(tool, tmp_path):
    cases = both.ten()
    assert len(cases) == 10
    compare([case for case in cases if case.tool == tool], tmp_path)
