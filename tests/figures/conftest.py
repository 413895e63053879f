"""The figure scripts import one another by name, as when they are run; so do the tests here."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1] / "figures"), str(HERE)]


@pytest.fixture
def docs(tmp_path, monkeypatch):
    """A folder that stands in for docs/ while a script runs."""
    import _drawing

    monkeypatch.setattr(_drawing, "DOCS", tmp_path)
    return tmp_path
