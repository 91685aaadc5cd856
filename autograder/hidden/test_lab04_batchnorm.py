"""Hidden tests of lab 04: every function by itself, with an ε large enough to be seen.

Long, since one file a lab is the contract; its sections follow the tasks.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pytest

from autograder import arguments
from autograder.arguments import Shape, check_same_arguments, copies, in_float32
from autograder.grading import Student
from dlcourse.testing import (
    CheckError,
    check_close,
    check_that,
    check_tuple,
    check_unchanged,
    describe,
)

Generator = np.random.Generator
Cache = dict[str, np.ndarray]

ENTRIES = ("u", "inv_std", "gamma", "mean", "var")
SHAPES = pytest.mark.parametrize("shape", [(6, 3), (4, 4), (2, 5), (9, 1)], ids=str)
mixed = partial(arguments.mixed, low=0.3)
EPS = pytest.mark.parametrize("eps", [1e-5, 0.3, 2.0])


def scale_and_shift(rng: Generator, m: int) -> tuple[np.ndarray, np.ndarray]:
    """γ and β (m,), clearly apart from 1 and 0, and from each other."""
    return mixed(rng, (m,)), 3.0 + mixed(rng, (m,))


def activations(rng: Generator, shape: Shape) -> np.ndarray:
    """An array whose channels (axis 1) and rows differ clearly in mean and in spread."""
    per_channel = (shape[1], *(1,) * (len(shape) - 2))
    per_row = (shape[0], *(1,) * (len(shape) - 1))
    spread = rng.uniform(0.6, 2.0, size=per_channel) * rng.uniform(0.6, 2.0, size=per_row)
    numbers: np.ndarray = (
        mixed(rng, per_channel) + mixed(rng, per_row) + spread * rng.normal(size=shape)
    )
    return numbers


def fixed_statistics(rng: Generator, m: int) -> tuple[np.ndarray, np.ndarray]:
    """A mean and a variance (m,) that no batch in these tests has."""
    return mixed(rng, (m,)), rng.uniform(0.3, 4.0, size=m)


def copied(cache: Cache) -> Cache:
    """The cache again, for a student to spoil."""
    return {name: array.copy() for name, array in cache.items()}


def check_single(actual: object, expected: np.ndarray, name: str) -> None:
    """`actual` is `expected` within what float32 allows, and of float32."""
    check_close(actual, expected.astype(np.float32), name, rtol=1e-4, atol=1e-4)


def check_pair(actual: object, expected: Sequence[np.ndarray], names: Sequence[str]) -> None:
    """`actual` has these arrays, in this order."""
    values = check_tuple(actual, len(expected), "the result")
    for value, array, name in zip(values, expected, names, strict=True):
        check_close(value, array, name)


def check_single_pair(actual: object, expected: Sequence[np.ndarray], names: Sequence[str]) -> None:
    """`actual` has these arrays, in this order and in float32."""
    values = check_tuple(actual, len(expected), "the result")
    for value, array, name in zip(values, expected, names, strict=True):
        check_single(value, array, name)


def y_and_cache(result: object) -> tuple[object, dict[str, object]]:
    """The two results of a forward pass, of which the second is a dict with the entries named."""
    y, cache = check_tuple(result, 2, "the result")
    if not isinstance(cache, dict):
        raise CheckError(f"the cache: expected a dict, got {describe(cache)}")
    missing = [name for name in ENTRIES if name not in cache]
    if missing:
        raise CheckError(f"the cache has no entry {missing[0]}")
    return y, cache


def normalized(
    z: np.ndarray, gamma: np.ndarray, beta: np.ndarray, axis: int, eps: float
) -> tuple[np.ndarray, Cache]:
    """What the forward pass is to return that normalizes along `axis`; beta is for y alone.

    Statistics stand as (M,) along axis 0, the batch, and as (N, 1) along axis 1, the units.
    """
    mean, var = z.mean(axis=axis), z.var(axis=axis)
    if axis == 1:
        mean, var = mean[:, np.newaxis], var[:, np.newaxis]
    u = (z - mean) / np.sqrt(var + eps)
    cache = {"u": u, "inv_std": (var + eps) ** -0.5, "gamma": gamma, "mean": mean, "var": var}
    return gamma * u + beta, cache


def backward_inputs(
    rng: Generator, shape: Shape, axis: int, eps: float = 0.3
) -> tuple[np.ndarray, Cache]:
    """A dy that neither averages to zero nor avoids u, and the cache of a forward pass."""
    z = activations(rng, shape)
    gamma, beta = scale_and_shift(rng, shape[1])
    _, cache = normalized(z, gamma, beta, axis, eps)
    return 0.5 + rng.normal(size=shape) + cache["u"], cache


def jacobian_product(dy: np.ndarray, cache: Cache, axis: int) -> np.ndarray:
    """The derivative by z: the Jacobian of each normalized vector, formed, times its du."""
    du, u = cache["gamma"] * dy, cache["u"]
    inv_std = np.broadcast_to(cache["inv_std"], u.shape)
    if axis == 0:
        du, u, inv_std = du.T, u.T, inv_std.T
    rows = []
    for du_row, u_row, scale in zip(du, u, inv_std[:, 0], strict=True):
        n = len(u_row)
        rows.append(scale * (np.eye(n) - (1.0 + np.outer(u_row, u_row)) / n) @ du_row)
    dz = np.stack(rows)
    return dz.T if axis == 0 else dz


def backward_results(dy: np.ndarray, cache: Cache, axis: int) -> list[np.ndarray]:
    """What a backward pass is to return: dz, dγ, dβ."""
    dgamma, dbeta = np.einsum("nm,nm->m", dy, cache["u"]), np.einsum("nm->m", dy)
    return [jacobian_product(dy, cache, axis), dgamma, dbeta]


def differences(loss: Callable[[np.ndarray], float], x: np.ndarray) -> np.ndarray:
    """The derivative of a loss by every entry of x, by central differences."""
    slopes = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[index] = 1e-5
        slopes[index] = (loss(x + step) - loss(x - step)) / 2e-5
    return slopes


def check_slopes(actual: object, expected: np.ndarray, name: str) -> None:
    """`actual` is the derivative, as exactly as differences show it."""
    check_close(actual, expected, name, rtol=1e-5, atol=1e-6)


GRADIENTS = ("dz", "dgamma", "dbeta")


# batchnorm_forward


@pytest.mark.task("batchnorm_forward", weight=2)
@SHAPES
def test_each_unit_is_normalized_over_the_batch_then_scaled_and_shifted(
    student: Student, rng: Generator, shape: Shape
) -> None:
    z, (gamma, beta) = activations(rng, shape), scale_and_shift(rng, shape[1])
    y, _ = y_and_cache(student.batchnorm_forward(*copies(z, gamma, beta), 0.3))
    check_close(y, normalized(z, gamma, beta, 0, 0.3)[0], "y")


@pytest.mark.task("batchnorm_forward")
@pytest.mark.parametrize("entry", ["u", "inv_std", "mean", "var"])
def test_cache_of_batchnorm_has_what_its_names_say(
    student: Student, rng: Generator, entry: str
) -> None:
    z, (gamma, beta) = activations(rng, (7, 4)), scale_and_shift(rng, 4)
    _, cache = y_and_cache(student.batchnorm_forward(*copies(z, gamma, beta), 0.3))
    expected = normalized(z, gamma, beta, 0, 0.3)[1]
    check_close(cache[entry], expected[entry], f"cache, {entry}")
    check_close(cache["gamma"], gamma, "cache, gamma")


@pytest.mark.task("batchnorm_forward")
def test_batchnorm_without_eps_has_the_usual_one(student: Student, rng: Generator) -> None:
    z, (gamma, beta) = 0.003 * rng.normal(size=(8, 3)), scale_and_shift(rng, 3)
    y, cache = y_and_cache(student.batchnorm_forward(*copies(z, gamma, beta)))
    right, expected = normalized(z, gamma, beta, 0, 1e-5)
    check_close(y, right, "y where the units hardly vary and eps is not given")
    check_close(cache["inv_std"], expected["inv_std"], "cache, inv_std, where eps is not given")


@pytest.mark.task("batchnorm_forward")
def test_unit_that_never_varies_becomes_its_shift(student: Student, rng: Generator) -> None:
    z, (gamma, beta) = activations(rng, (6, 4)), scale_and_shift(rng, 4)
    z[:, 2] = 1.7
    y, cache = y_and_cache(student.batchnorm_forward(*copies(z, gamma, beta), 1e-3))
    right, expected = normalized(z, gamma, beta, 0, 1e-3)
    check_close(y, right, "y where a unit is constant")
    check_close(cache["inv_std"], expected["inv_std"], "cache, inv_std, where a unit is constant")


@pytest.mark.task("batchnorm_forward")
def test_batch_of_one_row_becomes_the_shift(student: Student, rng: Generator) -> None:
    z, (gamma, beta) = activations(rng, (1, 4)), scale_and_shift(rng, 4)
    y, cache = y_and_cache(student.batchnorm_forward(*copies(z, gamma, beta), 0.25))
    check_close(y, beta[np.newaxis], "y of a batch of one")
    check_close(cache["inv_std"], np.full(4, 2.0), "cache, inv_std, of a batch of one")
    check_close(cache["mean"], z[0], "cache, mean, of a batch of one")


@pytest.mark.task("batchnorm_forward")
def test_batchnorm_in_float32_stays_in_float32(student: Student, rng: Generator) -> None:
    gamma, beta = in_float32(*scale_and_shift(rng, 3))
    (z,) = in_float32(activations(rng, (8, 3)))
    y, cache = y_and_cache(student.batchnorm_forward(*copies(z, gamma, beta), 0.3))
    right, expected = normalized(z, gamma, beta, 0, 0.3)
    check_single(y, right, "y")
    for name in ENTRIES:
        check_single(cache[name], expected[name], f"cache, {name}")


@pytest.mark.task("batchnorm_forward")
def test_batchnorm_leaves_its_arguments_alone(student: Student, rng: Generator) -> None:
    z, (gamma, beta) = activations(rng, (5, 3)), scale_and_shift(rng, 3)
    before = copies(z, gamma, beta)
    y, _ = y_and_cache(student.batchnorm_forward(z, gamma, beta, 0.3))
    check_close(y, normalized(before[0], before[1], before[2], 0, 0.3)[0], "y")
    check_same_arguments(before, z=z, gamma=gamma, beta=beta)


# dvar_from_du


Batch = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def batch_with_statistics(rng: Generator, shape: Shape) -> Batch:
    """A du that meets u, and z, with z's own mean and biased variance."""
    z = activations(rng, shape)
    centered = z - z.mean(axis=0)
    return 0.5 + rng.normal(size=shape) + 0.5 * centered, z, z.mean(axis=0), z.var(axis=0)


