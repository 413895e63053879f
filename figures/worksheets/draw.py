"""The drawings and answers of the printed worksheets: black on white, on squared paper.

Writes worksheet_*.svg, data.json, and the part of the image that two
people annotate, for Fiji: ten-nuclei.tif. One square is one pixel.
"""

from pathlib import Path

import matplotlib
import numpy as np
import tifffile
from matplotlib.figure import Figure
from shapely import LineString, Point, Polygon
from skimage.measure import find_contours

from bioimage_course import data
from figures._shared import files
from figures._shared.style import letters

HERE = Path(__file__).parent

RAYS = 8
WHERE = ("right", "down right", "down", "down left", "left", "up left", "up", "up right")
# The part of the course's image that two people annotate, and its ten nuclei: (row, column).
TOP, LEFT, SIDE = 376, 40, 128
PRINT = {"font.size": 16, "svg.hashsalt": "bioimage-course", "axes.linewidth": 1}


# --- IoU by hand ----------------------------------------------------------------------------


def pixels(drawing):
    """Return an array of booleans from lines of '#' and '.'."""
    return np.array([[letter == "#" for letter in line] for line in drawing.split()])


def moved(shape, down, right):
    """Return a mask shifted by whole pixels; what leaves the grid is lost."""
    return np.roll(shape, (down, right), axis=(0, 1))


EXAMPLE = pixels(
    "............ ............ ..####...... ..####...... ..####...... ..####...... ............ "
    "............"
)
ROUND = pixels(
    "............ ...####..... ..######.... ..######.... ..######.... ..######.... ...####..... "
    "............ ............ ............"
)
LARGE = pixels(
    "............ ..####...... .#####...... .#####...... .#####...... ..####...... ............ "
    "............ ............ ............"
)
SMALL = pixels(
    "............ ............ ......###... ......####.. ......####.. ......###... ............ "
    "............ ............ ............"
)


def overlap(annotated, found):
    """Return the numbers of the formula for two masks."""
    shared, union = int((annotated & found).sum()), int((annotated | found).sum())
    return {
        "annotated": int(annotated.sum()),
        "found": int(found.sum()),
        "shared": shared,
        "union": union,
        "iou": shared / union,
    }


def count(overlaps, claimed, min_iou=0.5):
    """Return counts and scores of nuclei whose best overlaps are given.

    overlaps : IoU of each annotated nucleus with what was found there
    claimed : the number of found objects
    """
    hits = sum(iou >= min_iou for iou in overlaps)
    false, not_found = claimed - hits, len(overlaps) - hits
    return {
        "tp": hits,
        "fp": false,
        "fn": not_found,
        "ap": hits / (hits + false + not_found),
        "f1": 2 * hits / (2 * hits + false + not_found),
    }


def edges(mask):
    """Return the sides of pixels that part a mask from the rest: [((x, x), (y, y))]."""
    framed = np.pad(mask, 1)
    sides = []
    for y, x in zip(*np.nonzero(framed[1:, :] != framed[:-1, :]), strict=True):
        sides.append(((x - 1, x), (y, y)))
    for y, x in zip(*np.nonzero(framed[:, 1:] != framed[:, :-1]), strict=True):
        sides.append(((x, x), (y - 1, y)))
    return sides


def paper(axes, width, height):
    """Draw squares, y downwards as in an image."""
    axes.set(xlim=(0, width), ylim=(height, 0), aspect="equal")
    axes.set_xticks(range(width + 1), [])
    axes.set_yticks(range(height + 1), [])
    axes.grid(color="#9a9a9a", linewidth=0.7)
    axes.tick_params(length=0)
    axes.set_axisbelow(True)


