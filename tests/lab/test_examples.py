"""The example images of the page are those that their script makes."""

import re

import numpy as np
import pytest
import tifffile

from course_build import ROOT
from lab.examples.make_examples import HERE, examples

MADE = examples()


@pytest.mark.parametrize("name", MADE)
def test_an_example_is_what_its_script_makes_today(name):
    array, _ = MADE[name]
    assert np.array_equal(tifffile.imread(HERE / f"{name}.tif"), array)
    assert (HERE / f"{name}.webp").is_file()


def test_the_worksheet_names_the_examples_as_the_page_does():
    page = (HERE.parent / "view" / "choose.js").read_text(encoding="utf-8")
    titles = re.findall(r'file: "\w+", title: "([^"]+)"', page)
    sheet = (ROOT / "docs/teach/worksheets/find-out-why.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \|  ?\|  ?\|$", sheet, re.M)
    assert sorted(rows) == sorted(titles) and len(titles) == len(MADE)


def test_all_examples_together_are_below_a_megabyte():
    assert sum(file.stat().st_size for file in HERE.glob("*.*")) < 1e6
