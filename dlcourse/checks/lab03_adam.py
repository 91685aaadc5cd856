"""Lab 03's visible checks of Adam and its two relatives."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.lab03_stepping import (
    LOOSE,
    check_downhill,
    check_float32,
    check_huge_eps,
    check_rests,
    check_shapes,
    check_step,
)
from dlcourse.checks.properties import Function, run_properties
from dlcourse.testing import CheckError, check_close


def adam_step(function: object) -> None:
    """Check ``adam_step(w, grad, m, v, k, lr, delta, gamma, eps) -> (w, m, v)``."""
    run_properties(
        "adam_step",
        function,
        [
            _adam_returns,
            _adam_moments,
            _adam_by_hand,
            _adam_first,
            _adam_steady,
            _adam_defaults,
            _adam_rolls,
            _adam_rests,
            _adam_eps,
            _adam_float32,
        ],
    )


def adamax_step(function: object) -> None:
    """Check ``adamax_step(w, grad, m, u, k, lr, delta, gamma, eps) -> (w, m, u)``."""
    run_properties(
        "adamax_step",
        function,
        [
            _adamax_returns,
            _adamax_by_hand,
            _adamax_first,
            _adamax_defaults,
            _adamax_rests,
            _adamax_eps,
            _adamax_float32,
        ],
    )


def adamw_step(function: object) -> None:
    """Check ``adamw_step(w, grad, m, v, k, lr, delta, gamma, eps, weight_decay) -> (w, m, v)``."""
    run_properties(
        "adamw_step",
        function,
        [
            _adamw_returns,
            _adamw_without_decay,
            _adamw_decays,
            _adamw_by_hand,
            _adamw_moments,
            _adamw_defaults,
            _adamw_rests,
            _adamw_eps,
            _adamw_float32,
        ],
    )


_ADAM = "(w, m, v)"
_ADAMAX = "(w, m, u)"


def _hand(function: Function, w: np.ndarray, *more: Any) -> list[np.ndarray]:
    """The second step of the example: slope 4, m = −1, v = 8, lr = 0.2, δ = γ = 0.5."""
    m, v = np.array([-1.0]), np.array([8.0])
    value = function(w, np.array([4.0]), m, v, 2, 0.2, 0.5, 0.5, 1e-8, *more)
    return check_step(value, w, _ADAM)


def _check_moments(m: np.ndarray, v: np.ndarray) -> None:
    if np.allclose(m, 12.0) and np.allclose(v, 1.5):
        raise CheckError("m and v are exchanged: the order is (w, m, v)")
    if np.allclose(m, 2.0) or np.allclose(v, 16.0):
        raise CheckError("the moments come back corrected: hand on the running means themselves")
    check_close(m, np.array([1.5]), "m")
    if np.allclose(v, 6.0):
        raise CheckError("v: the slope enters it without being squared")
    check_close(v, np.array([12.0]), "v")


def _check_hand_move(moved: np.ndarray, decayed: float) -> None:
    """The move of the example from where w stands before it, `decayed`."""
    for step, words in (
        (0.075, "m is not corrected for its start at zero"),
        (0.4 / 12**0.5, "v is not corrected for its start at zero"),
        (0.3 / 12**0.5, "neither m nor v is corrected for its start at zero"),
        (0.3 * 2 / 24**0.5, "the corrections do not know k: look for it in the formula"),
        (0.4 / 16, "the root below the line is missing"),
        (-0.1, "w moves uphill: look at the sign"),
        (-0.1 * 2 / 3, "w moves along the old m, not the new one"),
    ):
        if np.allclose(moved, decayed - step, rtol=1e-5):
            raise CheckError(f"w: {words}")
    check_close(moved, np.array([decayed - 0.1]), "w", rtol=LOOSE)


def _adam_returns(function: Function) -> None:
    """It returns w, m and v, all of the shape of w."""
    check_shapes(lambda w, grad: function(w, grad, 0 * w, 0 * w, 1), _ADAM)


def _adam_moments(function: Function) -> None:
    """Slope 4, m = −1, v = 8, δ = γ = 0.5: m becomes 1.5 and v 12, handed on as they are."""
    _, m, v = _hand(function, np.array([1.0]))
    _check_moments(m, v)


def _adam_by_hand(function: Function) -> None:
    """In the same example, with w = 1, k = 2 and lr = 0.2, w becomes 0.9."""
    moved, _, _ = _hand(function, np.array([1.0]))
    _check_hand_move(moved, 1.0)


def _adam_first(function: Function) -> None:
    """The first step has the length lr, however large the slope."""
    w, grad = np.zeros(3), np.array([2.0, -50.0, 1e4])
    moved, _, _ = check_step(function(w, grad, w, w, 1, 0.1), w, _ADAM)
    check_downhill(moved, w, grad)
    check_close(moved, np.array([-0.1, 0.1, -0.1]), "w", rtol=LOOSE)


def _adam_steady(function: Function) -> None:
    """On a constant slope all steps have that length, from the first to the fiftieth."""
    w, m, v = np.zeros(1), np.zeros(1), np.zeros(1)
    lengths = []
    for k in range(1, 51):
        moved, m, v = check_step(function(w, np.array([7.0]), m, v, k, 0.1), w, _ADAM)
        lengths.append(w[0] - moved[0])
        w = moved
    check_close(np.array(lengths), np.full(50, 0.1), "the lengths of the steps", rtol=LOOSE)


def _adam_defaults(function: Function) -> None:
    """Left out, δ is 0.9, γ is 0.999, and lr is 0.001."""
    w, grad = np.zeros(2), np.array([10.0, -20.0])
    moved, m, v = check_step(function(w, grad, w, w, 1), w, _ADAM)
    if np.allclose(m, 0.9 * grad):
        raise CheckError("the shares of old and new are exchanged: nine tenths of m are kept")
    check_close(m, np.array([1.0, -2.0]), "m")
    check_close(v, np.array([0.1, 0.4]), "v")
    check_close(moved, np.array([-0.001, 0.001]), "w", rtol=LOOSE)


def _adam_rolls(function: Function) -> None:
    """Without a slope it rolls on, along m."""
    w, m, v = np.zeros(1), np.array([2.0]), np.array([4.0])
    moved, m, v = check_step(function(w, np.zeros(1), m, v, 5, 0.1, 0.5, 0.5), w, _ADAM)
    check_close(m, np.array([1.0]), "m")
    if np.array_equal(moved, w):
        raise CheckError("w rests: the slope itself stands above the line, where m belongs")
    # 1/(1 − 1/32) of m over the root of as much of v: √(32/31)/√2
    check_close(moved, np.array([-0.1 * (16 / 31) ** 0.5]), "w", rtol=LOOSE)


def _adam_rests(function: Function) -> None:
    """A slope that has always been zero moves nothing."""
    check_rests(lambda w, grad: function(w, grad, 0 * w, 0 * w, 1), _ADAM)


def _adam_eps(function: Function) -> None:
    """The eps that is given stands below the line."""
    check_huge_eps(lambda w, grad: function(w, grad, 0 * w, 0 * w, 1, 0.1, 0.9, 0.999, 1e12), _ADAM)


def _adam_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    check_float32(lambda w, grad: function(w, grad, w, w, 3), _ADAM)


def _adamax_returns(function: Function) -> None:
    """It returns w, m and u, all of the shape of w."""
    check_shapes(lambda w, grad: function(w, grad, 0 * w, 0 * w, 1), _ADAMAX)


def _adamax_by_hand(function: Function) -> None:
    """Slopes 4 and −8, u = 10, γ = 0.5: u becomes 5 and 8; w moves by −0.2 and 0.25."""
    w, grad = np.array([1.0, 1.0]), np.array([4.0, -8.0])
    m, u = np.array([-1.0, 2.0]), np.array([10.0, 10.0])
    value = function(w, grad, m, u, 2, 0.5, 0.5, 0.5)
    moved, m, u = check_step(value, w, _ADAMAX)
    check_close(m, np.array([1.5, -3.0]), "m")
    for wrong, words in (
        ([10.0, 10.0], "it never fades: gamma of the old one is kept"),
        ([7.0, 9.0], "it is a mean; the larger of two numbers is asked for"),
        ([5.0, 5.0], "slopes below zero count by their size too"),
        ([4.0, 8.0], "it has forgotten what came in"),
        ([16.0, 64.0], "no squares here: the sizes of slopes are compared"),
    ):
        if np.allclose(u, wrong, rtol=1e-5):
            raise CheckError(f"u: {words}")
    check_close(u, np.array([5.0, 8.0]), "u", rtol=LOOSE)
    for wrong, words in (
        ([0.85, 1.1875], "m is corrected for its start at zero, u needs no correction"),
        ([1 - 1 / 5**0.5, 1 + 2 / 8**0.5], "no root here: u has the size of a slope already"),
    ):
        if np.allclose(moved, wrong, rtol=1e-5):
            raise CheckError(f"w: {words}")
    check_close(moved, np.array([0.8, 1.25]), "w", rtol=LOOSE)


def _adamax_first(function: Function) -> None:
    """From zero the first step has the length lr, however large the slope; u is then its size."""
    w, grad = np.zeros(2), np.array([2.0, -5e3])
    moved, _, u = check_step(function(w, grad, w, w, 1, 0.1), w, _ADAMAX)
    check_downhill(moved, w, grad)
    if np.allclose(np.abs(moved), 0.01) or np.allclose(np.abs(moved), 1e-4):
        raise CheckError("the first step is too short: m is corrected for its start, u is not")
    check_close(u, np.array([2.0, 5e3]), "u", rtol=LOOSE)
    check_close(moved, np.array([-0.1, 0.1]), "w", rtol=LOOSE)


def _adamax_defaults(function: Function) -> None:
    """Left out, lr is 0.002, and without a slope 0.999 of u and 0.9 of m stay."""
    w, m, u = np.zeros(1), np.array([2.0]), np.array([10.0])
    moved, m, u = check_step(function(w, np.zeros(1), m, u, 10**6), w, _ADAMAX)
    check_close(m, np.array([1.8]), "m")
    check_close(u, np.array([9.99]), "u", rtol=LOOSE)
    check_close(moved, np.array([-0.0036 / 9.99]), "w", rtol=LOOSE)


def _adamax_rests(function: Function) -> None:
    """A slope that has always been zero moves nothing."""
    check_rests(lambda w, grad: function(w, grad, 0 * w, 0 * w, 1), _ADAMAX)


def _adamax_eps(function: Function) -> None:
    """The eps that is given stands below the line."""
    check_huge_eps(
        lambda w, grad: function(w, grad, 0 * w, 0 * w, 1, 0.1, 0.9, 0.999, 1e12), _ADAMAX
    )


def _adamax_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    check_float32(lambda w, grad: function(w, grad, w, w, 3), _ADAMAX)


def _adamw_returns(function: Function) -> None:
    """It returns w, m and v, all of the shape of w."""
    check_shapes(lambda w, grad: function(w, grad, 0 * w, 0 * w, 1), _ADAM)


def _adamw_without_decay(function: Function) -> None:
    """With weight_decay = 0 it is Adam: in Adam's example w goes from 1 to 0.9."""
    moved, m, v = _hand(function, np.array([1.0]), 0.0)
    _check_moments(m, v)
    _check_hand_move(moved, 1.0)


