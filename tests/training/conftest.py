"""A data set of a few small images, in the layout of dsb2018, and a folder for what runs write."""

import numpy as np
import pytest
from skimage.draw import disk
from tifffile import imwrite


def blobs(rng, shape=(64, 64), bright=True):
    """One image (uint8) with four round nuclei, and its labels (uint16)."""
    labels = np.zeros(shape, np.uint16)
    for label, centre in enumerate([(16, 16), (16, 48), (48, 16), (48, 48)], start=1):
        labels[disk(np.add(centre, rng.integers(-3, 4, 2)), rng.integers(6, 10))] = label
    image = np.where(labels > 0, 180, 30) + rng.normal(0, 5, shape)
    return (image if bright else 255 - image).clip(0, 255).astype(np.uint8), labels


@pytest.fixture
def dataset(tmp_path, monkeypatch):
    """BIOIMAGE_COURSE_DATA with dsb2018 and dsb2018_brightfield, ten tiny images each."""
    rng = np.random.default_rng(0)
    for name in ("dsb2018", "dsb2018_brightfield"):
        for split in ("train", "test"):
            for index in range(10):
                image, labels = blobs(rng, bright=name == "dsb2018")
                for kind, pixels in (("images", image), ("masks", labels)):
                    folder = tmp_path / "data" / name / split / kind
                    folder.mkdir(parents=True, exist_ok=True)
                    imwrite(folder / f"{index:02}.tif", pixels)
    monkeypatch.setenv("BIOIMAGE_COURSE_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """Let a training script write below tmp_path: call it with the module."""

    def redirect(script):
        monkeypatch.setattr(script, "RUN", tmp_path / "run")
        monkeypatch.setattr(script, "WITHHELD", tmp_path / script.WITHHELD)
        monkeypatch.setattr(script, "WEIGHTS", tmp_path / "weights")
        monkeypatch.setattr(script, "RESULTS", tmp_path / "results")
        monkeypatch.setattr("sys.argv", [script.__name__])
        return tmp_path

    return redirect


@pytest.fixture
def tiny_cellpose(dataset, tmp_path, monkeypatch):
    """`train_cellpose` with two stages of two steps on tiny images; what it writes lies here."""
    from training import cellpose_training, train_cellpose

    first, *_, last = train_cellpose.SETTINGS.stages
    stages = [stage._replace(steps=2, warm_up=1) for stage in (first, last)]
    small = {"stages": stages, "validate_every": 2, "batch_size": 2, "patch_size": 32}
    monkeypatch.setattr(train_cellpose, "SETTINGS", train_cellpose.SETTINGS._replace(**small))
    monkeypatch.setattr(cellpose_training, "BUILD", tmp_path / "build")
    monkeypatch.setattr(cellpose_training, "WEIGHTS", tmp_path / "weights")
    monkeypatch.setattr(cellpose_training, "RESULTS", tmp_path / "results")
    monkeypatch.setattr("sys.argv", ["train_cellpose"])
    return tmp_path


@pytest.fixture
def cell_sets(dataset):
    """The folder cells/ of BIOIMAGE_COURSE_DATA: one small field per split of every set."""
    rng = np.random.default_rng(1)
    sets = {
        "usiigaci_t98g": (["train", "val", "test"], 1, (64, 64)),
        "jump_cellpainting": (["show"], 2, (64, 1080)),
        "kc167_actin_dna": (["train", "test"], 2, (64, 64)),
        "embl_membranes": (["train", "test"], 1, (64, 64)),
    }
    for name, (splits, channels, (rows, columns)) in sets.items():
        folder = dataset / "cells" / name
        for kind in ("images", "masks", "extra"):
            (folder / kind).mkdir(parents=True)
        table = ["name,split"]
        for split in splits:
            parts = [blobs(rng) for _ in range(-(-columns // 64))]
            image = np.hstack([part[0] for part in parts])[:rows, :columns]
            labels = np.hstack([
                np.where(part[1], part[1] + 4 * i, 0) for i, part in enumerate(parts)
            ])[:rows, :columns].astype(np.uint16)  # fmt: skip
            image = image if channels == 1 else np.stack([image, image // 2])
            imwrite(folder / "images" / f"{split}_0.tif", image)
            imwrite(folder / "masks" / f"{split}_0.tif", labels)
            table.append(f"{split}_0,{split}")
        (folder / "fields.csv").write_text("\n".join(table) + "\n")
    other = rng.integers(0, 255, (64, 1080)).astype(np.uint8)
    imwrite(dataset / "cells" / "jump_cellpainting" / "extra" / "show_0_ch2.tif", other)
    return dataset / "cells"
