import json

import pytest

from course_build.notebooks import costs as keep_notebook_costs


@pytest.fixture
def files(tmp_path):
    measured, kept = tmp_path / "measured.json", tmp_path / "kept.json"
    kept.write_text(json.dumps({"05_stardist": {"gigabytes": 1.0}}))
    return measured, kept


def test_memory_is_kept_and_seconds_are_not(files):
    measured, kept = files
    rows = {"05_stardist": {"seconds": 30, "gigabytes": 1.3}, "13_other": {"gigabytes": 9}}
    measured.write_text(json.dumps(rows))
    assert keep_notebook_costs.main(*files) == 0
    assert json.loads(kept.read_text()) == {"05_stardist": {"gigabytes": 1.3}}


@pytest.mark.parametrize("rows", [None, {"13_other": {"gigabytes": 9}}])
def test_nothing_is_lost_when_a_notebook_was_not_measured(files, rows, capsys):
    measured, kept = files
    before = kept.read_text()
    if rows is not None:
        measured.write_text(json.dumps(rows))
    assert keep_notebook_costs.main(*files) == 1
    assert kept.read_text() == before
    assert "make test ARGS=notebooks" in capsys.readouterr().out
