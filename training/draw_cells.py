"""Make the images of whole cells that ship with the course, and the reviewed mask of the first.

    python training/draw_cells.py cellprofiler-4.2.8.1-py3-none-any.whl

The image comes from CellProfiler's example of Drosophila Kc167 cells, in the wheel that
`pip download --no-deps cellprofiler==4.2.8.1` fetches; the wheel is opened as a zip, not
installed. It is the field that `cellpose_cells` never learned from.

A second crop, of the field POS076, shows cells so packed that they are polygons. It has no mask,
and nothing was learned from that field either.

Every outline was placed by eye on the crop, shown six times enlarged in both channels, then drawn
over it, looked at again and corrected. Rules: a cell has a nucleus and a body of its own in the
actin channel; flaps, threads and blebs that stand off the body are left out; where two cells
overlap, each pixel goes to the one whose edge is farther. Left out are bare nuclei of dead cells,
shadows of cells out of focus, and cells of which the crop shows hardly an edge.
"""

import argparse
import hashlib
import io
import zipfile
from pathlib import Path

import cv2
import numpy as np
from scipy.interpolate import splev, splprep
from skimage.segmentation import relabel_sequential
from tifffile import imread

from bioimage_course import data

FILES = {  # in the wheel, with their sha256: actin, DNA
    "01_POS002_F.TIF": "528dc13393234a648b146642fa53acbcaa808880a0aa85d062311b089c8f343f",
    "01_POS002_D.TIF": "51a932439b271251a2738e3803e4e1afc44889279724cafef37a7e7262c4021e",
}
CROP = (slice(410, 922), slice(56, 568))  # the packed heaps of the field lie outside
PACKED_FILES = {
    "01_POS076_F.TIF": "43ded0cfc9e00bdd750ecc1ddd77d0c0dfea7576ef4a5695f4c742fcfe3a5d2b",
    "01_POS076_D.TIF": "91dc96eee9a84fb5fb513c20dddb339d72f37b6c7c5fe22d95a29a321d857f94",
}
PACKED_CROP = (slice(640, 832), slice(270, 462))

