"""Measure what every part of the tests costs, and every notebook; show it at the end of the run.

Memory is that of all processes that the tests started, above what the tests themselves use.
"""

import json
import threading
import time
from collections import Counter
from pathlib import Path

import psutil
import pytest

MOST_GIGABYTES = 6
MOST_MINUTES = 12  # for all notebooks together, on two idle cores
BUILD = Path(__file__).parents[1] / "build"
REPORT = BUILD / "notebook_costs.json"
PARTS = BUILD / "test-times.json"


def memory_of_children():
    """Memory in bytes that all processes started by this one hold now."""
    total = 0
    for process in psutil.Process().children(recursive=True):
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


def part_of(path):
    """Return the part that a test belongs to: notebooks, figures, tests/site, …"""
    parts = Path(path).parts
    return "/".join(parts[:2]) if parts[0] == "tests" and len(parts) > 2 else parts[0]


class Costs:
    """A pytest plugin that times all tests, and samples the memory of the notebooks' kernels."""

    def __init__(self):
        self.rows = {}
        self.seconds = Counter()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item):
        """Run a notebook; it fails where it needs more memory than a laptop has to spare."""
        if item.path.suffix != ".ipynb" or "notebooks" not in item.path.parts:
            return (yield)
        done, peak, began = threading.Event(), 0, time.perf_counter()

        def watch():
            nonlocal peak
            while not done.wait(0.1):
                peak = max(peak, memory_of_children())

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            result = yield
        finally:
            done.set()
            watcher.join()
            gigabytes = peak / 1e9
            seconds = time.perf_counter() - began
            cost = {"seconds": round(seconds), "gigabytes": round(gigabytes, 1)}
            item.user_properties.append(("notebook_cost", cost))
        if gigabytes > MOST_GIGABYTES:
            pytest.fail(f"{item.path.stem} took {gigabytes:.1f} GB; at most {MOST_GIGABYTES}")
        return result

    def pytest_runtest_logreport(self, report):
        """Collect what was measured, also by another process that runs tests (pytest-xdist)."""
        self.seconds[part_of(report.nodeid.split("::")[0])] += report.duration
        for name, cost in report.user_properties:
            if name == "notebook_cost" and report.when == "call":
                self.rows[Path(report.fspath).stem] = cost

    def pytest_terminal_summary(self, terminalreporter):
        """Show the tables, and keep them as JSON."""
        BUILD.mkdir(exist_ok=True)
        parts = {part: round(seconds) for part, seconds in self.seconds.most_common()}
        PARTS.write_text(json.dumps(parts, indent=1) + "\n", encoding="utf-8")
        terminalreporter.section("seconds by part, all processes together")
        terminalreporter.write_line(" · ".join(f"{part} {took}" for part, took in parts.items()))
        if not self.rows:
            return
        total = sum(row["seconds"] for row in self.rows.values())
        terminalreporter.section("what the notebooks cost")
        for name, row in sorted(self.rows.items()):
            terminalreporter.write_line(
                f"{name:32} {row['seconds']:4} s {row['gigabytes']:5.1f} GB"
            )
        slow = f": more than {MOST_MINUTES} min" if total > 60 * MOST_MINUTES else ""
        terminalreporter.write_line(f"{'together':32} {total:4} s{slow}")
        REPORT.write_text(json.dumps(self.rows, indent=1) + "\n")
