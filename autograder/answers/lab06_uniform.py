"""Lab 06: answers to the uniform initial weights, for tanh and for the sigmoid."""

from __future__ import annotations

import math

import numpy as np
from numpy.random import Generator

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "xavier_uniform",
    says="Your weights are normal; they have the right deviation, but no bounded range.",
)
def normal_of_the_same_deviation(fan_in: int, fan_out: int, rng: Generator) -> Array:
    return rng.normal(0.0, np.sqrt(2.0 / (fan_in + fan_out)), (fan_in, fan_out))


@mistake(
    "xavier_uniform",
    says="Your range follows from fan_in alone; Xavier's is a compromise between both fans.",
)
def fan_in_alone(fan_in: int, fan_out: int, rng: Generator) -> Array:
    limit = np.sqrt(3.0 / fan_in)
    return rng.uniform(-limit, limit, (fan_in, fan_out))


@mistake(
    "xavier_uniform",
    says="Only one of the fans stands in your denominator; a pair of parentheses is missing.",
)
def parentheses_missing(fan_in: int, fan_out: int, rng: Generator) -> Array:
    limit = np.sqrt(6.0 / fan_in + fan_out)
    return rng.uniform(-limit, limit, (fan_in, fan_out))


@mistake(
    "xavier_uniform",
    says="The deviation that you want is taken for the half-width of the range; a uniform "
    "distribution's deviation is smaller than that.",
)
def deviation_taken_for_the_limit(fan_in: int, fan_out: int, rng: Generator) -> Array:
    limit = np.sqrt(2.0 / (fan_in + fan_out))
    return rng.uniform(-limit, limit, (fan_in, fan_out))


@mistake("xavier_uniform", says="There is a root missing: your range is far too narrow.")
def root_missing(fan_in: int, fan_out: int, rng: Generator) -> Array:
    limit = 6.0 / (fan_in + fan_out)
    return rng.uniform(-limit, limit, (fan_in, fan_out))


@mistake("xavier_uniform", says="All your weights are positive; they should be centred on zero.")
def positive_half_alone(fan_in: int, fan_out: int, rng: Generator) -> Array:
    limit = np.sqrt(6.0 / (fan_in + fan_out))
    return rng.uniform(0.0, limit, (fan_in, fan_out))


@mistake(
    "xavier_uniform",
    says="You take the mean of the fans where their sum belongs, which makes the range too wide.",
)
def mean_of_the_fans(fan_in: int, fan_out: int, rng: Generator) -> Array:
    limit = np.sqrt(6.0 / ((fan_in + fan_out) / 2))
    return rng.uniform(-limit, limit, (fan_in, fan_out))


@mistake(
    "xavier_uniform",
    says="You make a generator of your own, so every layer starts from the same weights.",
)
def generator_of_its_own(fan_in: int, fan_out: int, rng: Generator) -> Array:
    limit = np.sqrt(6.0 / (fan_in + fan_out))
    return np.random.default_rng(0).uniform(-limit, limit, (fan_in, fan_out))


@mistake(
    "xavier_uniform",
    says="Your weights are of shape fan_out by fan_in; here a layer multiplies from the right.",
)
def fans_exchanged_in_the_shape(fan_in: int, fan_out: int, rng: Generator) -> Array:
    limit = np.sqrt(6.0 / (fan_in + fan_out))
    return rng.uniform(-limit, limit, (fan_out, fan_in))


@mistake(
    "xavier_uniform",
    says="You draw one row and repeat it, so every input is treated alike for ever.",
)
def one_row_repeated(fan_in: int, fan_out: int, rng: Generator) -> Array:
    limit = np.sqrt(6.0 / (fan_in + fan_out))
    return np.tile(rng.uniform(-limit, limit, fan_out), (fan_in, 1))


@mistake("xavier_uniform", says="Your weights are float32, though nothing here asks for that.")
def rounded_to_float32(fan_in: int, fan_out: int, rng: Generator) -> Array:
    limit = np.sqrt(6.0 / (fan_in + fan_out))
    return rng.uniform(-limit, limit, (fan_in, fan_out)).astype(np.float32)


@variant("xavier_uniform")
def stretched_from_zero_to_one(fan_in: int, fan_out: int, rng: Generator) -> Array:
    limit = 6.0**0.5 / (fan_in + fan_out) ** 0.5
    return limit * (2.0 * rng.random((fan_in, fan_out)) - 1.0)


@variant("xavier_uniform")
def deviation_first(fan_in: int, fan_out: int, rng: Generator) -> Array:
    mean_fan = (fan_in + fan_out) / 2
    std = math.sqrt(1 / mean_fan)
    return rng.uniform(low=-1, high=1, size=(fan_in, fan_out)) * std * math.sqrt(3)


@variant("xavier_uniform")
def drawn_entry_by_entry(fan_in: int, fan_out: int, rng: Generator) -> Array:
    limit = np.sqrt(6 / np.add(fan_in, fan_out))
    W = np.empty((fan_in, fan_out))
    for i in range(fan_in):
        for j in range(fan_out):
            W[i, j] = rng.uniform(-limit, limit)
    return W


