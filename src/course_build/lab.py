"""The page "Try your own image": what it loads, bundled and packed, out of lab/.

The page's script and the worker's are bundled with esbuild. ONNX Runtime's program, 14 MB, is
packed with xz, a third smaller than gzip makes it; the worker unpacks it. Nothing of this is
loaded before a reader asks for it.
"""

import hashlib
import json
import lzma
from pathlib import Path

from course_build import ROOT, Stop
from course_build.programs import node, run

BUNDLER = Path(__file__).with_name("lab.mjs")
PROGRAM = Path("onnxruntime-web") / "dist" / "ort-wasm-simd-threaded.wasm"
RUNTIME = "runtime.wasm.xz"
PAGE = "view/page.js"
ON_DISK = "view/disk.js"  # says that a page from disk cannot do this, and how it can be served
KEEPER = "offline_worker.js"  # keeps, in the browser, what a reader has used
AS_THEY_ARE = ("*.css", "examples/*.tif", "examples/*.webp")
# The check that the unpacking library knows, and no more memory than the program needs.
XZ = {
    "format": lzma.FORMAT_XZ,
    "check": lzma.CHECK_CRC32,
    "filters": [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "dict_size": 2**24}],
}


def published(root):
    """Return the files of lab/ that the site has as they are, as paths relative to `root`.

    Raises
    ------
    Stop
        If a network is not there.
    """
    files = [file for kind in AS_THEY_ARE for file in sorted((root / "lab").glob(kind))]
    weights = root / "lab" / "weights"
    for name, entry in large_files(root).items():
        files.append(weights / entry["file"])
        if not files[-1].exists():
            raise Stop(f"lab/weights/ has no {files[-1].name}: run `make lab-weights ONLY={name}`")
    return [file.relative_to(root).as_posix() for file in files]


def large_files(root):
    """Return what lab/weights/ lists: networks, and graphs for readers' own models."""
    lists = [root / "lab" / "weights" / f"{name}.json" for name in ("weights", "graphs")]
    return {name: entry for file in lists for name, entry in json.loads(file.read_text()).items()}


def made(root, modules=ROOT / "node_modules", *, on_disk=False, entry=PAGE):
    """Return what is made for the site: {address below lab/: bytes}.

    Parameters
    ----------
    root : pathlib.Path
        The repository.
    modules : pathlib.Path
        Where npm has put the browser libraries.
    on_disk : bool
        For the site that is opened from disk, where a page can neither start a worker nor load
        data: lab.js says so. Where that site is served, lab.js loads served.js, which can.
    entry : str
        The module that does it all; it becomes lab.js, or on disk served.js.

    Raises
    ------
    Stop
        With esbuild's own words if a module cannot be read; if ONNX Runtime or Node.js is missing.
    """
    program = modules / PROGRAM
    if not program.exists():
        raise Stop(f"node_modules has no {PROGRAM.name}: run `make site`, which installs it")
    packed = packed_once(program.read_bytes(), root / "build" / "lab")
    runtime = {
        "file": RUNTIME,
        "bytes": len(packed),
        "sha256": hashlib.sha256(packed).hexdigest(),
    }
    pages = {"served" if on_disk else "lab": entry}
    scripts = run(
        [node(), BUNDLER, root, json.dumps(pages), json.dumps(runtime)],
        "lab: the scripts cannot be bundled", NO_COLOR="1",
    )  # fmt: skip
    files = {name: text.encode() for name, text in json.loads(scripts).items()}
    if on_disk:
        more = {"lab.js": (root / "lab" / ON_DISK).read_bytes()}
    else:
        more = {KEEPER: keeper(root, files, runtime)}
    return files | {RUNTIME: packed} | more


def keeper(root, scripts, runtime):
    """Return the service worker's script, with the files of this version before it.

    Large files bear a part of their hash in their address, as lab/assets.js asks for them.
    """
    listed = large_files(root).values()
    large = [runtime, *({**entry, "file": f"weights/{entry['file']}"} for entry in listed)]
    kept = {
        "scripts": sorted(scripts),
        "hashed": [f"{entry['file']}?{entry['sha256'][:12]}" for entry in large],
    }
    everything = json.dumps(kept).encode() + b"".join(scripts[name] for name in kept["scripts"])
    kept = {"version": hashlib.sha256(everything).hexdigest()[:16], **kept}
    source = (root / "lab" / KEEPER).read_text(encoding="utf-8")
    return f"const LAB = {json.dumps(kept)};\n{source}".encode()


def packed_once(content, folder):
    """Return bytes packed with xz; as that takes ten seconds, a file in `folder` remembers."""
    kept = folder / f"{hashlib.sha256(content).hexdigest()[:16]}.xz"
    if not kept.exists():
        folder.mkdir(parents=True, exist_ok=True)
        partial = kept.with_suffix(".part")
        partial.write_bytes(lzma.compress(content, **XZ))
        partial.replace(kept)
    return kept.read_bytes()
