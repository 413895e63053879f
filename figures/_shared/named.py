"""Pictures in a row, their words above them: on a phone below each other, their words beside."""

from figures._shared.style import panels


def row(figure, theme, count, above):
    """Axes of `count` square pictures; `above` is the room for words, as a share of the height."""
    if theme.narrow:
        return panels(figure, theme, count, right=0.62, top=1, hspace=0.04)
    return panels(figure, theme, count, top=1 - above, wspace=0.04)


def name(axes, theme, words):
    """Say what a picture of the row is."""
    if theme.narrow:
        axes.text(1.08, 0.5, words, va="center", transform=axes.transAxes)
    else:
        axes.set_title(words)
