"""Papers are cited by key, and listed from one BibTeX file."""

import pytest
from bs4 import BeautifulSoup

BIB = """
@article{doe2020,
  author = {Doe, Jane and Roe, Richard},
  title = {Two {N}uclei},
  journal = {Journal of Cells}, volume = {3}, pages = {1--9}, year = {2020}, doi = {10.1/abc},
}
@misc{abel1999,
  author = {van Abel, Ann B. and Doe, Jane and others},
  title = {Rays}, year = {1999}, eprint = {9901.00001},
}
"""


@pytest.fixture
def cited(project):
    project.write("docs/reference/references.bib", BIB)
    project.write("docs/reference/references.md", "# References\n\n<!-- references -->\n")

    def page(text, path="concepts/chapter"):
        project.write(f"docs/{path}.md", f"# Chapter\n\n{text}\n")
        return BeautifulSoup(project.page(path), "html.parser")

    return page


def test_a_citation_names_its_authors_and_leads_to_the_list(cited):
    links = cited("As shown [@doe2020] and [@abel1999].").main.find_all("a")
    assert [(a.get_text(), a["href"]) for a in links] == [
        ("Doe and Roe 2020", "../../reference/references/#doe2020"),
        ("van Abel et al. 1999", "../../reference/references/#abel1999"),
    ]


def test_code_is_left_alone(cited):
    assert "[@doe2020]" in cited("Write `[@doe2020]`.").main.get_text()


def test_the_list_gives_each_paper_its_anchor_and_address(cited, project):
    cited("Text.")
    html = (project.root / "site" / "reference" / "references" / "index.html").read_text()
    entries = BeautifulSoup(html, "html.parser").select("p.reference")
    assert [entry["id"] for entry in entries] == ["doe2020", "abel1999"]
    assert entries[0].get_text() == (
        "Doe J, Roe R (2020). Two Nuclei. Journal of Cells 3, 1–9. doi:10.1/abc"
    )
    assert entries[0].a["href"] == "https://doi.org/10.1/abc"
    assert entries[1].a["href"] == "https://arxiv.org/abs/9901.00001"
    assert "et al." in entries[1].get_text()


def test_an_unknown_key_stops_the_build(cited, project):
    project.write("docs/concepts/chapter.md", "# Chapter\n\nSee [@nobody2000].\n")
    assert "no entry 'nobody2000'" in project.why_it_stops()


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (BIB.replace("doi = {10.1/abc},", ""), "needs a doi"),
        (BIB.replace("year = {1999},", ""), "has no year"),
        (BIB.replace("author = {van", "editor = {van"), "has no author"),
        ("@article{doe2020, title = {", "not BibTeX"),
    ],
    ids=["no address", "no year", "no author", "cut off"],
)
def test_an_entry_that_no_reader_could_follow_stops_the_build(project, broken, message):
    project.write("docs/reference/references.bib", broken)
    assert message in project.why_it_stops()
