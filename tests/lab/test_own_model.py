"""A reader's own model computes in the page what it does in Python; bad files get a sentence."""

import hashlib
import json
import re
import zipfile

import numpy as np
import pytest

from bioimage_course.own_model import write_for_page
from course_build import ROOT
from course_build.lab import PROGRAM
from course_build.programs import node, run
from tests.lab import both
from tests.lab.own_models import own_model

pytestmark = pytest.mark.slow  # networks run

RUNTIME = str(ROOT / "node_modules" / PROGRAM)
CLOSE = 2e-4  # of outputs on noise, as export_lab has it
# The engine's tool → what the notebook calls its model.
TOOLS = {
    "stardist": ("StarDist", "nuclei"),
    "cellpose-nuclei": ("Cellpose", "nuclei"),
    "cellpose-cells": ("Cellpose", "cells"),
}


def opened(zips, **more):
    """Let the page open models: [what TOOLS says of it, or {"problem": sentence}]."""
    task = {"runtime": RUNTIME, "zips": [str(file) for file in zips], **more}
    script = ROOT / "tests" / "lab" / "own_model.mjs"
    return json.loads(run([node(), script], "no model is opened", text_in=json.dumps(task)))


def cases(tool):
    """Two small images or settings of a tool, with one channel."""
    return [case for case in both.small() if case.tool == tool and case.image.ndim == 2][:2]


@pytest.fixture(scope="module", params=list(TOOLS))
def changed(request, tmp_path_factory):
    """A tool, and the folder of a model of which every number differs from the course's."""
    folder = tmp_path_factory.mktemp("models")
    return request.param, own_model(folder, *TOOLS[request.param], changed=0.03)


def test_a_changed_model_segments_in_the_page_as_in_the_library(changed, tmp_path):
    tool, folder = changed
    chosen = [case for case in cases(tool) if "probThreshold" not in case.settings]
    labels, _, _ = both.by_engine(chosen, tmp_path, own=write_for_page(folder))
    segment = both.by_library(tool, folder)
    course = both.by_library(tool)
    for case, ours in zip(chosen, labels, strict=True):
        theirs = segment(case)
        assert theirs.max() > 5, case.name
        assert both.agreement(ours, theirs) >= 0.99, case.name
    assert not np.array_equal(theirs, course(case)), "the model should be another one"


@pytest.mark.parametrize("tool", list(TOOLS))
def test_the_courses_model_as_an_own_one_gives_the_labels_of_the_tool(tool, tmp_path):
    own = write_for_page(own_model(tmp_path, *TOOLS[tool]))
    as_own, _, _ = both.by_engine(cases(tool), tmp_path, own=own)
    as_tool, _, _ = both.by_engine(cases(tool), tmp_path)
    for case, ours, theirs in zip(cases(tool), as_own, as_tool, strict=True):
        # The tool's StarDist is rounded for its way through the network; the reader's is not.
        least = 0.99 if tool == "stardist" else 1
        assert both.agreement(ours, theirs) >= least, case.name


def test_on_noise_the_outputs_are_those_of_the_library(changed, tmp_path):
    tool, folder = changed
    shape = [1, 96, 160, 1] if tool == "stardist" else [1, 2, 96, 160]
    noise = np.random.default_rng(0).uniform(0, 1, shape).astype(np.float32)
    noise.tofile(tmp_path / "noise.raw")
    opened([write_for_page(folder)], noise=str(tmp_path / "noise.raw"), shape=shape,
           outs=[str(tmp_path / "out.raw")])  # fmt: skip
    ours = np.fromfile(tmp_path / "out.raw", np.float32)
    theirs = np.concatenate([output.ravel() for output in by_python(tool, folder, noise)])
    np.testing.assert_allclose(ours, theirs, rtol=CLOSE, atol=CLOSE)  # distances go up to 80 px


def by_python(tool, folder, image):
    if tool == "stardist":
        from stardist.models import StarDist2D

        model = StarDist2D(None, name=folder.name, basedir=str(folder.parent))
        return [output.numpy() for output in model.keras_model(image, training=False)]
    import torch
    from cellpose.models import CellposeModel

    net = CellposeModel(gpu=False, pretrained_model=str(folder / "model")).net.eval()
    net.mkldnn = False
    with torch.no_grad():
        return [net(torch.from_numpy(image))[0].numpy()]


