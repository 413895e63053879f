"""The graphs for readers' own models are those that would be written now, and hold no numbers."""

import gzip
import json

import numpy as np
import pytest

from bioimage_course.own_model import for_page
from training import lab_graphs
from training.export_lab import LAB


@pytest.mark.parametrize("graph", lab_graphs.GRAPHS)
def test_the_graph_is_what_would_be_written_now(graph):
    assert lab_graphs.stale(graph, LAB) is None


@pytest.mark.parametrize("graph", lab_graphs.GRAPHS)
def test_a_graph_is_a_few_kilobytes_and_computes_what_the_original_does(graph):
    entry = lab_graphs.read_list(LAB)[graph]
    file = LAB / entry["file"]
    assert entry["bytes"] == file.stat().st_size < 10_000
    assert entry["difference"] <= 2e-4
    tensors = for_page.LAYOUTS[graph]["tensors"]
    assert entry["numbers"] == sum(int(np.prod(shape)) for _, shape in tensors)
    content = gzip.decompress(file.read_bytes())
    assert all(name.encode() in content for name, _ in tensors)


def test_the_layouts_are_those_of_the_libraries_as_they_are_installed():
    import torch
    from cellpose.resnet_torch import CPnet
    from stardist.models import Config2D, StarDist2D

    model = StarDist2D(Config2D(n_rays=32, grid=(2, 2)), basedir=None)
    tensors = for_page.stardist_tensors(model.keras_model)
    assert listed("stardist") == {name: values.shape for name, values in tensors.items()}
    with torch.device("meta"):
        state = CPnet([2, 32, 64, 128, 256], 3, 3).state_dict()
    assert listed("cellpose") == {
        name: tuple(values.shape)
        for name, values in state.items()
        if not for_page.NOT_IN_THE_GRAPH.search(name)
    }


def listed(graph):
    return {name: tuple(shape) for name, shape in for_page.LAYOUTS[graph]["tensors"]}


@pytest.fixture
def copy(tmp_path):
    """Graphs and their list, in another place."""
    for name in ("graphs.json", "stardist_graph.onnx.gz"):
        (tmp_path / name).write_bytes((LAB / name).read_bytes())
    assert lab_graphs.stale("stardist", tmp_path) is None
    return tmp_path


def test_a_graph_that_was_changed_or_is_missing_is_stale(copy):
    file = copy / "stardist_graph.onnx.gz"
    file.write_bytes(file.read_bytes()[:-1])
    assert "is not what" in lab_graphs.stale("stardist", copy)
    file.unlink()
    assert "is missing" in lab_graphs.stale("stardist", copy)
    (copy / "graphs.json").write_text(json.dumps({}))
    assert "run `make lab-weights ONLY=stardist`" in lab_graphs.stale("stardist", copy)


def test_a_graph_of_other_versions_or_other_tensors_is_stale(copy, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(lab_graphs, "version", lambda name: "0.0")
        assert "made with other versions" in lab_graphs.stale("stardist", copy)
    layout = for_page.LAYOUTS["stardist"]
    shorter = layout | {"tensors": layout["tensors"][:-1]}
    monkeypatch.setitem(for_page.LAYOUTS, "stardist", shorter)
    assert "lists other tensors" in lab_graphs.stale("stardist", copy)
