"""The versions that pages, notebooks and figures name are those of the lock files."""

import re
from importlib import metadata

import pytest
from packaging.requirements import Requirement

from course_build import ROOT

FOLDERS = ("README.md", "docs", "notebooks", "figures", "lab", "src/bioimage_course")
SUFFIXES = {".md", ".yml", ".ipynb", ".py", ".js", ".txt"}
PACKAGES = ("cellpose", "stardist", "tensorflow", "torch")
# In a command, in words, and in a link to the lines of a library.
NAMED = re.compile(
    r"\b(?:(?P<words>Cellpose|StarDist) |(?P<command>[a-z]+)(?:-cpu)?(?:\[[\w-]+\])?=="
    r"|(?P<link>cellpose|stardist)/blob/v?)(?P<version>\d+\.\d+\.\d+(?:\.\d+)?)\b"
)


def locked():
    """Each of the packages with its versions: Cellpose has two."""
    versions = {name: set() for name in PACKAGES}
    for name in ("requirements.txt", "requirements-sam.txt"):
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
            package, _, rest = line.partition("==")
            if package in versions:
                versions[package].add(re.match(r"[\w.]+", rest)[0])
    return versions


def texts():
    for name in FOLDERS:
        path = ROOT / name
        for file in [path] if path.is_file() else sorted(path.rglob("*")):
            if file.suffix in SUFFIXES:
                yield file, file.read_text(encoding="utf-8")


def other_versions(text, versions):
    wrong = []
    for match in NAMED.finditer(text):
        package = (match["words"] or match["command"] or match["link"]).lower()
        if package in versions and match["version"] not in versions[package]:
            wrong.append(match.group())
    return wrong


def test_a_version_that_is_named_is_one_of_a_lock():
    versions = locked()
    assert len(versions["cellpose"]) == 2 and all(versions.values())
    wrong = {
        file.relative_to(ROOT).as_posix(): other_versions(text, versions) for file, text in texts()
    }
    assert not {name: named for name, named in wrong.items() if named}


@pytest.mark.parametrize(
    "text",
    [
        "Cellpose 3.0.9", 'pip install "cellpose[gui]==3.1.2"', "`stardist==0.9.1`",
        "https://github.com/MouseLand/cellpose/blob/v3.1.0/cellpose/dynamics.py",
        "https://github.com/stardist/stardist/blob/0.8.5/stardist/nms.py",
        '"tensorflow[and-cuda]==2.20.0"',
    ],
)  # fmt: skip
def test_another_version_is_noticed(text):
    assert other_versions(text, locked())


def test_the_command_for_python_3_13_installs_all_that_cellpose_needs():
    faq = (ROOT / "docs" / "reference" / "faq.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"^python -m pip install (tensorflow .*)$", faq, re.M)
    named = {Requirement(word.strip('"')).name for word in command.split()}
    needed = (Requirement(line) for line in metadata.requires("cellpose"))
    assert {r.name for r in needed if not r.marker} <= named
