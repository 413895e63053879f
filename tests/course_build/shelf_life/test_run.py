"""A whole trial, with stand-ins for the installation and for the tests that run in it."""

import json

import pytest

from course_build import ROOT, Stop
from course_build.shelf_life import claims, environment, history, run
from course_build.shelf_life.claims import Claim

TEST = "tests/course_build/shelf_life/test_run.py"
CLAIM = Claim("tools/stardist.md", "33 numbers", "stardist", f"{TEST}::test_a")
GOOD = {"notebooks/05_x.ipynb::": "", f"{TEST}::test_a[1]": "", f"{TEST}::test_a[2]": ""}


@pytest.fixture
def trial(monkeypatch, tmp_path):
    """A function that runs a trial whose tests end as given; it returns the exit status.

    `found` : what outcomes.py writes, None for nothing; `status` : how pytest ends
    """
    note = tmp_path / "shelf_life.json"
    days = iter(range(1, 9))
    monkeypatch.setattr(history, "NOTE", note)
    monkeypatch.setattr(environment, "FOLDER", tmp_path)
    monkeypatch.setattr(claims, "load", lambda: [CLAIM])
    monkeypatch.setattr(run, "notebooks", lambda: {"notebooks/05_x.ipynb": ["stardist"]})
    monkeypatch.setattr(environment, "make", lambda folder: None)
    monkeypatch.setattr(environment, "describe", lambda folder, date: {
        "date": f"2027-01-0{next(days)}", "python": "3.12.1", "system": "Linux",
        "machine": "x86_64", "packages": {"stardist": "0.9.3"}, "apart": {}})  # fmt: skip

    def trial(tests=GOOD, files=None, status=0, found=...):
        found = {"status": status, "tests": tests, "files": files or {}} if found is ... else found

        def start(command, variables):
            trial.command, trial.variables = command, variables
            if found is not None:
                (tmp_path / "outcomes.json").write_text(json.dumps(found))
            return status, None

        monkeypatch.setattr(environment, "start", start)
        return run.main([])

    trial.note = note
    return trial


def test_a_good_trial_is_kept(trial):
    assert trial() == 0
    kept = history.read(trial.note)
    assert kept["claims"][0]["true_since"] == "2027-01-01"
    assert kept["notebooks"]["05_x"]["last_seen"]["versions"] == {"stardist": "0.9.3"}


def test_what_breaks_is_told_and_kept_and_is_news_once(trial, capsys):
    trial()
    broken = {"tests": GOOD | {f"{TEST}::test_a[2]": "32 != 33"}, "status": 1}
    assert trial(**broken) == 1
    assert "tools/stardist.md: 33 numbers\n    32 != 33" in capsys.readouterr().out
    (entry,) = history.read(trial.note)["claims"]
    assert entry["first_broken_by"]["date"] == "2027-01-02"
    assert trial(**broken) == 0


@pytest.mark.parametrize(
    ("tests", "files", "said"),
    [
        ({}, {TEST: "ImportError: no name"}, "cannot be collected: ImportError: no name"),
        ({}, {"tests": "ImportError: in conftest"}, "cannot be collected: ImportError: in con"),
        ({}, {}, "there is no such test"),
        ({f"{TEST}::test_a": f"not in {ROOT}/data"}, {}, "not in …/data"),
    ],
)
def test_a_test_that_cannot_be_collected_counts_as_broken(tests, files, said):
    assert said in run.problem(CLAIM.test, {"tests": tests, "files": files})


@pytest.mark.parametrize(
    "how",
    [
        {"status": 2},  # Ctrl-C
        {"status": 3},
        {"status": -9, "found": None},  # killed
        {"status": -9, "found": {"status": 0, "tests": {}, "files": {}}},
        {"tests": GOOD | {"x": "OSError: [Errno 28] No space left on device"}, "status": 1},
    ],
)
def test_a_trial_that_is_cut_off_leaves_the_old_file(trial, how, capsys):
    trial()
    before = trial.note.read_bytes()
    assert trial(**how) == 1
    assert trial.note.read_bytes() == before
    assert "shelf_life.json is as it was." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (Stop("pip could not download. Connect."), 1, "Connect. shelf_life.json is as it was."),
        (OSError(28, "No space left on device"), 1, "The disk is full"),
        (KeyboardInterrupt(), 130, "Interrupted: shelf_life.json is as it was."),
    ],
)
def test_an_installation_that_fails_leaves_the_old_file(
    trial, monkeypatch, capsys, error, status, said
):
    trial()
    before = trial.note.read_bytes()

    def make(folder):
        raise error

    monkeypatch.setattr(environment, "make", make)
    assert trial() == status
    assert trial.note.read_bytes() == before
    assert said in capsys.readouterr().err


def test_pytest_is_asked_for_the_files_that_are_there_and_long_tests_too(trial, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    gone = Claim("a.md", "b", "stardist", "tests/gone.py::test_gone")
    monkeypatch.setattr(claims, "load", lambda: [CLAIM, gone])
    trial()
    command = list(map(str, trial.command))
    assert command[1:3] == ["-m", "pytest"] and command[-1] == TEST
    assert "tests/gone.py" not in command and "--continue-on-collection-errors" in command
    assert command[command.index("-m", 2) + 1] == ""
    assert "PYTHONPATH" not in trial.variables


def test_a_claim_about_a_program_that_pip_does_not_install_is_not_asked(trial, monkeypatch):
    fiji = Claim("clicks/fiji.md", "frames", "fiji", f"{TEST}::test_b")
    apart = Claim("a.md", "b", "cellpose-sam", "tests/notebooks/test_cellpose_sam.py::test_c")
    monkeypatch.setattr(claims, "load", lambda: [CLAIM, fiji, apart])
    trial()
    kept = history.read(trial.note)
    assert [entry["about"] for entry in kept["claims"]] == [["stardist"], ["cellpose-sam"]]


def test_all_notebooks_but_14_and_the_one_that_looks_at_the_lock_are_asked_for():
    found = run.notebooks()
    assert not {"notebooks/14_cellpose_sam.ipynb", "notebooks/00_check_your_setup.ipynb"} & set(
        found
    )
    assert "stardist" in found["notebooks/05_stardist_nuclei.ipynb"]
    assert len(found) == len(list((ROOT / "notebooks").glob("*.ipynb"))) - 2


def test_again_without_an_environment_says_what_to_do(trial, tmp_path, capsys):
    assert run.main(["--again"]) == 1
    assert "run `make newest`" in capsys.readouterr().err
