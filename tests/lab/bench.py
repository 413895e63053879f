"""Time, memory and size of the lab's engine beside the Python libraries (`make lab-bench`).

    python -m tests.lab.bench           # medians of three runs, one thread each
    python -m tests.lab.bench --large   # also 2048² and 8192², and agreement on all ten

Processor time is compared, as other programs on the machine hardly change it.
"""

import argparse
import gzip
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import tifffile

# One thread, as the page has; read when the libraries are imported.
for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
    os.environ[name] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

RUNS = 3
#: What the page should keep to. Ratios count, as machines differ.
TARGETS = {
    "ratio": 4, "sliders": 0.05, "cold start": 3,  # the last two in seconds
    "page's script": 40e3, "runtime + stardist_nuclei": 4e6,
    "cellpose_nuclei": 14e6, "cellpose_cells": 14e6,
}  # fmt: skip


def library(case):
    """Seconds of processor time of a warm run (median), and bytes of memory at most."""
    import torch

    from tests.lab import both

    torch.set_num_threads(1)
    segment = both.by_library(case.tool)
    segment(case)
    seconds = []
    for _ in range(RUNS):
        before = time.process_time()
        segment(case)
        seconds.append(time.process_time() - before)
    return statistics.median(seconds), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def apart(case_number, large):
    """Run `library` in a process of its own, so that its memory is its own."""
    command = [sys.executable, "-m", "tests.lab.bench", "--library", str(case_number)]
    done = subprocess.run(
        [*command, *(["--large"] if large else [])], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def cases(large):
    """512² for each tool; if asked, 2048²."""
    from tests.lab import both

    chosen = [case for case in both.ten() if case.image.shape[-2:] == (512, 512)]
    return chosen + [case for case in both.ten() if large and case.image.shape[-1] == 2048]


def sizes():
    """What a visit loads, in bytes: scripts gzipped as a server sends them."""
    from course_build import ROOT, lab

    made = lab.made(ROOT)
    listed = json.loads((ROOT / "lab" / "weights" / "weights.json").read_text())
    runtime = len(made[lab.RUNTIME])
    return {
        "page's script": sum(len(gzip.compress(made[name], 6)) for name in at_once(made)),
        "worker's script": len(gzip.compress(made["worker.js"], 6)),
        "runtime": runtime,
        **{name: entry["bytes"] for name, entry in listed.items()},
        "runtime + stardist_nuclei": runtime + listed["stardist_nuclei"]["bytes"],
    }


def at_once(made):
    """Return the scripts that come with the page: lab.js, and what it and they import."""
    needed, waiting = [], ["lab.js"]
    while waiting:
        needed.append(waiting.pop())
        found = re.findall(r'(?:from|import)"\./([\w-]+\.js)"', made[needed[-1]].decode())
        waiting += [name for name in dict.fromkeys(found) if name not in [*needed, *waiting]]
    return needed


def cold_start():
    """Seconds from the click to the objects, in a browser that has loaded nothing before (median).

    An image of 512² and StarDist; the site comes from this machine, so what a network takes is not
    in it.
    """
    from playwright.sync_api import sync_playwright

    from course_build import ROOT
    from setup_env import find_chromium
    from tests.lab import both
    from tests.site.checks import CHROMIUM_FLAGS
    from tests.site.lab import choose, run
    from tests.site.server import serve

    seconds = []
    with (
        serve(ROOT / "site") as root,
        sync_playwright() as playwright,
        tempfile.TemporaryDirectory() as folder,
    ):
        image = Path(folder) / "nuclei.tif"
        tifffile.imwrite(image, both.ten()[0].image)
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_FLAGS)
        for _ in range(RUNS):
            context = browser.new_context()
            page = context.new_page()
            page.goto(f"{root}lab/?tool=stardist")
            page.locator(".lab[data-ready]").wait_for()
            choose(page, image)
            page.get_by_text("512 × 512 pixels").first.wait_for()
            before = time.perf_counter()
            assert run(page) > 100
            seconds.append(time.perf_counter() - before)
            context.close()
        browser.close()
    return statistics.median(seconds)


def in_blocks():
    """Print what 8192² takes, in the engine alone: does its memory grow from block to block?

    What grows is the list of what was found; the network takes the memory of the block before.
    """
    from tests.lab import both

    case = both.Case("nuclei, 8192²", "stardist", np.tile(both.large_nuclei(), (4, 4)))
    with tempfile.TemporaryDirectory() as folder:
        _, [told], memory = both.by_engine([case], Path(folder))
    held = told["held"]
    print(
        f"8192 × 8192: {told['count']} objects, {told['network'] + told['objects']:.0f} s, memory "
        f"{held[len(held) // 8] / 1e6:.0f} MB after an eighth of {len(held)} blocks, "
        f"{held[-1] / 1e6:.0f} MB after the last, {memory / 1e6:.0f} MB at most"
    )


def judged(name, value):
    """Say whether a value keeps to its target; nothing where there is none."""
    return "" if name not in TARGETS else "  ok" if value <= TARGETS[name] else "  above its target"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--large", action="store_true", help="also 2048² and 8192², and agreement on ten"
    )
    parser.add_argument("--library", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    chosen = cases(asked.large)
    if asked.library is not None:
        print(json.dumps(library(chosen[asked.library])))
        return

    from tests.lab import both

    print(f"{'':48}{'engine':>9}{'library':>9}{'ratio':>7}{'memory':>9}{'library':>9}")
    for number, case in enumerate(chosen):
        with tempfile.TemporaryDirectory() as folder:
            _, told, memory = both.by_engine([case] * (RUNS + 1), Path(folder), move=True)
        ours = statistics.median(run["network"] + run["objects"] for run in told[1:])
        sliders = {
            name: statistics.median(run["sliders"][name] for run in told[1:])
            for name in told[0]["sliders"]
        }
        theirs, their_memory = apart(number, asked.large)
        height, width = case.image.shape[-2:]
        print(
            f"{f'{case.tool}: {case.name}, {height} × {width}':48}{ours:7.2f} s{theirs:7.2f} s"
            f"{ours / theirs:7.1f}{memory / 1e6:6.0f} MB{their_memory / 1e6:6.0f} MB"
            f"{judged('ratio', ours / theirs)}",
            flush=True,
        )
        for name, again in sliders.items():
            print(f"    {name:44}{1000 * again:6.0f} ms{judged('sliders', again)}", flush=True)
    first = cold_start()
    print(f"{'from the click to objects, nothing loaded yet':48}{first:7.2f} s", end="")
    print(judged("cold start", first), end="\n\n")
    for name, size in sizes().items():
        print(f"{name:34}{size / 1e3:9,.0f} kB{judged(name, size)}")
    if asked.large:
        print()
        in_blocks()
        for tool in both.MODELS:
            some = [case for case in both.ten() if case.tool == tool]
            segment = both.by_library(tool)
            with tempfile.TemporaryDirectory() as folder:
                labels, _, _ = both.by_engine(some, Path(folder))
            for case, ours in zip(some, labels, strict=True):
                theirs = segment(case)
                print(
                    f"{tool:17}{case.name:32}{theirs.max():6d}{ours.max():6d} objects, "
                    f"AP at 0.9 {both.agreement(ours, theirs):.4f}"
                )


if __name__ == "__main__":
    main()