def shapes(axes, annotated, found, title):
    """Draw annotated masks in grey, and a found one as a thick dashed line."""
    height, width = found.shape
    paper(axes, width, height)
    for name, mask in annotated.items():
        for y, x in zip(*np.nonzero(mask), strict=True):
            axes.fill([x, x + 1, x + 1, x], [y, y, y + 1, y + 1], color="#d4d4d4", zorder=0.5)
        for x, y in edges(mask):
            axes.plot(x, y, color="black", linewidth=1.6, solid_capstyle="round")
        if name:
            y, x = np.argwhere(mask).mean(axis=0) + 0.5
            axes.text(x, y, name, ha="center", va="center", weight="bold", fontsize=19)
    for x, y in edges(found):
        axes.plot(x, y, color="black", linewidth=3.4, dashes=(1.6, 0.9), dash_capstyle="butt")
    axes.set_title(title)


# --- Trace the rays -------------------------------------------------------------------------

CENTRE = np.array([8.0, 6.5])
PLACES = {"P": (8.0, 6.5), "Q": (5.5, 8.0)}


def nucleus(points=360):
    """Return the outline of the nucleus to trace: a shapely polygon, in squares."""
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    radius = 5.1 + 0.75 * np.cos(2 * angle) + 0.35 * np.sin(3 * angle)
    return Polygon(CENTRE + radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1))


def ends(outline, place):
    """Return where each ray from `place` first meets the outline: array (RAYS, 2) of x and y."""
    start, crossings = Point(place), []
    for angle in np.arange(RAYS) * 2 * np.pi / RAYS:
        far = np.add(place, 100 * np.array([np.cos(angle), np.sin(angle)]))
        crossed = LineString([place, far]).intersection(outline.exterior)
        points = getattr(crossed, "geoms", [crossed])
        nearest = min(points, key=start.distance)
        crossings.append((nearest.x, nearest.y))
    return np.array(crossings)


def rays():
    """Return the answers: the length of each ray in squares, and how well the corners fit."""
    outline, answers = nucleus(), {}
    for name, place in PLACES.items():
        corners = ends(outline, place)
        drawn = Polygon(corners)
        answers[name.lower()] = {
            **{f"r{i}": float(np.hypot(*(corner - place))) for i, corner in enumerate(corners)},
            "iou": drawn.intersection(outline).area / drawn.union(outline).area,
        }
    return answers


def trace(axes, *, solved):
    """Draw the nucleus and its two pixels; `solved`: with rays and the lines between their ends."""
    paper(axes, 17, 13)
    axes.plot(*nucleus().exterior.xy, color="black", linewidth=3)
    for name, place in PLACES.items():
        if solved:
            corners = ends(nucleus(), place)
            style = {"P": "-", "Q": "--"}[name]
            for x, y in corners:
                axes.plot([place[0], x], [place[1], y], style, color="black", linewidth=1.1)
            axes.fill(*corners.T, fill=False, linestyle=style, edgecolor="#666666", linewidth=1.8)
        axes.plot(*place, "o", color="black", markersize=8)
        axes.text(
            place[0] + 0.25,
            place[1] - 0.75,
            name,
            fontsize=19,
            weight="bold",
            ha="left",
            va="center",
            bbox={"color": "white", "pad": 0.5},
        )


def compass(axes):
    """Draw the eight directions with their numbers."""
    axes.set(xlim=(-1.7, 1.7), ylim=(1.7, -1.7), aspect="equal")
    axes.axis("off")
    for ray in range(RAYS):
        angle = ray * 2 * np.pi / RAYS
        x, y = np.cos(angle), np.sin(angle)
        axes.annotate("", (x, y), (0, 0), arrowprops={"arrowstyle": "->", "linewidth": 1.4})
        axes.text(1.35 * x, 1.35 * y, str(ray), ha="center", va="center")


# --- Two people, ten nuclei -----------------------------------------------------------------


def ten():
    """Return the crop to annotate, its label image, and its ten largest whole nuclei.

    Returns
    -------
    image : (SIDE, SIDE) floats in [0, 1]; labels : (SIDE, SIDE) integers
    chosen : [label], from top to bottom
    """
    image, truth = data.nuclei()
    image, truth = np.asarray(image, float), np.asarray(truth)
    low, high = np.percentile(image, (1, 99.8))
    window = (slice(TOP, TOP + SIDE), slice(LEFT, LEFT + SIDE))
    labels = truth[window]
    cut = {*labels[[0, -1]].ravel(), *labels[:, [0, -1]].ravel()}
    whole = [label for label in np.unique(labels) if label and label not in cut]
    largest = sorted(whole, key=lambda label: -(labels == label).sum())[:10]
    middles = {label: np.argwhere(labels == label).mean(axis=0) for label in largest}
    chosen = sorted(largest, key=lambda label: tuple(middles[label]))
    return np.clip((image[window] - low) / (high - low), 0, 1), labels, chosen


