"""The figure scripts import one another by name, as when they are run."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "figures"))


@pytest.fixture
def docs(tmp_path, monkeypatch):
    """A folder that stands in for docs/ while a script runs."""

    monkeypatch.setattr(_style, "DOCS", tmp_path)
    return tmp_path
