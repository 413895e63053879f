"""The U of the course's StarDist network, its shapes read from the network itself."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

from matplotlib.patches import FancyArrowPatch, Rectangle

from _style import draw, write
from bioimage_course import data

SIZE = 512  # the nuclei image
#: Layers of the drawing, by row: left side, right side. Names as StarDist and csbdeep give them.
ROWS = (
    (("input", "grid_0", "grid_1"), ()),
    (("down_level_0_no_0", "down_level_0_no_1"),
     ("up_level_0_no_0", "up_level_0_no_2", "features")),
    (("down_level_1_no_0", "down_level_1_no_1"), ("up_level_1_no_0", "up_level_1_no_2")),
    (("down_level_2_no_0", "down_level_2_no_1"), ("up_level_2_no_0", "up_level_2_no_2")),
    (("middle_0",), ("middle_2",)),
)  # fmt: skip
BOX, STEP, LEFT, RIGHT = 36, 38, 72, 428
TOPS = (30, 118, 200, 278, 350)
HEIGHTS = (56, 48, 40, 32, 26)


def shapes(size=SIZE):
    """{layer: (side, channels)} of the course's network for a square image, and its weights."""
    from stardist.models import Config2D, StarDist2D

    model = StarDist2D(Config2D(n_rays=32, grid=(2, 2), n_channel_in=1), basedir=None).keras_model
    found, side, before_pooling, joined = {}, size, 0, 3
    for layer in model.layers:
        kind, name = type(layer).__name__, layer.name
        if kind == "MaxPooling2D":
            side //= 2
            continue
        if kind == "UpSampling2D":
            side *= 2
            continue
        # Keras numbers what has no name of its own, anew for each model: give them names.
        if name.startswith("conv2d"):
            name, before_pooling = f"grid_{before_pooling}", before_pooling + 1
        elif kind == "Concatenate":
            joined -= 1
            name = f"joined_{joined}"
        found[name] = (side, layer.output.shape[-1])
    return found, model.count_params()


def paint(figure, theme, found):
    width, height = 560, 470
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.axis("off")

    def box(x, row, text, colour=None):
        top = TOPS[row] + (HEIGHTS[0] - HEIGHTS[row]) / 2
        axes.add_patch(Rectangle((x, top), BOX, HEIGHTS[row], fc=colour or theme.panel,
                                 ec=theme.muted, lw=1.2))  # fmt: skip
        axes.text(x + BOX / 2, TOPS[row] + HEIGHTS[0] / 2, text, ha="center", va="center",
                  fontsize=14, color=theme.text if not colour else "#11181f")  # fmt: skip

    def arrow(start, end, colour, style="-"):
        axes.add_patch(
            FancyArrowPatch(
                start,
                end,
                arrowstyle="-|>",
                mutation_scale=15,
                lw=2,
                color=colour,
                linestyle=style,
                shrinkA=1,
                shrinkB=1,
            )
        )

    def middle(row):
        return TOPS[row] + HEIGHTS[0] / 2

    for row, (left, right) in enumerate(ROWS):
        side = found[left[0]][0]
        axes.text(0, middle(row), f"{side}×{side}", va="center", fontsize=14, color=theme.muted)
        first_left = LEFT + STEP * (0 if row == 0 else row + 1)
        for i, name in enumerate(left):
            box(first_left + i * STEP, row, found[name][1])
        first_right = RIGHT - STEP * (row - 1)
        for i, name in enumerate(right):
            box(first_right + i * STEP, row, found[name][1])
        last_left = first_left + (len(left) - 1) * STEP + BOX
        if row < 4:
            arrow(
                (last_left - BOX / 2, middle(row) + HEIGHTS[row] / 2),
                (last_left - BOX / 2, middle(row + 1) - HEIGHTS[row + 1] / 2),
                theme.text,
            )
        if row:
            if row < 4:
                arrow((last_left, middle(row)), (first_right, middle(row)), theme.predicted, "--")
            else:
                arrow((last_left, middle(row)), (first_right, middle(row)), theme.text)
        if row > 1:
            arrow(
                (first_right + BOX / 2, middle(row) - HEIGHTS[row] / 2),
                (first_right + BOX / 2, middle(row - 1) + HEIGHTS[row - 1] / 2),
                theme.text,
            )

    # The two outputs stand above the last layer; they are half as wide as the image.
    last = RIGHT + 2 * STEP + BOX / 2
    for x, name in ((last - 46, "prob"), (last - 2, "dist")):
        axes.add_patch(Rectangle((x, 34), BOX, 48, fc="#F0B429", ec=theme.muted, lw=1.2))
        axes.text(x + BOX / 2, 58, found[name][1], ha="center", va="center", fontsize=14,
                  color="#11181f")  # fmt: skip
        arrow((last, middle(1) - 24), (x + BOX / 2, 83), theme.text)
    side = found["prob"][0]
    for y, words in ((40, "probability"), (59, "and 32 distances"), (78, f"({side}×{side})")):
        axes.text(last - 54, y, words, ha="right", va="center", fontsize=14)
    axes.text((LEFT + 4 * STEP + RIGHT) / 2 - 20, middle(1) - 14, "skip connections",
              ha="center", color=theme.predicted, fontsize=14, weight="bold")  # fmt: skip
    axes.text(LEFT, 20, "image", fontsize=14)
    axes.text(0, 432, "↓ max pooling halves", fontsize=14)
    axes.text(190, 432, "↑ upsampling doubles", fontsize=14)
    axes.text(0, 458, "box: a layer and its number of feature maps", fontsize=14)


def paint_levels(figure, theme, crop):
    from convolution import max_pool

    panels = figure.subplots(1, 5)
    figure.subplots_adjust(left=0, right=1, bottom=0, top=0.8, wspace=0.05)
    for axes in panels:
        axes.imshow(crop, cmap="gray", vmin=0, interpolation="none")
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
        axes.set_title(f"{len(crop)}×{len(crop)}")
        crop = max_pool(crop)


def main():
    image, _ = data.nuclei()
    found, parameters = shapes()
    draw("unet", lambda figure, theme: paint(figure, theme, found), width=560, height=470)
    draw("unet_levels", lambda figure, theme: paint_levels(figure, theme, image[data.TOUCHING]),
         width=560, height=136)  # fmt: skip
    layers = {
        name: dict(zip(("side", "channels"), shape, strict=True)) for name, shape in found.items()
    }
    write("unet", {"parameters": parameters, "layers": layers})


if __name__ == "__main__":
    main()
