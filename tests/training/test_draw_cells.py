"""The reviewed mask of `data.cells()` is what the outlines in the script draw."""

import zipfile

import numpy as np
import pytest
from scipy.ndimage import label

from bioimage_course import data
from training import draw_cells


def test_the_mask_that_ships_is_the_one_the_outlines_draw():
    _, truth = data.cells()
    assert np.array_equal(draw_cells.draw(), truth)


def test_every_outlined_cell_is_one_piece_and_no_speck():
    labels = draw_cells.draw()
    outlined = len(draw_cells.ELLIPSES) + len(draw_cells.CURVES)
    assert labels.max() == outlined == 68
    pieces = [label(labels == number)[1] for number in range(1, outlined + 1)]
    assert pieces == [1] * outlined
    assert np.bincount(labels.ravel())[1:].min() > 150


def test_where_two_outlines_overlap_each_pixel_goes_to_the_deeper_cell(monkeypatch):
    monkeypatch.setattr(draw_cells, "CURVES", [])
    monkeypatch.setattr(draw_cells, "ELLIPSES", [(20, 20, 10, 10), (32, 21, 10, 10)])
    labels = draw_cells.draw((40, 60))
    assert (labels[20, 24], labels[20, 28]) == (1, 2)


def test_another_image_than_the_outlined_one_is_refused(tmp_path):
    wheel = tmp_path / "x.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in draw_cells.FILES:
            archive.writestr(f"cellprofiler/data/examples/ExampleFly/images/{name}", b"changed")
    with pytest.raises(ValueError, match=r"01_POS002_F\.TIF .*another file"):
        draw_cells.read_crop(wheel)
    with pytest.raises(KeyError, match="POS076"):
        draw_cells.read_crop(wheel, draw_cells.PACKED_FILES, draw_cells.PACKED_CROP)
