"""What becomes of a notebook's cells, and which notebooks stop the build."""

import io
import re

import pytest
from PIL import Image

from course_build.notebooks import page
from course_build.pages import search_index
from tests.course_build.tiny_project import COURSE, code, markdown, png, printed, shown

FIGURE = {"name": "nuclei-outlines", "alt": "Outlines of 125 nuclei"}


def text_of(html):
    return re.sub(r"<[^>]+>", "", html)


def test_a_notebook_becomes_a_page_without_being_copied_into_docs(project):
    project.notebook("05_nuclei", code("print(125)", printed("125\n")))
    html = project.page("notebooks/05_nuclei")
    assert "<h1" in html and "print" in html and "125" in text_of(html)
    assert sorted(file.name for file in (project.root / "docs").rglob("*")) == ["index.md"]


def test_a_page_can_link_to_a_notebook(project):
    project.notebook("05_nuclei")
    project.write("docs/tools/stardist.md", "[run it](../notebooks/05_nuclei.ipynb#title)")
    assert 'href="../../notebooks/05_nuclei/#title"' in project.page("tools/stardist")


def test_a_picture_becomes_a_file_with_size_and_alt_text(project):
    project.notebook("05_nuclei", code("draw()", shown(image_png=png(300, 150)), figure=FIGURE))
    html = project.page("notebooks/05_nuclei")
    (image,) = re.findall("<img[^>]*>", html)
    assert 'alt="Outlines of 125 nuclei"' in image
    assert 'src="../figures/nuclei-outlines.webp"' in image
    assert 'width="200"' in image and 'height="100"' in image
    assert 'loading="lazy"' in image and 'decoding="async"' in image
    assert "base64" not in html
    picture = Image.open(project.root / "site" / "notebooks" / "figures" / "nuclei-outlines.webp")
    assert (picture.format, picture.size) == ("WEBP", (300, 150))


def test_a_large_photograph_is_compressed(project):
    file = io.BytesIO()
    Image.effect_noise((600, 600), 60).save(file, "PNG")
    data = __import__("base64").b64encode(file.getvalue()).decode()
    project.notebook("05_nuclei", code("draw()", shown(image_png=data), figure=FIGURE))
    webp = project.build() / "notebooks" / "figures" / "nuclei-outlines.webp"
    assert webp.stat().st_size < len(file.getvalue()) * 0.8


def test_a_page_can_show_a_notebooks_picture(project):
    project.notebook("05_nuclei", code("draw()", shown(image_png=png()), figure=FIGURE))
    source = "![Outlines of nuclei](../notebooks/figures/nuclei-outlines.webp)"
    project.write("docs/tools/stardist.md", source)
    assert "../../notebooks/figures/nuclei-outlines.webp" in project.page("tools/stardist")


def test_alt_text_may_hold_signs_that_markdown_reads(project):
    figure = FIGURE | {"alt": "Scores [0, 1] of `prob_thresh` for $5 and *two* images"}
    project.notebook("05_nuclei", code("draw()", shown(image_png=png()), figure=figure))
    assert f'alt="{figure["alt"]}"' in project.page("notebooks/05_nuclei")


def test_solutions_in_a_row_are_folded_together(project):
    project.notebook(
        "05_nuclei",
        markdown("Because of *noise*.", "solution"),
        code("print(1)", printed("one\n"), tags=["solution"]),
        markdown("After."),
    )
    html = project.page("notebooks/05_nuclei")
    (fold,) = re.findall(r'<details class="solution">(.*?)</details>', html, re.S)
    assert "<summary>Solution</summary>" in fold
    assert "<em>noise</em>" in fold and "one" in fold and "After" not in fold


def test_code_that_is_not_the_lesson_is_folded_and_what_it_put_out_is_not(project):
    project.notebook("05_nuclei", code("assert 1", printed("fine")), code("lesson()", printed("2")))
    html = project.page("notebooks/05_nuclei")
    (fold,) = re.findall(r'<details class="code">(.*?)</details>', html, re.S)
    assert "<summary>Check</summary>" in fold and "assert" in fold
    assert "fine" not in fold and "fine" in html and "lesson" not in fold


HEAD = """# Title
Find every nucleus.

You will be able to: run a model · score it

**CPU · about 40 s** · before this: [Home](../docs/index.md)"""