ELLIPSES = [  # middle (x, y), half axes (x, y)
    (49, 86, 14.5, 14), (167, 76, 20, 16.5), (73.5, 108.5, 16, 16.5), (399, 98, 9.5, 11),
    (402, 119, 13, 12), (67, 142.5, 14.5, 15), (414, 137, 12, 10.5), (326, 192, 15.5, 14.5),
    (78, 253, 25, 24), (257, 251, 14.5, 14.5), (410, 239, 18, 19.5), (228.5, 259, 11, 14.5),
    (425, 287, 14.5, 14.5), (314.5, 306.5, 18.5, 20.5), (190, 320.5, 14.5, 14.5),
    (199.5, 347, 15, 15.5), (240.5, 344, 12, 12), (256, 329, 10, 12), (268, 339, 10.5, 15.5),
    (289, 346, 12, 13.5), (170, 409.5, 16, 14.5), (413, 407.5, 14, 14.5), (-1, 433, 21, 21.5),
    (141, 418, 14.5, 16.5), (365.5, 431.5, 19, 17.5), (429, 432, 14, 14.5), (46.5, 466, 20, 19.5),
    (89, 452, 14, 13.5), (372.5, 463, 15.5, 15.5), (404, 448.5, 19, 18.5), (440.5, 463, 18.5, 16.5),
    (49.5, 505, 14.5, 15), (72, 489.5, 13, 14.5), (398, 487, 21.5, 22), (435, 506, 13.5, 15),
    (456, 499, 14.5, 12.5),
]  # fmt: skip
CURVES = [  # points (x, y) of a closed, smooth curve
    [(52, 0), (55, 6), (61, 11), (69, 14), (77, 13), (83, 9), (87, 3), (88, -3), (52, -3)],
    [(483, -4), (484, 8), (489, 18), (495, 25), (503, 30), (510, 28), (513, 20), (513, 8),
     (512, -4)],
    [(77, 17), (87, 14), (96, 17), (101, 26), (103, 36), (104, 46), (105, 54), (98, 60), (89, 62),
     (80, 58), (72, 51), (67, 43), (67, 32), (71, 23)],
    [(312, 46), (321, 40), (330, 44), (336, 52), (340, 60), (340, 70), (337, 78), (329, 80),
     (318, 80), (309, 78), (304, 70), (304, 58), (307, 50)],
    [(306, 84), (314, 81), (324, 81), (332, 84), (336, 90), (337, 98), (333, 104), (328, 108),
     (320, 107), (312, 102), (307, 94)],
    [(20, 91), (28, 89), (36, 93), (40, 101), (40, 110), (35, 117), (26, 120), (16, 118), (6, 117),
     (3, 110), (6, 102), (12, 95)],
    [(334, 104), (341, 100), (349, 101), (357, 105), (361, 110), (358, 117), (352, 123), (344, 130),
     (338, 131), (334, 124), (332, 114)],
    [(414, 111), (422, 110), (428, 118), (429, 127), (425, 133), (418, 131), (415, 122)],
    [(416, 104), (420, 95), (428, 87), (438, 82), (447, 84), (454, 90), (458, 99), (450, 106),
     (440, 110), (429, 112), (420, 110)],
    [(28, 122), (39, 120), (47, 125), (50, 134), (51, 144), (51, 155), (47, 162), (40, 164),
     (30, 161), (21, 156), (15, 148), (14, 137), (18, 128)],
    [(347, 130), (354, 121), (363, 117), (373, 118), (381, 124), (386, 132), (384, 141), (379, 147),
     (369, 151), (358, 149), (350, 142)],
    [(385, 140), (392, 134), (400, 137), (405, 145), (407, 154), (404, 162), (396, 166), (387, 165),
     (381, 158), (380, 148)],
    [(350, 163), (358, 160), (367, 161), (375, 166), (380, 173), (378, 181), (372, 188), (364, 189),
     (356, 185), (349, 179), (346, 171)],
    [(62, 168), (76, 166), (90, 168), (102, 174), (111, 184), (115, 197), (113, 211), (105, 222),
     (92, 227), (76, 227), (62, 225), (54, 214), (50, 200), (49, 184), (54, 174)],
    [(369, 184), (376, 178), (386, 176), (395, 180), (401, 187), (399, 196), (393, 203), (384, 208),
     (374, 207), (367, 201), (365, 192)],
    [(182, 240), (190, 237), (197, 240), (200, 249), (200, 259), (198, 268), (191, 272), (183, 270),
     (178, 263), (176, 252), (178, 245)],
    [(358, 239), (360, 231), (368, 225), (378, 220), (386, 222), (391, 231), (392, 241), (389, 251),
     (383, 257), (374, 260), (365, 255), (359, 247)],
    [(116, 258), (123, 253), (133, 253), (142, 258), (148, 267), (146, 275), (140, 281), (133, 285),
     (123, 284), (116, 278), (114, 268)],
    [(162, 282), (166, 274), (174, 270), (182, 270), (187, 276), (188, 285), (186, 294), (180, 300),
     (172, 302), (165, 297), (161, 290)],
    [(205, 282), (209, 273), (218, 270), (227, 271), (233, 277), (240, 283), (236, 289), (226, 293),
     (214, 296), (206, 292)],
    [(254, 272), (258, 264), (267, 261), (276, 264), (283, 267), (289, 272), (287, 280), (280, 285),
     (272, 288), (262, 286), (256, 281)],
    [(76, 277), (88, 274), (100, 277), (108, 284), (111, 292), (108, 302), (105, 311), (96, 314),
     (86, 317), (76, 321), (67, 323), (60, 318), (61, 307), (65, 297), (69, 287)],
    [(137, 281), (145, 278), (154, 280), (160, 286), (162, 294), (159, 302), (152, 309), (145, 313),
     (137, 310), (130, 305), (129, 297), (133, 288)],
    [(207, 318), (210, 311), (219, 308), (227, 312), (234, 316), (237, 320), (231, 325), (226, 331),
     (218, 335), (210, 332), (206, 325)],
    [(230, 367), (238, 364), (245, 369), (247, 377), (244, 386), (238, 393), (230, 395), (221, 396),
     (215, 392), (216, 384), (223, 380), (225, 373)],
    [(249, 372), (251, 364), (258, 360), (266, 362), (270, 368), (271, 379), (269, 386), (260, 387),
     (252, 382)],
    [(291, 368), (295, 361), (303, 359), (310, 362), (313, 369), (314, 377), (311, 383), (305, 383),
     (298, 379), (292, 375)],
    [(316, 369), (320, 361), (328, 357), (336, 360), (342, 366), (348, 373), (346, 380), (337, 383),
     (327, 386), (319, 384), (316, 377)],
    [(100, 441), (105, 434), (113, 432), (122, 435), (128, 442), (131, 450), (126, 457), (117, 458),
     (109, 454), (103, 448)],
    [(150, 446), (156, 438), (165, 435), (174, 438), (182, 444), (188, 452), (187, 461), (180, 467),
     (170, 470), (160, 470), (151, 466), (147, 457)],
    [(-12, 482), (-2, 486), (3, 494), (9, 502), (13, 516), (-12, 516)],
    [(110, 490), (114, 480), (123, 472), (133, 466), (142, 465), (150, 471), (155, 479), (158, 488),
     (155, 497), (149, 505), (139, 510), (127, 509), (117, 503)],
]  # fmt: skip


