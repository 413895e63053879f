"""Tiles, merged, are the whole, also when a worker dies; the exercises name the likely mistake."""

import ast
import os
import re
import time
from pathlib import Path
from threading import Thread

import nbformat
import numpy as np
import psutil
import pytest
import zarr
from dask.distributed import Client, LocalCluster
from dask_jobqueue import SLURMCluster
from ome_zarr_models.v05.image import Image
from stardist.matching import matching

from tests.notebooks.lessons import FOLDER, code_cells, run_ids

STEM = "12_large_images"
SIDE, TILE, HALO = 512, 128, 48  # px: a field of 16 tiles
PIPELINE = (
    *("imports", "imports-more", "zarr-create", "tiles", "write-tile", "segment-threshold"),
    *("find-objects", "write-labels", "segment-large"),
)


class Here:
    """Stands in for a Dask client: does every task at once, in this process."""

    def map(self, function, items, *, pure, **options):
        return [function(item, **options) for item in items]

    def gather(self, results):
        return results


@pytest.fixture
def lesson(tmp_path):
    """Return the notebook's functions, with a small field painted by them."""
    names = run_ids(
        STEM,
        *("stamps-cut", "places-choose", "paint"),
        *PIPELINE,
        **{"tile_size": TILE, "halo": HALO, "cut": 47},
        **{"folder": tmp_path, "field_path": tmp_path / "field.ome.zarr"},
    )
    group = names["create_pyramid"](names["field_path"], (SIDE, SIDE), TILE, "uint16")
    group["0"][:] = names["paint"]((slice(0, SIDE),) * 2)
    return names


def merged(lesson, name, shape=(SIDE, SIDE), *, client=None, segment=None, **options):
    """Run the pipeline; return (count, label image)."""
    plan = lesson["plan_for"](name, shape, **options)
    count = lesson["segment_large"](client or Here(), plan, segment or lesson["threshold"])
    return count, zarr.open_array(plan.labels / "0", mode="r")[:]


# --- The pipeline -------------------------------------------------------------------------------


def test_the_painted_nuclei_are_where_the_table_says(lesson):
    window = (slice(300, 700), slice(1000, 1500))
    labels = lesson["threshold"](lesson["paint"](window))
    inside = lesson["middles"] - (300, 1000)
    inside = inside[np.all((inside >= 0) & (inside < labels.shape), axis=1)]
    numbers = labels[tuple(inside.T)]
    assert len(inside) > 30
    assert numbers.all()
    assert np.unique(numbers).size == len(inside)


@pytest.mark.parametrize("shape", [(SIDE, SIDE), (500, 390)], ids=["whole tiles", "cut tiles"])
def test_tiles_merged_are_the_whole(lesson, shape):
    untiled = lesson["threshold"](
        zarr.open_array(lesson["field_path"] / "0")[: shape[0], : shape[1]]
    )
    count, labels = merged(lesson, "tiled", shape)
    result = matching(untiled, labels, thresh=0.99)
    assert result.tp == result.n_true == result.n_pred == count == labels.max()


def test_without_a_halo_nuclei_on_seams_count_twice(lesson):
    right, _ = merged(lesson, "with")
    wrong, _ = merged(lesson, "without", halo=0)
    assert wrong > 1.2 * right


def test_an_object_longer_than_the_halo_is_cut(lesson):
    field = zarr.open_array(lesson["field_path"] / "0")
    field[:] = 0
    field[200:210, 10:500] = 255
    _, labels = merged(lesson, "long")
    assert (labels[205, 10:500] == 0).any() or np.unique(labels[205, 10:500]).size > 1


def test_a_task_that_runs_twice_changes_nothing(lesson):
    _, once = merged(lesson, "twice")
    _, again = merged(lesson, "twice")
    np.testing.assert_array_equal(once, again)


def test_what_is_written_is_valid_ome_zarr(lesson):
    (lesson["folder"] / "field.ome.zarr/labels").mkdir()
    merged(lesson, "field.ome.zarr/labels/nuclei")
    run_ids(STEM, "imports", "imports-more", "ome-labels-run", field_path=lesson["field_path"])
    image = Image.from_zarr(zarr.open_group(lesson["field_path"], mode="r"))
    assert image.labels.label_paths == ["nuclei"]
    assert [level.path for level in image.datasets[0]] == ["0", "1", "2"]


