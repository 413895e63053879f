"""A library that is broken, however badly, becomes one line that says so."""

import subprocess
import sys
import time

import pytest

from bioimage_course import data
from bioimage_course.doctor import libraries


@pytest.fixture
def plant(monkeypatch, tmp_path):
    """Put a module of that name in front of the real one, for the processes that are started."""

    def plant(name, source):
        (tmp_path / f"{name}.py").write_text(source)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    return plant


TORCH = """
class version: cuda, hip = {cuda!r}, None
class cuda:
    is_available = staticmethod(lambda: {gpu!r} is not None)
    get_device_name = staticmethod(lambda number: {gpu!r})
    def init(): raise RuntimeError("The NVIDIA driver is too old\\nUpdate it.")
class backends:
    class mps: is_available = staticmethod(lambda: {mps})
"""


def test_the_images_and_the_folder_for_downloads_are_told():
    assert libraries.ask("images") == {"nuclei": 125, "cache": str(data._cache())}


def test_a_figure_is_drawn_and_its_font_named():
    answer = libraries.ask("figures")
    assert answer["font"] == "Source Sans 3"
    assert answer["missing"] == 0
    assert answer["cache"]


def test_signs_that_a_font_lacks_are_counted():
    # cmex10, which comes with matplotlib, holds brackets only.
    code = (
        "import matplotlib.font_manager as fonts; from bioimage_course.doctor import libraries;"
        "name = next(f.fname for f in fonts.fontManager.ttflist if 'cmex10' in f.fname);"
        "fonts.findfont = lambda font: name;"
        "fonts.FontManager._find_fonts_by_props = lambda *_, **__: [name];"
        "print(libraries._figures()['missing'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert int(done.stdout) > 0, done.stderr


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("raise OSError('libc10.so: not found\\nsecond line')", "OSError: libc10.so: not found"),
        ("import no_such_module_x", "ModuleNotFoundError: No module named 'no_such_module_x'"),
        ("import os; os.abort()", "it ended the process (SIGABRT)"),
        (
            "import os, signal; os.kill(os.getpid(), signal.SIGILL)",
            "it ended the process (SIGILL)",
        ),
        (
            "import sys; print('no licence', file=sys.stderr); sys.exit(3)",
            "it ended the process with status 3: no licence",
        ),
        ("", "AttributeError: module 'tensorflow' has no attribute 'config'"),
    ],
)
def test_a_library_that_fails_tells_its_error_in_one_line(plant, source, error):
    plant("tensorflow", source)
    assert libraries.ask("tensorflow") == {"error": error}


def test_a_library_that_does_not_come_back_is_left_after_the_time_given(plant):
    plant("torch", "import time; time.sleep(60)")
    began = time.monotonic()
    assert libraries.ask("torch", seconds=0.5) == {"error": "no answer within 0.5 s"}
    assert time.monotonic() - began < 5


def test_a_library_that_does_not_end_has_answered(plant):
    plant("tensorflow", TENSORFLOW + "import atexit, time; atexit.register(time.sleep, 60)")
    assert libraries.ask("tensorflow", seconds=50) == {"gpus": 2, "cuda": True}


TENSORFLOW = """
print("Hello from TensorFlow")
class config: list_physical_devices = staticmethod(lambda kind: ["a", "b"] if kind == "GPU" else 0)
class test: is_built_with_cuda = staticmethod(lambda: True)
"""


@pytest.mark.parametrize(
    ("hardware", "answer"),
    [
        ({"cuda": None, "gpu": None, "mps": False}, {"cuda": False, "why_not": None}),
        ({"cuda": "12.8", "gpu": "H100", "mps": False}, {"cuda": True, "why_not": None}),
        (
            {"cuda": "12.8", "gpu": None, "mps": False},
            {"cuda": True, "why_not": "RuntimeError: The NVIDIA driver is too old"},
        ),
        ({"cuda": None, "gpu": None, "mps": True}, {"cuda": False, "why_not": None}),
    ],
)
def test_torch_tells_its_gpu_or_why_it_has_none(plant, hardware, answer):
    plant("torch", TORCH.format(**hardware))
    expected = {"gpu": hardware["gpu"], "mps": hardware["mps"], **answer}
    assert libraries.ask("torch") == expected


def test_images_that_fail_for_numpy_s_sake_name_numpy(plant):
    plant("numpy", "raise ImportError('numpy is broken')")
    answer = {"error": "ImportError: numpy is broken", "package": "numpy"}
    assert libraries.ask("images") == answer


def test_tensorflow_s_greeting_is_switched_off_unless_asked_for(plant, monkeypatch):
    plant("tensorflow", "import os; raise OSError(os.environ['TF_CPP_MIN_LOG_LEVEL'])")
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
    assert libraries.ask("tensorflow") == {"error": "OSError: 3"}
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "0")
    assert libraries.ask("tensorflow") == {"error": "OSError: 0"}
