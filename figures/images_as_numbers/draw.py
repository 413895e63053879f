"""What normalisation does to a field and to crops of it, and what three kinds of file contain."""

import io
from pathlib import Path

import numpy as np
from matplotlib.patches import Rectangle
from skimage.measure import regionprops
from skimage.segmentation import find_boundaries

from bioimage_course import data
from figures._shared.course_network import course_network
from figures._shared.files import write
from figures._shared.style import CENTRED, ERROR, NARROW, PINK, PREDICTED, draw, picture

HERE = Path(__file__).parent

PERCENTILES = (1, 99.8)
EMPTY = (slice(16, 80), slice(152, 216))  # 64×64 px of the field without any nucleus
HOT = 65535  # one broken pixel of the camera, at the end of the range of uint16
OVEREXPOSED = 3  # how many times longer the second exposure takes
JPEG_QUALITY = 90
DARK_PERCENT = 5  # of the tissue's pixels: those darkest in red


def limits(image):
    """The two grey values that become 0 and 1."""
    return np.percentile(image, PERCENTILES)


def few_greys(values):
    """Rounded to 48 greys between 0 and 1, which look the same and make a smaller file."""
    return np.round(np.clip(values, 0, 1) * 47) / 47


def scaled(image, low, high):
    return ((image - low) / (high - low)).astype("float32")


def as_jpeg(image):
    """The image after it was saved as JPEG and opened again."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(image.astype("uint8")).save(file, "JPEG", quality=JPEG_QUALITY)
    return np.array(Image.open(file))


def touching_pair(truth):
    """Row and column of a contact, and the two labels: the pair with the longest contact.

    Only pairs that touch no third nucleus. The column is that of the right neighbour.
    """
    neighbours = {label: set() for label in range(1, truth.max() + 1)}
    for near, far in (
        (truth[:, :-1], truth[:, 1:]),
        (truth[:-1], truth[1:]),
        (truth[:-1, :-1], truth[1:, 1:]),
        (truth[1:, :-1], truth[:-1, 1:]),
    ):
        contact = (near != far) & (near > 0) & (far > 0)
        for pair in zip(near[contact].tolist(), far[contact].tolist(), strict=True):
            neighbours[pair[0]].add(pair[1])
            neighbours[pair[1]].add(pair[0])
    left, right = truth[:, :-1], truth[:, 1:]
    best = ()
    for first, touched in neighbours.items():
        for second in touched:
            rows, columns = np.nonzero((left == first) & (right == second))
            alone = len(touched) == len(neighbours[second]) == 1
            if alone and len(rows) > (len(best[0]) if best else 0):
                best = rows, columns, first, second
    rows, columns, first, second = best
    middle = len(rows) // 2
    return int(rows[middle]), int(columns[middle]) + 1, first, second


def found_by_stardist(image, truth):
    """Nuclei that the course's model finds when the same image is scaled in five ways."""
    from stardist.matching import matching

    hot = image.copy()
    hot[300, 300] = HOT
    ways = {
        "percentiles": scaled(image, *limits(image)),
        "raw": image.astype("float32"),
        "type": scaled(image, 0, np.iinfo(image.dtype).max),
        "hot_minmax": scaled(hot, hot.min(), hot.max()),
        "hot_percentiles": scaled(hot, *limits(hot)),
    }
    model = course_network()
    result = {}
    for name, normalised in ways.items():
        labels, _ = model.predict_instances(normalised)
        result[name] = {
            "objects": int(labels.max()),
            "right": int(matching(truth, labels, thresh=0.5).tp),
        }
    return result


def brightness_of_nuclei(image, truth):
    return np.array([region.intensity_mean for region in regionprops(truth, image)])


def spread(values):
    """How many times brighter the bright tenth begins than the dim tenth ends."""
    return np.percentile(values, 90) / np.percentile(values, 10)


