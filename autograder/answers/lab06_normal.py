"""Lab 06: answers to the normal initial weights, LeCun's and He's."""

from __future__ import annotations

import copy
import math

import numpy as np
from numpy.random import Generator

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "lecun_normal",
    says="You divide by the number of outputs; a sum has as many terms as there are inputs.",
)
def outputs_counted(fan_in: int, fan_out: int, rng: Generator) -> Array:
    return rng.normal(0.0, 1.0 / np.sqrt(fan_out), (fan_in, fan_out))


@mistake(
    "lecun_normal",
    says="Your deviation is what the variance should be; a root is missing.",
)
def variance_taken_for_the_deviation(fan_in: int, fan_out: int, rng: Generator) -> Array:
    return rng.normal(0.0, 1.0 / fan_in, (fan_in, fan_out))


@mistake(
    "lecun_normal",
    says="Your weights grow with the number of inputs; they have to shrink as the sums get longer.",
)
def multiplied_by_the_root(fan_in: int, fan_out: int, rng: Generator) -> Array:
    return rng.standard_normal((fan_in, fan_out)) * np.sqrt(fan_in)


@mistake(
    "lecun_normal",
    says="Your variance is He's, which makes up for what ReLU removes; here nothing is removed.",
)
def factor_of_he(fan_in: int, fan_out: int, rng: Generator) -> Array:
    return rng.normal(0.0, np.sqrt(2.0 / fan_in), (fan_in, fan_out))


@mistake(
    "lecun_normal",
    says="Your variance is Xavier's compromise between both fans; LeCun's looks at one of them.",
)
def both_fans_counted(fan_in: int, fan_out: int, rng: Generator) -> Array:
    return rng.normal(0.0, np.sqrt(2.0 / (fan_in + fan_out)), (fan_in, fan_out))


@mistake(
    "lecun_normal",
    says="Your weights are uniform; they have the right deviation, but are not normal.",
)
def uniform_of_the_same_deviation(fan_in: int, fan_out: int, rng: Generator) -> Array:
    limit = np.sqrt(3.0 / fan_in)
    return rng.uniform(-limit, limit, (fan_in, fan_out))


@mistake(
    "lecun_normal",
    says="You have not scaled your weights: their deviation is one, however many inputs there are.",
)
def never_scaled(fan_in: int, fan_out: int, rng: Generator) -> Array:
    return rng.standard_normal((fan_in, fan_out))


@mistake(
    "lecun_normal",
    says="You count one input too many, which shows where there are few.",
)
def bias_counted_as_an_input(fan_in: int, fan_out: int, rng: Generator) -> Array:
    return rng.normal(0.0, 1.0 / np.sqrt(fan_in + 1), (fan_in, fan_out))


@mistake(
    "lecun_normal",
    says="Your weights of large size are cut off, which makes the others narrower than asked for.",
)
def cut_at_two_deviations(fan_in: int, fan_out: int, rng: Generator) -> Array:
    return np.clip(rng.standard_normal((fan_in, fan_out)), -2, 2) / np.sqrt(fan_in)


@mistake(
    "lecun_normal",
    says="You draw from a copy of the generator, so the next layer gets the same weights again.",
)
def copied_generator(fan_in: int, fan_out: int, rng: Generator) -> Array:
    return copy.deepcopy(rng).normal(0.0, 1.0 / np.sqrt(fan_in), (fan_in, fan_out))


@variant("lecun_normal")
def standard_normal_divided(fan_in: int, fan_out: int, rng: Generator) -> Array:
    return rng.standard_normal((fan_in, fan_out)) / np.sqrt(fan_in)


@variant("lecun_normal")
def drawn_as_outputs_by_inputs(fan_in: int, fan_out: int, rng: Generator) -> Array:
    return rng.normal(scale=fan_in**-0.5, size=(fan_out, fan_in)).T


@variant("lecun_normal")
def unit_after_unit(fan_in: int, fan_out: int, rng: Generator) -> Array:
    W = np.zeros((fan_in, fan_out))
    for unit in range(fan_out):
        W[:, unit] = rng.normal(0, math.sqrt(1 / fan_in), fan_in)
    return W


@variant("lecun_normal")
def by_box_and_muller(fan_in: int, fan_out: int, rng: Generator) -> Array:
    radius = np.sqrt(-2.0 * np.log1p(-rng.random((fan_in, fan_out))))
    return radius * np.cos(2.0 * np.pi * rng.random((fan_in, fan_out))) / np.sqrt(fan_in)


