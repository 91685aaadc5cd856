"""Lab 09: answers to the learning-rate range test."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "lr_range_test",
    says="You suggest the rate of the lowest loss; there it is about to blow up, and what counts "
    "is where it falls fastest.",
)
def rate_of_the_lowest_loss(
    train_step: Callable[[float], float], lrs: Sequence[float]
) -> tuple[Array, float]:
    losses = np.array([float(train_step(lr)) for lr in lrs])
    finite = np.isfinite(losses)
    usable = len(losses) if finite.all() else int(np.argmin(finite))
    if usable < 2:
        raise ValueError("too few finite losses")
    return losses, float(lrs[int(np.argmin(losses[:usable]))])


@mistake(
    "lr_range_test",
    says="Your slope is taken by the rate itself, which makes the smallest rates the steepest; "
    "take it by the rate's logarithm.",
)
def slope_by_the_rate(
    train_step: Callable[[float], float], lrs: Sequence[float]
) -> tuple[Array, float]:
    losses = np.array([float(train_step(lr)) for lr in lrs])
    finite = np.isfinite(losses)
    usable = len(losses) if finite.all() else int(np.argmin(finite))
    if usable < 2:
        raise ValueError("too few finite losses")
    slopes = np.gradient(losses[:usable], np.asarray(lrs)[:usable])
    return losses, float(lrs[int(np.argmin(slopes))])


@mistake(
    "lr_range_test",
    says="Your differences leave out how far apart the rates are; on an even grid that is no "
    "matter, on any other it is.",
)
def distances_left_out(
    train_step: Callable[[float], float], lrs: Sequence[float]
) -> tuple[Array, float]:
    losses = np.array([float(train_step(lr)) for lr in lrs])
    finite = np.isfinite(losses)
    usable = len(losses) if finite.all() else int(np.argmin(finite))
    if usable < 2:
        raise ValueError("too few finite losses")
    return losses, float(lrs[int(np.argmin(np.gradient(losses[:usable])))])


@mistake(
    "lr_range_test",
    says="You look at all losses, those after the blow-up included; only the ones before the first "
    "that is not finite mean anything.",
)
def losses_after_the_wreck_count(
    train_step: Callable[[float], float], lrs: Sequence[float]
) -> tuple[Array, float]:
    losses = np.array([float(train_step(lr)) for lr in lrs])
    if not np.isfinite(losses[:2]).all():
        raise ValueError("too few finite losses")
    with np.errstate(invalid="ignore"):
        slopes = np.gradient(losses, np.log(np.asarray(lrs)))
    return losses, float(lrs[int(np.nanargmin(np.where(np.isfinite(slopes), slopes, np.nan)))])


@mistake(
    "lr_range_test",
    says="You leave out every loss that is not finite and go on after it; the run was over there.",
)
def wrecks_cut_out(
    train_step: Callable[[float], float], lrs: Sequence[float]
) -> tuple[Array, float]:
    losses = np.array([float(train_step(lr)) for lr in lrs])
    if not np.isfinite(losses[:2]).all():
        raise ValueError("too few finite losses")
    finite, rates = np.isfinite(losses), np.asarray(lrs)
    slopes = np.gradient(losses[finite], np.log(rates[finite]))
    return losses, float(rates[finite][int(np.argmin(slopes))])


@mistake(
    "lr_range_test",
    says="You take each slope to the next rate alone; a central difference looks to both sides.",
)
def forward_differences(
    train_step: Callable[[float], float], lrs: Sequence[float]
) -> tuple[Array, float]:
    losses = np.array([float(train_step(lr)) for lr in lrs])
    finite = np.isfinite(losses)
    usable = len(losses) if finite.all() else int(np.argmin(finite))
    if usable < 2:
        raise ValueError("too few finite losses")
    slopes = np.diff(losses[:usable]) / np.diff(np.log(lrs[:usable]))
    return losses, float(lrs[int(np.argmin(slopes))])


@mistake(
    "lr_range_test",
    says="Each of your slopes looks back to the rate before alone; a central difference looks to "
    "both sides.",
)
def backward_differences(
    train_step: Callable[[float], float], lrs: Sequence[float]
) -> tuple[Array, float]:
    losses = np.array([float(train_step(lr)) for lr in lrs])
    finite = np.isfinite(losses)
    usable = len(losses) if finite.all() else int(np.argmin(finite))
    if usable < 2:
        raise ValueError("too few finite losses")
    slopes = np.diff(losses[:usable]) / np.diff(np.log(lrs[:usable]))
    return losses, float(lrs[1 + int(np.argmin(slopes))])


@mistake(
    "lr_range_test",
    says="You take the steepest change, be it a fall or a rise; a rise is where training breaks.",
)
def steepest_change(
    train_step: Callable[[float], float], lrs: Sequence[float]
) -> tuple[Array, float]:
    losses = np.array([float(train_step(lr)) for lr in lrs])
    finite = np.isfinite(losses)
    usable = len(losses) if finite.all() else int(np.argmin(finite))
    if usable < 2:
        raise ValueError("too few finite losses")
    slopes = np.gradient(losses[:usable], np.log(np.asarray(lrs)[:usable]))
    return losses, float(lrs[int(np.argmax(np.abs(slopes)))])


@mistake("lr_range_test", says="You take the steepest rise; the fall has the other sign.")
def steepest_rise(
    train_step: Callable[[float], float], lrs: Sequence[float]
) -> tuple[Array, float]:
    losses = np.array([float(train_step(lr)) for lr in lrs])
    finite = np.isfinite(losses)
    usable = len(losses) if finite.all() else int(np.argmin(finite))
    if usable < 2:
        raise ValueError("too few finite losses")
    slopes = np.gradient(losses[:usable], np.log(np.asarray(lrs)[:usable]))
    return losses, float(lrs[int(np.argmax(slopes))])


@mistake(
    "lr_range_test",
    says="You return the place of the suggested rate among the others, not the rate.",
)
def place_returned(train_step: Callable[[float], float], lrs: Sequence[float]) -> tuple[Array, int]:
    losses = np.array([float(train_step(lr)) for lr in lrs])
    finite = np.isfinite(losses)
    usable = len(losses) if finite.all() else int(np.argmin(finite))
    if usable < 2:
        raise ValueError("too few finite losses")
    return losses, int(np.argmin(np.gradient(losses[:usable], np.log(lrs[:usable]))))


@mistake(
    "lr_range_test",
    says="You stop at the first loss that is not finite, so the others are missing from the array.",
)
def stopped_at_the_wreck(
    train_step: Callable[[float], float], lrs: Sequence[float]
) -> tuple[Array, float]:
    losses: list[float] = []
    for lr in lrs:
        losses.append(float(train_step(lr)))
        if not math.isfinite(losses[-1]):
            break
    usable = len(losses) if math.isfinite(losses[-1]) else len(losses) - 1
    if usable < 2:
        raise ValueError("too few finite losses")
    slopes = np.gradient(losses[:usable], np.log(lrs[:usable]))
    return np.array(losses), float(lrs[int(np.argmin(slopes))])


@mistake(
    "lr_range_test",
    says="You leave out the two ends; there the slope is that to the one neighbour.",
)
def ends_left_out(
    train_step: Callable[[float], float], lrs: Sequence[float]
) -> tuple[Array, float]:
    losses = np.array([float(train_step(lr)) for lr in lrs])
    finite = np.isfinite(losses)
    usable = len(losses) if finite.all() else int(np.argmin(finite))
    if usable < 2:
        raise ValueError("too few finite losses")
    if usable == 2:
        return losses, float(lrs[0])
    logs = np.log(np.asarray(lrs)[:usable])
    slopes = (losses[2:usable] - losses[: usable - 2]) / (logs[2:] - logs[:-2])
    return losses, float(lrs[1 + int(np.argmin(slopes))])


@mistake(
    "lr_range_test",
    says="You try the rates from the largest down, which ruins the network before it has begun.",
)
def largest_rate_first(
    train_step: Callable[[float], float], lrs: Sequence[float]
) -> tuple[Array, float]:
    losses = np.array([float(train_step(lr)) for lr in reversed(list(lrs))])[::-1].copy()
    finite = np.isfinite(losses)
    usable = len(losses) if finite.all() else int(np.argmin(finite))
    if usable < 2:
        raise ValueError("too few finite losses")
    slopes = np.gradient(losses[:usable], np.log(np.asarray(lrs)[:usable]))
    return losses, float(lrs[int(np.argmin(slopes))])


@mistake(
    "lr_range_test",
    says="A run that is lost from its start gets a suggestion; it is to be refused.",
)
def lost_runs_accepted(
    train_step: Callable[[float], float], lrs: Sequence[float]
) -> tuple[Array, float]:
    losses = np.array([float(train_step(lr)) for lr in lrs])
    finite = np.isfinite(losses)
    usable = len(losses) if finite.all() else int(np.argmin(finite))
    if usable < 2:
        return losses, float(lrs[0])
    slopes = np.gradient(losses[:usable], np.log(np.asarray(lrs)[:usable]))
    return losses, float(lrs[int(np.argmin(slopes))])


@mistake(
    "lr_range_test",
    says="Taking the logarithm in place changes the caller's own rates; make a new array of them.",
)
def logarithm_in_place(
    train_step: Callable[[float], float], lrs: Sequence[float]
) -> tuple[Array, float]:
    losses = np.array([float(train_step(lr)) for lr in lrs])
    finite = np.isfinite(losses)
    usable = len(losses) if finite.all() else int(np.argmin(finite))
    if usable < 2:
        raise ValueError("too few finite losses")
    rates = np.asarray(lrs)
    tried = list(lrs)
    np.log(rates, out=rates)
    slopes = np.gradient(losses[:usable], rates[:usable])
    return losses, float(tried[int(np.argmin(slopes))])


@variant("lr_range_test")
def slopes_by_hand(
    train_step: Callable[[float], float], lrs: Sequence[float]
) -> tuple[Array, float]:
    losses = [float(train_step(lr)) for lr in lrs]
    usable = 0
    while usable < len(losses) and math.isfinite(losses[usable]):
        usable += 1
    if usable < 2:
        raise ValueError("start from a lower learning rate")
    best, steepest = 0, math.inf
    for i in range(usable):
        before, after = max(i - 1, 0), min(i + 1, usable - 1)
        rise = losses[after] - losses[before]
        slope = rise / (math.log(lrs[after]) - math.log(lrs[before]))
        if slope < steepest:
            best, steepest = i, slope
    return np.array(losses), lrs[best]


@variant("lr_range_test")
def by_powers_of_ten(train_step: Callable[..., float], lrs: Sequence[float]) -> tuple[Array, float]:
    losses = np.zeros(len(lrs))
    for i, lr in enumerate(lrs):
        losses[i] = train_step(lr=float(lr))
    end = next((i for i, loss in enumerate(losses) if not np.isfinite(loss)), len(losses))
    if end < 2:
        raise ValueError(f"only {end} finite losses")
    slopes = np.gradient(losses[:end], np.log10(lrs[:end]), edge_order=1)
    return losses, float(np.asarray(lrs)[slopes.argmin()])


@variant("lr_range_test")
def steepest_by_a_fall(
    train_step: Callable[[float], float], lrs: Sequence[float], plot: bool = False
) -> tuple[Array, float]:
    rates = np.array(lrs, dtype=float)
    losses = np.fromiter((train_step(lr) for lr in lrs), dtype=float, count=len(rates))
    wrecks = np.flatnonzero(~np.isfinite(losses))
    end = wrecks[0] if wrecks.size else len(losses)
    if end < 2:
        raise ValueError("two finite losses are needed")
    before = np.maximum(np.arange(end) - 1, 0)
    after = np.minimum(np.arange(end) + 1, end - 1)
    falls = (losses[before] - losses[after]) / np.log(rates[after] / rates[before])
    return losses, rates[np.argmax(falls)]
