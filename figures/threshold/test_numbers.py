import json

import numpy as np
import pytest
from scipy.ndimage import label

from bioimage_course import data
from course_build import ROOT
from figures.threshold import compute as threshold_pixels

FIGURE = ROOT / "figures" / "threshold" / "page.json"
FIXTURE = ROOT / "figures" / "threshold" / "answers.json"


@pytest.mark.parametrize(
    ("path", "compute"), [(FIGURE, threshold_pixels.figure), (FIXTURE, threshold_pixels.fixture)]
)
def test_the_stored_numbers_are_those_of_the_image(path, compute):
    assert json.loads(path.read_text(encoding="utf-8")) == compute(), (
        "write it again: figures/threshold_pixels.py"
    )


def test_where_the_touching_two_part_a_nucleus_has_vanished():
    # As the figure's caption says.
    image, truth = (whole[data.TOUCHING] for whole in data.nuclei())
    nuclei = [truth == number for number in np.unique(truth)[1:]]
    largest = sorted(nuclei, key=np.sum)[-2:]
    assert len(nuclei) == 4
    for level in range(image.max()):
        pieces, _ = label(image > level)
        first, second = (set(pieces[nucleus]) - {0} for nucleus in largest)
        if not first & second:
            assert any(not pieces[nucleus].any() for nucleus in nuclei), level


def test_the_files_stay_small():
    assert FIGURE.stat().st_size + FIXTURE.stat().st_size < 20_000
