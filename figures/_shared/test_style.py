import re

from figures._shared.style import THEMES, draw


def test_light_and_dark_differ_only_in_colour(tmp_path):
    def paint(figure, theme):
        axes = figure.add_axes((0.1, 0.1, 0.8, 0.8))
        axes.plot([0, 1], [0, 1], color=theme.truth)
        axes.text(0.5, 0.5, "a word", color=theme.error)

    draw(tmp_path / "lines", paint, width=200, height=100)
    light, dark = ((tmp_path / f"lines-{page}.svg").read_text(encoding="utf-8") for page in THEMES)
    for drawing, theme in zip((light, dark), THEMES.values(), strict=True):
        for colour in (theme.text, theme.truth, theme.error):
            assert colour.lower() in drawing
    assert light != dark
    colours_and_names_made_of_them = "#[0-9a-f]{6}|m[0-9a-f]{10}"
    rest = [re.sub(colours_and_names_made_of_them, "", drawing) for drawing in (light, dark)]
    assert rest[0] == rest[1]
