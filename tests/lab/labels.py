"""Labels that are hard to write, and the files that the page writes for labels."""

import json

import numpy as np

from course_build import ROOT
from course_build.programs import node, run


def write(folder, labels, pixels=None, size=None):
    """Let the page write its files for labels into a folder; return the folder."""
    if pixels is None:
        pixels = np.zeros(labels.shape)
    labels.astype(np.int32).tofile(folder / "labels.raw")
    pixels.astype(np.float32).tofile(folder / "pixels.raw")
    script = ROOT / "tests" / "lab" / "write_files.mjs"
    arguments = [folder, *map(str, labels.shape), json.dumps(size)]
    run([node(), script, *arguments], "nothing is written")
    return folder


def drawn():
    """Labels with every shape that is hard: holes, parts, corners that touch, single pixels."""
    labels = np.zeros((40, 50), int)
    labels[1:9, 1:9] = 1
    labels[3:5, 3:5], labels[6, 6] = 0, 0  # two holes
    labels[1:4, 12:16] = labels[6:9, 12:16] = 2  # two parts
    labels[12, 2] = 3  # one pixel
    labels[12, 4], labels[13, 5] = 4, 4  # parts that touch at a corner
    labels[15:22, 2:9] = 5
    labels[17:20, 4:7] = 6  # an object in the hole of another
    labels[24:30, 2:8], labels[26:28, 4:6], labels[25, 3] = 8, 0, 0  # holes that touch at a corner
    ring = [(y, x) for y in range(32, 37) for x in range(2, 7) if y in (32, 36) or x in (2, 6)]
    for y, x in ring[1:]:
        labels[y, x] = 9  # its ends touch at a corner
    labels[0, 40:], labels[39, 45:], labels[20:30, 49] = 10, 11, 12  # at the border
    y, x = np.ogrid[:40, :50]
    labels[(y - 22) ** 2 + (x - 30) ** 2 < 80] = 20
    return labels
