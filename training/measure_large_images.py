"""Time and memory of notebook 12's way with large images, for fields of up to 16,384 px a side.

    python -m training.measure_large_images          all (ten minutes on two idle cores)
    python -m training.measure_large_images 2048     fields up to this width, written nowhere
    python -m training.measure_large_images --compare        one worker with two; the rest stays
    python -m training.measure_large_images --block 2048     memory that one block takes
    python -m training.measure_large_images --tiles          seconds for some tiles

The notebook's own cells run here, with its field made larger: tiles with a halo, one owner for each
object, StarDist on workers of one thread each. What was measured goes into
results/large_images.json.
"""

import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import numpy as np
import psutil
from dask.distributed import Client, LocalCluster
from tqdm import tqdm

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "notebooks" / "12_large_images.ipynb"
RESULT = Path(__file__).parent / "results" / "large_images.json"
# What defines the field and the two passes; what shows them stays out.
CELLS = (
    *("imports", "imports-more", "stamps-cut", "places-choose", "paint", "zarr-create", "tiles"),
    *("write-tile", "find-objects", "write-labels", "segment-large", "memory-watch"),
)
WIDTHS = (2048, 4096, 8192, 16384)  # px
BLOCKS = (1024, 2048, 4096)  # px: what StarDist segments at once
COMPARED = 4096  # the width at which one worker is compared with two
SOME_TILES = 5
TILE, HALO = 1024, 144  # px, as the notebook takes for StarDist
ONE_THREAD = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")


def lesson(side, folder):
    """Return what the notebook's cells define, for a field of `side` px in `folder`."""
    cells = {cell.id: cell.source for cell in nbformat.read(NOTEBOOK, as_version=4).cells}
    names = {"__name__": "lesson", "folder": folder, "field_path": folder / "field.ome.zarr"}
    names |= {"tile_size": TILE, "halo": HALO, "cells": cells}
    for name in CELLS:
        source = cells[name].replace("side, spacing = 8192, 64", f"side, spacing = {side}, 64")
        exec(compile(source, name, "exec"), names)
    assert names["side"] == side, "the notebook's cell `places-choose` has changed"
    return names


def pixels_read(side):
    """Pixels that all tiles of a square field read, halos included."""
    edges = range(0, side, TILE)
    return sum(min(side, at + TILE + HALO) - max(0, at - HALO) for at in edges) ** 2


def start(load_model, dask_worker=None):
    """Load the model where the notebook's `stardist` looks for it, and use it once."""
    dask_worker.model = load_model()
    dask_worker.model.predict_instances(np.zeros((256, 256), np.float32))


def processor_seconds(pids):
    """What these processes have computed so far, on all cores together."""
    times = [psutil.Process(pid).cpu_times() for pid in pids]
    return sum(time.user + time.system for time in times)


def measure(side, workers):
    """Segment a field of `side` px: {"seconds", "worker_megabytes", "objects", "nuclei", …}."""
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch,
        LocalCluster(
            n_workers=workers, threads_per_worker=1, memory_limit=0, dashboard_address=None,
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster) as client,
    ):  # fmt: skip
        names = lesson(side, Path(scratch))
        shape = (side, side)
        names["field"] = names["create_pyramid"](names["field_path"], shape, TILE, "uint16")
        tiles = names["tiles_of"](shape, TILE)
        client.gather(
            client.map(names["paint_tile"], tiles, folder=names["field_path"], pure=False)
        )
        exec(compile(names["cells"]["stardist-model"], "stardist-model", "exec"), names)
        client.run(start, names["load_model"])  # so that no worker's libraries count as work
        plan = names["plan_for"]("labels", shape)
        pids = list(client.run(os.getpid).values())
        before, began = processor_seconds(pids), time.perf_counter()
        with names["peak_memory"](pids) as peak:
            objects = names["segment_large"](client, plan, names["stardist"])
        seconds = time.perf_counter() - began
        busy = processor_seconds(pids) - before
    return {
        "width": side,
        "workers": workers,
        "seconds": round(seconds),
        "seconds_per_megapixel_read": round(seconds * 1e6 / pixels_read(side), 3),
        "minutes": round(seconds / 60, 2),
        "cores_busy": round(busy / seconds, 2),
        "halo_percent": round(100 * (pixels_read(side) / side**2 - 1), 1),
        "worker_megabytes": round(max(peak.values())),
        "worker_gigabytes": round(max(peak.values()) / 1000, 2),
        "nuclei": len(names["middles"]),
        "objects": int(objects),
    }