@variant("xavier_uniform")
def drawn_the_other_way_round(
    fan_in: int, fan_out: int, rng: Generator, gain: float = 1.0
) -> Array:
    limit = gain * np.sqrt(6.0 / (fan_out + fan_in))
    return rng.uniform(-limit, limit, (fan_out, fan_in)).T


@mistake(
    "sigmoid_uniform",
    says="Your range is twice as wide as for tanh; the sigmoid's slope at zero asks for more.",
)
def twice_as_wide(fan_in: int, fan_out: int, rng: Generator) -> Array:
    limit = 2.0 * np.sqrt(6.0 / (fan_in + fan_out))
    return rng.uniform(-limit, limit, (fan_in, fan_out))


@mistake(
    "sigmoid_uniform", says="Your range is that for tanh; the sigmoid is flatter, and wants more."
)
def as_wide_as_for_tanh(fan_in: int, fan_out: int, rng: Generator) -> Array:
    limit = np.sqrt(6.0 / (fan_in + fan_out))
    return rng.uniform(-limit, limit, (fan_in, fan_out))


@mistake(
    "sigmoid_uniform",
    says="Your range is far too wide: what makes it wider than tanh's counts once, not squared.",
)
def factor_squared(fan_in: int, fan_out: int, rng: Generator) -> Array:
    limit = 16.0 * np.sqrt(6.0 / (fan_in + fan_out))
    return rng.uniform(-limit, limit, (fan_in, fan_out))


@mistake(
    "sigmoid_uniform",
    says="Your range is narrower than for tanh; a function with a smaller slope wants wider ones.",
)
def four_times_as_narrow(fan_in: int, fan_out: int, rng: Generator) -> Array:
    limit = 0.25 * np.sqrt(6.0 / (fan_in + fan_out))
    return rng.uniform(-limit, limit, (fan_in, fan_out))


@mistake(
    "sigmoid_uniform",
    says="Your whole range is as wide as the half of it should be, on either side of zero.",
)
def half_of_the_range_lost(fan_in: int, fan_out: int, rng: Generator) -> Array:
    width = 4.0 * np.sqrt(6.0 / (fan_in + fan_out))
    return width * (rng.random((fan_in, fan_out)) - 0.5)


@mistake(
    "sigmoid_uniform",
    says="Your weights are normal, and some of them leave the range that is asked for.",
)
def normal_and_wide(fan_in: int, fan_out: int, rng: Generator) -> Array:
    return rng.normal(0.0, 4.0 * np.sqrt(2.0 / (fan_in + fan_out)), (fan_in, fan_out))


@mistake(
    "sigmoid_uniform",
    says="Your weights are shifted to one side of zero; a range is to be stretched, not moved.",
)
def shifted_to_the_positive_side(fan_in: int, fan_out: int, rng: Generator) -> Array:
    limit = np.sqrt(6.0 / (fan_in + fan_out))
    return rng.uniform(-limit, 7.0 * limit, (fan_in, fan_out))


@mistake(
    "sigmoid_uniform",
    says="Your range follows from one fan alone; the other one counts as much.",
)
def one_fan_for_both(fan_in: int, fan_out: int, rng: Generator) -> Array:
    limit = 4.0 * np.sqrt(6.0 / (2 * fan_out))
    return rng.uniform(-limit, limit, (fan_in, fan_out))


@mistake("sigmoid_uniform", says="Your randomness is NumPy's global one, not the generator's.")
def global_randomness(fan_in: int, fan_out: int, rng: Generator) -> Array:
    limit = 4.0 * np.sqrt(6.0 / (fan_in + fan_out))
    return np.random.uniform(-limit, limit, (fan_in, fan_out))  # noqa: NPY002 - the mistake


@variant("sigmoid_uniform")
def four_under_the_root(fan_in: int, fan_out: int, rng: Generator) -> Array:
    limit = np.sqrt(96.0 / (fan_in + fan_out))
    return rng.uniform(-limit, limit, size=(fan_in, fan_out))


@variant("sigmoid_uniform")
def tanhs_weights_stretched(fan_in: int, fan_out: int, rng: Generator) -> Array:
    limit = math.sqrt(6.0 / (fan_in + fan_out))
    W = rng.uniform(-limit, limit, (fan_in, fan_out))
    W *= 4
    return W


@variant("sigmoid_uniform")
def row_after_row(fan_in: int, fan_out: int, rng: Generator) -> Array:
    limit = 4.0 * math.sqrt(6.0 / (fan_in + fan_out))
    return np.stack([limit * (1.0 - 2.0 * rng.random(fan_out)) for _ in range(fan_in)])


@variant("sigmoid_uniform")
def reshaped_from_a_vector(fan_in: int, fan_out: int, rng: Generator, slope: float = 0.25) -> Array:
    limit = (6.0 / (fan_in + fan_out)) ** 0.5 / slope
    return rng.uniform(-limit, limit, fan_in * fan_out).reshape(fan_in, fan_out)
