"""Lab 08: answers to its KL divergence."""

from __future__ import annotations

import math

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "kl_divergence",
    says="Your loss is negative: logarithms of probabilities are, and a minus is missing.",
)
def minus_missing(y: Array, d: Array) -> tuple[Array, Array]:
    possible = np.where(d == 0, np.ones_like(y), y)
    return np.sum(d * np.log(possible)) / len(y), d / (possible * len(y))


@mistake("kl_divergence", says="Your loss is right, but its derivative lacks the minus sign.")
def derivative_without_minus(y: Array, d: Array) -> tuple[Array, Array]:
    possible = np.where(d == 0, np.ones_like(y), y)
    return -np.sum(d * np.log(possible)) / len(y), d / (possible * len(y))


@mistake(
    "kl_divergence",
    says="You take off the entropy of the targets, which this loss, as it is defined here, keeps.",
)
def entropy_taken_off(y: Array, d: Array) -> tuple[Array, Array]:
    possible, likely = np.where(d == 0, np.ones_like(y), y), np.where(d == 0, np.ones_like(d), d)
    loss = np.sum(d * (np.log(likely) - np.log(possible))) / len(y)
    return loss, -d / (possible * len(y))


@mistake(
    "kl_divergence",
    says="Where a class is impossible and has probability 0 you get NaN; it should count nothing.",
)
def nan_at_zero(y: Array, d: Array) -> tuple[Array, Array]:
    return -np.sum(d * np.log(y)) / len(y), -d / y / len(y)


@mistake(
    "kl_divergence",
    says="Your loss copes with a class of probability 0, but its derivative divides by it.",
)
def nan_in_the_derivative(y: Array, d: Array) -> tuple[Array, Array]:
    possible = np.where(d == 0, np.ones_like(y), y)
    return -np.sum(d * np.log(possible)) / len(y), -d / y / len(y)


@mistake(
    "kl_divergence",
    says="Your derivative lacks the division by the output: the logarithm has a slope of its own.",
)
def derivative_without_division(y: Array, d: Array) -> tuple[Array, Array]:
    possible = np.where(d == 0, np.ones_like(y), y)
    return -np.sum(d * np.log(possible)) / len(y), -d / len(y)


@mistake(
    "kl_divergence",
    says="Yours is the derivative by the logits in front of a softmax, not by its outputs.",
)
def derivative_by_the_logits(y: Array, d: Array) -> tuple[Array, Array]:
    possible = np.where(d == 0, np.ones_like(y), y)
    return -np.sum(d * np.log(possible)) / len(y), (y - d) / len(y)


@mistake(
    "kl_divergence",
    says="You average over the classes too; they are summed, and only the batch is averaged.",
)
def mean_over_classes_too(y: Array, d: Array) -> tuple[Array, Array]:
    possible = np.where(d == 0, np.ones_like(y), y)
    return -np.mean(d * np.log(possible)), -d / (possible * y.size)


@mistake("kl_divergence", says="You sum over the batch; a loss is the mean over it.")
def kl_summed_over_the_batch(y: Array, d: Array) -> tuple[Array, Array]:
    possible = np.where(d == 0, np.ones_like(y), y)
    return -np.sum(d * np.log(possible)), -d / possible


@mistake(
    "kl_divergence",
    says="Your loss is a mean over the batch, but your derivative is that of the sum.",
)
def kl_slopes_of_the_sum(y: Array, d: Array) -> tuple[Array, Array]:
    possible = np.where(d == 0, np.ones_like(y), y)
    return -np.sum(d * np.log(possible)) / len(y), -d / possible


@mistake("kl_divergence", says="You have exchanged outputs and targets.")
def roles_exchanged(y: Array, d: Array) -> tuple[Array, Array]:
    likely = np.where(d == 0, np.ones_like(d), d)
    return -np.sum(y * np.log(likely)) / len(y), -np.log(likely) / len(y)


@mistake(
    "kl_divergence",
    says="You look at the likeliest class alone; a soft target has a share for each of them.",
)
def likeliest_class_alone(y: Array, d: Array) -> tuple[Array, Array]:
    rows, labels = np.arange(len(y)), np.argmax(d, axis=1)
    dy = np.zeros_like(y)
    dy[rows, labels] = -1 / (y[rows, labels] * len(y))
    return -np.sum(np.log(y[rows, labels])) / len(y), dy


@mistake("kl_divergence", says="Your logarithm has base 2; a natural one is asked for.")
def logarithm_of_base_two(y: Array, d: Array) -> tuple[Array, Array]:
    possible = np.where(d == 0, np.ones_like(y), y)
    return -np.sum(d * np.log2(possible)) / len(y), -d / (possible * len(y) * np.log(2))


@mistake(
    "kl_divergence",
    says="You judge every class as a question of its own; here they share one probability.",
)
def every_class_a_question(y: Array, d: Array) -> tuple[Array, Array]:
    p = np.clip(y, 1e-12, 1 - 1e-6)
    loss = -np.sum(d * np.log(p) + (1 - d) * np.log(1 - p)) / len(y)
    return loss, (p - d) / (p * (1 - p)) / len(y)


@mistake("kl_divergence", says="Your result is right, but changes the caller's y.")
def impossible_outputs_overwritten(y: Array, d: Array) -> tuple[Array, Array]:
    y[d == 0] = 1.0
    return -np.sum(d * np.log(y)) / len(y), -d / (y * len(y))


@mistake("kl_divergence", says="Your derivative by float32 outputs is float64.")
def kl_in_float64(y: Array, d: Array) -> tuple[Array, Array]:
    possible = np.where(d == 0, np.ones(y.shape), y)
    return -np.sum(d * np.log(possible)) / len(y), -d / (possible * len(y))


@variant("kl_divergence")
def possible_entries_picked(y: Array, d: Array) -> tuple[Array, Array]:
    possible = d > 0
    dy = np.zeros_like(y)
    dy[possible] = -d[possible] / y[possible] / len(y)
    return -(d[possible] * np.log(y[possible])).sum() / len(y), dy


@variant("kl_divergence")
def tiny_number_added(y: Array, d: Array, tiny: float = 1e-12) -> tuple[Array, Array]:
    dy = -d / (y + tiny) / len(y)
    return np.mean(-np.einsum("nk,nk->n", d, np.log(y + tiny))), dy


@variant("kl_divergence")
def outputs_clipped_from_below(y: Array, d: Array) -> tuple[Array, Array]:
    clipped = np.clip(y, 1e-12, None)
    dy = np.negative(d)
    dy /= clipped
    dy /= y.shape[0]
    return -np.mean(np.sum(d * np.log(clipped), axis=1)), dy


@variant("kl_divergence")
def classes_one_by_one(y: Array, d: Array) -> tuple[float, Array]:
    loss, dy = 0.0, np.zeros_like(y)
    for n in range(len(y)):
        for k in range(y.shape[1]):
            if d[n, k] != 0:
                loss -= float(d[n, k]) * math.log(float(y[n, k])) / len(y)
                dy[n, k] = -d[n, k] / (y[n, k] * len(y))
    return loss, dy


@variant("kl_divergence")
def divided_where_possible(y: Array, d: Array) -> tuple[Array, Array]:
    logs = np.log(y, out=np.zeros_like(y), where=d > 0)
    ratios = np.divide(d, y, out=np.zeros_like(y), where=d > 0)
    return np.asarray(-(d * logs).sum() / len(y)), -ratios / len(y)