def block_gigabytes(side):
    """Memory that StarDist takes for one block of `side` px, above what it held before."""
    from bioimage_course import data
    from training import methods, speed

    image, _ = data.nuclei()
    times = -(-side // image.shape[0])
    block = np.tile(image, (times, times))[:side, :side]
    segment = methods.stardist_nuclei()
    segment(image[:256, :256])
    return round(speed.peak_megabytes(lambda: segment(block)) / 1000, 2)


def seconds_for_tiles():
    """Seconds that StarDist takes for some tiles, without Dask and files."""
    from bioimage_course import data
    from training import methods

    image, _ = data.nuclei()
    side = TILE + 2 * HALO
    tile = np.tile(image, (3, 3))[:side, :side]
    segment = methods.stardist_nuclei()
    segment(tile)
    began = time.perf_counter()
    for _ in range(SOME_TILES):
        segment(tile)
    return time.perf_counter() - began


def apart(*options, times=1):
    """Run this program in fresh processes, several at once; return the numbers they print."""
    command = [sys.executable, "-m", "training.measure_large_images", *map(str, options)]
    started = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for _ in range(times)
    ]
    return [float(process.communicate()[0].split()[-1]) for process in started]


def compare(width=COMPARED):
    """How much faster two workers are than one, and two programs that share nothing."""
    rows = {workers: measure(width, workers) for workers in (2, 1)}
    print(json.dumps(rows))
    [alone] = apart("--tiles")
    together = max(apart("--tiles", times=2))
    return {
        "compared_width": width,
        "two_workers_faster": round(rows[1]["seconds"] / rows[2]["seconds"], 2),
        "cores_busy": {f"workers_{workers}": row["cores_busy"] for workers, row in rows.items()},
        "two_programs_faster": round(2 * alone / together, 2),
    }


def main(largest=WIDTHS[-1]):
    """Measure all widths with two workers, then one worker; return the table."""
    rows = []
    for width in (bar := tqdm([w for w in WIDTHS if w <= largest], unit="field", disable=None)):
        bar.set_description(f"{width} px")
        rows.append(measure(width, 2))
        print(json.dumps(rows[-1]), flush=True)
    first, last = rows[0], rows[-1]
    blocks = {f"px_{side}": apart("--block", side)[0] for side in BLOCKS if side <= largest}
    return {
        "tile": TILE,
        "halo": HALO,
        "cores": psutil.cpu_count(logical=False),
        "blocks": blocks,
        "fields": rows,
        "memory_growth": round(last["worker_megabytes"] / first["worker_megabytes"], 2),
        "times_the_pixels": (last["width"] // first["width"]) ** 2,
        "time_growth_per_pixel_read": round(
            last["seconds_per_megapixel_read"] / first["seconds_per_megapixel_read"], 2
        ),
        "smallest": first,
        "largest": last,
        **compare(min(COMPARED, largest)),
    }


def write(measured):
    RESULT.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    for name in ONE_THREAD:
        os.environ[name] = "1"
    asked = sys.argv[1:2]
    if asked == ["--block"]:
        print(block_gigabytes(int(sys.argv[2])))
    elif asked == ["--tiles"]:
        print(seconds_for_tiles())
    elif asked == ["--compare"]:
        write(json.loads(RESULT.read_text(encoding="utf-8")) | compare())
    elif asked:
        main(int(sys.argv[1]))
    else:
        write(main())
