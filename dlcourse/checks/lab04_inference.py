"""Lab 04's visible checks of batch normalization at test time."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.properties import Function, run_properties
from dlcourse.testing import CheckError, DType, check_array, check_close, check_tuple


def population_statistics(function: object) -> None:
    """Check ``population_statistics(means, variances, batch_size) -> (mean, var)``."""
    run_properties(
        "population_statistics",
        function,
        [_population_by_hand, _population_large, _population_units, _population_float32],
    )


def running_statistics(function: object) -> None:
    """Check ``running_statistics(running_mean, running_var, mean, var, batch_size, momentum)``."""
    run_properties(
        "running_statistics",
        function,
        [_running_by_hand, _running_ends, _running_default, _running_float32],
    )


def batchnorm_inference(function: object) -> None:
    """Check ``batchnorm_inference(z, gamma, beta, mean, var, eps=1e-5)``."""
    run_properties(
        "batchnorm_inference",
        function,
        [_inference_by_hand, _inference_rows, _inference_default_eps, _inference_float32],
    )


def fold_batchnorm(function: object) -> None:
    """Check ``fold_batchnorm(W, b, gamma, beta, mean, var, eps=1e-5) -> (W, b)``."""
    run_properties(
        "fold_batchnorm",
        function,
        [_fold_by_hand, _fold_units, _fold_nothing, _fold_default_eps, _fold_float32],
    )


def _pair(
    value: object,
    names: tuple[str, str],
    shapes: tuple[tuple[int, ...], ...],
    dtype: DType | None = None,
) -> tuple[Any, ...]:
    pair = check_tuple(value, 2, f"({', '.join(names)})")
    for array, name, shape in zip(pair, names, shapes, strict=True):
        check_array(array, shape, name, dtype=dtype)
    return pair


def _population(value: object, units: int, dtype: DType | None = None) -> tuple[Any, ...]:
    return _pair(value, ("mean", "var"), ((units,), (units,)), dtype)


def _population_by_hand(function: Function) -> None:
    """Three batches of 5, with means 1, 3, 8 and variances 2, 4, 6: mean 4, variance 5."""
    means, variances = np.array([[1.0], [3.0], [8.0]]), np.array([[2.0], [4.0], [6.0]])
    mean, var = _population(function(means, variances, 5), 1)
    for wrong, words in (
        (4.0, "the variances were biased; make their mean unbiased"),
        (16 / 5, "the correction is the wrong way round: biased variances are too small"),
        (6.0, "the correction goes by the number of batches; it is the rows of a batch that count"),
        (15.0, "the variances were added up; take their mean"),
    ):
        if np.isclose(var[0], wrong):
            raise CheckError(words)
    check_close(mean, np.array([4.0]), "mean")
    check_close(var, np.array([5.0]), "var")


def _population_large(function: Function) -> None:
    """In huge batches there is nothing to correct; in batches of 2 a variance is doubled."""
    means, variances = np.array([[2.0], [4.0]]), np.array([[3.0], [7.0]])
    for size, expected in ((10**9, 5.0), (2, 10.0)):
        mean, var = _population(function(means, variances, size), 1)
        check_close(mean, np.array([3.0]), f"mean, in batches of {size}")
        check_close(var, np.array([expected]), f"var, in batches of {size}")


def _population_units(function: Function) -> None:
    """Each unit has its own: the means are taken over the batches, the rows of the tables."""
    means = np.array([[0.0, 10.0, 3.0], [2.0, 20.0, 3.0], [4.0, 0.0, 3.0]])
    mean, var = _population(function(means, 2 * means, 3), 3)
    check_close(mean, np.array([2.0, 10.0, 3.0]), "mean")
    check_close(var, np.array([6.0, 30.0, 9.0]), "var")


def _population_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    table = np.ones((4, 2), dtype=np.float32)
    _population(function(table, table, 3), 2, dtype=np.float32)


def _running(value: object, units: int, dtype: DType | None = None) -> tuple[Any, ...]:
    return _pair(value, ("running_mean", "running_var"), ((units,), (units,)), dtype)


def _running_by_hand(function: Function) -> None:
    """From 8 and 8, by a batch of 5 rows with mean 0 and variance 4, momentum ¼: 6 and 7.25."""
    old = np.array([8.0])
    mean, var = _running(function(old, old, np.array([0.0]), np.array([4.0]), 5, 0.25), 1)
    for found, wrong, words in (
        (mean, 2.0, "the shares are exchanged: momentum is the share of the new batch"),
        (var, 7.0, "the batch's variance is biased; make it unbiased before it counts"),
        (var, 6.8, "the correction is the wrong way round: a biased variance is too small"),
        (var, 8.75, "the old variance is corrected as well; it is unbiased already"),
    ):
        if np.isclose(found[0], wrong):
            raise CheckError(words)
    check_close(mean, np.array([6.0]), "running_mean")
    check_close(var, np.array([7.25]), "running_var")


def _running_ends(function: Function) -> None:
    """With momentum 0 nothing changes; with 1 only the batch counts, its variance unbiased."""
    arrays = [np.array([1.0, -2.0]), np.array([4.0, 9.0]), np.array([5.0, 0.5]), np.ones(2)]
    mean, var = _running(function(*arrays, 3, 0.0), 2)
    check_close(mean, arrays[0], "running_mean, momentum 0")
    check_close(var, arrays[1], "running_var, momentum 0")
    mean, var = _running(function(*arrays, 3, 1.0), 2)
    check_close(mean, arrays[2], "running_mean, momentum 1")
    check_close(var, np.array([1.5, 1.5]), "running_var, momentum 1")


def _running_default(function: Function) -> None:
    """If no momentum is given it is 0.1."""
    zero, ten = np.zeros(1), np.array([10.0])
    mean, var = _running(function(zero, zero, ten, ten, 2), 1)
    check_close(mean, np.array([1.0]), "running_mean")
    check_close(var, np.array([2.0]), "running_var")


def _running_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    one = np.ones(3, dtype=np.float32)
    _running(function(one, one, one, one, 4), 3, dtype=np.float32)


def _inference_by_hand(function: Function) -> None:
    """By hand, z = 7 at mean 3, variance 4, ε = 12, γ = 10, β = 100 gives 110."""
    ten, hundred = np.array([10.0]), np.array([100.0])
    y = function(np.array([[7.0]]), ten, hundred, np.array([3.0]), np.array([4.0]), 12.0)
    check_array(y, (1, 1), "y")
    for wrong, words in (
        (100.0, "the statistics of this batch were taken; those that are given are meant"),
        (120.0, "ε is not used"),
        (100 + 40 / 14, "ε stands outside the root; here it is added to the variance"),
        (102.5, "z is divided by the variance; a standard deviation is meant"),
    ):
        if np.isclose(np.asarray(y)[0, 0], wrong):
            raise CheckError(words)
    check_close(y, np.array([[110.0]]), "y")


def _inference_rows(function: Function) -> None:
    """A row's output does not depend on the other rows: alone, or among others, it is the same."""
    rng = np.random.default_rng(4)
    z, var = rng.normal(size=(4, 4)), rng.uniform(1.0, 2.0, 4)
    gamma, beta, mean = rng.normal(size=(3, 4))
    y = function(z, gamma, beta, mean, var)
    check_array(y, z.shape, "y")
    check_close(function(z[2:3], gamma, beta, mean, var), np.asarray(y)[2:3], "y of one row")
    check_close(function(mean[None], gamma, beta, mean, var), beta[None], "y at z = mean")


