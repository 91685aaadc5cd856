"""Lab 03: answers to the rate that is cut on plateaus, which differ in the cuts."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from autograder.answers import mistake, variant


@mistake(
    "plateau_decay",
    says="After a cut your count of bad epochs goes on, so that every further bad epoch cuts "
    "again.",
)
def count_not_reset_by_a_cut(
    losses: Sequence[float], lr: float, factor: float = 0.1, patience: int = 5
) -> float:
    best, bad = math.inf, 0
    for loss in losses:
        if loss < best:
            best, bad = loss, 0
        else:
            bad += 1
        if bad > patience:
            lr = lr * factor
    return lr


@mistake("plateau_decay", says="You cut at every bad epoch; patience has no effect.")
def cut_at_every_bad_epoch(
    losses: Sequence[float], lr: float, factor: float = 0.1, patience: int = 5
) -> float:
    best, bad = math.inf, 0
    for loss in losses:
        if loss < best:
            best, bad = loss, 0
        else:
            bad += 1
        if bad > 0:
            lr, bad = lr * factor, 0
    return lr


@mistake(
    "plateau_decay",
    says="With a cut you forget the best loss, so that any loss after it is an improvement.",
)
def best_forgotten_at_a_cut(
    losses: Sequence[float], lr: float, factor: float = 0.1, patience: int = 5
) -> float:
    best, bad = math.inf, 0
    for loss in losses:
        if loss < best:
            best, bad = loss, 0
        else:
            bad += 1
        if bad > patience:
            lr, bad, best = lr * factor, 0, math.inf
    return lr


@mistake(
    "plateau_decay",
    says="With a cut you take the latest loss for the best; the best stays what it was.",
)
def best_replaced_at_a_cut(
    losses: Sequence[float], lr: float, factor: float = 0.1, patience: int = 5
) -> float:
    best, bad = math.inf, 0
    for loss in losses:
        if loss < best:
            best, bad = loss, 0
        else:
            bad += 1
        if bad > patience:
            lr, bad, best = lr * factor, 0, loss
    return lr


@mistake(
    "plateau_decay",
    says="You cut once and then return; the losses go on, and there may be more cuts.",
)
def cut_only_once(
    losses: Sequence[float], lr: float, factor: float = 0.1, patience: int = 5
) -> float:
    best, bad = math.inf, 0
    for loss in losses:
        if loss < best:
            best, bad = loss, 0
        else:
            bad += 1
        if bad > patience:
            return lr * factor
    return lr


@mistake("plateau_decay", says="A second cut leaves your rate where the first one put it.")
def rate_set_instead_of_cut(
    losses: Sequence[float], lr: float, factor: float = 0.1, patience: int = 5
) -> float:
    first = lr
    best, bad = math.inf, 0
    for loss in losses:
        if loss < best:
            best, bad = loss, 0
        else:
            bad += 1
        if bad > patience:
            lr, bad = first * factor, 0
    return lr


@mistake(
    "plateau_decay", says="You subtract the factor; it is the part of the rate that a cut leaves."
)
def factor_subtracted(
    losses: Sequence[float], lr: float, factor: float = 0.1, patience: int = 5
) -> float:
    best, bad = math.inf, 0
    for loss in losses:
        if loss < best:
            best, bad = loss, 0
        else:
            bad += 1
        if bad > patience:
            lr, bad = lr * (1 - factor), 0
    return lr


@mistake("plateau_decay", says="Your rate grows on a plateau.")
def divided_by_factor(
    losses: Sequence[float], lr: float, factor: float = 0.1, patience: int = 5
) -> float:
    best, bad = math.inf, 0
    for loss in losses:
        if loss < best:
            best, bad = loss, 0
        else:
            bad += 1
        if bad > patience:
            lr, bad = lr / factor, 0
    return lr


@mistake(
    "plateau_decay", says="You look at your count only when the loss improves, and so cut too late."
)
def cut_in_the_improving_branch(
    losses: Sequence[float], lr: float, factor: float = 0.1, patience: int = 5
) -> float:
    best, bad = math.inf, 0
    for loss in losses:
        if loss < best:
            if bad > patience:
                lr = lr * factor
            best, bad = loss, 0
        else:
            bad += 1
    return lr


@mistake("plateau_decay", says="You return a list of rates; the last one alone is asked for.")
def all_rates_returned(
    losses: Sequence[float], lr: float, factor: float = 0.1, patience: int = 5
) -> list[float]:
    best, bad, rates = math.inf, 0, [lr]
    for loss in losses:
        bad = 0 if loss < best else bad + 1
        best = min(best, loss)
        if bad > patience:
            lr, bad = lr * factor, 0
        rates.append(lr)
    return rates


@mistake("plateau_decay", says="Your factor differs from the one asked for unless it is given.")
def another_factor(
    losses: Sequence[float], lr: float, factor: float = 0.5, patience: int = 5
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
def counting_down(
    losses: Sequence[float], lr: float, factor: float = 0.1, patience: int = 5, verbose: bool = True
) -> float:
    best, left = np.inf, patience
    for loss in losses:
        if loss < best:
            best, left = loss, patience
        elif left == 0:
            lr *= factor
            left = patience
            if verbose:
                print("cut to", lr)
        else:
            left -= 1
    return lr
