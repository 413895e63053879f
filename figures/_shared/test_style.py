import re

import pytest

from figures._shared.style import NARROW, THEMES, draw, panels


def words(left, text, size=None):
    """Draw words that begin at this share of the width."""
    return lambda figure, theme: figure.text(left, 0.5, text, size=size)


def test_light_and_dark_differ_only_in_colour(tmp_path):
    def paint(figure, theme):
        axes = figure.add_axes((0.1, 0.4, 0.8, 0.5))
        axes.plot([0, 1], [0, 1], color=theme.truth)
        axes.text(0.5, 0.5, "a word", color=theme.error)
        axes.set(xticks=[0.5], yticks=[])

    draw(tmp_path / "lines", paint, width=200, height=100)
    light, dark = ((tmp_path / f"lines-{page}.svg").read_text(encoding="utf-8") for page in THEMES)
    for drawing, theme in zip((light, dark), THEMES.values(), strict=True):
        for colour in (theme.text, theme.truth, theme.error):
            assert colour.lower() in drawing
    assert light != dark
    colours_and_names_made_of_them = "#[0-9a-f]{6}|m[0-9a-f]{10}"
    rest = [re.sub(colours_and_names_made_of_them, "", drawing) for drawing in (light, dark)]
    assert rest[0] == rest[1]


def test_a_drawing_speaks_in_the_typeface_of_the_page(tmp_path):
    draw(tmp_path / "words", words(0.1, "A word → µm"), width=300, height=100)
    typefaces = set(
        re.findall(r'id="(\w+)-[\w]*-?[0-9a-f]+"', (tmp_path / "words-light.svg").read_text())
    )
    assert typefaces == {"SourceSans3", "DejaVuSans"}  # the arrow is not in it


def test_a_phone_gets_the_panels_below_each_other(tmp_path):
    places = []

    def paint(figure, theme):
        first, second = panels(figure, theme, 2)
        for axes in (first, second):
            axes.set(xticks=[], yticks=[])
        places.append((first.get_position(), second.get_position()))

    draw(tmp_path / "pair", paint, width=560, height=300, narrow=600)
    assert len(list(tmp_path.iterdir())) == 4
    narrow = (tmp_path / "pair-narrow-light.svg").read_text()
    assert f'viewBox="0 0 {NARROW} 600"' in narrow
    (first, second), *_, (above, below) = places
    assert first.x1 < second.x0 and first.y0 == second.y0
    assert above.y0 > below.y1 and above.x0 == below.x0


def test_a_number_that_an_axis_does_not_reach_may_lie_anywhere(tmp_path):
    def paint(figure, theme):
        axes = figure.add_axes((0.2, 0.4, 0.6, 0.5))
        axes.set(xlim=(0.1, 0.9), xticks=[0.5, 9], yticks=[])
        axes.set_xlim(0.1, 0.9)

    draw(tmp_path / "axis", paint, width=200, height=100)


@pytest.mark.parametrize(
    ("paint", "sizes", "reason"),
    [
        (words(0.1, "small", 11), {"width": 300}, "'small' has 11 px"),
        (words(0.1, "small", 13), {"width": 400}, "'small' has 13 px"),  # 11 px on a phone
        (words(0.8, "far too long for it"), {"width": 200}, "leaves the drawing"),
        (words(0.1, "fine"), {"width": 560}, "give the height of its narrow form"),
    ],
)
def test_words_that_nobody_could_read_are_refused(tmp_path, paint, sizes, reason):
    with pytest.raises(ValueError, match=reason):
        draw(tmp_path / "words", paint, height=100, **sizes)
    assert not list(tmp_path.iterdir())
