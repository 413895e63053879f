"""The loop that both Cellpose trainings share, with the settings for nuclei on tiny images."""

import json

import numpy as np
import pytest
import torch
from cellpose.dynamics import labels_to_flows
from cellpose.models import CellposeModel

from training import augment, cellpose_training, train_cellpose, training_images
from training.cellpose_training import Groups

pytestmark = pytest.mark.slow


class Interrupted(Exception):
    pass


def exported(folder):
    """History and tensors that a run left."""
    history = json.loads((folder / "results" / "history_cellpose_nuclei.json").read_text())
    tensors = torch.load(folder / "weights" / "cellpose_nuclei" / "model", weights_only=True)
    return history, tensors


def test_an_interrupted_training_ends_like_an_uninterrupted_one(tiny_cellpose, monkeypatch):
    torch.set_num_threads(1)  # sums in one order
    train_cellpose.main()
    history, weights = exported(tiny_cellpose)
    assert [row["step"] for row in history["steps"]] == [2, 4]
    train_cellpose.SETTINGS.run.joinpath("checkpoint.npz").unlink()

    draw_batch, drawn = cellpose_training.draw_batch, []

    def stops_at_the_fourth_step(groups, rng, settings, stage):
        drawn.append(stage)
        if len([stage for stage in drawn if stage.augmented]) > 3:
            raise Interrupted
        return draw_batch(groups, rng, settings, stage)

    monkeypatch.setattr(cellpose_training, "draw_batch", stops_at_the_fourth_step)
    with pytest.raises(Interrupted):
        train_cellpose.main()
    monkeypatch.setattr(cellpose_training, "draw_batch", draw_batch)
    train_cellpose.main()

    resumed, same = exported(tiny_cellpose)
    for before, after in zip(history["steps"], resumed["steps"], strict=True):
        assert after["loss"] == pytest.approx(before["loss"], abs=2e-3)
        assert after["loss_known"] == pytest.approx(before["loss_known"], abs=2e-3)
    for key in weights:
        assert torch.allclose(weights[key].float(), same[key].float(), atol=1e-3), key


def test_the_exported_file_is_half_precision_and_loads_in_cellpose(tiny_cellpose):
    train_cellpose.main()
    path = tiny_cellpose / "weights" / "cellpose_nuclei" / "model"
    assert exported(tiny_cellpose)[1]["output.2.weight"].dtype == torch.float16
    assert path.stat().st_size < 14e6
    model = CellposeModel(gpu=False, pretrained_model=str(path))
    assert model.diam_mean == model.diam_labels == train_cellpose.SETTINGS.diameter
    assert (path.parent / "SHA256SUMS").read_text().endswith("  model\n")


def test_the_tuned_threshold_becomes_cellposes_default(tiny_cellpose, monkeypatch):
    before = {}

    def tuned(path, samples):
        before[path] = torch.load(path, weights_only=True)["output.2.bias"]
        return 0.5

    monkeypatch.setattr(cellpose_training, "tune_threshold", tuned)
    train_cellpose.main()
    for path, bias in before.items():
        after = torch.load(path, weights_only=True)["output.2.bias"]
        assert (after - bias).tolist() == pytest.approx([0, 0, -0.5], abs=1e-3)
    assert set(before) == {
        tiny_cellpose / "weights/cellpose_nuclei/model",
        train_cellpose.SETTINGS.withheld,
    }
    assert exported(tiny_cellpose)[0]["settings"]["logit_shift"] == -0.5


def test_the_published_weights_lie_between_those_before_and_after_the_last_stage(
    tiny_cellpose, monkeypatch
):
    monkeypatch.setattr(cellpose_training, "tune_threshold", lambda path, samples: 0.0)
    ends, average = {}, cellpose_training.average_with_earlier

    def watched(net, settings, number):
        ends[number] = {key: value.clone() for key, value in net.state_dict().items()}
        average(net, settings, number)

    monkeypatch.setattr(cellpose_training, "average_with_earlier", watched)
    train_cellpose.main()
    settings = train_cellpose.SETTINGS
    before = torch.load(settings.before(1), weights_only=True)
    published = exported(tiny_cellpose)[1]
    share = settings.stages[1].average
    assert 0 < share < 1
    for key, after in ends[1].items():
        if after.is_floating_point():
            expected = (1 - share) * before[key].float() + share * after
            assert torch.allclose(published[key].float(), expected, atol=2e-3), key
    kernel = "output.2.weight"
    assert not torch.equal(before[kernel], ends[1][kernel].half()), "nothing was learned"
    # The first stage ends where it ended: its average is 1.
    assert settings.stages[0].average == 1
    assert torch.equal(before[kernel], ends[0][kernel].half())


