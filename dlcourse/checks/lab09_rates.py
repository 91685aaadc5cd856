"""Lab 09's visible checks of learning by heart, the range test, and halving."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np

from dlcourse.checks.properties import Function, run_properties
from dlcourse.testing import (
    CheckError,
    check_array,
    check_close,
    check_number,
    check_that,
    check_tuple,
)


def overfit_small_batch(function: object) -> None:
    """Check ``overfit_small_batch(train_step, x, y, steps) -> losses``."""
    run_properties(
        "overfit_small_batch",
        function,
        [_losses_by_hand, _same_rows, _losses_are_float64, _no_steps, _learns_by_heart],
    )


def lr_range_test(function: object) -> None:
    """Check ``lr_range_test(train_step, lrs) -> (losses, suggested)``."""
    run_properties(
        "lr_range_test",
        function,
        [
            _each_rate_once,
            _steepest_by_hand,
            _slope_by_log_rate,
            _steepest_at_an_end,
            _up_to_the_first_broken,
            _too_few_finite,
        ],
    )


def halve_until_stable(function: object) -> None:
    """Check ``halve_until_stable(diverges, lr) -> lr``."""
    run_properties(
        "halve_until_stable",
        function,
        [_halved_by_hand, _stable_at_once, _asks_each_rate_once, _never_stable],
    )


class _Reporter:
    """Reports losses that are given beforehand; remembers what it was called with."""

    def __init__(self, losses: Iterable[Any]) -> None:
        self.losses = list(losses)
        self.calls: list[tuple[Any, ...]] = []

    def report(self, *args: Any) -> Any:
        """The next loss."""
        if len(self.calls) == len(self.losses):
            raise CheckError(
                "train_step is called too often", f"more than {len(self.losses)} times"
            )
        self.calls.append(args)
        return self.losses[len(self.calls) - 1]

    def on_rows(self, x: Any, y: Any) -> Any:
        """A ``train_step(x, y)``."""
        return self.report(x, y)

    def at_rate(self, lr: Any) -> Any:
        """A ``train_step(lr)``."""
        return self.report(lr)


def _rows() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(4, 10)), rng.normal(size=4)


def _losses_by_hand(function: Function) -> None:
    """A train_step that reports 4, 2, 1 gives the losses 4, 2, 1 after three steps."""
    x, y = _rows()
    step = _Reporter([4.0, 2.0, 1.0])
    losses = function(step.on_rows, x, y, 3)
    check_that(len(step.calls) > 0, "train_step was never called")
    if isinstance(losses, list):
        raise CheckError("losses: it is a list; make one array of it")
    if isinstance(losses, np.ndarray) and losses.shape == ():
        raise CheckError("losses: the loss of every step is asked for, not one number")
    if isinstance(losses, float):
        raise CheckError("losses: you return one loss; that of every step is asked for")
    if isinstance(losses, np.ndarray) and len(losses) != 3:
        raise CheckError("losses: one for each step is asked for", f"3 steps, got {len(losses)}")
    check_array(losses, (3,), "losses")
    check_close(losses, np.array([4.0, 2.0, 1.0]), "losses")


def _same_rows(function: Function) -> None:
    """train_step gets all of x and y, as they are, at every step."""
    x, y = _rows()
    step = _Reporter([1.0] * 5)
    function(step.on_rows, x, y, 5)
    if len(step.calls) != 5:
        raise CheckError(
            "train_step is called the wrong number of times",
            f"{len(step.calls)} times for 5 steps",
        )
    for given in step.calls:
        for value, whole, name in zip(given, (x, y), "xy", strict=True):
            if np.shape(value) != whole.shape:
                raise CheckError(
                    f"train_step got {name} of shape {np.shape(value)}: hand on all rows, uncut"
                )
            if not np.array_equal(value, whole):
                raise CheckError(f"train_step got other values or another order of {name}")


def _losses_are_float64(function: Function) -> None:
    """Losses come as one float64 array, also if train_step returns float32 or 0-d arrays."""
    x, y = _rows()
    for kind in (np.float32, np.array, int):
        losses = function(_Reporter([kind(4), kind(2)]).on_rows, x, y, 2)
        check_array(losses, (2,), "losses", dtype=np.float64)


def _no_steps(function: Function) -> None:
    """No steps give an empty array, and no call."""
    x, y = _rows()
    step = _Reporter([1.0])
    losses = function(step.on_rows, x, y, 0)
    check_that(len(step.calls) == 0, "with steps = 0, train_step is called all the same")
    check_array(losses, (0,), "losses")


def _learns_by_heart(function: Function) -> None:
    """On a linear model with more weights than rows, the losses go down to zero."""
    x, y = _rows()
    w = np.zeros(10)

    def train_step(x: np.ndarray, y: np.ndarray) -> float:
        nonlocal w
        error = x @ w - y
        w = w - 0.1 * x.T @ error / len(x)
        return float(np.mean(error**2))

    losses = function(train_step, x, y, 400)
    check_array(losses, (400,), "losses")
    assert isinstance(losses, np.ndarray)
    check_close(losses[0], float(np.mean(y**2)), "the first loss")
    check_that(
        losses[-1] < 1e-5 * losses[0],
        "the last loss is not near zero: does each step go on from the one before?",
    )


_RATES = [1e-4, 1e-3, 1e-2, 1e-1, 1.0]


def _range(function: Function, lrs: Any, losses: Iterable[float]) -> tuple[object, float]:
    """The student's losses and suggested rate where train_step reports `losses`."""
    step = _Reporter(losses)
    seen, suggested = check_tuple(function(step.at_rate, lrs), 2, "(losses, suggested)")
    return seen, check_number(suggested, "suggested")


