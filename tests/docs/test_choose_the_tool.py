"""The cases of the worksheet on choosing a tool follow the decision figure of the chapter."""

import re
from itertools import pairwise

from tests.docs import prose


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
    text = prose.read("teach/worksheets/choose-the-tool.md")
    rows = re.findall(r"^\| (\d) \| ([\d → ]+) \| (.+?) \| .+ \|$", text, re.M)
    assert [number for number, *_ in rows] == list("123456")
    for _, path, answer in rows:
        steps = [*path.split(" → "), answer]
        assert steps[0] == "1"
        for here, there in pairwise(steps):
            assert there in ways[here], f"{path}: from {here} no way leads to {there}"
    assert len({answer for *_, answer in rows}) == 6, "six cases, six answers"


def test_the_nine_answers_are_those_of_the_figure():
    text = prose.read("teach/worksheets/choose-the-tool.md")
    listed = re.search(r"The nine answers: (.+)\.", text)[1].split(" · ")
    leaves = {way for ways in figure_ways().values() for way in ways if not way.isdigit()}
    assert set(listed) == leaves and len(listed) == 9