def influence_of_var(du: np.ndarray, z: np.ndarray, var: np.ndarray, eps: float) -> np.ndarray:
    """What `dvar_from_du` is to return, a unit at a time."""
    units = []
    for du_unit, z_unit, v in zip(du.T, z.T, var, strict=True):
        products = sum(du_unit * (z_unit - z_unit.mean()))
        units.append(-products / (2 * (v + eps) * math.sqrt(v + eps)))
    return np.array(units)


@pytest.mark.task("dvar_from_du", weight=2)
@SHAPES
def test_every_row_bears_the_influence_of_the_variance(
    student: Student, rng: Generator, shape: Shape
) -> None:
    du, z, mean, var = batch_with_statistics(rng, shape)
    dvar = student.dvar_from_du(*copies(du, z, mean, var), 0.3)
    check_close(dvar, influence_of_var(du, z, var, 0.3), "dvar")


@pytest.mark.task("dvar_from_du")
@EPS
def test_influence_of_the_variance_depends_on_eps(
    student: Student, rng: Generator, eps: float
) -> None:
    du, z, mean, var = batch_with_statistics(rng, (7, 4))
    dvar = student.dvar_from_du(*copies(du, z, mean, var), eps)
    check_close(dvar, influence_of_var(du, z, var, eps), "dvar")


@pytest.mark.task("dvar_from_du")
def test_dvar_is_the_slope_of_the_loss_by_var_alone(student: Student, rng: Generator) -> None:
    du, z, mean, var = batch_with_statistics(rng, (5, 3))

    def loss(var: np.ndarray) -> float:
        return float(np.sum(du * (z - mean) / np.sqrt(var + 0.5)))

    dvar = student.dvar_from_du(*copies(du, z, mean, var), 0.5)
    check_slopes(dvar, differences(loss, var), "dvar, against differences")


@pytest.mark.task("dvar_from_du")
def test_variance_of_a_unit_that_never_varies_has_no_influence(
    student: Student, rng: Generator
) -> None:
    du, z, _, _ = batch_with_statistics(rng, (6, 4))
    z[:, 1] = 1.5
    mean, var = z.mean(axis=0), z.var(axis=0)
    dvar = student.dvar_from_du(*copies(du, z, mean, var), 0.1)
    check_close(dvar, influence_of_var(du, z, var, 0.1), "dvar where a unit is constant")


@pytest.mark.task("dvar_from_du")
def test_dvar_in_float32_stays_in_float32(student: Student, rng: Generator) -> None:
    du, z, mean, var = in_float32(*batch_with_statistics(rng, (8, 3)))
    dvar = student.dvar_from_du(*copies(du, z, mean, var), 0.3)
    check_single(dvar, influence_of_var(du, z, var, 0.3), "dvar")


@pytest.mark.task("dvar_from_du")
def test_dvar_leaves_its_arguments_alone(student: Student, rng: Generator) -> None:
    du, z, mean, var = batch_with_statistics(rng, (5, 4))
    before = copies(du, z, mean, var)
    expected = influence_of_var(du, z, var, 0.3)
    check_close(student.dvar_from_du(du, z, mean, var, 0.3), expected, "dvar")
    check_same_arguments(before, du=du, z=z, mean=mean, var=var)


# dmean_from_du


def influence_of_mean(du: np.ndarray, var: np.ndarray, eps: float) -> np.ndarray:
    """What `dmean_from_du` is to return: the variance is at rest where mean is z's own."""
    return np.array([-du[:, m].sum() / math.sqrt(var[m] + eps) for m in range(len(var))])