def _one_of(suggested: float, lrs: Iterable[float]) -> float:
    """The rate that `suggested` is, up to rounding."""
    for lr in lrs:
        if math.isclose(suggested, lr, rel_tol=1e-9):
            return lr
    raise CheckError("suggested is none of the rates in lrs", f"got {suggested:.4g}")


def _each_rate_once(function: Function) -> None:
    """Each rate is tried once, in order, and losses are what train_step reported."""
    for lrs in (_RATES, np.array(_RATES)):
        step = _Reporter([2.3, 2.2, 1.5, 0.9, 1.2])
        losses, _ = check_tuple(function(step.at_rate, lrs), 2, "(losses, suggested)")
        asked = [check_number(given[0], "the lr that train_step got") for given in step.calls]
        if len(asked) != 5 or not np.allclose(asked, _RATES, rtol=1e-9, atol=0.0):
            raise CheckError("train_step is not called once for each rate, in order", f"{asked}")
        if isinstance(losses, list):
            raise CheckError("losses: it is a list; make one array of it")
        check_array(losses, (5,), "losses", dtype=np.float64)
        check_close(losses, np.array([2.3, 2.2, 1.5, 0.9, 1.2]), "losses")


def _steepest_by_hand(function: Function) -> None:
    """The losses 2.3, 2.2, 1.5, 0.9, 1.2 at 1e-4, 1e-3, …, 1 suggest 1e-2."""
    _, suggested = _range(function, _RATES, [2.3, 2.2, 1.5, 0.9, 1.2])
    lr = _one_of(suggested, _RATES)
    if lr == 0.1:
        raise CheckError("suggested is where the loss is lowest; asked is where it falls fastest")
    if lr == 1.0:
        raise CheckError("suggested is where the loss rises: look at the sign of the slope")
    if lr == 1e-4:
        raise CheckError("suggested is too low: is the slope taken by the logarithm of the rate?")
    if lr == 1e-3:
        raise CheckError(
            "suggested is one rate too low: a central difference looks as far ahead as back"
        )


def _slope_by_log_rate(function: Function) -> None:
    """Where the rates are spaced unevenly, the distance between their logarithms counts."""
    # The largest drop from one rate to another is across the wide gap, where it is not steep.
    lrs = [1e-4, 1e-3, 2e-3, 4e-3, 1e-1, 1.0]
    _, suggested = _range(function, lrs, [5.0, 4.8, 4.1, 3.4, 2.0, 1.9])
    lr = _one_of(suggested, lrs)
    if lr == 1e-4:
        raise CheckError("suggested is too low: is the slope taken by the logarithm of the rate?")
    if lr in (4e-3, 1e-1):
        raise CheckError("the spacing is left out: a slope is a fall by how far lr has gone")
    check_that(lr == 2e-3, "suggested is not where the loss falls fastest", f"got {lr:g}")


