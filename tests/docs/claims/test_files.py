"""What the pages of practice say about numbers and files, tried: numpy, tifffile, Zarr and more."""

import io
import shutil
import time
import warnings
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import roifile
import tifffile
import zarr
from dask.distributed import Client, LocalCluster, get_worker
from PIL import Image
from skimage.io import imread, imsave
from stardist.utils import export_imagej_rois

IMAGE = np.arange(100 * 200, dtype=np.uint16).reshape(100, 200)


# --- Types --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "most"), [("uint8", 255), ("uint16", 65_535)])
def test_numbers_above_what_the_type_holds_start_again_at_0_without_a_warning(kind, most):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        saved = np.array([most, most + 1, most + 2]).astype(kind)
    assert saved.tolist() == [most, 0, 1]


# --- Pictures and TIFF files --------------------------------------------------------------------


def test_a_jpeg_invents_numbers_at_edges_and_png_and_tiff_do_not(tmp_path):
    labels = np.zeros((64, 64), np.uint8)
    labels[8:30, 8:30], labels[30:50, 8:30] = 40, 200
    returned = {}
    for kind in ("jpg", "png", "tif"):
        imsave(tmp_path / f"labels.{kind}", labels, check_contrast=False)
        returned[kind] = imread(tmp_path / f"labels.{kind}")
    assert len(np.unique(returned["jpg"])) > 10
    assert np.array_equal(returned["png"], labels) and np.array_equal(returned["tif"], labels)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_the_pixel_size_of_a_tiff_is_lost_in_a_picture(tmp_path, kind):
    tifffile.imwrite(tmp_path / "a.tif", IMAGE.astype(np.uint8), resolution=(20_000, 20_000),
                     resolutionunit="CENTIMETER")  # fmt: skip
    saved = io.BytesIO()
    Image.fromarray(imread(tmp_path / "a.tif")).save(saved, kind)
    assert not {"dpi", "exif"} & set(Image.open(saved).info)


def test_a_plain_tiff_is_stored_row_by_row(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", IMAGE, rowsperstrip=10)
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        page = file.pages[0]
        assert not page.is_tiled
        first, length = page.dataoffsets[0], page.databytecounts[0]
        file.filehandle.seek(first)
        rows = np.frombuffer(file.filehandle.read(length), IMAGE.dtype)
    assert np.array_equal(rows, IMAGE[:10].ravel())


def test_the_line_for_imagej_writes_the_pixel_size_with_the_labels(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", IMAGE.astype("uint16"), imagej=True, resolution=(2, 2),
                     metadata={"unit": "um"})  # fmt: skip
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        assert file.imagej_metadata["unit"] == "um"
        assert file.pages[0].tags["XResolution"].value == (2, 1)
        assert np.array_equal(file.asarray(), IMAGE)


# --- Zarr ---------------------------------------------------------------------------------------


@pytest.fixture
def chunks(tmp_path):
    array = zarr.create_array(tmp_path / "a.zarr", shape=(100, 200), chunks=(50, 100), dtype="u2")
    array[:] = IMAGE
    return tmp_path / "a.zarr"


def test_chunks_are_compressed_and_lie_each_by_itself(chunks):
    files = sorted(path for path in (chunks / "c").rglob("*") if path.is_file())
    assert len(files) == 4
    assert all(path.stat().st_size < 50 * 100 * 2 for path in files)


def test_who_needs_a_tile_reads_its_chunks_alone(chunks):
    shutil.rmtree(chunks / "c" / "1")
    (chunks / "c" / "0" / "1").write_bytes(b"no chunk at all")
    array = zarr.open_array(chunks, mode="r")
    assert np.array_equal(array[:50, :100], IMAGE[:50, :100])
    with pytest.raises(Exception):  # noqa: B017  which one depends on the compressor
        array[:50, 100:]


def test_writing_a_tile_touches_its_chunk_alone(chunks):
    before = {path: path.read_bytes() for path in (chunks / "c").rglob("*") if path.is_file()}
    zarr.open_array(chunks, mode="r+")[50:, 100:] = 7
    changed = [path for path, content in before.items() if path.read_bytes() != content]
    assert [path.relative_to(chunks).as_posix() for path in changed] == ["c/1/1"]


# --- Dask ---------------------------------------------------------------------------------------


def task(number):
    """Says which worker did it, and when."""
    began = time.perf_counter()
    time.sleep(0.01)
    return get_worker().name, began, time.perf_counter()


@pytest.mark.filterwarnings("ignore:Couldn't detect a suitable IP address")
def test_a_scheduler_hands_out_tasks_and_a_worker_does_one_after_the_other():
    options = {"processes": False, "dashboard_address": None}
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, **options) as cluster,
        Client(cluster) as client,
    ):
        done = client.gather(client.map(task, range(20)))
    for worker in (0, 1):
        times = sorted((began, ended) for name, began, ended in done if name == worker)
        assert times
        assert all(ended <= began for (_, ended), (began, _) in pairwise(times))


# --- Outlines for ImageJ ------------------------------------------------------------------------


def test_rois_keep_overlaps_and_names(tmp_path):
    corners = np.array([[2, 2], [12, 2], [12, 12], [2, 12]])
    rois = [roifile.ImagejRoi.frompoints(corners + 5 * number, name=f"cell {number}")
            for number in range(2)]  # fmt: skip
    roifile.roiwrite(tmp_path / "rois.zip", rois)
    first, second = roifile.roiread(tmp_path / "rois.zip")
    assert (first.name, second.name) == ("cell 0", "cell 1")
    assert first.coordinates().max() > second.coordinates().min()


def polygon(x):
    return np.array([[[10.0, 10.0, 19.0], [x, x + 9, x + 9]]])  # (y, x) of three corners


def test_stardist_adds_the_half_pixel_of_imagej(tmp_path):
    export_imagej_rois(tmp_path / "rois.zip", polygon(5.0))
    (roi,) = np.atleast_1d(roifile.roiread(tmp_path / "rois.zip"))
    assert roi.coordinates().min(axis=0).tolist() == [5.5, 10.5]


def test_beyond_32767_pixels_stardist_stops_and_leaves_a_part_of_the_zip(tmp_path):
    polygons = np.concatenate([polygon(5.0), polygon(40_000.0)])
    with pytest.raises(OverflowError, match="int too big to convert"):
        export_imagej_rois(tmp_path / "rois.zip", polygons)
    (left,) = np.atleast_1d(roifile.roiread(tmp_path / "rois.zip"))
    assert left.coordinates().max() < 100


# --- Tables -------------------------------------------------------------------------------------


def test_pandas_writes_for_a_reader_with_a_decimal_comma():
    written = pd.DataFrame({"label": [1], "area_um2": [3.4]}).to_csv(
        sep=";", decimal=",", index=False
    )
    assert written.split() == ["label;area_um2", "1;3,4"]
