"""What the photographs of napari and Cellpose's window keep to; the windows are opened nightly."""

import json
import re
import shutil

import numpy as np
import pytest
from PIL import Image

from course_build import ROOT, Stop
from course_build.screenshots import __main__ as screenshots

FOLDERS = sorted(screenshots.PROGRAMS.values())


def said(folder):
    return json.loads((ROOT / "figures" / folder / "data.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_pictures_were_taken_with_the_versions_that_are_pinned(folder):
    lock = screenshots.LOCK.read_text(encoding="utf-8")
    pinned = dict(re.findall(r"^([\w-]+)==([\w.]+)", lock, re.M))
    versions = said(folder)["versions"]
    assert versions
    assert versions == {name: pinned[name.replace("_", "-")] for name in versions}


@pytest.mark.parametrize("folder", FOLDERS)
def test_each_picture_is_small_and_on_a_page(folder):
    pictures = sorted((ROOT / "figures" / folder).glob("*.webp"))
    pages = "".join(path.read_text(encoding="utf-8") for path in ROOT.glob("docs/clicks/*.md"))
    assert pictures
    for picture in pictures:
        assert picture.stat().st_size <= screenshots.LARGEST
        assert f"(../figures/{folder}/{picture.name})" in pages


def test_the_programs_found_what_the_notebooks_calls_find():
    results = [said("clicks_napari")["stardist"], said("clicks_napari")["cellpose"]]
    for result in [*results, said("clicks_cellpose")]:
        assert result["objects"] == result["notebook_objects"] > 100
        assert result["pixels_unlike_notebook"] <= 50


def test_a_photograph_becomes_small_enough_or_is_refused(tmp_path, monkeypatch):
    screenshots.shrink(Image.new("RGB", (3000, 100), "white"), tmp_path / "plain.webp")
    assert Image.open(tmp_path / "plain.webp").width == screenshots.WIDEST
    monkeypatch.setattr(screenshots, "LARGEST", 1_000)
    noise = np.random.default_rng(0).integers(0, 256, (60, 60, 3), dtype="uint8")
    with pytest.raises(Stop, match=r"noise\.webp has \d+ bytes: photograph less of the window"):
        screenshots.shrink(Image.fromarray(noise), tmp_path / "noise.webp")


@pytest.mark.parametrize(
    ("stored", "now", "differs"),
    [
        ({"objects": 118}, {"objects": 119}, []),
        ({"objects": 118}, {"objects": 90}, ["objects is 90, not 118"]),
        ({"a": {"diameter": "30"}}, {"a": {"diameter": "0"}}, ["a.diameter is '0', not '30'"]),
        ({"a": 1}, {}, ["a is None, not 1"]),
        ({"ready": False}, {"ready": True}, ["ready is True, not False"]),
    ],
)
def test_a_widget_that_says_something_else_is_noticed(stored, now, differs):
    assert list(screenshots.unlike(stored, now)) == differs


def test_without_a_screen_it_says_what_to_install(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setattr(screenshots.sys, "platform", "linux")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(Stop, match="sudo apt-get install xvfb"):
        screenshots.screen()


def test_an_unknown_program_is_named(capsys):
    assert screenshots.main(["gimp"]) == 1
    assert "no program is called gimp" in capsys.readouterr().err


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_the_windows_say_today_what_the_pages_quote():
    assert screenshots.main(["--check"]) == 0