def compute():
    """Everything that the page quotes, without the model."""
    image, truth = data.nuclei()
    windows = {"field": (slice(None), slice(None)), "nuclei": data.TOUCHING, "empty": EMPTY}
    ends = {name: limits(image[window]) for name, window in windows.items()}
    pixel = int(np.median(image[data.TOUCHING][truth[data.TOUCHING] > 0]))
    noise = image[EMPTY]
    # A longer exposure, recorded with 8 bits: what exceeds 255 is lost.
    over = np.minimum(image.astype(int) * OVEREXPOSED, 255)
    honest, clipped = (brightness_of_nuclei(i, truth) for i in (image, over))
    damaged = as_jpeg(truth)
    photo = as_jpeg(image)
    tissue = data.tissue().reshape(-1, 3)
    dark = tissue[:, 0] <= np.percentile(
        tissue[:, 0], DARK_PERCENT
    )  # what absorbs most red: nuclei
    numbers = {
        "largest": image.max(),
        "median": np.median(image),
        "limits": {name: {"low": low, "high": high} for name, (low, high) in ends.items()},
        "pixel": {
            "grey": pixel,
            "field": scaled(pixel, *ends["field"]),
            "alone": scaled(pixel, *ends["nuclei"]),
        },
        "noise": {
            "field": scaled(noise, *ends["field"]).max(),
            "alone": scaled(noise, *ends["empty"]).max(),
            "above_half_field": np.sum(scaled(noise, *ends["field"]) > 0.5),
            "above_half_alone": np.sum(scaled(noise, *ends["empty"]) > 0.5),
        },
        "outside_percent": 100 * np.mean((image < ends["field"][0]) | (image > ends["field"][1])),
        "overexposed": {
            "factor": OVEREXPOSED,
            "saturated_percent": 100 * np.mean(over[truth > 0] == 255),
            "spread": spread(honest),
            "spread_saturated": spread(clipped),
        },
        "jpeg": {
            "quality": JPEG_QUALITY,
            "labels": truth.max(),
            "labels_after": np.unique(damaged).size - 1,
            "changed_percent": 100 * np.mean(damaged != truth),
            "pixels_changed_percent": 100 * np.mean(photo != image),
            "largest_change": np.abs(photo.astype(int) - image).max(),
        },
        "tissue": {
            "percent": DARK_PERCENT,
            "nuclei": dict(zip("rgb", np.median(tissue[dark], axis=0), strict=True)),
            "rest": dict(zip("rgb", np.median(tissue[~dark], axis=0), strict=True)),
        },
    }
    return image, truth, numbers


def paint(figure, theme, image, numbers):
    """The histogram of the field, the stretch that becomes 0 to 1, and what crops look like."""
    width, height = (NARROW, 686) if theme.narrow else (560, 894)
    left, hill, begin, side = (54, 112, 28, 154) if theme.narrow else (66, 140, 66, 240)

    def place(left, top, wide, high):
        bottom = 1 - (top + high) / height
        return figure.add_axes((left / width, bottom, wide / width, high / height))

    axes = place(left, 30, width - left - 10, hill)
    bins = np.arange(0, 241, 2)
    axes.hist(image.ravel(), bins, color=theme.muted, alpha=0.7, histtype="stepfilled")
    axes.set(yscale="log", xlim=(0, 240), ylim=(1, 8e4), xticks=[])
    axes.set_yticks([1, 100, 10000], ["1", "100", "10,000"])
    axes.minorticks_off()
    axes.set_title("How many pixels have each grey value", loc="left")
    bars = place(left, hill + 34, width - left - 10, 130)
    names = {"field": "whole field", "nuclei": "two nuclei", "empty": "empty crop"}
    for row, (name, words) in enumerate(names.items()):
        low, high = numbers["limits"][name].values()
        bars.plot((low, high), (row, row), color=theme.predicted, lw=8, solid_capstyle="butt")
        x, align = ((low + high) / 2, "center") if high - low > 100 else (high + 4, "left")
        bars.text(x, row - 0.17, f"{words}: {low:.0f} to {high:.0f}", ha=align, va="bottom")
    bars.set(xlim=(0, 240), ylim=(2.6, -1), yticks=[], xticks=range(0, 241, 50))
    bars.spines["left"].set_visible(False)
    bars.set_xlabel("grey value; the bar becomes 0 to 1")

    rows = ((data.TOUCHING, "nuclei", "two nuclei"), (EMPTY, "empty", "empty crop"))
    top = height - 2 * side - 8
    for column, title in enumerate(("limits of the field", "limits of the crop")):
        left = begin + column * (side + 8)
        figure.text((left + side / 2) / width, 1 - (top - 10) / height, title, ha="center")
        for row, (window, name, _) in enumerate(rows):
            shown = numbers["limits"]["field" if column == 0 else name]
            values = few_greys(scaled(image[window], *shown.values()))
            picture(place(left, top + row * (side + 8), side, side), values, vmin=0, vmax=1)
    for row, (_, _, words) in enumerate(rows):
        middle = 1 - (top + side / 2 + row * (side + 8)) / height
        figure.text((begin - 16) / width, middle, words, rotation=90, **CENTRED)