def _adamw_decays(function: Function) -> None:
    """Without a slope w shrinks by lr · weight_decay, however large v is."""
    w, zero, v = np.array([2.0, 2.0, -4.0]), np.zeros(3), np.array([1.0, 1e6, 100.0])
    moved, _, _ = check_step(function(w, zero, zero, v, 9, 0.1, 0.9, 0.999, 1e-8, 0.5), w, _ADAM)
    if np.array_equal(moved, w):
        raise CheckError("w does not decay")
    if np.allclose(moved, 0.5 * w):
        raise CheckError("the decay is not scaled by lr")
    if np.allclose(moved, 1.05 * w):
        raise CheckError("w grows: look at the sign of the decay")
    if not np.allclose(moved[0] / w[0], moved[1] / w[1]):
        raise CheckError("the decay depends on v: it went into the slope, as an L2 penalty would")
    check_close(moved, np.array([1.9, 1.9, -3.8]), "w")


def _adamw_by_hand(function: Function) -> None:
    """In Adam's example with weight_decay = 1, w = 1 becomes 0.8 and then moves to 0.7."""
    moved, _, _ = _hand(function, np.array([1.0]), 1.0)
    if np.allclose(moved, 0.72):
        raise CheckError("w: the decay acts on the weights that came in, before Adam's move")
    _check_hand_move(moved, 0.8)


