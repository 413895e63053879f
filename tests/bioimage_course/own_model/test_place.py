"""A folder, a zip, Drive on Colab or the example: each becomes a folder, or says what to do."""

import sys
import types
import zipfile

import pytest

from bioimage_course.own_model import place as module
from bioimage_course.own_model.place import find_place


def zipped(path, names):
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, name)
    return path


@pytest.fixture
def colab(monkeypatch, tmp_path):
    """This computer as if it were Colab, with an empty Drive."""
    drive = types.SimpleNamespace(mount=lambda where: (tmp_path / "drive/MyDrive").mkdir(
        parents=True, exist_ok=True))  # fmt: skip
    package = types.ModuleType("google.colab")
    package.drive = drive
    google = types.ModuleType("google")
    google.colab = package
    monkeypatch.setitem(sys.modules, "google", google)
    monkeypatch.setitem(sys.modules, "google.colab", package)
    monkeypatch.setattr(module, "DRIVE", tmp_path / "drive" / "MyDrive")
    return tmp_path


def test_nothing_given_is_the_example_each_time_in_a_folder_of_its_own(monkeypatch, tmp_path):
    monkeypatch.setattr(module.tempfile, "mkdtemp", lambda prefix: str(tmp_path))
    assert len(list(find_place().iterdir())) == 2 * 18 + 1


def test_a_folder_is_taken_as_it_is(tmp_path, capsys):
    assert find_place(str(tmp_path)) == tmp_path
    assert capsys.readouterr().out == ""


def test_a_name_that_leads_nowhere_says_what_to_check(tmp_path):
    with pytest.raises(ValueError, match=r"no folder .*check its name"):
        find_place(tmp_path / "gone")
    with pytest.raises(ValueError, match=r"no file .*gone\.zip"):
        find_place(tmp_path / "gone.zip")


def test_a_zip_is_unpacked_once_without_what_macs_add(tmp_path):
    path = zipped(tmp_path / "mine.zip", ["mine/a.tif", "mine/a_masks.tif", "__MACOSX/._a.tif"])
    place = find_place(path)
    assert sorted(file.name for file in place.iterdir()) == ["a.tif", "a_masks.tif"]
    (place / "models").mkdir()
    assert find_place(path) == place and (place / "models").is_dir()


def test_a_zip_of_the_two_folders_is_not_entered_too_far(tmp_path):
    place = find_place(zipped(tmp_path / "mine.zip", ["images/a.tif"]))
    assert (place / "images" / "a.tif").is_file()


def test_a_broken_zip_and_one_that_writes_outside_leave_nothing_behind(tmp_path):
    path = zipped(tmp_path / "mine.zip", ["a.tif"])
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(ValueError, match="broken or cut off"):
        find_place(path)
    with pytest.raises(ValueError, match="outside of its folder"):
        find_place(zipped(path, ["../a.tif"]))
    assert [file.name for file in tmp_path.iterdir()] == ["mine.zip"]


def test_drive_is_for_colab(tmp_path):
    with pytest.raises(ValueError, match="for Colab"):
        find_place("Drive/my nuclei")


def test_on_colab_drive_is_mounted_and_a_missing_folder_named(colab, capsys):
    with pytest.raises(ValueError, match="no folder my nuclei: make it"):
        find_place("Drive/my nuclei")
    (colab / "drive" / "MyDrive" / "my nuclei").mkdir()
    assert find_place("Drive/my nuclei").name == "my nuclei"
    assert capsys.readouterr().out == ""


def test_on_colab_a_folder_outside_of_drive_is_said_to_be_deleted(colab, capsys):
    (colab / "mine").mkdir()
    find_place(colab / "mine")
    assert "Colab deletes" in capsys.readouterr().out
