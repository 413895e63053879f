"""The course's images and data sets, and what happens when one cannot be had."""

import errno
import functools
import hashlib
import http.server
import io
import os
import shutil
import socket
import tempfile
import threading
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pooch
import pytest
from skimage.filters import threshold_otsu
from skimage.io import imread, imsave
from skimage.measure import label
from stardist.utils import calculate_extents
from tifffile import imwrite
from tqdm import tqdm

from bioimage_course import data, usiigaci

FILES = [f"{split}/{kind}/a.tif" for split in ("train", "test") for kind in ("images", "masks")]


def zipped(names):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, f"content of {name}")
    return buffer.getvalue()


ARCHIVE = zipped([f"dsb2018/{name}" for name in FILES])


class Server:
    """Serves one file on loopback: `body`, or a part of it, with `status`.

    files : what lies at other addresses, by path
    failures : so many requests are answered with 503 before all is well
    """

    def __init__(self):
        self.body, self.status, self.cut_at = ARCHIVE, 200, None
        self.files, self.failures, self.requests = {}, 0, 0
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                server.requests += 1
                body = server.files.get(self.path, server.body)
                self.send_response(503 if server.requests <= server.failures else server.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[: server.cut_at])

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/"
        threading.Thread(target=self.http.serve_forever, args=[0.01], daemon=True).start()


