"""What the set-up page says about packages and the versions that they ask for, read from them."""

from importlib import metadata

import numpy as np
from cellpose import models
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from course_build import ROOT


def asks(package, for_what, python):
    """The versions of another package that one asks for on a version of Python."""
    all_that_is_asked = SpecifierSet()
    for line in metadata.requires(package):
        asked = Requirement(line)
        if asked.name == for_what and (
            not asked.marker or asked.marker.evaluate({"python_version": python, "extra": ""})
        ):
            all_that_is_asked &= asked.specifier
    return all_that_is_asked


def installed(*names):
    return next(name for name in names if any(metadata.distributions(name=name)))


def test_on_python_3_13_what_tensorflow_brings_and_cellpose_ask_for_different_numpys():
    assert str(asks(installed("tensorflow-cpu", "tensorflow"), "ml_dtypes", "3.13"))
    brought, cellpose = (asks(name, "numpy", "3.13") for name in ("ml_dtypes", "cellpose"))
    assert "2.1.0" in brought and "2.0.2" not in brought
    assert "2.0.2" in cellpose and "2.1.0" not in cellpose


def test_the_course_locks_cellpose_with_numpy_2_1_on_python_3_13():
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    (locked,) = (
        Requirement(line) for line in lines
        if line.startswith("numpy==") and Requirement(line).marker.evaluate(
            {"python_full_version": "3.13.1", "python_version": "3.13"})
    )  # fmt: skip
    assert "2.1.3" in locked.specifier
    if Version(np.__version__) >= Version("2.1"):  # where these tests run on 3.13
        assert models.CellposeModel(gpu=False).net


def test_stardist_is_built_for_python_up_to_3_13():
    built_for = [
        line.rsplit(" ", 1)[1] for line in metadata.metadata("stardist").get_all("Classifier")
        if line.startswith("Programming Language :: Python :: 3.")
    ]  # fmt: skip
    assert max(map(Version, built_for)) == Version("3.13")


def test_cellpose_3_and_4_are_one_package_of_which_one_can_be_there():
    for lock, version in (("requirements.txt", "3.1.1.3"), ("requirements-sam.txt", "4.2.1.1")):
        assert f"\ncellpose=={version}" in "\n" + (ROOT / lock).read_text(encoding="utf-8")
    assert metadata.version("cellpose") == "3.1.1.3"
