import json
import shutil

import numpy as np
import pytest

from training import train_cellpose
from training.export import RESULTS

pytestmark = pytest.mark.slow


def test_without_bright_field_images_it_trains_on_fluorescence_and_says_so(
    tiny_cellpose, dataset, capsys
):
    shutil.rmtree(dataset / "dsb2018_brightfield")
    train_cellpose.main()
    assert "Training on fluorescence only" in capsys.readouterr().out
    stored = json.loads((tiny_cellpose / "results/history_cellpose_nuclei.json").read_text())
    assert stored["settings"]["images"] == {"dsb2018": 9}


def test_images_of_both_kinds_are_normalised_as_cellpose_does_and_leave_channel_2_empty(
    tiny_cellpose,
):
    used, known, families = train_cellpose.read()
    assert list(used) == list(known) == list(families) == ["dsb2018", "dsb2018_brightfield"]
    for samples in used.values():
        image = samples[0].image
        assert image.shape == (64, 64, 2) and not image[..., 1].any()
        assert np.percentile(image[..., 0], [1, 99]) == pytest.approx([0, 1], abs=1e-3)


def test_only_the_first_stage_leaves_the_held_out_families_alone():
    first, *others = train_cellpose.SETTINGS.stages
    assert not first.families and all(stage.families for stage in others)


def test_the_stored_history_names_the_stages_of_the_script():
    """Where the two differ, the weights in the package are not what the script would train."""
    stored = json.loads((RESULTS / "history_cellpose_nuclei.json").read_text())["settings"]
    assert stored["stages"] == [stage._asdict() for stage in train_cellpose.SETTINGS.stages]
