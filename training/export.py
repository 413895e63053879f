"""What the training scripts share at the end: checkpoints, hashes beside weights, JSON results."""

import hashlib
import json
import zipfile
from pathlib import Path

import numpy as np

RESULTS = Path(__file__).parent / "results"


def write_json(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1) + "\n")


def write_hashes(folder):
    """Write SHA256SUMS for every file in `folder` that a model is loaded from."""
    files = sorted(f for f in folder.iterdir() if f.name not in {"SHA256SUMS", "MODEL_CARD.md"})
    lines = [f"{hashlib.sha256(f.read_bytes()).hexdigest()}  {f.name}\n" for f in files]
    (folder / "SHA256SUMS").write_text("".join(lines))


def save_checkpoint(path, arrays, step, history):
    """Keep arrays, step and history in one file; an interruption leaves one whole checkpoint.

    Raises
    ------
    OSError
        If there is no room. The previous checkpoint stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    named = {f"array_{i:04}": array for i, array in enumerate(arrays)}
    try:
        with partial.open("wb") as file:
            np.savez(file, step=step, history=json.dumps(history), **named)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise OSError(
            f"{path} could not be written ({error.strerror or error}); the previous checkpoint is "
            "untouched. Make room and start again: training goes on from it."
        ) from error


def load_checkpoint(path):
    """Return the arrays, the step and the history of a checkpoint.

    Raises
    ------
    ValueError
        If the file is damaged; nothing in it is unpickled.
    """
    try:
        with np.load(path, allow_pickle=False) as saved:
            arrays = [saved[name] for name in sorted(saved.files) if name.startswith("array_")]
            return arrays, int(saved["step"]), json.loads(str(saved["history"]))
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"{path} cannot be read ({error}). Start anew with --restart, which ignores it."
        ) from error
