"""Lab 01: answers to its schedules, and to its averages of weights and of losses."""

from __future__ import annotations

from collections import deque
from fractions import Fraction

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake("inverse_decay", says="Your rate falls exponentially; it should fall as 1/j.")
def exponential_decay(j: int, lr0: float, decay: float) -> float:
    return float(lr0 * np.exp(-decay * j))


@mistake("inverse_decay", says="You raise the denominator to the power j; j multiplies the decay.")
def power_of_j(j: int, lr0: float, decay: float) -> float:
    return lr0 / (1 + decay) ** j


@mistake("inverse_decay", says="Your denominator lacks the 1, without which there is no rate at 0.")
def denominator_without_one(j: int, lr0: float, decay: float) -> float:
    return lr0 / max(decay * j, 1e-12)


@mistake("inverse_decay", says="Your rate takes no notice of decay.")
def decay_ignored(j: int, lr0: float, decay: float) -> float:
    return lr0 / (1 + j)


@mistake("inverse_decay", says="You count j from 1; at j = 0 the rate is lr0 itself.")
def counted_from_one(j: int, lr0: float, decay: float) -> float:
    return lr0 / (1 + decay * (j - 1))


@mistake("inverse_decay", says="You divide by 1 + decay and multiply by j: mind the brackets.")
def bracket_misplaced(j: int, lr0: float, decay: float) -> float:
    return lr0 / (1 + decay) * j


@mistake("inverse_decay", says="Your division rounds down; a rate is no whole number.")
def division_rounded_down(j: int, lr0: float, decay: float) -> float:
    return lr0 // (1 + decay * j)


@mistake("inverse_decay", says="Your rate falls on a straight line, and below zero in the end.")
def straight_line(j: int, lr0: float, decay: float) -> float:
    return lr0 * (1 - decay * j)


@variant("inverse_decay")
def reciprocal_of_a_sum(j: int, lr0: float, decay: float) -> float:
    return 1.0 / (1.0 / lr0 + decay * j / lr0)


@variant("inverse_decay")
def power_of_minus_one(j: int, lr0: float, decay: float, floor: float = 0.0) -> np.floating:
    return np.float64(max(lr0 * (1 + decay * j) ** -1.0, floor))


@variant("inverse_decay")
def array_without_dimensions(j: int, lr0: float, decay: float) -> Array:
    return np.asarray(np.divide(lr0, np.add(1, np.multiply(decay, j))))


@mistake(
    "satisfies_robbins_monro",
    says="At p = ½ the squares are the harmonic series. Is its sum finite?",
)
def lower_end_included(p: float) -> bool:
    return 0.5 <= p <= 1


@mistake(
    "satisfies_robbins_monro", says="At p = 1 the rates are the harmonic series. Is its sum finite?"
)
def upper_end_left_out(p: float) -> bool:
    return 0.5 < p < 1


@mistake(
    "satisfies_robbins_monro",
    says="You look at the sum of the squares alone, not of the rates.",
)
def squares_alone(p: float) -> bool:
    return p > 0.5


@mistake(
    "satisfies_robbins_monro",
    says="You look at the sum of the rates alone, not of their squares.",
)
def sum_alone(p: float) -> bool:
    return p <= 1


@mistake(
    "satisfies_robbins_monro",
    says="Rates that fall are not enough: look at their squares.",
)
def any_falling_rate(p: float) -> bool:
    return 0 < p <= 1


@mistake(
    "satisfies_robbins_monro",
    says="You have it the wrong way round: True where the conditions fail.",
)
def turned_round(p: float) -> bool:
    return not 0.5 < p <= 1


@mistake(
    "satisfies_robbins_monro",
    says="1/j is one such schedule, but not the only one.",
)
def one_over_j_alone(p: float) -> bool:
    return p == 1


@mistake(
    "satisfies_robbins_monro", says="Your answer is a number, where True or False is asked for."
)
def number_for_bool(p: float) -> int:
    return int(0.5 < p <= 1)


@mistake(
    "satisfies_robbins_monro",
    says="A negative p makes the rates grow; you drop its sign.",
)
def sign_ignored(p: float) -> bool:
    return 0.5 < abs(p) <= 1


@variant("satisfies_robbins_monro")
def by_numpy(p: float) -> Array:
    return np.logical_and(np.greater(p, 0.5), np.less_equal(p, 1))


