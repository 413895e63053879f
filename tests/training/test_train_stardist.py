import json

import numpy as np
import pytest
from stardist.models import StarDist2D

import train_stardist


@pytest.fixture
def tiny(dataset, elsewhere, monkeypatch):
    """The script with two short epochs on tiny images; returns the folder it writes into."""
    tiny = {"EPOCHS": 2, "STEPS_PER_EPOCH": 1, "BATCH_SIZE": 2, "PATCH_SIZE": (32, 32)}
    for name, value in tiny.items():
        monkeypatch.setattr(train_stardist, name, value)
    return elsewhere(train_stardist)


class Interrupted(Exception):
    pass


def test_an_interrupted_training_goes_on_and_exports_a_model_that_loads(tiny, monkeypatch):
    on_epoch_begin = train_stardist.History.on_epoch_begin

    def stops_in_the_second_epoch(self, epoch, logs=None):
        if epoch == 1:
            raise Interrupted
        on_epoch_begin(self, epoch, logs)

    monkeypatch.setattr(train_stardist.History, "on_epoch_begin", stops_in_the_second_epoch)
    with pytest.raises(Interrupted):
        train_stardist.main()
    first = json.loads((tiny / "run" / "history.json").read_text())["epochs"]
    assert [row["epoch"] for row in first] == [1]
    monkeypatch.setattr(train_stardist.History, "on_epoch_begin", on_epoch_begin)
    train_stardist.main()

    history = json.loads((tiny / "results" / "history_stardist_nuclei.json").read_text())
    assert [row["epoch"] for row in history["epochs"]] == [1, 2]
    assert history["epochs"][0] == first[0], "the first epoch was not trained again"
    folder = tiny / "weights" / "stardist_nuclei"
    hashed = {line.split()[1] for line in (folder / "SHA256SUMS").read_text().splitlines()}
    assert hashed == {"config.json", "thresholds.json", "weights_best.h5"}
    model = StarDist2D(None, name="stardist_nuclei", basedir=str(tiny / "weights"))
    assert model.config.n_rays == 32 and tuple(model.config.grid) == (2, 2)


def test_augmentation_moves_image_and_mask_together():
    np.random.seed(0)
    mask = np.zeros((32, 32), int)
    mask[2:8, 3:20] = 1
    for _ in range(8):
        image, turned = train_stardist.augment(mask * 10.0, mask)
        assert image[turned == 1].min() > image[turned == 0].max()


def test_the_learning_rate_falls_to_zero():
    rates = [train_stardist.learning_rate(epoch) for epoch in range(train_stardist.EPOCHS + 1)]
    assert rates[0] == pytest.approx(train_stardist.LEARNING_RATE)
    assert rates[-1] == pytest.approx(0)
    assert rates == sorted(rates, reverse=True)


def test_the_image_that_the_notebooks_score_stays_unseen(dataset):
    for kind in ("images", "masks"):
        folder = dataset / "dsb2018" / "train" / kind
        # In StarDist's archive the names are longer.
        (folder / "00.tif").rename(folder / f"{train_stardist.LEFT_OUT}c0ffee.tif")
    images, masks = train_stardist.load_training_images()
    assert len(images) == len(masks) == 9
