"""Lab 09: answers to log-uniform draws."""

from __future__ import annotations

import math

import numpy as np
from numpy.random import Generator

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "log_uniform",
    says="Your draws are uniform in the number itself, so that nearly all lie in the last decade.",
)
def uniform_in_the_number(low: float, high: float, n: int, rng: Generator) -> Array:
    return rng.uniform(low, high, size=n)


@mistake(
    "log_uniform",
    says="You take logarithms to the base ten, and then powers of e: stay with one base.",
)
def powers_of_e_of_decimal_logarithms(low: float, high: float, n: int, rng: Generator) -> Array:
    return np.exp(rng.uniform(math.log10(low), math.log10(high), size=n))


@mistake(
    "log_uniform",
    says="You take natural logarithms, and then powers of ten: stay with one base.",
)
def powers_of_ten_of_natural_logarithms(low: float, high: float, n: int, rng: Generator) -> Array:
    return np.clip(10 ** rng.uniform(math.log(low), math.log(high), size=n), low, high)


@mistake(
    "log_uniform",
    says="Your ends are swapped in the ratio: you multiply low by numbers below one, and leave the "
    "range.",
)
def ratio_upside_down(low: float, high: float, n: int, rng: Generator) -> Array:
    return low * (low / high) ** rng.random(n)


@mistake("log_uniform", says="You draw once and repeat it; each of the n is to have its own draw.")
def one_draw_for_all(low: float, high: float, n: int, rng: Generator) -> Array:
    return np.full(n, np.exp(rng.uniform(math.log(low), math.log(high))))


@mistake(
    "log_uniform",
    says="You take the logarithm of uniform draws; draw the logarithm, and go back from it.",
)
def logarithm_of_uniform_draws(low: float, high: float, n: int, rng: Generator) -> Array:
    return np.log(rng.uniform(math.exp(low), math.exp(min(high, 500.0)), size=n))


@mistake(
    "log_uniform",
    says="You draw whole exponents only: ten, a hundred, a thousand, and nothing in between.",
)
def whole_exponents(low: float, high: float, n: int, rng: Generator) -> Array:
    first, last = math.log10(low), math.log10(high)
    return low * 10.0 ** rng.integers(0, max(1, round(last - first)), size=n)


@mistake(
    "log_uniform",
    says="Yours is an even grid in another order; random search lives on draws that are not even.",
)
def shuffled_grid(low: float, high: float, n: int, rng: Generator) -> Array:
    return rng.permutation(np.geomspace(low, high, n))


@mistake("log_uniform", says="Your draws are sorted; each is to know nothing of the others.")
def sorted_draws(low: float, high: float, n: int, rng: Generator) -> Array:
    return np.sort(np.exp(rng.uniform(math.log(low), math.log(high), size=n)))


@mistake(
    "log_uniform",
    says="Your exponents crowd around the middle: those of a bell curve, cut off at the ends.",
)
def bell_curve_of_exponents(low: float, high: float, n: int, rng: Generator) -> Array:
    middle, spread = math.log(low * high) / 2, math.log(high / low) / 4
    return np.clip(np.exp(rng.normal(middle, spread, size=n)), low, high)


@mistake(
    "log_uniform", says="You make a generator of your own, so every call gives the same draws."
)
def generator_of_its_own(low: float, high: float, n: int, rng: Generator) -> Array:
    return np.exp(np.random.default_rng(0).uniform(math.log(low), math.log(high), size=n))


@mistake("log_uniform", says="Your draws do not come from the generator that is handed to you.")
def global_draws(low: float, high: float, n: int, rng: Generator) -> Array:
    u = np.random.rand(n)  # noqa: NPY002 - what this mistake is about
    return low * (high / low) ** u


@mistake("log_uniform", says="Your range of exponents ends a little too early on both sides.")
def narrow_range(low: float, high: float, n: int, rng: Generator) -> Array:
    return low * (high / low) ** rng.uniform(0.015, 0.985, size=n)


@mistake("log_uniform", says="You return a column; a vector of n draws is asked for.")
def column_returned(low: float, high: float, n: int, rng: Generator) -> Array:
    return np.exp(rng.uniform(math.log(low), math.log(high), size=(n, 1)))


@variant("log_uniform")
def power_of_the_ratio(low: float, high: float, n: int, rng: Generator) -> Array:
    return np.clip(low * (high / low) ** rng.random(n), low, high)


@variant("log_uniform")
def one_by_one_to_the_base_ten(low: float, high: float, n: int, rng: Generator) -> Array:
    a, b = np.log10([low, high])
    return np.array([min(max(10 ** float(rng.uniform(a, b)), low), high) for _ in range(n)])


@variant("log_uniform")
def from_the_top_down(low: float, high: float, n: int, rng: Generator, base: float = 2.0) -> Array:
    top, width = math.log(high, base), math.log(high / low, base)
    draws = base ** (top - width * rng.random(size=(n,)))
    return np.minimum(np.maximum(draws, low), high)


@variant("log_uniform")
def stretched_from_the_unit_interval(low: float, high: float, n: int, rng: Generator) -> Array:
    exponents = np.log(low) + rng.uniform(size=n) * (np.log(high) - np.log(low))
    return np.maximum(np.minimum(np.exp(exponents), high), low)