def paint_files(figure, theme, image, truth):
    """Mask, label image and overlay of two nuclei that touch, with the numbers in them."""
    width, height, side = (NARROW, 500, 156) if theme.narrow else (560, 330, 176)
    count = 4  # of the pixels that are framed
    row, column, first, second = touching_pair(truth)
    rows, columns = np.nonzero(np.isin(truth, (first, second)))
    half = max(np.ptp(rows), np.ptp(columns)) // 2 + 5
    top, left = (
        int(np.clip((i.min() + i.max()) // 2 - half, 0, 512 - 2 * half)) for i in (rows, columns)
    )
    window = slice(top, top + 2 * half), slice(left, left + 2 * half)
    labels = truth[window] * np.isin(truth[window], (first, second))
    row, start = row - top, column - left - count // 2  # of the numbers that are shown
    grey = np.clip(image[window] / np.percentile(image[window], 99.8), 0, 1)
    overlay = np.repeat((grey[..., None] * 255).astype("uint8"), 3, axis=2)
    overlay[find_boundaries(labels, mode="inner")] = [
        int(PREDICTED[i : i + 2], 16) for i in (1, 3, 5)
    ]
    colours = np.zeros((*labels.shape, 3))
    for label, colour in ((first, "#56B4E9"), (second, PINK)):
        colours[labels == label] = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    mask = (labels > 0).astype("uint8") * 255
    files = (
        ("mask", "1 area:\nthe border is lost", mask, {"": mask[row]}),
        ("label image", "2 numbers:\n2 nuclei", colours, {"": labels[row]}),
        (
            "RGB overlay",
            "colours:\nnothing to count",
            overlay,
            dict(zip("RGB", overlay[row].T, strict=True)),
        ),
    )

    def say(x, y, words, **look):
        figure.text(x / width, 1 - y / height, words, va="center", **look)

    for i, (title, meaning, shown, lines) in enumerate(files):
        # The words stand below the picture, or beside it on a phone.
        left, top = (0, i * (side + 16)) if theme.narrow else (i * (side + 16), 0)
        x, y = (side + 16, top + 12) if theme.narrow else (left, side + 18)
        axes = figure.add_axes(
            (left / width, 1 - (top + side) / height, side / width, side / height)
        )
        picture(axes, shown, vmin=0, vmax=255)
        axes.add_patch(Rectangle((start - 0.5, row - 0.5), count, 1, fill=False, lw=2, ec=ERROR))
        say(x, y, title, weight="bold")
        for line, words in enumerate(meaning.split("\n"), start=1):
            say(x, y + 24 * line, words, color=theme.muted)
        for line, (name, values) in enumerate(lines.items(), start=3):
            say(x, y + 24 * line + 4, name, color=theme.muted)
            for k, value in enumerate(values[start : start + count]):
                right = x + 26 + 24 * bool(name) + 40 * k
                say(right, y + 24 * line + 4, str(value), ha="right")


def main():
    image, truth, numbers = compute()
    draw(HERE / "normalisation", paint, image, numbers, width=560, height=894, narrow=686)
    draw(HERE / "label_files", paint_files, image, truth, width=560, height=330, narrow=500)
    write(HERE, numbers | {"found": found_by_stardist(image, truth)})


if __name__ == "__main__":
    main()
