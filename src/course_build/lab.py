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
AS_THEY_ARE = ("*.css", "weights/*.onnx.gz", "examples/*.tif", "examples/*.webp")
# The check that the unpacking library knows, and no more memory than the program needs.
XZ = {
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
    for name in json.loads((root / "lab" / "weights" / "weights.json").read_text()):
        if not (root / "lab" / "weights" / f"{name}.onnx.gz").exists():
            raise Stop(f"lab/weights/ has no {name}.onnx.gz: run `make lab-weights ONLY={name}`")
    files = [file for kind in AS_THEY_ARE for file in sorted((root / "lab").glob(kind))]
    return [file.relative_to(root).as_posix() for file in files]


def made(root, modules=ROOT / "node_modules"):
    """Return what is made for the site: {address below lab/: bytes}.

    Parameters
    ----------
    root : pathlib.Path
        The repository.
    modules : pathlib.Path
        Where npm has put the browser libraries.

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
    scripts = run(
        [node(), BUNDLER, root, json.dumps(runtime)], "lab: the scripts cannot be bundled",
        NO_COLOR="1",
    )  # fmt: skip
    return {RUNTIME: packed} | {
        name: text.encode() for name, text in json.loads(scripts).items()
    }


def packed_once(content, folder):
    """Return bytes packed with xz; as that takes ten seconds, a file in `folder` remembers."""
    kept = folder / f"{hashlib.sha256(content).hexdigest()[:16]}.xz"
    if not kept.exists():
        folder.mkdir(parents=True, exist_ok=True)
        partial = kept.with_suffix(".part")
        partial.write_bytes(lzma.compress(content, format=lzma.FORMAT_XZ, **XZ))
        partial.replace(kept)
    return kept.read_bytes()