def test_the_page_opens_with_its_promise_and_a_picture_of_the_result(project):
    picture = code("draw()", shown(image_png=png()), figure=FIGURE, tags=["result"])
    project.notebook("05_nuclei", markdown("## Part"), picture, title=HEAD)
    html = project.page("notebooks/05_nuclei")
    head, rest = html.split("<h2", 1)
    promise = re.search(r'<div class="promise">(.*?)</div>', head, re.S)[1]
    assert "<strong>You will be able to</strong> run a model · score it" in promise
    assert "about 40 s" in promise and "Find" not in promise
    (first,), (second,) = (re.findall("<img[^>]*>", part) for part in (head, rest))
    assert 'loading="eager"' in first and 'fetchpriority="high"' in first
    assert 'loading="lazy"' in second and "fetchpriority" not in second
    source = 'src="../figures/nuclei-outlines.webp"'  # one file, loaded once
    assert source in first and source in second
    assert head.index("promise") < head.index("Executed on") < head.index("<img")


def test_the_build_stops_when_two_pictures_or_none_are_tagged_as_the_result(project):
    result = code("draw()", shown(image_png=png()), figure=FIGURE, tags=["result"])
    second = code("draw()", shown(image_png=png()), figure=FIGURE | {"name": "b"}, tags=["result"])
    for cells in ([result, second], [code("1", tags=["result"]), code("print(1)", printed("1"))]):
        project.notebook("05_nuclei", *cells)
        assert "tagged `result`" in project.why_it_stops()


def test_every_part_says_where_it_stands_outside_of_its_heading(project):
    parts = [markdown("## One"), markdown("## Two"), markdown("## Sources")]
    project.notebook("05_nuclei", *parts)
    html = project.page("notebooks/05_nuclei")
    assert re.findall(r'data-part="([^"]*)"', html) == ["Part 1 of 2", "Part 2 of 2"]
    assert not re.search(r'<h2[^>]*data-part[^>]*id="sources"|id="sources"[^>]*data-part', html)
    assert "Part 1" not in text_of(html)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("**Next:** [b](06_b.ipynb)", None),
        ("**Next:** [b](06_b.ipynb) · more: [Home](../docs/index.md)", "More: Home"),
        ("**Next:** [b](06_b.ipynb), or\ngo [home](../docs/index.md)", "Or\ngo home"),
        ("**Next:** [Home](../docs/index.md)", "Next: Home"),
    ],
)
def test_the_text_does_not_repeat_where_the_foot_of_the_page_leads(project, text, left):
    project.notebook("05_a", markdown("Last."), markdown(text), title="# Title\n\nLead.")
    project.notebook("06_b")
    after = text_of(project.page("notebooks/05_a").split("Last.")[1].split("</main>")[0]).strip()
    assert after == (left or "")


def test_exercises_are_marked(project):
    project.notebook("05_nuclei", markdown("Try *0.3*.", "exercise"), markdown("After."))
    html = project.page("notebooks/05_nuclei")
    (exercise,) = re.findall(r'<div class="exercise">(.*?)</div>', html, re.S)
    assert "<em>0.3</em>" in exercise and "After" not in exercise


def test_the_set_up_cell_is_left_out_while_the_site_has_no_address(project):
    project.notebook("05_nuclei", code("print(1)", printed("1")))
    assert "pip" not in project.page("notebooks/05_nuclei")


def test_the_set_up_cell_is_folded_and_names_the_wheel_on_the_published_site(project, addresses):
    project.notebook("05_nuclei", markdown("Before."),
                     code("one()", printed("1"), tags=["exercise"]), code("two()"))  # fmt: skip
    html = project.page("notebooks/05_nuclei")
    (fold,) = re.findall(r'<details class="setup">(.*?)</details>', html, re.S)
    before, after = (text_of(part) for part in html.split(fold))
    assert "Before." in before and "one" not in before and "one" in after
    assert html.count('<div class="exercise">') == 1 and "google.colab" not in after
    wheel = "https://course.test/lessons/wheels/bioimage_course-1.2.3-py3-none-any.whl"
    assert wheel in text_of(fold)


def test_code_that_checks_an_answer_and_outputs_stay_out_of_search_and_other_code_does_not(project):
    tags = ["exercise", "answer-check"]
    project.notebook("05_nuclei", code("lesson()", printed("125")), code("known = 42", tags=tags))
    index = (project.build() / search_index.SCRIPT).read_text(encoding="utf-8")
    assert "lesson" in index
    assert "125" not in index and "known" not in index


