"""Lab 04: answers to batch normalization at test time, and to folding it away."""

from __future__ import annotations

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "batchnorm_inference",
    says="You normalize by the statistics of the batch itself; at test time they are given.",
)
def batch_statistics_at_inference(
    z: Array, gamma: Array, beta: Array, mean: Array, var: Array, eps: float = 1e-5
) -> Array:
    return gamma * (z - z.mean(axis=0)) / np.sqrt(z.var(axis=0) + eps) + beta


@mistake(
    "batchnorm_inference", says="The scale and the shift are missing; they act at test time too."
)
def scale_and_shift_forgotten(
    z: Array, gamma: Array, beta: Array, mean: Array, var: Array, eps: float = 1e-5
) -> Array:
    return (z - mean) / np.sqrt(var + eps)


@mistake("batchnorm_inference", says="The shift is missing at test time.")
def shift_forgotten(
    z: Array, gamma: Array, beta: Array, mean: Array, var: Array, eps: float = 1e-5
) -> Array:
    return gamma * (z - mean) / np.sqrt(var + eps)


@mistake("batchnorm_inference", says="Your eps is added to the standard deviation, after the root.")
def eps_outside_the_root(
    z: Array, gamma: Array, beta: Array, mean: Array, var: Array, eps: float = 1e-5
) -> Array:
    return gamma * (z - mean) / (np.sqrt(var) + eps) + beta


@mistake("batchnorm_inference", says="You make no use of eps.")
def eps_forgotten(
    z: Array, gamma: Array, beta: Array, mean: Array, var: Array, eps: float = 1e-5
) -> Array:
    return gamma * (z - mean) / np.sqrt(var) + beta


@mistake("batchnorm_inference", says="You divide by the variance; its root is missing.")
def variance_for_deviation(
    z: Array, gamma: Array, beta: Array, mean: Array, var: Array, eps: float = 1e-5
) -> Array:
    return gamma * (z - mean) / (var + eps) + beta


@mistake("batchnorm_inference", says="You correct a variance that is unbiased as you are given it.")
def variance_corrected_again(
    z: Array, gamma: Array, beta: Array, mean: Array, var: Array, eps: float = 1e-5
) -> Array:
    unbiased = var * len(z) / max(len(z) - 1, 1)
    return gamma * (z - mean) / np.sqrt(unbiased + eps) + beta


@mistake("batchnorm_inference", says="You add the mean where it is to be subtracted.")
def mean_added(
    z: Array, gamma: Array, beta: Array, mean: Array, var: Array, eps: float = 1e-5
) -> Array:
    return gamma * (z + mean) / np.sqrt(var + eps) + beta


@mistake("batchnorm_inference", says="You scale the shift too: it is added last.")
def shift_scaled(
    z: Array, gamma: Array, beta: Array, mean: Array, var: Array, eps: float = 1e-5
) -> Array:
    return gamma * ((z - mean) / np.sqrt(var + eps) + beta)


@mistake(
    "batchnorm_inference", says="Where eps is not given, yours is not the one of the signature."
)
def another_default(
    z: Array, gamma: Array, beta: Array, mean: Array, var: Array, eps: float = 1e-3
) -> Array:
    return gamma * (z - mean) / np.sqrt(var + eps) + beta


@mistake("batchnorm_inference", says="Your y of a float32 z is float64.")
def inferred_in_float64(
    z: Array, gamma: Array, beta: Array, mean: Array, var: Array, eps: float = 1e-5
) -> Array:
    return gamma * (z - mean) / np.sqrt(var + np.float64(eps)) + beta


@mistake("batchnorm_inference", says="Your y is right, but making it changes the caller's z.")
def z_overwritten(
    z: Array, gamma: Array, beta: Array, mean: Array, var: Array, eps: float = 1e-5
) -> Array:
    z -= mean
    z /= np.sqrt(var + eps)
    return gamma * z + beta


