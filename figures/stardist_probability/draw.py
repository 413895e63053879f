"""StarDist: the object probability is not a foreground probability. Two touching nuclei, cut."""

from pathlib import Path

import numpy as np
from csbdeep.utils import normalize
from scipy.ndimage import gaussian_filter, map_coordinates
from skimage.filters import threshold_otsu
from skimage.measure import label
from stardist.utils import edt_prob

from bioimage_course import data
from figures._shared.files import write
from figures._shared.style import CENTRED, TRUTH, draw, picture
from figures._shared.two_nuclei import outline, two_nuclei, zoom
from figures.stardist_network.compute import course_model

HERE = Path(__file__).parent


def line_through(masks, margin=5):
    """Row and column of points, a pixel apart, on the line through the middles of two nuclei."""
    first, second = (np.argwhere(mask).mean(axis=0) for mask in masks)
    step = (second - first) / np.linalg.norm(second - first)
    inside = np.any(masks, axis=0)
    reach = (np.argwhere(inside) - first) @ step
    places = np.arange(np.floor(reach.min()) - margin, np.ceil(reach.max()) + margin + 1)
    return first[:, None] + step[:, None] * places


def along(picture_, line, spacing=1):
    """Values of an image of one value every `spacing` pixels along the line."""
    return map_coordinates(picture_.astype(float), line / spacing, order=1, mode="nearest")


def bright(image):
    """Foreground as a threshold sees it: Otsu's, on the slightly blurred image."""
    blurred = gaussian_filter(image.astype(float), 1)
    return blurred > threshold_otsu(blurred)


def answer_in_crop(model, image):
    """Probability that the network predicts for the whole image, cut to the crop."""
    step = model.config.grid[0]
    answer, _ = model.predict(normalize(image, 1, 99.8))
    return answer[tuple(slice(part.start // step, part.stop // step) for part in data.TOUCHING)]


def pieces(mask, place):
    """How many connected pieces of a mask lie in a place."""
    return len(np.unique(label(mask, connectivity=2)[place & mask]))


def compute():
    crop, masks = two_nuclei()
    image, truth = data.nuclei()
    model = course_model()
    step = model.config.grid[0]
    answer = answer_in_crop(model, image)
    target = edt_prob(truth)[data.TOUCHING]
    foreground = bright(image)[data.TOUCHING]
    line = line_through(masks)
    curves = {
        "foreground": along(foreground, line),
        "target": along(target, line),
        "network": along(answer, line, step).round(3),  # alike on every processor
    }
    quarter = line.shape[1] // 4
    between = slice(quarter, -quarter)  # from one middle to the other
    pair = np.any(masks, axis=0)
    numbers = {
        "blobs_of_foreground": pieces(foreground, pair),
        "hills_of_target": pieces(target > 0.5, pair),
        "lowest_between": {name: curve[between].min() for name, curve in curves.items()},
        "highest_of_network": curves["network"].max(),
        "correlation": np.corrcoef(answer.ravel(), target[::step, ::step].ravel())[0, 1],
        "percent_above_threshold": 100 * np.mean(target[pair] > model.thresholds.prob),
    }
    return crop, masks, foreground, target, line, curves, numbers


def paint(figure, theme, crop, masks, foreground, target, line, curves):
    titles = ("two nuclei", "a threshold:\nforeground", "object\nprobability")
    level, side = (0.637, 0.263) if theme.narrow else (0.54, 0.36)  # of the pictures
    for i, (values, title) in enumerate(zip((crop, foreground, target), titles, strict=True)):
        axes = figure.add_axes((0.34 * i, level, 0.32, side))
        limits = {} if i == 0 else {"vmin": 0, "vmax": 1, "cmap": "cividis"}
        picture(axes, values, title, **limits)
        if i == 0:
            for mask in masks:
                outline(axes, mask, TRUTH, 2)
        axes.plot(line[1], line[0], color="white", lw=2, ls=(0, (2, 1.5)))
        zoom(axes, np.any(masks, axis=0), margin=4)

    axes = figure.add_axes((0.13, 0.14, 0.86, 0.44) if theme.narrow else (0.09, 0.125, 0.9, 0.36))
    places = np.arange(line.shape[1])
    looks = {
        "foreground": (theme.muted, (0, (1, 1)), "foreground", 1.1),
        "target": (theme.truth, "-", "target", 0.9),
        "network": (theme.predicted, (0, (3, 1)), "network", 0.76),
    }
    for name, (colour, dashes, word, level) in looks.items():
        axes.plot(places, curves[name], color=colour, ls=dashes)
        axes.text(places.mean(), level, word, color=colour, weight="bold", **CENTRED)
    axes.set(xlabel="along the dashed line (pixels)", ylim=(0, 1.18), yticks=[0, 0.5, 1])
    axes.set(xlim=(0, places[-1]), xticks=places[::10])


def main():
    *drawn, numbers = compute()
    draw(HERE / "stardist_probability", paint, *drawn, width=560, height=500, narrow=420)
    write(HERE, numbers)


if __name__ == "__main__":
    main()
