"""Lab 03's visible checks of the steps that divide by a root mean square."""

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


def adagrad_step(function: object) -> None:
    """Check ``adagrad_step(w, grad, total, lr, eps=1e-10) -> (w, total)``."""
    run_properties(
        "adagrad_step",
        function,
        [
            _adagrad_returns,
            _adagrad_first,
            _adagrad_by_hand,
            _adagrad_shrinks,
            _adagrad_rests,
            _adagrad_eps,
            _adagrad_pure,
            _adagrad_float32,
        ],
    )


def rmsprop_step(function: object) -> None:
    """Check ``rmsprop_step(w, grad, mean_square, lr=1e-3, gamma=0.9, eps=1e-8)``."""
    run_properties(
        "rmsprop_step",
        function,
        [
            _rmsprop_returns,
            _rmsprop_by_hand,
            _rmsprop_defaults,
            _rmsprop_first,
            _rmsprop_settles,
            _rmsprop_forgets,
            _rmsprop_rests,
            _rmsprop_eps,
            _rmsprop_pure,
            _rmsprop_float32,
        ],
    )


def adadelta_step(function: object) -> None:
    """Check ``adadelta_step(w, grad, mean_square, mean_step, rho=0.95, eps=1e-6)``."""
    run_properties(
        "adadelta_step",
        function,
        [
            _adadelta_returns,
            _adadelta_by_hand,
            _adadelta_default_rho,
            _adadelta_starts,
            _adadelta_units,
            _adadelta_slopes,
            _adadelta_rests,
            _adadelta_eps,
            _adadelta_float32,
        ],
    )


_ADAGRAD = "(w, total)"
_RMSPROP = "(w, mean_square)"
_ADADELTA = "(w, mean_square, mean_step)"


def _adagrad_returns(function: Function) -> None:
    """It returns w and total, both of the shape of w."""
    check_shapes(lambda w, grad: function(w, grad, 0 * w, 0.1), _ADAGRAD)


def _adagrad_first(function: Function) -> None:
    """From total = 0 every component moves by lr, however large its slope."""
    w, grad = np.array([1.0, 1.0, 1.0]), np.array([2.0, -50.0, 1e4])
    moved, total = check_step(function(w, grad, np.zeros(3), 0.1), w, _ADAGRAD)
    if np.allclose(moved, grad**2):
        raise CheckError("total and w are exchanged: w comes first")
    check_downhill(moved, w, grad)
    if np.allclose(w - moved, 0.1 / grad):
        raise CheckError("you divide by the sum itself: its root has the size of a slope")
    check_close(total, np.array([4.0, 2500.0, 1e8]), "total", rtol=LOOSE)
    check_close(moved, np.array([0.9, 1.1, 0.9]), "w", rtol=LOOSE)


def _adagrad_by_hand(function: Function) -> None:
    """At w = 1, slope 3, total 16, with lr = 0.5: total 25, w 0.7."""
    w = np.array([1.0, 1.0])
    value = function(w, np.array([3.0, -4.0]), np.array([16.0, 9.0]), 0.5)
    moved, total = check_step(value, w, _ADAGRAD)
    if np.allclose(total, [9.0, 16.0]):
        raise CheckError("total: the squares of earlier steps are lost")
    check_close(total, np.array([25.0, 25.0]), "total", rtol=LOOSE)
    if np.allclose(moved[0], 0.625):
        raise CheckError("w: you divide by the total that came in, not by the new one")
    check_close(moved, np.array([0.7, 1.4]), "w", rtol=LOOSE)


def _adagrad_shrinks(function: Function) -> None:
    """On a constant slope step number k has the length lr/√k."""
    w, total, lengths = np.zeros(1), np.zeros(1), []
    for _ in range(9):
        moved, total = check_step(function(w, np.array([3.0]), total, 1.0), w, _ADAGRAD)
        lengths.append(w[0] - moved[0])
        w = moved
    check_close(np.array(lengths)[[0, 3, 8]], np.array([1.0, 0.5, 1 / 3]), "steps", rtol=LOOSE)


def _adagrad_rests(function: Function) -> None:
    """A slope that has always been zero moves nothing."""
    check_rests(lambda w, grad: function(w, grad, 0 * w, 0.1), _ADAGRAD)


def _adagrad_eps(function: Function) -> None:
    """The eps that is given stands below the line."""
    check_huge_eps(lambda w, grad: function(w, grad, 0 * w, 0.1, 1e12), _ADAGRAD)


def _adagrad_pure(function: Function) -> None:
    """The sum that is handed on holds squared slopes and nothing else."""
    w, grad = np.array([1.0, -2.0]), np.array([3.0, 5.0])
    _, total = check_step(function(w, grad, np.zeros(2), 0.1, 1.0), w, _ADAGRAD)
    if np.allclose(total, [10.0, 26.0]):
        raise CheckError("total: eps has got into the sum that you hand on")
    check_close(total, np.array([9.0, 25.0]), "total, with eps = 1")