def _steepest_at_an_end(function: Function) -> None:
    """Both ends count as well: where the loss falls faster and faster, it is the last rate."""
    _, suggested = _range(function, _RATES, [3.0, 2.9, 2.7, 2.2, 0.5])
    lr = _one_of(suggested, _RATES)
    check_that(lr == 1.0, "the last rate is left out, or its slope is", f"got {lr:g}")
    _, suggested = _range(function, _RATES, [3.0, 1.0, 0.9, 0.85, 0.84])
    lr = _one_of(suggested, _RATES)
    check_that(lr == 1e-4, "the first rate is left out, or its slope is", f"got {lr:g}")


def _up_to_the_first_broken(function: Function) -> None:
    """From the first loss that is not finite on, nothing counts, though all rates are tried."""
    lrs = [1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0]
    for broken in (math.nan, math.inf):
        reported = [2.3, 2.2, 1.5, broken, 1.4, 0.1, -9.0]
        step = _Reporter(reported)
        losses, found = check_tuple(function(step.at_rate, lrs), 2, "(losses, suggested)")
        if len(step.calls) < len(lrs):
            raise CheckError("train_step is called for all rates, also after a loss is broken")
        same = isinstance(losses, np.ndarray) and losses.shape == (len(lrs),)
        check_that(same, "losses: one for each rate is asked for, those that are broken, too")
        if not np.array_equal(np.asarray(losses, dtype=float), reported, equal_nan=True):
            raise CheckError("losses are not what train_step has reported")
        lr = _one_of(check_number(found, "suggested"), lrs)
        if lr >= 0.1:
            raise CheckError("suggested lies where the run had broken already", f"got {lr:g}")
        check_that(lr == 1e-2, "suggested is not the steepest before the break", f"got {lr:g}")


def _too_few_finite(function: Function) -> None:
    """With fewer than two finite losses at the start it raises a ValueError."""
    for reported in ([1.0, math.nan, 0.5, 0.2], [math.inf, 1.0, 0.5, 0.2]):
        train_step = _Reporter(reported)
        _check_value_error(
            partial(function, train_step.at_rate, _RATES[:4]),
            "there is no slope: raise a ValueError",
        )


class _Training:
    """Diverges above the rate `edge`; remembers which rates it was asked about."""

    def __init__(self, edge: float) -> None:
        self.edge = edge
        self.asked: list[float] = []

    def __call__(self, lr: Any) -> bool:
        rate = check_number(lr, "the lr that diverges got")
        check_that(rate > 0, "diverges is asked about a rate of 0: stop before that")
        self.asked.append(rate)
        if len(self.asked) > 1200:
            raise CheckError("it goes on and on: does the rate become smaller?")
        return rate > self.edge


def _halved_by_hand(function: Function) -> None:
    """Stable up to 0.3, from 2 down: 0.25."""
    found = check_number(function(_Training(0.3), 2.0), "lr")
    if found == 0.5:
        raise CheckError("the rate that is returned still diverges")
    if found == 0.125:
        raise CheckError("halved once too often")
    check_close(found, 0.25, "lr")


def _stable_at_once(function: Function) -> None:
    """A rate that is stable as it is comes back as it is."""
    found = check_number(function(_Training(1.0), 0.75), "lr")
    check_that(found != 0.375, "a rate that was fine has been halved: ask before you halve")
    check_close(found, 0.75, "lr")


def _asks_each_rate_once(function: Function) -> None:
    """It asks about 2, 1, 0.5, 0.25, once each, and then stops."""
    training = _Training(0.3)
    function(training, 2.0)
    if training.asked != [2.0, 1.0, 0.5, 0.25]:
        raise CheckError("diverges is asked about other rates", f"{training.asked}")


def _never_stable(function: Function) -> None:
    """If every rate diverges it raises a ValueError, and does not go on for ever."""
    _check_value_error(
        lambda: function(_Training(0.0), 2.0**-1040), "no rate is stable: raise a ValueError"
    )


def _check_value_error(call: Callable[[], object], message: str) -> None:
    try:
        value = call()
    except ValueError:
        return
    except CheckError:
        raise
    except ArithmeticError as error:
        raise CheckError(message, f"got {type(error).__name__}") from error
    raise CheckError(message, f"returned {value}")