def test_text_and_html_outputs_lose_what_belongs_to_the_terminal_and_to_jupyter(project):
    table = "<style>td {color: red}</style>\n\n<table><tr><th></th>\n\n<td>12</td></tr></table>"
    project.notebook(
        "05_nuclei",
        code("print(name)", printed("\x1b[31mred\x1b[0m & <b>\n")),
        code("table", shown(text_html=table, text_plain="12")),
    )
    html = project.page("notebooks/05_nuclei")
    assert "red &amp; &lt;b&gt;" in html and "\x1b" not in html
    assert "<td></td>\n<td>12</td>" in html and "color: red" not in html


def test_outputs_stored_as_lists_of_lines_are_joined(project):
    output = {"output_type": "stream", "name": "stdout", "text": ["one\n", "two"]}
    project.notebook("05_nuclei", code(["a = 1\n", "b = 2"], output))
    assert "one\ntwo" in project.page("notebooks/05_nuclei")


def test_code_that_holds_a_fence_stays_code(project):
    project.notebook("05_nuclei", code('text = """\n```\n# no heading\n```\n"""', printed("1")))
    html = project.page("notebooks/05_nuclei")
    assert html.count("<h1") == 1 and "# no heading" in text_of(html)


def test_code_in_text_scrolls_in_its_own_box(project):
    project.notebook("05_nuclei", markdown("Like this:\n\n```python\nmodel.predict(1)\n```"))
    html = project.page("notebooks/05_nuclei")
    assert re.search(r"<pre><code>.*predict.*</code></pre>", html, re.S)


def test_jupyter_lists_and_folds_are_markdown_here_too(project):
    project.notebook(
        "05_nuclei",
        markdown("Three of `them`:\n- *one*\n- two\n    - nested"),
        markdown("<details><summary>Why?</summary>\n\nBecause of *noise*.\n\n</details>"),
    )
    html = project.page("notebooks/05_nuclei")
    assert "<li><em>one</em></li>" in html and html.count("<ul>") == 2
    assert "<em>noise</em>" in html


def test_a_notebook_says_on_and_with_what_it_ran(project):
    course = COURSE | {"packages": {"stardist": "0.9.2", "numpy": "2.0.2"}}
    project.notebook("05_nuclei", course=course)
    html = project.page("notebooks/05_nuclei")
    line = text_of(re.search(r'</h1>\s*<p class="freshness">(.*?)</p>', html)[1])
    assert line == "Executed on the CPU · Python 3.11.7 · stardist 0.9.2 · numpy 2.0.2"


ELSEWHERE = {"runs": "elsewhere", "why": "it needs a GPU", "packages": {"cellpose": "4.2.1.1"}}


def test_a_notebook_that_runs_elsewhere_says_so_and_needs_no_outputs(project):
    project.notebook("14_sam", code("print(1)", count=None), course=ELSEWHERE)
    html = project.page("notebooks/14_sam")
    line = text_of(re.search(r'</h1>\s*<p class="freshness">(.*?)</p>', html)[1])
    assert line == (
        "Not executed here: it needs a GPU. Its outputs appear when you run it · cellpose 4.2.1.1"
    )
    assert "print" in text_of(html)


@pytest.mark.parametrize(
    ("cell", "course", "reason"),
    [
        (code("print(1)", printed("1"), count=None), ELSEWHERE, "has outputs, but"),
        (code("print(1)", count=1), ELSEWHERE, "has outputs, but"),
        (code("print(1)", count=None), {"runs": "elsewhere"}, "lacks packages, why: say why"),
        (code("print(1)", count=None), ELSEWHERE | {"runs": "here"}, "lacks device"),
    ],
    ids=["outputs", "executed", "no reason", "runs here"],
)
def test_the_build_stops_where_a_notebook_does_not_do_what_its_metadata_says(
    project, cell, course, reason
):
    project.notebook("14_sam", cell, course=course)
    assert reason in project.why_it_stops()


def test_an_expected_error_is_shown(project):
    error = {"output_type": "error", "ename": "ValueError", "evalue": "3D image", "traceback": []}
    project.notebook("05_nuclei", code("show(cube)", error, tags=["raises-exception"]))
    assert "ValueError: 3D image" in project.page("notebooks/05_nuclei")


