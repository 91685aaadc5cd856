"""Lab 04: answers to layer normalization, forward and backward."""

from __future__ import annotations

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake("layernorm_forward", says="You normalize over the batch; here a row stands for itself.")
def normalized_over_the_batch(
    z: Array, gamma: Array, beta: Array, eps: float = 1e-5
) -> tuple[Array, dict[str, Array]]:
    mean, var = z.mean(axis=0), z.var(axis=0)
    inv_std = 1 / np.sqrt(var + eps)
    u = (z - mean) * inv_std
    cache = {"u": u, "inv_std": inv_std, "gamma": gamma, "mean": mean, "var": var}
    return gamma * u + beta, cache


@mistake(
    "layernorm_forward",
    says="The statistics in your cache are vectors; they are to stand in a column, a row each.",
)
def statistics_as_vectors(
    z: Array, gamma: Array, beta: Array, eps: float = 1e-5
) -> tuple[Array, dict[str, Array]]:
    mean, var = z.mean(axis=1), z.var(axis=1)
    inv_std = 1 / np.sqrt(var + eps)
    u = (z - mean[:, None]) * inv_std[:, None]
    cache = {"u": u, "inv_std": inv_std, "gamma": gamma, "mean": mean, "var": var}
    return gamma * u + beta, cache


@mistake("layernorm_forward", says="Your variance is the unbiased one.")
def variance_unbiased(
    z: Array, gamma: Array, beta: Array, eps: float = 1e-5
) -> tuple[Array, dict[str, Array]]:
    mean, var = z.mean(axis=1, keepdims=True), z.var(axis=1, keepdims=True, ddof=1)
    inv_std = 1 / np.sqrt(var + eps)
    u = (z - mean) * inv_std
    cache = {"u": u, "inv_std": inv_std, "gamma": gamma, "mean": mean, "var": var}
    return gamma * u + beta, cache


@mistake("layernorm_forward", says="You have one mean for the whole batch; each row has its own.")
def batch_as_one_row(
    z: Array, gamma: Array, beta: Array, eps: float = 1e-5
) -> tuple[Array, dict[str, Array]]:
    ones = np.ones_like(z[:, :1])
    mean, var = z.mean() * ones, z.var() * ones
    inv_std = 1 / np.sqrt(var + eps)
    u = (z - mean) * inv_std
    cache = {"u": u, "inv_std": inv_std, "gamma": gamma, "mean": mean, "var": var}
    return gamma * u + beta, cache


@mistake("layernorm_forward", says="Your eps is added to the standard deviation, after the root.")
def eps_outside_the_root(
    z: Array, gamma: Array, beta: Array, eps: float = 1e-5
) -> tuple[Array, dict[str, Array]]:
    mean, var = z.mean(axis=1, keepdims=True), z.var(axis=1, keepdims=True)
    inv_std = 1 / (np.sqrt(var) + eps)
    u = (z - mean) * inv_std
    cache = {"u": u, "inv_std": inv_std, "gamma": gamma, "mean": mean, "var": var}
    return gamma * u + beta, cache


@mistake(
    "layernorm_forward", says="You return u itself; the scale and the shift are still to come."
)
def scale_and_shift_forgotten(
    z: Array, gamma: Array, beta: Array, eps: float = 1e-5
) -> tuple[Array, dict[str, Array]]:
    mean, var = z.mean(axis=1, keepdims=True), z.var(axis=1, keepdims=True)
    inv_std = 1 / np.sqrt(var + eps)
    u = (z - mean) * inv_std
    cache = {"u": u, "inv_std": inv_std, "gamma": gamma, "mean": mean, "var": var}
    return u, cache


@mistake("layernorm_forward", says="Your cache has a standard deviation under the name of var.")
def deviation_stored_as_variance(
    z: Array, gamma: Array, beta: Array, eps: float = 1e-5
) -> tuple[Array, dict[str, Array]]:
    mean, std = z.mean(axis=1, keepdims=True), z.std(axis=1, keepdims=True)
    inv_std = 1 / np.sqrt(std**2 + eps)
    u = (z - mean) * inv_std
    cache = {"u": u, "inv_std": inv_std, "gamma": gamma, "mean": mean, "var": std}
    return gamma * u + beta, cache


