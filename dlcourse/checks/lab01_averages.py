"""Lab 01's visible checks of learning rates, averaged weights and smoothed losses."""

from __future__ import annotations

import numpy as np

from dlcourse.checks.properties import Function, run_properties
from dlcourse.testing import (
    CheckError,
    check_array,
    check_bool,
    check_close,
    check_number,
    check_that,
)


def inverse_decay(function: object) -> None:
    """Check ``inverse_decay(j, lr0, decay)``."""
    run_properties(
        "inverse_decay", function, [_decay_start, _decay_by_hand, _decay_constant, _decay_far_out]
    )


def satisfies_robbins_monro(function: object) -> None:
    """Check ``satisfies_robbins_monro(p) -> bool``."""
    run_properties(
        "satisfies_robbins_monro", function, [_monro_inside, _monro_outside, _monro_borders]
    )


def polynomial_decay_average(function: object) -> None:
    """Check ``polynomial_decay_average(w_bar, w, t, gamma=3.0)``."""
    run_properties(
        "polynomial_decay_average",
        function,
        [_average_first, _average_of_equals, _average_by_hand, _average_plain, _average_float32],
    )


def smoothed_loss(function: object) -> None:
    """Check ``smoothed_loss(losses, window)``."""
    run_properties(
        "smoothed_loss",
        function,
        [_smooth_shape, _smooth_window_one, _smooth_by_hand, _smooth_looks_back, _smooth_long],
    )


def _decay_start(function: Function) -> None:
    """At j = 0 the rate is lr0."""
    check_close(function(0, 0.3, 0.7), 0.3, "the rate at j = 0")


def _decay_by_hand(function: Function) -> None:
    """With lr0 = 0.1 and decay = 0.01 half is left at j = 100, a quarter at j = 300."""
    check_close(function(100, 0.1, 0.01), 0.05, "the rate at j = 100")
    check_close(function(300, 0.1, 0.01), 0.025, "the rate at j = 300")


def _decay_constant(function: Function) -> None:
    """With decay = 0 the rate stays lr0."""
    check_close(function(50, 0.2, 0.0), 0.2, "the rate at j = 50")


def _decay_far_out(function: Function) -> None:
    """Far out, twice the j means half the rate."""
    first = check_number(function(10**7, 0.5, 0.3), "the rate at j = 10⁷")
    second = check_number(function(2 * 10**7, 0.5, 0.3), "the rate at j = 2·10⁷")
    check_that(first > 0, "the rate has fallen to nothing", "at j = 10⁷ it is not above zero")
    ratio = second / first
    if not abs(ratio - 0.5) < 1e-3:
        speed = "too fast" if ratio < 0.5 else "too slowly"
        raise CheckError(f"the rate falls {speed}", f"doubling j multiplies it by {ratio:.4g}")


def _monro_inside(function: Function) -> None:
    """Rates ∝ 1/j and ∝ j^(−0.75) satisfy both conditions; the answer is True or False."""
    check_bool(function(1.0), True, "p = 1")
    check_bool(function(0.75), True, "p = 0.75")


def _monro_outside(function: Function) -> None:
    """Rates that do not fall, or that fall too fast to get anywhere, are refused."""
    for p, why in (
        (0.0, "a constant rate swings for ever"),
        (0.25, "look at the sum of the squares"),
        (2.0, "look at how far all steps together can reach"),
        (-1.0, "these rates grow"),
    ):
        check_bool(function(p), False, f"p = {p}: {why}")


def _monro_borders(function: Function) -> None:
    """Both ends of the interval are on the right side."""
    check_bool(function(0.5), False, "p = 0.5: which series are the squares then")
    check_bool(function(0.501), True, "p = 0.501, just above the lower end")
    check_bool(function(1.001), False, "p = 1.001, just above the upper end")


def _average_first(function: Function) -> None:
    """At t = 1 the average is w, whatever w_bar was."""
    w = np.array([1.0, -2.0, 3.0])
    for gamma in (3.0, 0.5):
        check_close(function(np.full(3, 50.0), w, 1, gamma), w, f"t = 1, gamma = {gamma}")


def _average_of_equals(function: Function) -> None:
    """The average of equal weights is that weight: the two shares make one."""
    w = np.array([[2.0, -1.0]])
    for t in (1, 2, 9):
        check_close(function(w, w, t), w, f"t = {t}")


def _average_by_hand(function: Function) -> None:
    """From w_bar = 0 to w = 1 with γ = 3: 0.8 at t = 2, 0.5 at t = 5; 3 is the default."""
    zero, one = np.zeros(2), np.ones(2)
    for t, share in ((2, 0.8), (5, 0.5)):
        got = function(zero, one, t)
        check_array(got, (2,), "the average")
        if t == 2 and np.allclose(got, 1 - share):
            raise CheckError("the two shares are exchanged: which one is the newest weight's?")
        check_close(got, np.full(2, share), f"t = {t}")
    check_close(function(zero, one, 5, gamma=1.0), np.full(2, 1 / 3), "t = 5, gamma = 1")


def _average_plain(function: Function) -> None:
    """With γ = 0 it is the plain mean of all weights so far."""
    rng = np.random.default_rng(4)
    weights = rng.normal(size=(6, 2))
    average = np.zeros(2)
    for t, w in enumerate(weights, start=1):
        average = function(average, w, t, 0.0)
    check_close(average, weights.mean(axis=0), "the average of 6 weights")


def _average_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    w = np.ones((2, 2), dtype=np.float32)
    check_array(function(w, w, 4), (2, 2), "the average", dtype=np.float32)


def _smooth_shape(function: Function) -> None:
    """There is one value a step, as an array."""
    check_array(function(np.arange(7.0), 3), (7,), "the smoothed losses")


def _smooth_window_one(function: Function) -> None:
    """A window of 1 gives the losses back."""
    losses = np.array([3.0, 1.0, 4.0, 1.0])
    check_close(function(losses, 1), losses, "window = 1")


def _smooth_by_hand(function: Function) -> None:
    """Losses 4, 2, 6, 8 with a window of 2 give 4, 3, 4, 7."""
    smooth = function(np.array([4.0, 2.0, 6.0, 8.0]), 2)
    check_array(smooth, (4,), "window = 2")
    if np.isclose(smooth[0], 2.0) and np.allclose(smooth[1:], [3, 4, 7]):
        raise CheckError("at the start there are fewer losses than the window: count what is there")
    check_close(smooth, np.array([4.0, 3.0, 4.0, 7.0]), "window = 2")


def _smooth_looks_back(function: Function) -> None:
    """A later loss does not change an earlier value."""
    losses = np.array([2.0, 5.0, 3.0, 4.0, 1.0, 6.0])
    changed = losses.copy()
    changed[4:] = 100.0
    before, after = function(losses, 3), function(changed, 3)
    check_array(before, (6,), "window = 3")
    check_array(after, (6,), "window = 3")
    if not np.allclose(before[:4], after[:4]):
        raise CheckError("the window looks ahead: a mean at step k knows losses up to k only")


def _smooth_long(function: Function) -> None:
    """A window longer than the training is the mean of all so far."""
    smooth = function(np.array([1.0, 3.0, 5.0]), 100)
    check_close(smooth, np.array([1.0, 2.0, 3.0]), "window = 100")
