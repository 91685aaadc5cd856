"""Lab 05: answers to masks and to weight scaling."""

from __future__ import annotations

import math

import numpy as np
from numpy.random import Generator

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "dropout_mask",
    says="You exchange keep and drop: your units are off with the probability with which they "
    "should be on.",
)
def keep_and_drop_exchanged(shape: tuple[int, ...], keep: float, rng: Generator) -> Array:
    return (rng.random(shape) < 1 - keep).astype(float)


@mistake(
    "dropout_mask",
    says="You compare normal draws with keep; it is a uniform one that lies below it with that "
    "probability.",
)
def normal_draws(shape: tuple[int, ...], keep: float, rng: Generator) -> Array:
    return (rng.standard_normal(shape) < keep).astype(float)


@mistake(
    "dropout_mask",
    says="All instances of the batch share one row of your mask; every one of them needs its own "
    "draws.",
)
def one_row_for_the_whole_batch(shape: tuple[int, ...], keep: float, rng: Generator) -> Array:
    row = rng.random(shape[1:] if len(shape) > 1 else shape) < keep
    return np.broadcast_to(row, shape).astype(float)


@mistake(
    "dropout_mask",
    says="Your mask switches whole rows on or off; the units of an instance are drawn each by "
    "itself.",
)
def whole_rows_on_or_off(shape: tuple[int, ...], keep: float, rng: Generator) -> Array:
    draws = rng.random((*shape[:-1], 1) if len(shape) > 1 else shape)
    return np.broadcast_to(draws < keep, shape).astype(float)


@mistake(
    "dropout_mask",
    says="You draw once and use that number for every entry: the mask is all on or all off.",
)
def a_single_draw_for_all(shape: tuple[int, ...], keep: float, rng: Generator) -> Array:
    return np.full(shape, float(rng.random() < keep))


@mistake(
    "dropout_mask",
    says="You switch a fixed number of units on and choose only which; how many there are is a "
    "matter of chance, too.",
)
def fixed_number_of_ones(shape: tuple[int, ...], keep: float, rng: Generator) -> Array:
    places = rng.permutation(math.prod(shape)).reshape(shape)
    return (places < round(keep * math.prod(shape))).astype(float)


@mistake(
    "dropout_mask",
    says="Your mask has the factor for the units that stay in it already; it is of zeros and ones.",
)
def factor_in_the_mask(shape: tuple[int, ...], keep: float, rng: Generator) -> Array:
    return (rng.random(shape) < keep) / keep


@mistake("dropout_mask", says="You return the draws themselves; a unit is either on or off.")
def draws_left_as_they_are(shape: tuple[int, ...], keep: float, rng: Generator) -> Array:
    return rng.random(shape)


@mistake("dropout_mask", says="Your mask is of truth values; it should be of numbers.")
def truth_values(shape: tuple[int, ...], keep: float, rng: Generator) -> Array:
    return rng.random(shape) < keep


@mistake("dropout_mask", says="Your mask is of whole numbers; it should be of float64.")
def whole_numbers(shape: tuple[int, ...], keep: float, rng: Generator) -> Array:
    return rng.binomial(1, keep, size=shape)


@mistake(
    "dropout_mask",
    says="You round the draws, so that half of the units stay on whatever keep is.",
)
def rounded_draws(shape: tuple[int, ...], keep: float, rng: Generator) -> Array:
    return np.round(rng.random(shape))


@mistake(
    "dropout_mask",
    says="You make a generator of your own, so every call gives one and the same mask.",
)
def generator_of_its_own(shape: tuple[int, ...], keep: float, rng: Generator) -> Array:
    return (np.random.default_rng(5).random(shape) < keep).astype(float)


@mistake(
    "dropout_mask",
    says="Your draws come from elsewhere than the generator that you are given.",
)
def unseeded_draws(shape: tuple[int, ...], keep: float, rng: Generator) -> Array:
    return (np.random.default_rng().random(shape) < keep).astype(float)


@mistake(
    "dropout_mask",
    says="Your function takes shapes of two axes only; a mask may have any number.",
)
def two_axes_taken_for_granted(shape: tuple[int, ...], keep: float, rng: Generator) -> Array:
    rows, columns = shape
    return (rng.random((rows, columns)) < keep).astype(float)


