"""A page names a figure in one line, and a picture once: the build puts in the rest."""

import pytest

from course_build import Stop
from course_build.pages import figures

LINE = '--8<-- "figures/toy/figure.md"'
PAGE = "tools/stardist.md"


@pytest.fixture
def root(tmp_path):
    """A repository with the interactive figure `toy`, which has a picture for each scheme."""
    folder = tmp_path / "figures" / "toy"
    folder.mkdir(parents=True)
    for name in ("figure.js", "figure.css", "page.json", "toy-light.svg", "toy-dark.svg"):
        (folder / name).touch()
    (folder / "figure.md").write_text('<figure data-figure="toy">\nRays\n</figure>\n')
    return tmp_path


def expanded(text, root, where=PAGE):
    return figures.expand(text, where, root)


def test_the_figures_text_stands_where_the_page_names_it(root):
    page = expanded(f"# Rays\n\n{LINE}\n\nAfter it.\n", root)
    assert page == '# Rays\n\n<figure data-figure="toy">\nRays\n</figure>\n\nAfter it.\n'


@pytest.mark.parametrize("text", [f"```\n{LINE}\n```", f"Write `{LINE}`.", f"    {LINE}"])
def test_a_line_that_a_page_only_shows_stays_as_it_is(root, text):
    assert expanded(text, root) == text


@pytest.mark.parametrize(
    ("where", "written", "put_in"),
    [
        (PAGE, "[dots](page.json)", "[dots](../figures/toy/page.json)"),
        (PAGE, "![dots](toy-light.svg#only-light)", "![dots](../figures/toy/toy-light.svg#only-"),
        (PAGE, "[why](../../tools/cellpose.md#flow)", "[why](cellpose.md#flow)"),
        ("index.md", "[why](../../tools/cellpose.md)", "[why](tools/cellpose.md)"),
        (PAGE, "[out](https://doi.org/10.1/a)", "[out](https://doi.org/10.1/a)"),
        (PAGE, "[below](#rays)", "[below](#rays)"),
    ],
)
def test_a_link_written_from_the_figures_folder_leads_on_from_the_page(
    root, where, written, put_in
):
    (root / "figures" / "toy" / "figure.md").write_text(written)
    assert put_in in expanded(LINE, root, where)


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ('--8<-- "figures/gone/figure.md"', "figures/gone/figure.md"),
        ('<figure data-figure="gone"></figure>', "figures/gone/figure.js"),
    ],
)
def test_an_unknown_figure_is_named_with_the_page(root, text, missing):
    with pytest.raises(Stop, match=rf"^{PAGE}: there is no figure 'gone': {missing} is missing"):
        expanded(text, root)


def test_a_picture_with_a_dark_twin_is_shown_with_it_and_the_same_words(root):
    written = "![Two rays](../figures/toy/toy-light.svg){ width=300 }"
    assert figures.light_and_dark(written, PAGE, root) == (
        "![Two rays](../figures/toy/toy-light.svg#only-light){ width=300 }"
        "![Two rays](../figures/toy/toy-dark.svg#only-dark){ width=300 }"
    )


@pytest.mark.parametrize(
    "text",
    [
        "![One](../figures/toy/other.webp)",
        "![No twin](../figures/gone/gone-light.svg)",
        "![By hand](../figures/toy/toy-light.svg#only-light)",
        "`![In code](../figures/toy/toy-light.svg)`",
        "[a link](../figures/toy/toy-light.svg)",
    ],
)
def test_other_pictures_stay_as_they_are(root, text):
    assert figures.light_and_dark(text, PAGE, root) == text


def test_only_what_a_reader_needs_of_a_folder_is_published(root):
    for name in ("compute.py", "data.json", "answers.json", "stamp.json", "figure.test.mjs"):
        (root / "figures" / "toy" / name).touch()
    (root / "figures" / "_shared").mkdir()
    for name in ("elements.js", "frame.css", "style.py"):
        (root / "figures" / "_shared" / name).touch()
    assert sorted(figures.published(root)) == [
        "figures/_shared/elements.js",
        "figures/_shared/frame.css",
        "figures/toy/figure.css",
        "figures/toy/figure.js",
        "figures/toy/page.json",
        "figures/toy/toy-dark.svg",
        "figures/toy/toy-light.svg",
    ]
