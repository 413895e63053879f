"""The U of the course's StarDist network, its shapes read from the network itself."""

import math
from pathlib import Path

from matplotlib.patches import FancyArrowPatch, Rectangle

from bioimage_course import data
from figures._shared.course_network import course_network, halvings
from figures._shared.files import write
from figures._shared.style import CENTRED, NARROW, draw, picture
from figures.convolution.compute import max_pool

HERE = Path(__file__).parent

SIZE = 512  # the nuclei image
WIDTH = 560  # of the drawing
LEFT, NARROW_LEFT = 68, 50  # where the first box stands, after the size of the maps
TOP, ROW = 30, 78  # of the first row of boxes, and from row to row
AMBER, INK = "#F0B429", "#11181f"


def shapes(network, size=SIZE):
    """Layers of a StarDist network for a square image, and how they stand in the drawing.

    Returns
    -------
    layers : {layer: (side, channels)}
        In the order of the network. What Keras numbers anew for each model gets a name here:
        grid_0, grid_1 … before the U, joined_N for the maps stacked on level N.
    down, up : lists of lists of names
        The layers drawn on the left, with the bottom as last row, and on the right; from the top.
    """
    layers, side, before_the_u, level = {}, size, 0, network.config.unet_n_depth
    down, up = [[]], []
    for layer in network.keras_model.layers:
        kind, name = type(layer).__name__, layer.name
        channels = layer.output.shape[-1]
        if kind == "MaxPooling2D":
            side //= 2
            down.append([])
        elif kind == "UpSampling2D":
            side *= 2
            up.insert(0, [])
        elif kind == "Concatenate":
            level -= 1
            layers[f"joined_{level}"] = side, channels
        elif kind in ("InputLayer", "Conv2D"):
            if name.startswith("conv2d"):
                name, before_the_u = f"grid_{before_the_u}", before_the_u + 1
            layers[name] = side, channels
            if name not in ("prob", "dist"):
                (up[0] if up else down[-1]).append(name)
    return layers, down, up


def compute(network):
    """Numbers that the page quotes."""
    layers, down, up = shapes(network)
    config, model = network.config, network.keras_model
    halved = halvings(config)
    bottom, deepest = down[-1], config.unet_n_depth - 1
    first = [layer for layer in model.layers if type(layer).__name__ == "Conv2D"][:2]
    return {
        "parameters": model.count_params(),
        "layers": {
            name: {"side": side, "channels": channels} for name, (side, channels) in layers.items()
        },
        "depth": config.unet_n_depth,
        "poolings": halved,
        "divisor": 2**halved,
        "base": config.unet_n_filter_base,
        "grid": config.grid[0],
        "first_parameters": first[0].count_params(),
        "second_parameters": first[1].count_params(),
        "bottom": {
            "side": layers[bottom[0]][0],
            "channels": layers[bottom[0]][1],
            "crop": 64 // 2**halved,
        },
        # The deepest skip connection: what comes from below, from the left, and what it makes.
        "deepest": {
            "side": layers[up[-1][0]][0],
            "below": layers[bottom[-1]][1],
            "left": layers[f"down_level_{deepest}_no_1"][1],
            "joined": layers[f"joined_{deepest}"][1],
            "after": layers[up[-1][0]][1],
        },
    }


def layout(down, up):
    """Where boxes stand: {layer: (column, row)}, and the number of columns.

    Each row starts one box further to the right on the way down, and on the way up, too.
    """
    places, column = {}, 0
    for row, names in enumerate(down):
        for i, name in enumerate(names):
            # A free box on the bottom row leaves room for its arrow and the last skip connection.
            places[name] = column + i + (row == len(down) - 1 and i > 0), row
        column += max(len(names) - 1, 1)
    column = places[down[-1][-1]][0]
    for names in reversed(up):
        row = places[down[-1][-1]][1] - (len(up) - up.index(names))
        for i, name in enumerate(names):
            places[name] = column + i, row
        column += 1
    return places, 1 + max(column for column, _ in places.values())


def heights(down, up):
    """Where the first row begins, and the height of the drawing.

    The outputs stand above the U: with grid (1, 1) nothing lies beside them.
    """
    top = TOP if len(down) > len(up) + 1 else TOP + 72
    return top, top + ROW * len(down) + 64


