"""Learning rate schedules: how the rate changes from update to update, or epoch to epoch."""

from __future__ import annotations

import math
from collections.abc import Sequence


def inverse_decay(j: int, lr0: float, decay: float) -> float:
    """The learning rate of update j, falling as 1/j in the long run.

    η_j = lr0 / (1 + decay·j)

    Args:
        j: the number of the update (or epoch), from 0.
        lr0: the rate at j = 0.
        decay: how fast it falls; at j = 1/decay half of lr0 is left.

    >>> inverse_decay(10, 0.5, 0.1)
    0.25

    Source: 004, "Learning rate schedules".
    """
    return lr0 / (1 + decay * j)


def satisfies_robbins_monro(p: float) -> bool:
    """Whether rates η_j ∝ j^(−p) satisfy both conditions under which SGD converges.

    Σ η_j = ∞, so that no point is out of reach: p ≤ 1. Σ η_j² < ∞, so that the noise dies away:
    p > ½.

    Args:
        p: the power, any real number.

    >>> satisfies_robbins_monro(1.0), satisfies_robbins_monro(0.5)
    (True, False)

    Source: 000 "When does SGD work", 002 "SGD convergence"; Robbins and Monro, "A Stochastic
    Approximation Method" (1951).
    """
    return bool(0.5 < p <= 1)


def step_decay(epoch: int, lr0: float, factor: float = 0.5, every: int = 10) -> float:
    """The learning rate of an epoch, cut by a factor every so many epochs.

    η = lr0 · factor^⌊epoch/every⌋

    Args:
        epoch: from 0.
        lr0: the rate of the first epochs.
        factor: what each cut leaves, in (0, 1].
        every: the number of epochs between cuts.

    >>> [step_decay(epoch, 1.0) for epoch in (0, 9, 10, 20)]
    [1.0, 1.0, 0.5, 0.25]

    Source: 003, "Learning rate decay!"; 004, "Learning rate schedules".
    """
    return lr0 * factor ** (epoch // every)


def exponential_decay(epoch: int, lr0: float, rate: float) -> float:
    """The learning rate of an epoch, falling by the same factor e^(−rate) in each.

    η = lr0 · exp(−rate·epoch)

    Args:
        epoch: from 0.
        lr0: the rate of epoch 0.
        rate: how fast it falls; after ln(2)/rate epochs half of it is left.

    Source: 003, "Learning rate decay!"; 004, "Learning rate schedules".
    """
    return lr0 * math.exp(-rate * epoch)


def plateau_decay(
    losses: Sequence[float], lr: float, factor: float = 0.1, patience: int = 5
) -> float:
    """The learning rate after these losses, cut each time they have stopped improving.

    The losses are replayed from the first. One below the best so far starts the count of bad
    epochs anew, any other adds to it; a count above `patience` cuts the rate and starts anew. A
    loss must be strictly lower to count as better; torch's ReduceLROnPlateau asks for 0.01 % less
    unless its threshold is 0.

    Args:
        losses: the validation loss after each epoch so far.
        lr: the rate of the first epoch.
        factor: what each cut leaves.
        patience: how many bad epochs in a row are let pass.

    >>> plateau_decay([1.0, 1.0, 1.0], 0.5, patience=1)
    0.05

    Source: 000 and 002, "Training and minibatches".
    """
    best, bad = math.inf, 0
    for loss in losses:
        if loss < best:
            best, bad = loss, 0
        else:
            bad += 1
        if bad > patience:
            lr, bad = lr * factor, 0
    return lr
