"""Lab 04's visible checks of the normalizations of images, by channel and by group."""

from __future__ import annotations

import numpy as np

from dlcourse.checks.properties import Function, run_properties
from dlcourse.testing import CheckError, DType, check_array, check_close, check_that


def batchnorm2d_forward(function: object) -> None:
    """Check ``batchnorm2d_forward(x, gamma, beta, eps=1e-5)``."""
    run_properties(
        "batchnorm2d_forward",
        function,
        [
            _channel_by_hand,
            _channel_moments,
            _channel_parameters,
            _channel_pixels,
            _channel_default_eps,
            _channel_float32,
        ],
    )


def groupnorm_forward(function: object) -> None:
    """Check ``groupnorm_forward(x, gamma, beta, groups, eps=1e-5)``."""
    run_properties(
        "groupnorm_forward",
        function,
        [
            _group_by_hand,
            _group_moments,
            _group_parameters,
            _group_alone,
            _group_refused,
            _group_default_eps,
            _group_float32,
        ],
    )


def _output(value: object, shape: tuple[int, ...], dtype: DType | None = None) -> np.ndarray:
    check_array(value, shape, "y", dtype=dtype)
    assert isinstance(value, np.ndarray)
    return value


def _check_parameters(plain: np.ndarray, scaled: np.ndarray, shifted: np.ndarray) -> None:
    """`scaled` is `plain` times 1, 10, 100 by channel; `shifted` has been given 1, 2, 3."""
    gamma, beta = np.array([1.0, 10.0, 100.0]), np.array([1.0, 2.0, 3.0])
    if np.allclose(scaled, plain * gamma) or np.allclose(scaled, plain * gamma[:, None]):
        raise CheckError("γ goes along the pixels; its axis is that of the channels, the second")
    check_close(scaled, plain * gamma[:, None, None], "y with γ = (1, 10, 100)")
    check_close(shifted - plain, np.broadcast_to(beta[:, None, None], plain.shape), "what β adds")


def _channel_by_hand(function: Function) -> None:
    """One image all 1, one all 5, ε = 12, γ = 10, β = 100: 95 and 105."""
    x = np.array([1.0, 5.0]).reshape(2, 1, 1, 1) * np.ones((2, 1, 2, 2))
    y = _output(function(x, np.array([10.0]), np.array([100.0]), 12.0), x.shape)
    if np.allclose(y, 100.0):
        raise CheckError("each image is normalized by itself; the batch shares the statistics")
    if np.isclose(y.max(), 100 + 20 / np.sqrt(32 / 7 + 12)):
        raise CheckError("the variance is not the mean square: it is divided by one less")
    if np.isclose(y.max(), 100 + 20 / 14):
        raise CheckError("ε stands outside the root; here it is added to the variance")
    check_close(y, 100 + np.array([-5.0, 5.0]).reshape(2, 1, 1, 1) * np.ones(x.shape), "y")


def _channel_moments(function: Function) -> None:
    """Over the batch and all pixels each channel has mean 0 and standard deviation 1."""
    rng = np.random.default_rng(10)
    x = rng.normal(size=(3, 3, 3, 3)) * np.array([1.0, 5.0, 0.2])[:, None, None]
    x += np.arange(27.0).reshape(3, 3, 3)
    y = _output(function(x, np.ones(3), np.zeros(3), 0.0), x.shape)
    if np.allclose(y.mean(axis=0), 0.0):
        raise CheckError("each pixel is normalized by itself; a channel's pixels share statistics")
    if np.isclose(y.mean(), 0.0) and not np.allclose(y.mean(axis=(0, 2, 3)), 0.0):
        raise CheckError("the channels share statistics; each has its own")
    check_close(y.mean(axis=(0, 2, 3)), np.zeros(3), "the means of the channels")
    check_close(y.std(axis=(0, 2, 3)), np.ones(3), "the standard deviations of the channels")


def _channel_parameters(function: Function) -> None:
    """γ and β are one number a channel."""
    x = np.random.default_rng(11).normal(size=(2, 3, 3, 3))
    one, zero, gamma = np.ones(3), np.zeros(3), np.array([1.0, 10.0, 100.0])
    plain = _output(function(x, one, zero), x.shape)
    scaled = _output(function(x, gamma, zero), x.shape)
    _check_parameters(plain, scaled, _output(function(x, one, np.arange(1.0, 4.0)), x.shape))


def _channel_pixels(function: Function) -> None:
    """Where a pixel stands, and in which image, does not matter: moved ones keep their values."""
    rng = np.random.default_rng(12)
    x, order = rng.normal(size=(2, 2, 2, 3)), rng.permutation(12)
    one, zero = np.ones(2), np.zeros(2)

    def moved(images: np.ndarray) -> np.ndarray:
        pixels = np.moveaxis(images, 1, 0).reshape(2, 12)[:, order]
        return np.moveaxis(pixels.reshape(2, 2, 2, 3), 0, 1)

    y = _output(function(x, one, zero), x.shape)
    check_close(function(moved(x), one, zero), moved(y), "y of the moved pixels")


