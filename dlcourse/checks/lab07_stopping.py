"""Lab 07's visible checks of when to stop, and of an average of the weights on the way."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dlcourse.checks.properties import Function, run_properties
from dlcourse.testing import CheckError, check_array, check_close, describe


def early_stopping(function: object) -> None:
    """Check ``early_stopping(losses, patience) -> epoch``."""
    run_properties(
        "early_stopping",
        function,
        [
            _stop_simple,
            _stop_patience,
            _stop_in_a_row,
            _stop_ties,
            _stop_ends,
            _stop_nan,
        ],
    )


def ema_update(function: object) -> None:
    """Check ``ema_update(average, w, decay)``."""
    run_properties(
        "ema_update",
        function,
        [_ema_by_hand, _ema_of_equals, _ema_forgets, _ema_float32],
    )


def _epoch(function: Function, losses: Sequence[float], patience: int, expected: int) -> int:
    """The epoch returned, which is an integer; a wrong one is told in words."""
    got = function(list(losses), patience)
    number = got.item() if isinstance(got, np.ndarray | np.integer) and np.ndim(got) == 0 else got
    if isinstance(number, bool) or not isinstance(number, int):
        raise CheckError(f"expected an epoch, an integer, got {describe(got)}")
    if number != expected:
        raise CheckError(
            _why(losses, patience, number, expected),
            f"losses {list(losses)}, patience {patience}: {number} instead of {expected}",
        )
    return number


def _why(losses: Sequence[float], patience: int, got: int, expected: int) -> str:
    if got == expected + 1:
        return "the epoch is one too late: epochs are counted from 0"
    if got == expected + patience:
        return "that is the epoch at which training stops; asked for is the best one until then"
    if not 0 <= got < len(losses):
        return "there is no such epoch"
    if np.isnan(losses[got]):
        return "at that epoch the loss is not a number"
    if losses[got] < losses[expected]:
        return "that loss comes after training has stopped"
    if got > expected:
        return "that loss is no lower than an earlier one"
    return "that is not the best loss until training stops"


def _stop_simple(function: Function) -> None:
    """Losses 5, 3, 4, 6, 7 with patience 2: the best is epoch 1, counted from 0."""
    _epoch(function, [5.0, 3.0, 4.0, 6.0, 7.0], 2, 1)


def _stop_patience(function: Function) -> None:
    """Losses 5, 3, 4, 4, 2: patience 2 stops before the 2, patience 3 lives to see it."""
    losses = [5.0, 3.0, 4.0, 4.0, 2.0]
    _epoch(function, losses, 2, 1)
    _epoch(function, losses, 3, 4)
    _epoch(function, [3.0, 4.0, 1.0], 1, 0)


def _stop_in_a_row(function: Function) -> None:
    """An improvement starts the count anew: only failures in a row end the training."""
    _epoch(function, [9.0, 10.0, 8.0, 9.0, 7.0, 8.0, 6.0, 7.0, 5.0], 2, 8)
    # An epoch that is better than the one before, and not than the best, is a failure too.
    _epoch(function, [5.0, 9.0, 8.0, 7.0, 1.0], 3, 0)


def _stop_ties(function: Function) -> None:
    """An equal loss is no improvement, and of equal losses the first is the best."""
    _epoch(function, [4.0, 3.0, 3.5, 3.0], 5, 1)
    _epoch(function, [4.0, 3.0, 3.0, 3.0, 1.0], 2, 1)


def _stop_ends(function: Function) -> None:
    """If the losses end first, it is the first best of all; one loss is enough."""
    _epoch(function, [5.0, 4.0, 3.0, 2.0], 2, 3)
    _epoch(function, [0.7], 3, 0)
    _epoch(function, [2.0, 1.0, 1.5], 4, 1)


def _stop_nan(function: Function) -> None:
    """NaN is never an improvement, and any number is one after nothing but NaN."""
    nan = float("nan")
    _epoch(function, [3.0, nan, 2.0, nan, nan, 1.0], 2, 2)
    _epoch(function, [nan, 2.0, 1.0], 2, 2)


def _ema_by_hand(function: Function) -> None:
    """Average 1, weights 0, decay 0.9: the new average is 0.9."""
    got = function(np.array([1.0, 0.0]), np.array([0.0, 2.0]), 0.9)
    check_array(got, (2,), "average")
    if np.allclose(got, [0.1, 1.8]):
        raise CheckError("the two shares are exchanged: decay is what is kept of the average")
    if np.allclose(got, [0.9, 2.0]):
        raise CheckError("the two shares make one: what the average loses, the weights get")
    check_close(got, np.array([0.9, 0.2]), "average")


def _ema_of_equals(function: Function) -> None:
    """The average of equal weights is that weight; with decay 0 it is the newest weight."""
    w = np.array([[2.0, -1.0]])
    check_close(function(w, w, 0.99), w, "the average of equals")
    check_close(function(np.full((1, 2), 7.0), w, 0.0), w, "the average for decay = 0")


def _ema_forgets(function: Function) -> None:
    """After k updates decay to the power k is left of the first average."""
    average, zero = np.ones(3), np.zeros(3)
    for _ in range(20):
        average = function(average, zero, 0.8)
    check_close(average, np.full(3, 0.011529215), "the average after 20 updates", rtol=1e-6)


def _ema_float32(function: Function) -> None:
    """float32 in gives float32 out."""
    w = np.ones((2, 2), dtype=np.float32)
    check_array(function(w, w, 0.9), (2, 2), "average", dtype=np.float32)
