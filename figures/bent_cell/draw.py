"""A bent cell: straight rays cannot look around the corner, a flow can follow it."""

from pathlib import Path

import numpy as np
from stardist.geometry import dist_to_coord, polygons_to_label, star_dist

from figures._shared.files import write
from figures._shared.style import ERROR, PREDICTED, TRUTH, draw, panels, picture
from figures._shared.two_nuclei import iou, outline, zoom
from figures.cellpose_flows.draw import flow_of, plot_ways, recover, walk

HERE = Path(__file__).parent


def bent_cell():
    """Mask of a drawn cell, bent like a horseshoe: bool, shape (72, 72)."""
    rows, columns = np.indices((72, 72)) - 36
    mask = (np.abs(np.hypot(rows, columns) - 22) < 6) & (np.abs(np.arctan2(rows, columns)) < 2.1)
    for side in (-1, 1):  # round ends
        row, column = 22 * np.sin(2.1 * side), 22 * np.cos(2.1)
        mask |= np.hypot(rows - row, columns - column) < 6
    return mask


def best_star(mask):
    """The pixel whose 32 rays fit the cell best, its polygon, and the polygon's IoU."""
    distances = star_dist(mask.astype(np.int32), 32)
    scored = []
    for pixel in np.argwhere(mask):
        rays = distances[*pixel][None]
        scored.append((iou(polygons_to_label(rays, pixel[None], mask.shape) > 0, mask), *pixel))
    score, *pixel = max(scored)
    return pixel, dist_to_coord(distances[*pixel][None], np.array([pixel]))[0], score


def paint(figure, theme, mask, pixel, polygon, ways):
    above = 28 / (640 if theme.narrow else 305)
    left, right = panels(figure, theme, 2, top=1 - above, wspace=0.04, hspace=0.1)
    for axes, title in ((left, "rays: StarDist"), (right, "flow: Cellpose")):
        picture(axes, np.where(mask, 0.4, np.nan), vmin=0, vmax=1)
        axes.set_title(title)
        outline(axes, mask, TRUTH)
        zoom(axes, mask, margin=3)

    row, column = pixel
    for y, x in polygon.T:
        left.plot([column, x], [row, y], color=PREDICTED, lw=1.2)
    rows, columns = np.c_[polygon, polygon[:, :1]]
    left.plot(columns, rows, color=PREDICTED, lw=3.5)
    left.plot(column, row, "o", color=ERROR, ms=10, mec="white")

    plot_ways(right, ways, PREDICTED, every=5)
    right.plot(*ways[-1, ::-1, 0], "o", color=ERROR, ms=10, mec="white")


def main():
    mask = bent_cell()
    pixel, polygon, star_iou = best_star(mask)
    flow = flow_of(mask)
    recovered = recover(flow, mask)
    content = mask, pixel, polygon, walk(flow, mask)
    draw(HERE / "bent_cell", paint, *content, width=560, height=305, narrow=640)
    write(
        HERE,
        {
            "star_iou": round(star_iou, 2),
            "flow_iou": round(iou(recovered > 0, mask), 2),
            "flow_objects": int(recovered.max()),
        },
    )


if __name__ == "__main__":
    main()
