import json
import shutil

import numpy as np
import pytest

import evaluate


@pytest.fixture
def two_images():
    """Image one: two nuclei, both found. Image two: two nuclei, merged into one object."""
    truth = np.zeros((40, 40), np.int32)
    truth[5:15, 5:15], truth[5:15, 15:25] = 1, 2
    return [truth, truth], [truth, (truth > 0).astype(np.int32)]


def test_objects_of_all_images_are_pooled(two_images):
    scores = evaluate.scores_of(*two_images)
    # Two matches, one invented (the merged object's IoU is exactly 0.5, so it matches at 0.5).
    assert (scores["images"], scores["objects"], scores["predicted"]) == (2, 4, 3)
    assert scores["ap"]["iou60"] == pytest.approx(2 / (2 + 1 + 2))
    assert scores["precision"]["iou60"] == pytest.approx(2 / 3, abs=1e-4)
    assert scores["recall"]["iou60"] == pytest.approx(2 / 4)
    assert scores["f1"]["iou60"] == pytest.approx(2 * 2 / (4 + 3), abs=1e-4)


def test_the_mean_is_over_the_five_thresholds(two_images):
    ap = evaluate.scores_of(*two_images)["ap"]
    mean = np.mean([ap[f"iou{percent}"] for percent in (50, 60, 70, 80, 90)])
    assert ap["mean"] == pytest.approx(mean, abs=1e-4)


def test_main_scores_every_model_that_has_weights(dataset, tmp_path, monkeypatch, capsys):
    def knows_the_answer():
        return lambda image: np.where(image > 100, 1, 0)

    monkeypatch.setattr(evaluate, "stardist_nuclei", knows_the_answer)
    monkeypatch.setattr(evaluate, "WEIGHTS", tmp_path)
    monkeypatch.setattr(evaluate, "RESULTS", tmp_path / "results")
    (tmp_path / "stardist_nuclei").mkdir()
    (tmp_path / "stardist_nuclei" / "SHA256SUMS").touch()
    evaluate.main()
    assert '"stardist_nuclei"' in (tmp_path / "results" / "scores.json").read_text()
    assert "run training/train_cellpose.py first" in capsys.readouterr().out


def test_a_data_set_that_cannot_be_had_is_named_and_the_others_are_scored(
    dataset, tmp_path, monkeypatch, capsys
):
    shutil.rmtree(dataset / "dsb2018_brightfield")
    monkeypatch.setattr(
        evaluate, "cellpose_nuclei", lambda: lambda image: np.where(image > 9, 1, 0)
    )
    monkeypatch.setattr(evaluate, "WEIGHTS", tmp_path)
    monkeypatch.setattr(evaluate, "RESULTS", tmp_path / "results")
    (tmp_path / "cellpose_nuclei").mkdir()
    (tmp_path / "cellpose_nuclei" / "SHA256SUMS").touch()
    evaluate.main()
    scores = json.loads((tmp_path / "results" / "scores.json").read_text())
    assert list(scores["cellpose_nuclei"]) == ["dsb2018_test"]
    assert "is not scored on dsb2018_brightfield" in capsys.readouterr().out
