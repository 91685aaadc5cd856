"""Lab 04's visible checks of batch normalization in training, forward and backward."""

from __future__ import annotations

import numpy as np

from dlcourse.checks.lab04_caches import Arrays, output_and_cache, single, three_gradients
from dlcourse.checks.properties import Function, run_properties
from dlcourse.testing import CheckError, check_close

_CACHE: Arrays = {
    "u": np.array([[-4 / 3, -0.4], [-2 / 3, 0.0], [2 / 3, 0.8], [4 / 3, 1.2], [0.0, -1.6]]),
    "inv_std": np.array([2 / 3, 0.4]),
    "gamma": np.array([2.0, -0.5]),
    "mean": np.array([3.0, 1.0]),
    "var": np.array([2.0, 6.0]),
}
"""Of z = (1, 2, 4, 5, 3) in one unit and (0, 1, 3, 4, −3) in the other, with ε = 1/4."""
_DY = np.array([[1.0, 2.0], [0.0, -1.0], [3.0, 1.0], [-2.0, 0.0], [1.0, 4.0]])
_PAIRS: Arrays = {
    "u": np.array([[-1.0], [-1.0], [1.0], [1.0]]),
    "inv_std": np.array([0.5]),
    "gamma": np.array([1.0]),
    "mean": np.array([7.0]),
    "var": np.array([4.0]),
}
"""Of z = (5, 5, 9, 9) with ε = 0."""


def batchnorm_forward(function: object) -> None:
    """Check ``batchnorm_forward(z, gamma, beta, eps=1e-5) -> (y, cache)``."""
    run_properties(
        "batchnorm_forward",
        function,
        [
            _forward_by_hand,
            _forward_eps,
            _forward_default_eps,
            _forward_moments,
            _forward_shift_and_scale,
            _forward_constant_unit,
            _forward_float32,
        ],
    )


def batchnorm_backward(function: object) -> None:
    """Check ``batchnorm_backward(dy, cache) -> (dz, dgamma, dbeta)``."""
    run_properties(
        "batchnorm_backward",
        function,
        [
            _backward_parameters,
            _backward_by_hand,
            _backward_differences,
            _backward_moves_nothing,
            _backward_linear,
            _backward_float32,
        ],
    )


def _forward_by_hand(function: Function) -> None:
    """By hand, z = 1 and 5 with γ = 10, β = 100 and ε = 0 gives 90 and 110; the cache says why."""
    z, gamma, beta = np.array([[1.0], [5.0]]), np.array([10.0]), np.array([100.0])
    y, cache = output_and_cache(function(z, gamma, beta, 0.0), (2, 1), (1,))
    if np.isclose(cache["var"][0], 8.0) or np.allclose(
        y[:, 0], [100 - np.sqrt(50), 100 + np.sqrt(50)]
    ):
        raise CheckError("the variance is divided by N − 1; over the batch it is the mean square")
    if np.allclose(y, [[95.0], [105.0]]):
        raise CheckError("z is divided by the variance; a standard deviation is meant")
    if np.allclose(cache["inv_std"], 2.0):
        raise CheckError('cache["inv_std"] is the standard deviation; its inverse is meant')
    if np.allclose(cache["u"], [[90.0], [110.0]]):
        raise CheckError('cache["u"] has γ and β in it; keep what stands before them')
    check_close(y, np.array([[90.0], [110.0]]), "y")
    for name, expected in (("mean", 3.0), ("var", 4.0), ("inv_std", 0.5), ("gamma", 10.0)):
        check_close(cache[name], np.array([expected]), f'cache["{name}"]')
    check_close(cache["u"], np.array([[-1.0], [1.0]]), 'cache["u"]')


