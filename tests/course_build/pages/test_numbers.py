"""Numbers that scripts measured stand in pages, each under the name of its figure or file."""

import json
import re

import pytest

from course_build import Stop
from course_build.pages import numbers
from tests.course_build.tiny_project import code, markdown, printed

VALUES = {"rays": {"count": 32, "shape": [1, 2], "name": "long", "mean": {"iou": 0.8512}}}


def test_a_number_stands_as_it_is_or_as_the_page_asks():
    text = "{{ rays.count }} rays, {{ rays.mean.iou | .2f }} ({{rays.count|.1f}})"
    assert numbers.fill(text, VALUES, "page.md") == "32 rays, 0.85 (32.0)"


def test_numbers_in_code_stay_as_they_are():
    text = "`{{ my_figure.count }}`\n\n```\n{{ my_figure.count }}\n```"
    assert numbers.fill(text, VALUES, "page.md") == text


def test_a_number_that_is_there_is_refused_in_code_where_readers_would_see_its_name():
    with pytest.raises(Stop, match=r"^page\.md: \{\{ rays\.count \}\} would stay as it is"):
        numbers.fill("This run left `{{ rays.count }}` files.", VALUES, "page.md")
    text = "This run left <code>{{ rays.count }}</code> files."
    assert numbers.fill(text, VALUES, "page.md") == "This run left <code>32</code> files."


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
def test_an_unknown_number_is_named_with_its_page(number):
    with pytest.raises(Stop, match=r"^page\.md: .*" + re.escape(number)):
        numbers.fill(f"There are {{{{ {number} }}}} rays.", VALUES, "page.md")


@pytest.fixture
def repository(project):
    """A repository with a figure's numbers, a training's and a build's."""
    project.write("figures/rays/data.json", '{"count": 32}')
    project.write("training/results/scores.json", '{"ap": 0.8}')
    project.write("src/course_build/measured/bundle.json", '{"wheels": 9}')
    return project


def test_a_figure_lends_its_numbers_the_name_of_its_folder_and_others_that_of_their_file(
    repository,
):
    assert numbers.load(repository.root) == {
        "rays": {"count": 32}, "scores": {"ap": 0.8}, "bundle": {"wheels": 9},
    }  # fmt: skip


def test_what_only_the_figure_itself_loads_is_no_number_of_the_pages(repository):
    repository.write("figures/rays/page.json", json.dumps({"count": 33}))
    assert numbers.load(repository.root)["rays"] == {"count": 32}


def test_numbers_that_cannot_be_read_are_named_with_their_file(repository):
    repository.write("figures/rays/data.json", "{")
    with pytest.raises(Stop, match=r"rays.data\.json: not JSON"):
        numbers.load(repository.root)


def test_two_files_may_not_give_one_name(repository):
    repository.write("figures/scores/data.json", "{}")
    with pytest.raises(Stop, match=r"scores\.json: the name 'scores' is taken by .*data\.json"):
        numbers.load(repository.root)


def test_a_page_is_built_with_its_numbers_and_a_notebook_is_left_alone(repository):
    repository.write("docs/page.md", "{{ rays.count }} rays")
    repository.notebook(
        "05_nuclei", markdown("Set {{ x.y }}."), code('f"{{x.y}}"', printed("{x.y}"))
    )
    assert "32 rays" in repository.page("page")
    assert "Set {{ x.y }}." in repository.page("notebooks/05_nuclei")


def test_an_unknown_number_stops_the_build_and_names_the_page(repository):
    repository.write("docs/page.md", "There are {{ rays.gone }} rays.")
    assert re.search(r"^page\.md: .*rays\.gone", repository.why_it_stops())