def _adamw_moments(function: Function) -> None:
    """The moments know nothing of the decay."""
    _, m, v = _hand(function, np.array([1.0]), 1.0)
    if np.allclose(m, 2.0) or np.allclose(v, 16.5):
        raise CheckError("the moments contain the decay: leave the slope as it is")
    _check_moments(m, v)


def _adamw_defaults(function: Function) -> None:
    """Left out, weight_decay is 0.01, lr 0.001, δ 0.9 and γ 0.999."""
    w, grad = np.array([1000.0, 0.0]), np.array([10.0, -20.0])
    moved, m, v = check_step(function(w, grad, 0 * w, 0 * w, 1), w, _ADAM)
    check_close(m, np.array([1.0, -2.0]), "m")
    check_close(v, np.array([0.1, 0.4]), "v")
    check_close(moved, np.array([999.989, 0.001]), "w", rtol=1e-8)


def _adamw_rests(function: Function) -> None:
    """A weight of zero that never had a slope stays zero."""
    check_rests(
        lambda w, grad: function(w, grad, 0 * w, 0 * w, 1, 0.1, 0.9, 0.999, 1e-8, 0.0), _ADAM
    )


def _adamw_eps(function: Function) -> None:
    """The eps that is given stands below the line."""
    check_huge_eps(
        lambda w, grad: function(w, grad, 0 * w, 0 * w, 1, 0.1, 0.9, 0.999, 1e12, 0.0), _ADAM
    )


def _adamw_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    check_float32(lambda w, grad: function(w, grad, w, w, 3), _ADAM)
