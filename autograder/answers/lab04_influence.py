"""Lab 04: answers to the influence of a batch's variance and mean on the loss."""

from __future__ import annotations

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake("dvar_from_du", says="The sign of your dvar is wrong: a larger variance shrinks every u.")
def sign_of_dvar_lost(du: Array, z: Array, mean: Array, var: Array, eps: float) -> Array:
    return 0.5 * np.sum(du * (z - mean), axis=0) * (var + eps) ** -1.5


@mistake("dvar_from_du", says="The factor that comes down from the exponent is missing.")
def half_forgotten(du: Array, z: Array, mean: Array, var: Array, eps: float) -> Array:
    return -np.sum(du * (z - mean), axis=0) * (var + eps) ** -1.5


@mistake("dvar_from_du", says="Your exponent is still that of u itself: differentiate it.")
def exponent_not_lowered(du: Array, z: Array, mean: Array, var: Array, eps: float) -> Array:
    return -0.5 * np.sum(du * (z - mean), axis=0) * (var + eps) ** -0.5


@mistake("dvar_from_du", says="Your exponent is that of a derivative by the standard deviation.")
def derivative_by_the_deviation(du: Array, z: Array, mean: Array, var: Array, eps: float) -> Array:
    return -np.sum(du * (z - mean), axis=0) / (var + eps)


@mistake("dvar_from_du", says="You average the influences over the batch; they add up.")
def influences_averaged(du: Array, z: Array, mean: Array, var: Array, eps: float) -> Array:
    return -0.5 * np.mean(du * (z - mean), axis=0) * (var + eps) ** -1.5


@mistake("dvar_from_du", says="You keep a value for every row; a unit has one variance.")
def sum_over_the_batch_forgotten(du: Array, z: Array, mean: Array, var: Array, eps: float) -> Array:
    return -0.5 * du * (z - mean) * (var + eps) ** -1.5


@mistake("dvar_from_du", says="Your z still contains its mean; u does not.")
def input_not_centered(du: Array, z: Array, mean: Array, var: Array, eps: float) -> Array:
    return -0.5 * np.sum(du * z, axis=0) * (var + eps) ** -1.5


@mistake("dvar_from_du", says="You make no use of eps.")
def eps_without_effect(du: Array, z: Array, mean: Array, var: Array, eps: float) -> Array:
    return -0.5 * np.sum(du * (z - mean), axis=0) * (var + 1e-12) ** -1.5


@mistake("dvar_from_du", says="Your eps is added to the standard deviation, after the root.")
def eps_beside_the_deviation(du: Array, z: Array, mean: Array, var: Array, eps: float) -> Array:
    return -0.5 * np.sum(du * (z - mean), axis=0) * (np.sqrt(var) + eps) ** -3


@mistake("dvar_from_du", says="The derivative of every u is missing in your sum.")
def du_ignored(du: Array, z: Array, mean: Array, var: Array, eps: float) -> Array:
    return -0.5 * np.sum(z - mean, axis=0) * (var + eps) ** -1.5


@mistake("dvar_from_du", says="Your result is a matrix of one row; a number a unit is a vector.")
def row_for_a_vector(du: Array, z: Array, mean: Array, var: Array, eps: float) -> Array:
    return -0.5 * np.sum(du * (z - mean), axis=0, keepdims=True) * (var + eps) ** -1.5


@mistake("dvar_from_du", says="Your dvar of float32 arrays is float64.")
def dvar_in_float64(du: Array, z: Array, mean: Array, var: Array, eps: float) -> Array:
    return -0.5 * np.sum(du * (z - mean), axis=0, dtype=float) * (var + eps) ** -1.5


@mistake("dvar_from_du", says="Your dvar is right, but making it changes the caller's du.")
def du_overwritten(du: Array, z: Array, mean: Array, var: Array, eps: float) -> Array:
    du *= z - mean
    return -0.5 * np.sum(du, axis=0) * (var + eps) ** -1.5


@variant("dvar_from_du")
def by_einsum(du: Array, z: Array, mean: Array, var: Array, eps: float) -> Array:
    inv_std = 1 / np.sqrt(var + eps)
    return np.einsum("nm,nm,m->m", du, z - mean, -(inv_std**3) / 2)


@variant("dvar_from_du")
def through_u(du: Array, z: Array, mean: Array, var: Array, eps: float) -> Array:
    u = (z - mean) / np.sqrt(var + eps)
    return -(du * u).sum(0) / (2 * (var + eps))


@variant("dvar_from_du")
def row_by_row(du: Array, z: Array, mean: Array, var: Array, eps: float = 1e-5) -> Array:
    dvar = np.zeros_like(var)
    for du_row, z_row in zip(du, z, strict=True):
        dvar -= 0.5 * du_row * (z_row - mean) / ((var + eps) * np.sqrt(var + eps))
    return dvar


@variant("dvar_from_du")
def statistics_taken_anew(du: Array, z: Array, mean: Array, var: Array, eps: float) -> Array:
    spread = np.power(np.var(z, axis=0) + eps, -1.5)
    products = np.multiply(du, z - np.mean(z, axis=0))
    return np.sum(products * (-0.5 * spread), axis=0)


@mistake("dmean_from_du", says="The sign of your dmean is wrong: a larger mean lowers every u.")
def sign_of_dmean_lost(
    du: Array, z: Array, mean: Array, var: Array, dvar: Array, eps: float
) -> Array:
    return np.sum(du, axis=0) / np.sqrt(var + eps) - 2 * dvar * np.mean(z - mean, axis=0)


