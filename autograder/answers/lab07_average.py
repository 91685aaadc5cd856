"""Lab 07: answers to the exponential moving average of weights."""

from __future__ import annotations

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "ema_update",
    says="You have exchanged the shares: decay says how much of the average is kept.",
)
def shares_swapped(average: Array, w: Array, decay: float) -> Array:
    return (1 - decay) * average + decay * w


@mistake("ema_update", says="Your shares sum to more than one: the newest w counts in full.")
def newest_in_full(average: Array, w: Array, decay: float) -> Array:
    return decay * average + w


@mistake("ema_update", says="You keep the average in full and add to it, so that it grows.")
def average_kept_in_full(average: Array, w: Array, decay: float) -> Array:
    return average + (1 - decay) * w


@mistake("ema_update", says="You take the plain mean of the two, whatever decay is.")
def plain_mean(average: Array, w: Array, decay: float) -> Array:
    return (average + w) / 2


@mistake("ema_update", says="Your average forgets the newest w: it only shrinks.")
def newest_forgotten(average: Array, w: Array, decay: float) -> Array:
    return decay * average


@mistake("ema_update", says="Both of your shares are decay.")
def both_shares_decay(average: Array, w: Array, decay: float) -> Array:
    return decay * average + decay * w


@mistake("ema_update", says="You move away from the newest weights: a sign is wrong.")
def away_from_the_newest(average: Array, w: Array, decay: float) -> Array:
    return average - (1 - decay) * (w - average)


@mistake(
    "ema_update",
    says="You correct for a start at zero, as Adam does; this average starts at the weights.",
)
def bias_corrected(average: Array, w: Array, decay: float) -> Array:
    return (decay * average + (1 - decay) * w) / (1 - decay**2)


@mistake("ema_update", says="You return w as it is; the average does not count with you.")
def newest_alone(average: Array, w: Array, decay: float) -> Array:
    return w.copy()


@mistake("ema_update", says="Your share of the newest w is squared, as in an average of squares.")
def share_squared(average: Array, w: Array, decay: float) -> Array:
    return decay * average + (1 - decay) ** 2 * w


@mistake("ema_update", says="You square the weights, as RMSprop does with gradients.")
def weights_squared(average: Array, w: Array, decay: float) -> Array:
    return decay * average + (1 - decay) * w * w


@mistake("ema_update", says="Your average of float32 weights is float64.")
def averaged_as_float64(average: Array, w: Array, decay: float) -> Array:
    return np.float64(decay) * average + np.float64(1 - decay) * w


@mistake("ema_update", says="Your average is right, but it changes the caller's own average.")
def moved_towards_w_in_place(average: Array, w: Array, decay: float) -> Array:
    average += (1 - decay) * (w - average)
    return average


@variant("ema_update")
def step_towards_w(average: Array, w: Array, decay: float) -> Array:
    return average + (1 - decay) * (w - average)


@variant("ema_update")
def step_back_from_w(average: Array, w: Array, decay: float = 0.99) -> Array:
    return w - decay * (w - average)


@variant("ema_update")
def copy_mixed_in_place(average: Array, w: Array, decay: float) -> Array:
    mixed = np.array(average)
    mixed *= decay
    mixed += (1 - decay) * w
    return mixed


@variant("ema_update")
def mixed_weight_by_weight(average: Array, w: Array, decay: float) -> Array:
    pairs = zip(average.ravel().tolist(), w.ravel().tolist(), strict=True)
    mixed = [decay * old + (1 - decay) * new for old, new in pairs]
    return np.array(mixed, dtype=w.dtype).reshape(w.shape)


@variant("ema_update")
def as_a_weighted_average(average: Array, w: Array, decay: float) -> Array:
    both = np.stack([average, w])
    return np.average(both, axis=0, weights=[decay, 1 - decay]).astype(w.dtype)
