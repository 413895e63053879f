"""The course's standard picture: image, masks and outlines side by side."""

import warnings

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import ScaledTranslation

from bioimage_course import check

TRUTH = "#56B4E9"  # sky blue: the annotation, everywhere in the course
PREDICTED = "#F0B429"  # amber: what a model found
ERROR = "#D55E00"  # vermilion: where the two disagree

STYLE = "bioimage_course.course"
PANEL_WIDTH = 2.6  # inches; three panels make a figure that fills the page's width


def segmentation(image, labels, *, truth=None, title=None):
    """Draw an image, its masks and their outlines side by side.

    Parameters
    ----------
    image : array, shape (Y, X) or (Y, X, 3)
        Grey or RGB. Grey is shown between its 1st and 99th percentile.
    labels : integer array, shape (Y, X)
        Label image; 0 is background, every object has its own number.
    truth : integer array, shape (Y, X), optional
        Annotation; its outlines are drawn with those of `labels`.
    title : str, optional
        What the picture shows, best as a finding.

    Returns
    -------
    matplotlib.figure.Figure
        Three axes, in pixels. A notebook shows it once, with or without a name for it.

    Raises
    ------
    ValueError
        If the image or the labels cannot be drawn; the message says what to pass.
    """
    image = check.image(image)
    labels = check.label_image(labels, image.shape[:2])
    if truth is not None:
        truth = check.label_image(truth, image.shape[:2], name="truth")
    if check.looks_binary(labels):
        warnings.warn(check.BINARY_HINT, stacklevel=2)

    with plt.style.context(STYLE):
        figure, (left, middle, right) = plt.subplots(
            1, 3, figsize=_figure_size(image.shape, title), FigureClass=_ShownOnce
        )
        for ax, name in ((left, "image"), (middle, "masks"), (right, "outlines")):
            ax.set_title(name, fontsize=15, fontweight="normal", pad=6)
            ax.set_axis_off()
        for ax in (left, right):
            ax.imshow(_displayable(image), cmap="gray", vmin=0, vmax=1)
        middle.imshow(_coloured(labels))
        # A thin dark line keeps touching masks apart, whatever their colours.
        outlines(middle, labels, color="#12181f", linewidth=0.5)
        if truth is not None:
            outlines(right, truth, color=TRUTH, linewidth=1.6)
        outlines(right, labels, color=PREDICTED, linewidth=0.8)

        _scale_bar(left, image.shape[1])
        _caption(middle, _counted(labels))
        if truth is not None:
            _legend(right)
        if title:
            figure.suptitle(title, x=0.0055, ha="left")
    return figure


def outlines(ax, labels, *, color=PREDICTED, linewidth=1.0):
    """Draw the outline of every object on axes that show the same image.

    Outlines run between the pixels, each object on its own, so that touching objects stay apart.

    Parameters
    ----------
    ax : matplotlib axes
    labels : integer array, shape (Y, X)
        Label image; 0 is background.
    color : matplotlib colour
    linewidth : float
        In points (1/72 inch).
    """
    from skimage.measure import find_contours, regionprops

    lines = []
    for region in regionprops(check.label_image(labels)):
        padded = np.pad(region.image, 1)  # so that outlines close at the image's border
        top, left = region.bbox[:2]
        for contour in find_contours(padded.astype(float), 0.5):
            lines.append(np.stack([contour[:, 1] + left - 1, contour[:, 0] + top - 1], axis=1))
    ax.add_collection(
        LineCollection(lines, colors=[color], linewidths=linewidth, capstyle="round"),
        autolim=False,
    )


class _ShownOnce(Figure):
    """A figure that a notebook shows once.

    Jupyter shows every open figure after a cell, and once more the value of its last line.
    Closing the figure when it is first shown leaves one picture.
    """

    def _ipython_display_(self):
        from IPython.core.pylabtools import print_figure
        from IPython.display import display

        picture = {"text/plain": repr(self)}
        if "inline" in matplotlib.get_backend():
            picture["image/png"] = print_figure(self)
            plt.close(self)
        display(picture, raw=True)


def _figure_size(shape, title):
    """Width and height in inches: the panels keep the image's shape, within reason."""
    height = np.clip(PANEL_WIDTH * shape[0] / shape[1], 0.8, 5.0)
    return 3 * PANEL_WIDTH + 0.2, height + (0.95 if title else 0.65)


def _displayable(image):
    """The image between 0 and 1, with a contrast that shows what is in it."""
    if image.dtype == np.uint8 and image.ndim == 3:
        return image / 255
    image = image.astype(float)
    low, high = np.percentile(image, (1, 99))
    if high <= low:  # nearly all pixels are equal
        low, high = image.min(), image.max()
    if high <= low:  # all of them are
        high = low + 1
    return np.clip((image - low) / (high - low), 0, 1)


def _coloured(labels):
    """RGB picture of a label image: neighbouring numbers get distant hues."""
    from skimage.color import hsv2rgb

    numbers, where = np.unique(labels, return_inverse=True)
    hue = numbers * 0.618034 % 1  # the golden ratio spreads the hues evenly
    saturation = 0.42 + 0.2 * (numbers * 0.754878 % 1)
    value = 0.8 + 0.2 * (numbers * 0.569840 % 1)
    colours = hsv2rgb(np.stack([hue, saturation, value], axis=-1)[None])[0]
    colours[numbers == 0] = matplotlib.colors.to_rgb("#1d2731")
    return colours[where.reshape(labels.shape)]


def _below(ax, right=0):
    """Where captions stand: 12 points under the axes, `right` points from their left edge."""
    return ax.transAxes + ScaledTranslation(right / 72, -12 / 72, ax.figure.dpi_scale_trans)


def _caption(ax, text, x=0, right=0):
    """A line of text below the image, so that it hides no pixel."""
    ax.text(x, 0, text, transform=_below(ax, right), va="center", fontsize=14, color="#c3cdd8")


def _scale_bar(ax, width):
    """A bar of 1, 2 or 5 times a power of ten pixels, at most a third of the image's width."""
    lengths = [n * 10**power for power in range(7) for n in (1, 2, 5)]
    length = max(n for n in lengths if n <= max(width / 3, 1))
    end = length / width
    bar = Line2D([0, end], [0, 0], transform=_below(ax), color="#e6edf3", linewidth=2.5)
    bar.set(clip_on=False, solid_capstyle="butt")
    ax.add_line(bar)
    _caption(ax, f"{length} px", x=end, right=5)


def _counted(labels):
    count = np.unique(labels[labels > 0]).size
    return f"{count} object" if count == 1 else f"{count} objects"


def _legend(ax):
    ax.legend(
        [Line2D([], [], color=TRUTH), Line2D([], [], color=PREDICTED)],
        ["annotation", "prediction"],
        loc="center left",
        bbox_to_anchor=(0, 0),
        bbox_transform=_below(ax),
        borderaxespad=0,
        borderpad=0,
        ncols=2,
        handlelength=1,
        handletextpad=0.4,
        columnspacing=1,
    )
