"""A piece of the nuclei image in numbers, for the threshold figure that runs in the page."""

from pathlib import Path

from scipy.ndimage import label

from bioimage_course import data
from figures._shared import files

HERE = Path(__file__).parent


def figure():
    """What the page loads: the pixels with the two touching nuclei, and where the slider starts."""
    image, _ = data.nuclei()
    return {"start": 50, "pixels": image[data.TOUCHING].tolist()}


def fixture():
    """SciPy's answer at some thresholds, for figure.test.mjs."""
    image, _ = data.nuclei()
    masks = {level: image[data.TOUCHING] > level for level in range(0, 200, 10)}
    return [
        {"level": level, "area": int(mask.sum()), "pieces": label(mask)[1]}
        for level, mask in masks.items()
    ]


def main():
    files.store(HERE / "page.json", figure())
    files.store(HERE / "answers.json", fixture())


if __name__ == "__main__":
    main()
