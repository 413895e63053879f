"""Links as they lie in the repository become links on the site; dead ones stop the build."""

import pytest

from course_build.pages import links
from tests.course_build.tiny_project import code, markdown, printed

CARD = "src/bioimage_course/weights/stardist_nuclei/MODEL_CARD.md"


@pytest.fixture
def linked(project):
    """A project with a page, two notebooks and a card that can be linked to."""
    project.write("docs/tools/stardist.md", "# StarDist\n\n## Rays")
    project.write(CARD, "# Card")
    project.write("training/train.py", "")
    project.notebook("06_cells")
    return project


@pytest.mark.parametrize(
    ("link", "address"),
    [
        ("../docs/tools/stardist.md", "../../tools/stardist/"),
        ("../docs/tools/stardist.md#rays", "../../tools/stardist/#rays"),
        ("06_cells.ipynb", "../06_cells/"),
        (f"../{CARD}", "../../reference/models/stardist_nuclei/"),
        ("https://doi.org/10.1/a_b", "https://doi.org/10.1/a_b"),
        ("#title", "#title"),
    ],
)
def test_a_link_in_a_notebook_leads_to_the_page(linked, link, address):
    linked.notebook("05_nuclei", markdown(f"See [it and `code`]({link})."))
    assert f'<a href="{address}">it and <code>code</code></a>' in linked.page("notebooks/05_nuclei")


def test_a_link_by_reference_leads_to_the_page(linked):
    linked.notebook("05_nuclei", markdown("See [it][1].\n\n[1]: ../docs/tools/stardist.md"))
    assert '<a href="../../tools/stardist/">it</a>' in linked.page("notebooks/05_nuclei")


def test_a_link_to_a_file_that_is_not_published_loses_its_link_without_an_address(linked):
    linked.notebook("05_nuclei", markdown("See [the script](../training/train.py)."))
    assert "See the script." in linked.page("notebooks/05_nuclei")


def test_a_link_to_a_file_that_is_not_published_leads_to_the_repository(linked, addresses):
    linked.notebook("05_nuclei", markdown("See [this](../training/train.py), [all](../training)."))
    html = linked.page("notebooks/05_nuclei")
    assert 'href="https://github.com/facility/course/blob/main/training/train.py"' in html
    assert 'href="https://github.com/facility/course/tree/main/training"' in html


def test_code_is_not_searched_for_links(linked):
    text = "`a[0](gone.md)`\n\n```python\nb[1](gone.md)\n```"
    linked.notebook("05_nuclei", markdown(text))
    assert "a[0](gone.md)" in linked.page("notebooks/05_nuclei")


@pytest.mark.parametrize(
    "text",
    [
        "See [it](gone.md).",
        "See [it](../docs/tools/gone.md#rays).",
        "See [it](../../../etc/hosts).",
        "See [![picture](gone.png)](06_cells.ipynb).",
        "See [it][1].\n\n[1]: gone.md",
        'See <a href="gone.ipynb">it</a>.',
        'See <img alt="it" src="06_cells.png">.',
    ],
)
def test_a_dead_link_in_a_notebook_stops_the_build_and_names_the_cell(linked, text):
    linked.notebook("05_nuclei", code("print(1)", printed("1")), markdown(text))
    message = linked.why_it_stops()
    assert message.startswith("notebooks/05_nuclei.ipynb, cell 3 ('See ") and "link to" in message


def test_a_link_in_html_leads_on_too(linked):
    linked.notebook("05_nuclei", markdown('See <a href="06_cells.ipynb">it</a>.'))
    assert 'href="../06_cells/"' in linked.page("notebooks/05_nuclei")


@pytest.mark.parametrize(
    "target", ["../docs/tools/stardist.md#gone", "06_cells.ipynb#gone", "#gone"]
)
def test_a_dead_anchor_in_a_notebook_stops_the_build(linked, target):
    linked.notebook("05_nuclei", markdown(f"See [it]({target})."))
    assert "1 warnings in strict mode" in linked.why_it_stops()


def test_a_model_card_is_published_with_working_links(linked):
    linked.write(CARD, "# StarDist model\n\n[Run it](../../../../notebooks/06_cells.ipynb)")
    html = linked.page("reference/models/stardist_nuclei")
    assert "StarDist model" in html and 'href="../../../notebooks/06_cells/"' in html


def test_a_dead_link_in_a_model_card_stops_the_build_and_names_the_card(linked):
    linked.write(CARD, "# StarDist model\n\n[Run it](06_cells.ipynb)")
    assert linked.why_it_stops() == f"{CARD}: the link to '06_cells.ipynb' leads nowhere"


@pytest.mark.parametrize(
    ("source", "on_a_server", "on_disk"),
    [
        ("tools/stardist.md", "tools/stardist/", "tools/stardist.html"),
        ("notebooks/05_nuclei.ipynb", "notebooks/05_nuclei/", "notebooks/05_nuclei.html"),
        ("index.md", "", "index.html"),
        ("../teach/index.md", "../teach/", "../teach/index.html"),
    ],
)
def test_a_file_becomes_a_folder_on_a_server_and_a_page_on_disk(source, on_a_server, on_disk):
    assert links.built_address(source) == on_a_server
    assert links.built_address(source, folders=False) == on_disk


@pytest.mark.parametrize(
    ("target", "page"),
    [
        ("../docs/tools/stardist.md#rays", ("tools/stardist.md", "#rays")),
        ("../docs/index.md", ("index.md", "")),
        ("06_cells.ipynb", (None, "")),
        ("../training/train.py", (None, "")),
        ("https://a.test/docs/page.md", (None, "")),
        ("#title", (None, "#title")),
    ],
)
def test_a_page_of_the_docs_is_told_from_whatever_else_a_notebook_links(target, page):
    assert links.linked_page(target, "notebooks/05_nuclei.ipynb") == page


def test_links_outside_code_are_made_anew_and_those_that_stay_keep_their_title():
    text = '[a](b.md) [c](d.md "title") ![e](f.md) `[g](b.md)`'
    new = links.each_link(text, lambda words, target: "new" if target == "b.md" else None)
    assert new == 'new [c](d.md "title") ![e](f.md) `[g](b.md)`'
    assert links.targets(text) == ["b.md", "d.md", "f.md"]