ERROR = {"output_type": "error", "ename": "ValueError", "evalue": "3D image", "traceback": []}
WIDGET = {
    "output_type": "display_data",
    "metadata": {},
    "data": {"application/vnd.jupyter.widget-view+json": {}, "text/plain": "HBox()"},
}
PICTURE = shown(image_png=png())


@pytest.mark.parametrize(
    ("cell", "reason"),
    {
        "unexecuted": (code("print(1)", count=None), "has not been executed"),
        "error": (code("show(cube)", ERROR), "stopped with ValueError: 3D image"),
        "widget": (code("bar()", WIDGET), "shows a widget"),
        "vector picture": (code("draw()", shown(**{"image_svg+xml": "<svg/>"})), "image/svg+xml"),
        "no figure name": (code("draw()", PICTURE), "name the picture"),
        "bad figure name": (code("draw()", PICTURE, figure=FIGURE | {"name": "a/b"}), "name the"),
        "no alt text": (code("draw()", PICTURE, figure=FIGURE | {"alt": " "}), "figure.alt"),
        "two pictures": (code("draw()", PICTURE, PICTURE, figure=FIGURE), "two pictures"),
        "broken picture": (
            code("draw()", shown(image_png="AAAA"), figure=FIGURE),
            "cannot be read",
        ),
        "attachment": (markdown("![x](attachment:x.png)"), "attached picture"),
    }.values(),
    ids=lambda value: "-".join(value.split()) if isinstance(value, str) else "",
)
def test_the_build_stops_and_names_the_cell(project, cell, reason):
    project.notebook("05_nuclei", code("fine()", printed("fine")), cell)
    message = project.why_it_stops()
    first_line = cell["source"].splitlines()[0]
    assert message.startswith(f"notebooks/05_nuclei.ipynb, cell 3 ({first_line!r}): ")
    assert reason in message


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("not json", "cannot be read"),
        ('{"nbformat": 3, "cells": [], "metadata": {}}', "cannot be read"),
        ('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{}]}', "cannot be read"),
        ("[]", "cannot be read"),
    ],
)
def test_the_build_stops_at_a_file_that_is_no_notebook(project, content, reason):
    project.write("notebooks/05_nuclei.ipynb", content)
    message = project.why_it_stops()
    assert message.startswith("notebooks/05_nuclei.ipynb: ") and reason in message


def test_the_build_stops_at_a_notebook_that_make_notebooks_did_not_run(project):
    project.notebook("05_nuclei", course={"python": "3.11.7"})
    assert (
        "notebooks/05_nuclei.ipynb: metadata.course lacks device, packages"
        in project.why_it_stops()
    )


def test_the_build_stops_at_a_notebook_whose_outputs_were_stripped(project):
    project.notebook("05_nuclei", code("print(1)"))
    assert "notebooks/05_nuclei.ipynb: has no outputs" in project.why_it_stops()


def test_the_build_stops_at_a_notebook_without_a_title(project):
    project.notebook("05_nuclei", title="Find nuclei")
    assert "notebooks/05_nuclei.ipynb, cell 1: begin with the title" in project.why_it_stops()


def test_the_build_stops_when_two_notebooks_use_one_figure_name(project):
    project.notebook("05_nuclei", code("draw()", PICTURE, figure=FIGURE))
    project.notebook("06_cells", code("draw()", PICTURE, figure=FIGURE))
    message = project.why_it_stops()
    assert "notebooks/05_nuclei.ipynb, cell 2" in message
    assert "notebooks/06_cells.ipynb, cell 2" in message and "'nuclei-outlines'" in message


def test_the_build_stops_when_two_cells_use_one_figure_name(project):
    twice = [code("draw()", PICTURE, figure=FIGURE) for _ in range(2)]
    project.notebook("05_nuclei", *twice)
    assert "cell 3 ('draw()'): the figure name 'nuclei-outlines'" in project.why_it_stops()


def test_a_picture_is_encoded_once_and_anew_when_it_changes(tmp_path, monkeypatch):
    image = Image.new("RGB", (8, 8), "red")
    first = page.to_webp(image, kept=tmp_path)
    monkeypatch.setattr(page, "_encode", lambda *_, **__: pytest.fail("encoded again"))
    assert page.to_webp(image, kept=tmp_path) == first
    assert [path.suffix for path in tmp_path.iterdir()] == [".webp"]
    with pytest.raises(pytest.fail.Exception, match="encoded again"):
        page.to_webp(Image.new("RGB", (8, 8), "blue"), kept=tmp_path)
