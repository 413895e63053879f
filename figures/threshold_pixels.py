"""A piece of the nuclei image in numbers, for the threshold figure that runs in the page."""

import json

from scipy.ndimage import label

import _style
from bioimage_course import data


def figure():
    """What the page loads: the pixels with the two touching nuclei, and where the slider starts."""
    image, _ = data.nuclei()
    return {"start": 50, "pixels": image[data.TOUCHING].tolist()}


def fixture():
    """SciPy's answer at some thresholds, for tests/js/threshold.test.js."""
    image, _ = data.nuclei()
    masks = {level: image[data.TOUCHING] > level for level in range(0, 200, 10)}
    return [
        {"level": level, "area": int(mask.sum()), "pieces": label(mask)[1]}
        for level, mask in masks.items()
    ]


def main():
    for path, content in {
        _style.DOCS / "javascripts" / "figures" / "threshold.json": figure(),
        _style.DOCS.parent / "tests" / "js" / "fixtures" / "threshold.json": fixture(),
    }.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