def _channel_default_eps(function: Function) -> None:
    """If no ε is given it is 1e-5, and a channel of one colour gives β, not NaN."""
    x = np.full((2, 1, 1, 1), 4.0)
    check_close(function(x, np.ones(1), np.ones(1)), np.ones(x.shape), "y of equal pixels")
    x = np.sqrt(3e-5) * np.array([1.0, -1.0]).reshape(2, 1, 1, 1)
    y = _output(function(x, np.ones(1), np.zeros(1)), x.shape)
    check_close(float(np.mean(y * y)), 0.75, "the mean square of y", rtol=1e-6)


def _channel_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    x, one = np.arange(24, dtype=np.float32).reshape(2, 3, 2, 2), np.ones(3, dtype=np.float32)
    _output(function(x, one, one), x.shape, dtype=np.float32)


def _group_by_hand(function: Function) -> None:
    """Channels 1, 5, 10, 30 in two groups: (1, 5) and (10, 30) become −1 and 1 each."""
    x = np.array([1.0, 5.0, 10.0, 30.0]).reshape(1, 4, 1, 1)
    y = _output(function(x, np.ones(4), np.zeros(4), 2, 0.0), x.shape)[0, :, 0, 0]
    if np.allclose(y, [-1, -1, 1, 1]):
        raise CheckError("a group is made of channels that stand apart; neighbours belong together")
    if np.allclose(np.abs(y), np.sqrt(0.5)):
        raise CheckError("the variance is not the mean square: it is divided by one less")
    check_close(y, np.array([-1.0, 1.0, -1.0, 1.0]), "y")
    near = _output(function(x[:, :2], np.ones(2), np.zeros(2), 1, 12.0), (1, 2, 1, 1))
    check_close(near[0, :, 0, 0], np.array([-0.5, 0.5]), "y of 1 and 5 with ε = 12")


def _group_moments(function: Function) -> None:
    """Each group of each image has mean 0 and standard deviation 1, for 1, 2 and 4 groups."""
    rng = np.random.default_rng(13)
    x = rng.normal(size=(3, 4, 2, 3)) * np.arange(1.0, 5.0)[:, None, None] + np.arange(3.0)
    for groups in (1, 2, 4):
        y = _output(function(x, np.ones(4), np.zeros(4), groups, 0.0), x.shape)
        parts = y.reshape(3, groups, -1)
        zero, one = np.zeros((3, groups)), np.ones((3, groups))
        check_close(parts.mean(axis=2), zero, f"the means, {groups} groups")
        check_close(parts.std(axis=2), one, f"the standard deviations, {groups} groups")
        before = x.reshape(3, groups, -1).argsort(axis=2)
        check_that(
            np.array_equal(parts.argsort(axis=2), before),
            f"{groups} groups: the largest value of a group is not the largest of its y;"
            " do the values come out in their places?",
        )


def _group_parameters(function: Function) -> None:
    """γ and β are one number a channel, not one a group."""
    x = np.random.default_rng(14).normal(size=(2, 3, 3, 3))
    one, zero, gamma = np.ones(3), np.zeros(3), np.array([1.0, 10.0, 100.0])
    plain = _output(function(x, one, zero, 1), x.shape)
    scaled = _output(function(x, gamma, zero, 1), x.shape)
    _check_parameters(plain, scaled, _output(function(x, one, np.arange(1.0, 4.0), 1), x.shape))


def _group_alone(function: Function) -> None:
    """An image's output does not depend on the other images of the batch."""
    x = np.random.default_rng(15).normal(size=(3, 4, 2, 2))
    one, zero = np.ones(4), np.zeros(4)
    y = _output(function(x, one, zero, 2), x.shape)
    check_close(function(x[1:2], one, zero, 2), y[1:2], "y of one image, given alone")


def _group_refused(function: Function) -> None:
    """Six channels in four groups: a ValueError."""
    try:
        function(np.arange(12.0).reshape(1, 6, 2, 1), np.ones(6), np.zeros(6), 4)
    except ValueError:
        return
    raise CheckError("6 channels make no 4 groups of equal size, and nothing was raised")


def _group_default_eps(function: Function) -> None:
    """If no ε is given it is 1e-5, and a group of one colour gives β, not NaN."""
    x = np.full((1, 2, 2, 2), 4.0)
    check_close(function(x, np.ones(2), np.ones(2), 1), np.ones(x.shape), "y of equal pixels")
    x = np.sqrt(3e-5) * np.array([1.0, -1.0]).reshape(1, 2, 1, 1)
    y = _output(function(x, np.ones(2), np.zeros(2), 1), x.shape)
    check_close(float(np.mean(y * y)), 0.75, "the mean square of y", rtol=1e-6)


def _group_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    x, one = np.arange(32, dtype=np.float32).reshape(2, 4, 2, 2), np.ones(4, dtype=np.float32)
    _output(function(x, one, one, 2), x.shape, dtype=np.float32)