@pytest.fixture
def server():
    server = Server()
    yield server
    server.http.shutdown()
    server.http.server_close()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    cache = tmp_path / "cache"
    monkeypatch.setenv("BIOIMAGE_COURSE_CACHE", str(cache))
    monkeypatch.delenv("BIOIMAGE_COURSE_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(pooch.core.time, "sleep", lambda seconds: None)  # between two tries
    return cache


def publish(monkeypatch, url, body=None, **files):
    """Let the data set dsb2018 be an archive, `body`, or these files, found below `url`."""
    files = files or {"dsb2018.zip": body}
    registry = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    dataset = replace(data.DATASETS["dsb2018"], base_url=url, registry=registry)
    monkeypatch.setitem(data.DATASETS, "dsb2018", dataset)


@pytest.fixture
def published(server, cache, monkeypatch):
    publish(monkeypatch, server.url, ARCHIVE)
    return server


def fill(folder, files=FILES):
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def fails_cleanly(cache, *words, name="dsb2018"):
    """fetch raises a DataError with these words, and the cache holds nothing afterwards."""
    with pytest.raises(data.DataError) as caught:
        data.fetch(name)
    for word in words:
        assert word in str(caught.value)
    assert not cache.is_dir() or list(cache.iterdir()) == []


# --- images ---------------------------------------------------------------------------------------


def test_nuclei_come_with_labels_1_to_125_in_a_row():
    image, truth = data.nuclei()
    assert (image.shape, image.dtype, image.max()) == ((512, 512), np.uint16, 235)
    assert (truth.shape, truth.dtype) == ((512, 512), np.int32)
    assert np.unique(truth).tolist() == list(range(126))


def test_tissue_is_an_rgb_image():
    tissue = data.tissue()
    assert (tissue.shape, tissue.dtype) == ((300, 500, 3), np.uint8)


def test_the_volume_is_coarser_along_z_and_its_labels_run_in_a_row():
    volume, truth = data.volume()
    assert (volume.shape, volume.dtype) == ((31, 61, 57), np.uint16)
    assert (volume.min(), volume.max()) == (104, 375)
    assert (truth.shape, truth.dtype) == (volume.shape, np.int32)
    assert np.array_equal(np.unique(truth), np.arange(52))
    z, y, x = calculate_extents(truth)
    assert 1.5 < (y + x) / 2 / z < 2.5


def test_cells_come_in_two_channels_with_a_nucleus_in_every_cell():
    image, truth = data.cells()
    assert (image.shape, image.dtype) == ((2, 512, 512), np.uint8)
    assert (truth.shape, truth.dtype) == ((512, 512), np.int32)
    assert np.unique(truth).tolist() == list(range(69))
    actin, dna = image
    assert actin[truth > 0].mean() > 4 * np.median(actin[truth == 0])
    brightest = [np.percentile(dna[truth == number], 90) for number in range(1, 69)]
    assert min(brightest) > 2 * np.median(dna[truth > 0])


def test_packed_cells_come_in_two_channels_and_leave_hardly_any_gap():
    image = data.packed_cells()
    assert (image.shape, image.dtype) == ((2, 192, 192), np.uint8)
    background = np.percentile(data.cells()[0][0], 30)  # actin where there is no cell
    assert np.mean(image[0] > 2 * background) > 0.9


def test_the_licence_of_the_cells_comes_with_them():
    licence = data.CELLS.with_name("LICENSE-CellProfiler.txt").read_text(encoding="utf-8")
    assert "Broad Institute" in licence
    assert "must reproduce the above copyright notice" in " ".join(licence.split())


def test_otsu_merges_the_touching_nuclei_that_the_annotation_separates():
    image, truth = data.nuclei()
    rows, columns = data.TOUCHING
    assert image[rows, columns].shape == (64, 64)
    middle = truth[rows, columns][16:48, 16:48]
    pair = [number for number in np.unique(middle[middle > 0])]
    assert len(pair) == 2
    for threshold in (threshold_otsu(image), threshold_otsu(image[rows, columns])):
        blobs = label(image > threshold)
        largest = [np.bincount(blobs[truth == number]).argmax() for number in pair]
        assert largest[0] == largest[1] > 0
    whole = [(truth == number).sum() for number in pair]
    assert whole == [(truth[rows, columns] == number).sum() for number in pair]


# --- fetch ----------------------------------------------------------------------------------------


def test_fetch_takes_your_own_folder_first(published, cache, tmp_path, monkeypatch):
    folder = fill(tmp_path / "mine" / "dsb2018")
    monkeypatch.setenv("BIOIMAGE_COURSE_DATA", str(tmp_path / "mine"))
    assert data.fetch("dsb2018") == folder
    assert published.requests == 0


def test_fetch_downloads_when_your_own_folder_does_not_hold_the_data_set(
    published, cache, tmp_path, monkeypatch
):
    monkeypatch.setenv("BIOIMAGE_COURSE_DATA", str(tmp_path))
    assert data.fetch("dsb2018") == cache / "dsb2018"


def test_fetch_says_when_the_folder_you_named_does_not_exist(published, cache, monkeypatch):
    monkeypatch.setenv("BIOIMAGE_COURSE_DATA", "/no/such/folder")
    fails_cleanly(cache, "BIOIMAGE_COURSE_DATA", "/no/such/folder", "not a folder")


def test_fetch_says_what_your_own_folder_lacks(published, cache, tmp_path, monkeypatch):
    fill(tmp_path / "dsb2018", FILES[:3])
    monkeypatch.setenv("BIOIMAGE_COURSE_DATA", str(tmp_path))
    fails_cleanly(cache, "test/masks missing", "BIOIMAGE_COURSE_DATA")


def test_fetch_downloads_once_and_then_reads_the_cache(published, cache):
    folder = data.fetch("dsb2018")
    assert folder == cache / "dsb2018"
    assert (folder / "train/masks/a.tif").read_text() == "content of dsb2018/train/masks/a.tif"
    assert [path.name for path in cache.iterdir()] == ["dsb2018"]  # no archive, no workspace
    assert data.fetch("dsb2018") == folder
    assert published.requests == 1


def test_fetch_downloads_a_data_set_of_single_files(published, cache, monkeypatch):
    content = {name: f"content of {name}".encode() for name in FILES}
    published.files = {f"/{name}": body for name, body in content.items()}
    publish(monkeypatch, published.url, **content)
    folder = data.fetch("dsb2018")
    assert {name: (folder / name).read_bytes() for name in FILES} == content
    (folder / FILES[2]).unlink()
    with pytest.raises(data.DataError, match=f"{FILES[2]} missing"):
        data.fetch("dsb2018")


def test_fetch_leaves_nothing_when_one_of_several_files_is_another(published, cache, monkeypatch):
    content = {name: f"content of {name}".encode() for name in FILES}
    published.files = {f"/{name}": body for name, body in content.items()}
    published.files[f"/{FILES[3]}"] = b"changed"
    publish(monkeypatch, published.url, **content)
    fails_cleanly(cache, FILES[3], "sha256 differs")


def test_fetch_tries_again_before_it_gives_up(published, cache):
    published.failures = 2
    assert data.fetch("dsb2018") == cache / "dsb2018"
    assert published.requests == 3


def test_fetch_shows_a_progress_bar(published, capfd, monkeypatch):
    # Whatever TQDM_DISABLE says while the tests run.
    monkeypatch.setattr(pooch.downloaders, "tqdm", functools.partial(tqdm, disable=False))
    data.fetch("dsb2018")
    assert "100%" in capfd.readouterr().err


def test_fetch_lists_the_known_names_for_an_unknown_one():
    with pytest.raises(ValueError, match=r"'dsb2019'.*dsb2018, dsb2018_brightfield"):
        data.fetch("dsb2019")


def test_fetch_says_that_bright_field_has_no_public_address(cache):
    with pytest.raises(data.DataError, match=r"no public address.*BIOIMAGE_COURSE_DATA"):
        data.fetch("dsb2018_brightfield")


def test_fetch_rejects_a_file_whose_hash_changed(published, cache):
    published.body = ARCHIVE + b"!"
    fails_cleanly(cache, "sha256 differs", "thrown away", "BIOIMAGE_COURSE_DATA")


def test_fetch_leaves_nothing_when_the_connection_is_cut_half_way(published, cache):
    published.cut_at = len(ARCHIVE) // 2
    fails_cleanly(cache, "cut half-way", "Try again")


def test_fetch_reports_a_file_that_is_gone(published, cache):
    published.status = 404
    fails_cleanly(cache, "answered 404", "BIOIMAGE_COURSE_DATA")


def test_fetch_says_how_to_go_on_without_a_network(cache, monkeypatch):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        port = unused.getsockname()[1]
        publish(monkeypatch, f"http://127.0.0.1:{port}/", ARCHIVE)
        fails_cleanly(cache, "cannot be reached", "online", "BIOIMAGE_COURSE_DATA")


def test_fetch_says_when_a_server_redirects_for_ever(published, cache, monkeypatch):
    import requests

    def too_many(*_, **__):
        raise requests.TooManyRedirects("more than 30")

    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", too_many)
    fails_cleanly(cache, "more than 30", "Try again")


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM, errno.EROFS])
def test_fetch_says_when_the_cache_is_read_only(published, cache, monkeypatch, number):
    def refuse(*_, **__):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(data.tempfile, "mkdtemp", refuse)
    fails_cleanly(cache, "cannot be written to", "BIOIMAGE_COURSE_CACHE")


