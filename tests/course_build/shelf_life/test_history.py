"""What held, since when, and what broke it: one run after another."""

import json

import pytest

from course_build import Stop
from course_build.shelf_life import history
from course_build.shelf_life.claims import Claim

LOCK = {"packages": {"stardist": "0.9.2", "numpy": "2.0.2"}, "apart": {"cellpose": "4.2.1.1"}}
CLAIM = Claim("tools/stardist.md", "33 numbers", "stardist", "tests/a.py::test_a")
APART = Claim("tools/cellpose-versions.md", "gone", "cellpose",
              "tests/notebooks/test_cellpose_sam.py::test_gone")  # fmt: skip


def run(day, apart=None, **packages):
    packages = LOCK["packages"] | packages
    return {"date": f"2027-01-{day:02}", "packages": packages, "apart": apart or LOCK["apart"]}


def after(*runs, claim=CLAIM):
    """Return what is known of one claim and of one notebook after some runs: (run, problem)."""
    known = {}
    for this, problem in runs:
        notebooks = {"05_stardist": (["stardist", "tensorflow"], problem)}
        known = history.merge(known, this, notebooks, [(claim, problem)], LOCK)
    (entry,) = known["claims"]
    told = ("about", "true_since", "last_seen", "first_broken_by")
    if claim is CLAIM:
        notebook = known["notebooks"]["05_stardist"]
        assert {key: notebook[key] for key in told[1:]} == {key: entry[key] for key in told[1:]}
    return {key: entry[key] for key in told[1:]}


def test_what_stays_true_keeps_its_beginning():
    assert after((run(1), ""), (run(2), ""), (run(3, stardist="0.9.3"), "")) == {
        "true_since": "2027-01-01",
        "last_seen": {"date": "2027-01-03", "versions": {"stardist": "0.9.3"}},
        "first_broken_by": None,
    }


def test_what_breaks_names_what_changed_since_the_last_good_run():
    broken = after((run(1, numpy="2.1.0"), ""), (run(2, numpy="2.2.0", zarr="3"), "32 != 33"))
    assert broken == {
        "true_since": "2027-01-01",
        "last_seen": {"date": "2027-01-01", "versions": {"stardist": "0.9.2"}},
        "first_broken_by": {
            "date": "2027-01-02",
            "packages": {"numpy": ["2.1.0", "2.2.0"], "zarr": [None, "3"]},
            "message": "32 != 33",
        },
    }


def test_what_stays_broken_keeps_what_broke_it_first():
    first = after((run(1), ""), (run(2, numpy="2.2.0"), "32 != 33"))
    later = (run(3, numpy="2.3.0"), "31 != 33")
    assert after((run(1), ""), (run(2, numpy="2.2.0"), "32 != 33"), later) == first


def test_what_is_mended_begins_a_new_row():
    mended = after((run(1), ""), (run(2), "32 != 33"), (run(3), ""))
    assert mended["true_since"] == mended["last_seen"]["date"] == "2027-01-03"
    assert mended["first_broken_by"] is None


def test_what_is_broken_from_the_first_run_on_was_true_with_the_lock():
    broken = after((run(1, numpy="2.2.0"), "32 != 33"))
    assert broken["true_since"] is None and broken["last_seen"] is None
    assert broken["first_broken_by"]["packages"] == {"numpy": ["2.0.2", "2.2.0"]}
    assert after((run(1), "32 != 33"))["first_broken_by"]["packages"] == {}


def test_what_runs_with_cellpose_4_is_told_its_version():
    good, broken = run(1), run(2, apart={"cellpose": "4.3.0"}, cellpose="3.1.1.3")
    known = after((good, ""), (broken, "no such argument"), claim=APART)
    assert known["last_seen"]["versions"] == {"cellpose": "4.2.1.1"}
    assert known["first_broken_by"]["packages"] == {"cellpose": ["4.2.1.1", "4.3.0"]}


def test_the_small_build_of_tensorflow_counts_as_tensorflow():
    assert history.version("tensorflow", {"tensorflow-cpu": "2.22.0"}) == "2.22.0"
    assert history.version("numpy", {"tensorflow-cpu": "2.22.0"}) is None


def test_a_new_claim_begins_and_one_that_is_gone_is_forgotten():
    old = history.merge({}, run(1), {"05": ([], "")}, [(CLAIM, "")], LOCK)
    new = history.merge(old, run(2), {"06": ([], "")}, [(APART, "")], LOCK)
    assert list(new["notebooks"]) == ["06"]
    assert [(claim["page"], claim["true_since"]) for claim in new["claims"]] == [
        ("tools/cellpose-versions.md", "2027-01-02")
    ]


def test_a_claim_with_another_test_is_still_the_same_claim():
    other = Claim(CLAIM.page, CLAIM.says, "stardist", "tests/b.py::test_b")
    old = history.merge({}, run(1), {}, [(CLAIM, "")], LOCK)
    (entry,) = history.merge(old, run(2), {}, [(other, "")], LOCK)["claims"]
    assert entry["true_since"] == "2027-01-01" and entry["test"] == "tests/b.py::test_b"


def test_merging_leaves_the_old_history_as_it_was():
    old = history.merge({}, run(1), {"05": ([], "")}, [(CLAIM, "")], LOCK)
    before = json.dumps(old)
    history.merge(old, run(2), {"05": ([], "broken")}, [(CLAIM, "broken")], LOCK)
    assert json.dumps(old) == before


def test_news_is_what_did_not_hold_before_it_broke():
    good = history.merge({}, run(1), {"05": ([], "")}, [(CLAIM, "")], LOCK)
    bad = history.merge(good, run(2), {"05": ([], "other")}, [(CLAIM, "32 != 33")], LOCK)
    assert history.news(good, bad) == {"05": "other", "tools/stardist.md: 33 numbers": "32 != 33"}
    assert history.news(bad, bad) == {}


def test_what_is_written_is_read_again_with_a_line_for_each_entry(tmp_path):
    known = history.merge({}, run(1), {"05": ([], "")}, [(CLAIM, ""), (APART, "é")], LOCK)
    history.write(known, tmp_path / "note.json")
    assert history.read(tmp_path / "note.json") == known
    text = (tmp_path / "note.json").read_text(encoding="utf-8")
    assert len([line for line in text.splitlines() if '"true_since"' in line]) == 3
    assert list(tmp_path.iterdir()) == [tmp_path / "note.json"]


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    known = history.merge({}, run(1), {}, [], LOCK)
    history.write(known, tmp_path / "note.json")

    def full(self, *arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(tmp_path), "write_text", full)
    with pytest.raises(OSError):
        history.write(known | {"claims": []}, tmp_path / "note.json")
    assert history.read(tmp_path / "note.json") == known


def test_without_a_file_there_is_no_history_and_a_broken_one_is_named(tmp_path):
    assert history.read(tmp_path / "note.json") == {}
    (tmp_path / "note.json").write_text("{")
    with pytest.raises(Stop, match=r"note\.json: not JSON"):
        history.read(tmp_path / "note.json")
