"""What the drawings share: letters, colours, sizes, and how the forms of one are written.

One unit of a drawing is one pixel of the page. A drawing wider than a phone has a narrow form,
its panels below each other, so that words keep their size there.
"""

from dataclasses import dataclass, replace

import matplotlib
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.text import Text

from bioimage_course import typeface
from bioimage_course.show import ERROR, PREDICTED, TRUTH

GREEN, PINK = "#009E73", "#CC79A7"
CENTRED = {"ha": "center", "va": "center"}  # words around a place
NARROW = 344  # px, what a phone has room for
SMALLEST = 12  # px, of words on a phone


@dataclass(frozen=True)
class Theme:
    """Colours that differ between the light and the dark page, and whether panels are stacked.

    The course's colours are pale: on white, lines and words take a darker shade of the same hue.
    """

    text: str
    muted: str  # lines and labels that stay behind
    panel: str  # filled boxes
    truth: str
    predicted: str
    error: str
    narrow: bool = False  # the form for a phone


THEMES = {
    "light": Theme("#1f2933", "#66727f", "#e7edf3", "#0072B2", "#9A6700", "#B84A00"),
    "dark": Theme("#e6edf3", "#9aa7b4", "#243040", TRUTH, PREDICTED, "#F0793B"),
}


def letters():
    """Make the page's typeface known to Matplotlib, and return its names, the first one first.

    Signs that it lacks, like arrows, come from the second.
    """
    typeface.register()
    return ["Source Sans 3", "DejaVu Sans"]


def draw(path, paint, *content, width, height, narrow=None):
    """Write `path`-light.svg and `path`-dark.svg; `paint(figure, theme, *content)` draws one.

    Parameters
    ----------
    path : pathlib.Path
        Where the drawing goes, without the end of its name.
    paint : function
        Draws on a Matplotlib figure; `theme.narrow` says for which form.
    width, height : int
        Pixels of the page. The ground stays transparent.
    narrow : int, optional
        Height of the form for a phone, `NARROW` pixels wide, written to `path`-narrow-light.svg
        and `path`-narrow-dark.svg. A drawing wider than 400 px needs one.

    Raises
    ------
    ValueError
        If it lacks a narrow form, or a word is too small for a phone or leaves the drawing.
    """
    forms = {"": (False, width, height)}
    if not narrow and width > 400:
        raise ValueError(f"{path.name} is {width} px wide: give the height of its narrow form")
    if narrow:
        forms["-narrow"] = (True, NARROW, narrow)
    for form, (stacked, wide, high) in forms.items():
        for page, colours in THEMES.items():
            theme = replace(colours, narrow=stacked)
            with matplotlib.rc_context(settings(theme)):
                figure = Figure(figsize=(wide / 72, high / 72), layout="none")
                paint(figure, theme, *content)
                # A phone shrinks what has no form of its own for it.
                shrinks = 1 if narrow else max(1, wide / NARROW)
                legible(figure, path.name + form, smallest=SMALLEST * shrinks)
                figure.savefig(
                    path.with_name(f"{path.name}{form}-{page}.svg"),
                    transparent=True,
                    metadata={"Date": None, "Creator": None},
                )


def legible(figure, name, smallest):
    """Refuse words that a reader could not read: smaller than `smallest` px, or cut off."""
    figure.draw_without_rendering()  # names of axes and ticks find their places only now
    edge = figure.bbox.padded(1)
    beyond = {  # ticks before and after the ends of an axis, which are not drawn
        label
        for axis in figure.findobj(Axis)
        for tick in axis.get_major_ticks()
        if not min(axis.get_view_interval()) <= tick.get_loc() <= max(axis.get_view_interval())
        for label in (tick.label1, tick.label2)
    }
    for text in figure.findobj(Text):
        if text in beyond or not (text.get_visible() and text.get_text().strip()):
            continue
        words = f"{name}: {text.get_text()!r}"
        if text.get_fontsize() < smallest:
            raise ValueError(f"{words} has {text.get_fontsize():g} px; {smallest:g} can be read")
        box = text.get_window_extent()
        if not (edge.contains(box.x0, box.y0) and edge.contains(box.x1, box.y1)):
            raise ValueError(f"{words} leaves the drawing")


def settings(theme):
    """Return Matplotlib's settings for a drawing: one typeface, 17 px, 15 px on a phone."""
    size = 15 if theme.narrow else 17
    ink = ("text.color", "axes.labelcolor", "xtick.color", "ytick.color")
    return dict.fromkeys(ink, theme.text) | {
        "font.family": letters(),
        "mathtext.fontset": "custom",
        "mathtext.rm": "Source Sans 3",
        "font.size": size,
        "axes.edgecolor": theme.muted,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlesize": size,
        "legend.frameon": False,
        "lines.linewidth": 2.5,
        "svg.hashsalt": "bioimage-course",  # the same file on every run
    }


def panels(figure, theme, count, **margins):
    """Return axes side by side, or below each other on a phone; margins as `subplots_adjust`."""
    axes = figure.subplots(*((count, 1) if theme.narrow else (1, count)))
    figure.subplots_adjust(**{"left": 0, "right": 1, "bottom": 0, **margins})
    return axes


def picture(axes, image, title=None, **options):
    """Show an image without ticks, its pixels as squares."""
    shown = axes.imshow(image, **{"cmap": "gray", "interpolation": "none", **options})
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    if title:
        axes.set_title(title)
    return shown


__all__ = [
    "CENTRED", "ERROR", "GREEN", "NARROW", "PINK", "PREDICTED", "TRUTH", "Theme", "draw", "panels",
    "picture",
]  # fmt: skip
