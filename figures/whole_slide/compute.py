"""Numbers only: what a whole slide would cost, from the measured cost of a megapixel.

What the notebook on large images found is read from the outputs stored in it.
"""

import json
import re
from pathlib import Path

from figures._shared.files import write

HERE = Path(__file__).parent

SIDE = 20_000  # px: 10 mm of a slide at 0.5 µm per pixel
METHODS = ("otsu_watershed", "stardist_nuclei", "cellpose_nuclei")
FINDINGS = {  # what the notebook prints, in its own words
    "cut": re.compile(
        r"(?P<objects>\d+) objects for (?P<nuclei>\d+) nuclei: \+(?P<percent>[\d.]+)%"
    ),
    "merged": re.compile(r"(?P<distinct>\d+) of (?P<nuclei>\d+) nuclei have a number of their own"),
}


def of_slide(cost, side=SIDE):
    """Minutes and gigabytes for a square image, if both grow with the number of pixels."""
    megapixels = side**2 / 1e6
    return {
        "minutes": cost["seconds_per_megapixel"] * megapixels / 60,
        "gigabytes": cost["megabytes_per_megapixel"] * megapixels / 1000,
    }


def printed(notebook):
    """Everything that the cells of a notebook print, as one text."""
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
    return "\n".join("".join(output.get("text", [])) for output in outputs)


def findings(text):
    """Numbers that the notebook found, by finding and name.

    Raises
    ------
    ValueError
        If it prints one of them no longer.
    """
    found = {}
    for name, pattern in FINDINGS.items():
        match = pattern.search(text)
        if not match:
            raise ValueError(f"12_large_images.ipynb no longer prints {pattern.pattern!r}")
        found[name] = {key: json.loads(value) for key, value in match.groupdict().items()}
    return found


def main():
    root = HERE.parents[1]
    speed = json.loads((root / "training" / "results" / "speed.json").read_text(encoding="utf-8"))
    notebook = json.loads((root / "notebooks" / "12_large_images.ipynb").read_text("utf-8"))
    write(HERE, {"side": SIDE, "megapixels": SIDE**2 / 1e6,
                    **{method: of_slide(speed[method]) for method in METHODS},
                    "notebook": findings(printed(notebook))})  # fmt: skip


if __name__ == "__main__":
    main()
