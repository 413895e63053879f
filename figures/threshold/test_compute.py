import numpy as np
from scipy.ndimage import label

from bioimage_course import data


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
