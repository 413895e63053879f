"""The standard picture: what it shows, and what it refuses to draw."""

import subprocess
import sys
import warnings

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex

from bioimage_course import data, show

matplotlib.use("Agg")

GREY = np.arange(48.0).reshape(6, 8)
LABELS = np.zeros((6, 8), int)
LABELS[1:3, 1:4] = 1
LABELS[3:5, 1:4] = 7  # touches the first


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def texts(ax):
    return [text.get_text() for text in ax.texts]


def line_colours(ax):
    return [to_hex(lines.get_colors()[0], keep_alpha=False).upper() for lines in ax.collections]


def test_segmentation_shows_image_masks_and_outlines():
    figure = show.segmentation(GREY, LABELS, title="Two nuclei touch")
    left, middle, right = figure.axes
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["image", "masks", "outlines"]
    assert figure.get_suptitle() == "Two nuclei touch"
    assert texts(left) == ["2 px"]
    assert texts(middle) == ["2 objects"]
    assert line_colours(right) == [show.PREDICTED]
    for ax in figure.axes:
        assert ax.get_xlim() == (-0.5, 7.5)
        assert ax.get_ylim() == (5.5, -0.5)


def test_every_object_gets_a_colour_of_its_own_and_an_outline_of_its_own():
    _, middle, right = show.segmentation(GREY, LABELS).axes
    masks = middle.images[0].get_array()
    assert len({tuple(masks[y, x]) for y, x in ((0, 0), (1, 1), (3, 1))}) == 3
    outlines = right.collections[0].get_segments()
    assert len(outlines) == 2
    top, bottom = (outline[:, 1] for outline in outlines)
    # They meet between the rows 2 and 3: none covers a pixel of the other.
    assert (top.min(), top.max(), bottom.min(), bottom.max()) == (0.5, 2.5, 2.5, 4.5)


def test_outlines_close_at_the_border_of_the_image():
    labels = np.ones((3, 4), int)
    (outline,) = show.segmentation(np.eye(3, 4), labels).axes[2].collections[0].get_segments()
    assert np.array_equal(outline[0], outline[-1])
    assert (outline.min(axis=0).tolist(), outline.max(axis=0).tolist()) == (
        [-0.5, -0.5],
        [3.5, 2.5],
    )


def test_truth_and_prediction_are_told_apart_by_colour_and_legend():
    right = show.segmentation(GREY, LABELS, truth=LABELS).axes[2]
    assert line_colours(right) == [show.TRUTH, show.PREDICTED]
    assert [text.get_text() for text in right.get_legend().get_texts()] == [
        "annotation",
        "prediction",
    ]


def test_contrast_survives_a_few_very_bright_pixels():
    image, truth = data.nuclei()
    image = image.copy()
    image[0, :20] = 60000
    shown = np.asarray(show.segmentation(image, truth).axes[0].images[0].get_array())
    assert (shown.min(), shown.max()) == (0, 1)
    assert np.median(shown[truth > 0]) > 0.3 > 2 * np.median(shown[truth == 0])


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((6, 8)),
        np.full((6, 8), 7, np.uint8),
        np.eye(6, 8, dtype=bool),
        np.eye(6, 8) * 1e-6,
        np.zeros((6, 8, 3), np.uint8),
        np.zeros((6, 8, 3), np.uint16),
        np.zeros((6, 8, 3)),
        GREY.tolist(),
    ],
)
def test_flat_dark_rgb_and_boolean_images_are_drawn(image):
    shown = show.segmentation(image, LABELS).axes[0].images[0].get_array()
    assert np.isfinite(shown).all()
    assert shown.max() == (np.min(image) != np.max(image))


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (900, 1), (2, 2)])
def test_images_of_a_single_pixel_and_very_long_ones_are_drawn(shape):
    figure = show.segmentation(np.ones(shape), np.ones(shape, int))
    figure.canvas.draw()
    width, height = figure.get_size_inches()
    assert width == 8
    assert 1 < height < 7


def test_labels_without_an_object_are_drawn():
    assert texts(show.segmentation(GREY, LABELS * 0).axes[1]) == ["0 objects"]


def test_one_object_is_counted_in_the_singular():
    assert texts(show.segmentation(GREY, (LABELS == 7) * 7).axes[1]) == ["1 object"]