@variant("dropout_mask")
def binomial_draws(shape: tuple[int, ...], keep: float, rng: Generator) -> Array:
    return rng.binomial(n=1, p=keep, size=shape).astype(np.float64)


@variant("dropout_mask")
def chosen_from_two(
    shape: tuple[int, ...], keep: float, rng: Generator, dtype: type = float
) -> Array:
    return np.asarray(rng.choice([0.0, 1.0], size=shape, p=[1 - keep, keep]), dtype=dtype)


@variant("dropout_mask")
def entry_by_entry(shape: tuple[int, ...], keep: float, rng: Generator) -> Array:
    mask = np.zeros(shape)
    for index in np.ndindex(*shape):
        if rng.uniform() < keep:
            mask[index] = 1
    return mask


@variant("dropout_mask")
def upper_end_of_the_draws(shape: tuple[int, ...], keep: float, rng: Generator) -> Array:
    draws = rng.uniform(-1.0, 0.0, size=shape)
    return np.where(draws >= -keep, 1.0, 0.0)


@mistake(
    "weight_scaling",
    says="You divide the weights by keep; at test time more inputs are on than in training, so "
    "they have to shrink.",
)
def weights_divided(W: Array, keep: float) -> Array:
    return W / keep


@mistake("weight_scaling", says="You scale by the probability of being dropped, not of staying on.")
def scaled_by_drop(W: Array, keep: float) -> Array:
    return (1 - keep) * W


@mistake(
    "weight_scaling",
    says="You leave the weights as they are; that is right for inverted dropout, where training "
    "has made up for the missing units, and not for the classical kind.",
)
def left_to_training(W: Array, keep: float) -> Array:
    return W.copy()


@mistake(
    "weight_scaling",
    says="You drop weights at random; at test time nothing is random, and all of them work.",
)
def weights_dropped(W: Array, keep: float) -> Array:
    return W * (np.random.default_rng(0).random(W.shape) < keep)


@mistake("weight_scaling", says="You scale twice: once for the inputs is enough.")
def scaled_twice(W: Array, keep: float) -> Array:
    return keep * keep * W


@mistake(
    "weight_scaling",
    says="You keep the variance of the sum and not its mean: the factor is not a root.",
)
def scaled_by_the_root(W: Array, keep: float) -> Array:
    return math.sqrt(keep) * W


@mistake(
    "weight_scaling",
    says="Your last row is left alone as if it were the bias; the bias is not in W, whose rows are "
    "all weights.",
)
def last_row_taken_for_the_bias(W: Array, keep: float) -> Array:
    scaled = W.copy()
    scaled[:-1] *= keep
    return scaled


@mistake(
    "weight_scaling", says="Your negative weights become zero; a weight shrinks, whatever its sign."
)
def positive_weights_alone(W: Array, keep: float) -> Array:
    return np.maximum(keep * W, 0)


@mistake("weight_scaling", says="Your scaled weights are float64 whatever W is.")
def scaled_in_float64(W: Array, keep: float) -> Array:
    return np.full(W.shape, keep) * W


@mistake(
    "weight_scaling",
    says="Your weights are right, but scaling in place changes the caller's own W.",
)
def scaled_in_place(W: Array, keep: float) -> Array:
    W *= keep
    return W


@variant("weight_scaling")
def copy_scaled_in_place(W: Array, keep: float) -> Array:
    scaled = np.array(W)
    scaled *= keep
    return scaled


@variant("weight_scaling")
def what_is_lost_taken_away(W: Array, keep: float, bias: Array | None = None) -> Array:
    return W - (1 - keep) * W


@variant("weight_scaling")
def weight_by_weight(W: Array, keep: float) -> Array:
    scaled = np.empty_like(W)
    for i in range(W.shape[0]):
        for k in range(W.shape[1]):
            scaled[i, k] = keep * W[i, k]
    return scaled


@variant("weight_scaling")
def divided_by_the_inverse(W: Array, keep: float) -> Array:
    return np.divide(W, 1 / keep)
