"""Lab 07's visible checks of limits on weights and on gradients."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dlcourse.checks.properties import Function, run_properties
from dlcourse.testing import CheckError, check_array, check_close, describe


def max_norm(function: object) -> None:
    """Check ``max_norm(W, limit)``."""
    run_properties(
        "max_norm",
        function,
        [_max_by_hand, _max_short_columns, _max_directions, _max_zeros, _max_float32],
    )


def clip_by_value(function: object) -> None:
    """Check ``clip_by_value(grad, limit=5.0)``."""
    run_properties(
        "clip_by_value",
        function,
        [_value_by_hand, _value_small, _value_default, _value_float32],
    )


def clip_by_norm(function: object) -> None:
    """Check ``clip_by_norm(grads, limit)``."""
    run_properties(
        "clip_by_norm",
        function,
        [_norm_list, _norm_by_hand, _norm_short, _norm_directions, _norm_zeros, _norm_float32],
    )


def _max_by_hand(function: Function) -> None:
    """Limit 5: a column (6, 8), of norm 10, becomes (3, 4); a column (0, 3) stays."""
    W = np.array([[6.0, 0.0], [8.0, 3.0]])
    got = function(W, 5.0)
    check_array(got, (2, 2), "W")
    for wrong, why in (
        (W * 5 / np.sqrt(109), "the whole matrix is scaled by one factor; each column has its own"),
        ([[5.0, 0.0], [8 * 5 / 73**0.5, 3 * 5 / 73**0.5]], "rows are scaled, not columns"),
        ([[3.0, 0.0], [4.0, 5.0]], "a short column is made longer; the limit is an upper one"),
        ([[5.0, 0.0], [5.0, 3.0]], "entries are cut one by one, which turns the column"),
        (W / 2, "the short column is scaled as well"),
        (W, "nothing is scaled"),
    ):
        if np.allclose(got, wrong):
            raise CheckError(f"W: {why}")
    check_close(got, np.array([[3.0, 0.0], [4.0, 3.0]]), "W")


def _max_short_columns(function: Function) -> None:
    """Columns at or under the limit stay as they are."""
    W = np.random.default_rng(0).normal(size=(5, 3))
    check_close(function(W, 100.0), W, "W under a limit of 100")
    at_limit = np.array([[3.0], [4.0]])
    check_close(function(at_limit, 5.0), at_limit, "a column of norm 5 under a limit of 5")


def _max_directions(function: Function) -> None:
    """A long column gets the norm limit and keeps its direction; W may be of any shape (D, M)."""
    W = np.random.default_rng(1).normal(size=(3, 7))
    got = function(W, 0.25)
    check_array(got, (3, 7), "W")
    norms = np.linalg.norm(got, axis=0)
    check_close(norms, np.full(7, 0.25), "the norms of the columns", rtol=1e-5)
    check_close(got / norms, W / np.linalg.norm(W, axis=0), "the directions", rtol=1e-5)


def _max_zeros(function: Function) -> None:
    """A column of zeros stays zero, without NaN."""
    with np.errstate(invalid="ignore", divide="ignore"):
        got = function(np.array([[0.0, 3.0], [0.0, 4.0]]), 1.0)
    check_close(got, np.array([[0.0, 0.6], [0.0, 0.8]]), "W", rtol=1e-5)


def _max_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    check_array(function(np.ones((4, 2), dtype=np.float32), 1.0), (4, 2), "W", dtype=np.float32)


def _value_by_hand(function: Function) -> None:
    """(7, −7, 0.5) under a limit of 2: (2, −2, 0.5)."""
    got = function(np.array([7.0, -7.0, 0.5]), 2.0)
    check_array(got, (3,), "grad")
    for wrong, why in (
        ([2.0, -7.0, 0.5], "a large negative slope gets through: both signs are cut"),
        ([2.0, 2.0, 0.5], "the sign is lost"),
        ([0.0, 0.0, 0.5], "large slopes are removed; they should be cut to the limit"),
    ):
        if np.allclose(got, wrong):
            raise CheckError(why)
    check_close(got, np.array([2.0, -2.0, 0.5]), "grad")


def _value_small(function: Function) -> None:
    """Entries within the limit stay as they are; any shape."""
    grad = np.random.default_rng(0).uniform(-1, 1, size=(2, 3, 2))
    check_close(function(grad, 1.0), grad, "grad")


def _value_default(function: Function) -> None:
    """Without a limit given it is 5."""
    check_close(function(np.array([[50.0, -6.0, 4.9]])), np.array([[5.0, -5.0, 4.9]]), "grad")


def _value_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    grad = np.array([9.0, -9.0, 1.0], dtype=np.float32)
    check_array(function(grad, 2.0), (3,), "grad", dtype=np.float32)


def _grads(function: Function, grads: Sequence[np.ndarray], limit: float) -> list[np.ndarray]:
    got = function(list(grads), limit)
    if not isinstance(got, list | tuple):
        raise CheckError(f"expected a list of arrays, got {describe(got)}")
    if len(got) != len(grads):
        raise CheckError("one array for each gradient", f"{len(got)} for {len(grads)}")
    for k, (clipped, grad) in enumerate(zip(got, grads, strict=True)):
        check_array(clipped, grad.shape, f"grads[{k}]", dtype=grad.dtype)
    return list(got)


def _norm_list(function: Function) -> None:
    """It returns a list of arrays of the shapes that came in."""
    rng = np.random.default_rng(0)
    _grads(function, [rng.normal(size=(3, 2)), rng.normal(size=2), rng.normal(size=(2, 2))], 1.0)


def _norm_by_hand(function: Function) -> None:
    """Gradients (3, 0) and (4), together of norm 5, under a limit of 1: (0.6, 0) and (0.8)."""
    first, second = _grads(function, [np.array([3.0, 0.0]), np.array([[4.0]])], 1.0)
    pair = (float(first[0]), float(second[0, 0]))
    for wrong, why in (
        ((1.0, 1.0), "each array is clipped by itself; there is one norm for all of them"),
        ((3 / 25, 4 / 25), "they are divided by the square of the norm"),
        ((3 / 7, 4 / 7), "the norms of the arrays are added; take the norm of all entries"),
        ((0.75, 1.0), "that is the largest entry's size, not the Euclidean norm"),
        ((3.0, 4.0), "nothing is scaled"),
    ):
        if np.allclose(pair, wrong):
            raise CheckError(why, f"got {pair[0]:.4g} and {pair[1]:.4g}")
    check_close(first, np.array([0.6, 0.0]), "grads[0]", rtol=1e-5)
    check_close(second, np.array([[0.8]]), "grads[1]", rtol=1e-5)


def _norm_short(function: Function) -> None:
    """Gradients whose joint norm is within the limit stay as they are."""
    grads = [np.array([0.3, 0.0]), np.array([[0.4]])]
    for limit in (0.5, 2.0):
        got = _grads(function, grads, limit)
        if limit == 2.0 and np.allclose(got[0], 4 * grads[0]):
            raise CheckError("short gradients are made longer; the limit is an upper one")
        for k in range(2):
            check_close(got[k], grads[k], f"grads[{k}] under a limit of {limit}", rtol=1e-5)


def _norm_directions(function: Function) -> None:
    """Long gradients get the joint norm limit, all scaled by one positive factor."""
    rng = np.random.default_rng(1)
    grads = [10 * rng.normal(size=(4, 3)), rng.normal(size=3), 0.1 * rng.normal(size=(3, 2, 2))]
    got = _grads(function, grads, 0.7)
    factors = np.concatenate([(a / b).ravel() for a, b in zip(got, grads, strict=True)])
    check_close(factors, np.full(factors.shape, factors[0]), "the factors", rtol=1e-5)
    norm = float(np.sqrt(sum((grad**2).sum() for grad in got)))
    check_close(norm, 0.7, "the joint norm", rtol=1e-5)
    if factors[0] < 0:
        raise CheckError("the gradients point the other way")


def _norm_zeros(function: Function) -> None:
    """Gradients that are all zero stay zero, without NaN."""
    grads = [np.zeros((2, 2)), np.zeros(3)]
    with np.errstate(invalid="ignore", divide="ignore"):
        got = _grads(function, grads, 1.0)
    for k in range(2):
        check_close(got[k], grads[k], f"grads[{k}]")


def _norm_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    _grads(function, [np.full((2, 2), 9, dtype=np.float32), np.ones(3, dtype=np.float32)], 1.0)
