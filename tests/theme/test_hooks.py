"""Addresses, numbers, math, pictures and fonts on every kind of page."""

import json
import re
import subprocess
import zipfile

import pytest
from PIL import Image
from tiny_project import code, markdown, printed

FORMULA = r"$\frac{a}{b}$"


# Addresses


def test_without_addresses_no_page_has_links_that_need_one(project):
    project.notebook("05_nuclei", code("print('COURSE_WHEEL')", printed("1")))
    html = project.page("notebooks/05_nuclei")
    assert "://" not in html and "None" in html  # the template writes the edit address
    assert not list((project.root / "site").rglob("*.ipynb"))


def test_with_addresses_a_notebook_offers_colab_download_and_edit(project, addresses):
    project.notebook("05_nuclei", code("print(1)", printed("1")))
    html = project.page("notebooks/05_nuclei")
    colab = "https://colab.research.google.com/github/facility/course/blob/gh-pages/notebooks/"
    assert f'href="{colab}05_nuclei.ipynb"' in html
    assert 'href="../05_nuclei.ipynb" download="05_nuclei.ipynb"' in html
    assert "https://github.com/facility/course/edit/main/notebooks/05_nuclei.ipynb" in html
    copy = (project.root / "site" / "notebooks" / "05_nuclei.ipynb").read_text()
    wheel = "https://course.test/lessons/wheels/bioimage_course-1.2.3-py3-none-any.whl"
    setup = json.loads(copy)["cells"][1]
    assert setup["metadata"]["tags"] == ["setup"] and f'"{wheel}"' in "".join(setup["source"])


def test_a_published_notebook_leads_to_pages_by_their_address(project, addresses):
    project.write("docs/tools/net.md", "# Net\n\n## Use")
    text = "[Net](../docs/tools/net.md#use) [home](../docs/index.md) [next](06_cells.ipynb)"
    project.notebook("05_nuclei", markdown(text))
    project.notebook("06_cells")
    copy = (project.build() / "notebooks" / "05_nuclei.ipynb").read_text()
    assert "".join(json.loads(copy)["cells"][1]["source"]) == (
        "[Net](https://course.test/lessons/tools/net/#use) [home](https://course.test/lessons/) "
        "[next](06_cells.ipynb)"
    )


def test_students_get_a_zip_without_solutions_and_colab_finds_each_notebook(project, addresses):
    project.notebook(
        "05_nuclei",
        code("mine = 0", tags=["exercise"]),
        code("right = 42", printed("42"), tags=["solution"]),
    )
    site = project.build()
    text = (site / "notebooks" / "student" / "05_nuclei.ipynb").read_text()
    assert "mine = 0" in text and "42" not in text
    assert "https://course.test/lessons/wheels/bioimage_course-1.2.3" in text
    with zipfile.ZipFile(site / "teach" / "student-notebooks.zip") as archive:
        assert archive.read("student-notebooks/05_nuclei.ipynb").decode() == text


def test_students_get_the_zip_without_any_address(project):
    project.notebook("05_nuclei", code("mine = 0", printed("0"), tags=["exercise"]))
    assert (project.build() / "teach" / "student-notebooks.zip").is_file()


def test_a_reader_who_runs_half_a_notebook_can_still_serve_but_not_publish(project):
    project.notebook("05_nuclei", code("print(1)", printed("as committed\n")))
    git = ["git", "-c", "user.name=reader", "-c", "user.email=reader@course.test"]
    for command in (["init", "-q"], ["add", "notebooks"], ["commit", "-q", "-m", "Add"]):
        subprocess.run([*git, *command], cwd=project.root, check=True)
    project.notebook("05_nuclei", code("print(1)", count=None))
    assert "has not been executed" in project.why_it_stops()
    page = project.build("serve") / "notebooks" / "05_nuclei" / "index.html"
    assert "as committed" in page.read_text(encoding="utf-8")
    assert "as committed" not in (project.root / "notebooks/05_nuclei.ipynb").read_text()


def test_colab_is_offered_for_github_only(project, addresses, monkeypatch):
    monkeypatch.setenv("REPO_URL", "https://git.facility.test/course")
    project.notebook("05_nuclei")
    html = project.page("notebooks/05_nuclei")
    assert "colab.research" not in html and "Download" in html


