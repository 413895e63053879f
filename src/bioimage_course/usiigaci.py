"""The hand-drawn cells of Usiigaci: what to download, and how it becomes images and masks.

Phase contrast, 46 fields with 2,908 cells. Tsai et al., SoftwareX 9, 230-237 (2019),
doi:10.1016/j.softx.2019.02.007; MIT, © 2018 Okinawa Institute of Science & Technology Graduate
University. The table beside this file holds, for every field, its split, the grey values that
become 0 and 255, and the sha256 of both files as the authors published them.
"""

import csv
import shutil
from pathlib import Path

import numpy as np

URL = (
    "https://raw.githubusercontent.com/oist/Usiigaci/"
    "9501d80c747cf82870dd596818fcf5c28c94d733/Mask%20R-CNN/"
)
TABLE = Path(__file__).parent / "images" / "usiigaci_t98g.csv"


def fields(names=None):
    """Rows of the table, as dicts: of these fields, or of all."""
    with TABLE.open(newline="") as file:
        return [row for row in csv.DictReader(file) if names is None or row["name"] in names]


def registry(names=None):
    """File to sha256, as `data.Dataset` wants it."""
    return {
        f"{row['source']}/{file}": row[column]
        for row in fields(names)
        for file, column in (("raw.tif", "image_sha256"), ("instances_ids.png", "mask_sha256"))
    }


def arrange(folder):
    """Put images/NAME.tif (8 bits), masks/NAME.tif and fields.csv in place of what was downloaded.

    Labels lose their specks: parts below 50 px, and cells below 20 px. Larger severed parts get a
    number of their own, and pin holes up to 20 px are filled, so every label is one piece.
    """
    from skimage.io import imread
    from tifffile import imwrite

    rows = [row for row in fields() if (folder / row["source"]).is_dir()]
    for kind in ("images", "masks"):
        (folder / kind).mkdir()
    for row in rows:
        raw = imread(folder / row["source"] / "raw.tif").astype(float)
        dark, bright = float(row["dark"]), float(row["bright"])
        image = np.clip((raw - dark) / (bright - dark), 0, 1) * 255
        labels = one_piece_each(imread(folder / row["source"] / "instances_ids.png"))
        row["cells"] = labels.max()
        for kind, pixels in (("images", np.round(image).astype(np.uint8)), ("masks", labels)):
            imwrite(folder / kind / f"{row['name']}.tif", pixels, compression="zlib")
    with (folder / "fields.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, ["name", "split", "cells"], extrasaction="ignore")
        table.writeheader()
        table.writerows(rows)
    for top in {row["source"].split("/")[0] for row in rows}:
        shutil.rmtree(folder / top)


def one_piece_each(labels, smallest=20, severed=50, hole=20):
    """Label image in which every number is one piece without pin holes: uint16, 1 to n."""
    from skimage.measure import label, regionprops
    from skimage.morphology import remove_small_holes

    pieces = np.zeros(labels.shape, np.uint16)
    for cell in regionprops(labels):
        parts = sorted(regionprops(label(cell.image, connectivity=2)), key=lambda part: -part.area)
        for part in parts:
            if part.area < (smallest if part is parts[0] else severed):
                continue
            top, left = np.add(cell.bbox[:2], part.bbox[:2])
            rows, columns = part.image.shape
            window = pieces[top : top + rows, left : left + columns]
            filled = remove_small_holes(part.image, max_size=hole)
            window[filled & (window == 0)] = pieces.max() + 1
    return pieces
