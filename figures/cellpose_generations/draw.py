"""Four generations of Cellpose: one small network with ever more data, then another one."""

from pathlib import Path

import numpy as np
from cellpose.resnet_torch import CPnet
from matplotlib.patches import Circle, FancyBboxPatch

from figures._shared.files import write
from figures._shared.style import CENTRED, draw

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
    axes.set(xlim=(0, 560), ylim=(0, 300), aspect="equal")
    axes.axis("off")
    box = {"boxstyle": "round,pad=0,rounding_size=10", "linewidth": 0, "facecolor": theme.panel}
    axes.add_patch(FancyBboxPatch((8, 70), 312, 190, **box))
    axes.add_patch(FancyBboxPatch((340, 8), 212, 284, **box))
    for x, version, year in (
        (66, "1", "2021"),
        (164, "2", "2022"),
        (262, "3", "2025"),
    ):
        axes.add_patch(Circle((x, 160), RADIUS, color=theme.truth))
        axes.text(x, 200, f"Cellpose {version}", weight="bold", size=15, **CENTRED)
        axes.text(x, 120, year, color=theme.muted, **CENTRED)
    for x in (115, 213):
        axes.annotate("", (x + 28, 160), (x - 28, 160), arrowprops={
            "arrowstyle": "->", "color": theme.muted, "linewidth": 2})  # fmt: skip
    axes.text(164, 238, "one U-Net, more and more data", **CENTRED)
    axes.text(164, 90, f"{unet:.1f} million weights each", color=theme.muted, **CENTRED)
    large = RADIUS * np.sqrt(TRANSFORMER_MILLIONS / unet)
    axes.add_patch(Circle((446, 142), large, color=theme.predicted))
    axes.text(446, 272, "Cellpose 4", weight="bold", size=15, **CENTRED)
    axes.text(446, 250, "a transformer, 2025", **CENTRED)
    axes.text(446, 28, f"{TRANSFORMER_MILLIONS} million weights", color=theme.muted, **CENTRED)


def main():
    unet = millions()
    draw(HERE / "cellpose_generations", paint, unet, width=560, height=300)
    write(HERE, {"unet_millions": round(unet, 1), "transformer_millions": TRANSFORMER_MILLIONS,
                 "times": round(TRANSFORMER_MILLIONS / unet)})  # fmt: skip


if __name__ == "__main__":
    main()
