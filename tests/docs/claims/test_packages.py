"""What the set-up page says about packages and the versions that they ask for, read from them."""

import hashlib
import inspect
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import numpy as np
from cellpose import models
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

import setup_env
from course_build import ROOT
from tests.docs.claims.readme_of import readme


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


def test_numpy_says_what_the_page_quotes_of_packages_from_another_time():
    folder = Path(np.__file__).parent
    said = " ".join((folder / "core" / "_multiarray_umath.py").read_text("utf-8").split())
    words = "A module that was compiled using NumPy 1.x cannot be run in NumPy"
    compiled = next(folder.glob("random/_generator.cp*")).read_bytes()  # by Cython
    assert f"{words} {{short_version}}" in said
    assert b"size changed, may indicate binary incompatibility" in compiled
    page = (ROOT / "docs" / "start" / "set-up.md").read_text(encoding="utf-8")
    assert f"{words} 2`" in page and "`numpy.dtype size changed`" in page


def test_cellposes_readme_says_which_models_learned_from_non_commercial_images():
    said = readme(metadata.distribution("cellpose"))
    assert (
        "All models in Cellpose, except `yeast_BF_cp3`, `yeast_PhC_cp3`, and `deepbacs_cp3`, "
        "are trained on some amount of data that is **CC-BY-NC**."
    ) in said
    (fourth,) = metadata.distributions(path=[setup_env.SAM], name="cellpose")
    assert "All Cellpose models are trained on data that is licensed under **CC-BY-NC**" in readme(
        fourth
    )


def test_cellposes_readmes_say_which_papers_to_cite():
    said = readme(metadata.distribution("cellpose"))
    for words in (
        "If you use Cellpose 1, 2 or 3, please cite the Cellpose 1.0 [paper]",
        "If you use the human-in-the-loop training, please also cite the Cellpose 2.0 [paper]",
        "If you use the new image restoration models or cyto3, please also cite the Cellpose3",
    ):
        assert words in said, words


def test_code_of_both_tools_is_under_the_bsd_licence():
    for name in ("stardist", "cellpose"):
        assert metadata.metadata(name)["License"].startswith("BSD")


def test_cellpose_4s_readme_says_what_it_was_made_for():
    (fourth,) = metadata.distributions(path=[setup_env.SAM], name="cellpose")
    assert (
        "works on images with shot noise, (an)isotropic blur, undersampling, contrast inversions, "
        "regardless of channel order and object sizes."
    ) in readme(fourth)


def test_defaults_of_cellpose_changed_between_versions():
    fourth = (Path(setup_env.SAM) / "cellpose" / "models.py").read_text(encoding="utf-8")
    third = inspect.signature(models.CellposeModel).parameters
    assert third["pretrained_model"].default is False and third["diam_mean"].default == 30
    assert 'pretrained_model="cpsam_v2"' in fourth and "diam_mean=None" in fourth


# Linux has both, macOS the second, Windows another.
HASHERS = {"linux": (["sha256sum"], ["shasum", "-a", "256"]), "win32": (["certutil", "-hashfile"],)}


def test_sha256sum_and_shasum_compute_the_hash_of_the_page(tmp_path):
    (tmp_path / "a").write_bytes(b"weights")
    for command in HASHERS.get(sys.platform, (["shasum", "-a", "256"],)):
        last = ["SHA256"] if command[0] == "certutil" else []
        printed = subprocess.run(
            [*command, tmp_path / "a", *last], capture_output=True, text=True
        ).stdout
        assert hashlib.sha256(b"weights").hexdigest() in printed.split(), command
