"""A 3×3 kernel on real pixels: the worked example of the chapter, and the figure in the page.

The figure gets a nucleus in numbers, and five kernels.
"""

from pathlib import Path

import numpy as np
from scipy.ndimage import center_of_mass, correlate, sobel

from bioimage_course import data
from figures._shared import files

HERE = Path(__file__).parent

EDGE = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])  # Sobel: right minus left
BLUR = np.full((3, 3), 1 / 9)
SIDE = 28  # pixels: the whole nucleus with both rims

#: name: weights, and what their sum is divided by.
KERNELS = {
    "Left–right edges": (EDGE, 1),
    "Top–bottom edges": (EDGE.T, 1),
    "Blur": (np.ones((3, 3), int), 9),
    "Sharpen": (np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]]), 1),
    "Identity": (np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]]), 1),
}


def convolve(image, kernel):
    """The "convolution" of a network: no flip, no padding, so two pixels smaller each way."""
    rows, columns = (i - k + 1 for i, k in zip(image.shape, kernel.shape, strict=True))
    result = np.zeros((rows, columns))
    for row in range(rows):
        for column in range(columns):
            window = image[row : row + kernel.shape[0], column : column + kernel.shape[1]]
            result[row, column] = np.sum(window * kernel)
    return result


def max_pool(image, size=2):
    """Largest value of every block of size×size pixels."""
    rows, columns = (side // size for side in image.shape)
    blocks = image[: rows * size, : columns * size].reshape(rows, size, columns, size)
    return blocks.max(axis=(1, 3))


def patch(image):
    """5×5 pixels of the crop whose middle is the steepest rise from left to right."""
    crop = image[data.TOUCHING].astype(int)
    response = sobel(crop, axis=1)[2:-2, 2:-2]
    row, column = np.unravel_index(response.argmax(), response.shape)
    return crop[row : row + 5, column : column + 5], row, column


def compute():
    """The crop, 5×5 pixels of it, and the numbers of the worked example."""
    image, _ = data.nuclei()
    pixels, row, column = patch(image)
    window = pixels[1:4, 1:4]
    left, right = window[:, 0], window[:, 2]
    numbers = {
        "row": data.TOUCHING[0].start + row + 2,
        "column": data.TOUCHING[1].start + column + 2,
        "window": {f"r{i}c{j}": window[i, j] for i in range(3) for j in range(3)},
        "left": left @ (1, 2, 1),
        "right": right @ (1, 2, 1),
        "result": np.sum(window * EDGE),
        "blurred": np.mean(window),
    }
    return image[data.TOUCHING].astype(float), pixels, numbers


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
    files.write(HERE, compute()[2])
    files.store(HERE / "page.json", figure())
    files.store(HERE / "answers.json", fixture())


if __name__ == "__main__":
    main()
