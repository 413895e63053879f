"""The threshold figure, the example of "Add an interactive figure"."""

import json

import pytest
from playwright.sync_api import expect

from tests.site.checks import PATIENCE
from tests.site.places import ROOT

ANSWERS = json.loads((ROOT / "figures/threshold/answers.json").read_text(encoding="utf-8"))


@pytest.fixture
def figure(open_page):
    figure = open_page("reference/add-a-figure/").locator("figure[data-figure=threshold]")
    expect(figure.locator("canvas")).to_be_visible(timeout=PATIENCE)
    return figure


def says(figure, level):
    answer = next(answer for answer in ANSWERS if answer["level"] == level)
    expect(figure.get_by_role("status")).to_contain_text(
        f"Above {level}: {answer['area']} pixels in {answer['pieces']} piece"
    )


def test_the_slider_counts_and_one_button_starts_again(figure):
    says(figure, 50)
    figure.get_by_role("slider").fill("100")
    says(figure, 100)
    figure.get_by_role("button", name="Start again").click()
    says(figure, 50)


def test_the_keyboard_alone_moves_it(figure):
    figure.get_by_role("slider").focus()
    for _ in range(10):
        figure.page.keyboard.press("ArrowLeft")
    says(figure, 40)
    figure.page.keyboard.press("Tab")
    figure.page.keyboard.press("Enter")
    says(figure, 50)
