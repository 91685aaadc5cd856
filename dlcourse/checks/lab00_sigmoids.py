"""Lab 00's visible checks of the sigmoid and the hyperbolic tangent."""

from __future__ import annotations

import numpy as np

from dlcourse.checks.properties import Function, run_properties
from dlcourse.testing import CheckError, check_array, check_close


def sigmoid(function: object) -> None:
    """Check ``sigmoid(z)``."""
    run_properties(
        "sigmoid",
        function,
        [
            _sigmoid_by_hand,
            _sigmoid_symmetric,
            _sigmoid_shapes,
            _sigmoid_far_out,
            _sigmoid_float32,
        ],
    )


def sigmoid_backward(function: object) -> None:
    """Check ``sigmoid_backward(dy, y)``."""
    run_properties(
        "sigmoid_backward",
        function,
        [_sigmoid_back_by_hand, _sigmoid_back_saturated, _back_float32],
    )


def tanh_backward(function: object) -> None:
    """Check ``tanh_backward(dy, y)``."""
    run_properties(
        "tanh_backward",
        function,
        [_tanh_back_by_hand, _tanh_back_differences, _tanh_back_saturated, _back_float32],
    )


def _sigmoid_by_hand(function: Function) -> None:
    """At 0 it is 0.5; at ln 3, where the odds are 3 to 1, it is 0.75."""
    y = function(np.array([0.0, np.log(3.0)]))
    check_array(y, (2,), "y")
    if np.isclose(y[1], 0.25):
        raise CheckError("it falls where it should rise: look at the sign of the exponent")
    check_close(y, np.array([0.5, 0.75]), "y")


def _sigmoid_symmetric(function: Function) -> None:
    """Its values at z and −z make 1."""
    z = np.linspace(0.1, 6.0, 9)
    right, left = function(z), function(-z)
    check_array(right, z.shape, "y")
    check_array(left, z.shape, "y")
    check_close(np.asarray(right) + np.asarray(left), np.ones(9), "the value at z plus that at −z")


def _sigmoid_shapes(function: Function) -> None:
    """Any shape goes in and comes out, each entry by itself."""
    z = np.random.default_rng(1).normal(size=(2, 3, 4))
    y = function(z)
    check_array(y, z.shape, "y")
    check_close(function(z[0, 1]), np.asarray(y)[0, 1], "y of a part")


def _sigmoid_far_out(function: Function) -> None:
    """At ±10⁴ it is 0 and 1, and nothing overflows on the way."""
    with np.errstate(over="raise", invalid="raise"):
        try:
            y = function(np.array([-1e4, -800.0, 0.0, 800.0, 1e4]))
        except FloatingPointError as error:
            raise CheckError(
                "an exp gets too large an argument, be it in a branch that is thrown away",
                f"NumPy: {error}",
            ) from error
    check_close(y, np.array([0.0, 0.0, 0.5, 1.0, 1.0]), "y")


def _sigmoid_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    y = function(np.array([-1e4, 0.0, 1e4], dtype=np.float32))
    check_close(y, np.array([0.0, 0.5, 1.0], dtype=np.float32), "y", rtol=1e-6)


def _sigmoid_back_by_hand(function: Function) -> None:
    """For y = 0.5, 0.75, 0.9 and dy = 4, −16, 100 it gives 1, −3, 9."""
    dy, y = np.array([[4.0, -16.0, 100.0]]), np.array([[0.5, 0.75, 0.9]])
    dz = function(dy, y)
    check_array(dz, (1, 3), "dz")
    if np.allclose(dz, [[0.25, 0.1875, 0.09]]):
        raise CheckError("dy is not used: the chain rule has two factors")
    if np.isclose(dz[0, 0], 4 * 0.6224593 * 0.3775407):
        raise CheckError("y is the output already: the sigmoid is not taken again")
    check_close(dz, np.array([[1.0, -3.0, 9.0]]), "dz")


def _sigmoid_back_saturated(function: Function) -> None:
    """A saturated unit, y = 0 or 1, passes nothing on; at y = 0.5 a quarter of dy."""
    dz = function(np.array([8.0, 8.0, 8.0]), np.array([0.0, 0.5, 1.0]))
    check_close(dz, np.array([0.0, 2.0, 0.0]), "dz")


def _back_float32(function: Function) -> None:
    """float32 in gives float32 out, of any shape."""
    y = np.full((2, 3, 2), 0.5, dtype=np.float32)
    check_array(function(y, y), y.shape, "dz", dtype=np.float32)


def _tanh_back_by_hand(function: Function) -> None:
    """For y = 0, 0.5, −0.5 and dy = 3, 4, −8 it gives 3, 3, −6."""
    dy, y = np.array([3.0, 4.0, -8.0]), np.array([0.0, 0.5, -0.5])
    dz = function(dy, y)
    check_array(dz, (3,), "dz")
    if np.allclose(dz, [1.0, 0.75, 0.75]):
        raise CheckError("dy is not used: the chain rule has two factors")
    if np.allclose(dz[1:], [4 * 0.7864477, -8 * 0.7864477]):
        raise CheckError("y is the output already: tanh is not taken again")
    if np.allclose(dz, [0.0, 1.0, 2.0]):
        raise CheckError("that is the sigmoid's derivative")
    check_close(dz, np.array([3.0, 3.0, -6.0]), "dz")


def _tanh_back_differences(function: Function) -> None:
    """It agrees with finite differences of np.tanh."""
    rng = np.random.default_rng(2)
    z, dy, h = rng.normal(size=(3, 4)), rng.normal(size=(3, 4)), 1e-5
    slope = (np.tanh(z + h) - np.tanh(z - h)) / (2 * h)
    check_close(function(dy, np.tanh(z)), dy * slope, "dz", rtol=1e-6, atol=1e-8)


def _tanh_back_saturated(function: Function) -> None:
    """A saturated unit, y = −1 or 1, passes nothing on."""
    dz = function(np.array([5.0, 5.0]), np.array([-1.0, 1.0]))
    check_close(dz, np.zeros(2), "dz")
