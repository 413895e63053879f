import json
import shutil

import numpy as np
import pytest
import torch
from cellpose.dynamics import labels_to_flows
from cellpose.models import CellposeModel

from training import augment, train_cellpose, training_images
from training.export import RESULTS

pytestmark = pytest.mark.slow


@pytest.fixture
def tiny(dataset, elsewhere, monkeypatch):
    """The script with two stages of two steps on tiny images; returns the folder it writes into."""
    stages = [stage._replace(steps=2, warm_up=1) for stage in train_cellpose.STAGES[:2]]
    tiny = {"STAGES": stages, "VALIDATE_EVERY": 2, "BATCH_SIZE": 2, "PATCH_SIZE": 32}
    for name, value in tiny.items():
        monkeypatch.setattr(train_cellpose, name, value)
    return elsewhere(train_cellpose)


class Interrupted(Exception):
    pass


def exported(folder):
    """History and tensors that a run left."""
    history = json.loads((folder / "results" / "history_cellpose_nuclei.json").read_text())
    tensors = torch.load(folder / "weights" / "cellpose_nuclei" / "model", weights_only=True)
    return history, tensors


def test_an_interrupted_training_ends_like_an_uninterrupted_one(tiny, monkeypatch):
    torch.set_num_threads(1)  # sums in one order
    train_cellpose.main()
    history, weights = exported(tiny)
    assert [row["step"] for row in history["steps"]] == [2, 4]
    (tiny / "run" / "checkpoint.npz").unlink()

    draw_batch, drawn = train_cellpose.draw_batch, []

    def stops_at_the_fourth_step(groups, rng, stage):
        drawn.append(stage)
        if len([stage for stage in drawn if stage.augmented]) > 3:
            raise Interrupted
        return draw_batch(groups, rng, stage)

    monkeypatch.setattr(train_cellpose, "draw_batch", stops_at_the_fourth_step)
    with pytest.raises(Interrupted):
        train_cellpose.main()
    monkeypatch.setattr(train_cellpose, "draw_batch", draw_batch)
    train_cellpose.main()

    resumed, same = exported(tiny)
    for before, after in zip(history["steps"], resumed["steps"], strict=True):
        assert after["loss"] == pytest.approx(before["loss"], abs=2e-3)
        assert after["loss_known"] == pytest.approx(before["loss_known"], abs=2e-3)
    for key in weights:
        assert torch.allclose(weights[key].float(), same[key].float(), atol=1e-3), key


def test_the_exported_file_is_half_precision_and_loads_in_cellpose(tiny):
    train_cellpose.main()
    path = tiny / "weights" / "cellpose_nuclei" / "model"
    assert exported(tiny)[1]["output.2.weight"].dtype == torch.float16
    assert path.stat().st_size < 14e6
    model = CellposeModel(gpu=False, pretrained_model=str(path))
    assert model.diam_mean == model.diam_labels == train_cellpose.DIAMETER
    assert (path.parent / "SHA256SUMS").read_text().endswith("  model\n")


def test_the_tuned_threshold_becomes_cellposes_default(tiny, monkeypatch):
    before = {}

    def tuned(path, samples):
        before[path] = torch.load(path, weights_only=True)["output.2.bias"]
        return 0.5

    monkeypatch.setattr(train_cellpose, "tune_threshold", tuned)
    train_cellpose.main()
    for path, bias in before.items():
        after = torch.load(path, weights_only=True)["output.2.bias"]
        assert (after - bias).tolist() == pytest.approx([0, 0, -0.5], abs=1e-3)
    assert set(before) == {
        tiny / "weights/cellpose_nuclei/model",
        train_cellpose.WITHHELD,
    }
    assert exported(tiny)[0]["settings"]["logit_shift"] == -0.5


def test_the_published_weights_lie_between_those_before_and_after_the_last_stage(tiny, monkeypatch):
    monkeypatch.setattr(train_cellpose, "tune_threshold", lambda path, samples: 0.0)
    ends = {}
    average = train_cellpose.average_with_earlier

    def watched(net):
        ends["after"] = {key: value.clone() for key, value in net.state_dict().items()}
        average(net)

    monkeypatch.setattr(train_cellpose, "average_with_earlier", watched)
    train_cellpose.main()
    before = torch.load(tiny / "run" / train_cellpose.BEFORE_LAST, weights_only=True)
    published = exported(tiny)[1]
    share = train_cellpose.LAST_STAGE_SHARE
    assert 0 < share < 1
    for key, after in ends["after"].items():
        if after.is_floating_point():
            expected = (1 - share) * before[key].float() + share * after
            assert torch.allclose(published[key].float(), expected, atol=2e-3), key
    kernel = "output.2.weight"
    assert not torch.equal(before[kernel], ends["after"][kernel].half()), "nothing was learned"


