"""Formulas are rendered while the site is built: pages with math need no script."""

import re

from tests.course_build.tiny_project import markdown

FORMULA = r"$\frac{a}{b}$"


def test_math_is_rendered_in_pages_and_notebooks_without_a_script(project):
    project.with_katex()
    project.write("docs/page.md", f"A fraction {FORMULA}.\n\n$$\nx < y\n$$")
    project.notebook("05_nuclei", markdown(FORMULA))
    site = project.build()
    for path in ("page", "notebooks/05_nuclei"):
        html = (site / path / "index.html").read_text()
        assert 'class="katex"' in html and "<math" in html and "<script" not in html
        stylesheet = re.search(r'<link rel="stylesheet" href="([^"]+)"></head>', html)[1]
        assert (site / path / stylesheet).resolve().is_file()
    assert 'class="katex-display"' in (site / "page" / "index.html").read_text()


def test_a_page_without_math_loads_nothing_for_it(project):
    project.with_katex()
    assert "katex" not in project.page("")


def test_only_one_format_of_each_math_font_is_published(project):
    project.with_katex()
    folder = project.build() / "assets" / "katex"
    css = (folder / "katex.min.css").read_text()
    fonts = set(re.findall(r"url\(([^)]+)\)", css))
    assert len(fonts) >= 16 and all(font.endswith(".woff2") for font in fonts)
    assert fonts == {f"fonts/{file.name}" for file in (folder / "fonts").iterdir()}


def test_a_wrong_formula_stops_the_build_and_names_page_and_formula(project):
    project.with_katex()
    project.write("docs/page.md", r"A wrong one: $\frac{a}$.")
    assert re.search(
        r"page\.md: the formula .*frac\{a\}.* does not compile", project.why_it_stops()
    )


def test_math_without_katex_stops_the_build_and_says_what_to_run(project):
    project.write("docs/page.md", r"Not seen before: $\alpha_{31}$")
    assert re.search("npm ci", project.why_it_stops())