@variant("satisfies_robbins_monro")
def by_the_two_sums(p: float) -> bool:
    def converges(power: float) -> bool:
        return power > 1

    return converges(2 * p) and not converges(p)


@variant("satisfies_robbins_monro")
def by_fractions(p: float, tolerance: float = 0.0) -> bool:
    if p > 1 + tolerance:
        return False
    return Fraction(p) > Fraction(1, 2)


@mistake(
    "polynomial_decay_average",
    says="You have exchanged the shares: the newest w has a, the average so far the rest.",
)
def shares_exchanged(w_bar: Array, w: Array, t: int, gamma: float = 3.0) -> Array:
    a = (gamma + 1) / (t + gamma)
    return a * w_bar + (1 - a) * w


@mistake("polynomial_decay_average", says="You take the plain mean, whatever gamma is.")
def gamma_ignored(w_bar: Array, w: Array, t: int, gamma: float = 3.0) -> Array:
    return w_bar + (w - w_bar) / t


@mistake("polynomial_decay_average", says="You count t from 0; it comes counted from 1.")
def counted_from_zero(w_bar: Array, w: Array, t: int, gamma: float = 3.0) -> Array:
    a = (gamma + 1) / (t + 1 + gamma)
    return (1 - a) * w_bar + a * w


@mistake("polynomial_decay_average", says="Your share has gamma over t + gamma: a 1 is missing.")
def one_missing(w_bar: Array, w: Array, t: int, gamma: float = 3.0) -> Array:
    a = gamma / (t + gamma)
    return (1 - a) * w_bar + a * w


@mistake(
    "polynomial_decay_average",
    says="Your shares stay the same at all t, as in an exponential average; here they fall with t.",
)
def exponential_average(w_bar: Array, w: Array, t: int, gamma: float = 3.0) -> Array:
    a = 1 / (1 + gamma)
    return (1 - a) * w_bar + a * w


@mistake("polynomial_decay_average", says="Your shares do not sum to one.")
def shares_over_one(w_bar: Array, w: Array, t: int, gamma: float = 3.0) -> Array:
    a = (gamma + 1) / (t + gamma)
    return w_bar + a * w


@mistake("polynomial_decay_average", says="Your average is right, but changes the caller's w_bar.")
def average_overwritten(w_bar: Array, w: Array, t: int, gamma: float = 3.0) -> Array:
    a = (gamma + 1) / (t + gamma)
    w_bar *= 1 - a
    w_bar += a * w
    return w_bar


@mistake("polynomial_decay_average", says="Your average of float32 weights is float64.")
def averaged_in_float64(w_bar: Array, w: Array, t: int, gamma: float = 3.0) -> Array:
    a = np.float64((gamma + 1) / (t + gamma))
    return (1 - a) * w_bar + a * w


@mistake("polynomial_decay_average", says="Gamma is 3 unless it is given; your default is another.")
def another_default(w_bar: Array, w: Array, t: int, gamma: float = 1.0) -> Array:
    a = (gamma + 1) / (t + gamma)
    return (1 - a) * w_bar + a * w


@variant("polynomial_decay_average")
def step_towards_the_newest(w_bar: Array, w: Array, t: int, gamma: float = 3.0) -> Array:
    return w_bar + (w - w_bar) * ((gamma + 1) / (t + gamma))


@variant("polynomial_decay_average")
def over_one_denominator(w_bar: Array, w: Array, t: int, gamma: float = 3) -> Array:
    return ((t - 1) * w_bar + (gamma + 1) * w) / (t + gamma)


@variant("polynomial_decay_average")
def copy_averaged_in_place(w_bar: Array, w: Array, t: int, gamma: float = 3.0) -> Array:
    average = np.copy(w_bar)
    average *= (t - 1) / (t + gamma)
    average += w * ((gamma + 1) / (t + gamma))
    return average


@variant("polynomial_decay_average")
def weighted_by_einsum(w_bar: Array, w: Array, t: int, gamma: float = 3.0) -> Array:
    a = (gamma + 1) / (t + gamma)
    average = np.einsum("i,i...->...", [1 - a, a], np.stack([w_bar, w]))
    return average.astype(w.dtype)


