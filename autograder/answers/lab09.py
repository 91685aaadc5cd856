"""Lab 09: answers to overfitting a small batch and to halving the learning rate."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "overfit_small_batch",
    says="You return the last loss alone; the curve of all of them is what shows the fall to zero.",
)
def last_loss_alone(
    train_step: Callable[[Array, Array], float], x: Array, y: Array, steps: int
) -> float:
    loss = 0.0
    for _ in range(steps):
        loss = train_step(x, y)
    return loss


@mistake(
    "overfit_small_batch",
    says="Your rows are drawn anew at each step; the same few are to be learnt by heart.",
)
def rows_drawn_anew(
    train_step: Callable[[Array, Array], float], x: Array, y: Array, steps: int
) -> Array:
    rng = np.random.default_rng(0)
    losses = []
    for _ in range(steps):
        rows = rng.integers(len(x), size=len(x))
        losses.append(train_step(x[rows], y[rows]))
    return np.array(losses, dtype=float)


@mistake(
    "overfit_small_batch",
    says="Your rows come in another order at each step; hand them on as they are.",
)
def rows_shuffled(
    train_step: Callable[[Array, Array], float], x: Array, y: Array, steps: int
) -> Array:
    rng = np.random.default_rng(0)
    losses = np.zeros(steps)
    for i in range(steps):
        order = rng.permutation(len(x))
        losses[i] = train_step(x[order], y[order])
    return losses


@mistake("overfit_small_batch", says="You make one step too few.")
def one_step_too_few(
    train_step: Callable[[Array, Array], float], x: Array, y: Array, steps: int
) -> Array:
    return np.array([float(train_step(x, y)) for _ in range(1, steps)])


@mistake("overfit_small_batch", says="You make one step more than you are asked for.")
def one_step_too_many(
    train_step: Callable[[Array, Array], float], x: Array, y: Array, steps: int
) -> Array:
    return np.array([float(train_step(x, y)) for _ in range(steps + 1)])


@mistake(
    "overfit_small_batch",
    says="You make an update before the first loss is kept, so the whole curve is one step late.",
)
def first_loss_thrown_away(
    train_step: Callable[[Array, Array], float], x: Array, y: Array, steps: int
) -> Array:
    train_step(x, y)
    return np.array([float(train_step(x, y)) for _ in range(steps)])


@mistake(
    "overfit_small_batch",
    says="You make two updates for each loss that you keep.",
)
def two_updates_a_step(
    train_step: Callable[[Array, Array], float], x: Array, y: Array, steps: int
) -> Array:
    losses = []
    for _ in range(steps):
        losses.append(float(train_step(x, y)))
        train_step(x, y)
    return np.array(losses)


@mistake(
    "overfit_small_batch",
    says="You stop as soon as the loss is small; all steps are asked for, and their losses.",
)
def stopped_near_zero(
    train_step: Callable[[Array, Array], float], x: Array, y: Array, steps: int
) -> Array:
    losses: list[float] = []
    while len(losses) < steps and (not losses or losses[-1] > 1e-6):
        losses.append(float(train_step(x, y)))
    return np.array(losses)


@mistake(
    "overfit_small_batch",
    says="You stop at a loss that is not finite; the curve is to show it, and to go on.",
)
def stopped_when_not_finite(
    train_step: Callable[[Array, Array], float], x: Array, y: Array, steps: int
) -> Array:
    losses: list[float] = []
    for _ in range(steps):
        losses.append(float(train_step(x, y)))
        if not math.isfinite(losses[-1]):
            break
    return np.array(losses)


@mistake("overfit_small_batch", says="You return a list; an array is asked for.")
def losses_in_a_list(
    train_step: Callable[[Array, Array], float], x: Array, y: Array, steps: int
) -> list[float]:
    return [float(train_step(x, y)) for _ in range(steps)]


@mistake(
    "overfit_small_batch",
    says="You return the lowest loss so far instead of each step's own, which hides every rise.",
)
def lowest_so_far(
    train_step: Callable[[Array, Array], float], x: Array, y: Array, steps: int
) -> Array:
    losses = np.array([float(train_step(x, y)) for _ in range(steps)])
    return np.minimum.accumulate(losses)


@mistake("overfit_small_batch", says="Your losses are rounded to single precision.")
def losses_in_float32(
    train_step: Callable[[Array, Array], float], x: Array, y: Array, steps: int
) -> Array:
    return np.array([train_step(x, y) for _ in range(steps)], dtype=np.float32)


@mistake(
    "overfit_small_batch",
    says="You hand over one row at a time; a step is an update from all the rows together.",
)
def one_row_a_step(
    train_step: Callable[[Array, Array], float], x: Array, y: Array, steps: int
) -> Array:
    rows = [k % len(x) for k in range(steps)]
    return np.array([float(train_step(x[k : k + 1], y[k : k + 1])) for k in rows])


@mistake(
    "overfit_small_batch",
    says="You centre the inputs in place: train_step is given other rows than you were, and the "
    "caller is left with them.",
)
def inputs_centred_in_place(
    train_step: Callable[[Array, Array], float], x: Array, y: Array, steps: int
) -> Array:
    x -= x.mean(dtype=x.dtype)
    return np.array([float(train_step(x, y)) for _ in range(steps)])


@variant("overfit_small_batch")
def filled_in(train_step: Callable[[Array, Array], float], x: Array, y: Array, steps: int) -> Array:
    losses = np.empty(steps)
    for k in range(steps):
        losses[k] = train_step(x, y)
    return losses


@variant("overfit_small_batch")
def from_an_iterator(train_step: Callable[..., float], x: Array, y: Array, steps: int) -> Array:
    reported = (train_step(x=x, y=y) for _ in range(steps))
    return np.fromiter(reported, dtype=np.float64, count=steps)


@variant("overfit_small_batch")
def copies_handed_on(
    train_step: Callable[[Array, Array], float],
    x: Array,
    y: Array,
    steps: int,
    verbose: bool = False,
) -> Array:
    losses: list[float] = []
    while len(losses) < steps:
        losses.append(train_step(np.array(x), np.array(y)))
        if verbose:
            print(losses[-1])
    return np.asarray(losses, dtype="float64")


@variant("overfit_small_batch")
def mapped_over_repeated_rows(
    train_step: Callable[[Array, Array], float], x: Array, y: Array, steps: int
) -> Array:
    losses = map(train_step, itertools.repeat(x, steps), itertools.repeat(y, steps))
    return np.array([np.float64(loss) for loss in losses], dtype=np.float64)


@mistake(
    "halve_until_stable",
    says="You halve before the first trial; the rate that you are given may be stable already.",
)
def halved_before_trying(diverges: Callable[[float], bool], lr: float) -> float:
    while True:
        lr = lr / 2
        if lr == 0:
            raise ValueError("no rate is stable")
        if not diverges(lr):
            return lr


@mistake(
    "halve_until_stable",
    says="You return the last rate that diverged, not the first that did not.",
)
def last_diverging_rate(diverges: Callable[[float], bool], lr: float) -> float:
    while diverges(lr / 2):
        lr = lr / 2
        if lr == 0:
            raise ValueError("no rate is stable")
    return lr


@mistake(
    "halve_until_stable",
    says="Your loop has no end if training diverges at every rate: a positive number can be halved "
    "only so often until it is zero.",
)
def no_end(diverges: Callable[[float], bool], lr: float) -> float:
    while diverges(lr):
        lr = lr / 2
    return lr


@mistake(
    "halve_until_stable",
    says="You return zero where no rate is stable; that hides the bug, which an error would tell.",
)
def zero_returned(diverges: Callable[[float], bool], lr: float) -> float:
    while lr > 0 and diverges(lr):
        lr = lr / 2
    return lr


@mistake("halve_until_stable", says="You divide by ten, and so leave out most of the rates.")
def divided_by_ten(diverges: Callable[[float], bool], lr: float) -> float:
    while diverges(lr):
        lr = lr / 10
        if lr == 0:
            raise ValueError("no rate is stable")
    return lr


@mistake(
    "halve_until_stable",
    says="You halve once more after a stable rate is found.",
)
def halved_once_more(diverges: Callable[[float], bool], lr: float) -> float:
    first = lr
    while diverges(lr):
        lr = lr / 2
        if lr == 0:
            raise ValueError("no rate is stable")
    return lr / 2 if lr < first else lr


@mistake(
    "halve_until_stable",
    says="You give up after ten rates, and return one at which training diverges.",
)
def ten_rates_at_most(diverges: Callable[[float], bool], lr: float) -> float:
    for _ in range(10):
        if not diverges(lr):
            break
        lr = lr / 2
    if lr < 1e-300:
        raise ValueError("no rate is stable")
    return lr


@mistake(
    "halve_until_stable",
    says="You halve as long as training is stable; it is the other way round.",
)
def halved_while_stable(diverges: Callable[[float], bool], lr: float) -> float:
    while not diverges(lr):
        lr = lr / 2
        if lr == 0:
            break
    return lr


@mistake(
    "halve_until_stable",
    says="You return how often the rate was halved; the rate itself is asked for.",
)
def number_of_halvings(diverges: Callable[[float], bool], lr: float) -> int:
    for k in range(1100):
        if lr / 2**k == 0:
            break
        if not diverges(lr / 2**k):
            return k
    raise ValueError("no rate is stable")


@mistake(
    "halve_until_stable",
    says="You compare the answer with the constant True; other kinds of truth, as NumPy's, fail.",
)
def only_the_constant_true(diverges: Callable[[float], bool], lr: float) -> float:
    while diverges(lr) is True:
        lr = lr / 2
        if lr == 0:
            raise ValueError("no rate is stable")
    return lr


@mistake(
    "halve_until_stable",
    says="You look for the smallest rate that is stable, from below; ask for the first from above.",
)
def searched_from_below(diverges: Callable[[float], bool], lr: float) -> float:
    small = lr / 2**30
    if small == 0 or diverges(small):
        raise ValueError("no rate is stable")
    while small < lr and not diverges(2 * small):
        small = 2 * small
    return small


@variant("halve_until_stable")
def powers_of_a_half(diverges: Callable[[float], bool], lr: float) -> float:
    for k in itertools.count():
        rate = math.ldexp(lr, -k)
        if rate == 0:
            raise ValueError("training diverges at every rate")
        if not diverges(rate):
            return rate
    raise AssertionError


@variant("halve_until_stable")
def by_recursion(diverges: Callable[..., bool], lr: float) -> float:
    if lr == 0:
        raise ValueError("nothing left to halve")
    return by_recursion(diverges, lr * 0.5) if diverges(lr=lr) else lr


@variant("halve_until_stable")
def with_a_smallest_rate(
    diverges: Callable[[float], bool], lr: float, smallest: float = 1e-300
) -> float:
    rate = float(lr)
    while rate >= smallest:
        if not diverges(rate):
            return rate
        rate /= 2
    raise ValueError(f"training diverges down to {smallest}")


@variant("halve_until_stable")
def bounded_loop(diverges: Callable[[float], bool], lr: float) -> float:
    for _ in range(2100):
        if lr == 0 or not diverges(lr):
            break
        lr *= 0.5
    if not lr:
        raise ValueError("training diverges at every learning rate")
    return lr
