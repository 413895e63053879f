"""Time and memory that a method needs for one megapixel; run in a process of its own.

    python training/speed.py stardist_nuclei

Memory is the highest use of the whole process while it segments, less the use just before: the
libraries and the weights are loaded by then, and one small image was segmented.
"""

import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import psutil

REPEATS = 3
TILES = 2  # the course's image, 512×512, this many times along each axis: about one megapixel


def measure(name):
    """Measure one method in a fresh process: {"seconds_per_megapixel", "megabytes_per_megapixel"}.

    Raises
    ------
    RuntimeError
        With what the process printed, if it failed.
    """
    answer = subprocess.run([sys.executable, __file__, name], capture_output=True, text=True)
    if answer.returncode:
        raise RuntimeError(f"{name} could not be measured:\n{answer.stderr[-2000:]}")
    return json.loads(answer.stdout.splitlines()[-1])


def megapixel(name="stardist_nuclei"):
    """An image of about one million pixels that a method is for, and its size in megapixels."""
    from bioimage_course import data

    image, _ = data.cells() if name == "cellpose_cells" else data.nuclei()
    tiled = np.tile(image, (TILES, TILES))
    return tiled, tiled.shape[-1] * tiled.shape[-2] / 1e6


def peak_megabytes(run):
    """Highest memory use of this process while `run()` works, less the use just before."""
    process, done = psutil.Process(), threading.Event()
    before = peak = process.memory_info().rss

    def watch():
        nonlocal peak
        while not done.wait(0.005):
            peak = max(peak, process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        run()
    finally:
        done.set()
        watcher.join()
    return (peak - before) / 1e6


def main(name):
    from training import methods

    builders = {
        "otsu_watershed": lambda: methods.classical(
            json.loads((Path(__file__).parent / "results" / "otsu_watershed.json").read_text())
        ),
        "stardist_nuclei": methods.stardist_nuclei,
        "cellpose_nuclei": methods.cellpose_nuclei,
        "cellpose_cells": methods.cellpose_cells,
    }
    segment = builders[name]()
    image, megapixels = megapixel(name)
    segment(image[..., :128, :128])
    megabytes = peak_megabytes(lambda: segment(image))
    seconds = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        segment(image)
        seconds.append(time.perf_counter() - began)
    result = {
        "seconds_per_megapixel": round(float(np.median(seconds)) / megapixels, 2),
        "megabytes_per_megapixel": round(megabytes / megapixels),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main(sys.argv[1])
