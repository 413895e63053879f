import json

import numpy as np
import pytest
from stardist.models import StarDist2D
from stardist.models.model2d import StarDistData2D

from training import train_stardist, training_images
from training.export import RESULTS, load_checkpoint

pytestmark = pytest.mark.slow


@pytest.fixture
def tiny(dataset, elsewhere, monkeypatch):
    """The script with four steps on tiny images, then two; returns the folder it writes into."""
    first, *_, last = train_stardist.STAGES
    stages = [first._replace(steps=4, warm_up=1), last._replace(steps=2)]
    tiny = {"STAGES": stages, "VALIDATE_EVERY": 2, "BATCH_SIZE": 2, "PATCH_SIZE": 32}
    tiny["REMEASURED"] = 3
    for name, value in tiny.items():
        monkeypatch.setattr(train_stardist, name, value)
    return elsewhere(train_stardist)


class Interrupted(Exception):
    pass


def exported(folder):
    """History and weights that a run left."""
    history = json.loads((folder / "results" / "history_stardist_nuclei.json").read_text())
    model = StarDist2D(None, name="stardist_nuclei", basedir=str(folder / "weights"))
    return history["steps"], model.keras_model.get_weights()


@pytest.mark.long
def test_an_interrupted_training_ends_like_an_uninterrupted_one(tiny, monkeypatch):
    train_stardist.main()
    history, weights = exported(tiny)
    assert [row["step"] for row in history] == [2, 4, 6]
    (tiny / "run" / "checkpoint.npz").unlink()

    draw_batch, drawn = train_stardist.draw_batch, []

    def stops_at_the_fourth_step(samples, rng, augmented, zooms=None):
        drawn.append(augmented)
        if drawn.count(1.0) > 3:
            raise Interrupted
        return draw_batch(samples, rng, augmented, zooms)

    monkeypatch.setattr(train_stardist, "draw_batch", stops_at_the_fourth_step)
    with pytest.raises(Interrupted):
        train_stardist.main()
    monkeypatch.setattr(train_stardist, "draw_batch", draw_batch)
    train_stardist.main()

    resumed, same = exported(tiny)
    for before, after in zip(history, resumed, strict=True):
        assert after["loss"] == pytest.approx(before["loss"], abs=2e-3)
        assert after["loss_known"] == pytest.approx(before["loss_known"], abs=2e-3)
    for one, other in zip(weights, same, strict=True):
        assert np.allclose(one, other, atol=1e-3)


@pytest.mark.long
def test_it_exports_a_small_model_of_the_promised_kind(tiny):
    train_stardist.main()
    folder = tiny / "weights" / "stardist_nuclei"
    hashed = {line.split()[1] for line in (folder / "SHA256SUMS").read_text().splitlines()}
    assert hashed == {"config.json", "thresholds.json", "weights_best.h5"}
    assert sum(path.stat().st_size for path in folder.iterdir()) < 6e6
    model = StarDist2D(None, name="stardist_nuclei", basedir=str(tiny / "weights"))
    assert model.config.n_rays == 32 and tuple(model.config.grid) == (2, 2)
    assert model.config.n_channel_in == 1
    assert model.keras_model.dtype_policy.name == "float32"


def test_targets_are_those_of_stardists_own_generator(dataset, monkeypatch):
    monkeypatch.setattr(train_stardist, "PATCH_SIZE", 64)
    monkeypatch.setattr(train_stardist.augment, "ZOOM_SPREAD", 0)
    sample = training_images.read("dsb2018")[0]
    sample.image = sample.image.astype(np.float32)
    images, (probability, distances) = train_stardist.draw_batch(
        [sample], np.random.default_rng(0), augmented=0.0
    )
    # The whole image was drawn, turned or mirrored: give StarDist the same one.
    turned = [
        np.rot90(flipped, turns)
        for flipped in (sample.labels, np.fliplr(sample.labels)) for turns in range(4)
    ]  # fmt: skip
    inside = probability[0, ..., 0] > 0
    labels = next(one for one in turned if np.array_equal(one[::2, ::2] > 0, inside))
    theirs = StarDistData2D(
        [images[0, ..., 0]], [labels], batch_size=1, n_rays=32, length=1, patch_size=(64, 64),
        grid=(2, 2), augmenter=lambda image, labels: (image, labels),
    )[0]  # fmt: skip
    assert np.allclose(theirs[1][0][0], probability[0], atol=1e-6)
    assert np.allclose(theirs[1][1][0], distances[0], atol=1e-6)


