"""What the figure scripts share: colours, sizes, and where drawings and numbers are written.

One unit of a drawing is one pixel of the page: a font size of 16 is 16 px on a wide screen and
10 px on a phone, which shows the drawing at 360 px.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from bioimage_course.show import ERROR, PREDICTED, TRUTH

DOCS = Path(__file__).resolve().parents[1] / "docs"
GREEN, PINK = "#009E73", "#CC79A7"


@dataclass(frozen=True)
class Theme:
    """Colours that differ between the light and the dark page.

    The course's colours are pale: on white, lines and words take a darker shade of the same hue.
    """

    text: str
    muted: str  # lines and labels that stay behind
    panel: str  # filled boxes
    truth: str
    predicted: str
    error: str


THEMES = {
    "light": Theme("#1f2933", "#66727f", "#e7edf3", "#0072B2", "#9A6700", "#B84A00"),
    "dark": Theme("#e6edf3", "#9aa7b4", "#243040", TRUTH, PREDICTED, "#F0793B"),
}


def draw(name, paint, *, width, height):
    """Write docs/images/NAME-light.svg and NAME-dark.svg; `paint(figure, theme)` draws one.

    width, height : pixels of the page. The ground stays transparent.
    """
    (DOCS / "images").mkdir(parents=True, exist_ok=True)
    for page, theme in THEMES.items():
        ink = ("text.color", "axes.labelcolor", "xtick.color", "ytick.color")
        settings = dict.fromkeys(ink, theme.text) | {
            "font.size": 16,
            "axes.edgecolor": theme.muted,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.titlesize": 16,
            "legend.frameon": False,
            "lines.linewidth": 2.5,
            "svg.hashsalt": "bioimage-course",  # the same file on every run
        }
        with matplotlib.rc_context(settings):
            figure = Figure(figsize=(width / 72, height / 72), layout="none")
            paint(figure, theme)
            figure.savefig(
                DOCS / "images" / f"{name}-{page}.svg",
                transparent=True,
                metadata={"Date": None, "Creator": None},
            )


def write(name, numbers):
    """Write docs/data/NAME.json, for {{ NAME.key }} in the pages."""
    (DOCS / "data").mkdir(parents=True, exist_ok=True)
    text = json.dumps(plain(numbers), indent=2)
    (DOCS / "data" / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def plain(values):
    """Numbers of numpy as Python's own, to six digits: the same file on every processor."""
    if isinstance(values, dict):
        return {key: plain(value) for key, value in values.items()}
    if isinstance(values, list | tuple | np.ndarray):
        return [plain(value) for value in values]
    if isinstance(values, np.generic):
        values = values.item()
    return float(f"{values:.6g}") if isinstance(values, float) else values


def picture(axes, image, title=None, **options):
    """Show an image without ticks, its pixels as squares."""
    shown = axes.imshow(image, **{"cmap": "gray", "interpolation": "none", **options})
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    if title:
        axes.set_title(title)
    return shown


__all__ = ["DOCS", "ERROR", "GREEN", "PINK", "PREDICTED", "TRUTH", "Theme", "draw", "picture",
           "plain", "write"]  # fmt: skip