@mistake(
    "he_normal",
    says="You divide by the number of outputs; a sum has as many terms as there are inputs.",
)
def fan_out_for_fan_in(fan_in: int, fan_out: int, rng: Generator) -> Array:
    return rng.normal(0.0, np.sqrt(2.0 / fan_out), (fan_in, fan_out))


@mistake(
    "he_normal",
    says="Your variance would do for a linear layer; ReLU lets only a part of the second moment "
    "through, and the weights have to make up for it.",
)
def what_relu_removes_forgotten(fan_in: int, fan_out: int, rng: Generator) -> Array:
    return rng.normal(0.0, np.sqrt(1.0 / fan_in), (fan_in, fan_out))


@mistake(
    "he_normal",
    says="The generator wants a deviation, and you give it the variance.",
)
def variance_handed_over(fan_in: int, fan_out: int, rng: Generator) -> Array:
    return rng.normal(0.0, 2.0 / fan_in, (fan_in, fan_out))


@mistake(
    "he_normal",
    says="You add the outputs to the variance; He's looks at the inputs alone.",
)
def outputs_added(fan_in: int, fan_out: int, rng: Generator) -> Array:
    return rng.normal(0.0, np.sqrt(2.0 / fan_in + fan_out), (fan_in, fan_out))


@mistake(
    "he_normal",
    says="Your variance is Xavier's, for units that let everything through.",
)
def sum_of_the_fans(fan_in: int, fan_out: int, rng: Generator) -> Array:
    return rng.normal(0.0, np.sqrt(2.0 / (fan_in + fan_out)), (fan_in, fan_out))


@mistake(
    "he_normal",
    says="Your deviation is twice LeCun's; it is the variance that doubles.",
)
def deviation_doubled(fan_in: int, fan_out: int, rng: Generator) -> Array:
    return rng.normal(0.0, 2.0 / np.sqrt(fan_in), (fan_in, fan_out))


@mistake("he_normal", says="Your weights are uniform; normal ones are asked for.")
def uniform_weights(fan_in: int, fan_out: int, rng: Generator) -> Array:
    limit = np.sqrt(6.0 / fan_in)
    return rng.uniform(-limit, limit, (fan_in, fan_out))


@mistake("he_normal", says="Your weights are all positive; half of them should be below zero.")
def sizes_without_signs(fan_in: int, fan_out: int, rng: Generator) -> Array:
    return np.abs(rng.normal(0.0, np.sqrt(2.0 / fan_in), (fan_in, fan_out)))


@mistake(
    "he_normal",
    says="Your weights are drawn around another number than zero.",
)
def deviation_taken_for_the_mean(fan_in: int, fan_out: int, rng: Generator) -> Array:
    return rng.normal(np.sqrt(2.0 / fan_in), 1.0, (fan_in, fan_out))


@mistake(
    "he_normal",
    says="You draw one unit's weights and give them to all units, which stay twins for ever.",
)
def all_units_alike(fan_in: int, fan_out: int, rng: Generator) -> Array:
    return np.repeat(rng.normal(0.0, np.sqrt(2.0 / fan_in), (fan_in, 1)), fan_out, axis=1)


@mistake("he_normal", says="You make a generator of your own, so all layers start alike.")
def generator_of_its_own(fan_in: int, fan_out: int, rng: Generator) -> Array:
    return np.random.default_rng(1).normal(0.0, np.sqrt(2.0 / fan_in), (fan_in, fan_out))


@variant("he_normal")
def standard_normal_stretched(fan_in: int, fan_out: int, rng: Generator) -> Array:
    W = rng.standard_normal((fan_in, fan_out))
    W *= math.sqrt(2 / fan_in)
    return W


@variant("he_normal")
def one_draw_a_weight(fan_in: int, fan_out: int, rng: Generator) -> Array:
    return np.array(
        [[rng.normal(0, (2 / fan_in) ** 0.5) for _ in range(fan_out)] for _ in range(fan_in)]
    )


@variant("he_normal")
def sum_of_two_of_lecuns(fan_in: int, fan_out: int, rng: Generator, gain: float = 1.0) -> Array:
    std = gain / np.sqrt(fan_in)
    return rng.normal(0.0, std, (fan_in, fan_out)) + rng.normal(0.0, std, (fan_in, fan_out))


@variant("he_normal")
def divided_by_half_the_inputs(fan_in: int, fan_out: int, rng: Generator) -> Array:
    return rng.normal(size=(fan_out, fan_in)).transpose() / np.sqrt(fan_in / 2)
