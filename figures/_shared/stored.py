"""What the figures' scripts wrote, for tests."""

import json
from pathlib import Path

FIGURES = Path(__file__).parents[1]


def read(name, file="data.json"):
    """Return what a figure's script stored: data.json, page.json or answers.json as objects."""
    return json.loads((FIGURES / name / file).read_text(encoding="utf-8"))