def read_crop(wheel, files=FILES, crop=CROP):
    """Both channels from the wheel: uint8, shape (2, height, width), actin and DNA."""
    channels = []
    with zipfile.ZipFile(wheel) as archive:
        for name, expected in files.items():
            content = archive.read(f"cellprofiler/data/examples/ExampleFly/images/{name}")
            if hashlib.sha256(content).hexdigest() != expected:
                raise ValueError(f"{name} in {wheel} is another file than the one cut here.")
            channels.append(imread(io.BytesIO(content))[crop])
    return np.stack(channels)


def outlines():
    """Every cell as an array of points, shape (200, 2), columns x and y."""
    angle = np.linspace(0, 2 * np.pi, 200)
    for x, y, half_x, half_y in ELLIPSES:
        yield np.column_stack([x + half_x * np.cos(angle), y + half_y * np.sin(angle)])
    for points in CURVES:
        spline, _ = splprep(np.transpose([*points, points[0]]), s=0, per=True)
        yield np.column_stack(splev(np.linspace(0, 1, 200), spline))


def draw(shape=(512, 512)):
    """The label image: int32, numbers in a row from top to bottom, 0 is background."""
    labels, depth = np.zeros(shape, np.int32), np.zeros(shape)
    for number, points in enumerate(sorted(outlines(), key=lambda p: p[:, 1].mean()), start=1):
        cell = np.zeros(shape, np.uint8)
        cv2.fillPoly(cell, [np.round(points * 16).astype(np.int32)], 1, shift=4)
        # A cell goes on beyond the edge of the image: that is no edge of the cell.
        framed = cv2.copyMakeBorder(cell, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
        inside = cv2.distanceTransform(framed, cv2.DIST_L2, 5)[1:-1, 1:-1]
        nearest = inside > depth
        labels[nearest], depth[nearest] = number, inside[nearest]
    return relabel_sequential(labels)[0].astype(np.int32)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wheel", type=Path)
    wheel = parser.parse_args().wheel
    np.savez_compressed(data.PACKED_CELLS, image=read_crop(wheel, PACKED_FILES, PACKED_CROP))
    image, labels = read_crop(wheel), draw()
    np.savez_compressed(data.CELLS, image=image, labels=labels.astype(np.uint8))
    print(f"{labels.max()} cells in {data.CELLS}, {data.CELLS.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