def test_fetch_says_when_the_cache_is_a_file(published, cache):
    cache.write_text("not a folder")
    with pytest.raises(data.DataError, match="BIOIMAGE_COURSE_CACHE"):
        data.fetch("dsb2018")
    assert cache.read_text() == "not a folder"


def test_fetch_leaves_nothing_when_the_disk_fills_during_the_download(
    published, cache, monkeypatch
):
    def half(self, url, output_file, *_):
        with open(output_file, "wb") as file:
            file.write(ARCHIVE[:100])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", half)
    fails_cleanly(cache, "disk is full", "BIOIMAGE_COURSE_CACHE")


def test_fetch_leaves_nothing_when_the_disk_fills_while_unpacking(published, cache, monkeypatch):
    def half(source, target, *_):
        target.write(source.read(5))
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(zipfile.shutil, "copyfileobj", half)
    fails_cleanly(cache, "disk is full", "BIOIMAGE_COURSE_CACHE")


@pytest.mark.parametrize(
    "name", ["../evil.tif", "dsb2018/../../evil.tif", "/evil.tif", "C:\\evil.tif", "..\\evil.tif"]
)
def test_fetch_writes_nothing_outside_of_the_data_set_whatever_an_archive_says(
    published, cache, monkeypatch, name
):
    published.body = zipped([*(f"dsb2018/{file}" for file in FILES), name])
    publish(monkeypatch, published.url, published.body)
    folder = data.fetch("dsb2018")
    evil = [path for path in cache.parent.rglob("*evil*") if folder not in path.parents]
    assert [path.name for path in cache.iterdir()] == ["dsb2018"]
    assert evil == [] and not Path("/evil.tif").exists()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<html>Please log in</html>", "not a zip file"),
        (zipped(["dsb2018/train/images/a.tif"]), "not laid out as expected"),
        (zipped(["other/a.tif"]), "not laid out as expected"),
    ],
)
def test_fetch_refuses_an_archive_of_another_kind(published, cache, monkeypatch, body, words):
    published.body = body
    publish(monkeypatch, published.url, body)
    fails_cleanly(cache, words)


