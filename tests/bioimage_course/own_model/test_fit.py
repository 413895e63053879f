"""The tool that suits is said with its reason."""

import pytest

from bioimage_course.own_model.fit import suits


@pytest.mark.parametrize(
    ("measured", "tool", "words"),
    [
        ((0.94, 25, 94), "StarDist", "sees whole ones"),
        ((0.62, 25, 94), "Cellpose", "bent or branched"),
        ((0.94, 250, 94), "Cellpose", "it would cut them"),
        ((0.62, 25, 94, True), "StarDist", "−1"),
    ],
    ids=["round", "bent", "large", "not annotated"],
)
def test_the_tool_is_said_with_its_reason(measured, tool, words):
    suggested, why = suits(*measured)
    assert suggested == tool and words in why
