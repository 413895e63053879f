"""Cellpose: heat spreads from each centre, its slope is the flow, pixels follow it home.

And what the diameter does: how large the two nuclei are when they reach the network.
"""

from pathlib import Path

import numpy as np
import torch
from cellpose import dynamics, metrics, transforms
from cellpose.utils import diameters
from matplotlib.patches import Circle
from scipy.ndimage import uniform_filter

from bioimage_course import data
from figures._shared.cellpose_network import cellpose_network
from figures._shared.files import write
from figures._shared.style import CENTRED, TRUTH, draw, panels, picture
from figures._shared.two_nuclei import PAIR_COLOURS, iou, outline, two_nuclei, zoom

HERE = Path(__file__).parent

STEPS = 200
MODEL_DIAMETER = 21  # diam_mean of the course's model for nuclei
CLAIMED = (8, 24, 72)  # diameters given for nuclei of about 24 px
WINDOW = 64  # pixels of the resized image that are shown


def heat(mask):
    """Heat in a mask after Cellpose's simulated diffusion, and the centre it started from.

    Each round adds 1 at the centre, then every pixel takes the mean of its 3×3 neighbourhood;
    outside the mask it is always 0. As in cellpose.dynamics.masks_to_flows.
    """
    rows, columns = np.nonzero(mask)
    nearest = ((rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2).argmin()
    centre = rows[nearest], columns[nearest]
    temperature = np.zeros(mask.shape)
    for _ in range(2 * (np.ptp(rows) + np.ptp(columns) + 6)):
        temperature[centre] += 1
        temperature = uniform_filter(temperature, size=3, mode="constant") * mask
    return temperature, centre


def flow_of(labels):
    """Flow of a label image as Cellpose learns it: shape (2, Y, X), unit vectors (down, right)."""
    return dynamics.masks_to_flows(labels.astype(np.int32)).astype(np.float32)


def walk(flow, mask, steps=STEPS):
    """Ways of all pixels of a mask, one Euler step after the other: shape (steps + 1, 2, N)."""
    ways = [np.array(np.nonzero(mask), np.float32)]
    for _ in range(steps):
        ways.append(dynamics.follow_flows(flow, ways[-1], niter=1))
    return np.stack(ways)


def recover(flow, inside):
    """Label image that Cellpose's own last step makes of a perfect flow.

    The network predicts 5 times the flow, and a logit: 6 and -6 stand for "certain".
    """
    logit = np.where(inside, 6.0, -6.0).astype(np.float32)
    return dynamics.compute_masks(5 * flow, logit, niter=STEPS)


def plot_ways(axes, ways, colour, every):
    """Draw the ways of the pixels on a grid."""
    on_grid = np.all(ways[0] % every == 0, axis=0)
    for way in np.moveaxis(ways[:, :, on_grid], 2, 0):
        axes.plot(way[:, 1], way[:, 0], color=colour, lw=1.8)
        axes.plot(way[0, 1], way[0, 0], "o", color=colour, ms=5.5)


def paint(figure, theme, image, masks, flow, ways, recovered):
    (first, second), (third, fourth) = axes_of_all = figure.subplots(2, 2)
    if theme.narrow:
        places = {"top": 0.935, "wspace": 0.03, "hspace": 0.29}
    else:
        places = {"top": 0.95, "wspace": 0.04, "hspace": 0.12}
    figure.subplots_adjust(left=0, right=1, bottom=0, **places)
    inside = np.any(masks, axis=0)
    darker = {"vmax": image.max() * 1.8}  # so that arrows and ways stand out

    heats = [heat(mask) for mask in masks]
    logs = sum(np.log1p(temperature) / np.log1p(temperature.max()) for temperature, _ in heats)
    picture(first, np.where(inside, logs, np.nan), cmap="magma")
    first.set_title("1 · heat spreads")
    for _, (row, column) in heats:
        first.plot(column, row, "o", color=TRUTH, ms=9, mec="white")
    outline(first, inside, theme.muted, width=1)

    picture(second, image, **darker)
    second.set_title("2 · the flow: uphill")
    rows, columns = np.nonzero(inside & (np.indices(inside.shape) % 3 == 0).all(axis=0))
    second.quiver(
        columns,
        rows,
        flow[1, rows, columns],
        flow[0, rows, columns],
        color=np.where(masks[0][rows, columns], *PAIR_COLOURS),
        angles="xy",
        scale_units="xy",
        scale=0.36,
        pivot="mid",
        width=0.012,
        headwidth=3.4,
        headlength=3.6,
        headaxislength=3.4,
    )

    picture(third, image, **darker)
    third.set_title("3 · pixels follow it")
    for colour, way in zip(PAIR_COLOURS, ways, strict=True):
        plot_ways(third, way, colour, every=4)
        third.plot(*way[-1, ::-1, 0], "o", color="white", ms=7)

    picture(fourth, image)
    fourth.set_title("4 · same end," + ("\n" if theme.narrow else " ") + "same nucleus")
    for colour, mask in zip(PAIR_COLOURS, recovered, strict=True):
        outline(fourth, mask, colour, width=3.5)
    for axes in axes_of_all.flat:
        zoom(axes, inside)


def as_the_network_sees_it(image, claimed, centre):
    """Window around a point of the image, resized for this diameter: what `eval` does first."""
    factor = MODEL_DIAMETER / claimed
    resized = transforms.resize_image(image.astype(np.float32), rsz=factor, no_channels=True)
    padded = np.pad(resized, WINDOW)  # a much reduced image is smaller than the window
    row, column = (round(position * factor) + WINDOW - WINDOW // 2 for position in centre)
    return padded[row : row + WINDOW, column : column + WINDOW]


def paint_diameters(figure, theme, image, centre):
    """Windows of one size on the resized image, the model's own diameter as a circle."""
    limits = {"vmin": np.percentile(image, 50), "vmax": np.percentile(image, 99.8)}
    middle = (WINDOW / 2, WINDOW / 2)
    places = {"right": 0.58, "hspace": 0.04} if theme.narrow else {"bottom": 0.13, "wspace": 0.04}
    axes_of_all = panels(figure, theme, 3, top=1 if theme.narrow else 0.88, **places)
    for axes, claimed in zip(axes_of_all, CLAIMED, strict=True):
        picture(axes, as_the_network_sees_it(image, claimed, centre), **limits)
        for width, colour in ((5, "black"), (2.5, TRUTH)):
            axes.add_patch(Circle(middle, MODEL_DIAMETER / 2, fill=False, lw=width, ec=colour))
        given, made = f"diameter={claimed}", f"image × {MODEL_DIAMETER / claimed:.2f}"
        if theme.narrow:
            axes.text(1.37, 0.5, f"{given}\n{made}", transform=axes.transAxes, **CENTRED)
        else:
            axes.set_title(given)
            axes.set_xlabel(made)


def turned(flow, degrees):
    """Every arrow turned by an angle."""
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.stack([cosine * flow[0] - sine * flow[1], sine * flow[0] + cosine * flow[1]])


def flow_errors(labels, degrees):
    """The largest flow error of the masks when every predicted arrow is off by an angle."""
    predicted, cpu = 5 * turned(flow_of(labels), degrees), torch.device("cpu")
    return metrics.flow_error(labels.astype(np.int32), predicted, device=cpu)[0].max()


def objects_found(image):
    """How many objects the course's model finds, by the diameter that it was told."""
    model = cellpose_network("cellpose_nuclei")
    return {
        f"d{claimed}": int(model.eval(image, channels=[0, 0], diameter=claimed)[0].max())
        for claimed in CLAIMED
    }


def main():
    image, masks = two_nuclei()
    labels = np.select(masks, [1, 2])
    flow = flow_of(labels)
    ways = [walk(flow, mask) for mask in masks]
    objects = recover(flow, labels > 0)
    # Each nucleus gets the object that covers most of it, so that colours stay the same.
    recovered = [objects == np.bincount(objects[mask]).argmax() for mask in masks]
    content = image, masks, flow, ways, recovered
    draw(HERE / "cellpose_flows", paint, *content, width=560, height=580, narrow=412)
    whole, truth = data.nuclei()
    larger = np.argwhere(masks[0]).mean(axis=0)
    centre = [axis.start + position for axis, position in zip(data.TOUCHING, larger, strict=True)]
    content = whole, centre
    draw(HERE / "cellpose_diameter", paint_diameters, *content, width=560, height=238, narrow=612)
    on_the_way = [np.hypot(*(way - way[-1]).transpose(1, 0, 2)) > 1 for way in ways]
    write(
        HERE,
        {
            "pixels": int((labels > 0).sum()),
            "slowest": int(max(far.sum(axis=0).max() for far in on_the_way)),
            "objects": int(objects.max()),
            "iou": round(min(map(iou, recovered, masks)), 2),
            "model_diameter": MODEL_DIAMETER,
            "median_diameter": diameters(truth)[0],
            "seen": {f"d{claimed}": 24 * MODEL_DIAMETER / claimed for claimed in CLAIMED},
            "found": objects_found(whole),
            "error_of_turned": {f"by{angle}": flow_errors(labels, angle) for angle in (30, 45)},
        },
    )


if __name__ == "__main__":
    main()