def test_fetch_takes_the_copy_of_a_quicker_process(published, cache, monkeypatch):
    unpack = pooch.Unzip._extract_file

    def meanwhile(self, archive, folder):
        fill(cache / "dsb2018")
        unpack(self, archive, folder)

    monkeypatch.setattr(pooch.Unzip, "_extract_file", meanwhile)
    assert data.fetch("dsb2018") == cache / "dsb2018"
    assert [path.name for path in cache.iterdir()] == ["dsb2018"]


def test_fetch_says_when_the_cached_copy_is_incomplete(published, cache):
    shutil.rmtree(data.fetch("dsb2018") / "train" / "masks")
    with pytest.raises(data.DataError, match=r"train/masks missing.*Delete .*dsb2018"):
        data.fetch("dsb2018")


# --- fetch, whole cells ---------------------------------------------------------------------------

CELLS = "cells/usiigaci_field"


def encoded(write, pixels, suffix, **options):
    """What a file of this image holds."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"x{suffix}"
        write(path, pixels, **options)
        return path.read_bytes()


@pytest.fixture
def drawn(server, cache, monkeypatch):
    """A server with one field as its authors published it; `fetch` knows its files by hash."""
    raw = np.full((60, 80), 30000, np.uint16)
    raw[10:30, 10:40] = 65535
    labels = np.zeros((60, 80), np.uint8)
    labels[10:30, 10:40] = 7
    labels[20, 20] = 0  # a pin hole
    labels[35, 70] = 7  # a speck
    labels[40:50, 50:60] = 7  # a severed part
    labels[55:58, 5:8] = 9  # a cell too small to be one
    content = {
        "val/set46/raw.tif": encoded(imwrite, raw, ".tif"),
        "val/set46/instances_ids.png": encoded(imsave, labels, ".png", check_contrast=False),
    }
    server.files = {f"/{name}": body for name, body in content.items()}
    registry = {name: hashlib.sha256(body).hexdigest() for name, body in content.items()}
    dataset = replace(data.DATASETS[CELLS], base_url=server.url, registry=registry)
    monkeypatch.setitem(data.DATASETS, CELLS, dataset)
    return server


def test_fetch_turns_a_field_of_cells_into_an_image_and_labels(drawn, cache):
    folder = data.fetch(CELLS)
    assert folder == cache / CELLS
    assert sorted(path.name for path in folder.iterdir()) == ["fields.csv", "images", "masks"]
    [(image, mask)] = data.pairs(folder, "test")
    assert imread(image).dtype == np.uint8 and imread(image)[20, 15] == 255
    labels = imread(mask)
    assert labels.dtype == np.uint16 and np.unique(labels).tolist() == [0, 1, 2]
    assert (labels == 1).sum() == 600 and (labels == 2).sum() == 100
    assert data.fetch(CELLS) == folder
    assert drawn.requests == 2
    assert [path.name for path in cache.iterdir()] == ["cells"]


def test_fetch_takes_the_field_from_your_copy_of_the_whole_set(drawn, cache, tmp_path, monkeypatch):
    own = fill(tmp_path / "cells" / "usiigaci_t98g", data.DATASETS[CELLS].holds)
    monkeypatch.setenv("BIOIMAGE_COURSE_DATA", str(tmp_path))
    assert data.fetch(CELLS) == own
    (own / "masks" / "set46.tif").unlink()
    fails_cleanly(cache, "masks/set46.tif missing", "BIOIMAGE_COURSE_DATA", name=CELLS)


def test_fetch_leaves_nothing_of_cells_of_which_a_file_changed(drawn, cache):
    drawn.files["/val/set46/instances_ids.png"] += b"!"
    fails_cleanly(cache, "instances_ids.png", "sha256 differs", name=CELLS)


def test_fetch_leaves_nothing_of_cells_when_the_connection_is_cut(drawn, cache):
    drawn.cut_at = 100
    fails_cleanly(cache, "cut half-way", name=CELLS)


def test_fetch_leaves_nothing_of_cells_without_a_network(drawn, cache, monkeypatch):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        offline = replace(data.DATASETS[CELLS], base_url=url)
        monkeypatch.setitem(data.DATASETS, CELLS, offline)
        fails_cleanly(cache, "cannot be reached", "BIOIMAGE_COURSE_DATA", name=CELLS)


def test_fetch_leaves_nothing_of_cells_when_the_disk_fills(drawn, cache, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tifffile.imwrite", full)
    fails_cleanly(cache, "disk is full", "BIOIMAGE_COURSE_CACHE", name=CELLS)


@pytest.mark.parametrize("name", ["jump_cellpainting", "kc167_actin_dna", "embl_membranes"])
def test_fetch_says_where_images_come_from_whose_masks_are_not_public(cache, name):
    words = ("no public address", "github.com", "BIOIMAGE_COURSE_DATA")
    fails_cleanly(cache, *words, name=f"cells/{name}")


def test_every_field_drawn_by_hand_is_known_by_address_and_hash():
    registry = data.DATASETS["cells/usiigaci_t98g"].registry
    assert len(registry) == 92 and all(len(sha256) == 64 for sha256 in registry.values())
    splits = [row["split"] for row in usiigaci.fields()]
    assert [splits.count(name) for name in ("train", "val", "test")] == [35, 5, 6]
    assert usiigaci.registry(["set46"]).items() <= registry.items()


# --- pairs ----------------------------------------------------------------------------------------


def test_pairs_lists_images_beside_their_masks_by_name(tmp_path):
    images = tmp_path / "train" / "images"
    masks = tmp_path / "train" / "masks"
    for folder in (images, masks):
        fill(folder, ["b.tif", "a.tif", "._a.tif"])  # macOS leaves the last behind
    assert data.pairs(tmp_path, "train") == [
        (images / "a.tif", masks / "a.tif"),
        (images / "b.tif", masks / "b.tif"),
    ]


@pytest.mark.parametrize(
    ("images", "masks", "words"),
    [
        (["a.tif", "b.tif"], ["a.tif"], "1 of 2 files have no mask .* the first is b.tif"),
        (["a.tif"], ["a.tif", "c.tif"], "1 of 2 files have no image .* the first is c.tif"),
        (["a.tif"], [], "No .tif files in .*masks"),
        (["a.png"], ["a.png"], "No .tif files in .*images"),
        ([], [], "No .tif files in .*images"),
    ],
)
def test_pairs_refuses_images_and_masks_that_do_not_pair_up(tmp_path, images, masks, words):
    fill(tmp_path / "train" / "images", images)
    fill(tmp_path / "train" / "masks", masks)
    with pytest.raises(data.DataError, match=words):
        data.pairs(tmp_path, "train")


def test_pairs_refuses_a_split_that_is_not_there(tmp_path):
    fill(tmp_path)
    with pytest.raises(data.DataError, match="validation"):
        data.pairs(tmp_path, "validation")


def test_pairs_follows_the_table_of_cells(tmp_path):
    fill(tmp_path, [f"{kind}/{name}.tif" for kind in ("images", "masks") for name in "ab"])
    (tmp_path / "fields.csv").write_text("name,split\na,train\nb,val\n")
    assert [image.name for image, _ in data.pairs(tmp_path, "val")] == ["b.tif"]
    with pytest.raises(data.DataError, match=r"no field of 'test'; it has train, val"):
        data.pairs(tmp_path, "test")
    (tmp_path / "masks" / "b.tif").unlink()
    with pytest.raises(data.DataError, match=r"no mask of the same name, the first is b\.tif"):
        data.pairs(tmp_path, "val")