@variant("batchnorm_inference")
def one_scale_and_one_shift(
    z: Array, gamma: Array, beta: Array, mean: Array, var: Array, eps: float = 1e-5
) -> Array:
    scale = gamma * (var + eps) ** -0.5
    return scale * z + (beta - scale * mean)


@variant("batchnorm_inference")
def entry_by_entry(
    z: Array, gamma: Array, beta: Array, mean: Array, var: Array, eps: float = 1e-5
) -> Array:
    y = np.empty_like(z)
    for n, m in np.ndindex(z.shape):
        u = (z[n, m] - mean[m]) / np.sqrt(var[m] + eps)
        y[n, m] = gamma[m] * u + beta[m]
    return y


@variant("batchnorm_inference")
def diagonal_matrix(
    z: Array,
    gamma: Array,
    beta: Array,
    mean: Array,
    var: Array,
    eps: float = 1e-5,
    copy: bool = True,
) -> Array:
    y = np.array(z, copy=copy)
    y -= mean
    return y @ np.diag(gamma / np.sqrt(var + eps)) + beta


@variant("batchnorm_inference")
def with_functions_of_numpy(
    z: Array, gamma: Array, beta: Array, mean: Array, var: Array, eps: float = 1e-5
) -> Array:
    u = np.divide(np.subtract(z, mean[None, :]), np.sqrt(np.add(var[None, :], eps)))
    return np.add(np.einsum("nm,m->nm", u, gamma), beta[None, :])


@mistake(
    "fold_batchnorm", says="Your new bias has lost the old one: it is normalized with the rest."
)
def old_bias_forgotten(
    W: Array, b: Array, gamma: Array, beta: Array, mean: Array, var: Array, eps: float = 1e-5
) -> tuple[Array, Array]:
    scale = gamma / np.sqrt(var + eps)
    return W * scale, beta - mean * scale


@mistake("fold_batchnorm", says="You add the old bias as it is; normalization scales it too.")
def old_bias_not_scaled(
    W: Array, b: Array, gamma: Array, beta: Array, mean: Array, var: Array, eps: float = 1e-5
) -> tuple[Array, Array]:
    scale = gamma / np.sqrt(var + eps)
    return W * scale, b + beta - mean * scale


@mistake("fold_batchnorm", says="You subtract the mean without its scale.")
def mean_not_scaled(
    W: Array, b: Array, gamma: Array, beta: Array, mean: Array, var: Array, eps: float = 1e-5
) -> tuple[Array, Array]:
    scale = gamma / np.sqrt(var + eps)
    return W * scale, b * scale - mean + beta


@mistake("fold_batchnorm", says="The mean is missing in your new bias.")
def mean_forgotten(
    W: Array, b: Array, gamma: Array, beta: Array, mean: Array, var: Array, eps: float = 1e-5
) -> tuple[Array, Array]:
    scale = gamma / np.sqrt(var + eps)
    return W * scale, b * scale + beta


@mistake("fold_batchnorm", says="The shift of the normalization is missing in your new bias.")
def shift_left_out(
    W: Array, b: Array, gamma: Array, beta: Array, mean: Array, var: Array, eps: float = 1e-5
) -> tuple[Array, Array]:
    scale = gamma / np.sqrt(var + eps)
    return W * scale, (b - mean) * scale


@mistake("fold_batchnorm", says="Your bias is folded, but the weights are as before.")
def weights_not_scaled(
    W: Array, b: Array, gamma: Array, beta: Array, mean: Array, var: Array, eps: float = 1e-5
) -> tuple[Array, Array]:
    scale = gamma / np.sqrt(var + eps)
    return W.copy(), (b - mean) * scale + beta


@mistake("fold_batchnorm", says="You scale the rows of W, one an input; a unit is a column.")
def rows_scaled(
    W: Array, b: Array, gamma: Array, beta: Array, mean: Array, var: Array, eps: float = 1e-5
) -> tuple[Array, Array]:
    scale = gamma / np.sqrt(var + eps)
    return scale[:, np.newaxis] * W, (b - mean) * scale + beta