def annotate(axes, *, solved):
    """Draw the crop, dark nuclei on white paper; `solved`: with the annotators' outlines."""
    image, labels, chosen = ten()
    # White where nothing is, and pale enough elsewhere for a pen to be seen on it.
    shown = 1 - 0.8 * np.clip((image - 0.08) / 0.92, 0, 1) ** 0.55
    axes.imshow(shown, cmap="gray", vmin=0, vmax=1, interpolation="none")
    ticks = range(0, SIDE + 1, 10)
    axes.set_xticks(ticks)
    axes.set_yticks(ticks)
    for number, label in enumerate(chosen, 1):
        mask = labels == label
        y, x = np.argwhere(mask).mean(axis=0)
        axes.text(x, y, str(number), ha="center", va="center", weight="bold")
        if solved:
            outline = max(find_contours(np.pad(mask, 1).astype(float), 0.5), key=len)
            axes.plot(outline[:, 1] - 1, outline[:, 0] - 1, color="black", linewidth=1.8)


# --- Files ----------------------------------------------------------------------------------


def save(name, paint, width, height):
    """Write worksheet_NAME.svg; `paint(figure)` draws it."""
    with matplotlib.rc_context(PRINT | {"font.family": letters()}):
        figure = Figure(figsize=(width / 72, height / 72), layout="constrained")
        paint(figure)
        path = HERE / f"worksheet_{name}.svg"
        figure.savefig(path, facecolor="white", metadata={"Date": None, "Creator": None})


def main():
    """Write all drawings and numbers."""
    pairs = {
        "example": (EXAMPLE, moved(EXAMPLE, 0, 1)),
        "one": (ROUND, moved(ROUND, 1, 1)),
        "further": (ROUND, moved(ROUND, 2, 1)),
        "large": (LARGE, LARGE | SMALL),
        "small": (SMALL, LARGE | SMALL),
    }
    iou = {name: overlap(*pair) for name, pair in pairs.items()}
    iou["count"] = count([iou["one"]["iou"], iou["large"]["iou"], iou["small"]["iou"]], claimed=2)

    def example(figure):
        shapes(figure.subplots(), {"": EXAMPLE}, pairs["example"][1], "")

    def tasks(figure):
        left, right = figure.subplots(1, 2)
        shapes(left, {"A": ROUND}, pairs["one"][1], "drawing 1")
        shapes(right, {"B": LARGE, "C": SMALL}, pairs["large"][1], "drawing 2")

    def to_trace(figure):
        left, right = figure.subplots(1, 2, width_ratios=[5, 1])
        trace(left, solved=False)
        compass(right)

    save("iou_example", example, 360, 260)
    save("iou", tasks, 640, 310)
    save("rays", to_trace, 640, 420)
    save("rays_answer", lambda figure: trace(figure.subplots(), solved=True), 560, 440)
    save("annotate", lambda figure: annotate(figure.subplots(), solved=False), 640, 640)
    save("annotate_answer", lambda figure: annotate(figure.subplots(), solved=True), 520, 520)

    _, labels, chosen = ten()
    recorded = data.nuclei()[0][TOP : TOP + SIDE, LEFT : LEFT + SIDE]
    tifffile.imwrite(HERE / "ten-nuclei.tif", recorded, software="", metadata=None)
    areas = {f"n{i}": int((labels == label).sum()) for i, label in enumerate(chosen, 1)}
    ten_nuclei = {"side": SIDE, "top": TOP, "left": LEFT, "areas": areas}
    files.write(HERE, {"iou": iou, "rays": rays(), "annotate": ten_nuclei})


if __name__ == "__main__":
    main()
