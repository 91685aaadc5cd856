"""The babysitter's tools: overfit a few rows, find a learning rate, search at random."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from dlcourse.backend import Array

Config: TypeAlias = dict[str, Any]


def overfit_small_batch(
    train_step: Callable[[Array, Array], float], x: Array, y: Array, steps: int
) -> np.ndarray:
    """The losses of training on the same few rows again and again: they should go to zero.

    A network that cannot learn a few rows by heart has a bug, or no capacity.

    Args:
        train_step: ``train_step(x, y) -> loss``, one update.
        x: a few inputs, handed on as they are.
        y: their targets.
        steps: the number of updates.

    Returns:
        The loss that each step reported, (steps,), float64.

    Source: 004, "Babysitting Deep Nets".
    """
    return np.array([float(train_step(x, y)) for _ in range(steps)])


def lr_range_test(
    train_step: Callable[[float], float], lrs: Sequence[float]
) -> tuple[np.ndarray, float]:
    """The losses while the learning rate grows, and the rate at which they fall fastest.

    The slope of the loss by log lr is taken by central differences, and up to the first loss that
    is not finite.

    Args:
        train_step: ``train_step(lr) -> loss``, one update of the same network.
        lrs: learning rates, positive and ascending; at least two.

    Returns:
        ``(losses, suggested)``: the loss that each step reported, (len(lrs),), and one of `lrs`.

    Raises:
        ValueError: if fewer than two losses are finite at the start.

    Source: 004, "Learning rate in practice"; Smith, 2017.
    """
    losses = np.array([float(train_step(lr)) for lr in lrs])
    finite = np.isfinite(losses)
    usable = len(losses) if finite.all() else int(np.argmin(finite))
    if usable < 2:
        raise ValueError(
            f"expected two finite losses at least, got {usable}; start from a lower lr"
        )
    slopes = np.gradient(losses[:usable], np.log(np.asarray(lrs[:usable], dtype=np.float64)))
    return losses, float(lrs[int(np.argmin(slopes))])


def halve_until_stable(diverges: Callable[[float], bool], lr: float) -> float:
    """The first of lr, lr/2, lr/4, … at which training does not diverge.

    Args:
        diverges: ``diverges(lr)``: whether a short run at this learning rate diverges.
        lr: a large learning rate to start from.

    Raises:
        ValueError: if training diverges at every positive learning rate.

    Source: 003, "Optimization Tricks".
    """
    while diverges(lr):
        lr = lr / 2
        if lr == 0:
            raise ValueError("training diverges at every learning rate: look for a bug instead")
    return lr


def log_uniform(low: float, high: float, n: int, rng: np.random.Generator) -> np.ndarray:
    """Random numbers whose logarithm is uniform: every decade is equally likely.

    Args:
        low: the smallest, positive.
        high: the largest.
        n: how many.
        rng: gives the draws.

    Returns:
        Numbers in [low, high], (n,), float64.

    Source: 004, "Learning rate in practice"; Bergstra and Bengio, 2012.
    """
    exponents = rng.uniform(math.log(low), math.log(high), size=n)
    return np.clip(np.exp(exponents), low, high)


def random_search(
    objective: Callable[[Config], float],
    space: Mapping[str, Callable[[np.random.Generator], Any]],
    trials: int,
    rng: np.random.Generator,
) -> tuple[Config, list[tuple[Config, float]]]:
    """Try random settings, and keep the one whose objective is least.

    Args:
        objective: ``objective(config) -> value``, to minimise; NaN counts as worst.
        space: for each hyper-parameter a function that draws it: ``{"lr": lambda rng: …}``.
        trials: how many settings to try, at least 1.
        rng: handed to the draws, in the order of `space`.

    Returns:
        ``(best, history)``: the best config, the first of equals; and (config, value) for every
        trial.

    Source: 003 (outline: "hyperparameter selection"); Bergstra and Bengio, 2012.
    """
    history = []
    for _ in range(trials):
        config = {name: draw(rng) for name, draw in space.items()}
        history.append((config, float(objective(config))))
    best, _ = min(history, key=lambda trial: math.inf if math.isnan(trial[1]) else trial[1])
    return best, history