@mistake("layernorm_forward", says="Where eps is not given, yours is not the one of the signature.")
def another_default(
    z: Array, gamma: Array, beta: Array, eps: float = 1e-6
) -> tuple[Array, dict[str, Array]]:
    mean, var = z.mean(axis=1, keepdims=True), z.var(axis=1, keepdims=True)
    inv_std = 1 / np.sqrt(var + eps)
    u = (z - mean) * inv_std
    cache = {"u": u, "inv_std": inv_std, "gamma": gamma, "mean": mean, "var": var}
    return gamma * u + beta, cache


@mistake("layernorm_forward", says="Your results are float64 even where z is float32.")
def normalized_in_float64(
    z: Array, gamma: Array, beta: Array, eps: float = 1e-5
) -> tuple[Array, dict[str, Array]]:
    mean = z.mean(axis=1, keepdims=True, dtype=float)
    var = z.var(axis=1, keepdims=True, dtype=float)
    inv_std = 1 / np.sqrt(var + eps)
    u = (z - mean) * inv_std
    cache = {"u": u, "inv_std": inv_std, "gamma": gamma, "mean": mean, "var": var}
    return gamma * u + beta, cache


@mistake("layernorm_forward", says="Your results are right, but the pass changes the caller's z.")
def z_normalized_in_place(
    z: Array, gamma: Array, beta: Array, eps: float = 1e-5
) -> tuple[Array, dict[str, Array]]:
    mean, var = z.mean(axis=1, keepdims=True), z.var(axis=1, keepdims=True)
    inv_std = 1 / np.sqrt(var + eps)
    z -= mean
    z *= inv_std
    cache = {"u": z.copy(), "inv_std": inv_std, "gamma": gamma, "mean": mean, "var": var}
    return gamma * z + beta, cache


@variant("layernorm_forward")
def turned_on_its_side(
    z: Array, gamma: Array, beta: Array, eps: float = 1e-5
) -> tuple[Array, dict[str, Array]]:
    mean, var = z.T.mean(axis=0), z.T.var(axis=0)
    inv_std = (var + eps) ** -0.5
    u = ((z.T - mean) * inv_std).T
    cache = {"mean": mean[:, None], "var": var[:, None], "inv_std": inv_std[:, None]}
    return u * gamma + beta, cache | {"u": u, "gamma": gamma}


@variant("layernorm_forward")
def row_by_row(
    z: Array, gamma: Array, beta: Array, eps: float = 1e-5
) -> tuple[Array, dict[str, Array]]:
    u = np.empty_like(z)
    mean, var, inv_std = (np.empty_like(z[:, :1]) for _ in range(3))
    for n, row in enumerate(z):
        mean[n] = row.mean()
        var[n] = ((row - row.mean()) ** 2).mean()
        inv_std[n] = 1 / np.sqrt(var[n] + eps)
        u[n] = (row - mean[n]) * inv_std[n]
    y = np.array([gamma * row + beta for row in u])
    return y, {"u": u, "inv_std": inv_std, "gamma": gamma, "mean": mean, "var": var}


@variant("layernorm_forward")
def averaged_by_einsum(
    z: Array, gamma: Array, beta: Array, eps: float = 1e-5, axis: int = -1
) -> tuple[Array, dict[str, Array]]:
    m = z.shape[axis]
    mean = np.expand_dims(np.einsum("nm->n", z), axis) / m
    u = z.copy()
    u -= mean
    var = np.expand_dims(np.einsum("nm,nm->n", u, u), axis) / m
    inv_std = np.reciprocal(np.sqrt(var + eps))
    u *= inv_std
    cache = {"u": u, "inv_std": inv_std, "gamma": gamma, "mean": mean, "var": var, "z": z}
    return np.add(np.multiply(u, gamma), beta), cache


