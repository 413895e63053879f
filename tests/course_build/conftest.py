"""A tiny project in a temporary folder, and the addresses of a published site."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
for folder in (HERE, HERE.parents[1] / "theme"):
    sys.path.insert(0, str(folder))  # pytest's importlib mode does not; the tests import from here

from tests.course_build.tiny_project import Project  # noqa: E402


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.delenv("SITE_URL", raising=False)
    monkeypatch.delenv("REPO_URL", raising=False)
    return Project(tmp_path)


@pytest.fixture
def addresses(monkeypatch):
    monkeypatch.setenv("SITE_URL", "https://course.test/lessons/")
    monkeypatch.setenv("REPO_URL", "https://github.com/facility/course")
