"""The worksheets: their answers are right, and the PDFs are what the pages say now."""

import importlib.util
import json
import re
import sys
from itertools import pairwise

import numpy as np
import pytest
import tifffile
from shapely import Point, Polygon
from stardist.matching import matching

from bioimage_course import data
from course_build.print import pdf as paper
from figures.worksheets import draw as printing
from tests.course_build.print import pdf
from tests.docs import prose

sys.path.insert(0, str(prose.ROOT / "figures"))
SHEETS = sorted(path.stem for path in printing.WORKSHEETS.glob("*.md"))
NUMBERS = json.loads(
    (prose.ROOT / "figures" / "worksheets" / "data.json").read_text(encoding="utf-8")
)


@pytest.fixture(scope="module")
def drawing():
    """figures/worksheets.py, which has the same name as the tool."""
    path = prose.ROOT / "figures" / "worksheets.py"
    spec = importlib.util.spec_from_file_location("worksheet_drawings", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(params=SHEETS)
def sheet(request):
    return request.param


@pytest.fixture(scope="module")
def made():
    return printing.sheets()


def test_there_are_the_four_worksheets():
    assert SHEETS == ["choose-the-tool", "iou-by-hand", "trace-the-rays", "two-people-ten-nuclei"]


def test_the_pdf_was_printed_from_the_page_and_drawings_as_they_are_now(sheet, made):
    printed = json.loads(paper.PRINTED.read_text(encoding="utf-8"))
    now = paper.fingerprint(made[sheet], printing.WORKSHEETS)
    assert printed[f"worksheets/{sheet}.pdf"] == now, "run `make slides`"


def test_the_answers_begin_the_last_page_of_an_a4_pdf(sheet, made):
    printed = (printing.WORKSHEETS / f"{sheet}.pdf").read_bytes()
    boxes = re.findall(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", printed)
    assert boxes and all(abs(float(w) - 595) < 1 and abs(float(h) - 842) < 1 for w, h in boxes)
    titles = re.findall(r"<h[12][^>]*>(.+?)</h[12]>", made[sheet])
    assert [pdf.squeezed(mark) for mark in pdf.bookmarks(printed)] == [
        pdf.squeezed(title) for title in titles
    ]
    assert b"/Lang (en-GB)" in printed and b"+SourceSans3" in printed
    assert made[sheet].count("<details open") == 1
    assert made[sheet].split("</details>")[1].strip().startswith("</main>")


def test_nothing_is_left_to_fill_in_and_no_other_host_is_asked(sheet, made):
    assert "{{" not in made[sheet]
    assert re.findall(r"(?:src=\"|url\([\"']?)(?:https?:)?//", made[sheet]) == []


def test_the_foot_bears_the_name_that_mkdocs_yml_gives(tmp_path, monkeypatch):
    (tmp_path / "mkdocs.yml").write_text("theme: x\nsite_name: 'Our \"course\"'\n")
    monkeypatch.setattr(paper, "ROOT", tmp_path)
    assert r'content: "Our \"course\" · CC BY 4.0"' in printing.sheet("# A sheet")


def test_every_picture_says_what_it_shows(sheet, made):
    for alt in re.findall(r'<img alt="([^"]*)"', made[sheet]):
        assert len(prose.words(alt)) >= 15
    assert made[sheet].count("<img") == made[sheet].count('<img alt="')


def test_the_page_lists_every_sheet_with_its_pdf():
    page = prose.read("teach/worksheets.md")
    assert all(f"(worksheets/{name}.md)" in page for name in SHEETS)
    assert all(f"(worksheets/{name}.pdf)" in page for name in SHEETS)


# The answers, computed in another way than the script computes them.


@pytest.mark.parametrize("name", ["example", "one", "further", "large", "small"])
def test_overlaps_are_right(name, drawing):
    masks = {
        "example": (drawing.EXAMPLE, (0, 1)),
        "one": (drawing.ROUND, (1, 1)),
        "further": (drawing.ROUND, (2, 1)),
    }
    if name in masks:
        mask, (down, right) = masks[name]
        annotated = {(y, x) for y, x in np.argwhere(mask).tolist()}
        found = {(y + down, x + right) for y, x in annotated}
    else:
        large, small = ({tuple(p) for p in np.argwhere(m).tolist()}
                        for m in (drawing.LARGE, drawing.SMALL))  # fmt: skip
        assert not large & small, "two nuclei share no pixel"
        annotated, found = {"large": large, "small": small}[name], large | small
    said = NUMBERS["iou"][name]
    assert said["annotated"] == len(annotated) and said["found"] == len(found)
    assert said["shared"] == len(annotated & found) and said["union"] == len(annotated | found)
    assert said["iou"] == pytest.approx(len(annotated & found) / len(annotated | found), abs=1e-6)


def test_no_shape_lies_on_the_edge_of_the_paper(drawing):
    further = drawing.moved(drawing.ROUND, 2, 1)  # what question 5 asks for
    for mask in (drawing.EXAMPLE, drawing.ROUND, drawing.LARGE, drawing.SMALL, further):
        assert mask[1:-1, 1:-1].sum() == mask.sum()


def test_the_count_is_the_one_of_stardists_matching(drawing):
    first, second = np.zeros((2, 30, 12), int)
    first[:10], second[:10] = drawing.ROUND, drawing.moved(drawing.ROUND, 1, 1)
    first[10:20] = 2 * drawing.LARGE + 3 * drawing.SMALL
    second[10:20] = 2 * (drawing.LARGE | drawing.SMALL)
    score, said = matching(first, second, thresh=0.5), NUMBERS["iou"]["count"]
    assert (said["tp"], said["fp"], said["fn"]) == (score.tp, score.fp, score.fn)
    assert said["ap"] == pytest.approx(score.accuracy, abs=1e-6)
    assert said["f1"] == pytest.approx(score.f1, abs=1e-6)


def test_what_the_answers_say_in_words_is_so():
    iou = NUMBERS["iou"]
    assert iou["one"]["iou"] > 0.5 > iou["further"]["iou"]
    assert iou["large"]["iou"] > 0.5 > iou["small"]["iou"]
    rays = NUMBERS["rays"]
    differ = [abs(rays["p"][f"r{i}"] - rays["q"][f"r{i}"]) > 0.25 for i in range(8)]
    assert all(differ), "both numbers differ in each direction"
    assert rays["p"]["iou"] > rays["q"]["iou"] > 0.8


def test_rays_end_on_the_outline(drawing):
    outline = drawing.nucleus()
    for name, (x, y) in drawing.PLACES.items():
        said = NUMBERS["rays"][name.lower()]
        corners = []
        for ray in range(8):
            angle = ray * np.pi / 4
            step = np.array([np.cos(angle), np.sin(angle)])
            end = np.array([x, y]) + said[f"r{ray}"] * step
            assert outline.exterior.distance(Point(end)) < 1e-3
            # All of it lies inside: no shorter ray would have met the outline.
            assert all(outline.contains(Point([x, y] + t * said[f"r{ray}"] * step))
                       for t in np.linspace(0, 0.99, 50))  # fmt: skip
            corners.append(end)
        drawn = Polygon(corners)
        iou = drawn.intersection(outline).area / drawn.union(outline).area
        assert said["iou"] == pytest.approx(iou, abs=1e-3)


def test_the_ten_nuclei_are_whole_and_the_file_for_fiji_shows_them():
    said = NUMBERS["annotate"]
    rows, columns = (slice(said[side], said[side] + said["side"]) for side in ("top", "left"))
    image, truth = (np.asarray(array)[rows, columns] for array in data.nuclei())
    file = tifffile.imread(printing.WORKSHEETS / "ten-nuclei.tif")
    assert file.dtype == image.dtype and (file == image).all()
    cut = {*truth[[0, -1]].ravel(), *truth[:, [0, -1]].ravel()}
    whole = [(truth == label).sum() for label in np.unique(truth) if label and label not in cut]
    assert sorted(said["areas"].values()) == sorted(whole) and len(whole) == 10


def figure_ways():
    """Where each question of the decision figure leads: {question: {question or answer}}."""
    page = prose.read("start/is-deep-learning-right.md")
    ways = {}
    for text in re.split(r'<div class="decision-question"', page)[1:]:
        number = re.search(r"\*\*(\d+) · ", text)[1]
        text = text.split("</div>")[0]
        ways[number] = set(re.findall(r"→ \[question (\d+)\]", text))
        ways[number] |= set(re.findall(r"→ \[(\D+?)\]", text))
    return ways


def test_each_case_follows_the_decision_figure_to_its_answer():
    ways = figure_ways()
    text = (printing.WORKSHEETS / "choose-the-tool.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d) \| ([\d → ]+) \| (.+?) \| .+ \|$", text, re.M)
    assert [number for number, *_ in rows] == list("123456")
    for _, path, answer in rows:
        steps = [*path.split(" → "), answer]
        assert steps[0] == "1"
        for here, there in pairwise(steps):
            assert there in ways[here], f"{path}: from {here} no way leads to {there}"
    assert len({answer for *_, answer in rows}) == 6, "six cases, six answers"


def test_the_eight_answers_are_those_of_the_figure():
    text = (printing.WORKSHEETS / "choose-the-tool.md").read_text(encoding="utf-8")
    listed = re.search(r"The eight answers: (.+)\.", text)[1].split(" · ")
    leaves = {way for ways in figure_ways().values() for way in ways if not way.isdigit()}
    assert set(listed) == leaves and len(listed) == 8