@pytest.mark.parametrize(
    ("page", "source"),
    [
        ("tools/stardist", "docs/tools/stardist.md"),
        ("reference/models/net", "src/bioimage_course/weights/net/MODEL_CARD.md"),
    ],
)
def test_the_edit_link_leads_to_the_file_a_page_is_made_from(project, addresses, page, source):
    project.write(source, "# Title")
    assert f"https://github.com/facility/course/edit/main/{source}" in project.page(page)


# Numbers


def test_pages_quote_numbers_from_the_pages_data_and_the_training_results(project):
    project.write("docs/data/rays.json", '{"count": 32}')
    project.write("training/results/scores.json", '{"net": {"ap": 0.8512}}')
    project.write(
        "docs/page.md", "{{ rays.count }} rays, {{ scores.net.ap | .2f }} ({{rays.count|.1f}})"
    )
    html = project.page("page")
    assert "32 rays, 0.85 (32.0)" in html
    assert not (project.root / "site" / "data").exists()


def test_numbers_in_code_and_in_notebooks_stay_as_they_are(project):
    project.write("docs/page.md", "`{{ rays.gone }}`\n\n```\n{{ rays.gone }}\n```")
    project.notebook("05_nuclei", markdown("Set {{ x.y }}."), code('f"{{x.y}}"', printed("{x.y}")))
    assert project.page("page").count("{{ rays.gone }}") == 2
    assert "Set {{ x.y }}." in project.page("notebooks/05_nuclei")


@pytest.mark.parametrize(
    "number",
    [
        "gone.count",
        "rays.gone",
        "rays.shape",
        "rays",
        "rays.count | .2x",
        "rays.name | .2f",
        "1 + 1",
    ],
)
def test_an_unknown_number_stops_the_build_and_names_the_page(project, number):
    project.write("docs/data/rays.json", '{"count": 32, "shape": [1, 2], "name": "long"}')
    project.write("docs/page.md", f"There are {{{{ {number} }}}} rays.")
    assert re.search(r"^page\.md: .*" + re.escape(number), project.why_it_stops())


def test_unreadable_numbers_stop_the_build_and_name_the_file(project):
    project.write("docs/data/rays.json", "{")
    assert re.search(r"rays\.json: not JSON", project.why_it_stops())


def test_two_files_of_numbers_with_one_name_stop_the_build(project):
    project.write("docs/data/scores.json", "{}")
    project.write("training/results/scores.json", "{}")
    assert re.search("the name 'scores' is taken", project.why_it_stops())


# Math


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


# Pictures


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


# Size


def test_code_keeps_its_text_and_loses_the_tags_that_show_nothing(project):
    source = "def f(a, b):\n    return a.size + 1  # all\n\n\nx = f(1, 2)"
    project.notebook("05_nuclei", code(source, printed("1")))
    html = project.page("notebooks/05_nuclei")
    block = re.search(r"<pre>.*?</pre>", html, re.S)[0]
    assert re.sub(r"<[^>]+>", "", block).strip() == source
    assert '<span class="k">return</span> a.size + <span class="mi">1</span>' in block


def test_indentation_of_the_template_is_left_out(project):
    project.write("overrides/main.html", "<main>\n\n    <p>one\n      two</p>\n</main>")
    assert project.page("") == "<main>\n<p>one\ntwo</p>\n</main>"


# Fonts


def test_the_text_font_is_published(project):
    assert (project.build() / "assets" / "fonts" / "a-latin-wght-normal.woff2").exists()


def test_a_missing_font_stops_the_build_and_says_what_to_run(project):
    next((project.root / "node_modules").rglob("*.woff2")).unlink()
    assert re.search("npm ci", project.why_it_stops())


# Figures


def test_only_a_page_with_an_interactive_figure_loads_its_stylesheet(project):
    project.write("docs/stylesheets/figures/toy.css", "p {}")
    project.write("docs/plain.md", "# Plain\n\nText about `data-figure`.\n")
    project.write("docs/toy.md", '# Toy\n\n<figure data-figure="toy"><p>Text.</p></figure>\n')
    link = '<link rel="stylesheet" href="../stylesheets/figures/toy.css">'
    assert link in project.page("toy")
    assert "toy.css" not in (project.root / "site" / "plain" / "index.html").read_text()


def test_a_figure_without_a_stylesheet_of_its_own_asks_for_none(project):
    project.write("docs/toy.md", '# Toy\n\n<figure data-figure="toy"><p>Text.</p></figure>\n')
    assert "toy.css" not in project.page("toy")
