import json
import shutil

import numpy as np
import pytest
import torch
from cellpose.models import CellposeModel

import train_cellpose


@pytest.fixture
def tiny(dataset, elsewhere, monkeypatch):
    """The script with four steps on tiny images; returns the folder it writes into."""
    tiny = {"STEPS": 4, "VALIDATE_EVERY": 2, "BATCH_SIZE": 2, "PATCH_SIZE": 32, "WARM_UP": 1}
    for name, value in tiny.items():
        monkeypatch.setattr(train_cellpose, name, value)
    return elsewhere(train_cellpose)


class Interrupted(Exception):
    pass


def weights(folder):
    return torch.load(folder / "weights" / "cellpose_nuclei" / "model", weights_only=True)


def test_an_interrupted_training_ends_with_the_weights_of_an_uninterrupted_one(tiny, monkeypatch):
    torch.set_num_threads(1)  # sums in one order
    train_cellpose.main()
    whole = weights(tiny)
    (tiny / "run" / "checkpoint.pt").unlink()

    draw_batch, drawn = train_cellpose.draw_batch, []

    def stops_at_the_third_step(groups, rng):
        drawn.append(1)
        if len(drawn) > 12 + 2:  # twelve batches are for validation
            raise Interrupted
        return draw_batch(groups, rng)

    monkeypatch.setattr(train_cellpose, "draw_batch", stops_at_the_third_step)
    with pytest.raises(Interrupted):
        train_cellpose.main()
    monkeypatch.setattr(train_cellpose, "draw_batch", draw_batch)
    train_cellpose.main()

    resumed = weights(tiny)
    assert all(torch.equal(whole[key], resumed[key]) for key in whole)
    history = json.loads((tiny / "results" / "history_cellpose_nuclei.json").read_text())
    assert [row["step"] for row in history["steps"]] == [2, 4]


def test_the_exported_file_is_half_precision_and_loads_in_cellpose(tiny):
    train_cellpose.main()
    path = tiny / "weights" / "cellpose_nuclei" / "model"
    assert weights(tiny)["output.2.weight"].dtype == torch.float16
    assert path.stat().st_size < 14e6
    model = CellposeModel(gpu=False, pretrained_model=str(path))
    assert model.diam_mean == model.diam_labels == train_cellpose.DIAMETER
    assert (path.parent / "SHA256SUMS").read_text().endswith("  model\n")


def test_without_bright_field_images_it_trains_on_fluorescence_and_says_so(tiny, dataset, capsys):
    shutil.rmtree(dataset / "dsb2018_brightfield")
    train_cellpose.main()
    assert "Training on fluorescence only" in capsys.readouterr().out
    history = json.loads((tiny / "results" / "history_cellpose_nuclei.json").read_text())
    assert history["settings"]["images"] == [9]


@pytest.mark.parametrize("colour", [False, True], ids=["grey", "RGB"])
def test_bright_backgrounds_are_inverted_and_dark_ones_are_not(colour):
    nuclei = np.zeros((32, 32), bool)
    nuclei[10:20, 10:20] = True
    dark = np.where(nuclei, 200, 20).astype(np.uint8)
    for image in (dark, 255 - dark):
        image = np.dstack([image] * 3) if colour else image
        grey = train_cellpose.nuclei_bright(image)
        assert grey.shape == (32, 32)
        assert grey[nuclei].min() > grey[~nuclei].max()


def test_flows_point_to_the_middle_of_each_nucleus(tmp_path):
    mask = np.zeros((32, 32), np.int32)
    mask[8:24, 8:24] = 1
    inside, flow_y, flow_x = train_cellpose.flows_of(mask, tmp_path / "flows.npy")
    assert inside[16, 16] == 1 and inside[2, 2] == 0
    assert flow_y[9, 16] > 0.5 > -0.5 > flow_y[22, 16]
    assert flow_x[16, 9] > 0.5 > -0.5 > flow_x[16, 22]
    assert (tmp_path / "flows.npy").exists()


def test_the_image_that_the_notebooks_score_stays_unseen(tiny, dataset):
    for kind in ("images", "masks"):
        folder = dataset / "dsb2018" / "train" / kind
        (folder / "00.tif").rename(folder / f"{train_cellpose.LEFT_OUT}.tif")
    assert len(train_cellpose.load("dsb2018")) == 9
