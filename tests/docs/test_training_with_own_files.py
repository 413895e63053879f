"""The cells with which a reader trains on their own files: run as they stand, only shorter."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from skimage.io import imsave

from bioimage_course import data

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SECTION = re.search(
    r"^## With your own files$(.*?)^## ",
    (ROOT / "docs" / "practice" / "training.md").read_text(encoding="utf-8"),
    re.S | re.M,
)[1]
PAIRS, DIVIDE, *TRAIN, NEXT_STARDIST, NEXT_CELLPOSE = re.findall(
    r"^```py\n(.*?)^```", SECTION, re.S | re.M
)
SHORTER = {
    "n_epochs=31": "n_epochs=1",
    "train_epochs=10, train_steps_per_epoch=20": "train_epochs=1, train_steps_per_epoch=2",
}


def shorter(cell):
    for long, short in SHORTER.items():
        cell = cell.replace(long, short)
    return cell


def run(cells, home):
    """Run cells as one program in which `home` is the home folder; return what they print."""
    script = home / "cells.py"
    script.write_text("\n".join(cells), encoding="utf-8")
    environment = os.environ | {"HOME": str(home), "USERPROFILE": str(home), "MPLBACKEND": "agg"}
    done = subprocess.run(
        [sys.executable, script], cwd=home, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home folder with eight pairs of the names that the page uses, and five faulty ones."""
    home = tmp_path_factory.mktemp("home")
    images, labels = home / "my nuclei" / "images", home / "my nuclei" / "labels"
    images.mkdir(parents=True)
    labels.mkdir()
    image, truth = data.nuclei()
    places = [(row, column) for row in (0, 128, 256, 384) for column in (0, 128)]
    for (row, column), day in zip(places, (1, 1, 2, 2, 3, 3, 4, 4), strict=True):
        part = np.s_[row : row + 128, column : column + 128]
        name = f"day{day}_{'b' if column else 'a'}.tif"
        tifffile.imwrite(images / name, image[part])
        tifffile.imwrite(labels / name, truth[part].astype("uint16"))
    square, numbers = image[:128, 300:428], truth[:128, 300:428].astype("uint16")
    for name in ("mask.tif", "alone.tif", "larger.tif"):
        tifffile.imwrite(images / name, square)
    tifffile.imwrite(labels / "mask.tif", (255 * (numbers > 0)).astype("uint8"))
    tifffile.imwrite(labels / "larger.tif", truth[:129, 300:428].astype("uint16"))
    tifffile.imwrite(images / "small.tif", square[:100, :100])
    tifffile.imwrite(labels / "small.tif", numbers[:100, :100])
    opaque = np.full_like(square, 255)
    rgba = np.stack([square, square // 2, square // 3, opaque], axis=-1).astype("uint8")
    imsave(images / "rgba.png", rgba, check_contrast=False)
    imsave(labels / "rgba.png", numbers, check_contrast=False)
    return home


@pytest.fixture(scope="module")
def trained(home):
    """What the cells print, from the files to the scores of both new models."""
    assert all(long in "".join(TRAIN) for long in SHORTER)
    return run([PAIRS, DIVIDE, *map(shorter, TRAIN)], home)


def test_files_that_do_not_fit_are_named_with_the_reason(trained):
    left_out = dict(re.findall(r"^left out: ([\w.]+): (.*)$", trained, re.M))
    assert set(left_out) == {"mask.tif", "alone.tif", "larger.tif", "rgba.png", "small.tif"}
    assert "look like a mask" in left_out["mask.tif"]
    assert "alone.tif" in left_out["alone.tif"]  # the file that is not there
    assert "(100, 100) px, less than a patch of 128" in left_out["small.tif"]
    assert "must agree" in left_out["larger.tif"]
    assert "channel" in left_out["rgba.png"]
    assert "\n8 pairs: day1_a.tif" in trained


def test_images_are_divided_by_day_and_the_list_is_kept(home, trained):
    split = json.loads((home / "my nuclei" / "split.json").read_text())
    assert split["training"] == ["day1_a.tif", "day1_b.tif", "day2_a.tif", "day2_b.tif"]
    assert "test: 2 images" in trained


def test_both_models_are_scored_before_and_after(trained):
    for name in ("model", "my_cellpose", "stardist_nuclei", "my_stardist"):
        for min_iou in (0.5, 0.7):
            assert re.search(rf"^{name}, IoU {min_iou}: \d+ of \d+ found", trained, re.M)


@pytest.mark.parametrize(
    ("cell", "name", "tool"),
    [(NEXT_STARDIST, "my_stardist", "StarDist"), (NEXT_CELLPOSE, "my_cellpose", "Cellpose")],
)
def test_next_week_the_new_model_segments_a_folder_and_its_card_says_so(
    home, trained, cell, name, tool
):
    notebook = json.loads((ROOT / "notebooks" / "15_your_own_images.ipynb").read_text("utf-8"))
    code = {c["id"]: "".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "code"}
    ids = list(code)
    assert ids[0] == "imports"
    folder = home / f"next week {tool}"
    folder.mkdir()
    tifffile.imwrite(folder / "new.tif", data.nuclei()[0][:128, 384:])
    own = code["own-run"].replace("my_folder = None", f"my_folder = {str(folder)!r}")
    assert own != code["own-run"]
    needed = [code[id] for id in ids[: ids.index("cellpose-run") + 1]]
    printed = run([*needed, cell, own], home)
    assert re.search(r"new\.tif\s+done\s+\d+", printed)
    card = json.loads((folder / "results" / "segmentation-card.json").read_text("utf-8"))
    assert card["tool"]["name"] == tool
    assert name in json.dumps(card["weights"])
    assert {"images", "objects", "source", "weightsLicence"} <= set(card["missing"])