@pytest.mark.task("dmean_from_du", weight=2)
@SHAPES
def test_every_row_bears_the_influence_of_the_mean(
    student: Student, rng: Generator, shape: Shape
) -> None:
    du, z, mean, var = batch_with_statistics(rng, shape)
    dvar = influence_of_var(du, z, var, 0.3)
    dmean = student.dmean_from_du(*copies(du, z, mean, var, dvar), 0.3)
    check_close(dmean, influence_of_mean(du, var, 0.3), "dmean")


@pytest.mark.task("dmean_from_du")
@EPS
def test_influence_of_the_mean_depends_on_eps(student: Student, rng: Generator, eps: float) -> None:
    du, z, mean, var = batch_with_statistics(rng, (7, 4))
    dvar = influence_of_var(du, z, var, eps)
    dmean = student.dmean_from_du(*copies(du, z, mean, var, dvar), eps)
    check_close(dmean, influence_of_mean(du, var, eps), "dmean")


@pytest.mark.task("dmean_from_du")
def test_dmean_is_the_slope_of_the_loss_by_the_mean_on_both_ways(
    student: Student, rng: Generator
) -> None:
    du, z, mean, var = batch_with_statistics(rng, (5, 3))

    def loss(mean: np.ndarray) -> float:
        spread = np.mean((z - mean) ** 2, axis=0)
        return float(np.sum(du * (z - mean) / np.sqrt(spread + 0.5)))

    dvar = influence_of_var(du, z, var, 0.5)
    dmean = student.dmean_from_du(*copies(du, z, mean, var, dvar), 0.5)
    check_slopes(dmean, differences(loss, mean), "dmean, against differences")


@pytest.mark.task("dmean_from_du")
def test_mean_of_units_far_from_zero_has_no_other_influence(
    student: Student, rng: Generator
) -> None:
    du, z, _, var = batch_with_statistics(rng, (6, 4))
    z = z + np.array([30.0, -20.0, 0.0, 10.0])
    dvar = influence_of_var(du, z, var, 0.3)
    dmean = student.dmean_from_du(*copies(du, z, z.mean(axis=0), var, dvar), 0.3)
    check_close(dmean, influence_of_mean(du, var, 0.3), "dmean where units are far from zero")


@pytest.mark.task("dmean_from_du")
def test_dmean_in_float32_stays_in_float32(student: Student, rng: Generator) -> None:
    du, z, mean, var = in_float32(*batch_with_statistics(rng, (8, 3)))
    (dvar,) = in_float32(influence_of_var(du, z, var, 0.3))
    dmean = student.dmean_from_du(*copies(du, z, mean, var, dvar), 0.3)
    check_single(dmean, influence_of_mean(du, var, 0.3), "dmean")


@pytest.mark.task("dmean_from_du")
def test_dmean_leaves_its_arguments_alone(student: Student, rng: Generator) -> None:
    du, z, mean, var = batch_with_statistics(rng, (5, 4))
    dvar = influence_of_var(du, z, var, 0.3)
    before = copies(du, z, mean, var, dvar)
    expected = influence_of_mean(du, var, 0.3)
    check_close(student.dmean_from_du(du, z, mean, var, dvar, 0.3), expected, "dmean")
    check_same_arguments(before, du=du, z=z, mean=mean, var=var, dvar=dvar)


# batchnorm_backward


@pytest.mark.task("batchnorm_backward", weight=2)
@SHAPES
def test_every_row_of_a_unit_shares_in_the_derivative_of_the_others(
    student: Student, rng: Generator, shape: Shape
) -> None:
    dy, cache = backward_inputs(rng, shape, 0)
    result = student.batchnorm_backward(dy.copy(), copied(cache))
    dz, _, _ = check_tuple(result, 3, "the result")
    check_close(dz, jacobian_product(dy, cache, 0), "dz")


@pytest.mark.task("batchnorm_backward")
@pytest.mark.parametrize("which", [1, 2], ids=GRADIENTS[1:])
@pytest.mark.parametrize("shape", [(6, 4), (3, 3)], ids=str)
def test_scale_and_shift_of_a_unit_gather_over_the_batch(
    student: Student, rng: Generator, which: int, shape: Shape
) -> None:
    dy, cache = backward_inputs(rng, shape, 0)
    result = student.batchnorm_backward(dy.copy(), copied(cache))
    gathered = check_tuple(result, 3, "the result")[which]
    check_close(gathered, backward_results(dy, cache, 0)[which], GRADIENTS[which])


@pytest.mark.task("batchnorm_backward")
@pytest.mark.parametrize("eps", [1e-5, 1.5])
def test_dz_is_the_slope_of_the_loss_by_every_entry(
    student: Student, rng: Generator, eps: float
) -> None:
    z, (gamma, beta) = activations(rng, (5, 3)), scale_and_shift(rng, 3)
    dy = mixed(rng, (5, 3))
    cache = normalized(z, gamma, beta, 0, eps)[1]

    def loss(z: np.ndarray) -> float:
        return float(np.sum(dy * normalized(z, gamma, beta, 0, eps)[0]))

    result = student.batchnorm_backward(dy.copy(), copied(cache))
    dz, _, _ = check_tuple(result, 3, "the result")
    check_slopes(dz, differences(loss, z), "dz, against differences")


@pytest.mark.task("batchnorm_backward")
def test_derivative_that_is_the_same_in_every_row_changes_the_shift_alone(
    student: Student, rng: Generator
) -> None:
    dy, cache = backward_inputs(rng, (6, 4), 0)
    dy[:] = mixed(rng, (4,))
    result = student.batchnorm_backward(dy.copy(), copied(cache))
    check_pair(result, [0.0 * dy, np.zeros(4), 6.0 * dy[0]], GRADIENTS)


@pytest.mark.task("batchnorm_backward")
def test_batch_of_one_row_passes_nothing_back(student: Student, rng: Generator) -> None:
    dy, cache = backward_inputs(rng, (1, 4), 0)
    result = student.batchnorm_backward(dy.copy(), copied(cache))
    check_pair(result, [np.zeros((1, 4)), np.zeros(4), dy[0]], GRADIENTS)


@pytest.mark.task("batchnorm_backward")
def test_batchnorm_goes_backward_in_float32(student: Student, rng: Generator) -> None:
    dy, cache = backward_inputs(rng, (8, 3), 0)
    (dy,), cache = in_float32(dy), {name: array.astype(np.float32) for name, array in cache.items()}
    expected = backward_results(dy, cache, 0)
    result = student.batchnorm_backward(dy.copy(), copied(cache))
    check_single_pair(result, expected, GRADIENTS)


@pytest.mark.task("batchnorm_backward")
def test_batchnorm_backward_leaves_its_arguments_alone(student: Student, rng: Generator) -> None:
    dy, cache = backward_inputs(rng, (5, 3), 0)
    before, cache_before = dy.copy(), copied(cache)
    result = student.batchnorm_backward(dy, cache)
    check_pair(result, backward_results(before, cache_before, 0), GRADIENTS)
    check_same_arguments([before], dy=dy)
    for name in ENTRIES:
        check_unchanged(cache_before[name], cache[name], f"cache, {name}")


