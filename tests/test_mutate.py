"""Each planted fault fits its file and names tests that there are; what is missed is told."""

import ast
import re
from collections import Counter

import pytest

from course_build import ROOT
from tests import mutate
from tests.faults import FAULTS, Fault


def test_there_are_faults_for_everything_that_is_promised():
    assert len(FAULTS) >= 40
    assert sum(fault.name.endswith("accepts everything") for fault in FAULTS) >= 40
    names = Counter(fault.name for fault in FAULTS)
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_fits_its_file_and_its_tests_are_there(fault):
    assert (ROOT / fault.file).read_text(encoding="utf-8").count(fault.old) == 1
    assert fault.tests
    for test in fault.tests.split():
        file, _, function = re.sub(r"\[.*", "", test).partition("::")
        assert (ROOT / file).is_file(), test
        if function:
            parts = ast.parse((ROOT / file).read_text(encoding="utf-8")).body
            assert function in {part.name for part in parts if isinstance(part, ast.FunctionDef)}


@pytest.fixture
def copy(monkeypatch, tmp_path):
    """A folder with one file, in which pytest is said to end with a status."""
    (tmp_path / "file.py").write_text("right = True\n")
    seen = []

    def answer(status):
        def pytest(copy, tests, *options):
            seen.append((tmp_path / "file.py").read_text())
            return status, "its words"

        monkeypatch.setattr(mutate, "pytest", pytest)
        return seen

    return answer


FAULT = Fault("wrong", "file.py", "True", "False", "tests")


@pytest.mark.parametrize(
    ("status", "problem"), [(1, None), (0, "the tests stay green"), (5, "no test ran"), (4, "4")]
)
def test_only_a_red_test_notices(copy, status, problem, tmp_path):
    seen = copy(status)
    told = mutate.plant(FAULT, tmp_path)
    assert told is None if problem is None else problem in told
    assert seen == ["right = False\n"]
    assert (tmp_path / "file.py").read_text() == "right = True\n"


def test_a_fault_that_no_longer_fits_is_a_miss(copy, tmp_path):
    assert copy(1) == []
    told = mutate.plant(Fault("old", "file.py", "was here once", "", "tests"), tmp_path)
    assert "0 times: mend the fault" in told


def test_every_fault_is_planted_once_and_no_copy_has_two_at_a_time(monkeypatch, tmp_path):
    busy, planted = set(), []

    def plant(fault, copy):
        assert copy not in busy
        busy.add(copy)
        planted.append(fault.name)
        busy.remove(copy)
        return "missed" if fault.name == "3" else None

    monkeypatch.setattr(mutate, "plant", plant)
    faults = [Fault(str(number), "file.py", "a", "b", "tests") for number in range(8)]
    told = list(mutate.plant_all(faults, [tmp_path / "0", tmp_path / "1"]))
    assert sorted(planted) == [str(number) for number in range(8)]
    assert [fault.name for fault, problem, _ in told if problem] == ["3"]
