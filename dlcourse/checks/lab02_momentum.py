"""Lab 02's visible checks of momentum, and of Nesterov's method in both forms."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.properties import Function, run_properties
from dlcourse.testing import (
    CheckError,
    check_array,
    check_close,
    check_that,
    check_tuple,
    describe,
)


def momentum_step(function: object) -> None:
    """Check ``momentum_step(w, grad, velocity, lr, beta=0.9) -> (w, velocity)``."""
    run_properties(
        "momentum_step",
        function,
        [
            _momentum_returns,
            _momentum_from_rest,
            _momentum_coasts,
            _momentum_by_hand,
            _momentum_settles,
            _momentum_keeps_float32,
        ],
    )


def nesterov_step(function: object) -> None:
    """Check ``nesterov_step(w, grad, velocity, lr, beta=0.9) -> (w, velocity)``."""
    run_properties(
        "nesterov_step",
        function,
        [
            _nesterov_returns,
            _nesterov_looks_ahead,
            _nesterov_from_rest,
            _nesterov_by_hand,
            _nesterov_three_steps,
            _nesterov_beta,
            _nesterov_keeps_float32,
        ],
    )


def nesterov_step_rearranged(function: object) -> None:
    """Check ``nesterov_step_rearranged(w_ahead, grad_ahead, velocity, lr, beta=0.9)``."""
    run_properties(
        "nesterov_step_rearranged",
        function,
        [
            _rearranged_returns,
            _rearranged_from_rest,
            _rearranged_by_hand,
            _rearranged_recovers,
            _rearranged_three_steps,
            _rearranged_beta,
            _rearranged_keeps_float32,
        ],
    )


_NAMES = "(w, velocity)"


def _check_step(value: object, like: np.ndarray, names: str = _NAMES) -> list[np.ndarray]:
    """Two arrays of the shape and dtype of `like`."""
    if isinstance(value, np.ndarray) and value.shape == like.shape:
        raise CheckError(f"one array comes back; {names} are asked for")
    pair = check_tuple(value, 2, names)
    for array, name in zip(pair, names.strip("()").split(", "), strict=True):
        check_array(array, like.shape, name, dtype=like.dtype)
    return [np.asarray(array) for array in pair]


def _momentum_returns(function: Function) -> None:
    """It returns w and velocity, both of the shape of w."""
    for shape in ((3,), (2, 3)):
        w = np.ones(shape)
        _check_step(function(w, 0.1 * w, -w, 0.1), w)


def _momentum_from_rest(function: Function) -> None:
    """From rest, the first step is that of plain gradient descent."""
    w, grad = np.array([1.0, -2.0]), np.array([2.0, 4.0])
    moved, velocity = _check_step(function(w, grad, np.zeros(2), 0.1), w)
    _check_from_rest(moved, velocity, grad)
    check_close(moved, np.array([0.8, -2.4]), "w")


def _check_from_rest(moved: np.ndarray, velocity: np.ndarray, grad: np.ndarray) -> None:
    """The usual mistakes in a velocity that should be one step downhill at the rate 0.1."""
    step = -0.1 * grad
    if np.allclose(moved, step):
        raise CheckError("velocity and w are exchanged: w comes first")
    if np.allclose(velocity, -step):
        raise CheckError("the velocity points uphill: look at the sign of the gradient's share")
    if np.allclose(np.abs(velocity), np.abs(grad)):
        raise CheckError("the velocity holds the bare gradient; here lr belongs inside it")
    if np.allclose(velocity, 0.1 * step):
        raise CheckError(
            "the gradient's share is ten times too small: the weights of this sum do not add "
            "up to one"
        )
    check_close(velocity, step, "velocity")


def _momentum_coasts(function: Function) -> None:
    """Without a gradient it coasts: the velocity shrinks to beta of it, and w still moves."""
    w, coasting = np.array([1.0, 1.0]), np.array([0.5, -1.0])
    moved, velocity = _check_step(function(w, np.zeros(2), coasting, 0.1, 0.8), w)
    _check_coasting(velocity, coasting)
    if np.allclose(moved, w + coasting):
        raise CheckError("w moves by the velocity that came in, not by the new one")
    if np.allclose(moved, w):
        raise CheckError("w does not move: it goes on by its velocity, gradient or not")
    check_close(moved, np.array([1.4, 0.2]), "w")


def _check_coasting(velocity: np.ndarray, coasting: np.ndarray) -> None:
    if np.allclose(velocity, 0.0):
        raise CheckError("the velocity is forgotten")
    if np.allclose(velocity, coasting):
        raise CheckError("the velocity is kept whole: beta says how much of it stays")
    if np.allclose(velocity, 0.9 * coasting):
        raise CheckError("beta = 0.8 was given, and 0.9 is used")
    check_close(velocity, 0.8 * coasting, "velocity")


def _momentum_by_hand(function: Function) -> None:
    """At w = 1, slope 2, velocity 0.5, with lr = 0.1 and beta left out: v = 0.25, w = 1.25."""
    w = np.array([1.0])
    moved, velocity = _check_step(function(w, np.array([2.0]), np.array([0.5]), 0.1), w)
    check_close(velocity, np.array([0.25]), "velocity")
    check_close(moved, np.array([1.25]), "w")


def _momentum_settles(function: Function) -> None:
    """On a constant slope, with beta = 0.9, the velocity grows to ten gradient steps."""
    w, velocity = np.zeros(2), np.zeros(2)
    for _ in range(250):
        w, velocity = _check_step(function(w, np.array([1.0, -3.0]), velocity, 0.1), w)
    check_close(velocity, np.array([-1.0, 3.0]), "velocity after 250 steps", rtol=1e-6)


def _momentum_keeps_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    w = np.ones(3, dtype=np.float32)
    _check_step(function(w, w, w, 0.1), w)


class _Slope:
    """The gradient c·w, which remembers the points at which it was asked."""

    def __init__(self, curvature: float = 1.0) -> None:
        self.curvature = curvature
        self.asked: list[np.ndarray] = []

    def __call__(self, w: Any) -> Any:
        if not isinstance(w, np.ndarray):
            raise CheckError(f"grad got {describe(w)}; it wants an array like w")
        self.asked.append(w.copy())
        return self.curvature * w


def _nesterov_returns(function: Function) -> None:
    """It returns w and velocity, both of the shape of w."""
    for shape in ((3,), (2, 3)):
        w = np.ones(shape)
        _check_step(function(w, lambda w: w, 0.1 * w, 0.1), w)


def _nesterov_looks_ahead(function: Function) -> None:
    """It calls grad once, at the point to which beta of the velocity leads."""
    w, velocity, slope = np.array([1.0, -2.0]), np.array([0.5, 1.0]), _Slope()
    function(w, slope, velocity, 0.1, 0.8)
    check_that(len(slope.asked) > 0, "grad was never called: it is a function of w")
    asked = slope.asked[0]
    if len(slope.asked) > 1:
        raise CheckError(f"grad was called {len(slope.asked)} times; one call is enough")
    check_array(asked, (2,), "the point that grad is given")
    if np.array_equal(asked, w):
        raise CheckError("the gradient is taken at w itself: look ahead first")
    if np.allclose(asked, w + velocity):
        raise CheckError("you look ahead by the whole velocity; only beta of it will be kept")
    if np.allclose(asked, w - 0.8 * velocity):
        raise CheckError("you look back, not ahead: mind the sign")
    check_close(asked, np.array([1.4, -1.2]), "the point that grad is given")


def _nesterov_from_rest(function: Function) -> None:
    """From rest, the first step is that of plain gradient descent."""
    w = np.array([1.0, -2.0])
    moved, velocity = _check_step(function(w, _Slope(2.0), np.zeros(2), 0.1), w)
    _check_from_rest(moved, velocity, np.array([2.0, -4.0]))
    check_close(moved, np.array([0.8, -1.6]), "w")


def _nesterov_by_hand(function: Function) -> None:
    """On L = w² at 1, velocity 0.5, lr = 0.1, beta = 0.8: slope 2.8, v = 0.12, w = 1.12."""
    w = np.array([1.0])
    moved, velocity = _check_step(function(w, _Slope(2.0), np.array([0.5]), 0.1, 0.8), w)
    if np.allclose(velocity, 0.2):
        raise CheckError("velocity: this is plain momentum's; the slope ahead is another one")
    check_close(velocity, np.array([0.12]), "velocity")
    if np.allclose(moved, 1.52):
        raise CheckError("w: the move starts at w, not at the point where you looked")
    if np.allclose(moved, 1.5):
        raise CheckError("w moves by the velocity that came in, not by the new one")
    check_close(moved, np.array([1.12]), "w")


def _nesterov_three_steps(function: Function) -> None:
    """On L = w²/2, lr = beta = 0.5, three steps from rest at 1 give 0.5, 0.125, −0.03125."""
    w, velocity, path = np.array([1.0]), np.zeros(1), []
    for _ in range(3):
        w, velocity = _check_step(function(w, _Slope(), velocity, 0.5, 0.5), w)
        path.append(w[0])
    check_close(np.array(path), np.array([0.5, 0.125, -0.03125]), "w after each step")


def _nesterov_beta(function: Function) -> None:
    """On level ground beta of the velocity stays, and 0.9 of it if beta is left out."""
    w, coasting = np.array([1.0, 1.0]), np.array([0.5, -1.0])
    moved, velocity = _check_step(function(w, np.zeros_like, coasting, 0.1, 0.8), w)
    _check_coasting(velocity, coasting)
    check_close(moved, np.array([1.4, 0.2]), "w")
    _, velocity = _check_step(function(w, np.zeros_like, coasting, 0.1), w)
    check_close(velocity, 0.9 * coasting, "velocity, with beta left out")


def _nesterov_keeps_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    w = np.ones(3, dtype=np.float32)
    _check_step(function(w, lambda w: w, w, 0.1), w)


_AHEAD = "(w_ahead, velocity)"


def _rearranged_returns(function: Function) -> None:
    """It returns w_ahead and velocity, both of the shape of w_ahead."""
    for shape in ((3,), (2, 3)):
        w = np.ones(shape)
        _check_step(function(w, 0.1 * w, -w, 0.1), w, _AHEAD)


def _rearranged_from_rest(function: Function) -> None:
    """From rest the next look-ahead point lies 1 + beta gradient steps away."""
    w, grad = np.array([1.0, -2.0]), np.array([2.0, 4.0])
    ahead, velocity = _check_step(function(w, grad, np.zeros(2), 0.1), w, _AHEAD)
    _check_from_rest(ahead, velocity, grad)
    if np.allclose(ahead, w + velocity):
        raise CheckError(
            "w_ahead: this is the new w; the look-ahead point is where it would coast to next"
        )
    check_close(ahead, np.array([0.62, -2.76]), "w_ahead")


def _rearranged_by_hand(function: Function) -> None:
    """At w_ahead = 1, slope 2, velocity 0.5, lr = 0.1, beta = 0.8: v = 0.2, w_ahead = 0.96."""
    w = np.array([1.0])
    value = function(w, np.array([2.0]), np.array([0.5]), 0.1, 0.8)
    ahead, velocity = _check_step(value, w, _AHEAD)
    check_close(velocity, np.array([0.2]), "velocity")
    if np.allclose(ahead, 1.36):
        raise CheckError(
            "w_ahead: the old look-ahead is still in it; w_ahead came in with beta times the "
            "old velocity on board"
        )
    if np.allclose(ahead, 1.44):
        raise CheckError("w_ahead: the last term has the wrong sign")
    check_close(ahead, np.array([0.96]), "w_ahead")


def _rearranged_recovers(function: Function) -> None:
    """With w recovered from both look-ahead points, w has moved by the new velocity."""
    rng = np.random.default_rng(2)
    before, grad, old = rng.normal(size=(3, 4))
    after, new = _check_step(function(before, grad, old, 0.3, 0.7), before, _AHEAD)
    moved = (after - 0.7 * new) - (before - 0.7 * old)
    check_close(moved, new, "the move of w = w_ahead − beta · velocity")


def _rearranged_three_steps(function: Function) -> None:
    """On L = w²/2, lr = beta = 0.5, w_ahead goes from rest at 1 to 0.25, −0.0625, −0.109375."""
    ahead, velocity, path = np.array([1.0]), np.zeros(1), []
    for _ in range(3):
        ahead, velocity = _check_step(function(ahead, ahead, velocity, 0.5, 0.5), ahead, _AHEAD)
        path.append(ahead[0])
    check_close(np.array(path), np.array([0.25, -0.0625, -0.109375]), "w_ahead after each step")


def _rearranged_beta(function: Function) -> None:
    """On level ground beta of the velocity stays, and 0.9 of it if beta is left out."""
    w, coasting = np.array([1.0, 1.0]), np.array([0.5, -1.0])
    _, velocity = _check_step(function(w, np.zeros(2), coasting, 0.1, 0.8), w, _AHEAD)
    _check_coasting(velocity, coasting)
    _, velocity = _check_step(function(w, np.zeros(2), coasting, 0.1), w, _AHEAD)
    check_close(velocity, 0.9 * coasting, "velocity, with beta left out")


def _rearranged_keeps_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    w = np.ones(3, dtype=np.float32)
    _check_step(function(w, w, w, 0.1), w, _AHEAD)