# population_statistics


BATCHES = pytest.mark.parametrize(
    ("batches", "m", "batch_size"), [(5, 3, 4), (3, 3, 2), (2, 6, 10), (1, 4, 3)]
)


def batch_statistics(rng: Generator, batches: int, m: int) -> tuple[np.ndarray, np.ndarray]:
    """Means and biased variances (batches, m)."""
    return mixed(rng, (batches, m)), rng.uniform(0.3, 4.0, size=(batches, m))


def of_the_population(
    means: np.ndarray, variances: np.ndarray, batch_size: int
) -> tuple[np.ndarray, np.ndarray]:
    """What `population_statistics` is to return."""
    mean = sum(means) / len(means)
    return mean, sum(variances) / len(variances) * batch_size / (batch_size - 1)


@pytest.mark.task("population_statistics")
@BATCHES
def test_mean_of_the_population_is_that_of_the_batches(
    student: Student, rng: Generator, batches: int, m: int, batch_size: int
) -> None:
    means, variances = batch_statistics(rng, batches, m)
    result = student.population_statistics(*copies(means, variances), batch_size)
    mean, _ = check_tuple(result, 2, "the result")
    check_close(mean, of_the_population(means, variances, batch_size)[0], "mean")


@pytest.mark.task("population_statistics", weight=2)
@BATCHES
def test_variance_of_the_population_is_unbiased(
    student: Student, rng: Generator, batches: int, m: int, batch_size: int
) -> None:
    means, variances = batch_statistics(rng, batches, m)
    result = student.population_statistics(*copies(means, variances), batch_size)
    _, var = check_tuple(result, 2, "the result")
    check_close(var, of_the_population(means, variances, batch_size)[1], "var")


@pytest.mark.task("population_statistics")
def test_variances_of_all_pairs_of_rows_average_to_that_of_all_rows(
    student: Student, rng: Generator
) -> None:
    z = activations(rng, (7, 3))
    pairs = np.array([z[list(rows)] for rows in itertools.combinations(range(7), 2)])
    result = student.population_statistics(pairs.mean(axis=1), pairs.var(axis=1), 2)
    check_pair(result, [z.mean(axis=0), z.var(axis=0, ddof=1)], ("mean", "var"))


@pytest.mark.task("population_statistics")
def test_population_in_float32_stays_in_float32(student: Student, rng: Generator) -> None:
    means, variances = in_float32(*batch_statistics(rng, 6, 3))
    result = student.population_statistics(*copies(means, variances), 5)
    check_single_pair(result, of_the_population(means, variances, 5), ("mean", "var"))


@pytest.mark.task("population_statistics")
def test_population_leaves_its_arguments_alone(student: Student, rng: Generator) -> None:
    means, variances = batch_statistics(rng, 4, 3)
    before = copies(means, variances)
    result = student.population_statistics(means, variances, 6)
    check_pair(result, of_the_population(before[0], before[1], 6), ("mean", "var"))
    check_same_arguments(before, means=means, variances=variances)


# running_statistics


RUNNING = ("running_mean", "running_var")
MOMENTA = pytest.mark.parametrize(
    ("batch_size", "momentum"), [(4, 0.3), (2, 0.7), (16, 0.05), (3, 1.0)]
)


def running_inputs(rng: Generator, m: int) -> list[np.ndarray]:
    """The running mean and variance, and those of a batch, each clearly another."""
    running_mean, running_var = fixed_statistics(rng, m)
    return [running_mean, running_var, 4.0 + mixed(rng, (m,)), 5.0 + rng.uniform(size=m)]


def moved(statistics: Sequence[np.ndarray], batch_size: int, momentum: float) -> list[np.ndarray]:
    """What `running_statistics` is to return."""
    running_mean, running_var, mean, var = statistics
    unbiased = var * batch_size / (batch_size - 1)
    return [
        running_mean + momentum * (mean - running_mean),
        running_var + momentum * (unbiased - running_var),
    ]


@pytest.mark.task("running_statistics")
@MOMENTA
def test_running_mean_moves_towards_that_of_the_batch(
    student: Student, rng: Generator, batch_size: int, momentum: float
) -> None:
    statistics = running_inputs(rng, 4)
    result = student.running_statistics(*copies(*statistics), batch_size, momentum)
    running_mean, _ = check_tuple(result, 2, "the result")
    check_close(running_mean, moved(statistics, batch_size, momentum)[0], "running_mean")


@pytest.mark.task("running_statistics", weight=2)
@MOMENTA
def test_running_variance_moves_towards_the_unbiased_one_of_the_batch(
    student: Student, rng: Generator, batch_size: int, momentum: float
) -> None:
    statistics = running_inputs(rng, 4)
    result = student.running_statistics(*copies(*statistics), batch_size, momentum)
    _, running_var = check_tuple(result, 2, "the result")
    check_close(running_var, moved(statistics, batch_size, momentum)[1], "running_var")


@pytest.mark.task("running_statistics")
def test_running_statistics_without_momentum_have_the_usual_one(
    student: Student, rng: Generator
) -> None:
    statistics = running_inputs(rng, 3)
    result = student.running_statistics(*copies(*statistics), 8)
    check_pair(result, moved(statistics, 8, 0.1), RUNNING)


@pytest.mark.task("running_statistics")
def test_running_statistics_follow_one_batch_after_the_other(
    student: Student, rng: Generator
) -> None:
    running = list(fixed_statistics(rng, 3))
    for _ in range(3):
        statistics = [*running, *running_inputs(rng, 3)[2:]]
        result = student.running_statistics(*copies(*statistics), 5, 0.4)
        running = moved(statistics, 5, 0.4)
        check_pair(result, running, RUNNING)


@pytest.mark.task("running_statistics")
def test_running_statistics_in_float32_stay_in_float32(student: Student, rng: Generator) -> None:
    statistics = in_float32(*running_inputs(rng, 5))
    result = student.running_statistics(*copies(*statistics), 6, 0.2)
    check_single_pair(result, moved(statistics, 6, 0.2), RUNNING)


@pytest.mark.task("running_statistics")
def test_running_statistics_leave_their_arguments_alone(student: Student, rng: Generator) -> None:
    statistics = running_inputs(rng, 4)
    before = copies(*statistics)
    result = student.running_statistics(*statistics, 4, 0.25)
    check_pair(result, moved(before, 4, 0.25), RUNNING)
    names = ("running_mean", "running_var", "mean", "var")
    check_same_arguments(before, **dict(zip(names, statistics, strict=True)))


# batchnorm_inference


def inference_inputs(rng: Generator, shape: Shape) -> list[np.ndarray]:
    """z, γ, β, and a mean and a variance that are not z's."""
    fixed = fixed_statistics(rng, shape[1])
    return [activations(rng, shape), *scale_and_shift(rng, shape[1]), *fixed]


def at_test_time(inputs: Sequence[np.ndarray], eps: float) -> np.ndarray:
    """What `batchnorm_inference` is to return."""
    z, gamma, beta, mean, var = inputs
    y: np.ndarray = gamma * ((z - mean) / np.sqrt(var + eps)) + beta
    return y


