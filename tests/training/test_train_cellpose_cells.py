import json

import pytest
import torch
from cellpose.models import CellposeModel

from training import cellpose_training, train_cellpose_cells
from training.export import RESULTS

pytestmark = pytest.mark.slow


def test_a_run_leaves_a_model_for_two_channels(cell_sets, tiny_cellpose, monkeypatch):
    stages = [stage._replace(steps=2, warm_up=1) for stage in train_cellpose_cells.SETTINGS.stages]
    small = train_cellpose_cells.SETTINGS._replace(
        stages=stages, validate_every=2, batch_size=2, patch_size=32
    )
    monkeypatch.setattr(train_cellpose_cells, "SETTINGS", small)
    monkeypatch.setattr(cellpose_training, "tune_threshold", lambda path, samples: 0.25)
    train_cellpose_cells.main()
    path = tiny_cellpose / "weights" / "cellpose_cells" / "model"
    assert path.stat().st_size < 14e6
    model = CellposeModel(gpu=False, pretrained_model=str(path))
    assert model.diam_mean == model.diam_labels == 30
    tensors = torch.load(path, weights_only=True)
    assert tensors["downsample.down.res_down_0.conv.conv_0.2.weight"].shape[1] == 2
    stored = json.loads((tiny_cellpose / "results/history_cellpose_cells.json").read_text())
    assert stored["settings"]["images"] == {
        "usiigaci_t98g": 1, "jump_cellpainting": 2, "kc167_actin_dna": 1, "embl_membranes": 1,
    }  # fmt: skip
    assert (stored["settings"]["kept_aside"], stored["settings"]["logit_shift"]) == (1, -0.25)


def test_every_set_has_its_share_and_the_shares_add_up():
    for stage in train_cellpose_cells.SETTINGS.stages:
        assert sum(stage.shares.values()) == pytest.approx(1)
        assert set(stage.shares) == set(train_cellpose_cells.training_cells.SETS)


def test_the_stored_history_names_the_stages_of_the_script():
    """Where the two differ, the weights in the package are not what the script would train."""
    stored = json.loads((RESULTS / "history_cellpose_cells.json").read_text())["settings"]
    stages = train_cellpose_cells.SETTINGS.stages
    assert stored["stages"] == [stage._asdict() for stage in stages]
