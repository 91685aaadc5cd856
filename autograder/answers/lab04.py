"""Lab 04: answers to the forward pass of batch normalization."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "batchnorm_forward",
    says="Your variance is the unbiased one; in training it is that of the batch itself.",
)
def variance_unbiased(
    z: Array, gamma: Array, beta: Array, eps: float = 1e-5
) -> tuple[Array, dict[str, Array]]:
    mean, var = z.mean(axis=0), z.var(axis=0, ddof=1)
    inv_std = 1 / np.sqrt(var + eps)
    u = (z - mean) * inv_std
    cache = {"u": u, "inv_std": inv_std, "gamma": gamma, "mean": mean, "var": var}
    return gamma * u + beta, cache


@mistake("batchnorm_forward", says="Your eps is added to the standard deviation, after the root.")
def eps_outside_the_root(
    z: Array, gamma: Array, beta: Array, eps: float = 1e-5
) -> tuple[Array, dict[str, Array]]:
    mean, var = z.mean(axis=0), z.var(axis=0)
    inv_std = 1 / (np.sqrt(var) + eps)
    u = (z - mean) * inv_std
    cache = {"u": u, "inv_std": inv_std, "gamma": gamma, "mean": mean, "var": var}
    return gamma * u + beta, cache


@mistake("batchnorm_forward", says="You make no use of eps; a unit may be the same in all rows.")
def eps_forgotten(
    z: Array, gamma: Array, beta: Array, eps: float = 1e-5
) -> tuple[Array, dict[str, Array]]:
    mean, var = z.mean(axis=0), z.var(axis=0)
    inv_std = 1 / np.sqrt(var)
    u = (z - mean) * inv_std
    cache = {"u": u, "inv_std": inv_std, "gamma": gamma, "mean": mean, "var": var}
    return gamma * u + beta, cache


@mistake("batchnorm_forward", says="Your variances in the cache have eps added to them already.")
def eps_in_the_stored_variance(
    z: Array, gamma: Array, beta: Array, eps: float = 1e-5
) -> tuple[Array, dict[str, Array]]:
    mean, var = z.mean(axis=0), z.var(axis=0) + eps
    inv_std = 1 / np.sqrt(var)
    u = (z - mean) * inv_std
    cache = {"u": u, "inv_std": inv_std, "gamma": gamma, "mean": mean, "var": var}
    return gamma * u + beta, cache


@mistake(
    "batchnorm_forward", says="You return u itself; the scale and the shift are still to come."
)
def scale_and_shift_forgotten(
    z: Array, gamma: Array, beta: Array, eps: float = 1e-5
) -> tuple[Array, dict[str, Array]]:
    mean, var = z.mean(axis=0), z.var(axis=0)
    inv_std = 1 / np.sqrt(var + eps)
    u = (z - mean) * inv_std
    cache = {"u": u, "inv_std": inv_std, "gamma": gamma, "mean": mean, "var": var}
    return u, cache


@mistake("batchnorm_forward", says="The scale and the shift have changed places in your y.")
def scale_and_shift_exchanged(
    z: Array, gamma: Array, beta: Array, eps: float = 1e-5
) -> tuple[Array, dict[str, Array]]:
    mean, var = z.mean(axis=0), z.var(axis=0)
    inv_std = 1 / np.sqrt(var + eps)
    u = (z - mean) * inv_std
    cache = {"u": u, "inv_std": inv_std, "gamma": gamma, "mean": mean, "var": var}
    return beta * u + gamma, cache


@mistake(
    "batchnorm_forward",
    says="The statistics in your cache are matrices of one row; a number a unit is a vector.",
)
def statistics_kept_as_a_row(
    z: Array, gamma: Array, beta: Array, eps: float = 1e-5
) -> tuple[Array, dict[str, Array]]:
    mean, var = z.mean(axis=0, keepdims=True), z.var(axis=0, keepdims=True)
    inv_std = 1 / np.sqrt(var + eps)
    u = (z - mean) * inv_std
    cache = {"u": u, "inv_std": inv_std, "gamma": gamma, "mean": mean, "var": var}
    return gamma * u + beta, cache


@mistake("batchnorm_forward", says="Your cache has a standard deviation under the name of var.")
def deviation_stored_as_variance(
    z: Array, gamma: Array, beta: Array, eps: float = 1e-5
) -> tuple[Array, dict[str, Array]]:
    mean, std = z.mean(axis=0), z.std(axis=0)
    inv_std = 1 / np.sqrt(std**2 + eps)
    u = (z - mean) * inv_std
    cache = {"u": u, "inv_std": inv_std, "gamma": gamma, "mean": mean, "var": std}
    return gamma * u + beta, cache


@mistake("batchnorm_forward", says="Your inv_std is the standard deviation, not its inverse.")
def deviation_not_inverted(
    z: Array, gamma: Array, beta: Array, eps: float = 1e-5
) -> tuple[Array, dict[str, Array]]:
    mean, var = z.mean(axis=0), z.var(axis=0)
    std = np.sqrt(var + eps)
    u = (z - mean) / std
    cache = {"u": u, "inv_std": std, "gamma": gamma, "mean": mean, "var": var}
    return gamma * u + beta, cache


@mistake("batchnorm_forward", says="You divide by the variance; its root is missing.")
def root_forgotten(
    z: Array, gamma: Array, beta: Array, eps: float = 1e-5
) -> tuple[Array, dict[str, Array]]:
    mean, var = z.mean(axis=0), z.var(axis=0)
    inv_std = 1 / (var + eps)
    u = (z - mean) * inv_std
    cache = {"u": u, "inv_std": inv_std, "gamma": gamma, "mean": mean, "var": var}
    return gamma * u + beta, cache


@mistake("batchnorm_forward", says="You divide by the deviation, but never subtract the mean.")
def mean_not_subtracted(
    z: Array, gamma: Array, beta: Array, eps: float = 1e-5
) -> tuple[Array, dict[str, Array]]:
    mean, var = z.mean(axis=0), z.var(axis=0)
    inv_std = 1 / np.sqrt(var + eps)
    u = z * inv_std
    cache = {"u": u, "inv_std": inv_std, "gamma": gamma, "mean": mean, "var": var}
    return gamma * u + beta, cache


@mistake("batchnorm_forward", says="You normalize each row over its units; here the batch counts.")
def rows_normalized(
    z: Array, gamma: Array, beta: Array, eps: float = 1e-5
) -> tuple[Array, dict[str, Array]]:
    mean, var = z.mean(axis=1, keepdims=True), z.var(axis=1, keepdims=True)
    inv_std = 1 / np.sqrt(var + eps)
    u = (z - mean) * inv_std
    cache = {"u": u, "inv_std": inv_std, "gamma": gamma, "mean": mean, "var": var}
    return gamma * u + beta, cache


@mistake("batchnorm_forward", says="You have one mean for all units together; each has its own.")
def statistics_of_the_whole_array(
    z: Array, gamma: Array, beta: Array, eps: float = 1e-5
) -> tuple[Array, dict[str, Array]]:
    mean, var = np.full_like(gamma, z.mean()), np.full_like(gamma, z.var())
    inv_std = 1 / np.sqrt(var + eps)
    u = (z - mean) * inv_std
    cache = {"u": u, "inv_std": inv_std, "gamma": gamma, "mean": mean, "var": var}
    return gamma * u + beta, cache


@mistake(
    "batchnorm_forward",
    says="The u in your cache is scaled and shifted already; it is what comes before.",
)
def result_stored_as_u(
    z: Array, gamma: Array, beta: Array, eps: float = 1e-5
) -> tuple[Array, dict[str, Array]]:
    mean, var = z.mean(axis=0), z.var(axis=0)
    inv_std = 1 / np.sqrt(var + eps)
    y = gamma * (z - mean) * inv_std + beta
    return y, {"u": y, "inv_std": inv_std, "gamma": gamma, "mean": mean, "var": var}


@mistake("batchnorm_forward", says="Your results are right, but the pass changes the caller's z.")
def input_centered_in_place(
    z: Array, gamma: Array, beta: Array, eps: float = 1e-5
) -> tuple[Array, dict[str, Array]]:
    mean, var = z.mean(axis=0), z.var(axis=0)
    inv_std = 1 / np.sqrt(var + eps)
    z -= mean
    u = z * inv_std
    cache = {"u": u, "inv_std": inv_std, "gamma": gamma, "mean": mean, "var": var}
    return gamma * u + beta, cache


@mistake("batchnorm_forward", says="Your results are float64 even where z is float32.")
def normalized_in_float64(
    z: Array, gamma: Array, beta: Array, eps: float = 1e-5
) -> tuple[Array, dict[str, Array]]:
    mean, var = z.mean(axis=0, dtype=float), z.var(axis=0, dtype=float)
    inv_std = 1 / np.sqrt(var + eps)
    u = (z - mean) * inv_std
    cache = {"u": u, "inv_std": inv_std, "gamma": gamma, "mean": mean, "var": var}
    return gamma * u + beta, cache


@mistake("batchnorm_forward", says="Where eps is not given, yours is not the one of the signature.")
def another_default(
    z: Array, gamma: Array, beta: Array, eps: float = 1e-8
) -> tuple[Array, dict[str, Array]]:
    mean, var = z.mean(axis=0), z.var(axis=0)
    inv_std = 1 / np.sqrt(var + eps)
    u = (z - mean) * inv_std
    cache = {"u": u, "inv_std": inv_std, "gamma": gamma, "mean": mean, "var": var}
    return gamma * u + beta, cache


@variant("batchnorm_forward")
def unit_by_unit(
    z: Array, gamma: Array, beta: Array, eps: float = 1e-5
) -> tuple[Array, dict[str, Array]]:
    u = np.empty_like(z)
    inv_std, mean, var = np.empty_like(gamma), np.empty_like(gamma), np.empty_like(gamma)
    for m in range(z.shape[1]):
        mean[m] = sum(z[:, m]) / len(z)
        var[m] = sum((z[:, m] - mean[m]) ** 2) / len(z)
        inv_std[m] = (var[m] + eps) ** -0.5
        u[:, m] = (z[:, m] - mean[m]) * inv_std[m]
    y = u * gamma + beta
    return y, {"u": u, "inv_std": inv_std, "gamma": gamma, "mean": mean, "var": var}


@variant("batchnorm_forward")
def averaged_by_einsum(
    z: Array, gamma: Array, beta: Array, eps: float = 1e-5
) -> tuple[Array, dict[str, Array]]:
    n = z.shape[0]
    mean = np.einsum("nm->m", z) / n
    centered = z - mean[np.newaxis, :]
    var = np.einsum("nm,nm->m", centered, centered) / n
    inv_std = np.power(var + eps, -0.5)
    u = np.einsum("nm,m->nm", centered, inv_std)
    cache = {"var": var, "mean": mean, "gamma": gamma.copy(), "inv_std": inv_std, "u": u}
    return np.einsum("nm,m->nm", u, gamma) + beta, cache


@variant("batchnorm_forward")
def with_more_in_the_cache(
    z: Array, gamma: Array, beta: Array, eps: float = 1e-5, training: bool = True
) -> list[Any]:
    mean = np.mean(z, axis=0, keepdims=True)
    var = np.var(z, axis=0, keepdims=True)
    std = np.sqrt(np.add(var, eps))
    u = np.divide(np.subtract(z, mean), std)
    cache = {"u": u, "inv_std": 1.0 / std[0], "gamma": gamma, "mean": mean[0], "var": var[0]}
    cache |= {"z": z.copy(), "std": std, "training": training}
    return [np.add(np.multiply(gamma, u), beta), cache]


@variant("batchnorm_forward")
def copy_normalized_in_place(
    z: Array, gamma: Array, beta: Array, eps: float = 1e-5
) -> tuple[Array, dict[str, Array]]:
    cache = {"gamma": gamma, "mean": z.mean(0)}
    u = z.copy()
    u -= cache["mean"]
    cache["var"] = np.square(u).mean(0)
    cache["inv_std"] = np.reciprocal(np.sqrt(cache["var"] + eps))
    u *= cache["inv_std"]
    cache["u"] = u
    y = u.copy()
    y *= gamma
    y += beta
    return y, cache