@pytest.mark.task("batchnorm_inference", weight=2)
@SHAPES
def test_inference_normalizes_by_the_statistics_that_it_is_given(
    student: Student, rng: Generator, shape: Shape
) -> None:
    inputs = inference_inputs(rng, shape)
    y = student.batchnorm_inference(*copies(*inputs), 0.3)
    check_close(y, at_test_time(inputs, 0.3), "y")


@pytest.mark.task("batchnorm_inference")
def test_inference_without_eps_has_the_usual_one(student: Student, rng: Generator) -> None:
    inputs = inference_inputs(rng, (6, 4))
    inputs[4] = 1e-5 * inputs[4]
    y = student.batchnorm_inference(*copies(*inputs))
    check_close(y, at_test_time(inputs, 1e-5), "y where the variances are small, eps not given")


@pytest.mark.task("batchnorm_inference")
def test_inference_of_a_row_does_not_depend_on_its_batch(student: Student, rng: Generator) -> None:
    inputs = inference_inputs(rng, (1, 5))
    expected = at_test_time(inputs, 0.2)
    alone = student.batchnorm_inference(*copies(*inputs), 0.2)
    check_close(alone, expected, "y of a row alone")
    others = activations(rng, (4, 5))
    together = [np.concatenate([inputs[0], others]), *inputs[1:]]
    y = student.batchnorm_inference(*copies(*together), 0.2)
    check_close(y, at_test_time(together, 0.2), "y of the row among others")


@pytest.mark.task("batchnorm_inference")
def test_scale_and_shift_can_undo_the_normalization(student: Student, rng: Generator) -> None:
    z, _, _, mean, var = inference_inputs(rng, (5, 4))
    gamma, beta = -2.0 * np.sqrt(var + 0.7), -2.0 * mean
    y = student.batchnorm_inference(*copies(z, gamma, beta, mean, var), 0.7)
    check_close(y, -2.0 * z, "y where the scale and shift are multiples of the statistics")


@pytest.mark.task("batchnorm_inference")
def test_inference_in_float32_stays_in_float32(student: Student, rng: Generator) -> None:
    inputs = in_float32(*inference_inputs(rng, (7, 3)))
    check_single(student.batchnorm_inference(*copies(*inputs), 0.3), at_test_time(inputs, 0.3), "y")


@pytest.mark.task("batchnorm_inference")
def test_inference_leaves_its_arguments_alone(student: Student, rng: Generator) -> None:
    inputs = inference_inputs(rng, (5, 3))
    before = copies(*inputs)
    check_close(student.batchnorm_inference(*inputs, 0.3), at_test_time(before, 0.3), "y")
    names = ("z", "gamma", "beta", "mean", "var")
    check_same_arguments(before, **dict(zip(names, inputs, strict=True)))


# fold_batchnorm


FOLDED = ("W", "b")
LAYERS = pytest.mark.parametrize(("d", "m"), [(5, 3), (4, 4), (1, 6), (7, 1)])


def layer_inputs(rng: Generator, d: int, m: int) -> list[np.ndarray]:
    """W, b, γ, β, mean, var of a layer and its batch normalization."""
    weights = [mixed(rng, (d, m)), mixed(rng, (m,))]
    return [*weights, *scale_and_shift(rng, m), *fixed_statistics(rng, m)]


def folded(inputs: Sequence[np.ndarray], eps: float) -> list[np.ndarray]:
    """What `fold_batchnorm` is to return: read off from what the two layers do to inputs."""
    W, b, gamma, beta, mean, var = inputs
    at_zero = at_test_time([b[np.newaxis], gamma, beta, mean, var], eps)[0]
    at_axes = at_test_time([W + b, gamma, beta, mean, var], eps)
    return [at_axes - at_zero, at_zero]


@pytest.mark.task("fold_batchnorm", weight=2)
@LAYERS
def test_folded_weights_are_scaled_a_unit_each(
    student: Student, rng: Generator, d: int, m: int
) -> None:
    inputs = layer_inputs(rng, d, m)
    W, _ = check_tuple(student.fold_batchnorm(*copies(*inputs), 0.3), 2, "the result")
    check_close(W, folded(inputs, 0.3)[0], "W")


@pytest.mark.task("fold_batchnorm", weight=2)
@LAYERS
def test_folded_bias_holds_all_that_does_not_depend_on_the_input(
    student: Student, rng: Generator, d: int, m: int
) -> None:
    inputs = layer_inputs(rng, d, m)
    _, b = check_tuple(student.fold_batchnorm(*copies(*inputs), 0.3), 2, "the result")
    check_close(b, folded(inputs, 0.3)[1], "b")


@pytest.mark.task("fold_batchnorm")
def test_folded_layer_without_eps_has_the_usual_one(student: Student, rng: Generator) -> None:
    inputs = layer_inputs(rng, 3, 4)
    inputs[5] = 1e-5 * inputs[5]
    check_pair(student.fold_batchnorm(*copies(*inputs)), folded(inputs, 1e-5), FOLDED)


@pytest.mark.task("fold_batchnorm")
def test_folded_layer_in_float32_stays_in_float32(student: Student, rng: Generator) -> None:
    inputs = in_float32(*layer_inputs(rng, 4, 3))
    result = student.fold_batchnorm(*copies(*inputs), 0.3)
    check_single_pair(result, folded(inputs, 0.3), FOLDED)


@pytest.mark.task("fold_batchnorm")
def test_folding_leaves_its_arguments_alone(student: Student, rng: Generator) -> None:
    inputs = layer_inputs(rng, 3, 5)
    before = copies(*inputs)
    check_pair(student.fold_batchnorm(*inputs, 0.3), folded(before, 0.3), FOLDED)
    names = ("W", "b", "gamma", "beta", "mean", "var")
    check_same_arguments(before, **dict(zip(names, inputs, strict=True)))


# batchnorm2d_forward


def by_channel(x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float) -> np.ndarray:
    """What `batchnorm2d_forward` is to return, a channel at a time."""
    channels = [
        scale * (x[:, c] - x[:, c].mean()) / math.sqrt(x[:, c].var() + eps) + shift
        for c, (scale, shift) in enumerate(zip(gamma, beta, strict=True))
    ]
    return np.stack(channels, axis=1)


@pytest.mark.task("batchnorm2d_forward", weight=2)
@pytest.mark.parametrize("shape", [(4, 3, 2, 5), (3, 3, 3, 3), (1, 2, 4, 3), (5, 1, 3, 2)], ids=str)
def test_each_channel_is_normalized_over_batch_and_pixels(
    student: Student, rng: Generator, shape: Shape
) -> None:
    x, (gamma, beta) = activations(rng, shape), scale_and_shift(rng, shape[1])
    y = student.batchnorm2d_forward(*copies(x, gamma, beta), 0.3)
    check_close(y, by_channel(x, gamma, beta, 0.3), "y")


@pytest.mark.task("batchnorm2d_forward")
def test_images_without_eps_have_the_usual_one(student: Student, rng: Generator) -> None:
    x, (gamma, beta) = 0.003 * rng.normal(size=(3, 2, 4, 4)), scale_and_shift(rng, 2)
    y = student.batchnorm2d_forward(*copies(x, gamma, beta))
    check_close(y, by_channel(x, gamma, beta, 1e-5), "y where channels hardly vary, eps not given")


