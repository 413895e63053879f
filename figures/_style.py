"""Colours and sizes of the drawings in the concept chapters.

One unit of a drawing is one pixel of the page: a font size of 16 is 16 px on a wide screen and
10 px on a phone, which shows the drawing at 360 px.
"""

from dataclasses import dataclass

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from _drawing import INK, save, save_numbers
from bioimage_course.show import ERROR, PREDICTED, TRUTH

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
    INK["light"]: Theme(INK["light"], "#66727f", "#e7edf3", "#0072B2", "#9A6700", "#B84A00"),
    INK["dark"]: Theme(INK["dark"], "#9aa7b4", "#243040", TRUTH, PREDICTED, "#F0793B"),
}


def draw(name, paint, *, width, height):
    """Write a drawing for both pages; `paint(figure, theme)` draws one of them."""

    def figure_on(ink):
        theme = THEMES[ink]
        settings = {
            "font.size": 16,
            "axes.edgecolor": theme.muted,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.titlesize": 16,
            "legend.frameon": False,
            "lines.linewidth": 2.5,
            "svg.hashsalt": name,
        }
        with matplotlib.rc_context(settings):
            figure = Figure(figsize=(width / 72, height / 72), layout="none")
            paint(figure, theme)
        return figure

    save(name, figure_on)


def write(name, values):
    """Write the numbers that a page quotes to docs/data/NAME.json."""
    save_numbers(name, plain(values))


def plain(values):
    """Numbers of numpy as Python's own, to six digits: the same file on every processor."""
    if isinstance(values, dict):
        return {key: plain(value) for key, value in values.items()}
    if isinstance(values, list | tuple | np.ndarray):
        return [plain(value) for value in values]
    if isinstance(values, np.generic):
        values = values.item()
    return float(f"{values:.6g}") if isinstance(values, float) else values


__all__ = ["ERROR", "GREEN", "PINK", "PREDICTED", "TRUTH", "Theme", "draw", "plain", "write"]
