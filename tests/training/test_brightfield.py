import numpy as np
import pytest
from skimage.io import imread, imsave

from bioimage_course import data
from training import brightfield


@pytest.fixture
def published(tmp_path, monkeypatch):
    """A folder as BBBC038 publishes it, of one colour and one grey image; the table names both."""
    table = tmp_path / "table.csv"
    table.write_text("name,split\n0123456789abcdef,train\nfedcba9876543210,test\n")
    monkeypatch.setattr(brightfield, "TABLE", table)
    rng = np.random.default_rng(0)
    for name, channels in (("0123456789abcdef", 3), ("fedcba9876543210", 1)):
        folder = tmp_path / "stage1_train" / f"{name}0000"
        for kind in ("images", "masks"):
            (folder / kind).mkdir(parents=True)
        colours = np.broadcast_to(rng.integers(0, 255, (20, 30, channels)), (20, 30, 3))
        image = np.dstack([colours, np.full((20, 30), 255)]).astype(np.uint8)
        imsave(folder / "images" / f"{folder.name}.png", image, check_contrast=False)
        for number, columns in enumerate((slice(2, 8), slice(8, 12))):
            mask = np.zeros((20, 30), np.uint8)
            mask[5:10, columns] = 255
            imsave(folder / "masks" / f"{number}.png", mask, check_contrast=False)
    return tmp_path / "stage1_train"


def test_what_is_published_becomes_what_fetch_expects(published, tmp_path, monkeypatch):
    assert brightfield.arrange(published, tmp_path / "data") == 2
    monkeypatch.setenv("BIOIMAGE_COURSE_DATA", str(tmp_path / "data"))
    folder = data.fetch("dsb2018_brightfield")
    [(colour, mask)], [(grey, _)] = data.pairs(folder, "train"), data.pairs(folder, "test")
    assert imread(colour).shape == (20, 30, 3) and imread(grey).shape == (20, 30)
    labels = imread(mask)
    assert labels.dtype == np.uint16
    assert [(labels == number).sum() for number in (1, 2)] == [30, 20]


def test_another_folder_is_refused_before_anything_is_written(published, tmp_path):
    (published / "fedcba98765432100000").rename(tmp_path / "elsewhere")
    with pytest.raises(FileNotFoundError, match=r"lacks 1 of 2 images.*fedcba9876543210"):
        brightfield.arrange(published, tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_the_table_names_the_images_of_both_splits():
    rows = brightfield.TABLE.read_text().splitlines()[1:]
    splits = [row.split(",")[1] for row in rows]
    assert (splits.count("train"), splits.count("test")) == (108, 15)
    assert len({row.split(",")[0] for row in rows}) == 123