def _forward_eps(function: Function) -> None:
    """ε = 12 beside a variance of 4 makes it 1/4 of z − mean; var stays without ε."""
    z, one = np.array([[1.0], [5.0]]), np.ones(1)
    y, cache = output_and_cache(function(z, one, 0 * one, 12.0), (2, 1), (1,))
    if np.allclose(y, [[-1 / 7], [1 / 7]]):
        raise CheckError("ε stands outside the root; here it is added to the variance")
    if np.allclose(y, [[-1.0], [1.0]]):
        raise CheckError("ε is not used")
    check_close(y, np.array([[-0.5], [0.5]]), "y")
    check_close(cache["inv_std"], np.array([0.25]), 'cache["inv_std"]')
    if np.isclose(cache["var"][0], 16.0):
        raise CheckError('cache["var"] has ε in it; keep the variance as it is')
    check_close(cache["var"], np.array([4.0]), 'cache["var"]')


def _forward_default_eps(function: Function) -> None:
    """If no ε is given it is 1e-5: a variance of 3e-5 is then scaled to 3/4."""
    z = np.sqrt(3e-5) * np.array([[1.0], [-1.0]])
    y, _ = output_and_cache(function(z, np.ones(1), np.zeros(1)), (2, 1), (1,))
    check_close(float(np.mean(y * y)), 0.75, "the mean square of y", rtol=1e-6)


def _forward_moments(function: Function) -> None:
    """Each unit (column) of y has mean β and standard deviation |γ| over the batch."""
    rng = np.random.default_rng(1)
    z = rng.normal([5.0, -3.0, 0.0, 100.0], [1.0, 4.0, 0.5, 20.0], size=(4, 4))
    gamma, beta = np.array([1.0, -2.0, 3.0, 0.5]), np.array([0.0, 1.0, -1.0, 10.0])
    y, _ = output_and_cache(function(z, gamma, beta, 1e-12), (4, 4), (4,))
    plain, _ = output_and_cache(function(z, np.ones(4), np.zeros(4), 1e-12), (4, 4), (4,))
    if np.allclose(plain.mean(axis=1), 0.0) and not np.allclose(plain.mean(axis=0), 0.0):
        raise CheckError("rows are normalized; here it is each unit, a column, over the rows")
    if not np.allclose(plain.mean(axis=0), 0.0) and np.isclose(plain.mean(), 0.0):
        raise CheckError("all units share one mean; each has its own")
    if not np.allclose(plain.std(axis=0), 1.0) and np.isclose(plain.std(), 1.0, rtol=1e-3):
        raise CheckError("all units share one variance; each has its own")
    check_close(y.mean(axis=0), beta, "the means of y", rtol=1e-6, atol=1e-6)
    check_close(y.std(axis=0), np.abs(gamma), "the standard deviations of y", rtol=1e-6)


def _forward_shift_and_scale(function: Function) -> None:
    """A number added to a unit on all rows changes nothing, nor (ε = 0) a positive factor."""
    z = np.random.default_rng(2).normal(size=(6, 3))
    gamma, beta = np.array([1.0, 2.0, -1.0]), np.array([0.5, 0.0, 3.0])
    y, _ = output_and_cache(function(z, gamma, beta, 0.0), (6, 3), (3,))
    moved, _ = output_and_cache(
        function(z + np.array([3.0, -2.0, 8.0]), gamma, beta, 0.0), (6, 3), (3,)
    )
    check_close(moved, y, "y after a shift", rtol=1e-6)
    larger, _ = output_and_cache(
        function(z * np.array([2.0, 0.1, 7.0]), gamma, beta, 0.0), (6, 3), (3,)
    )
    check_close(larger, y, "y after a factor", rtol=1e-6)


def _forward_constant_unit(function: Function) -> None:
    """A unit that is the same on all rows gives β, not NaN; so does a batch of one row."""
    beta = np.array([2.0, -1.0])
    for z in (np.array([[3.0, 0.0], [3.0, 0.0]]), np.array([[3.0, -5.0]])):
        y, _ = output_and_cache(function(z, np.ones(2), beta), z.shape, (2,))
        check_close(y, np.tile(beta, (len(z), 1)), f"y of {len(z)} equal rows")


def _forward_float32(function: Function) -> None:
    """float32 in gives float32 out, in the cache too."""
    z = np.random.default_rng(3).normal(size=(5, 3)).astype(np.float32)
    one = np.ones(3, dtype=np.float32)
    output_and_cache(function(z, one, one), (5, 3), (3,), dtype=np.float32)


