"""Lab 06: answers to the second moment after ReLU layers, and to the saturated share of tanh."""

from __future__ import annotations

import math

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "relu_second_moment",
    says="Your signal passes as if there were no ReLU; it removes a part of the second moment.",
)
def relu_forgotten(depth: int, fan_in: int, std: float) -> float:
    return (fan_in * std**2) ** depth


@mistake(
    "relu_second_moment",
    says="Your factor is that of the deviation; the second moment changes by its square.",
)
def deviation_for_the_moment(depth: int, fan_in: int, std: float) -> float:
    return math.sqrt(fan_in * std**2 / 2) ** depth


@mistake(
    "relu_second_moment",
    says="You use the weights' deviation where their variance belongs.",
)
def std_not_squared(depth: int, fan_in: int, std: float) -> float:
    return (fan_in * std / 2) ** depth


@mistake(
    "relu_second_moment",
    says="The factors of your layers add up; one layer after another multiplies.",
)
def layers_added(depth: int, fan_in: int, std: float) -> float:
    return fan_in * std**2 / 2 * depth


@mistake(
    "relu_second_moment",
    says="ReLU halves your signal once; it does so in each of the layers.",
)
def halved_once(depth: int, fan_in: int, std: float) -> float:
    return (fan_in * std**2) ** depth / 2


@mistake(
    "relu_second_moment",
    says="You count one layer too few.",
)
def one_layer_too_few(depth: int, fan_in: int, std: float) -> float:
    return (fan_in * std**2 / 2) ** (depth - 1)


@mistake(
    "relu_second_moment",
    says="Your sums have one term; a unit adds up as many as it has inputs.",
)
def inputs_not_counted(depth: int, fan_in: int, std: float) -> float:
    return float((std**2 / 2) ** depth)


@mistake(
    "relu_second_moment",
    says="You give the variance of the outputs, from which their mean has been taken off; the "
    "second moment has the mean in it.",
)
def variance_of_the_outputs(depth: int, fan_in: int, std: float) -> float:
    return float((fan_in * std**2 / 2) ** depth * (1 - 1 / math.pi))


@mistake(
    "relu_second_moment",
    says="Your answer is what one net of random weights gave; the expectation is asked for.",
)
def one_simulation(depth: int, fan_in: int, std: float) -> float:
    rng = np.random.default_rng(0)
    y = rng.normal(size=(50, fan_in))
    for _ in range(depth):
        y = np.maximum(y @ rng.normal(0, std, (fan_in, fan_in)), 0)
    return float((y**2).mean())


@variant("relu_second_moment")
def layer_by_layer(depth: int, fan_in: int, std: float) -> float:
    moment = 1.0
    for _ in range(depth):
        of_the_sums = fan_in * std * std * moment
        moment = of_the_sums / 2
    return moment


@variant("relu_second_moment")
def by_logarithms(depth: int, fan_in: int, std: float) -> float:
    return math.exp(depth * (math.log(fan_in) + 2 * math.log(std) - math.log(2)))


@variant("relu_second_moment")
def relative_to_hes_deviation(
    depth: int, fan_in: int, std: float, moment: float = 1.0
) -> np.float64:
    he = np.sqrt(2 / fan_in)
    return np.float64(moment * np.power(std / he, 2 * depth))


@variant("relu_second_moment")
def product_of_an_array(depth: int, fan_in: int, std: float) -> Array:
    return np.asarray(np.prod(np.full(depth, 0.5 * fan_in * np.square(std))))


@mistake(
    "saturated_fraction",
    says="You count one end of tanh alone; it is as flat at the other.",
)
def one_end_alone(y: Array, threshold: float = 0.97) -> float:
    return float((y > threshold).mean())


@mistake(
    "saturated_fraction",
    says="You count the entries that are not saturated.",
)
def share_of_the_others(y: Array, threshold: float = 0.97) -> float:
    return float((np.abs(y) < threshold).mean())


@mistake(
    "saturated_fraction",
    says="You give the number of saturated entries; their share of all is asked for.",
)
def number_instead_of_share(y: Array, threshold: float = 0.97) -> int:
    return int((np.abs(y) > threshold).sum())


@mistake(
    "saturated_fraction",
    says="You divide by the number of rows, not by that of all entries.",
)
def divided_by_the_rows(y: Array, threshold: float = 0.97) -> float:
    return float((np.abs(y) > threshold).sum() / len(y))


@mistake(
    "saturated_fraction",
    says="Your threshold is fixed; the one that is handed in is not looked at.",
)
def threshold_ignored(y: Array, threshold: float = 0.97) -> float:
    return float((np.abs(y) > 0.97).mean())


@mistake(
    "saturated_fraction",
    says="You give percent; a share is between zero and one.",
)
def percent(y: Array, threshold: float = 0.97) -> float:
    return 100 * float((np.abs(y) > threshold).mean())


@mistake(
    "saturated_fraction",
    says="You count outputs that are right at the threshold; only those beyond it are saturated.",
)
def threshold_itself_counted(y: Array, threshold: float = 0.97) -> float:
    return float((np.abs(y) >= threshold).mean())


@mistake(
    "saturated_fraction",
    says="You compare the square of the outputs with the threshold, not their size.",
)
def squares_compared(y: Array, threshold: float = 0.97) -> float:
    return float((y**2 > threshold).mean())


@mistake(
    "saturated_fraction",
    says="You give the units that are saturated for every row; all entries count by themselves.",
)
def units_always_saturated(y: Array, threshold: float = 0.97) -> float:
    return float((np.abs(y) > threshold).all(axis=0).mean())


@mistake(
    "saturated_fraction",
    says="Your threshold, where none is handed in, is another one than the usual.",
)
def another_default(y: Array, threshold: float = 0.95) -> float:
    return float((np.abs(y) > threshold).mean())


@mistake(
    "saturated_fraction",
    says="Your share is right, but taking the sizes in place changes the caller's outputs.",
)
def outputs_overwritten(y: Array, threshold: float = 0.97) -> float:
    np.abs(y, out=y)
    return float((y > threshold).mean())


@variant("saturated_fraction")
def both_ends_one_by_one(y: Array, threshold: float = 0.97) -> float:
    return float(np.mean(y > threshold) + np.mean(y < -threshold))


@variant("saturated_fraction")
def counted_in_a_loop(y: Array, threshold: float = 0.97) -> float:
    saturated = 0
    for value in y.ravel():
        if abs(value) > threshold:
            saturated += 1
    return float(saturated / y.size)


@variant("saturated_fraction")
def squares_on_both_sides(y: Array, threshold: float = 0.97, axis: None = None) -> Array:
    return np.mean(y**2 > threshold**2, axis=axis)


@variant("saturated_fraction")
def one_minus_the_rest(y: Array, threshold: float = 0.97) -> float:
    inside = (-threshold <= y) & (y <= threshold)
    return float(1.0 - np.count_nonzero(inside) / inside.size)
