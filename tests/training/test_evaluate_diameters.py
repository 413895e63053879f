import json
import shutil

import numpy as np
import pytest
from skimage.measure import label

from training import evaluate_diameters
from training.scoring import describe


@pytest.fixture
def tiny(dataset, cell_sets, tmp_path, monkeypatch):
    """The script on tiny images, with a threshold in place of both models.

    Returns the folder with results, and a list of what the models were given.
    """
    given = []

    def by_threshold(folder=None):
        def segment(image, diameter=None):
            given.append((image.ndim, diameter))
            return label((image if image.ndim == 2 else image[0]) > 100)

        return segment

    for model, (_, read) in evaluate_diameters.MODELS.items():
        monkeypatch.setitem(evaluate_diameters.MODELS, model, (by_threshold, read))
    monkeypatch.setattr(evaluate_diameters, "RESULTS", tmp_path / "results")
    monkeypatch.setattr("sys.argv", ["evaluate_diameters"])
    return tmp_path / "results", given


def tables(results):
    return json.loads((results / "diameters.json").read_text())


def test_every_set_is_scored_with_every_diameter_and_choice_of_channels(tiny):
    results, given = tiny
    evaluate_diameters.main()
    stored = tables(results)
    assert list(stored["cellpose_nuclei"]) == ["dsb2018_test"]
    cells = stored["cellpose_cells"]
    assert list(cells) == ["course_cells", "usiigaci_test", "kc167_pos002", "jump_right"]
    assert list(cells["usiigaci_test"]) == ["one"]
    assert list(cells["jump_right"]) == ["both", "one"]
    for by_channels in cells.values():
        for table in by_channels.values():
            assert list(table) == ["measured", "none", "0.7", "0.75", "1.25", "1.4"]
    assert cells["usiigaci_test"]["one"]["measured"]["ap"]["iou50"] > 0.9
    assert {"value", "low", "high"} == set(
        cells["jump_right"]["both"]["1.4"]["uncertainty"]["iou50"]
    )
    # Three sets of one image with two channels, shown with both and with one, at six diameters.
    assert [ndim for ndim, _ in given].count(3) == 3 * 6


def test_diameters_are_measured_on_the_annotation_and_then_changed(tiny, monkeypatch):
    monkeypatch.setattr("sys.argv", ["x", "--only", "cellpose_nuclei"])
    _, given = tiny
    evaluate_diameters.main()
    samples = evaluate_diameters.nuclei()["dsb2018_test"]
    measured = np.array([describe(sample.labels)[0] for sample in samples])
    asked = [diameter for _, diameter in given]
    assert asked[:10] == pytest.approx(measured)
    assert asked[10:20] == [None] * 10
    assert asked[20:30] == pytest.approx(0.7 * measured)
    assert asked[50:] == pytest.approx(1.4 * measured)


def test_rows_of_a_model_that_is_not_asked_for_stay(tiny, monkeypatch):
    results, _ = tiny
    results.mkdir()
    (results / "diameters.json").write_text('{"cellpose_cells": "earlier"}')
    monkeypatch.setattr("sys.argv", ["x", "--only", "cellpose_nuclei"])
    evaluate_diameters.main()
    assert tables(results)["cellpose_cells"] == "earlier"
    assert "dsb2018_test" in tables(results)["cellpose_nuclei"]


def test_a_set_that_cannot_be_had_is_named_and_the_others_are_scored(tiny, dataset, capsys):
    shutil.rmtree(dataset / "cells" / "jump_cellpainting")
    sets = evaluate_diameters.cells()
    assert list(sets) == ["course_cells", "usiigaci_test", "kc167_pos002"]
    assert "Not scored on jump_right" in capsys.readouterr().out
