"""Lab 04's visible checks of layer normalization, forward and backward."""

from __future__ import annotations

import numpy as np

from dlcourse.checks.lab04_caches import Arrays, output_and_cache, single, three_gradients
from dlcourse.checks.properties import Function, run_properties
from dlcourse.testing import CheckError, check_close

_CACHE: Arrays = {
    "u": np.array([[-2 / 3, 4 / 3, -2 / 3], [1.2, -1.2, 0.0]]),
    "inv_std": np.array([[2 / 3], [0.4]]),
    "gamma": np.array([2.0, -1.0, 0.5]),
    "mean": np.array([[2.0], [0.0]]),
    "var": np.array([[2.0], [6.0]]),
}
"""Of the rows z = (1, 4, 1) and (3, −3, 0), with ε = 1/4."""
_DY = np.array([[1.0, 2.0, -1.0], [3.0, 0.0, 1.0]])
_PAIRS: Arrays = {
    "u": np.array([[-1.0, -1.0, 1.0, 1.0]]),
    "inv_std": np.array([[0.5]]),
    "gamma": np.ones(4),
    "mean": np.array([[7.0]]),
    "var": np.array([[4.0]]),
}
"""Of the row z = (5, 5, 9, 9) with ε = 0."""


def layernorm_forward(function: object) -> None:
    """Check ``layernorm_forward(z, gamma, beta, eps=1e-5) -> (y, cache)``."""
    run_properties(
        "layernorm_forward",
        function,
        [
            _forward_by_hand,
            _forward_eps,
            _forward_moments,
            _forward_parameters,
            _forward_rows,
            _forward_default_eps,
            _forward_float32,
        ],
    )


def layernorm_backward(function: object) -> None:
    """Check ``layernorm_backward(dy, cache) -> (dz, dgamma, dbeta)``."""
    run_properties(
        "layernorm_backward",
        function,
        [
            _backward_parameters,
            _backward_by_hand,
            _backward_differences,
            _backward_rows,
            _backward_moves_nothing,
            _backward_float32,
        ],
    )


def _forward_by_hand(function: Function) -> None:
    """The row (1, 5) with ε = 0 becomes u = (−1, 1); mean, var, inv_std are (1, 1) each."""
    z, gamma, beta = np.array([[1.0, 5.0]]), np.array([10.0, 20.0]), np.array([0.0, 100.0])
    y, cache = output_and_cache(function(z, gamma, beta, 0.0), (1, 2), (1, 1))
    if np.isclose(cache["var"][0, 0], 8.0):
        raise CheckError("the variance is divided by M − 1; the mean square is meant")
    check_close(y, np.array([[-10.0, 120.0]]), "y")
    for name, expected in (("mean", 3.0), ("var", 4.0), ("inv_std", 0.5)):
        check_close(cache[name], np.array([[expected]]), f'cache["{name}"]')
    check_close(cache["u"], np.array([[-1.0, 1.0]]), 'cache["u"]')
    check_close(cache["gamma"], gamma, 'cache["gamma"]')


def _forward_eps(function: Function) -> None:
    """ε = 12 beside a variance of 4 makes it 1/4 of z − mean; var stays without ε."""
    y, cache = output_and_cache(
        function(np.array([[1.0, 5.0]]), np.ones(2), np.zeros(2), 12.0), (1, 2), (1, 1)
    )
    if np.allclose(y, [[-1 / 7, 1 / 7]]):
        raise CheckError("ε stands outside the root; here it is added to the variance")
    check_close(y, np.array([[-0.5, 0.5]]), "y")
    check_close(cache["var"], np.array([[4.0]]), 'cache["var"]')


def _forward_moments(function: Function) -> None:
    """With γ = 1 and β = 0 each row of y has mean 0 and standard deviation 1."""
    z = np.random.default_rng(6).normal(3.0, 2.0, size=(4, 4))
    y, _ = output_and_cache(function(z, np.ones(4), np.zeros(4), 0.0), (4, 4), (4, 1))
    if np.allclose(y.mean(axis=0), 0.0) and not np.allclose(y.mean(axis=1), 0.0):
        raise CheckError("columns are normalized; here it is each row, over its units")
    check_close(y.mean(axis=1), np.zeros(4), "the means of the rows")
    check_close(y.std(axis=1), np.ones(4), "the standard deviations of the rows")


def _forward_parameters(function: Function) -> None:
    """γ and β belong to the units, not to the rows."""
    z = np.random.default_rng(7).normal(size=(3, 3))
    gamma, beta = np.array([1.0, 10.0, 100.0]), np.array([5.0, 6.0, 7.0])
    y, _ = output_and_cache(function(z, np.zeros(3), beta), (3, 3), (3, 1))
    check_close(y, np.tile(beta, (3, 1)), "y for γ = 0")
    plain, _ = output_and_cache(function(z, np.ones(3), np.zeros(3)), (3, 3), (3, 1))
    y, _ = output_and_cache(function(z, gamma, np.zeros(3)), (3, 3), (3, 1))
    if np.allclose(y, plain * gamma[:, None]):
        raise CheckError("γ goes along the rows; an entry of γ belongs to a unit, a column")
    check_close(y[:, 2], 100 * plain[:, 2], "y of the unit with γ = 100")


