"""Lab 04: answers to the backward pass of batch normalization."""

from __future__ import annotations

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "batchnorm_backward",
    says="Your dz treats mean and variance as constants; every row has a part in both.",
)
def statistics_taken_as_constants(dy: Array, cache: dict[str, Array]) -> tuple[Array, Array, Array]:
    dz = dy * cache["gamma"] * cache["inv_std"]
    return dz, np.sum(dy * cache["u"], axis=0), np.sum(dy, axis=0)


@mistake("batchnorm_backward", says="The way through the mean is missing in your dz.")
def way_through_the_mean_dropped(dy: Array, cache: dict[str, Array]) -> tuple[Array, Array, Array]:
    u, du = cache["u"], cache["gamma"] * dy
    dz = cache["inv_std"] * (du - u * np.mean(du * u, axis=0))
    return dz, np.sum(dy * u, axis=0), np.sum(dy, axis=0)


@mistake("batchnorm_backward", says="The way through the variance is missing in your dz.")
def way_through_the_variance_dropped(
    dy: Array, cache: dict[str, Array]
) -> tuple[Array, Array, Array]:
    du = cache["gamma"] * dy
    dz = cache["inv_std"] * (du - np.mean(du, axis=0))
    return dz, np.sum(dy * cache["u"], axis=0), np.sum(dy, axis=0)


@mistake("batchnorm_backward", says="Your way through the mean is counted twice.")
def mean_counted_twice(dy: Array, cache: dict[str, Array]) -> tuple[Array, Array, Array]:
    u, du = cache["u"], cache["gamma"] * dy
    dz = cache["inv_std"] * (du - 2 * np.mean(du, axis=0) - u * np.mean(du * u, axis=0))
    return dz, np.sum(dy * u, axis=0), np.sum(dy, axis=0)


@mistake(
    "batchnorm_backward",
    says="Your way through the variance has lost or gained a factor of two.",
)
def variance_counted_half(dy: Array, cache: dict[str, Array]) -> tuple[Array, Array, Array]:
    u, du = cache["u"], cache["gamma"] * dy
    dz = cache["inv_std"] * (du - np.mean(du, axis=0) - u * np.mean(du * u, axis=0) / 2)
    return dz, np.sum(dy * u, axis=0), np.sum(dy, axis=0)


@mistake(
    "batchnorm_backward",
    says="You divide by the number of units; the means are over the rows of the batch.",
)
def divided_by_the_units(dy: Array, cache: dict[str, Array]) -> tuple[Array, Array, Array]:
    u, d = cache["u"], dy.shape[1]
    dgamma, dbeta = np.sum(dy * u, axis=0), np.sum(dy, axis=0)
    dz = cache["gamma"] * cache["inv_std"] * (dy - dbeta / d - u * dgamma / d)
    return dz, dgamma, dbeta


@mistake("batchnorm_backward", says="Your dz subtracts sums over the batch; they are to be means.")
def sums_for_means(dy: Array, cache: dict[str, Array]) -> tuple[Array, Array, Array]:
    u = cache["u"]
    dgamma, dbeta = np.sum(dy * u, axis=0), np.sum(dy, axis=0)
    dz = cache["gamma"] * cache["inv_std"] * (dy - dbeta - u * dgamma)
    return dz, dgamma, dbeta


@mistake("batchnorm_backward", says="Your dz lacks the scale gamma.")
def scale_forgotten(dy: Array, cache: dict[str, Array]) -> tuple[Array, Array, Array]:
    u = cache["u"]
    dz = cache["inv_std"] * (dy - np.mean(dy, axis=0) - u * np.mean(dy * u, axis=0))
    return dz, np.sum(dy * u, axis=0), np.sum(dy, axis=0)


@mistake("batchnorm_backward", says="Your dz is not divided by the standard deviation.")
def deviation_forgotten(dy: Array, cache: dict[str, Array]) -> tuple[Array, Array, Array]:
    u, du = cache["u"], cache["gamma"] * dy
    dz = du - np.mean(du, axis=0) - u * np.mean(du * u, axis=0)
    return dz, np.sum(dy * u, axis=0), np.sum(dy, axis=0)


