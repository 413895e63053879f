"""What the questions say of Python, numpy, Jupyter, torch and file readers, tried."""

import importlib
import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest
import skimage.io
import tifffile
import torch
from cellpose import transforms
from csbdeep.utils import normalize
from IPython.core.magics.packaging import PackagingMagics
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from PIL import Image
from skimage.measure import label, regionprops_table

from tests.docs import prose

pytestmark = pytest.mark.slow  # torch starts

FAQ = prose.read("reference/faq.md")


def in_a_line(message):
    """A message as the page quotes it: without line breaks."""
    return " ".join(str(message).split())


# --- Versions -----------------------------------------------------------------------------------


def numpy_for(package, python):
    """The versions of numpy that a package asks for on that Python."""
    wanted = SpecifierSet()
    for line in metadata.requires(package):
        need = Requirement(line)
        there = {"python_version": python, "python_full_version": f"{python}.0", "extra": ""}
        if need.name == "numpy" and (not need.marker or need.marker.evaluate(there)):
            wanted &= need.specifier
    return wanted


def test_on_python_3_13_tensorflow_and_cellpose_3_ask_for_different_numpy():
    (tensorflow,) = set(metadata.packages_distributions()["tensorflow"])
    assert any(Requirement(line).name == "ml_dtypes" for line in metadata.requires(tensorflow))

    def fitting(python, *packages):
        wanted = [numpy_for(package, python) for package in packages]
        return [v for v in ("2.0.2", "2.1.0", "2.1.3") if all(v in each for each in wanted)]

    parts = (tensorflow, "ml_dtypes")
    assert fitting("3.12", *parts, "cellpose") == ["2.0.2"]
    assert fitting("3.13", *parts) == ["2.1.0", "2.1.3"]
    assert fitting("3.13", "cellpose") == ["2.0.2"]


def test_a_module_made_for_numpy_1_is_named_below_the_message(capsys):
    numpy_1 = importlib.import_module("numpy.core._multiarray_umath")  # where it looks for numpy
    with pytest.raises(ImportError) as error:
        _ = numpy_1._ARRAY_API
    first = in_a_line(error.value).split(" To support")[0]
    assert first.replace(np.__version__, "2.0.2") in FAQ
    assert Path(__file__).name in capsys.readouterr().err.splitlines()[-2]


def test_what_was_imported_stays_as_it_was(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / "installed_once.py").write_text("version = 1")
    assert importlib.import_module("installed_once").version == 1
    (tmp_path / "installed_once.py").write_text("version = 2")
    assert importlib.import_module("installed_once").version == 1


# --- Jupyter ------------------------------------------------------------------------------------


def test_pip_with_a_percent_sign_installs_into_the_running_python(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/of/this/notebook/python")
    asked = []

    class Shell:
        system = asked.append

    PackagingMagics.pip(type("Magics", (), {"shell": Shell}), "install stardist")
    assert asked == ["/of/this/notebook/python -m pip install stardist"]


def test_jupyter_shows_in_red_what_is_written_beside_the_results():
    lab = Path(sys.prefix, "share", "jupyter", "lab")
    rule = "data-mime-type='application/vnd.jupyter.stderr'] {\n  background: var(--jp-rendermime"
    scripts = (path.read_text(encoding="utf-8") for path in lab.glob("static/jlab_core.*.js"))
    assert any(rule.replace("\n", end) in text for text in scripts for end in ("\n", "\\n"))
    theme = lab / "themes" / "@jupyterlab" / "theme-light-extension" / "index.css"
    assert "--jp-rendermime-error-background:#fdd" in theme.read_text(encoding="utf-8")


# --- Python and numpy ---------------------------------------------------------------------------


def test_a_path_of_windows_needs_an_r_before_it():
    with pytest.raises(SyntaxError) as error:
        compile('"C:\\Users\\me\\images"', "cell", "eval")
    assert f"SyntaxError: {error.value.msg}" in FAQ
    assert eval('r"C:\\Users\\me\\images"') == "C:\\Users\\me\\images"
    assert eval('"D:\\new\\test"') == "D:" + chr(10) + "ew" + chr(9) + "est"


def test_an_array_that_does_not_fit_is_told_with_its_size():
    from numpy._core._exceptions import _ArrayMemoryError

    assert str(_ArrayMemoryError((100_000, 100_000), np.dtype("float32"))) in FAQ


def test_images_that_a_reader_lent_cannot_be_changed_and_need_not_be(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.arange(12, dtype=np.uint16).reshape(3, 4))
    mapped = tifffile.memmap(tmp_path / "a.tif", mode="r")
    pictured = np.asarray(Image.open(tmp_path / "a.tif"))
    for lent in (mapped, pictured):
        with pytest.raises(ValueError) as error:
            lent[0, 0] = 1
        assert f"ValueError: {error.value}" in FAQ
        own = lent.copy()
        own[0, 0] = 1
        normalize(lent, 1, 99.8)
        transforms.normalize_img(transforms.convert_image(lent, channels=[0, 0]))
        assert regionprops_table(lent.astype(int), lent)["label"].size == 11


def test_label_numbers_the_parts_of_a_mask_and_touching_ones_stay_one():
    labels = np.array([[1, 1, 2, 2, 0, 3, 3]])
    assert label(labels > 0).tolist() == [[1, 1, 1, 1, 0, 2, 2]]


def test_a_pickle_in_a_numpy_file_runs_code(tmp_path):
    class Harm:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "ran",))

    np.save(tmp_path / "a.npy", np.array([Harm()]), allow_pickle=True)
    (tmp_path / "ran").unlink(missing_ok=True)
    with pytest.raises(ValueError, match="allow_pickle=False"):
        np.load(tmp_path / "a.npy")
    assert not (tmp_path / "ran").exists()
    np.load(tmp_path / "a.npy", allow_pickle=True)
    assert (tmp_path / "ran").exists()