def test_a_worker_killed_in_mid_run_changes_no_label(lesson):
    slow = "def slow(pixels):\n    __import__('time').sleep(0.2)\n    return threshold(pixels)\n"
    exec(slow, lesson)
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster,
        Client(cluster) as client,
    ):
        expected = merged(lesson, "quiet", client=client)
        victim, other = client.run(os.getpid).values()
        done = []
        run = Thread(
            target=lambda: done.append(
                merged(lesson, "killed", client=client, segment=lesson["slow"])
            )
        )
        run.start()
        scratch = lesson["folder"] / "killed tiles"
        while not scratch.exists() or len(list(scratch.iterdir())) < 4:
            assert run.is_alive()
            time.sleep(0.01)
        finished_tiles = len(list(scratch.iterdir()))
        psutil.Process(victim).kill()
        run.join(timeout=60)
        client.wait_for_workers(2)
        alive = set(client.run(os.getpid).values())

    assert finished_tiles < (SIDE // TILE) ** 2, "too late: not in mid-run"
    assert victim not in alive
    assert other in alive
    (count, labels), (expected_count, expected_labels) = done[0], expected
    assert count == expected_count
    np.testing.assert_array_equal(labels, expected_labels)


def test_the_cluster_class_is_the_only_statement_that_changes():
    calls = [
        node
        for cell in code_cells(STEM)
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "LocalCluster"
    ]
    assert len(calls) == 1


def test_slurm_gets_what_the_text_shows():
    cells = nbformat.read(Path(FOLDER) / f"{STEM}.ipynb", as_version=4).cells
    text = next(cell.source for cell in cells if cell.id == "slurm")
    code = re.search(r"```python\n(.*?)```", text, re.DOTALL)[1]
    call = ast.parse(code).body[-1].value
    assert call.func.id == "SLURMCluster"
    options = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords}
    assert options.pop("n_workers") == 20  # here none: there is no queue to submit to
    address = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
    with SLURMCluster(n_workers=0, scheduler_options=address, **options) as cluster:
        script = cluster.job_script()
    shown = re.search(r"```text\n(.*?)```", text, re.DOTALL)[1].splitlines()
    assert len(shown) == 6
    assert [line for line in script.splitlines() if line.startswith("#SBATCH")] == shown


# --- Exercises ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (0, "Too narrow"),
        (52, "cell in µm"),
        (80, "add what the network sees"),
        (94, "not for the cell"),
        (52 + 94, "52 is in µm"),
        (34 + 94, "divide instead"),
        (134, "Too narrow"),  # half the cell
        (1024, "needlessly wide"),
        (174.5, "whole pixels"),
    ],
)
def test_the_halo_hint_names_the_mistake(wrong, hint):
    with pytest.raises(AssertionError, match=hint):
        run_ids(STEM, "exercise-halo-check")["check_halo"](wrong)


@pytest.mark.parametrize("right", [174, 176, 192, 256])
def test_any_halo_that_is_wide_enough_is_right(right):
    run_ids(STEM, "exercise-halo-check")["check_halo"](right)


@pytest.fixture(scope="module")
def numbers():
    """Return the tiles of the second exercise, and its check."""
    return run_ids(STEM, "exercise-numbers-code", "exercise-numbers-check", np=np)


@pytest.mark.parametrize(
    ("offsets", "background", "hint"),
    [
        ([0, 0, 0], False, "same number twice"),
        ([0, 3, 2], False, "same number twice"),  # only the tile before
        ([0, 3, 5], True, "background got a number"),
        ([3, 5, 7], False, "offset 0"),  # its own count too
        ([0, 1000, 2000], False, "with gaps"),
    ],
    ids=["unchanged", "last tile only", "background", "own count", "thousands"],
)
def test_the_numbers_hint_names_the_mistake(numbers, offsets, background, hint):
    wrong = [
        tile + offset if background else np.where(tile > 0, tile + offset, 0)
        for tile, offset in zip(numbers["tiles"], offsets, strict=True)
    ]
    with pytest.raises(AssertionError, match=hint):
        numbers["check_numbers"](wrong)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_any_numbering_without_gaps_is_right(numbers, order):
    tiles, offset, answer = numbers["tiles"], 0, [None] * 3
    for index in order:
        answer[index] = np.where(tiles[index] > 0, tiles[index] + offset, 0)
        offset += tiles[index].max()
    numbers["check_numbers"](answer)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ("1312**2 * 33 * 4 / 1e6", "a quarter of the pixels"),
        ("1312**2 / 2 * 33 * 4 / 1e6", "not a half"),
        ("1312**2 / 4 * 33 / 1e6", "4 bytes, not 1"),
        ("1024**2 / 4 * 33 * 4 / 1e6", "halo is missing"),
        ("1168**2 / 4 * 33 * 4 / 1e6", "both sides"),
        ("1312**2 / 4 * 4 / 1e6", "not 1"),
        ("1312**2 / 4 * 33 * 4", "divide by a million"),
        ("1024**2 / 1e6", "Multiply"),
    ],
)
def test_the_memory_hint_names_the_mistake(wrong, hint):
    with pytest.raises(AssertionError, match=hint):
        run_ids(STEM, "exercise-memory-check")["check_megabytes"](eval(wrong))


@pytest.mark.parametrize("right", [656**2 * 33 * 4 / 1e6, 57, 656**2 * 33 * 4 / 2**20])
def test_megabytes_of_either_kind_are_right(right):
    run_ids(STEM, "exercise-memory-check")["check_megabytes"](right)