@mistake("fold_batchnorm", says="Your scale lacks gamma.")
def gamma_left_out(
    W: Array, b: Array, gamma: Array, beta: Array, mean: Array, var: Array, eps: float = 1e-5
) -> tuple[Array, Array]:
    scale = 1 / np.sqrt(var + eps)
    return W * scale, (b - mean) * scale + beta


@mistake("fold_batchnorm", says="Your scale has the variance, whose root is to be taken.")
def root_left_out(
    W: Array, b: Array, gamma: Array, beta: Array, mean: Array, var: Array, eps: float = 1e-5
) -> tuple[Array, Array]:
    scale = gamma / (var + eps)
    return W * scale, (b - mean) * scale + beta


@mistake("fold_batchnorm", says="Your eps is added to the standard deviation, after the root.")
def eps_beside_the_deviation(
    W: Array, b: Array, gamma: Array, beta: Array, mean: Array, var: Array, eps: float = 1e-5
) -> tuple[Array, Array]:
    scale = gamma / (np.sqrt(var) + eps)
    return W * scale, (b - mean) * scale + beta


@mistake("fold_batchnorm", says="Where eps is not given, yours is not the one of the signature.")
def folded_with_another_default(
    W: Array, b: Array, gamma: Array, beta: Array, mean: Array, var: Array, eps: float = 1e-8
) -> tuple[Array, Array]:
    scale = gamma / np.sqrt(var + eps)
    return W * scale, (b - mean) * scale + beta


@mistake("fold_batchnorm", says="Your folded float32 layer is float64.")
def folded_in_float64(
    W: Array, b: Array, gamma: Array, beta: Array, mean: Array, var: Array, eps: float = 1e-5
) -> tuple[Array, Array]:
    scale = gamma / np.sqrt(var.astype(float) + eps)
    return W * scale, (b - mean) * scale + beta


@mistake("fold_batchnorm", says="Your layer is right, but folding changes the caller's W.")
def weights_scaled_in_place(
    W: Array, b: Array, gamma: Array, beta: Array, mean: Array, var: Array, eps: float = 1e-5
) -> tuple[Array, Array]:
    scale = gamma / np.sqrt(var + eps)
    W *= scale
    return W, (b - mean) * scale + beta


@variant("fold_batchnorm")
def product_with_a_diagonal(
    W: Array, b: Array, gamma: Array, beta: Array, mean: Array, var: Array, eps: float = 1e-5
) -> tuple[Array, Array]:
    scale = np.diag(gamma * (var + eps) ** -0.5)
    return W @ scale, beta + b @ scale - mean @ scale


@variant("fold_batchnorm")
def column_by_column(
    W: Array, b: Array, gamma: Array, beta: Array, mean: Array, var: Array, eps: float = 1e-5
) -> tuple[Array, Array]:
    W, b = W.copy(), b.copy()
    for m in range(len(b)):
        std = np.sqrt(var[m] + eps)
        W[:, m] *= gamma[m] / std
        b[m] = gamma[m] * (b[m] - mean[m]) / std + beta[m]
    return W, b


@variant("fold_batchnorm")
def bias_as_one_more_row(
    W: Array,
    b: Array,
    gamma: Array,
    beta: Array,
    mean: Array,
    var: Array,
    eps: float = 1e-5,
    rows: int = 1,
) -> list[Array]:
    stacked = np.concatenate([W, (b - mean)[np.newaxis]]) * (gamma / np.sqrt(var + eps))
    return [stacked[:-rows], stacked[-1] + beta]


@variant("fold_batchnorm")
def by_einsum(
    W: Array, b: Array, gamma: Array, beta: Array, mean: Array, var: Array, eps: float = 1e-5
) -> tuple[Array, Array]:
    std = np.sqrt(var + eps)
    return np.einsum("dm,m->dm", W, gamma / std), beta + gamma / std * b - gamma * mean / std