def test_half_precision_computes_nearly_the_same(tmp_path):
    network = train_stardist.build(tmp_path).keras_model
    image = np.random.default_rng(0).random((1, 64, 64, 1)).astype(np.float32)
    half = train_stardist.in_half_precision(network)
    assert half.get_layer("features").compute_dtype == "bfloat16"
    for one, other in zip(network(image), half(image), strict=True):
        assert other.dtype == "float32"
        assert np.allclose(one, other, atol=0.02)


def test_the_learning_rate_rises_once_and_falls_to_zero_in_every_stage():
    steps = list(train_stardist.schedule())
    for stage in train_stardist.STAGES:
        rates = [rate for its_stage, rate in steps if its_stage is stage]
        top = stage.warm_up
        assert len(rates) == stage.steps
        assert max(rates) == pytest.approx(stage.top_rate)
        assert rates[:top] == sorted(rates[:top])
        assert rates[top:] == sorted(rates[top:], reverse=True)
        assert rates[-1] == pytest.approx(0, abs=1e-6)


def test_the_stored_history_names_the_stages_of_the_script():
    """Where the two differ, the weights in the package are not what the script would train."""
    stored = json.loads((RESULTS / "history_stardist_nuclei.json").read_text())["settings"]
    assert stored["stages"] == json.loads(json.dumps([s._asdict() for s in train_stardist.STAGES]))


@pytest.mark.long
def test_averaged_weights_lie_between_both_ends_and_are_measured_anew(tiny, monkeypatch):
    ends, average = {}, train_stardist.average_with_earlier

    def watched(network, samples, stage):
        ends["after"] = [weights.copy() for weights in network.get_weights()]
        average(network, samples, stage)

    monkeypatch.setattr(train_stardist, "average_with_earlier", watched)
    train_stardist.main()
    before = load_checkpoint(tiny / "run" / "before_stage.npz")[0]
    share = train_stardist.STAGES[-1].average
    assert 0 < share < 1
    model = StarDist2D(None, name="stardist_nuclei", basedir=str(tiny / "weights"))
    names = [weight.path for weight in model.keras_model.weights]
    for name, one, other, got in zip(
        names, before, ends["after"], model.keras_model.get_weights(), strict=True
    ):
        between = one + share * (other - one)
        measured = "moving" in name  # mean and variance of a batch normalisation
        assert np.allclose(got, between, atol=1e-5) != (measured and one.size > 1), name


@pytest.mark.long
def test_held_out_families_are_learned_from_in_the_last_stage_only(tiny, dataset, monkeypatch):
    samples = training_images.read("dsb2018")
    odd, even = samples[::2], samples[1::2]
    draw_batch, drawn = train_stardist.draw_batch, []

    def watched(samples, rng, augmented, zooms=None):
        drawn.append(samples)
        return draw_batch(samples, rng, augmented, zooms)

    monkeypatch.setattr(train_stardist, "draw_batch", watched)
    for sample in samples:
        sample.image = sample.image.astype(np.float32)
    _, history = train_stardist.train(even, [], odd)
    to_learn = [group for group in drawn if group is not odd]  # the others are validation
    assert to_learn[:4] == [even] * 4 and to_learn[4:6] == [even + odd] * 2
    assert ["loss_families" in row for row in history] == [True, True, False]
    kept = tiny / "build/training/stardist_nuclei/withheld/stardist_nuclei/weights_best.h5"
    assert kept.exists(), "the model from before is kept, to be scored on the families"
