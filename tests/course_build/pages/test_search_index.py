"""The index of the search: which words of a page go into it, and under which heading."""

import pytest

from course_build import Stop
from course_build.pages import search_index
from course_build.pages.search_index import Section, page_entry, read_synonyms, sections

PAGE = """
<h1 id="stardist">StarDist<a class="headerlink" href="#stardist">¶</a></h1>
<p>It finds <button class="term">nuclei</button>, even crowded<span class="definition"
data-search-exclude>close to <b>each</b> other<br></span> ones.</p>
<h2 id="thresholds">The <em>two</em> thresholds</h2>
<table><tr><th>too low</th><th>too high</th></tr><tr><td>ghosts</td><td></td></tr></table>
<p>Where \
<span class="arithmatex">\\(p\\)</span> is high, <code>prob_thresh</code> lets it pass.</p>
<pre><code>model.predict(image, prob_thresh=0.5)  # predict</code></pre>
<h3 id="exercises">Exercises</h3>
<div class="quiz"><p>Which answer is right?</p></div>
"""


def test_each_section_has_its_heading_its_text_and_the_words_of_its_code():
    assert sections(PAGE) == [
        Section("", 1, "StarDist", "It finds nuclei, even crowded ones."),
        Section(
            "thresholds",
            2,
            "The two thresholds",
            "too low · too high · ghosts · Where is high, prob_thresh lets it pass.",
            "image model predict",
        ),
        Section("exercises", 3, "Exercises"),
    ]


def test_text_after_an_excluded_part_is_found_again():
    page = "<div data-search-exclude><p>output <img src=a><div>deep</div></div><p>after</p>"
    assert sections(page) == [Section("", 1, "", "after")]


def test_a_tag_that_nobody_closes_hides_nothing():
    assert sections("<ul><li>one<li>two</ul><pre>code</pre><p>three")[0].text == "one two three"


def test_a_chapter_weighs_more_than_a_notebook_and_both_more_than_the_kit():
    weights = [
        page_entry(url, "", "")["weight"]
        for url in ("tools/stardist/", "reference/faq/", "notebooks/05/", "teach/hub/")
    ]
    assert weights == sorted(weights, reverse=True) and len(set(weights)) == 4


def test_the_script_gives_back_what_went_in():
    entry = page_entry("a/", "µm “</script>”", "<p>x</p>", part="Tools", description="Why?")
    text = search_index.script([entry], [["GPU", "CUDA"]])
    assert search_index.read_script(text) == {
        "pages": [
            {
                "url": "a/",
                "title": "µm “</script>”",
                "part": "Tools",
                "description": "Why?",
                "weight": 1,
                "sections": [["", 1, "", "x", ""]],
            }
        ],
        "synonyms": [["GPU", "CUDA"]],
    }


def test_the_page_keeps_no_mark_that_only_the_index_reads():
    page = '<p data-search-exclude>a</p><p class="b" data-search-exclude="">b</p>'
    assert search_index.without_marks(page) == '<p>a</p><p class="b">b</p>'


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("- [alone]", "two or more"),
        ("- words", "two or more"),
        ("- [2, two]", "quotation marks"),
        ("- [blur, unsharp]\n- [Blur, defocus]", "stands in"),
    ],
)
def test_a_line_of_synonyms_that_cannot_be_meant_is_named(text, fault):
    with pytest.raises(Stop, match=fault):
        read_synonyms(text)


def test_a_file_without_synonyms_has_none():
    assert read_synonyms("# none yet\n") == []