def test_without_bright_field_images_it_trains_on_fluorescence_and_says_so(tiny, dataset, capsys):
    shutil.rmtree(dataset / "dsb2018_brightfield")
    train_cellpose.main()
    assert "Training on fluorescence only" in capsys.readouterr().out
    assert exported(tiny)[0]["settings"]["images"] == {"dsb2018": 9}


def test_the_network_sees_what_cellpose_makes_of_the_image(tiny, dataset):
    used, _, _ = train_cellpose.read("dsb2018")
    low, high = np.percentile(used[0].image, [1, 99])
    assert (low, high) == pytest.approx((0, 1), abs=0.02)
    images, flows = train_cellpose.draw_batch(
        {"dsb2018": used}, np.random.default_rng(0), train_cellpose.STAGES[0]
    )
    assert images.shape == (2, 2, 32, 32) and flows.shape == (2, 3, 32, 32)
    assert not images[:, 1].any(), "the second channel is empty"


def test_images_are_shown_inverted_as_often_as_asked(tiny, dataset):
    used, _, _ = train_cellpose.read("dsb2018")
    rng = np.random.default_rng(0)
    for share in (0.0, 1.0):
        image, flows = train_cellpose.draw_patch(used, rng, share, augmented=False)
        bright = image[0][flows[0] > 0.5].mean() > image[0][flows[0] < 0.5].mean()
        assert bright == (share == 0.0)


def test_flows_point_to_the_middle_of_each_nucleus(tmp_path):
    labels = np.zeros((32, 32), np.int32)
    labels[8:24, 8:24] = 1
    flows = train_cellpose.flows_of(labels, tmp_path / "deep" / "flows.npy")
    inside, flow_y, flow_x = np.moveaxis(flows, -1, 0)
    assert inside[16, 16] == 1 and inside[2, 2] == 0
    assert flow_y[9, 16] > 0.5 > -0.5 > flow_y[22, 16]
    assert flow_x[16, 9] > 0.5 > -0.5 > flow_x[16, 22]
    assert (tmp_path / "deep" / "flows.npy").exists()


@pytest.mark.parametrize("seed", range(8))
def test_flows_of_a_turned_patch_are_those_of_the_turned_labels(seed, tmp_path, monkeypatch):
    monkeypatch.setattr(augment, "ZOOM_SPREAD", 0)
    labels = np.zeros((48, 48), np.int32)
    labels[8:28, 10:22], labels[30:42, 20:44] = 1, 2
    sample = training_images.Sample("x", labels.astype(np.float32), labels)
    flows = train_cellpose.flows_of(labels, tmp_path / "flows.npy")
    (turned, arrows), turns, mirrored = augment.cut(
        sample, [labels, flows], 48, np.random.default_rng(seed)
    )
    arrows = train_cellpose.turned(arrows, turns, mirrored)
    expected = labels_to_flows([turned.copy()], device=torch.device("cpu"))[0][1:]
    agreement = (arrows[1:] * expected[1:]).sum(0)[turned > 0]
    assert agreement.mean() > 0.97  # the centre may be rounded to the next pixel


def test_every_stage_warms_up_and_falls_to_zero():
    steps = list(train_cellpose.schedule())
    for stage in train_cellpose.STAGES:
        rates = [rate for its_stage, rate in steps if its_stage is stage]
        top = stage.warm_up
        assert len(rates) == stage.steps and max(rates) == pytest.approx(stage.top_rate)
        assert rates[:top] == sorted(rates[:top])
        assert rates[top:] == sorted(rates[top:], reverse=True)
        assert rates[-1] == pytest.approx(0, abs=1e-6)


def test_the_stored_history_names_the_stages_of_the_script():
    """Where the two differ, the weights in the package are not what the script would train."""
    stored = json.loads((RESULTS / "history_cellpose_nuclei.json").read_text())["settings"]
    assert stored["stages"] == [stage._asdict() for stage in train_cellpose.STAGES]


def test_held_out_families_are_learned_from_in_the_last_stage_only(tiny, dataset, monkeypatch):
    used, _, _ = train_cellpose.read("dsb2018")
    odd, even = {"dsb2018": used[::2]}, {"dsb2018": used[1::2]}
    draw_batch, drawn = train_cellpose.draw_batch, []

    def watched(groups, *arguments):
        drawn.append([len(groups["dsb2018"]), groups["dsb2018"][0].name])
        return draw_batch(groups, *arguments)

    monkeypatch.setattr(train_cellpose, "draw_batch", watched)
    _, history = train_cellpose.train(even, {}, odd, torch.device("cpu"))
    assert [count for count, _ in drawn[-4:]] == [len(used) // 2] * 2 + [len(used)] * 2
    assert ["loss_families" in row for row in history] == [True, False]
    assert train_cellpose.WITHHELD.exists(), "the model from before is kept"