@mistake("layernorm_backward", says="Your means run over the batch; here they run over the units.")
def means_over_the_batch(dy: Array, cache: dict[str, Array]) -> tuple[Array, Array, Array]:
    u, du = cache["u"], cache["gamma"] * dy
    dz = cache["inv_std"] * (du - np.mean(du, axis=0) - u * np.mean(du * u, axis=0))
    return dz, np.sum(dy * u, axis=0), np.sum(dy, axis=0)


@mistake(
    "layernorm_backward",
    says="You multiply by gamma last, as with a batch; here gamma differs within the mean.",
)
def scale_taken_out_of_the_means(dy: Array, cache: dict[str, Array]) -> tuple[Array, Array, Array]:
    u = cache["u"]
    along = u * np.mean(dy * u, axis=1, keepdims=True)
    dz = cache["gamma"] * cache["inv_std"] * (dy - np.mean(dy, axis=1, keepdims=True) - along)
    return dz, np.sum(dy * u, axis=0), np.sum(dy, axis=0)


@mistake("layernorm_backward", says="Your dz lacks the scale gamma.")
def scale_forgotten(dy: Array, cache: dict[str, Array]) -> tuple[Array, Array, Array]:
    u = cache["u"]
    along = u * np.mean(dy * u, axis=1, keepdims=True)
    dz = cache["inv_std"] * (dy - np.mean(dy, axis=1, keepdims=True) - along)
    return dz, np.sum(dy * u, axis=0), np.sum(dy, axis=0)


@mistake(
    "layernorm_backward",
    says="Your dz treats a row's mean and variance as constants; every unit has a part in both.",
)
def statistics_taken_as_constants(dy: Array, cache: dict[str, Array]) -> tuple[Array, Array, Array]:
    dz = dy * cache["gamma"] * cache["inv_std"]
    return dz, np.sum(dy * cache["u"], axis=0), np.sum(dy, axis=0)


@mistake("layernorm_backward", says="The way through the mean is missing in your dz.")
def way_through_the_mean_dropped(dy: Array, cache: dict[str, Array]) -> tuple[Array, Array, Array]:
    u, du = cache["u"], cache["gamma"] * dy
    dz = cache["inv_std"] * (du - u * np.mean(du * u, axis=1, keepdims=True))
    return dz, np.sum(dy * u, axis=0), np.sum(dy, axis=0)


@mistake("layernorm_backward", says="The way through the variance is missing in your dz.")
def way_through_the_variance_dropped(
    dy: Array, cache: dict[str, Array]
) -> tuple[Array, Array, Array]:
    du = cache["gamma"] * dy
    dz = cache["inv_std"] * (du - np.mean(du, axis=1, keepdims=True))
    return dz, np.sum(dy * cache["u"], axis=0), np.sum(dy, axis=0)


@mistake(
    "layernorm_backward",
    says="You divide by the number of rows; the means are over the units of a row.",
)
def divided_by_the_rows(dy: Array, cache: dict[str, Array]) -> tuple[Array, Array, Array]:
    u, du, n = cache["u"], cache["gamma"] * dy, dy.shape[0]
    sums, products = du.sum(axis=1, keepdims=True), (du * u).sum(axis=1, keepdims=True)
    dz = cache["inv_std"] * (du - sums / n - u * products / n)
    return dz, np.sum(dy * u, axis=0), np.sum(dy, axis=0)


@mistake(
    "layernorm_backward",
    says="You sum dgamma and dbeta over the units; a parameter belongs to a unit, not to a row.",
)
def parameters_summed_over_the_units(
    dy: Array, cache: dict[str, Array]
) -> tuple[Array, Array, Array]:
    u, du = cache["u"], cache["gamma"] * dy
    along = u * np.mean(du * u, axis=1, keepdims=True)
    dz = cache["inv_std"] * (du - np.mean(du, axis=1, keepdims=True) - along)
    return dz, np.sum(dy * u, axis=1), np.sum(dy, axis=1)


