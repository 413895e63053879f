"""What the lab's modules are tested against is what the libraries answer today."""

import base64
import importlib.util
import json

import numpy as np
import pytest

from course_build import ROOT

FOLDER = ROOT / "lab" / "fixtures"
SPEC = importlib.util.spec_from_file_location("make_fixtures", FOLDER / "make_fixtures.py")
make_fixtures = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(make_fixtures)


def unpacked(found):
    """Replace packed arrays by arrays, at any depth."""
    if isinstance(found, dict) and found.keys() == {"dtype", "shape", "data"}:
        data = base64.b64decode(found["data"])
        return np.frombuffer(data, found["dtype"]).reshape(found["shape"])
    if isinstance(found, dict):
        return {str(key): unpacked(value) for key, value in found.items()}
    if isinstance(found, list):
        return [unpacked(value) for value in found]
    return found


@pytest.mark.parametrize("name", make_fixtures.FIXTURES)
def test_a_fixture_is_what_the_libraries_answer(name):
    stored = unpacked(json.loads((FOLDER / f"{name}.json").read_text()))
    made = unpacked(make_fixtures.FIXTURES[name]())
    np.testing.assert_equal(simple(stored), simple(made))


def simple(found):
    """Round what differs from one processor to the next."""
    if isinstance(found, dict):
        return {key: simple(value) for key, value in found.items()}
    if isinstance(found, (list, tuple)):
        return [simple(value) for value in found]
    if isinstance(found, np.ndarray) and found.dtype.kind == "f":
        return np.round(found, 4)
    return round(found, 6) if isinstance(found, float) else found