@mistake(
    "dmean_from_du",
    says="On its way through the variance your mean meets z; it meets the distance between them.",
)
def input_for_the_distance(
    du: Array, z: Array, mean: Array, var: Array, dvar: Array, eps: float
) -> Array:
    return -np.sum(du, axis=0) / np.sqrt(var + eps) - 2 * dvar * np.mean(z, axis=0)


@mistake(
    "dmean_from_du",
    says="You count the square of the distance to the mean on the way through the variance.",
)
def distance_left_squared(
    du: Array, z: Array, mean: Array, var: Array, dvar: Array, eps: float
) -> Array:
    return -np.sum(du, axis=0) / np.sqrt(var + eps) - 2 * dvar * np.mean((z - mean) ** 2, axis=0)


@mistake("dmean_from_du", says="You add the whole of dvar, not what the mean does to the variance.")
def dvar_added_as_it_is(
    du: Array, z: Array, mean: Array, var: Array, dvar: Array, eps: float
) -> Array:
    return -np.sum(du, axis=0) / np.sqrt(var + eps) + dvar


@mistake("dmean_from_du", says="You have only the way through the variance; u itself has the mean.")
def way_through_u_forgotten(
    du: Array, z: Array, mean: Array, var: Array, dvar: Array, eps: float
) -> Array:
    return -2 * dvar * np.mean(z - mean, axis=0)


@mistake("dmean_from_du", says="You average the influences over the batch; they all count.")
def dmean_averaged(du: Array, z: Array, mean: Array, var: Array, dvar: Array, eps: float) -> Array:
    return -np.mean(du, axis=0) / np.sqrt(var + eps) - 2 * dvar * np.mean(z - mean, axis=0)


@mistake("dmean_from_du", says="You keep a value for every row; a unit has one mean.")
def dmean_of_every_row(
    du: Array, z: Array, mean: Array, var: Array, dvar: Array, eps: float
) -> Array:
    return -du / np.sqrt(var + eps)


@mistake("dmean_from_du", says="You divide by the variance; its root is missing.")
def variance_for_deviation(
    du: Array, z: Array, mean: Array, var: Array, dvar: Array, eps: float
) -> Array:
    return -np.sum(du, axis=0) / (var + eps) - 2 * dvar * np.mean(z - mean, axis=0)


@mistake("dmean_from_du", says="Your eps is added to the standard deviation, after the root.")
def eps_after_the_root(
    du: Array, z: Array, mean: Array, var: Array, dvar: Array, eps: float
) -> Array:
    return -np.sum(du, axis=0) / (np.sqrt(var) + eps)


@mistake("dmean_from_du", says="You make no use of eps.")
def eps_left_out(du: Array, z: Array, mean: Array, var: Array, dvar: Array, eps: float) -> Array:
    return -np.sum(du, axis=0) / np.sqrt(var)


@mistake("dmean_from_du", says="Each u counts with its own value in yours; du alone counts.")
def du_times_u(du: Array, z: Array, mean: Array, var: Array, dvar: Array, eps: float) -> Array:
    return -np.sum(du * (z - mean), axis=0) / np.sqrt(var + eps)


@mistake("dmean_from_du", says="Your dmean of float32 arrays is float64.")
def dmean_in_float64(
    du: Array, z: Array, mean: Array, var: Array, dvar: Array, eps: float
) -> Array:
    return -np.sum(du, axis=0) / np.sqrt(var.astype(float) + eps)


@mistake("dmean_from_du", says="Your dmean is right, but making it changes the caller's z.")
def z_centered_in_place(
    du: Array, z: Array, mean: Array, var: Array, dvar: Array, eps: float
) -> Array:
    z -= mean
    return -np.sum(du, axis=0) / np.sqrt(var + eps) - 2 * dvar * np.mean(z, axis=0)


@variant("dmean_from_du")
def term_that_vanishes_dropped(
    du: Array, z: Array, mean: Array, var: Array, dvar: Array, eps: float
) -> Array:
    return -du.sum(axis=0) * (var + eps) ** -0.5


@variant("dmean_from_du")
def both_ways_by_einsum(
    du: Array, z: Array, mean: Array, var: Array, dvar: Array, eps: float
) -> Array:
    n = len(z)
    through_u = np.einsum("nm,m->m", du, -1 / np.sqrt(var + eps))
    return through_u + np.einsum("m,nm->m", dvar, -2 * (z - mean)) / n


@variant("dmean_from_du")
def both_ways_row_by_row(
    du: Array, z: Array, mean: Array, var: Array, dvar: Array, eps: float = 1e-5
) -> Array:
    dmean = np.zeros_like(mean)
    for n in range(du.shape[0]):
        dmean -= du[n] / np.sqrt(var + eps)
        dmean -= 2.0 / du.shape[0] * dvar * (z[n] - mean)
    return dmean


@variant("dmean_from_du")
def summed_after_dividing(
    du: Array, z: Array, mean: Array, var: Array, dvar: Array, eps: float
) -> Array:
    of_each_row = np.divide(du, np.sqrt(np.add(var, eps)))
    return np.negative(np.sum(of_each_row, axis=0)) + dvar * np.mean(-2.0 * (z - mean), axis=0)