def test_a_mask_in_many_pieces_draws_a_warning():
    mask = np.zeros((6, 8), np.uint8)
    mask[1, 1] = mask[4, 4] = 255
    with pytest.warns(UserWarning, match=r"look like a mask.*skimage.measure.label"):
        show.segmentation(GREY, mask)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        show.segmentation(GREY, LABELS)


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (np.zeros((0, 5)), "image is empty"),
        (np.zeros(5), "pass a grey image"),
        (np.zeros((6, 8, 4)), r"transparency: pass image\[..., :3\]"),
        (np.zeros((6, 8, 1)), r"pass image\[..., 0\]"),
        (np.zeros((2, 6, 8)), r"channels come first: select one, pass image\[0\]"),
        (np.zeros((3, 6, 8)), r"numpy.moveaxis\(image, 0, -1\)"),
        (np.zeros((30, 6, 8)), r"volume pass one plane, such as image\[15\]"),
        (np.zeros((2, 3, 6, 8)), r"one plane, for example image\[0\]"),
        (np.where(GREY == 5, np.nan, GREY), "1 value .*NaN.*nan_to_num"),
        (np.where(GREY > 45, np.inf, GREY), "2 values .*infinity"),
        (GREY.astype(complex), "complex128"),
        (GREY.astype(str), "pass numbers"),
    ],
)
def test_segmentation_says_what_to_pass_instead_of_an_image_it_cannot_draw(image, words):
    with pytest.raises(ValueError, match=words):
        show.segmentation(image, LABELS)
    assert not plt.get_fignums()


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (LABELS > 0, "mask of True and False.*skimage.measure.label"),
        (LABELS.astype(float), r"holds float64 values.*labels.astype\(int\)"),
        (LABELS / 10, "look like probabilities"),
        (LABELS.astype(str), "pass an integer array"),
        (LABELS.T, "swapped: pass labels.T"),
        (LABELS[1:], r"\(5, 8\), the image \(6, 8\).*another image"),
        (LABELS[None], "pass a 2D label image"),
        (LABELS - 1, "negative numbers, down to -1"),
        (np.zeros((0, 0), int), "pass a 2D label image"),
    ],
)
@pytest.mark.parametrize("role", ["labels", "truth"])
def test_segmentation_says_what_to_pass_instead_of_labels_it_cannot_draw(labels, words, role):
    arguments = {"labels": LABELS, role: labels}
    with pytest.raises(ValueError, match=words) as caught:
        show.segmentation(GREY, **arguments)
    assert str(caught.value).startswith(role)
    assert not plt.get_fignums()


def test_the_style_is_the_course_s_own_whatever_was_set_before_and_is_put_back():
    with matplotlib.rc_context({"figure.facecolor": "red"}):
        figure = show.segmentation(GREY, LABELS)
        assert matplotlib.rcParams["figure.facecolor"] == "red"
    assert to_hex(figure.get_facecolor()) == "#12181f"
    with plt.style.context("bioimage_course.course"):
        assert to_hex(matplotlib.rcParams["figure.facecolor"]) == "#12181f"
        width = matplotlib.rcParams["figure.figsize"][0] * matplotlib.rcParams["figure.dpi"]
    assert width <= 1400


SHOWN = """
import matplotlib
matplotlib.use("module://matplotlib_inline.backend_inline")
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
import numpy as np
shell = InteractiveShell.instance()
from matplotlib_inline.backend_inline import configure_inline_support
shell.run_cell("from bioimage_course import show; import numpy as np; a = np.eye(4)")
shell.run_cell("import matplotlib.pyplot as plt")
configure_inline_support(shell, "inline")
for cell in ("show.segmentation(a, a.astype(int))", "_f = show.segmentation(a, a.astype(int))",
             "show.segmentation(a, a.astype(int)); print()"):
    with capture_output() as captured:
        shell.run_cell(cell)
    print(len([o for o in captured.outputs if "image/png" in o.data]))
"""


def test_a_notebook_shows_the_picture_once_with_or_without_a_name_for_it():
    done = subprocess.run([sys.executable, "-c", SHOWN], capture_output=True, text=True)
    assert done.stdout.split() == ["1", "1", "1"], done.stderr
