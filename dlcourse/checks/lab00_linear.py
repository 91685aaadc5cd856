"""Lab 00's visible checks of the linear layer."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.properties import Function, run_properties
from dlcourse.testing import CheckError, check_array, check_close, check_tuple


def linear_forward(function: object) -> None:
    """Check ``linear_forward(x, W, b) -> z``."""
    run_properties(
        "linear_forward",
        function,
        [_forward_by_hand, _forward_bias, _forward_rows, _forward_float32],
    )


def linear_backward(function: object) -> None:
    """Check ``linear_backward(dz, x, W) -> (dx, dW, db)``."""
    run_properties(
        "linear_backward",
        function,
        [
            _backward_shapes,
            _backward_by_hand,
            _backward_dx,
            _backward_parameters,
            _backward_batch,
            _backward_float32,
        ],
    )


def _forward_by_hand(function: Function) -> None:
    """The rows (1, 2) and (3, 4) give (15, 22, 29) and (21, 24, 27)."""
    x, W = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0, 0.0, -1.0], [2.0, 1.0, 0.0]])
    check_close(
        function(x, W, np.array([10.0, 20.0, 30.0])),
        np.array([[15.0, 22.0, 29.0], [21.0, 24.0, 27.0]]),
        "z",
    )


def _forward_bias(function: Function) -> None:
    """Where x is 0, z is the bias: each unit (column) has its own."""
    b = np.array([1.0, -2.0, 3.0])
    z = function(np.zeros((3, 2)), np.ones((2, 3)), b)
    check_array(z, (3, 3), "z")
    if not np.any(z):
        raise CheckError("the bias is missing")
    if np.array_equal(z, np.tile(b, (3, 1)).T):
        raise CheckError("the bias was added by rows; an entry of b belongs to a unit, a column")
    check_close(z, np.tile(b, (3, 1)), "z")


def _forward_rows(function: Function) -> None:
    """A row's output does not depend on the other rows."""
    rng = np.random.default_rng(1)
    x, W, b = rng.normal(size=(5, 4)), rng.normal(size=(4, 4)), rng.normal(size=4)
    z = function(x, W, b)
    check_array(z, (5, 4), "z")
    check_close(function(x[2:3], W, b), np.asarray(z)[2:3], "z of row 2, given alone")


def _forward_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    x, W = np.ones((3, 2), dtype=np.float32), np.ones((2, 4), dtype=np.float32)
    check_array(function(x, W, np.ones(4, dtype=np.float32)), (3, 4), "z", dtype=np.float32)


def _three(value: object, x: np.ndarray, W: np.ndarray) -> list[np.ndarray]:
    """dx, dW and db, once their shapes and dtypes are right."""
    gradients: tuple[Any, ...] = check_tuple(value, 3, "(dx, dW, db)")
    for name, gradient, shape in zip(
        ("dx", "dW", "db"), gradients, (x.shape, W.shape, W.shape[1:]), strict=True
    ):
        if name == "dW" and np.shape(gradient) == shape[::-1] != shape:
            raise CheckError(f"dW: expected shape {shape}, got its transpose {shape[::-1]}")
        if name == "db" and np.shape(gradient) != shape and np.shape(gradient)[-1:] == shape:
            raise CheckError(
                f"db: expected shape {shape}, got {np.shape(gradient)}; every row used the same b"
            )
        check_array(gradient, shape, name, dtype=x.dtype)
    return list(gradients)


def _layer(seed: int, N: int, D: int, M: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(N, M)), rng.normal(size=(N, D)), rng.normal(size=(D, M))


def _backward_shapes(function: Function) -> None:
    """Each derivative has the shape of what it is taken by."""
    dz, x, W = _layer(2, 5, 3, 4)
    _three(function(dz, x, W), x, W)


def _backward_by_hand(function: Function) -> None:
    """One row: x = (2, 3), dz = (10, 100)."""
    x, W = np.array([[2.0, 3.0]]), np.array([[1.0, 0.0], [4.0, 5.0]])
    dx, dW, db = _three(function(np.array([[10.0, 100.0]]), x, W), x, W)
    if np.allclose(dx, [[410.0, 500.0]]):
        raise CheckError("dx goes through W the wrong way round")
    if np.allclose(dW, [[20.0, 30.0], [200.0, 300.0]]):
        raise CheckError("dW is transposed: rows belong to inputs, columns to units")
    check_close(dx, np.array([[10.0, 540.0]]), "dx")
    check_close(dW, np.array([[20.0, 200.0], [30.0, 300.0]]), "dW")
    check_close(db, np.array([10.0, 100.0]), "db")


def _backward_dx(function: Function) -> None:
    """A small move of x changes the loss as dx says."""
    dz, x, W = _layer(3, 4, 3, 3)
    move = np.random.default_rng(4).normal(size=x.shape)
    dx, _, _ = _three(function(dz, x, W), x, W)
    check_close(float((dx * move).sum()), float((dz * (move @ W)).sum()), "the change by dx")


def _backward_parameters(function: Function) -> None:
    """A small move of W or b changes the loss as dW and db say, over all rows."""
    dz, x, W = _layer(5, 4, 3, 3)
    rng = np.random.default_rng(6)
    move, shift = rng.normal(size=W.shape), rng.normal(size=W.shape[1])
    _, dW, db = _three(function(dz, x, W), x, W)
    by_W, by_b = float((dz * (x @ move)).sum()), float((dz * shift).sum())
    for name, change, expected in (
        ("dW", float((dW * move).sum()), by_W),
        ("db", float((db * shift).sum()), by_b),
    ):
        if np.isclose(change * len(x), expected):
            raise CheckError(f"{name} is a mean over the rows; the 1/N is already in dz")
        check_close(change, expected, f"the change by {name}")


def _backward_batch(function: Function) -> None:
    """Two equal rows: dW and db are twice those of one, dx has that of one twice."""
    dz, x, W = _layer(7, 1, 3, 2)
    one = _three(function(dz, x, W), x, W)
    twice = np.repeat(x, 2, axis=0)
    two = _three(function(np.repeat(dz, 2, axis=0), twice, W), twice, W)
    check_close(two[0], np.repeat(one[0], 2, axis=0), "dx")
    for name, single, double in (("dW", one[1], two[1]), ("db", one[2], two[2])):
        if np.allclose(single, double):
            raise CheckError(f"{name} does not grow with the rows: add up over the batch")
        check_close(double, 2 * single, name)


def _backward_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    dz, x, W = (array.astype(np.float32) for array in _layer(8, 3, 2, 4))
    _three(function(dz, x, W), x, W)
