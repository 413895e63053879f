"""Memory and time of notebook 12's way with large images, as training/ measured them."""

import json
from pathlib import Path

from figures._shared.style import draw

HERE = Path(__file__).parent
RESULT = HERE.parents[1] / "training" / "results" / "large_images.json"


def read():
    return json.loads(RESULT.read_text(encoding="utf-8"))


def megapixels(field):
    """Size of a field in million pixels."""
    return field["width"] ** 2 / 1e6


def paint(figure, theme, measured):
    fields = measured["fields"]
    sizes = [megapixels(field) for field in fields]
    memory, time = figure.subplots(2, 1)
    left = 0.18 if theme.narrow else 0.12
    figure.subplots_adjust(left=left, right=0.95, top=0.94, bottom=0.14, hspace=0.5)

    gigabytes = [field["worker_gigabytes"] for field in fields]
    memory.plot(sizes, gigabytes, "o-", color=theme.predicted)
    memory.set(ylim=(0, 1.3 * max(gigabytes)), yticks=(0, 1, 2), ylabel="GB")
    memory.set_title("Memory of one worker: flat", loc="left")

    minutes = [field["seconds"] / 60 for field in fields]
    time.plot(sizes, minutes, "s-", color=theme.truth)
    time.set(yscale="log", ylabel="minutes", xlabel="size of the image (megapixels)")
    time.set_title("Time on two workers: grows with the image", loc="left")
    for axes in (memory, time):
        axes.set_xscale("log")
        axes.set_xticks(sizes, [f"{size:.0f}" for size in sizes])
        axes.minorticks_off()
    shown = [tick for tick in (0.1, 1, 10, 100) if min(minutes) / 3 < tick < max(minutes) * 3]
    time.set_yticks(shown, [f"{tick:g}" for tick in shown])
    time.minorticks_off()


def main():
    draw(HERE / "large_images", paint, read(), width=560, height=480, narrow=440)


if __name__ == "__main__":
    main()
