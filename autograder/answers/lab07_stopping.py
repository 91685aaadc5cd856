"""Lab 07: answers to early stopping."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np

from autograder.answers import mistake, variant


@mistake(
    "early_stopping",
    says="You return the epoch where training ends; the weights to keep are those of the best.",
)
def epoch_where_training_ends(losses: Sequence[float], patience: int) -> int:
    best, bad = math.inf, 0
    for epoch, loss in enumerate(losses):
        bad = 0 if loss < best else bad + 1
        best = loss if loss < best else best
        if bad >= patience:
            return epoch
    return len(losses) - 1


@mistake("early_stopping", says="You count epochs from 1; the first is number 0.")
def epochs_from_one(losses: Sequence[float], patience: int) -> int:
    best, best_loss, bad = 0, math.inf, 0
    for epoch, loss in enumerate(losses, start=1):
        if loss < best_loss:
            best, best_loss, bad = epoch, loss, 0
        else:
            bad += 1
        if bad >= patience:
            break
    return best


@mistake(
    "early_stopping",
    says="A loss that only equals the best counts as better with you; it has to be below it.",
)
def equal_loss_taken(losses: Sequence[float], patience: int) -> int:
    best, best_loss, bad = 0, math.inf, 0
    for epoch, loss in enumerate(losses):
        if loss <= best_loss:
            best, best_loss, bad = epoch, loss, 0
        else:
            bad += 1
        if bad >= patience:
            break
    return best


@mistake("early_stopping", says="You wait one epoch longer than patience allows.")
def one_epoch_too_patient(losses: Sequence[float], patience: int) -> int:
    best, best_loss, bad = 0, math.inf, 0
    for epoch, loss in enumerate(losses):
        if loss < best_loss:
            best, best_loss, bad = epoch, loss, 0
        else:
            bad += 1
        if bad > patience:
            break
    return best


@mistake("early_stopping", says="You stop one epoch before patience is used up.")
def one_epoch_too_soon(losses: Sequence[float], patience: int) -> int:
    best, best_loss, bad = 0, losses[0], 1
    for epoch, loss in enumerate(losses):
        if loss < best_loss:
            best, best_loss, bad = epoch, loss, 1
        elif epoch > 0:
            bad += 1
        if bad >= patience and epoch > best:
            break
    return best


@mistake(
    "early_stopping",
    says="Failures before an improvement still count after it; an improvement starts a new count.",
)
def failures_never_forgotten(losses: Sequence[float], patience: int) -> int:
    best, best_loss, bad = 0, math.inf, 0
    for epoch, loss in enumerate(losses):
        if loss < best_loss:
            best, best_loss = epoch, loss
        else:
            bad += 1
        if bad >= patience:
            break
    return best


@mistake(
    "early_stopping",
    says="You look at all losses; training that has stopped never gets to see the later ones.",
)
def best_of_all(losses: Sequence[float], patience: int) -> int:
    return int(np.nanargmin(losses))


@mistake(
    "early_stopping",
    says="You compare a loss with the one before it; it has to be compared with the best so far.",
)
def compared_with_the_one_before(losses: Sequence[float], patience: int) -> int:
    best, bad = 0, 0
    for epoch in range(1, len(losses)):
        bad = 0 if losses[epoch] < losses[epoch - 1] else bad + 1
        best = epoch if losses[epoch] < losses[best] else best
        if bad >= patience:
            break
    return best


@mistake("early_stopping", says="You return the loss itself; asked for is the number of its epoch.")
def loss_of_the_best(losses: Sequence[float], patience: int) -> float:
    best_loss, bad = math.inf, 0
    for loss in losses:
        bad = 0 if loss < best_loss else bad + 1
        best_loss = min(best_loss, loss)
        if bad >= patience:
            break
    return best_loss


@mistake(
    "early_stopping",
    says="A loss that is not a number passes for an improvement with you, and nothing beats it.",
)
def nan_taken_for_better(losses: Sequence[float], patience: int) -> int:
    best, best_loss, bad = 0, math.inf, 0
    for epoch, loss in enumerate(losses):
        if loss >= best_loss:
            bad += 1
        else:
            best, best_loss, bad = epoch, loss, 0
        if bad >= patience:
            break
    return best


@mistake(
    "early_stopping",
    says="A loss that is not a number is passed over by you; its epoch failed to improve too.",
)
def nan_passed_over(losses: Sequence[float], patience: int) -> int:
    best, best_loss, bad = 0, math.inf, 0
    for epoch, loss in enumerate(losses):
        if math.isnan(loss):
            continue
        if loss < best_loss:
            best, best_loss, bad = epoch, loss, 0
        else:
            bad += 1
        if bad >= patience:
            break
    return best


@mistake(
    "early_stopping",
    says="You take the first loss for the best even where it is not a number; nothing is below it.",
)
def first_loss_is_the_best(losses: Sequence[float], patience: int) -> int:
    best, best_loss, bad = 0, losses[0], 0
    for epoch in range(1, len(losses)):
        if losses[epoch] < best_loss:
            best, best_loss, bad = epoch, losses[epoch], 0
        else:
            bad += 1
        if bad >= patience:
            break
    return best


@mistake("early_stopping", says="You ask for an improvement of some size; any at all is one.")
def tiny_improvements_refused(losses: Sequence[float], patience: int) -> int:
    best, best_loss, bad = 0, math.inf, 0
    for epoch, loss in enumerate(losses):
        if loss < best_loss - 1e-4:
            best, best_loss, bad = epoch, loss, 0
        else:
            bad += 1
        if bad >= patience:
            break
    return best


@mistake("early_stopping", says="You keep the highest loss; training should make it low.")
def highest_loss_kept(losses: Sequence[float], patience: int) -> int:
    best, best_loss, bad = 0, -math.inf, 0
    for epoch, loss in enumerate(losses):
        if loss > best_loss:
            best, best_loss, bad = epoch, loss, 0
        else:
            bad += 1
        if bad >= patience:
            break
    return best


@mistake(
    "early_stopping",
    says="Your first best is 0, which no loss goes below but a negative one.",
)
def best_starts_at_zero(losses: Sequence[float], patience: int) -> int:
    best, best_loss, bad = 0, 0.0, 0
    for epoch, loss in enumerate(losses):
        if loss < best_loss:
            best, best_loss, bad = epoch, loss, 0
        else:
            bad += 1
        if bad >= patience:
            break
    return best


@mistake(
    "early_stopping",
    says="You step back by patience from the last epoch even where the losses end before that.",
)
def always_patience_before_the_end(losses: Sequence[float], patience: int) -> int:
    best_loss, bad, last = math.inf, 0, 0
    for epoch, loss in enumerate(losses):
        bad = 0 if loss < best_loss else bad + 1
        best_loss = loss if loss < best_loss else best_loss
        last = epoch
        if bad >= patience:
            break
    return max(0, last - patience)


@variant("early_stopping")
def epochs_since_the_best(losses: Sequence[float], patience: int) -> int:
    best = 0
    for epoch in range(1, len(losses)):
        first = math.isnan(losses[best]) and not math.isnan(losses[epoch])
        if losses[epoch] < losses[best] or first:
            best = epoch
        elif epoch - best >= patience:
            return best
    return best


@variant("early_stopping")
def patience_counted_down(losses: Sequence[float], patience: int, best: int = 0) -> int:
    left, epoch = patience, best
    while left and epoch + 1 < len(losses):
        epoch += 1
        left -= 1
        if not losses[epoch] >= losses[best] and not math.isnan(losses[epoch]):
            best, left = epoch, patience
    return best


@variant("early_stopping")
def by_running_minima(losses: Sequence[float], patience: int) -> int:
    values = np.array([math.inf if math.isnan(loss) else loss for loss in losses])
    minima = np.minimum.accumulate(values)
    improved = np.flatnonzero(np.append(True, minima[1:] < minima[:-1]))
    gaps = np.diff(np.append(improved, len(values) + patience))
    kept: int = improved[np.flatnonzero(gaps > patience)[0]]
    return kept


@variant("early_stopping")
def by_looking_ahead(losses: Sequence[float], patience: int) -> int:
    best, losses = 0, [math.inf if math.isnan(loss) else loss for loss in losses]
    while True:
        ahead = losses[best + 1 : best + 1 + patience]
        better = itertools.compress(itertools.count(1), [loss < losses[best] for loss in ahead])
        step = next(better, None)
        if step is None:
            return best
        best += step