@pytest.mark.parametrize("rescaled", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_arrows_point_the_right_way_after_turning_and_mirroring(tmp_path, seed, rescaled):
    labels = np.zeros((60, 50), np.int32)
    labels[8:28, 10:22], labels[30:42, 20:44] = 1, 2
    sample = training_images.Sample("x", labels.astype(np.float32), labels)
    flows = cellpose_training.flows_of(labels, tmp_path / "flows.npy")
    rng = np.random.default_rng(seed)
    if rescaled:
        (patch, arrows), turn = augment.warp(sample, [labels, flows], 64, 1.3, rng)
    else:
        (patch, arrows), turn = augment.cut(sample, [labels, flows], 48, rng)
    arrows = cellpose_training.turned(arrows, turn)
    arrows[1:] /= np.maximum(np.linalg.norm(arrows[1:], axis=0), 1e-6)  # shorter between pixels
    expected = labels_to_flows([patch.copy()], device=torch.device("cpu"))[0][1:]
    agreement = (arrows[1:] * expected[1:]).sum(0)[patch > 0]
    assert agreement.mean() > 0.95  # the centre may be rounded to the next pixel


def drawn(settings, stage, image, labels, name="dsb2018", tries=60):
    """Patches that a stage draws from one image, (tries, 2, Y, X), and the sizes of its nuclei."""
    sample = training_images.Sample("x", image, labels)
    cellpose_training.prepare(sample, image, settings)
    rng, patches, sizes = np.random.default_rng(0), [], []
    for _ in range(tries):
        patch, flows = cellpose_training.draw_patch([sample], rng, settings, stage, name, False)
        patches.append(patch)
        inside = flows[0] > 0.5
        # Whole ones only: what is cut at the edge of the patch says nothing about size.
        if inside.any() and not (inside[0] | inside[-1] | inside[:, 0] | inside[:, -1]).any():
            sizes.append(2 * np.sqrt(inside.sum() / np.pi))
    return np.array(patches), np.array(sizes)


@pytest.mark.parametrize("diameter", [20, 60])
def test_nuclei_of_any_size_are_brought_to_the_networks_diameter(tiny_cellpose, diameter):
    labels = np.zeros((200, 220), np.int32)
    y, x = np.mgrid[:200, :220]
    labels[(y - 90) ** 2 + (x - 100) ** 2 < (diameter / 2) ** 2] = 1
    image = np.stack([labels, 0 * labels], -1).astype(np.float32)
    settings = train_cellpose.SETTINGS._replace(patch_size=96)
    _, sizes = drawn(
        settings, settings.stages[-1]._replace(inverted={}, rescaled=True), image, labels
    )
    low, high = settings.zoom
    assert len(sizes) > 10
    assert sizes.min() > 0.95 * low * settings.diameter
    assert sizes.max() < 1.05 * high * settings.diameter
    assert sizes.max() - sizes.min() > 0.3 * settings.diameter, "no variety"


def test_outside_of_the_image_a_patch_is_empty_however_it_was_recorded(tiny_cellpose):
    labels = np.zeros((40, 40), np.int32)
    labels[14:26, 14:26] = 1
    image = np.ones((40, 40, 2), np.float32)
    settings = train_cellpose.SETTINGS._replace(patch_size=96, diameter=17)
    sample = training_images.Sample("x", image, labels)
    cellpose_training.prepare(sample, image, settings)
    stage = settings.stages[-1]._replace(rescaled=True)
    patch, flows = cellpose_training.draw_patch(
        [sample], np.random.default_rng(0), settings, stage, "dsb2018", True
    )
    assert patch[0, 48, 48] != 0 and flows[0].any()
    assert not patch[:, :10].any() and not patch[:, -10:].any()


def test_the_second_channel_is_left_out_now_and_then(tiny_cellpose):
    labels = np.zeros((90, 90), np.int32)
    labels[30:60, 30:60] = 1
    image = np.ones((90, 90, 2), np.float32)
    settings = train_cellpose.SETTINGS._replace(one_channel=0.4)
    patches, _ = drawn(
        settings, settings.stages[-1]._replace(inverted={}, rescaled=True), image, labels
    )
    assert all(patch[0].any() for patch in patches)
    assert 0.2 < np.mean([not patch[1].any() for patch in patches]) < 0.6


def test_every_stage_warms_up_and_falls_to_zero():
    settings = train_cellpose.SETTINGS
    steps = list(cellpose_training.schedule(settings))
    for number, stage in enumerate(settings.stages):
        rates = [rate for its_stage, rate in steps if its_stage == number]
        top = stage.warm_up
        assert len(rates) == stage.steps and max(rates) == pytest.approx(stage.top_rate)
        assert rates[:top] == sorted(rates[:top])
        assert rates[top:] == sorted(rates[top:], reverse=True)
        assert rates[-1] == pytest.approx(0, abs=1e-5)


def test_a_stage_may_end_before_its_rate_is_zero():
    stage = train_cellpose.SETTINGS.stages[0]._replace(steps=60, warm_up=10, cosine=110)
    settings = train_cellpose.SETTINGS._replace(stages=[stage])
    rates = [rate for _, rate in cellpose_training.schedule(settings)]
    assert len(rates) == 60 and max(rates) == pytest.approx(stage.top_rate)
    assert rates[-1] == pytest.approx(stage.top_rate / 2, rel=0.05)


def test_held_out_families_are_learned_from_in_the_stages_that_say_so(tiny_cellpose, monkeypatch):
    used = train_cellpose.read_set("dsb2018")[0]
    odd, even = {"dsb2018": used[::2]}, {"dsb2018": used[1::2]}
    draw_batch, counts = cellpose_training.draw_batch, []

    def watched(groups, *arguments):
        counts.append(len(groups["dsb2018"]))
        return draw_batch(groups, *arguments)

    monkeypatch.setattr(cellpose_training, "draw_batch", watched)
    groups = Groups(even, {}, odd)
    _, history = cellpose_training.train(train_cellpose.SETTINGS, groups, torch.device("cpu"))
    assert counts[-4:] == [len(used) // 2] * 2 + [len(used)] * 2
    assert ["loss_families" in row for row in history] == [True, False]
    assert train_cellpose.SETTINGS.withheld.exists(), "the model from before is kept"
