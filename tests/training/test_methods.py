"""The methods that are compared; published models are stood in for by a server on loopback."""

import functools
import hashlib
import http.server
import threading
import zipfile

import numpy as np
import pytest
from cellpose import models as cellpose_models
from csbdeep.models import pretrained
from skimage.draw import disk
from stardist.matching import matching
from stardist.models import StarDist2D

from bioimage_course import WEIGHTS, data
from training import methods

pytestmark = pytest.mark.slow  # networks run


@pytest.mark.parametrize("colour", [False, True], ids=["grey", "RGB"])
def test_bright_backgrounds_are_inverted_and_dark_ones_are_not(colour):
    nuclei = np.zeros((32, 32), bool)
    nuclei[10:20, 10:20] = True
    dark = np.where(nuclei, 200, 20).astype(np.uint8)
    for image in (dark, 255 - dark):
        image = np.dstack([image] * 3) if colour else image
        grey = methods.nuclei_bright(image)
        assert grey.shape == (32, 32)
        assert grey[nuclei].min() > grey[~nuclei].max()


def test_perfect_distances_give_back_round_nuclei():
    labels = np.zeros((64, 64), np.int32)
    labels[disk((20, 20), 9)], labels[disk((44, 40), 6)] = 1, 2
    drawn = methods.polygons_of(labels)
    assert matching(labels, drawn, thresh=0.85).accuracy == 1
    assert not methods.polygons_of(np.zeros((8, 8), np.int32)).any()


@pytest.fixture
def publisher(tmp_path, monkeypatch):
    """Offer the course's weights as if they were published; returns (folder, address)."""
    offered = tmp_path / "offered"
    offered.mkdir()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Handler, directory=str(offered))
    )
    threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    get_file = functools.partial(pretrained.get_file, cache_dir=str(tmp_path / "keras"))
    monkeypatch.setattr(pretrained, "get_file", get_file)
    monkeypatch.setattr(cellpose_models, "MODEL_DIR", tmp_path / "cellpose")
    yield offered, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def offer_stardist(publisher, monkeypatch, sha256=None):
    folder, address = publisher
    archive = folder / "model.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        for file in ("config.json", "thresholds.json", "weights_best.h5"):
            zipped.write(WEIGHTS / "stardist_nuclei" / file, file)
    sha256 = sha256 or hashlib.sha256(archive.read_bytes()).hexdigest()
    known = pretrained._MODELS[StarDist2D]
    published = {"url": f"{address}/model.zip", "hash": sha256}
    monkeypatch.setitem(known, "2D_versatile_fluo", known["2D_versatile_fluo"] | published)


def test_a_published_stardist_model_is_downloaded_and_run(publisher, monkeypatch):
    offer_stardist(publisher, monkeypatch)
    image, _ = data.nuclei()
    segment = methods.official_stardist("2D_versatile_fluo")
    assert np.array_equal(segment(image[:256, :256]), methods.stardist_nuclei()(image[:256, :256]))


def test_a_stardist_model_with_another_hash_is_refused(publisher, monkeypatch):
    offer_stardist(publisher, monkeypatch, sha256="0" * 64)
    with pytest.raises(methods.OfficialModelError, match="2D_versatile_fluo was not run"):
        methods.official_stardist("2D_versatile_fluo")


@pytest.mark.parametrize("name, file", [("cyto3", "cyto3"), ("nuclei", "nucleitorch_0")])
def test_a_published_cellpose_model_is_downloaded_and_run(publisher, monkeypatch, name, file):
    folder, address = publisher
    (folder / file).write_bytes((WEIGHTS / "cellpose_nuclei" / "model").read_bytes())
    monkeypatch.setattr(cellpose_models, "_MODEL_URL", address)
    image, truth = data.nuclei()
    segment = methods.official_cellpose(name, lambda image: truth[:256, :256])
    assert segment(image[:256, :256]).max() > 10


def test_a_published_model_that_is_not_there_says_what_to_do(publisher, monkeypatch):
    monkeypatch.setattr(cellpose_models, "_MODEL_URL", publisher[1])
    with pytest.raises(methods.OfficialModelError, match=r"cyto3 was not run.*404.*try again"):
        methods.official_cellpose("cyto3", None)