# --- Files --------------------------------------------------------------------------------------


def test_opencv_divides_the_numbers_of_a_16_bit_png_by_256_unless_told_not_to(tmp_path):
    labels = np.arange(300, dtype=np.uint16).reshape(15, 20)
    path = tmp_path / "masks.png"
    cv2.imwrite(str(path), labels)
    squeezed = cv2.imread(str(path))
    assert squeezed.dtype == np.uint8 and np.array_equal(squeezed[..., 0], labels // 256)
    assert np.array_equal(cv2.imread(str(path), -1), labels)
    assert np.array_equal(skimage.io.imread(path), labels)
    tifffile.imwrite(tmp_path / "masks.tif", labels)
    assert np.array_equal(tifffile.imread(tmp_path / "masks.tif"), labels)


def test_16_bits_begin_again_at_0_without_a_warning(recwarn):
    assert np.array([65_535, 65_536, 65_537]).astype(np.uint16).tolist() == [65_535, 0, 1]
    assert not recwarn.list


def test_tifffile_reads_all_planes(tmp_path):
    tifffile.imwrite(tmp_path / "stack.tif", np.zeros((5, 8, 9), np.uint16))
    assert tifffile.imread(tmp_path / "stack.tif").shape == (5, 8, 9)


@pytest.mark.parametrize("dtype", ["int32", "uint32", "float64", "bool"])
def test_a_tiff_for_imagej_holds_8_or_16_bits_or_float32_and_nothing_else(tmp_path, dtype):
    for known in ("uint8", "uint16", "float32"):
        tifffile.imwrite(tmp_path / "a.tif", np.zeros((4, 4), known), imagej=True)
        assert tifffile.imread(tmp_path / "a.tif").dtype == known
    with pytest.raises(ValueError, match="ImageJ"):
        tifffile.imwrite(tmp_path / "b.tif", np.zeros((4, 4), dtype), imagej=True)


# --- torch --------------------------------------------------------------------------------------


def test_torch_notes_that_sparse_tensors_are_not_checked():
    before = torch.is_warn_always_enabled()
    torch.set_warn_always(True)  # else once in a process
    try:
        with pytest.warns(UserWarning) as said:
            torch.sparse_coo_tensor(torch.zeros((2, 3), dtype=torch.int), torch.ones(3), (4, 4))
    finally:
        torch.set_warn_always(before)
    (note,) = {in_a_line(warning.message) for warning in said}
    quoted = re.search(r"`(Sparse invariant checks .*?)`", FAQ)[1]
    assert note.startswith(quoted)


def test_an_optimiser_of_torch_imports_triton_where_it_is_installed(tmp_path):
    (tmp_path / "triton.py").write_text("import os; os.write(1, b'triton'); os._exit(0)")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import torch;"
        "print('torch', flush=True);"
        "torch.optim.AdamW([torch.nn.Parameter(torch.ones(2))]); print('trained')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.split() == ["torch", "triton"], done.stderr


def test_numbers_of_32_bits_may_be_an_index_and_the_message_says_so():
    old = re.search(r"`IndexError: (tensors used as indices .*?)`", FAQ)[1]
    with pytest.raises(IndexError) as error:
        torch.zeros(5)[torch.zeros(2)]
    assert str(error.value) == old.replace("long, byte", "long, int, byte")
    assert "`long, int, byte or bool`" in FAQ
    assert torch.zeros(5)[torch.zeros(2, dtype=torch.int32)].shape == (2,)


def test_a_u_net_cannot_join_maps_of_different_size():
    with pytest.raises(RuntimeError) as error:
        torch.cat([torch.zeros(1, 1, 24, 24), torch.zeros(1, 1, 25, 24)], 1)
    assert f"RuntimeError: {error.value}" in FAQ


def test_a_torch_without_cuda_says_so(monkeypatch):
    monkeypatch.delattr(torch._C, "_cuda_getDeviceCount", raising=False)
    monkeypatch.setattr(torch.cuda, "_initialized", False)
    with pytest.raises(AssertionError) as error:
        torch.cuda.init()
    assert f"AssertionError: {error.value}" in FAQ


def test_torch_starts_a_thread_for_every_core_unless_a_variable_says_how_many():
    def threads(**variables):
        kept = {name: value for name, value in os.environ.items() if "NUM_THREADS" not in name}
        code = "import torch; print(torch.get_num_threads())"
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, env=kept | variables
        )
        return int(done.stdout)

    seen = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert threads() in (seen, psutil.cpu_count(logical=False))  # with two in a core, one of them
    assert threads(OMP_NUM_THREADS="1") == 1
