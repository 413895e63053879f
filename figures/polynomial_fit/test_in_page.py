"""The overfitting figure: both errors on the page follow the degree and the number of pixels."""

import json

import pytest
from playwright.sync_api import expect

from tests.site.checks import PATIENCE
from tests.site.places import ROOT

PAGE = "concepts/how-a-network-learns/"
FITS = json.loads((ROOT / "figures/polynomial_fit/answers.json").read_text("utf-8"))
NUMBERS = json.loads((ROOT / "figures/polynomial_fit/data.json").read_text("utf-8"))
FEW, MANY = NUMBERS["few_pixels"], NUMBERS["many_pixels"]


def mounted(page):
    figure = page.locator("[data-figure=polynomial_fit]")
    expect(figure.get_by_role("slider")).to_be_visible(timeout=PATIENCE)
    return figure


@pytest.fixture
def figure(open_page):
    return mounted(open_page(PAGE))


def short(error):
    return f"{error:.0f}" if error >= 100 else f"{error:.1f}"


def shown(figure):
    """Degree and both errors, as the page writes them."""
    text = figure.locator(".overfitting-errors b").all_text_contents()
    return figure.locator(".overfitting-degree b").inner_text(), *text


def expected(name, degree):
    fit = FITS[name][degree]
    return str(degree), short(fit["training"]), short(fit["validation"])


def take(figure, pixels):
    figure.get_by_role("button", name=f"{pixels} training pixels").click()


def test_every_degree_shows_the_errors_of_polyfit(figure):
    assert shown(figure) == expected("few", 3)
    for name, pixels in (("few", FEW), ("many", MANY)):
        take(figure, pixels)
        assert figure.locator(".overfitting-pictures > :first-child rect").count() == pixels
        for degree in range(len(FITS[name])):
            figure.get_by_role("slider").fill(str(degree))
            assert shown(figure) == expected(name, degree)


def test_it_says_what_is_happening(figure):
    slider, status = figure.get_by_role("slider"), figure.get_by_role("status")
    for degree, word in ((0, "Too simple"), (3, "It fits"), (9, "Overfitting"), (11, "by heart")):
        slider.fill(str(degree))
        expect(status).to_contain_text(word)
    take(figure, MANY)
    expect(status).to_contain_text("It fits")
    figure.get_by_role("button", name="Start again").click()
    assert shown(figure) == expected("few", 3)


def test_everything_can_be_done_by_keyboard_alone(figure):
    keyboard = figure.page.keyboard
    figure.get_by_role("slider").focus()
    keyboard.press("End")
    assert shown(figure) == expected("few", 11)
    keyboard.press("ArrowLeft")
    assert shown(figure) == expected("few", 10)
    expect(figure.get_by_role("slider")).to_have_attribute("aria-valuetext", "degree 10")
    keyboard.press("Tab")
    keyboard.press("Tab")
    keyboard.press("Enter")
    assert shown(figure) == expected("many", 10)
    expect(figure.locator("[aria-pressed=true]")).to_have_text(f"{MANY} training pixels")
    keyboard.press("Tab")
    keyboard.press("Space")
    assert shown(figure) == expected("few", 3)


def test_the_curve_passes_through_every_pixel_at_the_highest_degree(figure):
    figure.get_by_role("slider").fill("11")
    far = figure.evaluate(
        """figure => {
          const points = [...figure.querySelector(".overfitting-curve").points];
          const pixels = figure.querySelectorAll(".overfitting-pictures > :first-child rect");
          return Math.max(...[...pixels].map((pixel) => {
            const x = pixel.x.baseVal.value + 4, y = pixel.y.baseVal.value + 4;
            const right = points.findIndex((point) => point.x >= x);
            const [a, b] = [points[right - 1], points[right]];
            return Math.abs(a.y + (b.y - a.y) * (x - a.x) / (b.x - a.x) - y);
          }));
        }"""
    )
    assert far < 25  # the curve is steep there: less than the height of a letter or two


@pytest.mark.parametrize("width", [1280, 390])
def test_its_height_stays_when_it_speaks(open_page, width):
    figure = mounted(open_page(PAGE, width=width))
    before = figure.bounding_box()["height"]
    for degree in (3, 0, 9, 11):
        figure.get_by_role("slider").fill(str(degree))
        assert figure.bounding_box()["height"] == pytest.approx(before, abs=1)


def test_without_script_a_table_shows_both_errors(browser, root):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(root + PAGE)
    figure = page.locator("[data-figure=polynomial_fit]")
    rows = [row.locator("td").all_text_contents() for row in figure.locator("tbody tr").all()]
    assert [row[0] for row in rows] == ["1", "3", "7", "11"]
    for degree, *errors in rows:
        fits = [NUMBERS[name][f"d{degree}"] for name in ("few", "many")]
        values = [fit[kind] for fit in fits for kind in ("training", "validation")]
        assert errors == [short(value) for value in values]
    expect(figure.locator(".figure-try")).to_be_hidden()
    assert figure.locator("figcaption").inner_text()
    assert not figure.locator("button, input").count()
    context.close()
