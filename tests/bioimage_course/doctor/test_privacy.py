"""A text for support tells nothing about the person who pastes it."""

import getpass
import platform
import socket
from pathlib import Path

import pytest

from bioimage_course.doctor.privacy import private


@pytest.fixture(autouse=True)
def person(monkeypatch, tmp_path):
    """Erika, at her computer; her home lies where no rule for /home would find it."""
    home = tmp_path / "people" / "erika"
    home.mkdir(parents=True)
    monkeypatch.setattr(Path, "home", lambda: home)
    monkeypatch.setattr(getpass, "getuser", lambda: "erika")
    monkeypatch.setattr(platform, "node", lambda: "scope7.example.org")
    monkeypatch.setattr(socket, "gethostname", lambda: "scope7")
    for variable in ("USER", "LOGNAME", "USERNAME"):
        monkeypatch.setenv(variable, "erika")
    return home


def test_the_home_folder_becomes_a_tilde(person):
    assert private(f"cannot write {person}/course/x.tif") == "cannot write ~/course/x.tif"
    assert private(f"in {person}: full") == "in ~: full"


def test_the_home_folder_is_found_through_a_link(monkeypatch, tmp_path, person):
    link = tmp_path / "link"
    link.symlink_to(person)
    monkeypatch.setattr(Path, "home", lambda: link)
    assert private(f"{link}/a and {person}/b") == "~/a and ~/b"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/home/anton/course", "~/course"),
        ("/Users/anton/Desktop", "~/Desktop"),
        (r"C:\Users\anton\.keras", r"~\.keras"),
        (r"'C:\\Users\\anton\\.keras'", r"'~\\.keras'"),
        ("/mnt/lab-erika/images", "/mnt/lab-…/images"),
        ("/scratch/erika_old/x", "/scratch/…_old/x"),
        ("erika@scope7: kernel died", "…@…: kernel died"),
        ("scope7.example.org does not answer", "… does not answer"),
        ("Wendelerikawitz and scope77 stay", "Wendelerikawitz and scope77 stay"),
        ("numpy 2.0.2, DejaVu Sans", "numpy 2.0.2, DejaVu Sans"),
    ],
)
def test_names_and_other_homes_are_hidden_and_nothing_else(text, expected):
    assert private(text) == expected


def test_a_home_on_windows_is_hidden_whole_also_where_its_slashes_are_doubled(monkeypatch):
    class Home:
        parts = ("C:\\", "Users", "Erika Berg")

        def resolve(self):
            return self

        def __str__(self):
            return r"C:\Users\Erika Berg"

    monkeypatch.setattr(Path, "home", Home)
    assert private(r"C:\Users\Erika Berg\a, c:/users/erika berg/b") == r"~\a, ~/b"
    assert private(r"'C:\\Users\\Erika Berg\\a'") == r"'~\\a'"


def test_a_name_that_is_a_common_word_is_hidden_only_in_paths(monkeypatch):
    monkeypatch.setattr(getpass, "getuser", lambda: "it")
    assert private("as it is in /data/it/x") == "as it is in /data/…/x"


def test_a_user_without_name_and_home_is_no_reason_to_stop(monkeypatch):
    def nobody():
        raise RuntimeError("no home directory")

    monkeypatch.setattr(Path, "home", nobody)
    monkeypatch.setattr(getpass, "getuser", lambda: {}["uid"])
    assert private("all is well") == "all is well"
