"""Lab 03's visible checks of learning rate schedules."""

from __future__ import annotations

import math

import numpy as np

from dlcourse.checks.properties import Function, run_properties
from dlcourse.testing import CheckError, check_close, check_number, check_that


def step_decay(function: object) -> None:
    """Check ``step_decay(epoch, lr0, factor=0.5, every=10)``."""
    run_properties(
        "step_decay", function, [_step_first, _step_flat, _step_by_hand, _step_own, _step_far_out]
    )


def exponential_decay(function: object) -> None:
    """Check ``exponential_decay(epoch, lr0, rate)``."""
    run_properties(
        "exponential_decay", function, [_exponential_start, _exponential_half, _exponential_ratio]
    )


def plateau_decay(function: object) -> None:
    """Check ``plateau_decay(losses, lr, factor=0.1, patience=5) -> lr``."""
    run_properties(
        "plateau_decay",
        function,
        [
            _plateau_improves,
            _plateau_patience,
            _plateau_equal,
            _plateau_best,
            _plateau_twice,
            _plateau_best_is_kept,
            _plateau_defaults,
        ],
    )


def _step_first(function: Function) -> None:
    """The first ten epochs, 0 to 9, have the rate lr0."""
    for epoch in (0, 1, 9):
        check_close(function(epoch, 0.3), 0.3, f"the rate of epoch {epoch}")


def _step_flat(function: Function) -> None:
    """Between two cuts nothing changes."""
    first = check_number(function(10, 1.0), "the rate of epoch 10")
    if not math.isclose(first, check_number(function(17, 1.0), "the rate of epoch 17")):
        raise CheckError("the rate falls between the cuts too: count whole blocks of epochs only")


def _step_by_hand(function: Function) -> None:
    """From 0.8 a half is left at epoch 10, a quarter at 20, an eighth at 30."""
    for epoch, rate in ((10, 0.4), (20, 0.2), (30, 0.1)):
        check_close(function(epoch, 0.8), rate, f"the rate of epoch {epoch}")


def _step_own(function: Function) -> None:
    """With factor = 0.1 and every = 3 epoch 7 has a hundredth of lr0."""
    check_close(function(2, 2.0, 0.1, 3), 2.0, "the rate of epoch 2, cuts every 3 epochs")
    check_close(function(7, 2.0, 0.1, 3), 0.02, "the rate of epoch 7, cuts every 3 epochs")


def _step_far_out(function: Function) -> None:
    """After 200 epochs, 20 cuts, the rate is small and still above zero."""
    check_close(function(200, 1.0), 1 / 1048576, "the rate of epoch 200", atol=0.0)


def _exponential_start(function: Function) -> None:
    """At epoch 0 the rate is lr0; with rate = 0 it stays so."""
    check_close(function(0, 0.3, 0.7), 0.3, "the rate of epoch 0")
    check_close(function(25, 0.3, 0.0), 0.3, "the rate of epoch 25 with rate = 0")


def _exponential_half(function: Function) -> None:
    """With rate = ln(2)/8 half is left after 8 epochs, a quarter after 16."""
    for epoch, left in ((8, 0.5), (16, 0.25)):
        got = check_number(function(epoch, 1.0, math.log(2) / 8), f"the rate of epoch {epoch}")
        if got > 1:
            raise CheckError("the rate grows: look at the sign")
        check_close(got, left, f"the rate of epoch {epoch}")


def _exponential_ratio(function: Function) -> None:
    """Each epoch cuts by the same share: with rate = 0.5, to 60.65 % of the one before."""
    rates = [check_number(function(epoch, 0.2, 0.5), f"epoch {epoch}") for epoch in range(6)]
    check_that(min(rates) > 0, "the rate has fallen to nothing within five epochs")
    shares = np.array(rates[1:]) / np.array(rates[:-1])
    check_close(shares, np.full(5, 0.6065306597), "the share that each epoch leaves", rtol=1e-6)


def _plateau_improves(function: Function) -> None:
    """While the loss falls, or nothing is known yet, the rate stays."""
    check_close(function([], 0.3), 0.3, "the rate before any loss")
    check_close(function([5.0, 4.0, 3.5, 3.4, 3.3, 3.2, 3.1, 3.0], 0.3), 0.3, "the rate")


def _plateau_patience(function: Function) -> None:
    """With patience = 2 two bad epochs in a row are let pass; the third cuts."""
    losses = [1.0, 2.0, 3.0, 4.0]
    two = check_number(function(losses[:3], 1.0, 0.5, 2), "the rate after two bad epochs")
    if two < 1.0:
        raise CheckError("two bad epochs cut already: more than patience are needed")
    check_close(two, 1.0, "the rate after two bad epochs")
    check_close(function(losses, 1.0, 0.5, 2), 0.5, "the rate after three")


def _plateau_equal(function: Function) -> None:
    """A loss equal to the best is no improvement."""
    check_close(function([1.0, 1.0, 1.0], 1.0, 0.5, 1), 0.5, "the rate after two equal losses")


def _plateau_best(function: Function) -> None:
    """What counts is the best loss so far, not the one before."""
    losses = [1.0, 5.0, 4.0, 3.0, 2.0]
    got = check_number(function(losses, 1.0, 0.5, 3), "the rate")
    if got == 1.0:
        raise CheckError("a loss that beats the last one, but not the best, counts as good")
    check_close(got, 0.5, "the rate")
    got = check_number(function([3.0, 1.0, 2.0, 2.0, 2.0], 1.0, 0.5, 2), "the rate")
    if got == 1.0:
        raise CheckError("every loss is compared with the first: the best has to follow")
    restored = [2.0, 3.0, 3.0, 1.0, 3.0, 3.0]
    got = check_number(function(restored, 1.0, 0.5, 2), "the rate")
    if got < 1.0:
        raise CheckError("an improvement between bad epochs must start the count anew")


def _plateau_twice(function: Function) -> None:
    """A long plateau cuts again and again; after a cut the count starts anew."""
    for bad, rate in ((3, 0.5), (4, 0.5), (5, 0.5), (6, 0.25), (9, 0.125)):
        got = check_number(function([1.0] + [2.0] * bad, 1.0, 0.5, 2), "the rate")
        if got < rate:
            raise CheckError(
                "the rate is cut too often: a cut starts the count anew",
                f"after {bad} bad epochs with patience 2",
            )
        if got > rate:
            raise CheckError(
                "the rate is cut too seldom: replay all losses, from the first",
                f"after {bad} bad epochs with patience 2",
            )
        check_close(got, rate, f"the rate after {bad} bad epochs")


def _plateau_best_is_kept(function: Function) -> None:
    """A cut does not forget the best loss."""
    losses = [1.0, 3.0, 3.0, 2.0, 2.0]
    check_close(function(losses, 1.0, 0.5, 1), 0.25, "the rate after two cuts, patience = 1")


def _plateau_defaults(function: Function) -> None:
    """Left out, patience is 5 and a cut leaves a tenth."""
    check_close(function([1.0] + [2.0] * 5, 0.4), 0.4, "the rate after 5 bad epochs")
    check_close(function([1.0] + [2.0] * 6, 0.4), 0.04, "the rate after 6")