def _forward_rows(function: Function) -> None:
    """A row's output does not depend on the batch: alone, or among others, it is the same."""
    z = np.random.default_rng(8).normal(size=(5, 4))
    gamma, beta = np.array([1.0, -2.0, 3.0, 0.5]), np.array([0.0, 1.0, 2.0, 3.0])
    y, _ = output_and_cache(function(z, gamma, beta), (5, 4), (5, 1))
    alone, _ = output_and_cache(function(z[3:4], gamma, beta), (1, 4), (1, 1))
    check_close(alone, y[3:4], "y of one row, given alone")


def _forward_default_eps(function: Function) -> None:
    """If no ε is given it is 1e-5, and equal units give β, not NaN."""
    z = np.array([[np.sqrt(3e-5), -np.sqrt(3e-5)], [2.0, 2.0]])
    y, _ = output_and_cache(function(z, np.ones(2), np.zeros(2)), (2, 2), (2, 1))
    check_close(float(np.mean(y[0] ** 2)), 0.75, "the mean square of y", rtol=1e-6)
    check_close(y[1], np.zeros(2), "y of equal units")


def _forward_float32(function: Function) -> None:
    """float32 in gives float32 out, in the cache too."""
    z = np.random.default_rng(9).normal(size=(5, 3)).astype(np.float32)
    one = np.ones(3, dtype=np.float32)
    output_and_cache(function(z, one, one), (5, 3), (5, 1), dtype=np.float32)


def _backward_parameters(function: Function) -> None:
    """dγ and dβ add up over the rows, one number a unit."""
    _, dgamma, dbeta = three_gradients(function(_DY, _CACHE), (2, 3))
    for name, gradient, expected in (
        ("dgamma", dgamma, np.array([-2 / 3 + 3.6, 8 / 3, 2 / 3])),
        ("dbeta", dbeta, np.array([4.0, 2.0, 0.0])),
    ):
        if np.allclose(gradient * len(_DY), expected):
            raise CheckError(f"{name} is a mean over the rows; the 1/N is already in dy")
        check_close(gradient, expected, name)


def _backward_by_hand(function: Function) -> None:
    """With z = (5, 5, 9, 9), ε = 0, γ = 1, dy = (8, 0, 0, 0): dz = (2, −2, 0, 0)."""
    dz, _, _ = three_gradients(function(np.array([[8.0, 0.0, 0.0, 0.0]]), _PAIRS), (1, 4))
    for wrong, words in (
        ((-4, 0, 0, 0), "the means are taken over the batch; here they go along the row"),
        ((4, 0, 0, 0), "mean and variance are taken for constants; both depend on every z"),
        ((3, -1, -1, -1), "the way through the variance is missing"),
        ((3, -1, 1, 1), "the way through the mean is missing"),
        ((4, -4, 0, 0), "inv_std is missing on the way from u back to z"),
    ):
        if np.allclose(dz[0], wrong):
            raise CheckError(words)
    check_close(dz, np.array([[2.0, -2.0, 0.0, 0.0]]), "dz")


def _backward_differences(function: Function) -> None:
    """Two rows, γ = (2, −1, 0.5), ε = 1/4: dz is what finite differences gave."""
    dz, _, _ = three_gradients(function(_DY, _CACHE), (2, 3))
    flat, _, _ = three_gradients(function(_DY, {**_CACHE, "gamma": np.ones(3)}), (2, 3))
    if np.allclose(dz, flat * _CACHE["gamma"]):
        raise CheckError(
            "γ is taken out of the means; it differs along the row, so it belongs inside them"
        )
    first, second = np.array([73.0, -11.0, -62.0]) / 81, np.array([286.0, 214.0, -500.0]) / 750
    check_close(dz, np.stack([first, second]), "dz", rtol=1e-6)


def _backward_rows(function: Function) -> None:
    """A row's dz does not depend on the other rows."""
    dz, _, _ = three_gradients(function(_DY, _CACHE), (2, 3))
    one = {name: a if name == "gamma" else a[1:] for name, a in _CACHE.items()}
    alone, _, _ = three_gradients(function(_DY[1:], one), (1, 3))
    check_close(alone, dz[1:], "dz of one row, given alone")


def _backward_moves_nothing(function: Function) -> None:
    """Each row of dz sums to 0, and with ε = 0 it is orthogonal to u."""
    dy = np.array([[1.0, 4.0, -2.0, 7.0]])
    cache = {**_PAIRS, "gamma": np.array([3.0, 1.0, -1.0, 2.0])}
    dz, _, _ = three_gradients(function(dy, cache), (1, 4))
    if not np.any(dz):
        raise CheckError("dz is zero everywhere")
    check_close(float(dz.sum()), 0.0, "the sum of dz")
    check_close(float((dz * cache["u"]).sum()), 0.0, "the product of dz and u")


def _backward_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    three_gradients(function(_DY.astype(np.float32), single(_CACHE)), (2, 3), dtype=np.float32)