@pytest.mark.task("batchnorm2d_forward")
def test_images_of_one_pixel_are_rows_of_units(student: Student, rng: Generator) -> None:
    z, (gamma, beta) = activations(rng, (6, 4)), scale_and_shift(rng, 4)
    x = z[:, :, np.newaxis, np.newaxis]
    y = student.batchnorm2d_forward(*copies(x, gamma, beta), 0.3)
    expected = normalized(z, gamma, beta, 0, 0.3)[0].reshape(x.shape)
    check_close(y, expected, "y of images of one pixel")


@pytest.mark.task("batchnorm2d_forward")
def test_channel_of_one_colour_becomes_its_shift(student: Student, rng: Generator) -> None:
    x, (gamma, beta) = activations(rng, (3, 4, 2, 3)), scale_and_shift(rng, 4)
    x[:, 1] = 0.6
    y = student.batchnorm2d_forward(*copies(x, gamma, beta), 1e-3)
    check_close(y, by_channel(x, gamma, beta, 1e-3), "y where a channel is constant")


@pytest.mark.task("batchnorm2d_forward")
def test_images_in_float32_stay_in_float32(student: Student, rng: Generator) -> None:
    gamma, beta = in_float32(*scale_and_shift(rng, 3))
    (x,) = in_float32(activations(rng, (4, 3, 3, 2)))
    y = student.batchnorm2d_forward(*copies(x, gamma, beta), 0.3)
    check_single(y, by_channel(x, gamma, beta, 0.3), "y")


@pytest.mark.task("batchnorm2d_forward")
def test_normalized_images_are_new_ones(student: Student, rng: Generator) -> None:
    x, (gamma, beta) = activations(rng, (3, 2, 4, 3)), scale_and_shift(rng, 2)
    before = copies(x, gamma, beta)
    y = student.batchnorm2d_forward(x, gamma, beta, 0.3)
    check_close(y, by_channel(before[0], before[1], before[2], 0.3), "y")
    check_same_arguments(before, x=x, gamma=gamma, beta=beta)


# layernorm_forward


@pytest.mark.task("layernorm_forward", weight=2)
@pytest.mark.parametrize("shape", [(3, 6), (4, 4), (5, 2), (1, 9)], ids=str)
def test_each_row_is_normalized_over_its_units_then_scaled_and_shifted(
    student: Student, rng: Generator, shape: Shape
) -> None:
    z, (gamma, beta) = activations(rng, shape), scale_and_shift(rng, shape[1])
    y, _ = y_and_cache(student.layernorm_forward(*copies(z, gamma, beta), 0.3))
    check_close(y, normalized(z, gamma, beta, 1, 0.3)[0], "y")


@pytest.mark.task("layernorm_forward")
@pytest.mark.parametrize("entry", ["u", "inv_std", "mean", "var"])
def test_cache_of_layernorm_has_what_its_names_say(
    student: Student, rng: Generator, entry: str
) -> None:
    z, (gamma, beta) = activations(rng, (4, 7)), scale_and_shift(rng, 7)
    _, cache = y_and_cache(student.layernorm_forward(*copies(z, gamma, beta), 0.3))
    expected = normalized(z, gamma, beta, 1, 0.3)[1]
    check_close(cache[entry], expected[entry], f"cache, {entry}")
    check_close(cache["gamma"], gamma, "cache, gamma")


@pytest.mark.task("layernorm_forward")
def test_layernorm_without_eps_has_the_usual_one(student: Student, rng: Generator) -> None:
    z, (gamma, beta) = 0.003 * rng.normal(size=(3, 8)), scale_and_shift(rng, 8)
    y, cache = y_and_cache(student.layernorm_forward(*copies(z, gamma, beta)))
    right, expected = normalized(z, gamma, beta, 1, 1e-5)
    check_close(y, right, "y where the rows hardly vary and eps is not given")
    check_close(cache["inv_std"], expected["inv_std"], "cache, inv_std, where eps is not given")


@pytest.mark.task("layernorm_forward")
def test_layernorm_of_a_row_does_not_depend_on_its_batch(student: Student, rng: Generator) -> None:
    z, (gamma, beta) = activations(rng, (4, 5)), scale_and_shift(rng, 5)
    right = normalized(z, gamma, beta, 1, 0.2)[0]
    for rows in (slice(2, 3), slice(1, 4)):
        y, _ = y_and_cache(student.layernorm_forward(*copies(z[rows], gamma, beta), 0.2))
        check_close(y, right[rows], "y of some of the rows")


@pytest.mark.task("layernorm_forward")
def test_row_of_equal_units_becomes_the_shift(student: Student, rng: Generator) -> None:
    z, (gamma, beta) = activations(rng, (4, 6)), scale_and_shift(rng, 6)
    z[2] = 1.7
    y, cache = y_and_cache(student.layernorm_forward(*copies(z, gamma, beta), 1e-3))
    right, expected = normalized(z, gamma, beta, 1, 1e-3)
    check_close(y, right, "y where all units of a row are equal")
    check_close(cache["inv_std"], expected["inv_std"], "cache, inv_std, where units are equal")


@pytest.mark.task("layernorm_forward")
def test_layernorm_in_float32_stays_in_float32(student: Student, rng: Generator) -> None:
    gamma, beta = in_float32(*scale_and_shift(rng, 8))
    (z,) = in_float32(activations(rng, (3, 8)))
    y, cache = y_and_cache(student.layernorm_forward(*copies(z, gamma, beta), 0.3))
    right, expected = normalized(z, gamma, beta, 1, 0.3)
    check_single(y, right, "y")
    for name in ENTRIES:
        check_single(cache[name], expected[name], f"cache, {name}")


@pytest.mark.task("layernorm_forward")
def test_layernorm_leaves_its_arguments_alone(student: Student, rng: Generator) -> None:
    z, (gamma, beta) = activations(rng, (3, 5)), scale_and_shift(rng, 5)
    before = copies(z, gamma, beta)
    y, _ = y_and_cache(student.layernorm_forward(z, gamma, beta, 0.3))
    check_close(y, normalized(before[0], before[1], before[2], 1, 0.3)[0], "y")
    check_same_arguments(before, z=z, gamma=gamma, beta=beta)


# layernorm_backward


@pytest.mark.task("layernorm_backward", weight=2)
@pytest.mark.parametrize("shape", [(3, 6), (4, 4), (5, 2), (1, 9)], ids=str)
def test_every_unit_of_a_row_shares_in_the_derivative_of_the_others(
    student: Student, rng: Generator, shape: Shape
) -> None:
    dy, cache = backward_inputs(rng, shape, 1)
    result = student.layernorm_backward(dy.copy(), copied(cache))
    dz, _, _ = check_tuple(result, 3, "the result")
    check_close(dz, jacobian_product(dy, cache, 1), "dz")


@pytest.mark.task("layernorm_backward")
@pytest.mark.parametrize("which", [1, 2], ids=GRADIENTS[1:])
@pytest.mark.parametrize("shape", [(6, 4), (3, 3)], ids=str)
def test_scale_and_shift_of_layernorm_gather_over_the_batch(
    student: Student, rng: Generator, which: int, shape: Shape
) -> None:
    dy, cache = backward_inputs(rng, shape, 1)
    result = student.layernorm_backward(dy.copy(), copied(cache))
    gathered = check_tuple(result, 3, "the result")[which]
    check_close(gathered, backward_results(dy, cache, 1)[which], GRADIENTS[which])


