"""Numbers only: what a whole slide would cost, from the measured cost of a megapixel.

What the notebook on large images found is read from its metadata, where its run put the numbers.
"""

import json
from pathlib import Path

from figures._shared.files import write

HERE = Path(__file__).parent

SIDE = 20_000  # px: 10 mm of a slide at 0.5 µm per pixel
METHODS = ("otsu_watershed", "stardist_nuclei", "cellpose_nuclei")


def of_slide(cost, side=SIDE):
    """Minutes and gigabytes for a square image, if both grow with the number of pixels."""
    megapixels = side**2 / 1e6
    return {
        "minutes": cost["seconds_per_megapixel"] * megapixels / 60,
        "gigabytes": cost["megabytes_per_megapixel"] * megapixels / 1000,
    }


def findings(numbers):
    """What the notebook found: tiles that only meet, and tiles that are joined.

    numbers : its metadata of this name, {what was asked for: value}
    """
    nuclei, objects = numbers["len(middles)"], numbers["naive_count"]
    return {
        "cut": {"objects": objects, "nuclei": nuclei, "percent": 100 * (objects / nuclei - 1)},
        "merged": {"distinct": numbers["distinct"], "nuclei": nuclei},
    }


def main():
    root = HERE.parents[1]
    speed = json.loads((root / "training" / "results" / "speed.json").read_text(encoding="utf-8"))
    notebook = json.loads((root / "notebooks" / "12_large_images.ipynb").read_text("utf-8"))
    write(
        HERE,
        {
            "side": SIDE,
            "megapixels": SIDE**2 / 1e6,
            **{method: of_slide(speed[method]) for method in METHODS},
            "notebook": findings(notebook["metadata"]["numbers"]),
        },
    )


if __name__ == "__main__":
    main()