@mistake(
    "batchnorm_backward",
    says="You make the deviation anew from the variance, without the eps of the forward pass.",
)
def deviation_without_eps(dy: Array, cache: dict[str, Array]) -> tuple[Array, Array, Array]:
    u, du = cache["u"], cache["gamma"] * dy
    inv_std = 1 / np.sqrt(cache["var"])
    dz = inv_std * (du - np.mean(du, axis=0) - u * np.mean(du * u, axis=0))
    return dz, np.sum(dy * u, axis=0), np.sum(dy, axis=0)


@mistake(
    "batchnorm_backward",
    says="Your dgamma is made with the input z; gamma multiplies what is normalized.",
)
def dgamma_of_the_input(dy: Array, cache: dict[str, Array]) -> tuple[Array, Array, Array]:
    u, du = cache["u"], cache["gamma"] * dy
    z = u / cache["inv_std"] + cache["mean"]
    dz = cache["inv_std"] * (du - np.mean(du, axis=0) - u * np.mean(du * u, axis=0))
    return dz, np.sum(dy * z, axis=0), np.sum(dy, axis=0)


@mistake("batchnorm_backward", says="Your dgamma and dbeta have changed places.")
def dgamma_and_dbeta_exchanged(dy: Array, cache: dict[str, Array]) -> tuple[Array, Array, Array]:
    u, du = cache["u"], cache["gamma"] * dy
    dz = cache["inv_std"] * (du - np.mean(du, axis=0) - u * np.mean(du * u, axis=0))
    return dz, np.sum(dy, axis=0), np.sum(dy * u, axis=0)


@mistake(
    "batchnorm_backward",
    says="Your dgamma and dbeta are means over the batch; every row adds its whole share.",
)
def parameters_averaged(dy: Array, cache: dict[str, Array]) -> tuple[Array, Array, Array]:
    u, du = cache["u"], cache["gamma"] * dy
    dz = cache["inv_std"] * (du - np.mean(du, axis=0) - u * np.mean(du * u, axis=0))
    return dz, np.mean(dy * u, axis=0), np.mean(dy, axis=0)


@mistake(
    "batchnorm_backward",
    says="Your dgamma and dbeta have a value for every row, as on the slide; their sum is wanted.",
)
def sums_left_out(dy: Array, cache: dict[str, Array]) -> tuple[Array, Array, Array]:
    u, du = cache["u"], cache["gamma"] * dy
    dz = cache["inv_std"] * (du - np.mean(du, axis=0) - u * np.mean(du * u, axis=0))
    return dz, dy * u, dy


@mistake("batchnorm_backward", says="Your means run over the units of a row, not over the batch.")
def means_over_the_units(dy: Array, cache: dict[str, Array]) -> tuple[Array, Array, Array]:
    u, du = cache["u"], cache["gamma"] * dy
    along = np.mean(du * u, axis=1, keepdims=True)
    dz = cache["inv_std"] * (du - np.mean(du, axis=1, keepdims=True) - u * along)
    return dz, np.sum(dy * u, axis=0), np.sum(dy, axis=0)


@mistake("batchnorm_backward", says="Your dgamma and dbeta have the scale gamma in them.")
def parameters_of_du(dy: Array, cache: dict[str, Array]) -> tuple[Array, Array, Array]:
    u, du = cache["u"], cache["gamma"] * dy
    dz = cache["inv_std"] * (du - np.mean(du, axis=0) - u * np.mean(du * u, axis=0))
    return dz, np.sum(du * u, axis=0), np.sum(du, axis=0)


@mistake("batchnorm_backward", says="Your derivatives of float32 arrays are float64.")
def derivatives_in_float64(dy: Array, cache: dict[str, Array]) -> tuple[Array, Array, Array]:
    u, dy = cache["u"], np.asarray(dy, dtype=float)
    du = cache["gamma"] * dy
    dz = cache["inv_std"] * (du - np.mean(du, axis=0) - u * np.mean(du * u, axis=0))
    return dz, np.sum(dy * u, axis=0), np.sum(dy, axis=0)


