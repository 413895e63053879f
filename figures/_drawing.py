"""Saves a drawing twice, for the light and the dark page, and the numbers that go with it."""

import json
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

DOCS = Path(__file__).resolve().parents[1] / "docs"

#: Text and lines on each page; the ground stays transparent.
INK = {"light": "#1f2933", "dark": "#e6edf3"}

STYLE = {
    "svg.hashsalt": "bioimage-course",  # the same file on every run
    "figure.constrained_layout.use": True,
}


def save(name, draw):
    """Write docs/images/NAME-light.svg and NAME-dark.svg; `draw(ink)` returns the figure."""
    (DOCS / "images").mkdir(parents=True, exist_ok=True)
    for page, ink in INK.items():
        colours = dict.fromkeys(
            ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), ink
        )
        with plt.rc_context(STYLE | colours):
            figure = draw(ink)
            figure.savefig(
                DOCS / "images" / f"{name}-{page}.svg",
                transparent=True,
                metadata={"Date": None, "Creator": None},
            )
            plt.close(figure)


def save_numbers(name, numbers):
    """Write docs/data/NAME.json, for {{ NAME.key }} in the pages."""
    (DOCS / "data").mkdir(parents=True, exist_ok=True)
    text = json.dumps(numbers, indent=2)
    (DOCS / "data" / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def picture(axes, image, title=None, **options):
    """Show an image without ticks, its pixels as squares."""
    shown = axes.imshow(image, **{"cmap": "gray", "interpolation": "none", **options})
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    if title:
        axes.set_title(title)
    return shown