def paint(figure, theme, layers, down, up):
    width, start = (NARROW, NARROW_LEFT) if theme.narrow else (WIDTH, LEFT)
    digits = {"fontsize": 13} if theme.narrow else {}  # three of them fit into a box
    places, columns = layout(down, up)
    step = min(38, (width - start - 2) / columns)
    box = step - 2
    first, height = heights(down, up)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.axis("off")

    def tall(row):
        """Height of a box: less and less, as the maps get smaller."""
        return 58 - 32 * row / (len(down) - 1)

    def middle(row):
        return first + 28 + ROW * row

    def edges(name):
        """Left, right, top and bottom of a box."""
        column, row = places[name]
        left = start + column * step
        return left, left + box, middle(row) - tall(row) / 2, middle(row) + tall(row) / 2

    def arrow(start, end, colour=theme.text, style="-"):
        look = {"arrowstyle": "-|>", "mutation_scale": 15, "lw": 2, "shrinkA": 1, "shrinkB": 1}
        axes.add_patch(FancyArrowPatch(start, end, color=colour, linestyle=style, **look))

    for name, (_, row) in places.items():
        left, right, top, bottom = edges(name)
        axes.add_patch(
            Rectangle((left, top), box, bottom - top, fc=theme.panel, ec=theme.muted, lw=1.2)
        )
        axes.text((left + right) / 2, middle(row), layers[name][1], **digits, **CENTRED)
    for row, names in enumerate(down):
        side = layers[names[0]][0]
        axes.text(0, middle(row), f"{side}×{side}", va="center", color=theme.muted, **digits)
        if row:  # pooling
            x = sum(edges(names[0])[:2]) / 2
            arrow((x, edges(down[row - 1][-1])[3]), (x, edges(names[0])[2]))
    if len(down[-1]) > 1:
        arrow(
            (edges(down[-1][0])[1], middle(len(down) - 1)),
            (edges(down[-1][-1])[0], middle(len(down) - 1)),
        )
    for below, names in zip([*up[1:], down[-1]], up, strict=True):
        x, row = sum(edges(names[0])[:2]) / 2, places[names[0]][1]
        arrow((x, edges(below[-1])[2]), (x, edges(names[0])[3]))  # upsampling
        arrow(
            (edges(down[row][-1])[1], middle(row)),
            (edges(names[0])[0], middle(row)),
            theme.predicted,
            "--",
        )

    # The two outputs stand above the last layer.
    left, right, top, _ = edges(up[0][-1])
    level = places[up[0][0]][1]
    upper = middle(level - 1)
    for x, name in ((right - 2 * box - 12, "prob"), (right - box, "dist")):
        axes.add_patch(Rectangle((x, upper - 22), box, 44, fc=AMBER, ec=theme.muted, lw=1.2))
        axes.text(x + box / 2, upper, layers[name][1], color=INK, **digits, **CENTRED)
        arrow(((left + right) / 2, top), (x + box / 2, upper + 23))
    side, rays = layers["dist"]
    for y, words in ((-19, "probability"), (0, f"and {rays} distances"), (19, f"({side}×{side})")):
        axes.text(right - 2 * box - 20, upper + y, words, ha="right", va="center")
    across = (edges(down[level][-1])[1] + edges(up[0][0])[0]) / 2
    bold = {"ha": "center", "color": theme.predicted, "weight": "bold"}
    axes.text(across, middle(level) - 12, "skip connections", **bold)
    axes.text(start, first - 8, "image")
    axes.text(0, height - 38, "↓ max pooling halves")
    axes.text(width / 2, height - 38, "↑ upsampling doubles")
    axes.text(0, height - 10, "box: a layer and its number of feature maps")


def paint_levels(figure, theme, crop, halved):
    columns = 3 if theme.narrow else halved + 1
    for i in range(halved + 1):
        axes = figure.add_subplot(math.ceil((halved + 1) / columns), columns, i + 1)
        picture(axes, crop, f"{len(crop)}×{len(crop)}", vmin=0)
        crop = max_pool(crop)
    figure.subplots_adjust(left=0, right=1, bottom=0, top=0.9 if theme.narrow else 0.8, wspace=0.05)


def main():
    image, _ = data.nuclei()
    network = course_network()
    layers, down, up = shapes(network)
    height = heights(down, up)[1]
    draw(HERE / "unet", paint, layers, down, up, width=WIDTH, height=height, narrow=height)
    drawn = image[data.TOUCHING], halvings(network.config)
    draw(HERE / "unet_levels", paint_levels, *drawn, width=560, height=136, narrow=280)
    write(HERE, compute(network))


if __name__ == "__main__":
    main()
