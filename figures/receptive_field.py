"""How far one output of the course's StarDist network sees, drawn over a nucleus."""

import numpy as np
from matplotlib.patches import Circle, Rectangle

from _style import draw, write
from bioimage_course import data

#: What lies between the image and the last layer; two 3×3 convolutions, then pooling, and so on.
STAGES = (
    ("first two layers", "cc"), ("after pooling once", "pcc"), ("twice", "pcc"),
    ("three times", "pcc"), ("four times", "pcc"), ("the whole U", "uccuccuccc"),
)  # fmt: skip


def sides(stages=STAGES, length=512):
    """Side of the receptive field after each stage, in pixels of the image.

    Follows which inputs of a row of pixels can reach each value: c is a 3-wide convolution, p is
    pooling by two, u is upsampling by two. Where it differs by position, the smaller counts.
    """
    reached = np.eye(length, dtype=bool)  # value × input
    result = []
    for _, layers in stages:
        for layer in layers:
            if layer == "c":
                reached = reached | np.roll(reached, 1, axis=0) | np.roll(reached, -1, axis=0)
            elif layer == "p":
                reached = reached[::2] | reached[1::2]
            else:
                reached = np.repeat(reached, 2, axis=0)
        middle = reached[len(reached) // 3 : 2 * len(reached) // 3]
        result.append(int(middle.sum(axis=1).min()))
    return result


def compute():
    from skimage.measure import regionprops

    image, truth = data.nuclei()
    regions = regionprops(truth)
    diameters = np.array([region.equivalent_diameter_area for region in regions])
    median = float(np.median(diameters))
    # A nucleus of ordinary size near the middle, so that the whole field lies inside the image.
    typical = [r for r in regions if abs(r.equivalent_diameter_area - median) < 1]
    centre = min((r.centroid for r in typical), key=lambda c: np.hypot(c[0] - 256, c[1] - 256))
    numbers = {
        "median_diameter": median, "largest_diameter": float(diameters.max()),
        "sides": {f"s{i}": side for i, side in enumerate(sides())},
    }  # fmt: skip
    return image, centre, numbers


def paint(figure, theme, image, centre, numbers):
    width, half = 500, 100
    axes = figure.add_axes((0, 0, 400 / width, 1))
    row, column = (round(value) for value in centre)
    crop = image[row - half : row + half, column - half : column + half]
    extent = (-half, half, half, -half)
    axes.imshow(crop, cmap="gray", vmin=0, vmax=np.percentile(crop, 99.9), extent=extent,
                interpolation="none")  # fmt: skip
    axes.set(xticks=[], yticks=[], xlim=(-half, half), ylim=(half, -half))
    axes.spines[:].set_visible(False)
    radius = numbers["median_diameter"] / 2
    axes.add_patch(Circle((0, 0), radius, fill=False, ec="#56B4E9", lw=3))
    labels = list(numbers["sides"].values())
    for i, side in enumerate(labels):
        axes.add_patch(Rectangle((-side / 2, -side / 2), side, side, fill=False, ec="#F0B429",
                                 lw=2))  # fmt: skip
        level = -92 + 30 * (len(labels) - 1 - i)
        corner = (side / 2, max(-side / 2, min(level, side / 2)))
        axes.annotate(f"{side} px", corner, (104, level), va="center", color=theme.predicted,
                      weight="bold", annotation_clip=False,
                      arrowprops={"arrowstyle": "-", "color": "#F0B429", "lw": 1,
                                  "shrinkA": 0, "shrinkB": 0})  # fmt: skip
    axes.annotate(f"nucleus:\n{numbers['median_diameter']:.0f} px", (radius * 0.7, radius * 0.7),
                  (104, 84), va="center", color=theme.truth, weight="bold", annotation_clip=False,
                  arrowprops={"arrowstyle": "-", "color": "#56B4E9", "lw": 1})  # fmt: skip


def main():
    image, centre, numbers = compute()
    draw("receptive_field", lambda f, theme: paint(f, theme, image, centre, numbers),
         width=500, height=400)  # fmt: skip
    write("receptive_field", numbers)


if __name__ == "__main__":
    main()
