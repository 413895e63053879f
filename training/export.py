"""What both training scripts do at the end: hashes beside the weights, results as JSON."""

import hashlib
import json
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


def write_json(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1) + "\n")


def write_hashes(folder):
    """Write SHA256SUMS for every file in `folder` that a model is loaded from."""
    files = sorted(f for f in folder.iterdir() if f.name not in {"SHA256SUMS", "MODEL_CARD.md"})
    lines = [f"{hashlib.sha256(f.read_bytes()).hexdigest()}  {f.name}\n" for f in files]
    (folder / "SHA256SUMS").write_text("".join(lines))