@pytest.mark.task("layernorm_backward")
@pytest.mark.parametrize("eps", [1e-5, 1.5])
def test_dz_of_layernorm_is_the_slope_of_the_loss_by_every_entry(
    student: Student, rng: Generator, eps: float
) -> None:
    z, (gamma, beta) = activations(rng, (3, 5)), scale_and_shift(rng, 5)
    dy = mixed(rng, (3, 5))
    cache = normalized(z, gamma, beta, 1, eps)[1]

    def loss(z: np.ndarray) -> float:
        return float(np.sum(dy * normalized(z, gamma, beta, 1, eps)[0]))

    result = student.layernorm_backward(dy.copy(), copied(cache))
    dz, _, _ = check_tuple(result, 3, "the result")
    check_slopes(dz, differences(loss, z), "dz, against differences")


@pytest.mark.task("layernorm_backward")
def test_row_that_is_scaled_to_one_derivative_passes_nothing_back(
    student: Student, rng: Generator
) -> None:
    _, cache = backward_inputs(rng, (4, 5), 1)
    dy = mixed(rng, (4, 1)) / cache["gamma"]
    expected = backward_results(dy, cache, 1)
    result = student.layernorm_backward(dy.copy(), copied(cache))
    check_pair(result, [np.zeros((4, 5)), *expected[1:]], GRADIENTS)


@pytest.mark.task("layernorm_backward")
def test_layernorm_goes_backward_in_float32(student: Student, rng: Generator) -> None:
    dy, cache = backward_inputs(rng, (3, 8), 1)
    (dy,), cache = in_float32(dy), {name: array.astype(np.float32) for name, array in cache.items()}
    expected = backward_results(dy, cache, 1)
    result = student.layernorm_backward(dy.copy(), copied(cache))
    check_single_pair(result, expected, GRADIENTS)


@pytest.mark.task("layernorm_backward")
def test_layernorm_backward_leaves_its_arguments_alone(student: Student, rng: Generator) -> None:
    dy, cache = backward_inputs(rng, (3, 5), 1)
    before, cache_before = dy.copy(), copied(cache)
    result = student.layernorm_backward(dy, cache)
    check_pair(result, backward_results(before, cache_before, 1), GRADIENTS)
    check_same_arguments([before], dy=dy)
    for name in ENTRIES:
        check_unchanged(cache_before[name], cache[name], f"cache, {name}")


# groupnorm_forward


def by_group(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, groups: int, eps: float
) -> np.ndarray:
    """What `groupnorm_forward` is to return, a group of an image at a time."""
    y = np.empty_like(x)
    size = x.shape[1] // groups
    for n, first in itertools.product(range(len(x)), range(0, x.shape[1], size)):
        block = x[n, first : first + size]
        u = (block - block.mean()) / math.sqrt(block.var() + eps)
        for c in range(size):
            y[n, first + c] = gamma[first + c] * u[c] + beta[first + c]
    return y


@pytest.mark.task("groupnorm_forward", weight=2)
@pytest.mark.parametrize(
    ("shape", "groups"),
    [
        ((3, 6, 2, 3), 2),
        ((2, 6, 3, 2), 3),
        ((3, 4, 2, 2), 4),
        ((4, 4, 4, 4), 1),
        ((4, 4, 4, 4), 2),
        ((1, 2, 3, 5), 2),
    ],
    ids=str,
)
def test_neighbouring_channels_of_an_image_are_normalized_together(
    student: Student, rng: Generator, shape: Shape, groups: int
) -> None:
    x, (gamma, beta) = activations(rng, shape), scale_and_shift(rng, shape[1])
    y = student.groupnorm_forward(*copies(x, gamma, beta), groups, 0.3)
    check_close(y, by_group(x, gamma, beta, groups, 0.3), "y")


@pytest.mark.task("groupnorm_forward")
def test_groups_without_eps_have_the_usual_one(student: Student, rng: Generator) -> None:
    x, (gamma, beta) = 0.003 * rng.normal(size=(2, 4, 3, 3)), scale_and_shift(rng, 4)
    y = student.groupnorm_forward(*copies(x, gamma, beta), 2)
    check_close(y, by_group(x, gamma, beta, 2, 1e-5), "y where groups hardly vary, eps not given")


@pytest.mark.task("groupnorm_forward")
def test_groups_of_an_image_do_not_depend_on_its_batch(student: Student, rng: Generator) -> None:
    x, (gamma, beta) = activations(rng, (4, 6, 2, 2)), scale_and_shift(rng, 6)
    right = by_group(x, gamma, beta, 3, 0.2)
    for images in (slice(2, 3), slice(1, 4)):
        y = student.groupnorm_forward(*copies(x[images], gamma, beta), 3, 0.2)
        check_close(y, right[images], "y of some of the images")


@pytest.mark.task("groupnorm_forward")
def test_group_of_one_colour_becomes_its_shift(student: Student, rng: Generator) -> None:
    x, (gamma, beta) = activations(rng, (2, 6, 2, 3)), scale_and_shift(rng, 6)
    x[1, 2:4] = 0.6
    y = student.groupnorm_forward(*copies(x, gamma, beta), 3, 1e-3)
    check_close(y, by_group(x, gamma, beta, 3, 1e-3), "y where a group is constant")


@pytest.mark.task("groupnorm_forward")
def test_groups_of_unequal_size_are_refused(student: Student, rng: Generator) -> None:
    x, (gamma, beta) = activations(rng, (2, 6, 2, 2)), scale_and_shift(rng, 6)
    y = student.groupnorm_forward(*copies(x, gamma, beta), 3, 0.3)
    check_close(y, by_group(x, gamma, beta, 3, 0.3), "y")
    try:
        student.groupnorm_forward(*copies(x, gamma, beta), 4, 0.3)
    except CheckError as error:
        refused = "raised ValueError" in error.message
        check_that(refused, "groups of unequal size are to raise a ValueError", error.message)
    else:
        raise CheckError("groups of unequal size are to raise a ValueError, and nothing is raised")


@pytest.mark.task("groupnorm_forward")
def test_groups_in_float32_stay_in_float32(student: Student, rng: Generator) -> None:
    gamma, beta = in_float32(*scale_and_shift(rng, 6))
    (x,) = in_float32(activations(rng, (2, 6, 3, 2)))
    y = student.groupnorm_forward(*copies(x, gamma, beta), 2, 0.3)
    check_single(y, by_group(x, gamma, beta, 2, 0.3), "y")


@pytest.mark.task("groupnorm_forward")
def test_grouping_leaves_its_arguments_alone(student: Student, rng: Generator) -> None:
    x, (gamma, beta) = activations(rng, (3, 4, 2, 3)), scale_and_shift(rng, 4)
    before = copies(x, gamma, beta)
    y = student.groupnorm_forward(x, gamma, beta, 2, 0.3)
    check_close(y, by_group(before[0], before[1], before[2], 2, 0.3), "y")
    check_same_arguments(before, x=x, gamma=gamma, beta=beta)


