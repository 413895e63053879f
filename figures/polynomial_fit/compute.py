"""Grey values across the rims of nuclei, for the overfitting figure: which polynomial fits them?

How bright is a pixel at which distance from the rim? Training pixels come from the image's left
half and validation pixels from its right half; each distance has its share. The brightest and the
dimmest tenth of the nuclei, with their surroundings, are left out.
"""

from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy.ndimage import distance_transform_edt, median

from bioimage_course import data
from figures._shared import files

HERE = Path(__file__).parent

REACH = 12  # pixels on either side of the rim
FEW, MANY, VALIDATION = 12, 96, 48
DEGREES = range(12)  # the highest has as many coefficients as there are few pixels
SHOWN = (1, 3, 7, 11)  # in the page's table


def from_rim(truth):
    """Distance of each pixel from the rim of the nuclei: positive inside, negative outside."""
    inside = truth > 0
    return np.where(
        inside, distance_transform_edt(inside) - 0.5, 0.5 - distance_transform_edt(~inside)
    )


def ordinary(image, truth):
    """The pixels whose nearest nucleus is neither very bright nor very dim, as a mask."""
    nuclei = np.arange(1, truth.max() + 1)
    brightness = median(image, truth, nuclei)
    low, high = np.percentile(brightness, (10, 90))
    nearest = distance_transform_edt(truth == 0, return_distances=False, return_indices=True)
    return np.isin(truth[tuple(nearest)], nuclei[(brightness >= low) & (brightness <= high)])


def sample(image, distance, count, random):
    """`count` pixels, as many at every distance: columns distance and grey value."""
    bins = min(count, 2 * REACH)
    edges = np.linspace(-REACH, REACH, bins + 1)
    chosen = []
    for low, high in pairwise(edges):
        at = random.choice(np.flatnonzero((distance >= low) & (distance < high)), count // bins)
        chosen += [(distance.flat[i], image.flat[i]) for i in at]
    return np.array(chosen, float)


def samples():
    image, truth = data.nuclei()
    distance = np.where(ordinary(image, truth), from_rim(truth), np.inf)
    half = image.shape[1] // 2
    random = np.random.default_rng(0)
    left, right = np.s_[:, :half], np.s_[:, half:]
    return {
        name: sample(image[part], distance[part], count, random).round(2)
        for name, part, count in (
            ("few", left, FEW),
            ("many", left, MANY),
            ("validation", right, VALIDATION),
        )
    }


def error(coefficients, pixels):
    """Root of the mean squared error, in grey values."""
    answers = np.polyval(coefficients, pixels[:, 0] / REACH)
    return np.sqrt(np.mean((answers - pixels[:, 1]) ** 2))


def fits(pixels, validation):
    """For every degree: coefficients, the highest power first, and both errors."""
    by_degree = []
    for degree in DEGREES:
        coefficients = np.polyfit(pixels[:, 0] / REACH, pixels[:, 1], degree)
        errors = error(coefficients, pixels), error(coefficients, validation)
        by_degree.append((coefficients, *errors))
    return by_degree


def compute():
    """Numbers for the page."""
    pixels = samples()
    numbers = {"few_pixels": FEW, "many_pixels": MANY, "validation_pixels": VALIDATION}
    for name in ("few", "many"):
        by_degree = fits(pixels[name], pixels["validation"])
        numbers[name] = {
            f"d{degree}": dict(
                zip(("training", "validation"), np.round(by_degree[degree][1:], 3), strict=True)
            )
            for degree in SHOWN
        }
    return numbers


def figure():
    """What the page loads."""
    return {"reach": REACH, **{name: pixels.tolist() for name, pixels in samples().items()}}


def fixture():
    """NumPy's fits: answers along the curve, and both errors, for every degree."""
    pixels = samples()
    grid = np.linspace(-1, 1, 25)
    return {
        name: [
            {
                "curve": np.polyval(coefficients, grid).round(4).tolist(),
                "training": round(training, 6),
                "validation": round(validation, 6),
            }
            for coefficients, training, validation in fits(pixels[name], pixels["validation"])
        ]
        for name in ("few", "many")
    }


def main():
    files.write(HERE, compute())
    files.store(HERE / "page.json", figure())
    files.store(HERE / "answers.json", fixture())


if __name__ == "__main__":
    main()
