import json

import pytest

from bioimage_course import data
from course_build import ROOT
from figures.stardist_rays.draw import N_RAYS, reconstruction_ious
from figures.stardist_shapes.draw import compute, hardest_nucleus

#: What the page quotes.
QUOTED = json.loads(
    (ROOT / "figures" / "stardist_shapes" / "data.json").read_text(encoding="utf-8")
)


def test_nuclei_can_be_drawn_by_32_rays_and_a_bent_cell_cannot():
    scores = {name: score for name, (*_, score) in compute().items()}
    assert scores["usual"] > scores["hardest"] > 0.8 > scores["bent"]
    assert scores == pytest.approx(QUOTED, abs=1e-4)


def test_the_hardest_nucleus_is_whole_and_fits_worse_than_most():
    _, truth = data.nuclei()
    mask = hardest_nucleus(truth)
    assert not mask[[0, -1]].any() and not mask[:, [0, -1]].any()
    fits = reconstruction_ious(truth, N_RAYS)
    assert fits.mean() > 0.9