@mistake("smoothed_loss", says="Your result is shorter than the losses: every step has a mean.")
def whole_windows_only(losses: Array, window: int) -> Array:
    return np.convolve(losses, np.ones(window) / window, mode="valid").astype(losses.dtype)


@mistake(
    "smoothed_loss",
    says="Your first steps divide by the whole window, though there are not yet as many losses.",
)
def start_padded_with_zeros(losses: Array, window: int) -> Array:
    return np.convolve(losses, np.ones(window) / window)[: len(losses)].astype(losses.dtype)


@mistake("smoothed_loss", says="Your window looks ahead; a mean at a step knows no later losses.")
def window_around_the_step(losses: Array, window: int) -> Array:
    half = window // 2
    means = [losses[max(0, k - half) : k + half + 1].mean() for k in range(len(losses))]
    return np.array(means, dtype=losses.dtype)


@mistake("smoothed_loss", says="Your window has one loss too many.")
def window_too_long(losses: Array, window: int) -> Array:
    means = [losses[max(0, k - window) : k + 1].mean() for k in range(len(losses))]
    return np.array(means, dtype=losses.dtype)


@mistake("smoothed_loss", says="Your mean at a step leaves out the loss of that very step.")
def newest_loss_left_out(losses: Array, window: int) -> Array:
    means = [losses[max(0, k - window) : max(1, k)].mean() for k in range(len(losses))]
    return np.array(means, dtype=losses.dtype)


@mistake("smoothed_loss", says="Your mean is over all losses so far; the window has no effect.")
def window_ignored(losses: Array, window: int) -> Array:
    return (np.cumsum(losses) / np.arange(1, len(losses) + 1)).astype(losses.dtype)


@mistake(
    "smoothed_loss",
    says="You smooth what is smoothed already: the means are written over losses still needed.",
)
def losses_overwritten(losses: Array, window: int) -> Array:
    smooth = losses.copy()
    for k in range(len(smooth)):
        smooth[k] = smooth[max(0, k + 1 - window) : k + 1].mean()
    return smooth


@mistake("smoothed_loss", says="Yours is an exponential average; asked for is that of a window.")
def exponentially_smoothed(losses: Array, window: int) -> Array:
    smooth = losses.copy()
    for k in range(1, len(smooth)):
        smooth[k] = smooth[k - 1] + (losses[k] - smooth[k - 1]) / window
    return smooth


@mistake("smoothed_loss", says="Your sums are not divided by the number of losses in them.")
def sums_for_means(losses: Array, window: int) -> Array:
    return np.array(
        [losses[max(0, k + 1 - window) : k + 1].sum() for k in range(len(losses))], losses.dtype
    )


@mistake("smoothed_loss", says="Your means of float32 losses are float64.")
def smoothed_in_float64(losses: Array, window: int) -> Array:
    smooth = np.zeros(len(losses))
    for k in range(len(losses)):
        smooth[k] = losses[max(0, k + 1 - window) : k + 1].mean()
    return smooth


@variant("smoothed_loss")
def differences_of_sums(losses: Array, window: int) -> Array:
    sums = np.concatenate([[0.0], np.cumsum(losses, dtype=float)])
    ends = np.arange(1, len(losses) + 1)
    starts = np.maximum(0, ends - window)
    return ((sums[ends] - sums[starts]) / (ends - starts)).astype(losses.dtype)


@variant("smoothed_loss")
def queue_of_the_last(losses: Array, window: int) -> Array:
    last: deque[float] = deque(maxlen=window)
    smooth = []
    for loss in losses:
        last.append(float(loss))
        smooth.append(sum(last) / len(last))
    return np.array(smooth, dtype=losses.dtype)


@variant("smoothed_loss")
def convolved_and_counted(losses: Array, window: int) -> Array:
    n = len(losses)
    sums = np.convolve(losses, np.ones(window, losses.dtype))[:n]
    return sums / np.minimum(np.arange(1, n + 1), window).astype(losses.dtype)


@variant("smoothed_loss")
def matrix_of_weights(losses: Array, window: int) -> Array:
    age = np.arange(len(losses))[:, None] - np.arange(len(losses))[None, :]
    weights = ((age >= 0) & (age < window)).astype(losses.dtype)
    return (weights @ losses) / weights.sum(axis=1)
