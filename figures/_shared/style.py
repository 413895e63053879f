"""What the drawings share: colours, sizes, and how a light and a dark one are written.

One unit of a drawing is one pixel of the page: a font size of 16 is 16 px on a wide screen and
10 px on a phone, which shows the drawing at 360 px.
"""

from dataclasses import dataclass

import matplotlib
from matplotlib.figure import Figure

from bioimage_course.show import ERROR, PREDICTED, TRUTH

GREEN, PINK = "#009E73", "#CC79A7"
CENTRED = {"ha": "center", "va": "center"}  # words around a place


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


def draw(path, paint, *content, width, height):
    """Write `path`-light.svg and `path`-dark.svg; `paint(figure, theme, *content)` draws one.

    width, height : pixels of the page. The ground stays transparent.
    """
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
            paint(figure, theme, *content)
            figure.savefig(
                path.with_name(f"{path.name}-{page}.svg"),
                transparent=True,
                metadata={"Date": None, "Creator": None},
            )


def picture(axes, image, title=None, **options):
    """Show an image without ticks, its pixels as squares."""
    shown = axes.imshow(image, **{"cmap": "gray", "interpolation": "none", **options})
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    if title:
        axes.set_title(title)
    return shown


__all__ = ["CENTRED", "ERROR", "GREEN", "PINK", "PREDICTED", "TRUTH", "Theme", "draw", "picture"]
