"""A nucleus in numbers, and five kernels, for the convolution figure that runs in the page."""

from pathlib import Path

import numpy as np
from scipy.ndimage import center_of_mass, correlate

from bioimage_course import data
from figures._shared import files
from figures.convolution.draw import EDGE, compute

HERE = Path(__file__).parent

SIDE = 28  # pixels: the whole nucleus with both rims

#: name: weights, and what their sum is divided by.
KERNELS = {
    "Left–right edges": (EDGE, 1),
    "Top–bottom edges": (EDGE.T, 1),
    "Blur": (np.ones((3, 3), int), 9),
    "Sharpen": (np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]]), 1),
    "Identity": (np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]]), 1),
}


def crop(image, truth, row, column):
    """SIDE×SIDE pixels around the nucleus nearest to a pixel, and where in the image they begin.

    The pixel stays at least two pixels inside, so that its 5×5 neighbours are all there.
    """
    rows, columns = np.nonzero(truth)
    nearest = np.argmin((rows - row) ** 2 + (columns - column) ** 2)
    middle = center_of_mass(truth == truth[rows[nearest], columns[nearest]])
    top, left = (
        int(np.clip(np.clip(round(centre) - SIDE // 2, at - SIDE + 3, at - 2), 0, length - SIDE))
        for centre, at, length in zip(middle, (row, column), image.shape, strict=True)
    )
    return image[top : top + SIDE, left : left + SIDE].astype(int), top, left


def figure():
    """What the page loads: pixels, where they begin, where the kernel starts, and the kernels."""
    numbers = compute()[2]
    at = int(numbers["row"]), int(numbers["column"])  # the worked example of the chapter
    pixels, top, left = crop(*data.nuclei(), *at)
    return {
        "top": top,
        "left": left,
        "start": [at[0] - top, at[1] - left],
        "kernels": [
            {"name": name, "weights": weights.ravel().tolist(), "divisor": divisor}
            for name, (weights, divisor) in KERNELS.items()
        ],
        "pixels": pixels.tolist(),
    }


def fixture():
    """SciPy's answer to every kernel of the figure, and to one without any symmetry."""
    shown = figure()
    uneven = {"name": "uneven", "weights": [3, -1, 0.5, 2, -4, 1, 0, 7, -2.5], "divisor": 4}
    pixels = np.array(shown["pixels"], float)
    cases = []
    for kernel in [*shown["kernels"], uneven]:
        weights = np.reshape(kernel["weights"], (3, 3)) / kernel["divisor"]
        result = correlate(pixels, weights)[1:-1, 1:-1]  # where no pixel is missing
        cases.append({**kernel, "result": np.round(result, 4).tolist()})
    return {"start": int(compute()[2]["result"]), "cases": cases}


def main():
    files.store(HERE / "page.json", figure())
    files.store(HERE / "answers.json", fixture())


if __name__ == "__main__":
    main()
