"""The receptive-field figure: its layers are those of the networks, its fields what they see."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from bioimage_course import data
from figures._shared.course_network import course_network, stages
from figures._shared.stored import read
from figures.receptive_field import draw as receptive_field
from figures.receptive_field_layers import compute as figure

pytestmark = pytest.mark.slow  # networks run

#: What the page holds, and what the chapter quotes.
SHOWN, CHAPTER = read("receptive_field_layers", "page.json"), read("receptive_field")
*STACKS, STARDIST, CELLPOSE = SHOWN["presets"]
PLACES = [(128, 128), (131, 126), (124, 137)]  # rows and columns that lie differently in the grid


@pytest.fixture(scope="module")
def stardist():
    return course_network().keras_model


@pytest.fixture(scope="module")
def cellpose():
    net, _ = figure.cellpose_network()
    return net


@pytest.fixture(scope="module")
def window():
    """256×256 pixels of the image, from 0 to 1."""
    image = data.nuclei()[0][100:356, 100:356].astype(float)
    return image / image.max()


def extent(gradient):
    """First and last row, first and last column that have any influence."""
    return [(int(ends.min()), int(ends.max())) for ends in np.nonzero(gradient)]


def expected(layers, places):
    step = int(figure.step(layers))
    return [figure.interval(layers, place // step) for place in places]


def test_stardists_layers_are_those_that_the_chapter_counts():
    config = course_network().config
    counted = "".join(stages(config)).replace("c", "c3 ").replace("p", "p2 ").replace("u", "u2 ")
    assert STARDIST["layers"] == [*counted.split(), "c1"]  # and the output
    assert figure.side(STARDIST["layers"]) == CHAPTER["last"]
    assert round(CHAPTER["median_diameter"], 1) == SHOWN["median"]


@pytest.mark.parametrize("place", PLACES)
def test_stardists_field_is_where_the_gradient_of_an_output_is_not_zero(stardist, window, place):
    reached = extent(figure.stardist_gradient(stardist, window, *place))
    ends = expected(STARDIST["layers"], place)
    for (first, last), (low, high) in zip(reached, ends, strict=True):
        assert low <= first <= low + 2 and high - 2 <= last <= high


def test_cellposes_field_holds_all_of_the_gradient_of_its_convolutions(cellpose):
    image = data.nuclei()[0][100:420, 100:420].astype(float)
    place = 160, 163
    reached = extent(figure.cellpose_gradient(cellpose, image / image.max(), *place))
    ends = expected(CELLPOSE["layers"], place)
    for (first, last), (low, high) in zip(reached, ends, strict=True):
        assert low <= first < last <= high
        assert last - first > 0.9 * (high - low)


def test_the_effective_field_is_smaller_than_the_field(stardist, window):
    for preset in (STARDIST, CELLPOSE):
        whole = figure.side(preset["layers"]) * preset["scale"]
        assert SHOWN["median"] < preset["effective"] < whole
    one_place = figure.effective(
        lambda *at: figure.stardist_gradient(stardist, *at), window, [(128, 128)]
    )
    assert one_place == pytest.approx(STARDIST["effective"], rel=0.4)


def test_width_is_the_square_that_holds_a_share():
    gradient = np.zeros((41, 41))
    gradient[20, 20], gradient[20, 23], gradient[5, 20] = 5, 4, 1
    assert figure.width(gradient, 20, 20, 0.5) == 1
    assert figure.width(gradient, 20, 20, 0.9) == 7
    assert figure.width(gradient, 20, 20, 0.95) == 31


def test_a_field_by_its_ends_is_the_field_by_following_pixels():
    assert figure.followed(["c3", "c3", "p2", "c3", "c3"])[-1] == 14
    parts = ("cc", "pcc", "pcc", "ucc")
    layers = [{"c": "c3", "p": "p2", "u": "u2"}[letter] for letter in "".join(parts)]
    assert figure.followed(layers)[-1] == receptive_field.sides(parts)[-1]
    assert figure.side(layers) == receptive_field.sides(parts)[-1]


@pytest.mark.parametrize(
    "case",
    read("receptive_field_layers", "answers.json"),
    ids=lambda case: " ".join(case["layers"]),
)
def test_the_answers_for_javascript_agree_with_the_ends_of_the_field(case):
    assert case["sides"][-1] == figure.side(case["layers"])
    assert case["step"] == figure.step(case["layers"])


def test_the_picture_is_the_image_and_the_outline_a_nucleus_of_median_size():
    image, truth = data.nuclei()
    packed = base64.b64decode(SHOWN["image"].partition(",")[2])
    picture = np.asarray(Image.open(io.BytesIO(packed)).convert("L"), float)
    assert picture.shape == image.shape == (SHOWN["size"],) * 2
    bright = np.clip(image, *np.percentile(image, [1, 99.8]))
    assert np.corrcoef(picture.ravel(), bright.ravel())[0, 1] > 0.95
    nucleus = truth == truth[tuple(SHOWN["start"])]
    assert abs(2 * np.sqrt(nucleus.sum() / np.pi) - SHOWN["median"]) < 1.1
    columns, rows = np.array(SHOWN["outline"]).T
    ends = np.nonzero(nucleus)
    for line, pixels in ((rows, ends[0]), (columns, ends[1])):
        assert (line.min(), line.max()) == (pixels.min(), pixels.max() + 1)


def test_layers_that_the_figure_cannot_draw_are_refused():
    with pytest.raises(ValueError, match="no layer with kernel"):
        figure.word((3, 3), (2, 2))
    with pytest.raises(ValueError, match="no layer with kernel"):
        figure.word((1, 3))
    assert figure.word((3, 3), dilation=(2, 2)) == "c3d2"
