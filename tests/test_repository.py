"""What holds for every file of the repository: style, and addresses that may not be there."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def tracked():
    """Return the text files that git knows, or would take."""
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    for name in filter(None, names):
        path = ROOT / name
        if path.is_file() and b"\0" not in path.read_bytes()[:8000]:
            yield name, path.read_text(encoding="utf-8")


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]])
def test_ruff_finds_nothing(command):
    answer = subprocess.run(
        [sys.executable, "-m", "ruff", *command, "--quiet", "."],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_no_file_names_a_folder_of_the_machine_it_was_made_on():
    own = re.compile(f"{re.escape(str(ROOT))}/|{re.escape(str(Path.home()))}/")
    assert [name for name, text in tracked() if own.search(text)] == []


def test_the_locks_name_no_download_address():
    lock = json.loads((ROOT / "package-lock.json").read_text())
    assert [name for name, entry in lock["packages"].items() if "resolved" in entry] == []
    for path in ROOT.glob("requirements*.txt"):
        assert "://" not in path.read_text(), path.name
        assert "index-url" not in path.read_text(), path.name


def test_no_file_names_the_host_of_a_package_registry():
    hosts = re.compile(
        r"\b(pypi|pythonhosted|anaconda)\.org\b|\brepo\.anaconda\.com\b|\bdownload\.pytorch\.org\b"
        r"|\bnpmjs\.(com|org)\b|\byarnpkg\.com\b|\bcrates\.io\b",
        flags=re.IGNORECASE,
    )
    found = [(name, host[0]) for name, text in tracked() for host in hosts.finditer(text)]
    assert found == [], "link to the maker's pages instead: a repository, its documentation"


def test_the_lock_leaves_the_gpu_libraries_to_torch():
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    assert lines[next(i for i, line in enumerate(lines) if not line.startswith("#"))] == "-e ."
    assert [line for line in lines if re.match(r"(nvidia|cuda|triton)[-=]", line)] == []


def test_the_lock_pins_what_pyproject_asks_for():
    text = (ROOT / "pyproject.toml").read_text()
    asked = re.findall(r'^  "([\w-]+)==([\d.]+?)(?:\.\*)?[";]', text, flags=re.MULTILINE)
    lock = (ROOT / "requirements.txt").read_text()
    assert len(asked) > 10
    for name, version in asked:
        assert re.search(rf"^{name}=={re.escape(version)}(?![\d])", lock, flags=re.MULTILINE), name


def test_jupyterlab_starts_above_the_notebooks_so_that_their_links_to_pages_open():
    lines = [line for name, text in tracked() if name.endswith(".md") for line in text.split("\n")]
    commands = [line for line in lines if "-m jupyter lab" in line]
    # Those of the offline bundle name a page by its place instead of linking to it.
    others = [line for line in commands if not re.search(r"lab notebooks[/\\]student", line)]
    assert others
    assert not [line for line in others if "lab --preferred-dir=notebooks" not in line]
