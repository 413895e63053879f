"""Four generations of Cellpose: one small network with ever more data, then another one."""

from pathlib import Path

import numpy as np
from cellpose.resnet_torch import CPnet
from matplotlib.patches import Circle, FancyBboxPatch

from figures._shared.files import write
from figures._shared.style import CENTRED, NARROW, draw

HERE = Path(__file__).parent
# Of the network of version 4: Pachitariu, Rariden, Stringer (2025), doi 10.1101/2025.04.28.651001.
TRANSFORMER_MILLIONS = 305
RADIUS = 13  # of the U-Net's circle, in pixels; the transformer's has the same area per weight


def millions():
    """Weights of the U-Net that Cellpose 3 builds for its published models, in millions."""
    net = CPnet([2, 32, 64, 128, 256], nout=3, sz=3, diam_mean=30)
    return sum(weights.numel() for weights in net.parameters()) / 1e6


def paint(figure, theme, unet):
    axes = figure.add_axes((0, 0, 1, 1))
    # Corners at the top left of the two boxes; y grows downwards.
    if theme.narrow:
        axes.set(xlim=(0, NARROW), ylim=(514, 0))
        paint_unets(axes, theme, unet, 8, 8)
        paint_transformer(axes, theme, unet, 66, 220)
    else:
        axes.set(xlim=(0, 560), ylim=(302, 0))
        paint_unets(axes, theme, unet, 0, 53)
        paint_transformer(axes, theme, unet, 348, 8)
    axes.axis("off")


def box(axes, theme, left, top, width, height):
    style = "round,pad=0,rounding_size=10"
    axes.add_patch(FancyBboxPatch((left, top), width, height, boxstyle=style, lw=0, fc=theme.panel))


def paint_unets(axes, theme, unet, left, top):
    box(axes, theme, left, top, 328, 196)
    x, y = left + 164, top + 104
    for right, version, year in ((-108, "1", "2021"), (0, "2", "2022"), (108, "3", "2025")):
        axes.add_patch(Circle((x + right, y), RADIUS, color=theme.truth))
        axes.text(x + right, y - 36, f"Cellpose {version}", weight="bold", **CENTRED)
        axes.text(x + right, y + 34, year, **CENTRED)
    for right in (-54, 54):
        axes.annotate("", (x + right + 30, y), (x + right - 30, y), arrowprops={
            "arrowstyle": "->", "color": theme.muted, "linewidth": 2})  # fmt: skip
    axes.text(x, top + 28, "one U-Net, more and more data", **CENTRED)
    axes.text(x, top + 170, f"{unet:.1f} million weights each", **CENTRED)


def paint_transformer(axes, theme, unet, left, top):
    box(axes, theme, left, top, 212, 286)
    x = left + 106
    axes.text(x, top + 22, "Cellpose 4", weight="bold", **CENTRED)
    axes.text(x, top + 46, "a transformer, 2025", **CENTRED)
    large = RADIUS * np.sqrt(TRANSFORMER_MILLIONS / unet)
    axes.add_patch(Circle((x, top + 156), large, color=theme.predicted))
    words = f"{TRANSFORMER_MILLIONS} million weights"
    axes.text(x, top + 266, words, **CENTRED)


def main():
    unet = millions()
    draw(HERE / "cellpose_generations", paint, unet, width=560, height=302, narrow=514)
    write(HERE, {"unet_millions": round(unet, 1), "transformer_millions": TRANSFORMER_MILLIONS,
                 "times": round(TRANSFORMER_MILLIONS / unet)})  # fmt: skip


if __name__ == "__main__":
    main()
