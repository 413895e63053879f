"""Every picture of a page has a size and an alternative text, and lies on the site."""

import re

import pytest
from PIL import Image

from tests.course_build.tiny_project import code, png, shown


def test_a_picture_gets_its_size_and_waits_until_it_is_seen(project):
    project.write("docs/images/cells.webp")
    Image.new("RGB", (300, 120)).save(project.root / "docs" / "images" / "cells.webp")
    project.write("docs/tools/page.md", "![Two cells](../images/cells.webp)")
    (image,) = re.findall("<img[^>]*>", project.page("tools/page"))
    assert 'width="300"' in image and 'height="120"' in image
    assert 'loading="lazy"' in image and 'decoding="async"' in image


def test_a_drawing_keeps_its_shape_at_the_width_the_author_chose(project):
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 100"/>'
    project.write("docs/images/cells.svg", svg)
    text = "![Two cells](images/cells.svg#only-light){ width=200 loading=eager }"
    project.write("docs/index.md", text)
    (image,) = re.findall("<img[^>]*>", project.page(""))
    assert 'width="200"' in image and 'height="50"' in image and 'loading="eager"' in image


def test_a_phone_shows_the_narrow_form_of_a_drawing_that_has_one(project):
    box = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}"/>'
    for name, size in (("rays", (560, 280)), ("rays-narrow", (344, 600)), ("dots", (300, 100))):
        project.write(f"docs/images/{name}-light.svg", box.format(*size))
    text = "![Two rays](images/rays-light.svg)\n\n![Dots](images/dots-light.svg)"
    project.write("docs/index.md", text)
    page = project.page("")
    (picture,) = re.findall("<picture>.*?</picture>", page)
    assert re.search(
        r'<source media="\(max-width: [\d.]+em\)" srcset="images/rays-narrow-light.svg" '
        'width="344" height="600"><img [^>]*width="560" height="280"',
        picture,
    )
    assert page.count("<img") == 2


@pytest.mark.parametrize(("pixels", "wide"), [(300, False), (900, True)])
def test_a_wide_picture_scrolls_on_a_phone_on_every_page(project, pixels, wide):
    figure = {"name": "nuclei", "alt": "Nuclei"}
    picture = shown(image_png=png(pixels, pixels))
    project.notebook("05_nuclei", code("draw()", picture, figure=figure))
    project.write("docs/tools/stardist.md", "![Nuclei](../notebooks/figures/nuclei.webp)")
    for page in ("notebooks/05_nuclei", "tools/stardist"):
        assert ('class="wide"' in project.page(page)) is wide


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        ("![](images/cells.svg)", "has no alt text"),
        ('<img src="images/cells.svg">', "has no alt text"),
        ('<img alt="Two cells" src="images/gone.svg">', "is not on the site"),
        ("![Two cells](https://host.test/cells.png)", "comes from another host"),
        ("![Two cells](images/broken.svg)", "cannot be read"),
        ("![Two cells](images/broken.png)", "cannot be read"),
    ],
)
def test_a_bad_picture_stops_the_build_and_names_the_page(project, picture, reason):
    project.write("docs/images/cells.svg", '<svg width="4px" height="1px"/>')
    project.write("docs/images/broken.svg", "<svg")
    project.write("docs/images/broken.png", "no picture")
    project.write("docs/index.md", f"# Home\n\n{picture}")
    assert re.search(rf"index\.md: the picture .*{reason}", project.why_it_stops())
