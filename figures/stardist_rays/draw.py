"""StarDist: the 32 distances of one pixel, on a real nucleus and as a list of numbers."""

from pathlib import Path

import numpy as np
from stardist.geometry import dist_to_coord, polygons_to_label, star_dist
from stardist.utils import edt_prob

from bioimage_course import data
from figures._shared.files import write
from figures._shared.style import ERROR, PREDICTED, TRUTH, draw, picture
from figures._shared.two_nuclei import iou, outline, two_nuclei, zoom

HERE = Path(__file__).parent

N_RAYS = 32
MARKED = {0: "right", 8: "down", 16: "left", 24: "up"}  # StarDist starts right and turns down


def reconstruction_ious(truth, n_rays):
    """IoU of every nucleus with its polygon, drawn from its most central pixel."""
    distances = star_dist(truth, n_rays)
    centrality = edt_prob(truth)
    scores = []
    for label in range(1, truth.max() + 1):
        mask = truth == label
        centre = np.unravel_index(np.where(mask, centrality, -1).argmax(), truth.shape)
        polygon = polygons_to_label(distances[centre][None], np.array([centre]), truth.shape) > 0
        scores.append(iou(mask, polygon))
    return np.array(scores)


def rays_of_one_pixel(mask):
    """A pixel of the nucleus, a little off its centre, and its distances and polygon."""
    centrality = edt_prob(mask.astype(np.int32))
    # 0.55: well inside, yet far enough from the centre to make the rays differ.
    pixel = np.unravel_index(np.abs(centrality - 0.55).argmin(), mask.shape)
    distances = star_dist(mask.astype(np.int32), N_RAYS)[pixel]
    polygon = dist_to_coord(distances[None], np.array([pixel]))[0]
    return pixel, distances, polygon


def paint(figure, theme, image, mask, pixel, distances, polygon):
    places = ((0.06, 0.45, 0.88, 0.49), (0.17, 0.06, 0.82, 0.29))
    if not theme.narrow:
        places = ((0, 0.04, 0.47, 0.86), (0.57, 0.13, 0.43, 0.77))
    nucleus, bars = (figure.add_axes(place) for place in places)
    picture(nucleus, image, f"{N_RAYS} rays from one pixel")
    outline(nucleus, mask, TRUTH)
    row, column = pixel
    for ray, (y, x) in enumerate(polygon.T):
        colour, width = (PREDICTED, 3) if ray in MARKED else ("white", 1)
        nucleus.plot([column, x], [row, y], color=colour, lw=width)
        nucleus.plot(x, y, "o", color=colour, ms=2 + width)
    nucleus.plot(column, row, "o", color=ERROR, ms=9, mec="white")
    zoom(nucleus, mask)

    colours = [PREDICTED if ray in MARKED else TRUTH for ray in range(N_RAYS)]  # as the rays
    bars.bar(range(N_RAYS), distances, color=colours, width=0.75)
    bars.set_xticks(list(MARKED), MARKED.values())
    bars.set_yticks([0, 5, 10, 15])
    bars.set_title(f"the same as {N_RAYS} numbers")
    bars.set_ylabel("distance in pixels")


def main():
    image, (mask, _) = two_nuclei()
    pixel, distances, polygon = rays_of_one_pixel(mask)
    drawn = image, mask, pixel, distances, polygon
    draw(HERE / "stardist_rays", paint, *drawn, width=560, height=300, narrow=620)
    _, truth = data.nuclei()
    write(
        HERE,
        {
            "shortest": round(float(distances.min()), 1),
            "longest": round(float(distances.max()), 1),
            "iou": {
                f"rays{n}": round(float(reconstruction_ious(truth, n).mean()), 3)
                for n in (8, 16, 32, 64)
            },
        },
    )


if __name__ == "__main__":
    main()
