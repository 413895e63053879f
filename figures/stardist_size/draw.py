"""StarDist: how large nuclei may be. One image, shown to the network at many sizes."""

from pathlib import Path

import numpy as np
from csbdeep.utils import normalize
from skimage.measure import regionprops
from stardist.matching import matching

from bioimage_course import data
from figures._shared.files import write
from figures._shared.style import draw
from figures.stardist_network.compute import course_model, field_of_view

HERE = Path(__file__).parent

SCALES = (0.25, 0.375, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6)
QUARTER = np.s_[:256, :256]  # of the image: enlarged six times, even this is 2.4 megapixels


def compute():
    image, truth = data.nuclei()
    model = course_model()
    normalised, truth = normalize(image, 1, 99.8)[QUARTER], truth[QUARTER]
    diameter = np.median([region.equivalent_diameter_area for region in regionprops(truth)])
    shown = {}
    for scale in SCALES:
        labels, _ = model.predict_instances(normalised, scale=scale)
        score = matching(truth, labels, thresh=0.5)
        shown[f"s{1000 * scale:04.0f}"] = {
            "diameter": diameter * scale,
            "objects": score.n_pred,
            "f1": score.f1,
        }
    return {
        "nuclei": len(np.unique(truth)) - 1,
        "diameter": diameter,
        "field_of_view": field_of_view(model.config),
        "shown": shown,
    }


def paint(figure, theme, numbers):
    axes = figure.add_axes((0.16, 0.27, 0.83, 0.65) if theme.narrow else (0.11, 0.22, 0.87, 0.69))
    rows = list(numbers["shown"].values())
    axes.axvspan(numbers["diameter"] * 0.5, numbers["diameter"] * 2, color=theme.panel)
    widths, scores = zip(*((row["diameter"], row["f1"]) for row in rows), strict=True)
    axes.plot(widths, scores, "o-", color=theme.predicted, ms=8)
    axes.set_xscale("log", base=2)
    ticks = [6, 12, 24, 48, 96, 144]
    axes.set_xticks(ticks, ticks, minor=False)
    axes.set(ylim=(0, 1.04), yticks=[0, 0.5, 1], ylabel="F1 (IoU 0.5)")
    lines = "\n" if theme.narrow else " "
    axes.set_xlabel(f"width of a nucleus{lines}as the network sees it (pixels)")
    words = "half to twice as recorded"
    axes.text(numbers["diameter"], 1.05, words, ha="center", va="bottom", color=theme.muted)


def main():
    numbers = compute()
    draw(HERE / "stardist_size", paint, numbers, width=560, height=290, narrow=290)
    write(HERE, numbers)


if __name__ == "__main__":
    main()
