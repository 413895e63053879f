"""What the page "Try your own image" loads is packed, complete, and asks no other host."""

import json
import lzma
import re

import pytest

from course_build import ROOT, Stop, lab

pytestmark = pytest.mark.slow  # the runtime is packed


@pytest.fixture(scope="module")
def made():
    return lab.made(ROOT, entry="engine.js")


def test_the_site_has_worker_runtime_and_networks(made):
    assert {"lab.js", "worker.js", lab.RUNTIME} <= set(made)
    worker = made["worker.js"].decode()
    assert f'"{lab.RUNTIME}"' in worker and f"{len(made[lab.RUNTIME])}" in worker
    listed = json.loads((ROOT / "lab" / "weights" / "weights.json").read_text())
    published = lab.published(ROOT)
    assert {f"lab/weights/{entry['file']}" for entry in listed.values()} <= set(published)
    assert all((ROOT / name).is_file() for name in published)


def test_the_runtime_unpacks_to_what_npm_brought(made):
    program = (ROOT / "node_modules" / lab.PROGRAM).read_bytes()
    assert lzma.decompress(made[lab.RUNTIME]) == program


def test_runtime_worker_and_the_smallest_network_are_four_megabytes(made):
    listed = json.loads((ROOT / "lab" / "weights" / "weights.json").read_text())
    size = len(made[lab.RUNTIME]) + listed["stardist_nuclei"]["bytes"]
    assert size + len(lzma.compress(made["worker.js"])) < 4e6


def test_the_engine_loads_nothing_before_it_runs(made):
    """What the page's script holds are addresses of its own parts; the worker has the rest."""
    page = made["lab.js"].decode()
    assert "onnx" not in page and lab.RUNTIME not in page
    assert len(page) < 120_000


def test_the_worker_takes_its_program_from_nowhere_else(made):
    hosts = set(re.findall(r"https?://([\w.-]+)", made["worker.js"].decode()))
    assert hosts <= {"web.dev", "github.com", "www.w3.org"}  # words in messages of the runtime


def test_on_disk_a_small_script_says_how_to_serve_the_one_that_does_it_all():
    on_disk = lab.made(ROOT, on_disk=True, entry="engine.js")
    assert {"lab.js", "served.js", "worker.js", lab.RUNTIME} <= set(on_disk)
    assert lab.KEEPER not in on_disk
    small = on_disk["lab.js"].decode()
    assert len(small) < 2000 and "serve.py" in small and "import " not in small


def test_a_network_that_is_missing_stops_the_build(tmp_path):
    (tmp_path / "lab" / "weights").mkdir(parents=True)
    (tmp_path / "lab" / "weights" / "weights.json").write_text(
        '{"stardist_nuclei": {"file": "a.onnx.xz"}}'
    )
    (tmp_path / "lab" / "weights" / "graphs.json").write_text("{}")
    with pytest.raises(Stop, match="run `make lab-weights ONLY=stardist_nuclei`"):
        lab.published(tmp_path)


def test_a_runtime_that_is_missing_stops_the_build(tmp_path):
    with pytest.raises(Stop, match="run `make site`"):
        lab.made(ROOT, tmp_path)


def test_packing_is_done_once(tmp_path, monkeypatch):
    first = lab.packed_once(b"program" * 99, tmp_path)
    monkeypatch.setattr(lab.lzma, "compress", None)
    assert lab.packed_once(b"program" * 99, tmp_path) == first
    assert lzma.decompress(first) == b"program" * 99


def test_what_the_service_worker_keeps_is_this_version(made):
    first, script = made[lab.KEEPER].decode().split("\n", 1)
    kept = json.loads(first.removeprefix("const LAB = ").removesuffix(";"))
    assert set(kept["scripts"]) == {name for name in made if name.endswith(".js")} - {lab.KEEPER}
    worker = made["worker.js"].decode()
    graphs = (ROOT / "lab" / "weights" / "graphs.json").read_text()
    for address in kept["hashed"]:
        name, digest = address.split("?")
        assert name == lab.RUNTIME or (ROOT / "lab" / name).is_file()
        # With it the worker asks; for a graph the page, which hands it over with a reader's model.
        assert digest in (graphs if "_graph" in name else worker)
    runtime = {"file": "a", "sha256": "0" * 64}
    other = lab.keeper(ROOT, {"lab.js": b"1"}, runtime), lab.keeper(ROOT, {"lab.js": b"2"}, runtime)
    assert other[0] != other[1] and other[0].decode().endswith(script)