# --- What the page knows of it, and what it refuses -----------------------------------------------


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The file of a StarDist model."""
    return write_for_page(own_model(tmp_path_factory.mktemp("models"), "StarDist"))


def test_the_page_knows_the_model_by_its_name_and_card(whole, tmp_path):
    cells = write_for_page(own_model(tmp_path, "Cellpose", "cells", name="my cells"))
    stardist, cellpose = opened([whole, cells])
    assert stardist["name"] == "my_stardist" and stardist["objects"] == "nuclei"
    assert "StarDist model, trained on 2 images" in stardist["text"]
    assert stardist["typical"] == 18 and stardist["own"]["like"] == "stardist"
    assert cellpose["name"] == "my cells" and cellpose["one"] == "cell"
    assert cellpose["typical"] == 30 and cellpose["own"]["like"] == "cellpose-cells"


def rewritten(whole, path, *, weights=lambda values: values, honest=True, **changes):
    """The same file with another model.json or other numbers; honest: with the right hash."""
    with zipfile.ZipFile(whole) as archive:
        model = json.loads(archive.read("model.json"))
        numbers = weights(np.frombuffer(archive.read("weights.bin"), "<f4").copy()).tobytes()
    if honest:
        model["sha256"] = hashlib.sha256(numbers).hexdigest()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model.json", json.dumps(model | changes))
        archive.writestr("weights.bin", numbers)
    return path


def with_nan(values):
    values[1000] = np.nan
    return values


def one_bit(values):
    values[-1] += 1
    return values


BAD = {
    "nan": (dict(weights=with_nan), "not finite"),
    "other numbers": (dict(weights=one_bit, honest=False), "damaged"),
    "fewer numbers": (dict(weights=lambda values: values[:-1]), "damaged"),
    "another layout": (dict(layout="0" * 16), "another architecture"),
    "another tool": (dict(tool="Mesmer"), r"another architecture .*\(Mesmer\)"),
    "a later version": (dict(format="own model for the page, version 2"), "another version"),
    "no threshold": (dict(settings={"nmsThreshold": 0.3}), "no probThreshold between 0 and 1"),
    "an odd threshold": (
        dict(settings={"probThreshold": "0.5", "nmsThreshold": 0.3}),
        "no probThreshold",
    ),
}


def zip_of(path, **files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "."), content)
    return path


def test_a_file_that_the_page_cannot_run_gets_a_sentence_with_the_next_step(whole, tmp_path):
    files, expected = [], []
    for name, (how, words) in BAD.items():
        files.append(rewritten(whole, tmp_path / f"{name}.zip", **how))
        expected.append(words)
    data = whole.read_bytes()
    for name, broken in (
        ("cut", data[: len(data) // 2]),
        ("changed", data[:200_000] + b"\0" * 5000 + data[205_000:]),
    ):
        files.append(tmp_path / f"{name}.zip")
        files[-1].write_bytes(broken)
        expected.append("damaged")
    (tmp_path / "text.zip").write_text("no zip at all")
    others = {
        zip_of(tmp_path / "rois.zip", **{"1__roi": b"Iout"}): "outlines for ImageJ.*under Score",
        zip_of(tmp_path / "cpsam.zip", **{"cpsam/data__pkl": b""}): "Cellpose 4.*too large",
        zip_of(tmp_path / "folder.zip", **{"mine/card__json": "{}"}): "_for_the_page",
        zip_of(tmp_path / "photos.zip", **{"a__tif": b""}): "holds no model.*Section 8",
        tmp_path / "text.zip": "no model for this page.*Section 8",
    }
    told = opened([*files, *others])
    for file, words, tool in zip(
        [*files, *others], [*expected, *others.values()], told, strict=True
    ):
        assert "problem" in tool, file.name
        assert tool["problem"].startswith(f"{file.name} ") and tool["problem"].endswith(".")
        assert re.search(words, tool["problem"]), tool["problem"]
