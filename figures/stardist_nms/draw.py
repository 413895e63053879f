"""StarDist: probability, candidates, and what non-maximum suppression keeps of two nuclei."""

from pathlib import Path

import numpy as np
from stardist.geometry import dist_to_coord, ray_angles, star_dist
from stardist.nms import non_maximum_suppression
from stardist.utils import edt_prob

from figures._shared.files import write
from figures._shared.style import CENTRED, TRUTH, draw, picture
from figures._shared.two_nuclei import PAIR_COLOURS, outline, two_nuclei, zoom

HERE = Path(__file__).parent

PROB_THRESH, NMS_THRESH = 0.5, 0.4
NOISE = 0.06  # a network is never exact: its polygons are a few per cent off
DARK = "#11181f"  # words on a bright picture
DRAWN = 5  # every fifth candidate is drawn, else they hide one another


def candidates(labels):
    """Probability and distances of every pixel, the polygons a little off.

    Each is resized and shifted at random, as if a network had predicted it.
    """
    size, right, down = np.random.default_rng(0).normal(0, NOISE, (3, *labels.shape, 1))
    angles = ray_angles(32)
    noise = 1 + size + right * np.cos(angles) + down * np.sin(angles)
    return edt_prob(labels), (star_dist(labels, 32) * noise).astype(np.float32)


def suppress(probability, distances, nms_thresh=NMS_THRESH):
    """Polygons of all candidates, polygons of those that survive, and the survivors' pixels."""
    above = probability > PROB_THRESH
    every = dist_to_coord(distances[above], np.argwhere(above))
    points, _, kept = non_maximum_suppression(
        distances, probability, prob_thresh=PROB_THRESH, nms_thresh=nms_thresh
    )
    return every, dist_to_coord(kept, points), points


def polygons(axes, coordinates, **style):
    for rows, columns in coordinates:
        axes.plot(np.r_[columns, columns[:1]], np.r_[rows, rows[:1]], **style)


def paint(figure, theme, image, masks, probability, every, kept, points):
    (first, second), (third, fourth) = axes_of_all = figure.subplots(2, 2)
    figure.subplots_adjust(left=0, right=1, bottom=0, top=0.94, wspace=0.04, hspace=0.15)
    darker = {"vmax": image.max() * 1.3}  # so that lines stand out

    picture(first, image, "1 · two touching nuclei")
    for mask in masks:
        outline(first, mask, TRUTH)

    picture(second, probability, "2 · probability", cmap="cividis", vmin=0, vmax=1)
    for mask in masks:
        row, column = np.unravel_index(np.where(mask, probability, 0).argmax(), mask.shape)
        second.text(column, row, "1", color=DARK, **CENTRED)
    second.text(0.06, 0.06, "0", color="white", transform=second.transAxes)

    picture(third, image, f"3 · {len(every)} candidates", **darker)
    polygons(third, every[::DRAWN], color="white", lw=0.8, alpha=0.5)

    picture(fourth, image, f"4 · {len(kept)} kept", **darker)
    for polygon, (row, column) in zip(kept, points, strict=True):
        colour = PAIR_COLOURS[0 if masks[0][row, column] else 1]
        polygons(fourth, [polygon], color=colour, lw=3.5)
        fourth.plot(column, row, "o", color=colour, ms=10, mec="white")
    for axes in axes_of_all.flat:
        zoom(axes, np.any(masks, axis=0))


#: Four candidates for the worked example, the best first: four rays make squares on their tip.
EXAMPLE = {"A": (10, 50, 50), "B": (10, 52, 52), "C": (10, 57, 57), "D": (4, 48, 48)}


def paint_example(figure, theme):
    axes = figure.add_axes((0.01, 0.01, 0.98, 0.98))
    colours = (theme.predicted, theme.muted, theme.truth, theme.error)
    styles = ("-", (0, (4, 1.5)), "-", (0, (1, 1)))
    places = ((42.5, 49.5), (52.5, 59.5), (60.5, 60.5), (48, 48))
    for i, (name, (radius, row, column)) in enumerate(EXAMPLE.items()):
        side = radius - 0.35 * (i % 3)  # B and C a little smaller, so that no side hides another
        rows, columns = np.array([[1, 0, -1, 0, 1], [0, 1, 0, -1, 0]]) * side
        axes.plot(column + columns, row + rows, color=colours[i], ls=styles[i], lw=3)
        y, x = places[i]
        axes.text(x, y, name, color=colours[i], weight="bold", fontsize=20, **CENTRED)
    axes.set(xlim=(38, 69), ylim=(68, 39), aspect="equal")
    axes.axis("off")


def main():
    image, masks = two_nuclei()
    labels = np.select(masks, [1, 2]).astype(np.int32)
    probability, distances = candidates(labels)
    every, kept, points = suppress(probability, distances)
    drawn = image, masks, probability, every, kept, points
    draw(HERE / "stardist_nms", paint, *drawn, width=560, height=628, narrow=386)
    draw(HERE / "stardist_overlap", paint_example, width=300, height=280)
    write(
        HERE,
        {
            "prob_thresh": PROB_THRESH,
            "nms_thresh": NMS_THRESH,
            "pixels": int((labels > 0).sum()),
            "candidates": len(every),
            "kept": len(kept),
            "kept_at_09": len(suppress(probability, distances, nms_thresh=0.9)[1]),
        },
    )


if __name__ == "__main__":
    main()
