"""What the pages say about the processor cores that TensorFlow and PyTorch take, tried."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow  # starts each library four times

TENSORFLOW = """
import tensorflow as tf, psutil
tf.nn.conv2d(tf.zeros((1, 64, 64, 8)), tf.zeros((3, 3, 8, 8)), 1, "SAME").numpy()
print(psutil.Process().num_threads())
"""
TORCH = "import torch; print(torch.get_num_threads())"
# numpy, too, would start threads: they are not to be counted.
QUIET = {"OPENBLAS_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}


def threads(code, *settings):
    """How many threads a process has that runs the code with each of the settings."""
    clean = {name: value for name, value in os.environ.items() if "_NUM_" not in name}
    started = [
        subprocess.Popen([sys.executable, "-c", code], text=True, stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, env=clean | QUIET | setting)
        for setting in settings
    ]  # fmt: skip
    return [int(process.communicate(timeout=100)[0].split()[-1]) for process in started]


def test_tensorflow_takes_all_cores_and_heeds_a_variable_of_its_own_alone():
    one, five, free, other = threads(
        TENSORFLOW, {"TF_NUM_INTRAOP_THREADS": "1"}, {"TF_NUM_INTRAOP_THREADS": "5"}, {},
        {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert five - one == 4
    assert free - one == len(os.sched_getaffinity(0)) - 1
    assert other == free, "OMP_NUM_THREADS does not hold it back"


def test_pytorch_takes_all_cores_and_heeds_omp_num_threads():
    one, free = threads(TORCH, {"OMP_NUM_THREADS": "1"}, {})
    cores = len(os.sched_getaffinity(0))
    assert one == 1
    assert free in (cores, cores // 2), "those of the processor, each counted once or twice"