@mistake("layernorm_backward", says="Your dgamma and dbeta have changed places.")
def dgamma_and_dbeta_exchanged(dy: Array, cache: dict[str, Array]) -> tuple[Array, Array, Array]:
    u, du = cache["u"], cache["gamma"] * dy
    along = u * np.mean(du * u, axis=1, keepdims=True)
    dz = cache["inv_std"] * (du - np.mean(du, axis=1, keepdims=True) - along)
    return dz, np.sum(dy, axis=0), np.sum(dy * u, axis=0)


@mistake("layernorm_backward", says="Your dgamma and dbeta have the scale gamma in them.")
def parameters_of_du(dy: Array, cache: dict[str, Array]) -> tuple[Array, Array, Array]:
    u, du = cache["u"], cache["gamma"] * dy
    along = u * np.mean(du * u, axis=1, keepdims=True)
    dz = cache["inv_std"] * (du - np.mean(du, axis=1, keepdims=True) - along)
    return dz, np.sum(du * u, axis=0), np.sum(du, axis=0)


@mistake("layernorm_backward", says="Your derivatives of float32 arrays are float64.")
def derivatives_in_float64(dy: Array, cache: dict[str, Array]) -> tuple[Array, Array, Array]:
    u, du = cache["u"], cache["gamma"] * np.asarray(dy, dtype=float)
    along = u * np.mean(du * u, axis=1, keepdims=True)
    dz = cache["inv_std"] * (du - np.mean(du, axis=1, keepdims=True) - along)
    return dz, np.sum(dy * u, axis=0), np.sum(dy, axis=0)


@mistake("layernorm_backward", says="Your results are right, but the pass changes the caller's dy.")
def dy_scaled_in_place(dy: Array, cache: dict[str, Array]) -> tuple[Array, Array, Array]:
    u = cache["u"]
    dgamma, dbeta = np.sum(dy * u, axis=0), np.sum(dy, axis=0)
    dy *= cache["gamma"]
    along = u * np.mean(dy * u, axis=1, keepdims=True)
    return cache["inv_std"] * (dy - dy.mean(axis=1, keepdims=True) - along), dgamma, dbeta


@variant("layernorm_backward")
def by_the_influence_diagram(dy: Array, cache: dict[str, Array]) -> tuple[Array, Array, Array]:
    m, inv_std = dy.shape[1], cache["inv_std"]
    centered = cache["u"] / inv_std
    du = dy * cache["gamma"]
    dvar = -0.5 * np.sum(du * centered, axis=1, keepdims=True) * inv_std**3
    dmean = -np.sum(du, axis=1, keepdims=True) * inv_std
    dz = du * inv_std + 2 * dvar * centered / m + dmean / m
    return dz, (dy * cache["u"]).sum(axis=0), dy.sum(axis=0)


@variant("layernorm_backward")
def jacobian_by_jacobian(dy: Array, cache: dict[str, Array]) -> list[Array]:
    dz = np.empty_like(dy)
    dgamma, dbeta = np.zeros_like(cache["gamma"]), np.zeros_like(cache["gamma"])
    for n in range(len(dy)):
        u, du = cache["u"][n], cache["gamma"] * dy[n]
        jacobian = np.eye(len(u), dtype=u.dtype) - (1 + np.outer(u, u)) / len(u)
        dz[n] = jacobian @ du * cache["inv_std"][n]
        dgamma += dy[n] * u
        dbeta += dy[n]
    return [dz, dgamma, dbeta]


@variant("layernorm_backward")
def by_einsum(dy: Array, cache: dict[str, Array], keep: bool = True) -> tuple[Array, Array, Array]:
    u, m = cache["u"], dy.shape[1]
    du = np.einsum("nm,m->nm", dy, cache["gamma"])
    sums = np.einsum("nm->n", du)[:, None]
    products = np.einsum("nm,nm->n", du, u)[:, None]
    dz = du.copy() if keep else du
    dz -= (sums + u * products) / m
    dz *= cache["inv_std"]
    return dz, np.einsum("nm,nm->m", dy, u), np.einsum("nm->m", dy)