def _adagrad_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    check_float32(lambda w, grad: function(w, grad, w, 0.1), _ADAGRAD)


def _rmsprop_returns(function: Function) -> None:
    """It returns w and mean_square, both of the shape of w."""
    check_shapes(lambda w, grad: function(w, grad, 0 * w), _RMSPROP)


def _rmsprop_by_hand(function: Function) -> None:
    """At w = 1, slope 6, mean square 14, with lr = γ = 0.5: mean square 25, w 0.4."""
    w, grad = np.array([1.0]), np.array([6.0])
    moved, mean = check_step(function(w, grad, np.array([14.0]), 0.5, 0.5), w, _RMSPROP)
    if np.allclose(mean, 10.0):
        raise CheckError("mean_square: the slope enters it without being squared")
    if np.allclose(mean, [50.0]) or np.allclose(mean, [43.0]):
        raise CheckError("mean_square is a sum, not a mean: both shares together make one")
    check_close(mean, np.array([25.0]), "mean_square", rtol=LOOSE)
    check_downhill(moved, w, grad)
    if np.allclose(moved, 1 - 3 / 25):
        raise CheckError("w: you divide by the mean square, not by its root")
    if np.allclose(moved, 1 - 3 / 14**0.5):
        raise CheckError("w: you divide by the mean square that came in, not by the new one")
    check_close(moved, np.array([0.4]), "w", rtol=LOOSE)


def _rmsprop_defaults(function: Function) -> None:
    """Slope 19, mean square 71, the rest left out: mean square 100, a step of 0.0019."""
    w = np.array([0.0])
    moved, mean = check_step(function(w, np.array([19.0]), np.array([71.0])), w, _RMSPROP)
    if np.allclose(mean, 332.0):
        raise CheckError("mean_square: the shares of old and new are exchanged")
    check_close(mean, np.array([100.0]), "mean_square", rtol=LOOSE)
    check_close(moved, np.array([-0.0019]), "w", rtol=LOOSE)


def _rmsprop_first(function: Function) -> None:
    """The first step is 3.16 times lr with γ = 0.9, however large the slope."""
    w, grad = np.zeros(2), np.array([3.0, -4e3])
    moved, _ = check_step(function(w, grad, np.zeros(2), 0.1), w, _RMSPROP)
    if np.allclose(np.abs(moved), 0.1, rtol=1e-3):
        raise CheckError("the start at zero is corrected for: Adam does so, RMSprop does not")
    check_close(moved, np.array([-0.3162278, 0.3162278]), "w", rtol=LOOSE)


def _rmsprop_settles(function: Function) -> None:
    """On a constant slope the steps become lr, and stay so."""
    w, mean, grad = np.zeros(2), np.zeros(2), np.array([2.0, -30.0])
    for _ in range(200):
        before = w
        w, mean = check_step(function(before, grad, mean, 0.1), w, _RMSPROP)
    check_close(w - before, np.array([-0.1, 0.1]), "step number 200", rtol=LOOSE)


def _rmsprop_forgets(function: Function) -> None:
    """Without a slope mean_square shrinks to γ of it, and w rests."""
    w, mean_square = np.array([1.0, -1.0]), np.array([4.0, 100.0])
    moved, mean = check_step(function(w, np.zeros(2), mean_square, 0.1, 0.75), w, _RMSPROP)
    check_close(mean, np.array([3.0, 75.0]), "mean_square")
    check_close(moved, w, "w")


def _rmsprop_rests(function: Function) -> None:
    """A slope that has always been zero moves nothing."""
    check_rests(lambda w, grad: function(w, grad, 0 * w, 0.1), _RMSPROP)


def _rmsprop_eps(function: Function) -> None:
    """The eps that is given stands below the line."""
    check_huge_eps(lambda w, grad: function(w, grad, 0 * w, 0.1, 0.9, 1e12), _RMSPROP)


def _rmsprop_pure(function: Function) -> None:
    """The mean that is handed on holds squared slopes and nothing else."""
    w, grad = np.array([1.0, -2.0]), np.array([2.0, 4.0])
    _, mean = check_step(function(w, grad, np.zeros(2), 0.1, 0.5, 1.0), w, _RMSPROP)
    if np.allclose(mean, [3.0, 9.0]):
        raise CheckError("mean_square: eps has got into the mean that you hand on")
    check_close(mean, np.array([2.0, 8.0]), "mean_square, with eps = 1")


def _rmsprop_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    check_float32(lambda w, grad: function(w, grad, w), _RMSPROP)


def _adadelta_returns(function: Function) -> None:
    """It returns w, mean_square and mean_step, all of the shape of w."""
    check_shapes(lambda w, grad: function(w, grad, 0 * w, 0 * w), _ADADELTA)


