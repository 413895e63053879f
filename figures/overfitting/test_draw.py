"""The small network that learns few pixels by heart: its gradients, and its two curves."""

import numpy as np
import pytest

from figures._shared.stored import read
from figures.overfitting import draw as net


def test_backpropagation_agrees_with_the_slope_of_the_loss():
    rng = np.random.default_rng(0)
    windows, truth = rng.random((20, net.SIDE**2)), rng.integers(0, 2, 20).astype(float)
    _, start = net.train(windows, truth, (windows, truth), num_epochs=0)
    for gradient, parameter in zip(net.gradients(start, windows, truth), start, strict=True):
        for index in rng.integers(0, parameter.shape, (5, parameter.ndim)):
            at, kept, losses = tuple(index), parameter[tuple(index)], []
            for step in (1e-5, -1e-5):
                parameter[at] = kept + step
                losses.append(net.loss(net.forward(start, windows)[1], truth))
            parameter[at] = kept
            assert gradient[at] == pytest.approx((losses[0] - losses[1]) / 2e-5, abs=1e-8)


def test_few_pixels_are_learned_by_heart_and_many_are_not():
    few, many = (read("overfitting")[name] for name in ("few", "many"))
    assert few["training"] < 0.01 < few["best"] < few["validation"]
    assert few["validation"] > 1.2 * few["best"]
    assert many["validation"] < few["best"]


def test_training_and_validation_pixels_come_from_different_halves():
    column = np.tile(np.arange(512.0), (512, 1))
    left, _ = net.sample(column, column > 0, slice(0, 256), 500, seed=0)
    right, _ = net.sample(column, column > 0, slice(256, 512), 500, seed=1)
    assert left.max() < 256 <= right.min()
