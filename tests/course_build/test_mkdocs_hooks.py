"""What MkDocs is told: addresses, edit links, fonts, figures and printed files of every page."""

import io
import json
import re
import subprocess
import zipfile

import pytest
from PIL import Image

from tests.course_build.tiny_project import code, markdown, printed

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
    assert 'download="05_nuclei.ipynb" href="../05_nuclei.ipynb"' in html
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


# Size


def test_code_keeps_its_text_and_loses_the_tags_that_show_nothing(project):
    source = "def f(a, b):\n    return a.size + 1  # all\n\n\nx = f(1, 2)"
    project.notebook("05_nuclei", code(source, printed("1")))
    html = project.page("notebooks/05_nuclei")
    block = re.search(r"<pre>.*?</pre>", html, re.S)[0]
    assert re.sub(r"<[^>]+>", "", block).strip() == source
    assert '<span class="k">return</span> a.size + <span class="mi">1</span>' in block


def test_the_pieces_of_a_string_that_share_a_colour_are_one_piece(project):
    project.notebook("05_nuclei", code('print(f"{count} nuclei\\n", 3)', printed("1")))
    html = project.page("notebooks/05_nuclei")
    assert '<span class="s2">f"{</span>count<span class="s2">} nuclei\\n"</span>, ' in html.replace(
        "&quot;", '"'
    )


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


@pytest.fixture
def toy(project):
    """A project with the interactive figure `toy`, and a page that names it."""
    project.write("figures/toy/figure.js", "export const mount = () => {};")
    project.write("figures/toy/figure.md", '<figure data-figure="toy"><p>Text.</p></figure>\n')
    project.write("docs/toy.md", '# Toy\n\n--8<-- "figures/toy/figure.md"\n')
    return project


def test_only_a_page_with_an_interactive_figure_loads_its_stylesheet(toy):
    toy.write("figures/toy/figure.css", "p {}")
    toy.write("figures/_shared/frame.css", "p {}")
    toy.write("docs/plain.md", "# Plain\n\nText about `data-figure`.\n")
    links = [f'<link rel="stylesheet" href="../figures/{name}.css">'
             for name in ("_shared/frame", "toy/figure")]  # fmt: skip
    assert "".join(links) in toy.page("toy"), "what is a figure's own comes last, and wins"
    plain = (toy.root / "site" / "plain" / "index.html").read_text()
    assert "figure.css" not in plain and "frame.css" not in plain
    assert (toy.root / "site" / "figures" / "_shared" / "frame.css").is_file()
    assert (toy.root / "site" / "figures" / "toy" / "figure.js").is_file()


def test_a_figure_without_a_stylesheet_of_its_own_asks_for_none(toy):
    assert "figure.css" not in toy.page("toy")


def test_a_picture_that_has_a_dark_twin_is_published_and_shown_with_it(project):
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 100"/>'
    for scheme in ("light", "dark"):
        project.write(f"figures/rays/rays-{scheme}.svg", svg)
    project.write("docs/tools/page.md", "![Two rays](../figures/rays/rays-light.svg)")
    pictures = re.findall(r'<img alt="Two rays" src="([^"]+)"', project.page("tools/page"))
    assert pictures == [
        "../../figures/rays/rays-light.svg#only-light",
        "../../figures/rays/rays-dark.svg#only-dark",
    ]


# Slides and worksheets


@pytest.fixture
def deck(project):
    """A project with the source of one deck, and a page that leads to it."""
    project.write("docs/teach/slides/stardist.md", "# Rays")
    text = "[On screen](slides/stardist.html) or [to print](slides/stardist.pdf)"
    text += "\n\n[![Slide: Rays](slides/stardist.webp)<br>See](slides/stardist.html) [all](kit.zip)"
    project.write("docs/teach/slides.md", f"# Slides\n\n{text}\n")
    project.configure("exclude_docs: |\n", "exclude_docs: |\n  teach/slides/*.md\n")
    return project


DECK = '<a href="../../tools/net/index.html#use">'


def test_slides_that_are_not_made_yet_leave_their_words_and_no_dead_link(deck):
    html = deck.page("teach/slides")
    assert "On screen or to print" in html and "href" not in html
    assert "See all" in html and "<img" not in html
    assert not (deck.root / "site" / "teach" / "slides" / "stardist.html").exists()


def test_slides_that_are_made_are_published_and_linked(deck):
    deck.write("build/print/teach/slides/stardist.html", DECK)
    deck.write("build/print/teach/slides/stardist.pdf", b"%PDF-")
    small = io.BytesIO()
    Image.new("RGB", (32, 18)).save(small, "WEBP")
    deck.write("build/print/teach/slides/stardist.webp", small.getvalue())
    html = deck.page("teach/slides")
    assert '<a href="stardist.html">On screen</a> or <a href="stardist.pdf">to print</a>' in html
    assert re.search(r'<a href="stardist.html"><img [^>]*src="stardist.webp"[^>]*><br', html)
    made = deck.root / "site" / "teach" / "slides" / "stardist.html"
    assert made.read_text() == DECK
    assert made.with_suffix(".pdf").read_bytes() == b"%PDF-"


def test_on_disk_a_deck_leads_to_the_pages_as_they_lie_there(deck):
    deck.write("build/print/teach/slides/stardist.html", DECK)
    deck.configure("site_name", "use_directory_urls: false\nsite_name")
    made = deck.build() / "teach" / "slides" / "stardist.html"
    assert made.read_text() == '<a href="../../tools/net.html#use">'
