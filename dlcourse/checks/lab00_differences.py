"""Lab 00's visible checks of the numerical gradient."""

from __future__ import annotations

import numpy as np

from dlcourse.backend import Array
from dlcourse.checks.properties import Function, run_properties
from dlcourse.testing import CheckError, check_array, check_close, check_that


def numerical_gradient(function: object) -> None:
    """Check ``numerical_gradient(f, x, h=1e-5)``."""
    run_properties(
        "numerical_gradient",
        function,
        [_by_hand, _shape, _one_entry, _small_h, _always_float64],
    )


def _by_hand(function: Function) -> None:
    """For f = x³ at 1 with h = 1/2 it is (27/8 − 1/8)/1 = 3.25; for x² exact with any h."""
    slope = function(lambda x: float((x**3).sum()), np.array([1.0]), 0.5)
    check_array(slope, (1,), "the gradient")
    for value, words in (
        (4.75, "the difference looks to the right only; a central one looks to both sides"),
        (1.75, "the difference looks to the left only; a central one looks to both sides"),
        (6.5, "the distance between the two points is 2h"),
        (1.625, "the distance between the two points is 2h"),
    ):
        if np.isclose(np.asarray(slope)[0], value):
            raise CheckError(words)
    check_close(slope, np.array([3.25]), "x³ at 1")
    check_close(
        function(lambda x: float((x**2).sum()), np.array([3.0, -1.0]), h=0.25),
        np.array([6.0, -2.0]),
        "x² at (3, −1)",
    )


def _shape(function: Function) -> None:
    """The gradient has the shape of x, and f is given arrays of that shape."""
    weights = np.arange(1.0, 7.0).reshape(2, 3)

    def f(x: Array) -> float:
        if np.shape(x) != (2, 3):
            raise CheckError(f"f was given an array of shape {np.shape(x)}, where x has (2, 3)")
        return float((weights * x).sum())

    gradient = function(f, np.ones((2, 3)))
    check_close(gradient, weights, "the gradient", rtol=1e-8, atol=1e-8)


def _one_entry(function: Function) -> None:
    """Each time f is asked, one entry stands away from x, by h, and the others where x has them."""
    x, h, seen = np.array([1.0, 2.0, 4.0]), 0.125, []

    def f(point: Array) -> float:
        seen.append(np.array(point, dtype=float))
        return float(np.prod(point))

    gradient = function(f, x, h)
    check_that(bool(seen), "f was never asked")
    moves = np.array([np.abs(point - x) for point in seen])
    if ((moves > 1e-12).sum(axis=1) > 1).any():
        raise CheckError("several entries stand away from x at once: put each back")
    check_that(bool(np.allclose(moves.max(axis=1)[moves.any(axis=1)], h)), "a step is not h")
    check_close(gradient, np.array([8.0, 4.0, 2.0]), "the gradient of the product")


def _small_h(function: Function) -> None:
    """With the h that is there if none is given, sin has its slope to nine digits."""
    x = np.linspace(-2.2, 1.9, 8)
    got = function(lambda x: np.sin(x).sum(), x)
    check_close(got, np.cos(x), "the gradient", rtol=0.0, atol=1e-9)


def _always_float64(function: Function) -> None:
    """float32 numbers and integers are moved in float64, and float64 comes back."""
    for x in (np.array([1.0, 2.0], dtype=np.float32), np.array([1, 2])):
        got = function(lambda x: (x * x).sum(), x)
        check_array(got, (2,), f"the gradient, x being {x.dtype}", dtype=np.float64)
        check_close(got, np.array([2.0, 4.0]), f"the gradient, x being {x.dtype}", rtol=1e-8)