# weight_norm


def directions(rng: Generator, d: int, m: int) -> np.ndarray:
    """The array v (d, m): columns of clearly different lengths, none of them near 0."""
    v: np.ndarray = mixed(rng, (d, m)) * rng.uniform(0.5, 3.0, size=m)
    return v


def with_lengths(v: np.ndarray, g: np.ndarray) -> np.ndarray:
    """What `weight_norm` is to return, a unit at a time."""
    columns = [length * column / math.hypot(*column) for column, length in zip(v.T, g, strict=True)]
    return np.stack(columns, axis=1)


@pytest.mark.task("weight_norm", weight=2)
@LAYERS
def test_each_unit_has_the_direction_of_v_and_the_length_g(
    student: Student, rng: Generator, d: int, m: int
) -> None:
    v, g = directions(rng, d, m), mixed(rng, (m,))
    check_close(student.weight_norm(*copies(v, g)), with_lengths(v, g), "W")


@pytest.mark.task("weight_norm")
@pytest.mark.parametrize("length", [1e-3, 1e3])
def test_length_of_v_makes_no_difference(student: Student, rng: Generator, length: float) -> None:
    """A guard against division by zero is honest as long as it is tiny."""
    v, g = directions(rng, 4, 3), mixed(rng, (3,))
    W = student.weight_norm(*copies(length * v, g))
    check_close(W, with_lengths(v, g), "W where v is very short or very long", rtol=1e-4)


@pytest.mark.task("weight_norm")
def test_direction_of_the_wanted_length_stays_as_it_is(student: Student, rng: Generator) -> None:
    v = directions(rng, 5, 4)
    lengths = np.array([math.hypot(*column) for column in v.T])
    signs = np.array([1.0, -1.0, -1.0, 1.0])
    check_close(student.weight_norm(*copies(v, signs * lengths)), signs * v, "W")


@pytest.mark.task("weight_norm")
def test_weight_norm_in_float32_stays_in_float32(student: Student, rng: Generator) -> None:
    v, g = in_float32(directions(rng, 4, 3), mixed(rng, (3,)))
    check_single(student.weight_norm(*copies(v, g)), with_lengths(v, g), "W")


@pytest.mark.task("weight_norm")
def test_weight_norm_leaves_its_arguments_alone(student: Student, rng: Generator) -> None:
    v, g = directions(rng, 3, 4), mixed(rng, (4,))
    before = copies(v, g)
    check_close(student.weight_norm(v, g), with_lengths(before[0], before[1]), "W")
    check_same_arguments(before, v=v, g=g)


# weight_norm_backward


LENGTHS = ("dv", "dg")


def of_lengths(dW: np.ndarray, v: np.ndarray, g: np.ndarray) -> list[np.ndarray]:
    """What `weight_norm_backward` is to return, by the projection of each column, formed."""
    dv, dg = np.empty_like(v), np.empty_like(g)
    for m, column in enumerate(v.T):
        length = math.hypot(*column)
        projection = np.eye(len(column)) - np.outer(column, column) / length**2
        dv[:, m] = g[m] / length * (projection @ dW[:, m])
        dg[m] = column @ dW[:, m] / length
    return [dv, dg]


@pytest.mark.task("weight_norm_backward", weight=2)
@LAYERS
def test_direction_gets_the_part_of_dw_across_it(
    student: Student, rng: Generator, d: int, m: int
) -> None:
    dW, v, g = rng.normal(size=(d, m)), directions(rng, d, m), mixed(rng, (m,))
    result = student.weight_norm_backward(*copies(dW + v, v, g))
    dv, dg = check_tuple(result, 2, "the result")
    expected = of_lengths(dW + v, v, g)
    check_close(dv, expected[0], "dv")
    if d == 1:
        check_close(dg, expected[1], "dg, where a direction has one entry")


@pytest.mark.task("weight_norm_backward")
@LAYERS
def test_length_gets_the_part_of_dw_along_the_direction(
    student: Student, rng: Generator, d: int, m: int
) -> None:
    dW, v, g = rng.normal(size=(d, m)), directions(rng, d, m), mixed(rng, (m,))
    result = student.weight_norm_backward(*copies(dW, v, g))
    _, dg = check_tuple(result, 2, "the result")
    check_close(dg, of_lengths(dW, v, g)[1], "dg")


@pytest.mark.task("weight_norm_backward")
def test_dv_and_dg_are_the_slopes_of_the_loss(student: Student, rng: Generator) -> None:
    dW, v, g = mixed(rng, (4, 3)), directions(rng, 4, 3), mixed(rng, (3,))
    result = student.weight_norm_backward(*copies(dW, v, g))
    dv, dg = check_tuple(result, 2, "the result")
    by_v = differences(lambda v: float(np.sum(dW * with_lengths(v, g))), v)
    check_slopes(dv, by_v, "dv, against differences")
    by_g = differences(lambda g: float(np.sum(dW * with_lengths(v, g))), g)
    check_slopes(dg, by_g, "dg, against differences")


@pytest.mark.task("weight_norm_backward")
def test_dw_along_the_directions_changes_the_lengths_alone(
    student: Student, rng: Generator
) -> None:
    v, g = directions(rng, 5, 3), mixed(rng, (3,))
    share = mixed(rng, (3,))
    lengths = np.array([math.hypot(*column) for column in v.T])
    result = student.weight_norm_backward(*copies(share * v, v, g))
    check_pair(result, [np.zeros((5, 3)), share * lengths], LENGTHS)


@pytest.mark.task("weight_norm_backward")
@pytest.mark.parametrize("length", [1e-2, 1e2])
def test_longer_directions_turn_more_slowly(
    student: Student, rng: Generator, length: float
) -> None:
    dW, v, g = mixed(rng, (4, 3)), directions(rng, 4, 3), mixed(rng, (3,))
    result = student.weight_norm_backward(*copies(dW, length * v, g))
    dv, dg = check_tuple(result, 2, "the result")
    expected = of_lengths(dW, v, g)
    check_close(dv, expected[0] / length, "dv where v is short or long", rtol=1e-4, atol=1e-7)
    check_close(dg, expected[1], "dg where v is short or long", rtol=1e-4, atol=1e-5)


@pytest.mark.task("weight_norm_backward")
def test_weight_norm_goes_backward_in_float32(student: Student, rng: Generator) -> None:
    dW, v, g = in_float32(rng.normal(size=(4, 3)), directions(rng, 4, 3), mixed(rng, (3,)))
    result = student.weight_norm_backward(*copies(dW, v, g))
    check_single_pair(result, of_lengths(dW, v, g), LENGTHS)


@pytest.mark.task("weight_norm_backward")
def test_weight_norm_backward_leaves_its_arguments_alone(student: Student, rng: Generator) -> None:
    dW, v, g = rng.normal(size=(3, 4)), directions(rng, 3, 4), mixed(rng, (4,))
    before = copies(dW, v, g)
    result = student.weight_norm_backward(dW, v, g)
    check_pair(result, of_lengths(before[0], before[1], before[2]), LENGTHS)
    check_same_arguments(before, dW=dW, v=v, g=g)