def _backward_parameters(function: Function) -> None:
    """dγ and dβ add up over the rows, one number a unit."""
    _, dgamma, dbeta = three_gradients(function(_DY, _CACHE), (5, 2))
    for name, gradient, expected in (
        ("dgamma", dgamma, np.array([-2.0, -6.4])),
        ("dbeta", dbeta, np.array([3.0, 6.0])),
    ):
        if np.allclose(gradient * len(_DY), expected):
            raise CheckError(f"{name} is a mean over the rows; the 1/N is already in dy")
        if np.allclose(gradient, expected * _CACHE["gamma"]):
            raise CheckError(f"{name} has a factor γ: y depends on γ and β without it")
        check_close(gradient, expected, name)


def _backward_by_hand(function: Function) -> None:
    """With z = (5, 5, 9, 9), ε = 0, γ = 1, dy = (8, 0, 0, 0): dz = (2, −2, 0, 0)."""
    dy = np.array([[8.0], [0.0], [0.0], [0.0]])
    dz, _, _ = three_gradients(function(dy, _PAIRS), (4, 1))
    for wrong, words in (
        ((4, 0, 0, 0), "mean and variance are taken for constants; both depend on every z"),
        ((3, -1, -1, -1), "the way through the variance is missing"),
        ((3, -1, 1, 1), "the way through the mean is missing"),
        ((4, -4, 0, 0), "inv_std is missing on the way from u back to z"),
        ((-4, 0, 0, 0), "the means are taken along the row; here they go over the batch"),
        ((-2, 2, 0, 0), "the sign is wrong"),
    ):
        if np.allclose(dz[:, 0], wrong):
            raise CheckError(words)
    check_close(dz[:, 0], np.array([2.0, -2.0, 0.0, 0.0]), "dz")


def _backward_differences(function: Function) -> None:
    """Two units, γ = (2, −0.5), ε = 1/4: dz is what finite differences gave."""
    dz, _, _ = three_gradients(function(_DY, _CACHE), (5, 2))
    first = np.array([-8.0, -52.0, 160.0, -124.0, 24.0]) / 45
    second = np.array([-0.0576, 0.44, -0.1648, -0.0672, -0.1504])
    expected = np.stack([first, second], axis=1)
    if np.allclose(dz * _CACHE["gamma"], expected):
        raise CheckError("γ is missing on the way from y back to u")
    check_close(dz, expected, "dz", rtol=1e-6)


def _backward_moves_nothing(function: Function) -> None:
    """For each unit dz sums to 0, and with ε = 0 it is orthogonal to u."""
    cache = {**_PAIRS, "gamma": np.array([3.0])}
    dy = np.array([[1.0], [4.0], [-2.0], [7.0]])
    dz, _, _ = three_gradients(function(dy, cache), (4, 1))
    if not np.any(dz):
        raise CheckError("dz is zero everywhere")
    check_close(float(dz.sum()), 0.0, "the sum of dz")
    check_close(float((dz * cache["u"]).sum()), 0.0, "the product of dz and u")


def _backward_linear(function: Function) -> None:
    """Twice dy gives twice of everything; twice γ gives twice dz and leaves dγ and dβ."""
    once = three_gradients(function(_DY, _CACHE), (5, 2))
    for double, once_part in zip(
        three_gradients(function(2 * _DY, _CACHE), (5, 2)), once, strict=True
    ):
        check_close(double, 2 * once_part, "what 2·dy gives")
    dz, dgamma, dbeta = three_gradients(
        function(_DY, {**_CACHE, "gamma": 2 * _CACHE["gamma"]}), (5, 2)
    )
    check_close(dz, 2 * once[0], "dz for 2·γ")
    check_close(dgamma, once[1], "dgamma for 2·γ")
    check_close(dbeta, once[2], "dbeta for 2·γ")


def _backward_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    three_gradients(function(_DY.astype(np.float32), single(_CACHE)), (5, 2), dtype=np.float32)
