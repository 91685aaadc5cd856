"""Lab 03: answers to the rate that is cut on plateaus, which differ in what is bad."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np

from autograder.answers import mistake, variant


@mistake(
    "plateau_decay",
    says="You cut as soon as the bad epochs reach your patience; one more has to come.",
)
def impatient_by_one(
    losses: Sequence[float], lr: float, factor: float = 0.1, patience: int = 5
) -> float:
    best, bad = math.inf, 0
    for loss in losses:
        if loss < best:
            best, bad = loss, 0
        else:
            bad += 1
        if bad >= patience:
            lr, bad = lr * factor, 0
    return lr


@mistake("plateau_decay", says="You wait for one bad epoch more than patience demands.")
def patient_by_one(
    losses: Sequence[float], lr: float, factor: float = 0.1, patience: int = 5
) -> float:
    best, bad = math.inf, 0
    for loss in losses:
        if loss < best:
            best, bad = loss, 0
        else:
            bad += 1
        if bad > patience + 1:
            lr, bad = lr * factor, 0
    return lr


@mistake(
    "plateau_decay",
    says="A loss that only equals the best so far counts as an improvement with you.",
)
def equal_taken_for_better(
    losses: Sequence[float], lr: float, factor: float = 0.1, patience: int = 5
) -> float:
    best, bad = math.inf, 0
    for loss in losses:
        if loss <= best:
            best, bad = loss, 0
        else:
            bad += 1
        if bad > patience:
            lr, bad = lr * factor, 0
    return lr


@mistake(
    "plateau_decay",
    says="An improvement does not end your count of bad epochs: they need not be in a row.",
)
def count_not_reset_by_improvement(
    losses: Sequence[float], lr: float, factor: float = 0.1, patience: int = 5
) -> float:
    best, bad = math.inf, 0
    for loss in losses:
        if loss < best:
            best = loss
        else:
            bad += 1
        if bad > patience:
            lr, bad = lr * factor, 0
    return lr


@mistake(
    "plateau_decay", says="You compare with the first loss for ever: the best so far has to follow."
)
def best_not_updated(
    losses: Sequence[float], lr: float, factor: float = 0.1, patience: int = 5
) -> float:
    best, bad = (losses[0] if len(losses) else math.inf), -1
    for loss in losses:
        if loss < best:
            bad = 0
        else:
            bad += 1
        if bad > patience:
            lr, bad = lr * factor, 0
    return lr


@mistake(
    "plateau_decay",
    says="You compare each loss with the one before; what counts is the best of all before.",
)
def compared_with_the_last_loss(
    losses: Sequence[float], lr: float, factor: float = 0.1, patience: int = 5
) -> float:
    last, bad = math.inf, 0
    for loss in losses:
        bad = 0 if loss < last else bad + 1
        last = loss
        if bad > patience:
            lr, bad = lr * factor, 0
    return lr


@mistake("plateau_decay", says="A worse loss replaces your best.")
def best_follows_bad_losses(
    losses: Sequence[float], lr: float, factor: float = 0.1, patience: int = 5
) -> float:
    best, bad = math.inf, 0
    for loss in losses:
        if loss < best:
            best, bad = loss, 0
        else:
            best, bad = loss, bad + 1
        if bad > patience:
            lr, bad = lr * factor, 0
    return lr


@mistake("plateau_decay", says="Your first loss counts as a bad epoch: it is compared with itself.")
def first_loss_taken_for_bad(
    losses: Sequence[float], lr: float, factor: float = 0.1, patience: int = 5
) -> float:
    best, bad = (losses[0] if len(losses) else math.inf), 0
    for loss in losses:
        if loss < best:
            best, bad = loss, 0
        else:
            bad += 1
        if bad > patience:
            lr, bad = lr * factor, 0
    return lr


@mistake("plateau_decay", says="Your best loss starts at zero, which few losses ever reach.")
def best_starts_at_zero(
    losses: Sequence[float], lr: float, factor: float = 0.1, patience: int = 5
) -> float:
    best, bad = 0.0, 0
    for loss in losses:
        if loss < best:
            best, bad = loss, 0
        else:
            bad += 1
        if bad > patience:
            lr, bad = lr * factor, 0
    return lr


@mistake("plateau_decay", says="You wait for the losses to rise: lower is better.")
def highest_taken_for_best(
    losses: Sequence[float], lr: float, factor: float = 0.1, patience: int = 5
) -> float:
    best, bad = -math.inf, 0
    for loss in losses:
        if loss > best:
            best, bad = loss, 0
        else:
            bad += 1
        if bad > patience:
            lr, bad = lr * factor, 0
    return lr


@mistake(
    "plateau_decay",
    says="A slight improvement does not count with you, as in PyTorch; any lower loss counts here.",
)
def improvement_relative(
    losses: Sequence[float], lr: float, factor: float = 0.1, patience: int = 5
) -> float:
    best, bad = math.inf, 0
    for loss in losses:
        if loss < best - 1e-4 * abs(best):
            best, bad = loss, 0
        else:
            bad += 1
        if bad > patience:
            lr, bad = lr * factor, 0
    return lr


@mistake(
    "plateau_decay",
    says="You look at the last losses only and cut once; earlier plateaus have cut the rate, too.",
)
def judged_by_the_last_losses_alone(
    losses: Sequence[float], lr: float, factor: float = 0.1, patience: int = 5
) -> float:
    if len(losses) > patience + 1 and min(losses[-patience - 1 :]) >= min(losses[: -patience - 1]):
        return lr * factor
    return lr


@mistake("plateau_decay", says="Your replay ends one loss too early.")
def last_loss_ignored(
    losses: Sequence[float], lr: float, factor: float = 0.1, patience: int = 5
) -> float:
    best, bad = math.inf, 0
    for loss in losses[:-1]:
        if loss < best:
            best, bad = loss, 0
        else:
            bad += 1
        if bad > patience:
            lr, bad = lr * factor, 0
    return lr


@mistake("plateau_decay", says="Your patience differs from the one asked for unless it is given.")
def another_patience(
    losses: Sequence[float], lr: float, factor: float = 0.1, patience: int = 10
) -> float:
    best, bad = math.inf, 0
    for loss in losses:
        if loss < best:
            best, bad = loss, 0
        else:
            bad += 1
        if bad > patience:
            lr, bad = lr * factor, 0
    return lr


@variant("plateau_decay")
def lowest_of_all_before(
    losses: Sequence[float], lr: float, factor: float = 0.1, patience: int = 5
) -> float:
    bad = 0
    for epoch in range(len(losses)):
        improved = epoch == 0 or losses[epoch] < min(losses[:epoch])
        bad = 0 if improved else bad + 1
        if bad == patience + 1:
            lr = factor * lr
            bad = 0
    return lr


@variant("plateau_decay")
def stretches_without_a_record(
    losses: Sequence[float], lr: float, factor: float = 0.1, patience: int = 5
) -> float:
    values = np.array(losses, dtype=float)
    if len(values) == 0:
        return lr
    best = np.minimum.accumulate(values)
    records = np.flatnonzero(np.concatenate([[True], best[1:] < best[:-1]]))
    stretches = np.diff([*records, len(values)]) - 1
    return float(lr * factor ** int(np.sum(stretches // (patience + 1))))


@variant("plateau_decay")
def replayed_by_groups(
    losses: Sequence[float], lr: float, factor: float = 0.1, patience: int = 5
) -> float:
    lows = itertools.accumulate(losses, min)
    for _, group in itertools.groupby(lows):
        for _ in range((len(list(group)) - 1) // (patience + 1)):
            lr = lr * factor
    return lr
