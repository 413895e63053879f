"""The notebook and the paragraph that the page hands over say what the page did."""

import json
import subprocess

import nbformat
import numpy as np
import pytest
import tifffile

from bioimage_course import image_cures
from course_build import ROOT
from course_build.programs import node

SCRIPT = """
import { methods, notebook } from "./lab/notebook.js";
import { TOOLS } from "./lab/tools.js";
const run = JSON.parse(process.argv[1]);
if (run.own) TOOLS[run.tool] = run.own;
if (run.score) run.score.annotated = new Map(run.score.annotated);
console.log(JSON.stringify({ notebook: notebook(run), methods: methods(run) }));
"""
PLANE = {
    "name": "grey",
    "python": {"imports": ["import tifffile"], "lines": ["image = tifffile.imread(path)"]},
}
STARDIST = {"scale": 1, "probThreshold": 0.5399, "nmsThreshold": 0.3}
CELLPOSE = {"diameter": None, "cellprobThreshold": 0, "flowThreshold": 0.4, "minSize": 15}


def handed_over(**changes):
    """Notebook and paragraph for a run."""
    run = {
        "tool": "stardist", "fileName": 'cells "1".tif', "cell": PLANE, "nucleus": None,
        "settings": STARDIST, "count": 125, "pixelSize": None, "score": None,
    } | changes  # fmt: skip
    command = [node(), "--input-type=module", "-e", SCRIPT, json.dumps(run)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    return json.loads(done.stdout)


def code(given):
    """The notebook's code, cell by cell, after checking that it is a valid notebook."""
    notebook = nbformat.from_dict(given["notebook"])
    nbformat.validate(notebook)
    return ["".join(cell.source) for cell in notebook.cells if cell.cell_type == "code"]


def test_the_settings_stand_in_the_call():
    call = code(handed_over())[2]
    assert "prob_thresh=0.5399" in call and "nms_thresh=0.3" in call and "scale" not in call
    assert "scale=0.5" in code(handed_over(settings=STARDIST | {"scale": 0.5}))[2]
    cellpose = handed_over(tool="cellpose-nuclei", settings=CELLPOSE)
    assert "diameter=None" in code(cellpose)[2] and "channels=[0, 0]" in code(cellpose)[2]
    two = handed_over(tool="cellpose-cells", nucleus=PLANE, settings=CELLPOSE | {"diameter": 31})
    assert "channels=[1, 2]" in code(two)[2] and "diameter=31" in code(two)[2]


@pytest.mark.parametrize("tool", ["stardist", "cellpose-nuclei", "cellpose-cells"])
def test_every_cell_is_python(tool):
    settings = STARDIST if tool == "stardist" else CELLPOSE
    for nucleus in (None, PLANE) if tool == "cellpose-cells" else (None,):
        given = handed_over(tool=tool, settings=settings, nucleus=nucleus)
        for cell in code(given):
            compile(cell, "<cell>", "exec")


def test_reading_and_keeping_run_and_keep_the_pixel_size(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    image = np.arange(600, dtype=np.uint16).reshape(20, 30)
    tifffile.imwrite('cells "1".tif', image)
    tifffile.imwrite('cells "1"_labels.tif', (image > 9).astype(np.uint16))
    head, read, _, _, keep = code(handed_over(pixelSize={"y": 0.5, "x": 0.25}))
    names = {}
    head = "\n".join(line for line in head.splitlines() if "stardist" not in line)
    exec(head, names)
    exec(read, names)
    assert np.array_equal(names["image"], image)
    names["labels"] = (image > 9).astype(int) * 7
    exec(keep, names)
    with tifffile.TiffFile('cells "1"_labels_python.tif') as file:
        assert file.asarray().max() == 7 and file.imagej_metadata["unit"] == "um"
        assert file.pages[0].tags["XResolution"].value == (4, 1)
    assert "100.00% of all pixels are alike" in capsys.readouterr().out


OWN = {
    "name": "my \"cells\"", "title": "my \"cells\"", "weights": "my \"cells\"", "objects": "cells",
    "one": "cell", "version": "3.1.1.3", "paper": "Stringer et al. 2021",
    "own": {"like": "cellpose-cells", "file": "model", "images": 12, "start": "official",
            "sha256": "0123456789abcdef"},
}  # fmt: skip


def test_an_own_model_is_loaded_from_the_readers_folder_and_named():
    given = handed_over(tool="own-1", own=OWN, settings=CELLPOSE, count=2)
    head, _, call, *_ = code(given)
    assert "WEIGHTS" not in head + call and 'models_folder = Path("models")  # yours' in head
    assert 'weights = models_folder / "my \\"cells\\"" / "model"' in call
    assert "channels=[0, 0]" in call and 'print(labels.max(), "cells")' in call
    for cell in code(given):
        compile(cell, "<cell>", "exec")
    assert "say where its folder lies" in json.dumps(given["notebook"], ensure_ascii=False)
    words = given["methods"]
    assert words.startswith("Cells were segmented") and "with Cellpose (Stringer" in words
    assert "which we trained on 12 images" in words and "from the official weights" in words
    assert "0123456789ab…" in words and "unchanged" not in words
    scratch = OWN | {"own": OWN["own"] | {"start": None, "images": None}}
    words = handed_over(tool="own-1", own=scratch, settings=CELLPOSE)["methods"]
    assert "[number of] images" in words and "[which weights]" in words


CURES = [{"cure": "cap", "amount": 90.5}, {"cure": "invert", "amount": None},
         {"cure": "even", "amount": None}, {"cure": "denoise", "amount": None}]  # fmt: skip


def test_what_mended_the_image_stands_in_notebook_and_paragraph(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    image = np.arange(600, dtype=np.uint16).reshape(20, 30)
    tifffile.imwrite('cells "1".tif', image)
    given = handed_over(cures=CURES)
    names = {}
    exec("\n".join(line for line in code(given)[0].splitlines() if "stardist" not in line), names)
    exec(code(given)[1], names)
    expected = image_cures.evened(image_cures.inverted(image_cures.capped(image, 90.5)))
    expected = image_cures.denoised(expected)
    np.testing.assert_array_equal(names["image"], expected)
    np.testing.assert_array_equal(names["view"], image)
    words = given["methods"]
    assert "capped at a grey value of 90.5, then inverted, then divided by" in words
    assert "as recorded" in words

    two = handed_over(tool="cellpose-cells", nucleus=PLANE, settings=CELLPOSE, cures=CURES)
    exec(code(two)[1], names)
    np.testing.assert_array_equal(names["image"], [expected, image])
    assert "image_cures" not in "".join(code(handed_over()))


def test_the_paragraph_states_tool_weights_settings_and_score():
    plain = handed_over()["methods"]
    for words in ("StarDist", "Schmidt", "stardist_nuclei", "prob_thresh = 0.5399", "125 nuclei"):
        assert words in plain
    assert "[How well this fits" in plain and "pixel size [in µm]" in plain
    score = {
        "annotated": [[1, "found"], [2, "missed"]],
        "scores": {"F1": 0.5, "AP": {"0.5": 1 / 3}},
    }
    scored = handed_over(score=score, pixelSize={"y": 0.5, "x": 0.5})["methods"]
    assert "2 objects, F1 was 0.50" in scored and "[How well" not in scored
    cellpose = handed_over(tool="cellpose-nuclei", settings=CELLPOSE, count=1)["methods"]
    assert "no diameter" in cellpose and "1 nucleus was found" in cellpose
