"""A tiny project in a temporary folder, and the addresses of a published site."""

import pytest

from tests.course_build.tiny_project import Project


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.delenv("SITE_URL", raising=False)
    monkeypatch.delenv("REPO_URL", raising=False)
    return Project(tmp_path)


@pytest.fixture
def addresses(monkeypatch):
    monkeypatch.setenv("SITE_URL", "https://course.test/lessons/")
    monkeypatch.setenv("REPO_URL", "https://github.com/facility/course")
