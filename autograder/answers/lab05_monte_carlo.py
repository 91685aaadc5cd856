"""Lab 05: answers to Monte Carlo dropout."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "mc_dropout",
    says="You copy the generator for every sample, so all have the same mask, and no spread.",
)
def one_mask_for_all_samples(
    predict: Callable[..., Array], x: Array, samples: int, rng: Generator
) -> tuple[Array, Array]:
    draws = np.stack([predict(x, copy.deepcopy(rng)) for _ in range(samples)])
    return draws.mean(axis=0), draws.std(axis=0)


@mistake(
    "mc_dropout",
    says="You predict once and repeat the result; each sample is a prediction of its own.",
)
def one_prediction_repeated(
    predict: Callable[..., Array], x: Array, samples: int, rng: Generator
) -> tuple[Array, Array]:
    draws = np.stack([predict(x, rng)] * samples)
    return draws.mean(axis=0), draws.std(axis=0)


@mistake(
    "mc_dropout",
    says="Your spread is that of the mean, which shrinks with more samples; that of the "
    "predictions themselves is wanted.",
)
def spread_of_the_mean(
    predict: Callable[..., Array], x: Array, samples: int, rng: Generator
) -> tuple[Array, Array]:
    draws = np.stack([predict(x, rng) for _ in range(samples)])
    return draws.mean(axis=0), draws.std(axis=0) / math.sqrt(samples)


@mistake(
    "mc_dropout",
    says="Your std divides by one less than the number of samples; here it divides by all.",
)
def one_sample_less_in_the_std(
    predict: Callable[..., Array], x: Array, samples: int, rng: Generator
) -> tuple[Array, Array]:
    draws = np.stack([predict(x, rng) for _ in range(samples)])
    return draws.mean(axis=0), draws.std(axis=0, ddof=1)


@mistake("mc_dropout", says="You return the variance in place of its root, the std.")
def variance_for_std(
    predict: Callable[..., Array], x: Array, samples: int, rng: Generator
) -> tuple[Array, Array]:
    draws = np.stack([predict(x, rng) for _ in range(samples)])
    return draws.mean(axis=0), draws.var(axis=0)


@mistake("mc_dropout", says="You return the std first; the mean comes before it.")
def std_before_mean(
    predict: Callable[..., Array], x: Array, samples: int, rng: Generator
) -> tuple[Array, Array]:
    draws = np.stack([predict(x, rng) for _ in range(samples)])
    return draws.std(axis=0), draws.mean(axis=0)


@mistake("mc_dropout", says="You return the mean without the spread around it.")
def mean_alone(predict: Callable[..., Array], x: Array, samples: int, rng: Generator) -> Array:
    return np.stack([predict(x, rng) for _ in range(samples)]).mean(axis=0)


@mistake(
    "mc_dropout",
    says="You average over the samples and over all entries of a prediction; each entry has a mean "
    "and a std of its own.",
)
def averaged_over_everything(
    predict: Callable[..., Array], x: Array, samples: int, rng: Generator
) -> tuple[Array, Array]:
    draws = np.stack([predict(x, rng) for _ in range(samples)])
    return draws.mean(), draws.std()


@mistake(
    "mc_dropout",
    says="You average over the batch; it is the samples that have a mean and a spread.",
)
def averaged_over_the_batch(
    predict: Callable[..., Array], x: Array, samples: int, rng: Generator
) -> tuple[Array, Array]:
    draws = np.stack([predict(x, rng) for _ in range(samples)])
    return draws.mean(axis=1), draws.std(axis=1)


@mistake(
    "mc_dropout",
    says="Your samples draw from a generator that you make, not from the one that you are given.",
)
def generator_of_its_own(
    predict: Callable[..., Array], x: Array, samples: int, rng: Generator
) -> tuple[Array, Array]:
    own = np.random.default_rng(0)
    draws = np.stack([predict(x, own) for _ in range(samples)])
    return draws.mean(axis=0), draws.std(axis=0)


@mistake(
    "mc_dropout",
    says="You copy the generator before you use it: the next estimate would have the same draws.",
)
def generator_left_where_it_stood(
    predict: Callable[..., Array], x: Array, samples: int, rng: Generator
) -> tuple[Array, Array]:
    rng = copy.deepcopy(rng)
    draws = np.stack([predict(x, rng) for _ in range(samples)])
    return draws.mean(axis=0), draws.std(axis=0)


@mistake(
    "mc_dropout",
    says="You make one prediction more than there are samples, and leave the first out.",
)
def first_prediction_thrown_away(
    predict: Callable[..., Array], x: Array, samples: int, rng: Generator
) -> tuple[Array, Array]:
    predict(x, rng)
    draws = np.stack([predict(x, rng) for _ in range(samples)])
    return draws.mean(axis=0), draws.std(axis=0)


@mistake("mc_dropout", says="You predict row by row; each sample is one pass of the whole batch.")
def predicted_row_by_row(
    predict: Callable[..., Array], x: Array, samples: int, rng: Generator
) -> tuple[Array, Array]:
    rows = [[predict(x[i : i + 1], rng)[0] for i in range(len(x))] for _ in range(samples)]
    return np.mean(rows, axis=0), np.std(rows, axis=0)


@mistake("mc_dropout", says="Your mean and std are float64 whatever the predictions are.")
def collected_in_float64(
    predict: Callable[..., Array], x: Array, samples: int, rng: Generator
) -> tuple[Array, Array]:
    draws = np.array([predict(x, rng) for _ in range(samples)], dtype=float)
    return draws.mean(axis=0), draws.std(axis=0)


@variant("mc_dropout")
def deviations_summed(
    predict: Callable[..., Array], x: Array, samples: int, rng: Generator
) -> tuple[Array, Array]:
    draws = [predict(x, rng) for _ in range(samples)]
    mean = np.sum(draws, axis=0) / samples
    spread = sum((draw - mean) ** 2 for draw in draws) / samples
    return mean, np.sqrt(spread)


@variant("mc_dropout")
def updated_mean_and_deviation(
    predict: Callable[..., Array], x: Array, samples: int, rng: Generator
) -> tuple[Array, Array]:
    mean = predict(x=x.copy(), rng=rng).copy()
    deviation = np.zeros_like(mean)
    for k in range(2, samples + 1):
        draw = predict(x=x, rng=rng)
        off = draw - mean
        mean += off / k
        deviation += off * (draw - mean)
    return mean, np.sqrt(deviation / samples)


@variant("mc_dropout")
def mean_of_squares_less_the_square(
    predict: Callable[..., Array], x: Array, samples: int, rng: Generator, axis: int = 0
) -> list[Array]:
    draws = np.array([predict(x, rng) for _ in range(samples)])
    mean = np.average(draws, axis=axis)
    variance = np.mean(draws**2, axis=axis) - mean**2
    return [mean, np.sqrt(np.maximum(variance, 0))]


@variant("mc_dropout")
def filled_in_place(
    predict: Callable[..., Array], x: Array, samples: int, rng: Generator
) -> tuple[Array, Array]:
    first = np.asarray(predict(x, rng))
    draws = np.empty((samples, *first.shape), first.dtype)
    draws[0] = first
    for k in range(1, samples):
        draws[k] = predict(x, rng)
    mean = draws.mean(axis=0)
    return mean, np.sqrt(np.mean((draws - mean) ** 2, axis=0))