def _inference_default_eps(function: Function) -> None:
    """If no ε is given it is 1e-5."""
    one, var = np.ones(1), np.array([3e-5])
    y = function(np.array([[np.sqrt(4e-5)]]), one, 0 * one, 0 * one, var)
    check_close(y, np.array([[1.0]]), "y", rtol=1e-6)


def _inference_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    one = np.ones(3, dtype=np.float32)
    y = function(np.ones((2, 3), dtype=np.float32), one, one, one, one)
    check_array(y, (2, 3), "y", dtype=np.float32)


def _fold_by_hand(function: Function) -> None:
    """W = (2, 0), b = 1; γ = 3, β = 10, mean 4, variance 3, ε = 1: W = (3, 0), b = 5.5."""
    one = np.ones(1)
    W, b = _pair(
        function(np.array([[2.0], [0.0]]), one, 3 * one, 10 * one, 4 * one, 3 * one, 1.0),
        ("W", "b"),
        ((2, 1), (1,)),
    )
    if np.isclose(W[0, 0], 2 * np.sqrt(3.0)):
        raise CheckError("ε is not used")
    for wrong, words in (
        (11.5, "the mean is missing in b"),
        (5.0, "b lies before the normalization: it is scaled as well, not the mean alone"),
        (7.5, "the mean is taken away unscaled; it is scaled as b is"),
        (10.5, "β is scaled as well; it comes after the scale"),
        (7.0, "γ is missing in b"),
        (-4.5, "β is missing in b"),
    ):
        if np.isclose(b[0], wrong):
            raise CheckError(words)
    check_close(W, np.array([[3.0], [0.0]]), "W")
    check_close(b, np.array([5.5]), "b")


def _fold_units(function: Function) -> None:
    """Each unit (a column of W) gets its own scale: here 1, 10 and 100."""
    W, gamma = np.arange(1.0, 10.0).reshape(3, 3), np.array([1.0, 10.0, 100.0])
    zero, one = np.zeros(3), np.ones(3)
    folded, _ = _pair(function(W, zero, gamma, zero, zero, one, 0.0), ("W", "b"), ((3, 3), (3,)))
    if np.allclose(folded, W * gamma[:, None]):
        raise CheckError("the rows of W are scaled; a unit is a column")
    expected = np.array([[1.0, 20.0, 300.0], [4.0, 50.0, 600.0], [7.0, 80.0, 900.0]])
    check_close(folded, expected, "W")


def _fold_nothing(function: Function) -> None:
    """Where γ² is the variance (ε = 0) and β the mean, nothing changes."""
    rng = np.random.default_rng(5)
    W, b, mean, gamma = rng.normal(size=(4, 3)), *rng.uniform(0.5, 2.0, size=(3, 3))
    folded, shifted = _pair(
        function(W, b, gamma, mean, mean, gamma * gamma, 0.0), ("W", "b"), ((4, 3), (3,))
    )
    check_close(folded, W, "W")
    check_close(shifted, b, "b")


def _fold_default_eps(function: Function) -> None:
    """If no ε is given it is 1e-5."""
    zero, var = np.zeros(1), np.array([3e-5])
    folded, _ = _pair(
        function(np.ones((1, 1)), zero, np.sqrt(4 * np.full(1, 1e-5)), zero, zero, var),
        ("W", "b"),
        ((1, 1), (1,)),
    )
    check_close(folded, np.ones((1, 1)), "W", rtol=1e-6)


def _fold_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    W, one = np.ones((4, 2), dtype=np.float32), np.ones(2, dtype=np.float32)
    _pair(function(W, one, one, one, one, one), ("W", "b"), ((4, 2), (2,)), dtype=np.float32)