def _adadelta_by_hand(function: Function) -> None:
    """At w = 1, slope 6, means 14 and 4, with ρ = 0.5: the step is −2.4, the means 25 and 4.88."""
    w, grad = np.array([1.0]), np.array([6.0])
    value = function(w, grad, np.array([14.0]), np.array([4.0]), 0.5)
    moved, mean_square, mean_step = check_step(value, w, _ADADELTA)
    if np.allclose(mean_square, 4.88, rtol=1e-3):
        raise CheckError("mean_square and mean_step are exchanged")
    check_close(mean_square, np.array([25.0]), "mean_square", rtol=LOOSE)
    check_downhill(moved, w, grad)
    for wrong, words in (
        (-3.8, "the step has no root above the line: mean_step is a mean of squares"),
        (1 - 12 / 14**0.5, "the step divides by the mean square that came in, not by the new one"),
        (1 - 24 / 25, "the step has no roots: both means are means of squares"),
    ):
        if np.allclose(moved, wrong, rtol=1e-4):
            raise CheckError(words)
    check_close(moved, np.array([-1.4]), "w", rtol=LOOSE)
    if np.allclose(mean_step, 20.0, rtol=1e-3):
        raise CheckError("mean_step: it averages the squares of steps, not of slopes")
    if np.allclose(mean_step, 3.2, rtol=1e-3) or np.allclose(mean_step, 0.8, rtol=1e-3):
        raise CheckError("mean_step: the step enters it without being squared")
    if np.allclose(mean_step, 4.0):
        raise CheckError("mean_step has not changed: the step of now belongs into it")
    check_close(mean_step, np.array([4.88]), "mean_step", rtol=LOOSE)


def _adadelta_default_rho(function: Function) -> None:
    """Left out, ρ is 0.95: without a slope 95 % of both means stay, and w rests."""
    w, means = np.array([1.0, 1.0]), np.array([100.0, 40.0])
    value = function(w, np.zeros(2), means, 2 * means)
    moved, mean_square, mean_step = check_step(value, w, _ADADELTA)
    check_close(moved, w, "w")
    check_close(mean_square, 0.95 * means, "mean_square")
    check_close(mean_step, 1.9 * means, "mean_step")


def _adadelta_starts(function: Function) -> None:
    """From zero it does get going: the first step is small, downhill, and not zero."""
    w, grad = np.zeros(2), np.array([3.0, -2.0])
    moved, _, mean_step = check_step(function(w, grad, np.zeros(2), np.zeros(2)), w, _ADADELTA)
    if np.array_equal(moved, w):
        raise CheckError("it never gets going: mean_step is zero, so eps must stand above too")
    check_downhill(moved, w, grad)
    if np.abs(moved).max() > 0.1:
        raise CheckError("the first step is long: its size comes from eps alone")
    if not (mean_step > 0).all():
        raise CheckError("mean_step stays zero: the step of now belongs into it")


def _adadelta_units(function: Function) -> None:
    """Measured in a unit ten times smaller, w moves by ten times the number."""
    w, grad = np.array([1.0, -2.0]), np.array([3.0, 5.0])
    square, step = np.array([8.0, 30.0]), np.array([2.0, 4.0])
    once = _adadelta_move(function, w, grad, square, step)
    tenfold = _adadelta_move(function, 10 * w, grad / 10, square / 100, 100 * step)
    check_close(tenfold, 10 * once, "the step", rtol=1e-3)


def _adadelta_slopes(function: Function) -> None:
    """A loss a hundred times larger gives the same step."""
    w, grad = np.array([1.0, -2.0]), np.array([3.0, 5.0])
    square, step = np.array([8.0, 30.0]), np.array([2.0, 4.0])
    once = _adadelta_move(function, w, grad, square, step)
    hundredfold = _adadelta_move(function, w, 100 * grad, 1e4 * square, step)
    check_close(hundredfold, once, "the step", rtol=1e-3)


def _adadelta_move(function: Function, w: np.ndarray, *rest: Any) -> np.ndarray:
    """The step alone."""
    moved = check_step(function(w, *rest), w, _ADADELTA)[0]
    return np.asarray(moved - w)


def _adadelta_rests(function: Function) -> None:
    """A slope that has always been zero moves nothing."""
    check_rests(lambda w, grad: function(w, grad, 0 * w, 0 * w), _ADADELTA)


def _adadelta_eps(function: Function) -> None:
    """The eps that is given sets the length of the first step."""
    w, grad = np.zeros(2), np.array([3.0, -2.0])
    value = function(w, grad, np.zeros(2), np.zeros(2), 0.9, 1e12)
    moved = check_step(value, w, _ADADELTA)[0]
    if np.abs(moved).max() < 1:
        raise CheckError("with eps = 1e12 the first step is short: the eps given has no effect")


def _adadelta_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    check_float32(lambda w, grad: function(w, grad, w, w), _ADADELTA)
