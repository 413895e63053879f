import pytest
from matplotlib.figure import Figure

from figures._shared import named
from figures._shared.style import THEMES, Theme


@pytest.mark.parametrize("narrow", [False, True])
def test_words_stand_above_a_picture_and_beside_it_on_a_phone(narrow):
    theme = Theme(**vars(THEMES["light"]) | {"narrow": narrow})
    figure = Figure(figsize=(3.44, 6.56) if narrow else (5.6, 2.32))
    for axes in named.row(figure, theme, 3, above=0.2):
        named.name(axes, theme, "a word")
        figure.draw_without_rendering()
        words = next(t for t in [axes.title, *axes.texts] if t.get_text()).get_window_extent()
        box = axes.get_window_extent()
        assert words.x0 > box.x1 if narrow else words.y0 > box.y1
        assert figure.bbox.contains(words.x1, words.y1)