@mistake("batchnorm_backward", says="Your results are right, but the pass changes the caller's dy.")
def dy_scaled_in_place(dy: Array, cache: dict[str, Array]) -> tuple[Array, Array, Array]:
    u = cache["u"]
    dgamma, dbeta = np.sum(dy * u, axis=0), np.sum(dy, axis=0)
    dy *= cache["gamma"]
    dz = cache["inv_std"] * (dy - np.mean(dy, axis=0) - u * np.mean(dy * u, axis=0))
    return dz, dgamma, dbeta


@mistake(
    "batchnorm_backward", says="Your results are right, but the pass changes the caller's cache."
)
def cache_used_up(dy: Array, cache: dict[str, Array]) -> tuple[Array, Array, Array]:
    u, n = cache["u"], len(dy)
    dgamma, dbeta = np.sum(dy * u, axis=0), np.sum(dy, axis=0)
    u *= -dgamma / n
    u += dy - dbeta / n
    u *= cache["gamma"] * cache["inv_std"]
    return u.copy(), dgamma, dbeta


@variant("batchnorm_backward")
def by_the_influence_diagram(dy: Array, cache: dict[str, Array]) -> tuple[Array, Array, Array]:
    n, inv_std = dy.shape[0], cache["inv_std"]
    centered = cache["u"] / inv_std
    du = dy * cache["gamma"]
    dvar = -0.5 * np.sum(du * centered, axis=0) * inv_std**3
    dmean = -np.sum(du, axis=0) * inv_std - 2.0 * dvar * np.mean(centered, axis=0)
    dz = du * inv_std + dvar * 2 * centered / n + dmean / n
    return dz, (dy * cache["u"]).sum(0), dy.sum(0)


@variant("batchnorm_backward")
def row_by_row(dy: Array, cache: dict[str, Array], rows: int | None = None) -> list[Array]:
    u, n = cache["u"], rows or len(dy)
    dgamma, dbeta = np.zeros_like(cache["gamma"]), np.zeros_like(cache["gamma"])
    for i in range(n):
        dgamma += dy[i] * u[i]
        dbeta += dy[i]
    dz = np.empty_like(dy)
    for i in range(n):
        dz[i] = (n * dy[i] - dbeta - u[i] * dgamma) * cache["gamma"] * cache["inv_std"] / n
    return [dz, dgamma, dbeta]


@variant("batchnorm_backward")
def by_einsum(dy: Array, cache: dict[str, Array]) -> tuple[Array, Array, Array]:
    u, n = cache["u"], dy.shape[0]
    dgamma = np.einsum("nm,nm->m", dy, u)
    dbeta = np.einsum("nm->m", dy)
    scale = cache["gamma"] * cache["inv_std"]
    dz = np.einsum("m,nm->nm", scale, dy) - scale * dbeta / n
    return dz - np.einsum("nm,m->nm", u, scale * dgamma) / n, dgamma, dbeta


@variant("batchnorm_backward")
def by_jacobians_of_the_units(dy: Array, cache: dict[str, Array]) -> tuple[Array, Array, Array]:
    u, n = cache["u"], len(dy)
    dz = np.zeros_like(dy)
    for m in range(dy.shape[1]):
        jacobian = np.eye(n, dtype=dy.dtype) - (1 + np.outer(u[:, m], u[:, m])) / n
        dz[:, m] = jacobian @ (dy[:, m] * cache["gamma"][m] * cache["inv_std"][m])
    return dz, np.diag(u.T @ dy).copy(), np.ones(n, dtype=dy.dtype) @ dy


@variant("batchnorm_backward")
def eps_found_out(dy: Array, cache: dict[str, Array]) -> tuple[Array, Array, Array]:
    u, du = cache["u"].copy(), dy.copy()
    du *= cache["gamma"]
    eps = cache["inv_std"] ** -2 - cache["var"]
    du -= du.mean(axis=0) + u * (du * u).mean(axis=0)
    du /= np.sqrt(cache["var"] + eps)
    return du, np.sum(u * dy, axis=0), np.add.reduce(dy, axis=0)
