"""Where the figures' scripts write: data.json, page.json and answers.json beside the script."""

import base64
import io
import json

import numpy as np
from PIL import Image


def write(folder, numbers):
    """Write `folder`/data.json, for {{ NAME.key }} in the pages; NAME is the folder's."""
    text = json.dumps(plain(numbers), indent=2)
    (folder / "data.json").write_text(text + "\n", encoding="utf-8")


def store(path, content):
    """Write a compact JSON file: what the page loads, or the answers that its tests compare.

    A list of lists gets a line for each, so that a change shows where it is.
    """
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    path.write_text(text.replace("],[", "],\n[") + "\n", encoding="utf-8")


def plain(values):
    """Numbers of numpy as Python's own, to six digits: the same file on every processor."""
    if isinstance(values, dict):
        return {key: plain(value) for key, value in values.items()}
    if isinstance(values, list | tuple | np.ndarray):
        return [plain(value) for value in values]
    if isinstance(values, np.generic):
        values = values.item()
    return float(f"{values:.6g}") if isinstance(values, float) else values


def packed(pixels, kind="WEBP", **options):
    """Return a picture as the text that a page takes for its address.

    Parameters
    ----------
    pixels : uint8 array, shape (Y, X) or (Y, X, 3)
    kind : str
        Pillow's name of the format.
    options : for Pillow's save(), such as quality
    """
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    text = base64.b64encode(file.getvalue()).decode("ascii")
    return f"data:image/{kind.lower()};base64,{text}"
