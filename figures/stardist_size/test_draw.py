import pytest

from figures._shared.stored import read
from figures.stardist_size.draw import SCALES

#: What the page quotes.
QUOTED = read("stardist_size")


def test_nuclei_of_the_learned_size_are_found_and_much_larger_ones_are_not():
    f1 = {scale: QUOTED["shown"][f"s{1000 * scale:04.0f}"]["f1"] for scale in SCALES}
    assert f1[1] > 0.85
    assert min(f1[scale] for scale in (1, 1.5, 2)) > f1[6] + 0.15
    assert f1[6] < f1[1] - 0.2
    assert max(f1[1], f1[1.5], f1[2]) >= max(f1.values()) - 0.03  # the top of the curve
    assert f1[1] > f1[0.25]


def test_widths_are_those_that_the_network_sees():
    for scale in SCALES:
        width = QUOTED["shown"][f"s{1000 * scale:04.0f}"]["diameter"]
        assert width == pytest.approx(scale * QUOTED["diameter"], rel=1e-4)
    assert 20 < QUOTED["diameter"] < 28
